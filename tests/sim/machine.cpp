// SPDX-License-Identifier: MIT
// The simulated machine itself: policies, seeds, both context switches, resident clusters, traces, several OS threads.
#include "support.hpp"

#include <thread>

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

alignas(16) float source[4096];

/// A producer warp loads `items` tiles through a ring of two stages, a consumer warp adds them up.
void ring_kernel(u32 items, float* sum) {
    const u32 full = ptx::dynamic_smem(), empty = full + 16, data = full + 128;
    make_barriers(full, 2, 1);
    make_barriers(empty, 2, 1);
    if (ptx::warp_index() == 0) {
        ptx::role("producer");
        if (ptx::elect_one()) {
            for (u32 i = 0; i < items; ++i) {
                ptx::mbarrier_wait(empty + 8 * (i % 2), (i / 2 & 1) ^ 1, "empty");
                ptx::mbarrier_arrive_expect_tx(full + 8 * (i % 2), 128);
                ptx::bulk_load(data + 128 * (i % 2), source + 32 * i, 128, full + 8 * (i % 2));
            }
        }
    } else {
        ptx::role("consumer");
        float total = 0;
        for (u32 i = 0; i < items; ++i) {
            ptx::mbarrier_wait(full + 8 * (i % 2), i / 2 & 1, "full");
            total += ptx::ld_shared<float>(data + 128 * (i % 2) + 4 * ptx::lane_index());
            ptx::sync_warp();
            if (ptx::elect_one()) ptx::mbarrier_arrive(empty + 8 * (i % 2));
        }
        ptx::atomic_add(sum, total);
    }
}

bool same(const std::vector<sim::span>& a, const std::vector<sim::span>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const sim::span& x, const sim::span& y) {
        return x.begin == y.begin && x.end == y.end && x.warp == y.warp && x.kind == y.kind && x.what == y.what;
    });
}

}  // namespace

TEST_CASE("a ring of stages under every policy and both context switches") {
    for (int i = 0; i < 4096; ++i) source[i] = float(i % 7);
    float expected = 0;
    for (int i = 0; i < 32 * 40; ++i) expected += source[i];
    for (bool portable : {false, true}) {
        for (sim::options o : all_policies()) {
            o.portable_switch = portable;
            float sum = 0;
            sim::launch(o, block(64), [&] { ring_kernel(40, &sum); });
            CHECK(sum == expected);
            CHECK(sim::last_run().statistics.loads == 40);
            CHECK(sim::last_run().statistics.load_bytes == 40 * 128);
        }
    }
}

TEST_CASE("one seed gives one run, another seed another") {
    sim::options o;
    o.policy = sim::policy::random;
    o.trace = true;
    std::vector<std::vector<sim::span>> traces;
    for (u64 seed : {5, 5, 6}) {
        o.seed = seed;
        float sum = 0;
        sim::launch(o, block(64), [&] { ring_kernel(20, &sum); });
        traces.push_back(sim::last_run().trace);
    }
    CHECK(traces[0].size() > 20);
    CHECK(same(traces[0], traces[1]));
    CHECK_FALSE(same(traces[0], traces[2]));
}

TEST_CASE("the trace becomes a timeline and a table of roles") {
    sim::options o;
    o.policy = sim::policy::random;
    o.trace = true;
    float sum = 0;
    sim::launch(o, block(64), [&] { ring_kernel(12, &sum); });
    const sim::run_report& run = sim::last_run();
    u32 loads = 0, unfinished = 0;
    for (const sim::span& s : run.trace) {
        loads += s.kind == sim::activity::load;
        unfinished += s.end < s.begin;
    }
    CHECK(loads == 12);
    CHECK(unfinished == 0);
    const std::string lines = sim::timeline(run, 0, 60), table = sim::role_table(run);
    CAPTURE(lines);
    CAPTURE(table);
    CHECK(lines.find("warp  0 producer   |") != std::string::npos);
    CHECK(lines.find("warp  1 consumer   |") != std::string::npos);
    CHECK(lines.find('L') != std::string::npos);
    CHECK(lines.find('w') != std::string::npos);
    CHECK(table.find("producer") != std::string::npos);
    sim::launch({}, block(32), [] {});
    CHECK(sim::last_run().trace.empty());
}

TEST_CASE("clusters wait for each other through global flags when resident together") {
    auto turn_based = [](u32* flag, u32* order) {
        return [flag, order] {
            const u32 mine = ptx::cta_count() - 1 - ptx::cta_index();  // the last CTA goes first
            if (ptx::warp_index() == 0 && ptx::elect_one()) {
                while (ptx::ld_acquire<memory_scope::gpu>(flag) != mine) {
                }
                order[mine] = ptx::cta_index();
                ptx::st_release<memory_scope::gpu>(flag, mine + 1);
            }
        };
    };
    sim::geometry g = block(64);
    g.grid.x = 6;
    for (sim::options o : all_policies()) {
        o.resident_clusters = 0;
        u32 flag = 0, order[6] = {};
        sim::launch(o, g, turn_based(&flag, order));
        for (u32 i = 0; i < 6; ++i) CHECK(order[i] == 5 - i);
    }
    u32 flag = 0, order[6] = {};
    expect_error(g, {"DEADLOCK", "ld.acquire.gpu in a loop: nothing it polls changes"}, turn_based(&flag, order));
    sim::options three;
    three.resident_clusters = 3;
    expect_error(g, {"DEADLOCK"}, turn_based(&flag, order), three);
}

TEST_CASE("atomics count every thread of a grid") {
    for (sim::options o : all_policies()) {
        o.resident_clusters = 0;
        sim::geometry g = block(32);
        g.grid.x = 4;
        u32 counter = 0, tickets = 0;
        float total = 0;
        sim::launch(o, g, [&] {
            const u32 ticket = ptx::atomic_add_relaxed<memory_scope::gpu>(&counter, 1);
            tickets += ticket;
            ptx::atomic_add(&total, 0.5f);
            ptx::atomic_add_acq_rel<memory_scope::gpu>(&counter, 0);
        });
        CHECK(counter == 128);
        CHECK(tickets == 127 * 64);
        CHECK(total == 64.0f);
    }
}

TEST_CASE("global accesses of every size") {
    alignas(16) u8 in[64], out[64] = {};
    for (int i = 0; i < 64; ++i) in[i] = u8(3 * i);
    sim::launch({}, block(32), [&] {
        if (ptx::thread_index() != 0) return;
        ptx::st_global(out, ptx::ld_global(in));
        ptx::st_global(reinterpret_cast<u16*>(out + 2), ptx::ld_global_nc(reinterpret_cast<u16*>(in + 2)));
        ptx::st_global(reinterpret_cast<float*>(out + 4), ptx::ld_global(reinterpret_cast<float*>(in + 4)));
        ptx::st_global(reinterpret_cast<u64*>(out + 8), ptx::ld_global_nc(reinterpret_cast<u64*>(in + 8)));
        ptx::st_global(reinterpret_cast<ptx::vec4<u32>*>(out + 16),
                       ptx::ld_global(reinterpret_cast<ptx::vec4<u32>*>(in + 16)));
    });
    for (int i = 0; i < 32; ++i) CHECK(out[i] == (i == 1 ? 0 : in[i]));
}

TEST_CASE("two OS threads launch at once") {
    float sums[2] = {};
    auto work = [&sums](int i) {
        for (int repeat = 0; repeat < 5; ++repeat) {
            sim::options o;
            o.policy = sim::policy::random;
            o.seed = u64(repeat);
            sim::launch(o, block(64), [&sums, i] { ring_kernel(30, &sums[i]); });
        }
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    CHECK(sums[0] > 0);
    CHECK(sums[0] == sums[1]);
}

TEST_CASE("a failed launch leaves nothing behind") {
    for (int i = 0; i < 3; ++i) {
        expect_error(block(64), {"never initialised"}, [] { ptx::mbarrier_arrive(ptx::dynamic_smem()); });
        float sum = 0;
        sim::launch({}, block(64), [&sum] { ring_kernel(4, &sum); });
    }
    expect_error(block(32), {"out of the body"}, [] { throw std::runtime_error("out of the body"); });
}

TEST_CASE("impossible geometries are refused") {
    auto with = [](auto change) {
        sim::geometry g = block(128);
        change(g);
        return g;
    };
    expect_error(with([](auto& g) { g.threads = 48; }), {"48 threads per CTA are not a multiple of 32"}, [] {});
    expect_error(with([](auto& g) { g.cluster.x = 17; }), {"a cluster of 17 CTAs"}, [] {});
    expect_error(with([](auto& g) { g.cluster.x = 2; }), {"not a multiple of the cluster"}, [] {});
    expect_error(with([](auto& g) { g.smem_bytes = 228 * 1024; }), {"233472 bytes of dynamic shared memory exceed"},
                 [] {});
    expect_error(with([](auto& g) { g.grid.y = 0; }), {"the grid is empty"}, [] {});
}

TEST_CASE("a stack that runs out is reported") {
    struct deep {
        static u32 go(u32 n) {
            u8 local[4096];
            local[0] = u8(n);
            asm volatile("" ::"r"(local) : "memory");  // keeps all of it on the stack
            ptx::sync_warp();
            return n == 0 ? 0 : go(n - 1) + local[0];
        }
    };
    expect_error(block(32), {"stack nearly exhausted"}, [] { deep::go(100); });
}
