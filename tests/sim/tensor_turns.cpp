// SPDX-License-Identifier: MIT
// Programs of tensor memory at the edge of its rules: those that hardware runs are clean, and those that it may run otherwise are
// named, under every policy. Multiplies that follow each other, commits, allocation that waits, operands with gaps, options.
#include <algorithm>

#include "tensor_run.hpp"

namespace tensor_turns_tests {

using namespace deepgemm;

namespace {

constexpr u32 bar = 32 * 1024;
constexpr u32 instruction = sm100::instruction<bf16, bf16>(128, 32);

u64 operand(u32 address) { return sm100::make_descriptor(address, 0, 256, swizzle_mode::b32); }

/// D(128, 32) at column `d` = A x B over K = 16 of ones, so that D is 16.
void multiply(u32 smem, u32 d, bool accumulate = false) {
    ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(d, operand(smem), operand(smem + 4096), instruction, accumulate);
}
void multiply_tensor_a(u32 smem, u32 d, u32 a) {
    ptx::tcgen05_mma_tensor_a<1, ptx::tcgen05_kind::f16>(d, a, operand(smem + 4096), instruction, false);
}
void wait_for(u32 barrier, u32 parity = 0) {
    ptx::mbarrier_wait(barrier, parity, "product");
    ptx::tcgen05_fence_after();
}

/// The errors of `body`, run by `threads` threads of each of `ctas` CTAs, under every policy; those without an error are "".
template <class Body>
std::vector<std::string> errors_of(u32 threads, u32 ctas, Body body, sim::options options = {}) {
    std::vector<std::string> all;
    for (const sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        options.policy = policy;
        all.push_back(test::error_of(options, test::block(threads, ctas), body));
    }
    return all;
}
/// The same of 128 threads with ones in shared memory, 64 columns of tensor memory and two barriers.
template <class Body>
std::vector<std::string> errors_with_columns(Body body, sim::options options = {}) {
    const auto whole = [body] {
        const u32 smem = ptx::dynamic_smem();
        for (u32 i = ptx::thread_index(); i < 8192 / 2; i += 128)
            ptx::st_shared(smem + 2 * i, bf16::from_float(1.0f).bits);
        ptx::fence_proxy_async();
        test::make_barriers(smem + bar, 2);
        if (ptx::warp_index() == 0) ptx::tmem_allocate<1>(smem + bar + 32, 64);
        ptx::sync_cta();
        const u32 tmem = ptx::ld_shared<u32>(smem + bar + 32);
        body(smem, tmem);
        ptx::sync_cta();
        if (ptx::warp_index() == 0) ptx::tmem_free<1>(tmem, 64);
    };
    return errors_of(128, 1, whole, options);
}

void expect_clean(const std::vector<std::string>& errors) {
    for (const std::string& error : errors) CHECK(error == "");
}
void expect_named(const std::vector<std::string>& errors, const char* part) {
    for (const std::string& error : errors) CHECK_MESSAGE(error.find(part) != std::string::npos, error);
}

}  // namespace

TEST_CASE("a multiply does not wait for the D of another that it reads as A") {
    const auto run = [](bool waits) {
        return errors_with_columns([=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) {
                multiply(smem, tmem);
                if (waits) {
                    ptx::tcgen05_commit<1>(smem + bar + 8);
                    wait_for(smem + bar + 8);
                }
                multiply_tensor_a(smem, tmem + 32, tmem);
                ptx::tcgen05_commit<1>(smem + bar);
            }
            wait_for(smem + bar);
        });
    };
    expect_clean(run(true));
    expect_named(run(false), "(a multiply does not wait for the D of another that it reads)");
}

TEST_CASE("a multiply may write where an earlier one reads A") {
    expect_clean(errors_with_columns([](u32 smem, u32 tmem) {
        u32 zeros[8];
        std::fill_n(zeros, 8, 0u);
        ptx::tcgen05_store(tmem, zeros);
        ptx::tcgen05_wait_store();
        ptx::tcgen05_fence_before();
        ptx::sync_cta();
        ptx::tcgen05_fence_after();
        if (ptx::thread_index() == 0) {
            multiply_tensor_a(smem, tmem + 32, tmem);
            multiply(smem, tmem);
            ptx::tcgen05_commit<1>(smem + bar);
        }
        wait_for(smem + bar);
        u32 d[33];
        ptx::tcgen05_load(reinterpret_cast<u32(&)[32]>(d), tmem);
        ptx::tcgen05_load(reinterpret_cast<u32(&)[1]>(d[32]), tmem + 32);
        ptx::tcgen05_wait_load();
        if (bit_cast<float>(d[31]) != 16 || bit_cast<float>(d[32]) != 0) throw sim::error("wrong value");
    }));
}

TEST_CASE("multiplies follow each other on one accumulator, not on two that overlap") {
    const auto run = [](u32 second) {
        return errors_with_columns([=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) {
                multiply(smem, tmem);
                multiply(smem, tmem + second);
                ptx::tcgen05_commit<1>(smem + bar);
            }
            wait_for(smem + bar);
        });
    };
    expect_clean(run(0));
    expect_clean(run(32));
    expect_named(run(16), "(multiplies onto accumulators that overlap do not follow each other by themselves)");
}

TEST_CASE("stores that are fenced after the multiply has been issued") {
    const auto run = [](bool in_time) {
        return errors_with_columns([=](u32 smem, u32 tmem) {
            if (ptx::thread_index() == 0) {
                ptx::st_shared(smem + 64, bf16::from_float(1.0f).bits);
                ptx::st_shared(smem + 66, bf16::from_float(2.0f).bits);
                if (in_time) ptx::fence_proxy_async();
                multiply(smem, tmem);
                if (!in_time) ptx::fence_proxy_async();
                ptx::tcgen05_commit<1>(smem + bar);
            }
            wait_for(smem + bar);
        });
    };
    expect_clean(run(true));
    expect_named(run(false), "never fenced (missing fence.proxy.async)");
}

TEST_CASE("bytes between groups of rows belong to others") {
    // Groups of eight rows 144 bytes after each other: 128 of A or B, and 16 that nobody writes before the product is there.
    expect_clean(errors_with_columns([](u32 smem, u32 tmem) {
        constexpr u32 group = 144, chunks = 16 * group, start = 16 * 1024;
        for (u32 i = ptx::thread_index(); i < 2 * chunks / 4; i += 128) {
            if (4 * i % group < 128) ptx::st_shared(smem + start + 4 * i, 0x3f803f80u);
        }
        ptx::fence_proxy_async();
        ptx::sync_cta();
        if (ptx::thread_index() == 0) {
            const u64 tile = sm100::make_descriptor(smem + start, chunks, group, swizzle_mode::none);
            ptx::tcgen05_mma<1, ptx::tcgen05_kind::f16>(tmem, tile, tile, instruction, false);
            ptx::st_shared(smem + start + 128, 7u);
            ptx::tcgen05_commit<1>(smem + bar);
        }
        wait_for(smem + bar);
        u32 d[32];
        ptx::tcgen05_load(d, tmem);
        ptx::tcgen05_wait_load();
        if (bit_cast<float>(d[31]) != 16) throw sim::error("wrong value");
    }));
}

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

TEST_CASE("one lane waits for a product, and its warp loads it") {
    expect_clean(errors_with_columns([](u32 smem, u32 tmem) {
        if (ptx::thread_index() == 0) {
            multiply(smem, tmem);
            ptx::tcgen05_commit<1>(smem + bar);
        }
        ptx::sync_warp();
        if (ptx::lane_index() == 7) wait_for(smem + bar);
        ptx::sync_warp();
        u32 d[32];
        ptx::tcgen05_load(d, tmem);
        if (bit_cast<float>(d[0]) != 16) throw sim::error("wrong value");
        ptx::tcgen05_wait_load();
    }));
}

TEST_CASE("one thread gives an accumulator back for all that have read it") {
    const auto run = [](bool meet) {
        return errors_with_columns([=](u32 smem, u32 tmem) {
            const bool issues = ptx::thread_index() == 0;
            if (issues) {
                multiply(smem, tmem);
                ptx::tcgen05_commit<1>(smem + bar);
            }
            wait_for(smem + bar);
            u32 d[32];
            ptx::tcgen05_load(d, tmem);
            ptx::tcgen05_wait_load();
            ptx::tcgen05_fence_before();
            if (meet) ptx::barrier_sync(1, 128);
            if (ptx::thread_index() == 96) ptx::mbarrier_arrive(smem + bar + 8);
            if (issues) {
                wait_for(smem + bar + 8);
                multiply(smem, tmem);
                ptx::tcgen05_commit<1>(smem + bar);
            }
            ptx::sync_warp();
            wait_for(smem + bar, 1);
        });
    };
    expect_clean(run(true));
    for (const std::string& error : run(false)) {
        CHECK_MESSAGE((error.find("no barrier between the two hands it on") != std::string::npos ||
                       error.find("without tcgen05.fence::before_thread_sync") != std::string::npos ||
                       error.find("follows tcgen05.mma") != std::string::npos),
                      error);
    }
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

}  // namespace tensor_turns_tests
