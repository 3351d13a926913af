// SPDX-License-Identifier: MIT
// mbarrier on the simulator: phases, parities, transaction counts, remote arrivals, and the errors of each misuse.
#include "support.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

TEST_CASE("a fresh mbarrier passes parity 1 and not parity 0") {
    sim::launch({}, block(32), [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        CHECK(ptx::mbarrier_test(bar, 1));
        CHECK_FALSE(ptx::mbarrier_test(bar, 0));
        ptx::sync_warp();
        if (ptx::lane_index() == 0) ptx::mbarrier_arrive(bar);
        ptx::mbarrier_wait(bar, 0, "first");
        CHECK_FALSE(ptx::mbarrier_test(bar, 1));
    });
}

TEST_CASE("a ring of stages passes data in order under every policy") {
    for (const sim::options& o : all_policies()) {
        u32 sum = 0;
        sim::launch(o, block(64), [&sum] {
            constexpr u32 stages = 3, items = 20;
            const u32 full = ptx::dynamic_smem(), empty = full + 64, data = full + 128;
            make_barriers(full, stages, 1);
            make_barriers(empty, stages, 32);
            if (ptx::warp_index() == 0) {
                ptx::role("producer");
                if (ptx::elect_one()) {
                    for (u32 i = 0; i < items; ++i) {
                        const u32 stage = i % stages, phase = i / stages & 1;
                        ptx::mbarrier_wait(empty + 8 * stage, phase ^ 1, "empty");
                        ptx::st_shared(data + 4 * stage, i * i);
                        ptx::mbarrier_arrive(full + 8 * stage);
                    }
                }
            } else {
                ptx::role("consumer");
                for (u32 i = 0; i < items; ++i) {
                    const u32 stage = i % stages, phase = i / stages & 1;
                    ptx::mbarrier_wait(full + 8 * stage, phase, "full");
                    const u32 value = ptx::ld_shared<u32>(data + 4 * stage);
                    CHECK(value == i * i);
                    if (ptx::lane_index() == 0) sum += value;
                    ptx::mbarrier_arrive(empty + 8 * stage);
                }
            }
        });
        CHECK(sum == 19 * 20 * 39 / 6);
    }
}

TEST_CASE("arrivals with a count, expect_tx and copies complete a phase together") {
    alignas(16) static float source[64] = {1, 2, 3};
    sim::launch({}, block(32), [] {
        const u32 bar = ptx::dynamic_smem(), data = bar + 128;
        make_barriers(bar, 1, 5);
        if (ptx::elect_one()) {
            ptx::mbarrier_expect_tx(bar, 128);
            ptx::bulk_load(data, source, 128, bar);
            ptx::bulk_load(data + 128, source, 128, bar);
            ptx::mbarrier_arrive(bar, 4);
            CHECK_FALSE(ptx::mbarrier_test(bar, 0));
            ptx::mbarrier_arrive_expect_tx(bar, 128);
        }
        ptx::mbarrier_wait(bar, 0, "both");
        CHECK(ptx::ld_shared<float>(data + 128 + 4) == 2.0f);
    });
}

TEST_CASE("a remote arrival completes the peer's barrier") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(32, 2), [] {
            const u32 bar = ptx::dynamic_smem();
            make_barriers(bar);
            ptx::cluster_sync();
            if (ptx::elect_one()) ptx::mbarrier_arrive_remote(bar, ptx::cluster_rank() ^ 1);
            ptx::mbarrier_wait(bar, 0, "peer");
            ptx::cluster_sync();
        });
    }
}

TEST_CASE("bytes announced at a peer's barrier hold up its phase until they land") {
    alignas(16) static float source[32] = {1, 2, 3};
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(32, 2), [] {
            const u32 bar = ptx::dynamic_smem(), data = bar + 128;
            make_barriers(bar);
            ptx::cluster_sync();
            if (ptx::cluster_rank() == 0 && ptx::elect_one()) {
                ptx::mbarrier_expect_tx_remote(bar, 1, 128);
                ptx::mbarrier_arrive_remote(bar, 1);
                ptx::bulk_load_multicast(data, source, 128, bar, 2);
            }
            if (ptx::cluster_rank() == 1) {
                ptx::mbarrier_wait(bar, 0, "from rank 0");
                CHECK(ptx::ld_shared<float>(data + 8) == 3.0f);
            }
            ptx::cluster_sync();
        });
    }
    expect_error(block(32, 2), {"mbarrier.expect_tx (remote)", "rank 0", "CTA rank 1 has exited"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        ptx::cluster_sync();
        if (ptx::cluster_rank() == 0) {
            for (int i = 0; i < 8; ++i) ptx::sync_cta();
            ptx::mbarrier_expect_tx_remote(bar, 1, 128);
        }
    });
    expect_error(block(32, 2), {"mapa: the cluster has no CTA of rank 2"}, [] {
        make_barriers(ptx::dynamic_smem());
        ptx::mbarrier_expect_tx_remote(ptx::dynamic_smem(), 2, 128);
    });
}

TEST_CASE("threads that drop out are not waited for again") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(64), [] {
            const u32 bar = ptx::dynamic_smem();
            make_barriers(bar, 1, 64);
            if (ptx::warp_index() == 1) {
                ptx::mbarrier_arrive_drop(bar);
                return;
            }
            for (u32 phase = 0; phase < 3; ++phase) {
                ptx::mbarrier_arrive(bar);
                ptx::mbarrier_wait(bar, phase & 1, "those that stayed");
            }
        });
    }
    expect_error(block(32), {"mbarrier.arrive_drop", "every participant has dropped out"}, [] {
        make_barriers(ptx::dynamic_smem());
        ptx::mbarrier_arrive_drop(ptx::dynamic_smem());
    });
}

TEST_CASE("after invalidation the bytes may hold another barrier") {
    sim::launch({}, block(32), [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        if (ptx::elect_one()) {
            ptx::mbarrier_invalidate(bar);
            ptx::mbarrier_init(bar, 7);
        }
        ptx::sync_cta();
        CHECK(ptx::mbarrier_test(bar, 1));
    });
}

TEST_CASE("misuse of an mbarrier is an error") {
    expect_error(block(32), {"mbarrier.arrive", "never initialised", "CTA (0,0,0) rank 0 warp 0 lane 0"},
                 [] { ptx::mbarrier_arrive(ptx::dynamic_smem()); });
    expect_error(block(32), {"overwritten by other data"}, [] {
        make_barriers(ptx::dynamic_smem());
        ptx::st_shared(ptx::dynamic_smem(), 5u);
        ptx::mbarrier_arrive(ptx::dynamic_smem());
    });
    expect_error(block(32), {"already holds a live mbarrier"}, [] {
        make_barriers(ptx::dynamic_smem());
        ptx::mbarrier_init(ptx::dynamic_smem(), 1);
    });
    expect_error(block(32), {"count 0"}, [] { ptx::mbarrier_init(ptx::dynamic_smem(), 0); });
    expect_error(block(32), {"not aligned to 8 bytes"}, [] { ptx::mbarrier_init(ptx::dynamic_smem() + 4, 1); });
    expect_error(block(32), {"outside the 65536 bytes"}, [] { ptx::mbarrier_init(ptx::dynamic_smem() + 65536, 1); });
    expect_error(block(32), {"more arrivals than its count of 1"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        ptx::mbarrier_arrive(bar, 2);
    });
    expect_error(block(32), {"tx-count 1048576 is out of range"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar, 1, 32);
        ptx::mbarrier_expect_tx(bar, 1 << 20);
    });
    expect_error(block(32, 2), {"before fence.mbarrier_init"}, [] {
        const u32 bar = ptx::dynamic_smem();
        if (ptx::thread_index() == 0) ptx::mbarrier_init(bar, 1);
        ptx::cluster_sync();
        ptx::mbarrier_arrive_remote(bar, ptx::cluster_rank() ^ 1);
    });
    expect_error(block(32, 2), {"peer CTA's mbarrier"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        ptx::cluster_sync();
        ptx::mbarrier_wait(ptx::map_to_rank(bar, ptx::cluster_rank() ^ 1), 0);
    });
}

TEST_CASE("arriving at a CTA that has exited is an error") {
    expect_error(block(32, 2), {"rank 0", "CTA rank 1 has exited"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        ptx::cluster_sync();
        if (ptx::cluster_rank() == 0) {
            for (int i = 0; i < 8; ++i) ptx::sync_cta();
            ptx::mbarrier_arrive_remote(bar, 1);
        }
    });
}

TEST_CASE("a skipped phase is an error unless the option allows it") {
    auto body = [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar, 1, 1);
        if (ptx::thread_index() == 0) {
            for (u32 i = 0; i < 3; ++i) {
                ptx::mbarrier_arrive(bar);
                if (i != 1) ptx::mbarrier_wait(bar, i & 1);
            }
        }
    };
    expect_error(block(32), {"last saw phase 0", "phase 2", "skipped a phase"}, body);
    sim::options o;
    o.check_phases = false;
    sim::launch(o, block(32), body);
}

TEST_CASE("the deadlock report names role, barrier, parity, pending arrivals and tx-count") {
    alignas(16) static float source[64] = {};
    auto expect_tx = [](u32 announced) {
        return [announced] {
            const u32 bar = ptx::dynamic_smem();
            make_barriers(bar);
            if (ptx::warp_index() == 0) {
                ptx::role("producer");
                if (ptx::elect_one()) {
                    ptx::mbarrier_arrive_expect_tx(bar, announced);
                    ptx::bulk_load(bar + 128, source, 128, bar);
                }
            } else {
                ptx::role("math");
                ptx::mbarrier_wait(bar, 0, "full");
            }
        };
    };
    // The landed CTA would end with nothing in flight: warp 1 keeps waiting.
    expect_error(block(64),
                 {"DEADLOCK", "CTA (0,0,0) rank 0 warp  1 math", "32 lanes", "full parity 0",
                  "phase 0: pending 0 of 1 arrivals, tx-count -64", "more bytes arrived than expect_tx announced",
                  "32 threads have ended"},
                 expect_tx(64));
    expect_error(block(64), {"tx-count 64", "expect_tx announced more bytes than arrived"}, expect_tx(192));
    expect_error(block(64), {"empty parity 0", "pending 2 of 2 arrivals, tx-count 0"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar, 1, 2);
        ptx::mbarrier_wait(bar, 0, "empty");  // a producer that begins with the wrong parity
    });
}

TEST_CASE("polling a barrier that nobody completes ends in a report") {
    expect_error(block(32), {"DEADLOCK", "mbarrier.test_wait in a loop"}, [] {
        const u32 bar = ptx::dynamic_smem();
        make_barriers(bar);
        while (!ptx::mbarrier_test(bar, 0)) {
        }
    });
}
