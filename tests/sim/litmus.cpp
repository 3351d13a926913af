// SPDX-License-Identifier: MIT
// Litmus tests of words in global memory: small programs of two or three threads, each in a CTA of its own, and which outcomes
// the simulated machine shows. What the memory model of PTX forbids it never shows; of what the model allows it shows what
// kernels most often overlook: a load that does not see the newest store yet.
#include <set>

#include "seeded.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr memory_scope gpu = memory_scope::gpu;

/// What two threads have loaded.
using outcome = std::pair<u32, u32>;

/// Runs `thread(number, x, y)`, which returns what it loads, as the first threads of two CTAs: what both returned, over all of
/// `all`.
template <class Thread>
std::set<outcome> outcomes(const std::vector<sim::options>& all, Thread thread) {
    std::set<outcome> seen;
    for (sim::options o : all) {
        alignas(16) u32 x[4] = {}, y[4] = {};
        const sim::memory_region regions[] = {{"x", x, sizeof x}, {"y", y, sizeof y}};
        o.regions = regions;
        u32 got[2] = {99, 99};
        sim::launch(o, grid_of(2, 32), [&] {
            if (ptx::thread_index() == 0) got[ptx::cta_index()] = thread(ptx::cta_index(), x, y);
        });
        seen.insert({got[0], got[1]});
    }
    return seen;
}

std::vector<sim::options> lazy() { return {machines({})[0]}; }
std::vector<sim::options> eager() { return {machines({})[1]}; }
std::vector<sim::options> random_ones() {
    const auto all = machines({});
    return {all.begin() + 2, all.end()};
}

/// Message passing: thread 0 stores x, then y; thread 1 waits for y and loads x. What it has loaded.
enum class order { none, writer, reader, both, release_acquire };
u32 message_passing(order how, u32 number, u32* x, u32* y) {
    if (number == 0) {
        ptx::st_relaxed<gpu>(x, 1);
        if (how == order::writer || how == order::both) ptx::fence_acq_rel_gpu();
        if (how == order::release_acquire) {
            ptx::st_release<gpu>(y, 1);
        } else {
            ptx::st_relaxed<gpu>(y, 1);
        }
        return 0;
    }
    if (how == order::release_acquire) {
        while (ptx::ld_acquire<gpu>(y) == 0) {
        }
    } else {
        while (ptx::ld_relaxed<gpu>(y) == 0) {
        }
    }
    if (how == order::reader || how == order::both) ptx::fence_acq_rel_gpu();
    return ptx::ld_relaxed<gpu>(x);
}
std::set<outcome> pass_message(const std::vector<sim::options>& all, order how) {
    return outcomes(all, [how](u32 number, u32* x, u32* y) { return message_passing(how, number, x, y); });
}

/// Store buffering: each thread stores its word, then loads that of the other.
enum class between { nothing, fence, atomics };
u32 store_buffering(between what, u32 number, u32* x, u32* y) {
    u32* const mine = number == 0 ? x : y;
    u32* const other = number == 0 ? y : x;
    if (what == between::atomics) {
        ptx::atomic_add_acq_rel<gpu>(mine, 1);
        return ptx::atomic_add_acq_rel<gpu>(other, 0);
    }
    ptx::st_relaxed<gpu>(mine, 1);
    if (what == between::fence) ptx::fence_acq_rel_gpu();
    return ptx::ld_relaxed<gpu>(other);
}
std::set<outcome> buffer_stores(const std::vector<sim::options>& all, between what) {
    return outcomes(all, [what](u32 number, u32* x, u32* y) { return store_buffering(what, number, x, y); });
}

const outcome late{0, 0}, in_time{0, 1};

}  // namespace

TEST_CASE("message passing: without an order on both sides the message may come after its flag") {
    for (const order how : {order::none, order::writer, order::reader}) {
        CAPTURE(int(how));
        CHECK(pass_message(lazy(), how) == std::set{late});
        CHECK(pass_message(eager(), how) == std::set{in_time});
        CHECK(pass_message(random_ones(), how) == std::set{late, in_time});
    }
}

TEST_CASE("message passing: with fences on both sides, or release and acquire, it never does") {
    for (const order how : {order::both, order::release_acquire}) {
        CAPTURE(int(how));
        CHECK(pass_message(machines({}), how) == std::set{in_time});
    }
}

TEST_CASE("store buffering: both threads may miss the store of the other, fence.acq_rel or not, but not as atomics") {
    for (const between what : {between::nothing, between::fence}) {
        CAPTURE(int(what));
        CHECK(buffer_stores(lazy(), what).contains(outcome{0, 0}));
        CHECK(buffer_stores(random_ones(), what).contains(outcome{0, 0}));
        CHECK(!buffer_stores(eager(), what).contains(outcome{0, 0}));
    }
    const auto seen = buffer_stores(machines({}), between::atomics);
    CHECK(!seen.contains(outcome{0, 0}));
}

TEST_CASE("a word of one thread's stores never goes back, for whoever loads it, and its last value arrives") {
    constexpr u32 last = 20, readers = 3;
    for (sim::options o : machines({})) {
        alignas(16) u32 word[4] = {};
        u32 backwards = 0, behind = 0;
        sim::launch(o, grid_of(1 + readers, 32), [&] {
            if (ptx::thread_index() != 0) return;
            if (ptx::cta_index() == 0) {
                for (u32 i = 1; i <= last; ++i) ptx::st_relaxed<gpu>(word, i);
                return;
            }
            for (u32 before = 0; before != last;) {
                const u32 now = ptx::ld_relaxed<gpu>(word);
                backwards += now < before;
                behind += now != word[0];
                before = now;
            }
        });
        CAPTURE(o.seed);
        CHECK(backwards == 0);
        CHECK((behind != 0) == (o.policy != sim::policy::eager));
    }
}

TEST_CASE("a late value hands on what was released with it, and not what came with the newest") {
    // Two messages, each with its flag's value: who sees 1 may read the first, and only the first.
    for (const bool both : {false, true}) {
        std::set<std::string> messages;
        for (sim::options o : machines({})) {
            alignas(16) static float first[4], second[4];
            alignas(16) static u32 flag[4], go[4];
            const sim::memory_region regions[] = {{"first", first, sizeof first}, {"second", second, sizeof second}};
            o.regions = regions;
            flag[0] = go[0] = 0;
            messages.insert(error_of(o, grid_of(2, 32), [&] {
                if (ptx::thread_index() != 0) return;
                if (ptx::cta_index() == 0) {
                    ptx::st_global(first, 1.0f);
                    ptx::st_release<gpu>(flag, 1);
                    ptx::st_global(second, 2.0f);
                    ptx::st_release<gpu>(flag, 2);
                    ptx::st_relaxed<gpu>(go, 1);
                } else {
                    while (ptx::ld_relaxed<gpu>(go) == 0) {
                    }
                    while (ptx::ld_acquire<gpu>(flag) == 0) {
                    }
                    ptx::ld_global(first);
                    if (both) ptx::ld_global(second);
                }
            }));
        }
        std::erase_if(messages, [](const std::string& m) { return m.empty(); });
        CHECK(messages.empty() == !both);
        for (const std::string& m : messages) CHECK(m.find("ld.global reads second+0x0") != std::string::npos);
    }
}

TEST_CASE("a thread that a barrier or a word has told of a store sees it at once") {
    for (sim::options o : machines({})) {
        alignas(16) u32 word[4] = {}, flag[4] = {};
        u32 wrong = 0;
        sim::launch(o, grid_of(2, 64), [&] {
            if (ptx::cta_index() == 0 && ptx::thread_index() == 0) {
                ptx::st_relaxed<gpu>(word, 1);
                ptx::st_release<gpu>(flag, 1);
            }
            if (ptx::cta_index() == 1 && ptx::thread_index() == 32) {
                while (ptx::ld_acquire<gpu>(flag) == 0) {
                }
            }
            ptx::sync_cta();
            wrong += ptx::ld_relaxed<gpu>(word) != 1;
        });
        CHECK(wrong == 0);
    }
}

TEST_CASE("without late words loads see the newest value") {
    for (sim::options o : machines({})) {
        o.late_words = false;
        CHECK(pass_message({o}, order::none) == std::set{in_time});
    }
}
