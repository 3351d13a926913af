// SPDX-License-Identifier: MIT
// More of such programs, see tensor_turns.cpp: commits to several CTAs, allocation, ends of CTAs and of threads.
#include <algorithm>

#include "tensor_edges.hpp"

namespace tensor_ends_tests {

using namespace deepgemm;
using namespace deepgemm::test::edges;

TEST_CASE("a commit names CTAs that are there") {
    const auto run = [](u16 mask) {
        return errors_with_columns([=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) {
                multiply(smem, tmem);
                ptx::tcgen05_commit_multicast<1>(smem + bar, mask);
            }
            wait_for(smem + bar);
        });
    };
    expect_clean(run(1));
    expect_named(run(0), "tcgen05.commit: CTA mask 0x0 names no CTA");
    expect_named(run(2), "tcgen05.commit: CTA mask 0x2 exceeds the cluster");
    // A CTA that ends while a commit to it is on its way; the commits of eager machines have arrived before.
    const std::vector<std::string> gone = errors_of(32, 2, [] {
        const u32 smem = ptx::dynamic_smem();
        for (u32 i = ptx::lane_index(); i < 8192 / 2; i += 32)
            ptx::st_shared(smem + 2 * i, bf16::from_float(1.0f).bits);
        ptx::fence_proxy_async();
        test::make_barriers(smem + bar);
        ptx::tmem_allocate<1>(smem + bar + 32, 32);
        ptx::cluster_sync();
        const bool issues = ptx::cluster_rank() == 0;
        if (issues && ptx::thread_index() == 0) {
            multiply(smem, 0);
            ptx::tcgen05_commit_multicast<1>(smem + bar, 3);
        }
        ptx::cluster_sync();
        if (issues) wait_for(smem + bar);
        ptx::sync_warp();
        ptx::tmem_free<1>(0, 32);
    });
    CHECK_MESSAGE(gone[0].find("tcgen05.commit on an mbarrier of CTA rank 1, which has exited") != std::string::npos,
                  gone[0]);
}

TEST_CASE("an allocation waits for columns that another warp frees") {
    const auto run = [](bool frees) {
        return errors_of(64, 1, [=] {
            const u32 smem = ptx::dynamic_smem();
            test::make_barriers(smem + 64, 1, 32);
            if (ptx::warp_index() == 0) {
                ptx::tmem_allocate<1>(smem, 512);
                ptx::mbarrier_arrive(smem + 64);
                for (int i = 0; i < 20; ++i) sim::yield("test");
                if (frees) ptx::tmem_free<1>(0, 512);
            } else {
                ptx::mbarrier_wait(smem + 64, 0, "allocated");
                ptx::tmem_allocate<1>(smem + 4, 256);
                ptx::tmem_free<1>(ptx::ld_shared<u32>(smem + 4), 256);
            }
        });
    };
    expect_clean(run(true));
    expect_named(run(false), "tcgen05.alloc: no room in the 512 columns");
}

TEST_CASE("a pair of CTAs of which one relinquishes") {
    const auto run = [](bool both) {
        return errors_of(32, 2, [=] {
            const u32 smem = ptx::dynamic_smem();
            ptx::tmem_allocate<2>(smem, 32);
            if (both || ptx::cluster_rank() == 0) ptx::tmem_relinquish<2>();
            ptx::cluster_sync();
            ptx::tmem_free<2>(0, 32);
        });
    };
    expect_clean(run(true));
    expect_named(run(false), "rank 1 warp 0 waits for barrier.cluster.wait");
    expect_named(run(false),
                 "which waits in tcgen05.relinquish_alloc_permit of cta_group::2: the other CTA of the pair");
}

TEST_CASE("two pairs of CTAs in a cluster of four") {
    const auto run = [](bool own) {
        return errors_of(128, 4, [=] {
            const u32 smem = ptx::dynamic_smem(), rank = ptx::cluster_rank(), value = 1 + rank / 2;
            for (u32 i = ptx::thread_index(); i < 8192 / 2; i += 128)
                ptx::st_shared(smem + 2 * i, bf16::from_float(float(value)).bits);
            ptx::fence_proxy_async();
            test::make_barriers(smem + bar);
            if (ptx::warp_index() == 0) ptx::tmem_allocate<2>(smem + bar + 32, 32);
            ptx::cluster_sync();
            if (rank % 2 == 0 && ptx::thread_index() == 0) {
                ptx::tcgen05_mma<2, ptx::tcgen05_kind::f16>(0, operand_at(smem), operand_at(smem + 4096),
                                                            sm100::instruction<bf16, bf16>(256, 32), false);
                ptx::tcgen05_commit_multicast<2>(smem + bar, u16(own ? 3 << rank : rank == 0 ? 12 : 3));
            }
            wait_for(smem + bar);
            u32 d[32];
            ptx::tcgen05_load(d, 0);
            ptx::tcgen05_wait_load();
            if (own && bit_cast<float>(d[31]) != float(16 * value * value)) throw sim::error("wrong value");
            ptx::cluster_sync();
            if (ptx::warp_index() == 0) ptx::tmem_free<2>(0, 32);
        });
    };
    expect_clean(run(true));
    for (const std::string& error : run(false)) {  // commits signal the other pair
        CHECK_MESSAGE(
            (error.find("which is in flight: the mbarrier of its commit was not waited for") != std::string::npos ||
             error.find("follows tcgen05.ld by") != std::string::npos),
            error);
    }
}

TEST_CASE("a warp allocates with all of its lanes") {
    const auto run = [](u32 lanes) {
        return errors_of(32, 1, [=] {
            const u32 smem = ptx::dynamic_smem();
            if (ptx::lane_index() < lanes) {
                ptx::tmem_allocate<1>(smem, 32);
                ptx::tmem_free<1>(0, 32);
            }
        });
    };
    expect_clean(run(32));
    expect_named(run(31), "lane 31 would complete it (it has yet to come), but that has ended");
}

TEST_CASE("another warp may free what one has allocated, once, and with its size") {
    const auto run = [](u32 columns, int times) {
        return errors_of(64, 1, [=] {
            const u32 smem = ptx::dynamic_smem();
            if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(smem, 64);
            ptx::sync_cta();
            for (int i = 0; i < times && ptx::warp_index() == 1; ++i) ptx::tmem_free<1>(0, columns);
        });
    };
    expect_clean(run(64, 1));
    expect_named(run(64, 2), "tcgen05.dealloc: no allocation of 64 columns at 0x0");
    expect_named(run(32, 1), "tcgen05.dealloc: no allocation of 32 columns at 0x0");
    expect_named(run(64, 0), "the CTA ends without tcgen05.dealloc of columns [0,64)");
}

TEST_CASE("threads may end while their stores still read shared memory, if an option says so") {
    constexpr u32 ctas = 4;
    alignas(128) static float out[ctas * 256];
    sim::options options;
    options.check_stores_at_exit = false;
    for (const sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (const u32 resident : {1u, 2u, 0u}) {
            std::fill_n(out, ctas * 256, -1.0f);
            options.policy = policy;
            options.resident_clusters = resident;
            sim::geometry geometry = test::block(32);
            geometry.grid.x = ctas;
            const auto store = [] {
                const u32 smem = ptx::dynamic_smem(), cta = ptx::cta_index();
                for (u32 i = ptx::lane_index(); i < 256; i += 32) ptx::st_shared(smem + 4 * i, float(1000 * cta + i));
                ptx::fence_proxy_async();
                ptx::sync_warp();
                if (ptx::lane_index() != 0) return;
                ptx::bulk_store(out + 256 * cta, smem, 1024);
                ptx::bulk_commit();
            };
            CHECK(test::error_of(options, geometry, store) == "");
            u32 bad = 0;
            for (u32 i = 0; i < ctas * 256; ++i) bad += out[i] != float(1000 * (i / 256) + i % 256);
            CHECK(bad == 0);
            sim::options strict = options;
            strict.check_stores_at_exit = true;
            if (policy != sim::policy::lazy) continue;
            const std::string error = test::error_of(strict, geometry, store);
            CHECK_MESSAGE(error.find("missing cp.async.bulk.wait_group.read") != std::string::npos, error);
        }
    }
}

}  // namespace tensor_ends_tests
