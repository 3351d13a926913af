// SPDX-License-Identifier: MIT
// Collectives of a warp, named and cluster barriers, register reallocation on the simulator.
#include "support.hpp"

#include <algorithm>

using namespace deepgemm;
using namespace deepgemm::test;

TEST_CASE("shuffles, votes and reductions") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(64), [] {
            const u32 lane = ptx::lane_index(), value = ptx::thread_index() * 3 + 1, base = ptx::warp_index() * 96 + 1;
            CHECK(ptx::shuffle(value, (lane + 5) & 31) == base + 3 * ((lane + 5) & 31));
            CHECK(ptx::shuffle_xor(float(value), 7) == float(base + 3 * (lane ^ 7)));
            CHECK(ptx::shuffle_up(i32(value), 3) == i32(base + 3 * (lane < 3 ? lane : lane - 3)));
            CHECK(ptx::shuffle_down(value, 30) == base + 3 * (lane < 2 ? lane + 30 : lane));
            CHECK(ptx::ballot(lane % 3 == 0) == 0x49249249u);
            CHECK(ptx::any(lane == 31));
            CHECK_FALSE(ptx::all(lane != 31));
            CHECK(ptx::reduce_add(value) == 32 * base + 3 * 496);
            CHECK(ptx::reduce_min(value) == base);
            CHECK(ptx::reduce_max(value) == base + 93);
            ptx::sync_warp();
        });
    }
}

TEST_CASE("bits, and sums over lanes") {
    sim::launch({}, block(64), [] {
        const u32 lane = ptx::lane_index(), mask = lane < 31 ? 5u << lane : 0x80000000u;
        CHECK(ptx::count_bits(mask) == (lane < 30 ? 2 : 1));
        CHECK(ptx::bit_length(1u << lane) == lane + 1);
        CHECK(ptx::bit_length(u64(1) << (2 * lane)) == 2 * lane + 1);
        CHECK(ptx::bit_length(0u) == 0);
        CHECK(ptx::bit_length(u64(0)) == 0);
        CHECK(ptx::inclusive_sum(lane + 1) == (lane + 1) * (lane + 2) / 2);
    });
}

TEST_CASE("atomic additions in shared memory, in an order that varies; the largest of a word") {
    std::vector<std::vector<u32>> orders;
    for (u64 seed = 1; seed < 5; ++seed) {
        sim::options o{.policy = sim::policy::random, .seed = seed};
        sim::geometry g = block(128);
        g.smem_bytes = 64;
        std::vector<u32> before(128);
        u32 largest = 100;
        sim::launch(o, g, [&] {
            const u32 smem = ptx::dynamic_smem(), thread = ptx::thread_index();
            if (thread < 2) ptx::st_shared(smem + 4 * thread, 10u);
            ptx::sync_cta();
            before[thread] = ptx::fetch_add_shared(smem, 2);
            ptx::increment_shared(smem + 4);
            ptx::atomic_max(&largest, thread * 37 % 128);
            ptx::sync_cta();
            CHECK(ptx::ld_shared<u32>(smem) == 10 + 2 * 128);
            CHECK(ptx::ld_shared<u32>(smem + 4) == 10 + 128);
        });
        CHECK(largest == 127);
        orders.push_back(before);
        std::sort(before.begin(), before.end());
        for (u32 i = 0; i < 128; ++i) CHECK(before[i] == 10 + 2 * i);
    }
    CHECK(orders[0] != orders[1]);
}

TEST_CASE("copies to L2 are checked") {
    alignas(16) static const u8 memory[64] = {};
    const auto failure = [](const u8* from, u32 bytes) {
        return error_of({}, block(32), [&] { ptx::prefetch_l2(from, bytes); });
    };
    CHECK(failure(memory, 64) == "");
    CHECK(failure(memory + 8, 16).find("must be multiples of 16") != std::string::npos);
    CHECK(failure(memory, 8).find("must be multiples of 16") != std::string::npos);

    const auto bring = [](const tensor_map& map, i32 column) {
        return error_of({}, block(32), [&] { ptx::tma_prefetch<2>(map, {column, 0}); });
    };
    const tensor_map map = sim::encode_tensor_map(matrix_map(memory, dtype::f32, 2, 8, 32, 2, 4, swizzle_mode::none));
    CHECK(bring(map, 4) == "");
    CHECK(bring(map, 2).find("is not at a multiple of 16 bytes") != std::string::npos);
    CHECK(bring(tensor_map{}, 0).find("was not made by sim::encode_tensor_map") != std::string::npos);
    CHECK(error_of({}, block(32), [&] {
              ptx::tma_prefetch<3>(map, {0, 0, 0});
          }).find("3 coordinates for a tensor map of rank 2") != std::string::npos);
}

TEST_CASE("indices") {
    sim::geometry g;
    g.grid = {4, 3, 2};
    g.cluster = {2, 1, 1};
    g.threads = 160;
    std::vector<u32> seen(24);
    sim::launch({}, g, [&] {
        CHECK(ptx::cta_count() == 4);
        CHECK(ptx::cta_count_y() == 3);
        CHECK(ptx::cta_count_z() == 2);
        CHECK(ptx::cluster_size() == 2);
        CHECK(ptx::cluster_count() == 2);
        CHECK(ptx::sm_index() == ptx::cta_index() + 4 * (ptx::cta_index_y() + 3 * ptx::cta_index_z()));
        CHECK(ptx::cluster_rank() == ptx::cta_index() % 2);
        CHECK(ptx::cluster_index() == ptx::cta_index() / 2);
        CHECK(ptx::thread_count() == 160);
        CHECK(ptx::warp_index() * 32 + ptx::lane_index() == ptx::thread_index());
        CHECK(ptx::warpgroup_index() == ptx::thread_index() / 128);
        CHECK(ptx::dynamic_smem() % 1024 == 0);
        if (ptx::thread_index() == 0) ++seen[ptx::cta_index() + 4 * (ptx::cta_index_y() + 3 * ptx::cta_index_z())];
    });
    CHECK(seen == std::vector<u32>(24, 1));
}

TEST_CASE("the clock goes forward") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(64), [] {
            const u64 before = ptx::clock();
            ptx::sync_cta();
            const u64 between = ptx::clock();
            ptx::sync_cta();
            CHECK(before <= between);
            CHECK(before < ptx::clock());
        });
    }
}

TEST_CASE("threads wait for a time of the clock, and others run meanwhile") {
    for (const sim::options& o : all_policies()) {
        constexpr u64 pause = 5000;
        u64 waited[2] = {}, worked = 0;
        sim::launch(o, block(96), [&] {
            const u32 warp = ptx::warp_index();
            const u64 before = ptx::clock();
            if (warp == 2) {
                ptx::sync_warp();
                worked = ptx::clock() - before;
            } else if (ptx::lane_index() == 0) {
                ptx::wait_for_clock(before + (warp + 1) * pause);
                waited[warp] = ptx::clock() - before;
                ptx::wait_for_clock(before);  // has been
            }
        });
        CHECK(waited[0] >= pause);
        CHECK(waited[0] < pause + 500);
        CHECK(waited[1] >= 2 * pause);
        CHECK(waited[1] < 2 * pause + 500);
        CHECK(worked < 500);
        CHECK(sim::last_run().statistics.pauses == 4);
        CHECK(sim::last_run().statistics.paused > 2 * pause);
        CHECK(sim::last_run().statistics.paused <= 3 * pause);
    }
}

TEST_CASE("one lane is elected, always the same; not only lane 0 when shuffled") {
    u32 lanes = 0;
    for (u64 seed = 1; seed < 9; ++seed) {
        sim::options o;
        o.shuffle = true;
        o.seed = seed;
        sim::launch(o, block(32), [&lanes] {
            const u32 first = ptx::ballot(ptx::elect_one()), second = ptx::ballot(ptx::elect_one());
            CHECK(first == second);
            CHECK((first != 0 && (first & (first - 1)) == 0));
            lanes |= first;
        });
    }
    CHECK((lanes & (lanes - 1)) != 0);
    sim::launch({}, block(32), [] { CHECK(ptx::elect_one() == (ptx::lane_index() == 0)); });
}

TEST_CASE("divergent collectives are errors") {
    expect_error(block(32), {"divergent warp", "vote.sync", "shfl.sync.bfly"}, [] {
        if (ptx::lane_index() < 16) {
            ptx::shuffle_xor(1u, 1);
        } else {
            ptx::ballot(true);
        }
    });
    expect_error(block(32), {"DEADLOCK", "16 lanes: bar.warp.sync"}, [] {
        if (ptx::lane_index() < 16) ptx::sync_warp();
    });
}

TEST_CASE("named barriers: sync, arrive and their errors") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(96), [] {
            const u32 data = ptx::dynamic_smem();
            if (ptx::warp_index() == 0) {
                ptx::st_shared(data + 4 * ptx::lane_index(), ptx::lane_index() + 7);
                ptx::barrier_arrive(3, 64);
            } else if (ptx::warp_index() == 1) {
                ptx::barrier_sync(3, 64);
                CHECK(ptx::ld_shared<u32>(data + 4 * (31 - ptx::lane_index())) == 38 - ptx::lane_index());
            }
            ptx::sync_cta();
        });
    }
    expect_error(block(128), {"DEADLOCK", "bar.sync 1: 64 of 96 threads arrived"}, [] {
        if (ptx::thread_index() < 64) ptx::barrier_sync(1, 96);
    });
    expect_error(block(128), {"earlier arrivals expect 64 threads"},
                 [] { ptx::barrier_sync(1, ptx::warp_index() == 0 ? 64 : 96); });
    expect_error(block(64), {"multiple of 32"}, [] { ptx::barrier_sync(1, 33); });
    expect_error(block(64), {"barriers 0 to 15"}, [] { ptx::barrier_sync(16, 64); });
}

TEST_CASE("cluster barrier, peers' shared memory and the order between them") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(64, 4), [] {
            const u32 data = ptx::dynamic_smem(), rank = ptx::cluster_rank(), t = ptx::thread_index();
            ptx::st_shared_cluster(ptx::map_to_rank(data + 8 * t, (rank + 1) % 4), ptx::vec2<u32>{rank, t});
            ptx::cluster_arrive();
            ptx::cluster_wait();
            CHECK(ptx::ld_shared<u32>(data + 8 * t) == (rank + 3) % 4);
            CHECK(ptx::ld_shared_cluster<ptx::vec2<u32>>(ptx::map_to_rank(data + 8 * t, rank ^ 2)).x == (rank + 1) % 4);
            ptx::cluster_sync();
        });
        u32 arrived = 0;
        sim::launch(o, block(64, 4), [&arrived] {  // the relaxed arrival is one like any other
            ++arrived;
            ptx::cluster_arrive_relaxed();
            ptx::cluster_wait();
            CHECK(arrived == 256);
        });
    }
    expect_error(block(32, 2), {"arrive twice"}, [] {
        ptx::cluster_arrive_relaxed();
        ptx::cluster_arrive();
    });
    expect_error(block(32, 2), {"arrive twice"}, [] {
        ptx::cluster_arrive();
        ptx::cluster_arrive();
    });
    expect_error(block(32, 2), {"without barrier.cluster.arrive"}, [] { ptx::cluster_wait(); });
    expect_error(block(32, 2), {"no CTA of rank 2"}, [] { ptx::map_to_rank(ptx::dynamic_smem(), 2); });
    expect_error(block(32, 2), {"ld.shared::cluster", "CTA rank 1 has exited"}, [] {
        ptx::st_shared(ptx::dynamic_smem() + 4 * ptx::lane_index(), 1u);
        ptx::cluster_sync();
        if (ptx::cluster_rank() == 0) {
            for (int i = 0; i < 8; ++i) ptx::sync_cta();
            ptx::ld_shared_cluster<u32>(ptx::map_to_rank(ptx::dynamic_smem(), 1));
        }
    });
}

TEST_CASE("threads that have ended do not hold up a cluster barrier") {
    sim::launch({}, block(64, 2), [] {
        if (ptx::warp_index() == 1) return;
        ptx::cluster_sync();
    });
}

TEST_CASE("setmaxnreg stays within the CTA's registers") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(384), [] {  // 168 at entry: 504 for the three warpgroups together
            if (ptx::warpgroup_index() == 0) {
                ptx::decrease_registers<40>();
            } else {
                ptx::increase_registers<232>();
            }
        });
    }
    expect_error(block(384), {"DEADLOCK", "setmaxnreg.inc 240: needs", "are free in the CTA's pool"}, [] {
        if (ptx::warpgroup_index() == 0) {
            ptx::decrease_registers<40>();
        } else {
            ptx::increase_registers<240>();
        }
    });
    expect_error(block(384), {"setmaxnreg.dec 232: the warp owns only 168"}, [] { ptx::decrease_registers<232>(); });
    expect_error(block(128), {"setmaxnreg.inc 40: the warp owns 256"}, [] { ptx::increase_registers<40>(); });
    expect_error(block(128), {"all warps of a warpgroup must execute it"}, [] {
        if (ptx::warp_index() == 0) ptx::decrease_registers<40>();
    });
    sim::geometry g = block(256);
    g.registers = 264;
    expect_error(g, {"264 registers for each of 256 threads exceed the 65536 of an SM"}, [] {});
}
