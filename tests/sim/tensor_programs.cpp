// SPDX-License-Identifier: MIT
// Random programs of two warps and two threads that use the same columns of tensor memory, of one CTA or of a pair, in one
// random order: the simulator must stop at the instruction at which a small model of the rules does, or run to the end where
// the model does. The model keeps sets of uses, not clocks: who has heard that a use was handed on, and that it is complete.
#include <algorithm>
#include <array>
#include <set>

#include "random_operands.hpp"

namespace tensor_programs_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class act { mma, mma_tensor_a, cp, ld, st, wait_ld, wait_st, before, after, arrive, commit, wait };
constexpr const char* names[] = {"mma",      "mma with A",    "cp",           "ld",     "st",     "wait::ld",
                                 "wait::st", "fence::before", "fence::after", "arrive", "commit", "wait"};

/// Actors 0 and 1 are whole warps, which load and store; 2 and 3 are threads, which multiply and copy. Of a pair of CTAs, warp
/// 1 is in the other one, and the threads issue for both.
constexpr u32 actors = 4, warp_of[actors] = {0, 4, 2, 2}, lane_of[actors] = {0, 0, 0, 1}, most_barriers = 64;
bool is_warp(u32 actor) { return actor < 2; }

struct step {
    u32 actor;
    act what;
    u32 argument;  ///< first column, or number of a barrier
};

// ---- the model

using uses = std::set<u32>;  ///< by the number of the step

/// What one step does with columns of lanes 0 to 31 or, of multiplies and copies, of all lanes.
struct use {
    u32 step, actor, lo, hi;
    act what;
    bool writes, whole_lanes, is_d;
    u32 cta = 0;
    bool committed() const { return what != act::ld && what != act::st; }
    bool overlaps(const use& x) const { return cta == x.cta && lo < x.hi && x.lo < hi; }
};

/// In the CTAs that the step concerns.
std::vector<use> uses_of(const step& s, u32 number, bool pair) {
    const u32 c = s.argument, own = pair ? s.actor : 0;
    std::vector<use> made;
    switch (s.what) {
        case act::mma: made = {{number, s.actor, c, c + 32, act::mma, true, true, true}}; break;
        case act::mma_tensor_a:
            made = {{number, s.actor, 0, 32, act::mma, true, true, true},
                    {number, s.actor, 32, 40, act::mma, false, true, false}};
            break;
        case act::cp: made = {{number, s.actor, c, c + 4, act::cp, true, true, false}}; break;
        case act::ld: return {{number, s.actor, c, c + 32, act::ld, false, false, false, own}};
        case act::st: return {{number, s.actor, c, c + 32, act::st, true, false, false, own}};
        default: return {};
    }
    for (std::size_t i = 0, count = made.size(); pair && i < count; ++i) {
        use other = made[i];
        other.cta = 1;
        made.push_back(other);
    }
    return made;
}

class model {
public:
    explicit model(bool pair) : pair_(pair) {}
    /// Whether the step breaks a rule.
    bool breaks(const step& s, u32 number) {
        actor_state& me = state_[s.actor];
        const auto erase_of = [&](act kind) {
            std::erase_if(me.unwaited, [&](const use& x) { return x.what == kind; });
        };
        switch (s.what) {
            case act::wait_ld: erase_of(act::ld); return false;
            case act::wait_st: erase_of(act::st); return false;
            case act::before:
                if (!me.unwaited.empty()) return true;
                me.handed.insert(me.own.begin(), me.own.end());
                return false;
            case act::after:
                me.taken_handed = me.handed;
                me.taken_complete = me.complete;
                me.must_fence = false;
                return false;
            case act::arrive:
                if (!me.unwaited.empty()) return true;
                barriers_[s.argument] = {me.handed, me.complete};
                return false;
            case act::commit:
                me.handed.insert(me.own.begin(), me.own.end());
                barriers_[s.argument] = {me.handed, me.complete};
                barriers_[s.argument][1].insert(me.own.begin(), me.own.end());
                return false;
            case act::wait:
                me.handed.insert(barriers_[s.argument][0].begin(), barriers_[s.argument][0].end());
                me.complete.insert(barriers_[s.argument][1].begin(), barriers_[s.argument][1].end());
                me.must_fence = true;
                return false;
            default: break;
        }
        if (me.must_fence) return true;
        const std::vector<use> made = uses_of(s, number, pair_);
        for (const use& y : made) {
            for (const use& x : live_) {
                if (x.overlaps(y) && (x.writes || y.writes) && !follows(x, y)) return true;
            }
        }
        for (const use& y : made) {
            std::erase_if(live_, [&](const use& x) {
                return y.writes && y.cta == x.cta && y.lo <= x.lo && x.hi <= y.hi && (y.whole_lanes || !x.whole_lanes);
            });
        }
        live_.insert(live_.end(), made.begin(), made.end());
        me.own.insert(number);
        if (!made[0].committed()) me.unwaited.push_back(made[0]);
        return false;
    }

private:
    struct actor_state {
        uses own, handed, complete, taken_handed, taken_complete;
        std::vector<use> unwaited;
        bool must_fence = false;
    };
    bool follows(const use& x, const use& y) {
        const actor_state& me = state_[y.actor];
        const bool own = x.actor == y.actor;
        if (!x.committed()) {
            const auto& open = state_[x.actor].unwaited;
            const bool waited = std::none_of(open.begin(), open.end(), [&](const use& u) { return u.step == x.step; });
            if (!waited) return own && x.what == y.what;
            return own || me.taken_handed.contains(x.step);
        }
        const bool in_turn = y.committed() && (!x.is_d || (y.writes && (!y.is_d || (x.lo == y.lo && x.hi == y.hi))));
        if (in_turn) return own || me.taken_handed.contains(x.step);
        return me.taken_complete.contains(x.step);
    }
    bool pair_;
    std::array<actor_state, actors> state_;
    std::array<std::array<uses, 2>, most_barriers> barriers_;
    std::vector<use> live_;
};

// ---- random programs

/// A program of `length` steps, all of them sound, or fewer, of which the last one breaks a rule: such steps come seldom.
std::vector<step> random_program(dice& random, u32 length, bool pair) {
    std::vector<step> program;
    std::vector<std::vector<u32>> open(actors);  // barriers that an actor may wait for
    model rules(pair);
    u32 barriers = 0;
    while (program.size() < length && barriers < most_barriers) {
        const u32 actor = random.below(actors), column = 32 * random.below(2);
        step s{actor,
               is_warp(actor) ? random.of({act::ld, act::st, act::ld, act::st, act::wait_ld, act::wait_st, act::before,
                                           act::after, act::arrive, act::wait, act::wait, act::after})
                              : random.of({act::mma, act::mma, act::mma_tensor_a, act::cp, act::before, act::after,
                                           act::after, act::arrive, act::commit, act::commit, act::wait, act::wait}),
               column};
        if (s.what == act::mma && random.one_in(6)) s.argument = 16;
        if (s.what == act::wait) {
            if (open[actor].empty()) continue;
            const u32 at = random.below(u32(open[actor].size()));
            s.argument = open[actor][at];
            open[actor].erase(open[actor].begin() + at);
        }
        if (s.what == act::arrive || s.what == act::commit) s.argument = barriers;
        model tried = rules;
        const bool breaks = tried.breaks(s, u32(program.size()));
        if (breaks && !random.one_in(60)) continue;
        program.push_back(s);
        if (breaks) return program;
        rules = tried;
        if (s.what != act::arrive && s.what != act::commit) continue;
        for (u32 other = 0; other < actors; ++other) {
            if (!random.one_in(4)) open[other].push_back(barriers);
        }
        ++barriers;
    }
    return program;
}

constexpr u32 bars = 48 * 1024;

/// Barriers are there in both CTAs of a pair.
template <int Group>
void execute(const step& s, u32 smem) {
    const u32 bar = smem + bars + 8 * s.argument;
    const u64 a = sm100::make_descriptor(smem, 0, 256, swizzle_mode::b32);
    constexpr u32 instruction = sm100::instruction<bf16, bf16>(128 * Group, 32);
    u32 r[32];
    switch (s.what) {
        case act::mma: return ptx::tcgen05_mma<Group, ptx::tcgen05_kind::f16>(s.argument, a, a, instruction, false);
        case act::mma_tensor_a:
            return ptx::tcgen05_mma_tensor_a<Group, ptx::tcgen05_kind::f16>(0, 32, a, instruction, false);
        case act::cp: return ptx::tcgen05_copy_scales<Group>(s.argument, sm100::scale_descriptor(smem));
        case act::ld: return ptx::tcgen05_load(r, s.argument);
        case act::st: std::fill_n(r, 32, 0u); return ptx::tcgen05_store(s.argument, r);
        case act::wait_ld: return ptx::tcgen05_wait_load();
        case act::wait_st: return ptx::tcgen05_wait_store();
        case act::before: return ptx::tcgen05_fence_before();
        case act::after: return ptx::tcgen05_fence_after();
        case act::arrive:
            if (Group == 2) ptx::mbarrier_arrive_remote(bar, 1 - ptx::cluster_rank());
            return static_cast<void>(ptx::mbarrier_arrive(bar));
        case act::commit:
            return Group == 2 ? ptx::tcgen05_commit_multicast<Group>(bar, 3) : ptx::tcgen05_commit<Group>(bar);
        case act::wait: return ptx::mbarrier_wait(bar, 0, "step");
    }
}

/// Runs the steps one after another; the number of the one that ends with an error, or that of all. `message` is the error.
template <int Group>
u32 stops_at(const std::vector<step>& program, std::string& message) {
    u32 turn = 0, done = 0;
    bool started = false;
    sim::options options;
    options.policy = sim::policy::eager;
    options.idle_rounds = 1u << 30;
    message = error_of(options, block(160, Group), [&] {
        const u32 smem = ptx::dynamic_smem(), warp = ptx::warp_index(), lane = ptx::lane_index();
        for (u32 i = ptx::thread_index(); i < 1024; i += 160) ptx::st_shared(smem + 4 * i, 0x3f803f80u);
        ptx::fence_proxy_async();
        if (ptx::thread_index() == 0) {
            for (const step& s : program) {
                if (s.what == act::arrive || s.what == act::commit)
                    ptx::mbarrier_init(smem + bars + 8 * s.argument, is_warp(s.actor) ? 32 : 1);
            }
            ptx::fence_mbarrier_init();
        }
        if (warp == 1) ptx::tmem_allocate<Group>(smem + bars - 16, 64);
        ptx::cluster_sync();
        if (ptx::thread_index() == 0) {
            sim::tcgen05_state& state = sim::detail::tcgen05_of(*sim::me().cta);
            sim::detail::note_written(state, 0, 64, sim::all_lanes);
        }
        ptx::cluster_sync();
        ptx::tcgen05_fence_after();
        started = true;
        for (u32 i = 0; i < program.size(); ++i) {
            const step& s = program[i];
            if (ptx::cluster_rank() != (Group == 2 && s.actor == 1 ? 1u : 0u)) continue;
            if (warp != warp_of[s.actor] || (!is_warp(s.actor) && lane != lane_of[s.actor])) continue;
            while (turn != i) sim::yield("the others' steps");
            execute<Group>(s, smem);
            if (++done != (is_warp(s.actor) ? 32u : 1u)) continue;
            done = 0;
            ++turn;
        }
        while (turn != program.size()) sim::yield("the others' steps");
        throw sim::error("all steps are done");
    });
    return started ? turn : ~0u;
}

std::string text_of(const std::vector<step>& program, u32 count) {
    std::string text;
    for (u32 i = 0; i < count && i < program.size(); ++i) {
        text +=
            sim::text("%u: actor %u %s %u\n", i, program[i].actor, names[u32(program[i].what)], program[i].argument);
    }
    return text;
}

}  // namespace

template <int Group>
void expect_stops() {
    dice random{std::mt19937_64(fresh_seed() + Group)};
    u32 stopped = 0, finished = 0;
    for (u32 i = 0; i < random_trials(150); ++i) {
        const std::vector<step> program = random_program(random, 20 + random.below(100), Group == 2);
        model rules(Group == 2);
        u32 expected = 0;
        while (expected < program.size() && !rules.breaks(program[expected], expected)) ++expected;
        std::string message;
        const u32 found = stops_at<Group>(program, message);
        CAPTURE(text_of(program, std::max(expected, found) + 1));
        CAPTURE(message);
        REQUIRE(found == expected);
        ++(expected == program.size() ? finished : stopped);
    }
    CHECK(stopped > 20);
    CHECK(finished > 20);
}

TEST_CASE("random programs of tensor memory stop where a model of its rules does") { expect_stops<1>(); }
TEST_CASE("random programs of a pair of CTAs stop where a model of the rules does") { expect_stops<2>(); }

}  // namespace tensor_programs_tests
