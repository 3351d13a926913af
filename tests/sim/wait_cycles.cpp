// SPDX-License-Identifier: MIT
// What the report of a deadlock says of its reason: the cycle of waits as a sentence, where there is one, and how it is known
// who would complete each of them; where somebody has ended, or nothing tells, that, and no cycle.
#include <deepgemm/sim/devices.hpp>

#include "seeded.hpp"

namespace wait_cycle_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr memory_scope gpu = memory_scope::gpu, sys = memory_scope::sys;

/// The line of a report that begins with `words`; "" if there is none.
std::string line_of(const std::string& report, const std::string& words) {
    const std::size_t at = report.find("\n  " + words);
    return at == std::string::npos ? "" : report.substr(at + 3, report.find('\n', at + 1) - at - 3);
}

/// A wait of a cycle: who waits for what, and how it is known that the next of the cycle would complete it.
struct wait {
    const char *who, *what, *evidence;
};
constexpr const char *arrived = "it arrived there in an earlier phase", *stored = "it stored the word before",
                     *missing = "it has yet to come", *no_other = "no other can any more";

/// The sentence of a cycle that begins with wait number `first`.
std::string sentence(const std::vector<wait>& cycle, std::size_t first) {
    const auto at = [&](std::size_t i) { return cycle[(first + i) % cycle.size()]; };
    std::string out = at(0).who;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        out += (i == 0 ? "" : ", which") + std::string(" waits for ") + at(i).what + ", which " + at(i + 1).who +
               " would complete (" + at(i).evidence + ")";
    }
    return out;
}

/// Lazy, eager and five random machines, on which the whole grid is resident.
std::vector<sim::options> some_machines(std::span<const sim::memory_region> regions) {
    std::vector<sim::options> all = machines(regions);
    all.resize(7);
    return all;
}

/// Requires, on all of them, a deadlock with this cycle, wherever its sentence begins, or with none if it is empty, and with
/// all of `words`.
template <class Run>
void expect_cycle(std::span<const sim::memory_region> regions, const std::vector<wait>& cycle,
                  std::initializer_list<const char*> words, Run run) {
    for (const sim::options& o : some_machines(regions)) {
        const std::string report = run(o);
        CAPTURE(o.seed);
        CAPTURE(report);
        REQUIRE(report.starts_with("DEADLOCK"));
        const std::string said = line_of(report, "CYCLE: ");
        bool matches = cycle.empty() && said.empty();
        for (std::size_t i = 0; i < cycle.size(); ++i) matches |= said == "CYCLE: " + sentence(cycle, i);
        REQUIRE(matches);
        for (const char* word : words) REQUIRE(says(report, word));
    }
}

/// A ring of one stage: a producer arrives at `full`, math at `empty`. From round `last` on math waits before it gives the
/// stage back, or with `math_ends` is gone.
void ring(u32 last, bool math_ends) {
    const u32 full = ptx::dynamic_smem(), empty = full + 8;
    make_barriers(full, 2);
    if (ptx::warp_index() == 0) {
        ptx::role("producer");
        for (u32 i = 0; i < last + 2; ++i) {
            if (i != 0) ptx::mbarrier_wait(empty, (i - 1) & 1, "empty stage");
            ptx::sync_warp();
            if (ptx::lane_index() == 7) ptx::mbarrier_arrive(full);
        }
    } else {
        ptx::role("math");
        for (u32 i = 0; i < last + 2; ++i) {
            ptx::mbarrier_wait(full, i & 1, "full stage");
            if (math_ends && i == last) return;
            if (i == last) ptx::mbarrier_wait(full, (i + 1) & 1, "full stage");  // before it gives the stage back
            ptx::sync_warp();
            if (ptx::lane_index() == 0) ptx::mbarrier_arrive(empty);
        }
    }
}

}  // namespace

TEST_CASE("a cycle in one CTA: stages that are given back too late, in the first round and later") {
    const auto run = [](u32 last) {
        return [last](const sim::options& o) { return error_of(o, block(64), [last] { ring(last, false); }); };
    };
    const char* const producer = "CTA (0,0,0) rank 0 warp 0 role producer";
    const char* const math = "CTA (0,0,0) rank 0 warp 1 role math";
    const char *const empty = "mbarrier 0x408 empty stage", *const full = "mbarrier 0x400 full stage";
    for (const u32 last : {1u, 4u})
        expect_cycle({}, {{producer, empty, arrived}, {math, full, arrived}}, {}, run(last));
    expect_cycle({}, {{producer, empty, no_other}, {math, full, arrived}}, {}, run(0));
}

TEST_CASE("no cycle where somebody has ended, or where nothing tells who would complete a wait") {
    expect_cycle({}, {},
                 {"  CTA (0,0,0) rank 0 warp 0 role producer waits for mbarrier 0x408 empty stage; CTA (0,0,0) rank 0 "
                  "warp 1 role "
                  "math lane 0 would complete it (it arrived there in an earlier phase), but that has ended\n"},
                 [](const sim::options& o) { return error_of(o, block(64), [] { ring(2, true); }); });
    expect_cycle(
        {}, {},
        {"  CTA (0,0,0) rank 0 warp 0 role producer waits for mbarrier 0x408 empty stage; who would complete it is not "
         "known: nobody else has arrived at it in an earlier phase\n"},
        [](const sim::options& o) { return error_of(o, block(64), [] { ring(0, true); }); });
    expect_cycle({}, {},
                 {"  CTA (0,0,0) rank 0 warp 0 waits for mbarrier 0x400; nobody is left who could complete it\n"},
                 [](const sim::options& o) {
                     return error_of(o, block(32), [] {
                         make_barriers(ptx::dynamic_smem());
                         ptx::mbarrier_wait(ptx::dynamic_smem(), 0);
                     });
                 });
}

TEST_CASE("a cycle between a warp's lanes, some of which wait for their warp") {
    const char* const waits = "CTA (0,0,0) rank 0 warp 0 lane 4";
    const char* const meets = "CTA (0,0,0) rank 0 warp 0 lane 0";
    expect_cycle({}, {{waits, "mbarrier 0x400", no_other}, {meets, "bar.warp.sync", missing}}, {},
                 [](const sim::options& o) {
                     return error_of(o, block(32), [] {
                         const u32 bar = ptx::dynamic_smem();
                         make_barriers(bar);
                         if (ptx::lane_index() >= 4) ptx::mbarrier_wait(bar, 0);
                         ptx::sync_warp();
                         if (ptx::lane_index() == 0) ptx::mbarrier_arrive(bar);
                     });
                 });
}

TEST_CASE("a cycle between the CTAs of a cluster, through mbarriers and through the barrier of the cluster") {
    const auto run = [](bool at_the_cluster) {
        return [at_the_cluster](const sim::options& o) {
            return error_of(o, block(32, 2), [at_the_cluster] {
                const u32 mine = ptx::dynamic_smem(), peer = 1 - ptx::cluster_rank();
                make_barriers(mine);
                ptx::cluster_sync();
                ptx::role(peer == 1 ? "first" : "second");
                const auto tell = [&] {
                    if (ptx::lane_index() == 0) ptx::mbarrier_arrive(ptx::map_to_rank(mine, peer));
                };
                constexpr u32 last = 3;
                for (u32 round = 0; round <= last; ++round) {
                    const bool too_late = round == last && !at_the_cluster;
                    if (peer == 1 && !too_late) tell();
                    ptx::mbarrier_wait(mine, round & 1, "turn");
                    if (peer == 0 && round == last) ptx::cluster_sync();
                    if (peer == 0 || too_late) tell();
                }
                ptx::cluster_sync();
            });
        };
    };
    const char* const first = "CTA (0,0,0) rank 0 warp 0 role first";
    const char* const second = "CTA (1,0,0) rank 1 warp 0 role second";
    expect_cycle({}, {{first, "mbarrier 0x400 turn", arrived}, {second, "mbarrier 0x400 turn", arrived}}, {},
                 run(false));
    expect_cycle({}, {{first, "mbarrier 0x400 turn", arrived}, {second, "barrier.cluster.wait", missing}}, {},
                 run(true));
}

namespace {

/// Two threads that store a word each in turn: before they wait for that of the other one, from round `last` on after that. Or
/// the second one ends there.
struct pair_of_words {
    alignas(16) u32 word[2][4] = {};
    sim::memory_region regions[2] = {{"ping", word[0], 16}, {"pong", word[1], 16}};

    void run(u32 number, u32 last, bool ends) {
        if (ptx::thread_index() != 0) return;
        ptx::role(number == 0 ? "ping" : "pong");
        for (u32 round = 0; round <= last; ++round) {
            if (ends && round == last && number == 1) return;
            if (round != last) ptx::st_release<sys>(word[number], round + 1);
            while (ptx::ld_acquire<sys>(word[1 - number]) <= round) {
            }
        }
    }
    std::string on_one(const sim::options& o, u32 last, bool ends) {
        word[0][0] = word[1][0] = 0;
        return error_of(o, grid_of(2, 32), [&] { run(ptx::cta_index(), last, ends); });
    }
    std::string on_two(const sim::options& o, u32 last, bool ends) {
        word[0][0] = word[1][0] = 0;
        std::vector<sim::device_launch> launches;
        for (u32 i : {0u, 1u}) launches.push_back({int(i), grid_of(1, 32), [=, this] { run(i, last, ends); }});
        return error_of([&] { sim::launch_together(o, launches); });
    }
};

}  // namespace

TEST_CASE("a cycle through words of global memory, in the first round and later; none where the other one has ended") {
    pair_of_words pair;
    const auto cycle = [](const char* evidence) {
        return std::vector<wait>{{"CTA (0,0,0) rank 0 warp 0 role ping lane 0", "pong+0x0", evidence},
                                 {"CTA (1,0,0) rank 0 warp 0 role pong lane 0", "ping+0x0", evidence}};
    };
    expect_cycle(pair.regions, cycle(stored), {}, [&](const auto& o) { return pair.on_one(o, 2, false); });
    expect_cycle(pair.regions, cycle(no_other), {}, [&](const auto& o) { return pair.on_one(o, 0, false); });
    expect_cycle(
        pair.regions, {},
        {"  CTA (0,0,0) rank 0 warp 0 role ping lane 0 waits for pong+0x0; CTA (1,0,0) rank 0 warp 0 role pong "
         "lane 0 would complete it (it stored the word before), but that has ended\n"},
        [&](const auto& o) { return pair.on_one(o, 2, true); });
    expect_cycle(pair.regions, {},
                 {"waits for pong+0x0; who would complete it is not known: nobody else has stored it before\n"},
                 [&](const auto& o) { return pair.on_one(o, 0, true); });
}

TEST_CASE("a cycle across two devices; none where the other thread has ended, or its device has stopped") {
    pair_of_words pair;
    expect_cycle(pair.regions,
                 {{"device 0 CTA (0,0,0) rank 0 warp 0 role ping lane 0", "pong+0x0", stored},
                  {"device 1 CTA (0,0,0) rank 0 warp 0 role pong lane 0", "ping+0x0", stored}},
                 {}, [&](const auto& o) { return pair.on_two(o, 2, false); });
    expect_cycle(pair.regions, {}, {"but that has ended\n"}, [&](const auto& o) { return pair.on_two(o, 2, true); });
    expect_cycle(
        pair.regions, {},
        {"but that has stopped with its device\n | who would complete it is not known: nobody else has stored it"},
        [&](sim::options o) {
            o.stop = {.device = 1, .after = 60};
            return pair.on_two(o, 100, false);
        });
}

TEST_CASE("a counter that those have raised who wait for it tells nothing of who is missing") {
    alignas(16) u32 counter[4] = {};
    const sim::memory_region regions[] = {{"counter", counter, sizeof counter}};
    const auto run = [&](u32 resident) {
        return [&, resident](sim::options o) {
            counter[0] = 0;
            o.resident_clusters = resident;
            return error_of(o, grid_of(4, 32), [&] {
                if (ptx::lane_index() != 0 || ptx::cta_index() == 3) return;
                ptx::atomic_add_acq_rel<gpu>(counter, 1);
                while (ptx::ld_acquire<gpu>(counter) < 4) {
                }
            });
        };
    };
    expect_cycle(regions, {},
                 {"waits for counter+0x0; who would complete it is not known: nobody else has stored it before"},
                 run(0));
    expect_cycle(regions, {},
                 {"waits for counter+0x0; who would complete it is not known", "  2 clusters have not begun\n"},
                 run(2));
}

TEST_CASE("a kernel that gives up in a cycle of waits says so, and claims nothing by elimination") {
    alignas(16) u32 word[2][4] = {};
    const sim::memory_region regions[] = {{"ping", word[0], 16}, {"pong", word[1], 16}};
    for (const sim::options& o : some_machines(regions)) {
        for (const u32 last : {0u, 2u}) {
            word[0][0] = word[1][0] = 0;
            const std::string report = error_of(o, grid_of(2, 32), [&] {
                const u32 number = ptx::cta_index();
                if (ptx::thread_index() != 0) return;
                for (u32 round = 0; round <= last; ++round) {
                    if (round != last) ptx::st_release<gpu>(word[number], round + 1);
                    const u64 start = ptx::global_timer();
                    while (ptx::ld_acquire<gpu>(word[1 - number]) <= round) {
                        if (ptx::global_timer() - start > 30'000'000'000) ptx::trap();
                    }
                }
            });
            CAPTURE(report);
            REQUIRE(report.find("a kernel trapped; it polled ") != std::string::npos);
            REQUIRE((line_of(report, "CYCLE: ") != "") == (last != 0));
            REQUIRE(report.find("no other can") == std::string::npos);
        }
    }
}

}  // namespace wait_cycle_tests
