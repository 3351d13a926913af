// SPDX-License-Identifier: MIT
// cp.async on the simulator: when its bytes are there and for whom, and each misuse. What it copies is in copies.cpp.
#include "support.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// 64 elements in global memory.
struct source {
    alignas(16) u32 word[64];
    source() {
        for (u32 i = 0; i < 64; ++i) word[i] = 1000 + i;
    }
};

/// One warp: a barrier for its 32 lanes at the returned address, which all may use.
u32 barrier_of_lanes() {
    const u32 bar = ptx::dynamic_smem() + 1024;
    if (ptx::thread_index() == 0) {
        ptx::mbarrier_init(bar, 32);
        ptx::fence_mbarrier_init();
    }
    ptx::sync_cta();
    return bar;
}

}  // namespace

TEST_CASE("cp.async: all threads read what has landed, once they have waited") {
    for (const sim::options& o : all_policies()) {
        source from;
        u32 wrong = 0;
        sim::launch(o, block(32), [&] {
            const u32 bar = barrier_of_lanes(), to = ptx::dynamic_smem(), lane = ptx::lane_index();
            for (u32 phase = 0; phase < 2; ++phase) {
                ptx::cp_async<4>(to + 4 * lane, from.word + 32 * phase + lane);
                ptx::cp_async_arrive(bar);
                ptx::mbarrier_wait(bar, phase, "copies");
                wrong += ptx::ld_shared<u32>(to + 4 * (lane ^ 5)) != from.word[32 * phase + (lane ^ 5)];
                ptx::sync_warp();
            }
        });
        CHECK(wrong == 0);
    }
}

TEST_CASE("cp.async: the async proxy sees it after a fence of one that has waited, and not before") {
    source from;
    alignas(16) u32 out[32];
    const auto store = [&](bool fenced) {
        return [&, fenced] {
            const u32 bar = barrier_of_lanes(), to = ptx::dynamic_smem(), lane = ptx::lane_index();
            ptx::cp_async<4>(to + 4 * lane, from.word + lane);
            ptx::cp_async_arrive(bar);
            if (lane != 7) return;
            ptx::mbarrier_wait(bar, 0, "copies");
            if (fenced) ptx::fence_proxy_async();
            ptx::bulk_store(out, to, sizeof out);
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        };
    };
    for (const sim::options& o : all_policies()) {
        std::fill_n(out, 32, 0);
        sim::launch(o, block(32), store(true));
        CHECK(std::equal(out, out + 32, from.word));
        expect_error(block(32), {"bulk store reads", "never fenced"}, store(false), o);
    }
}

TEST_CASE("cp.async: misuse is found") {
    source from;
    const auto copy_and = [&](auto then) {
        return [&from, then] {
            const u32 bar = barrier_of_lanes(), to = ptx::dynamic_smem(), lane = ptx::lane_index();
            ptx::cp_async<4>(to + 4 * lane, from.word + lane);
            then(bar, to, lane);
        };
    };
    const auto arrive = [](u32 bar, u32, u32) { ptx::cp_async_arrive(bar); };
    // Nobody waits.
    expect_error(block(32), {"ld.shared", "while a cp.async", "still in flight"},
                 copy_and([&](u32 bar, u32 to, u32 lane) {
                     arrive(bar, to, lane);
                     if (lane == 31) ptx::ld_shared<u32>(to + 4 * lane);
                 }));
    // Nothing arrives.
    expect_error(block(32), {"the CTA ends while 32 cp.asyncs"}, copy_and([](u32, u32, u32) {}));
    // A copy into what another one is still filling, or a bulk store is still reading.
    expect_error(block(32), {"cp.async on shared memory", "still in flight"}, copy_and([&](u32, u32 to, u32 lane) {
                     ptx::sync_warp();
                     if (lane == 3) ptx::cp_async<4>(to, from.word);
                 }));
    alignas(16) u32 out[32];
    expect_error(block(32), {"cp.async overwrites", "while bulk store", "released too early"},
                 copy_and([&](u32 bar, u32 to, u32 lane) {
                     ptx::cp_async_arrive(bar);
                     if (lane != 0) return;
                     ptx::mbarrier_wait(bar, 0, "copies");
                     ptx::fence_proxy_async();
                     ptx::bulk_store(out, to, sizeof out);
                     ptx::bulk_commit();
                     ptx::cp_async<4>(to, from.word);
                 }));
    // Addresses.
    expect_error(block(32), {"cp.async", "not aligned to 16 bytes"},
                 [&] { ptx::cp_async<16>(ptx::dynamic_smem() + 8, from.word); });
    expect_error(block(32), {"cp.async", "not aligned to 16 bytes"},
                 [&] { ptx::cp_async<16>(ptx::dynamic_smem(), from.word + 1); });
    expect_error(block(32), {"cp.async", "null pointer"}, [&] { ptx::cp_async<4>(ptx::dynamic_smem(), nullptr); });
    expect_error(block(32), {"cp.async", "of 8 bytes reads 9"},
                 [&] { ptx::cp_async_part<8>(ptx::dynamic_smem(), from.word, 9); });
}

TEST_CASE("cp.async: its source is read after the kernel before has ended, and after who wrote it") {
    source from;
    sim::options dependent{.dependent_launch = true};
    const auto body = [&] { ptx::cp_async<4>(ptx::dynamic_smem() + 4 * ptx::lane_index(), from.word); };
    expect_error(block(32), {"cp.async before griddepcontrol.wait"}, body, dependent);
    expect_error(block(32), {"cp.async"}, [&] {
        const u32 lane = ptx::lane_index();
        if (lane == 0) ptx::st_global(from.word, 1u);
        if (lane == 1) ptx::cp_async<4>(ptx::dynamic_smem(), from.word);
    });
}

TEST_CASE("cp.async in groups: a thread reads what it has waited for") {
    for (const sim::options& o : all_policies()) {
        source from;
        u32 wrong = 0;
        sim::launch(o, block(32), [&] {
            const u32 mine = ptx::dynamic_smem() + 16 * ptx::lane_index(), lane = ptx::lane_index();
            for (u32 i = 0; i < 2; ++i) {
                ptx::cp_async<4>(mine + 4 * i, from.word + 32 * i + lane);
                ptx::cp_async_commit();
            }
            ptx::cp_async_wait<1>();
            wrong += ptx::ld_shared<u32>(mine) != from.word[lane];
            ptx::cp_async_commit();  // of none
            ptx::cp_async_wait<1>();
            wrong += ptx::ld_shared<u32>(mine + 4) != from.word[32 + lane];
            ptx::cp_async_wait<0>();
        });
        CHECK(wrong == 0);
    }
}

TEST_CASE("cp.async in groups: misuse is found") {
    source from;
    const auto copy_and = [&](auto then) {
        return [&from, then] {
            const u32 mine = ptx::dynamic_smem() + 16 * ptx::lane_index();
            for (u32 i = 0; i < 2; ++i) {
                ptx::cp_async<4>(mine + 4 * i, from.word + i);
                ptx::cp_async_commit();
            }
            then(mine);
        };
    };
    // The newest group may still be under way.
    expect_error(block(32), {"ld.shared", "while a cp.async", "still in flight"}, copy_and([](u32 mine) {
                     ptx::cp_async_wait<1>();
                     ptx::ld_shared<u32>(mine + 4);
                 }));
    // A copy that is in no group is waited for by nobody.
    expect_error(block(32), {"the CTA ends while 32 cp.asyncs"}, copy_and([&](u32 mine) {
                     ptx::cp_async<4>(mine + 8, from.word);
                     ptx::cp_async_wait<0>();
                 }));
    expect_error(block(32), {"cp.async.mbarrier.arrive after cp.async.commit_group"},
                 copy_and([](u32) { ptx::cp_async_arrive(ptx::dynamic_smem() + 1024); }));
}
