// SPDX-License-Identifier: MIT
// Programs of tensor memory at the edge of its rules: those that hardware runs are clean, and those that it may run otherwise
// are named, under every policy: multiplies that follow each other, operands with gaps, one thread that waits or arrives for
// others.
#include <algorithm>

#include "tensor_edges.hpp"

namespace tensor_turns_tests {

using namespace deepgemm;
using namespace deepgemm::test::edges;

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

}  // namespace tensor_turns_tests
