// SPDX-License-Identifier: MIT
// A small block-scaled GEMM of Blackwell, to test tcgen05 with: E4M3 operands, one UE8M0 scale per 32 elements of K.
// Not tuned and no part of the library. Warp 0 loads, warp 1 multiplies, warps 4 to 7 store; a CTA owns 128 rows of D.
#pragma once

#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tcgen05.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm::mx {

/// What a test leaves out of the kernel. With late_load_wait it is sound: values are used before the wait for them, which their
/// registers allow.
enum class bug {
    none,
    no_full_wait,
    no_done_wait,
    no_fence_after,
    no_mma_fence_after,
    late_load_wait,
    no_load_wait,
    no_free,
    early_release
};

struct kernel_params {
    tensor_map a, b, sa, sb;  ///< scales: words of four, a row of 128 words per 128 rows and 128 elements of K
    float* d;
    i32 pitch, k_blocks;
};

template <int Group, bug Seeded = bug::none>
struct kernel {
    using a_tile = operand_tile<e4m3, 128, 128>;
    using b_tile = operand_tile<e4m3, 128 / Group, 128>;
    static constexpr u32 stages = 3, threads = 256;
    static constexpr u32 a_bytes = a_tile::bytes, b_bytes = b_tile::bytes, scale_bytes = 512;
    static constexpr u32 a_offset = 0, b_offset = stages * a_bytes, sa_offset = b_offset + stages * b_bytes,
                         sb_offset = sa_offset + stages * scale_bytes, barriers = sb_offset + stages * scale_bytes,
                         done_offset = barriers + stages * 16, smem_bytes = done_offset + 16;
    static constexpr u32 stage_bytes = a_bytes + b_bytes + 2 * scale_bytes;
    static constexpr u32 sa_columns = 128, sb_columns = 160;  ///< of tensor memory, behind the 128 of D

    static DEEPGEMM_DEVICE u32 full(u32 s) { return ptx::dynamic_smem() + barriers + s * 8; }
    static DEEPGEMM_DEVICE u32 empty(u32 s) { return full(s) + stages * 8; }

    /// Warp 0, one thread: (128, 128) of A, (128 / Group, 128) of B and their scales per stage.
    static DEEPGEMM_DEVICE void produce(const kernel_params& p, u32 rank) {
        const u32 smem = ptx::dynamic_smem();
        const i32 m = i32(ptx::cta_index()), n = i32(ptx::cta_index_y());
        for (i32 k = 0; k < p.k_blocks; ++k) {
            const u32 s = u32(k) % stages, phase = u32(k) / stages & 1;
            ptx::mbarrier_wait(empty(s), phase ^ 1, "empty");
            if (rank == 0) {
                ptx::mbarrier_arrive_expect_tx(full(s), Group * stage_bytes);
            } else {
                ptx::mbarrier_arrive_remote(full(s), 0);
            }
            ptx::tma_load_pair<Group>(p.a, smem + a_offset + s * a_bytes, full(s), {k * 128, m * 128});
            ptx::tma_load_pair<Group>(p.b, smem + b_offset + s * b_bytes, full(s),
                                      {k * 128, n * 128 + i32(rank) * (128 / Group)});
            ptx::tma_load_pair<Group>(p.sa, smem + sa_offset + s * scale_bytes, full(s), {0, m * p.k_blocks + k});
            ptx::tma_load_pair<Group>(p.sb, smem + sb_offset + s * scale_bytes, full(s), {0, n * p.k_blocks + k});
        }
    }

    /// Warp 1 of the leader, one thread: D(128 * Group, 128) += A x B, four multiplies per stage.
    static DEEPGEMM_DEVICE void multiply(const kernel_params& p, u32 tmem) {
        const u32 smem = ptx::dynamic_smem();
        for (i32 k = 0; k < p.k_blocks; ++k) {
            const u32 s = u32(k) % stages, phase = u32(k) / stages & 1;
            if (Seeded != bug::no_full_wait) ptx::mbarrier_wait(full(s), phase, "full");
            if (Seeded != bug::no_mma_fence_after) ptx::tcgen05_fence_after();
            ptx::tcgen05_copy_scales<Group>(tmem + sa_columns,
                                            sm100::scale_descriptor(smem + sa_offset + s * scale_bytes));
            ptx::tcgen05_copy_scales<Group>(tmem + sb_columns,
                                            sm100::scale_descriptor(smem + sb_offset + s * scale_bytes));
            const u64 a = sm100::descriptor_of<a_tile>(smem + a_offset + s * a_bytes);
            const u64 b = sm100::descriptor_of<b_tile>(smem + b_offset + s * b_bytes);
            for (u32 i = 0; i < 4; ++i) {
                ptx::tcgen05_mma_scaled<Group>(tmem, sm100::advance(a, i * sm100::step_bytes<a_tile>),
                                               sm100::advance(b, i * sm100::step_bytes<b_tile>),
                                               sm100::scaled_instruction<e4m3, e4m3>(128 * Group, 128, i),
                                               tmem + sa_columns, tmem + sb_columns, k != 0 || i != 0);
            }
            if (Seeded == bug::early_release) {
                ptx::mbarrier_arrive(empty(s));
            } else {
                commit(empty(s));
            }
        }
        commit(ptx::dynamic_smem() + done_offset);
    }
    static DEEPGEMM_DEVICE void commit(u32 barrier) {
        if constexpr (Group == 1) {
            ptx::tcgen05_commit<1>(barrier);
        } else {
            ptx::tcgen05_commit_multicast<2>(barrier, 3);
        }
    }

    /// Warps 4 to 7: a lane of tensor memory, which is a row of D, per thread.
    static DEEPGEMM_DEVICE void store(const kernel_params& p, u32 tmem) {
        if (Seeded != bug::no_done_wait) ptx::mbarrier_wait(ptx::dynamic_smem() + done_offset, 0, "done");
        if (Seeded != bug::no_fence_after) ptx::tcgen05_fence_after();
        using map = sm100::lane_rows;
        const u32 quarter = ptx::warp_index() % 4;
        const auto place = fragment_place<map>::here();
        const u32 row = ptx::cta_index() * 128 + u32(place.row);
        float* d = p.d + i64(row) * p.pitch + ptx::cta_index_y() * 128;
        for (u32 column = 0; column < 128; column += 32) {
            u32 r[32];
            ptx::tcgen05_load(r, tmem + (quarter * u32(map::warp_rows) << 16) + column);
            if (Seeded != bug::no_load_wait && Seeded != bug::late_load_wait) ptx::tcgen05_wait_load();
            DEEPGEMM_UNROLL
            for (u32 i = 0; i < 32; ++i)
                ptx::st_global(d + column + u32(place.column_of(int(i))), bit_cast<float>(r[i]));
            if (Seeded == bug::late_load_wait) ptx::tcgen05_wait_load();
        }
        ptx::tcgen05_fence_before();
    }

    static DEEPGEMM_DEVICE void sync() {
        if constexpr (Group == 2) {
            ptx::cluster_sync();
        } else {
            ptx::sync_cta();
        }
    }

    static DEEPGEMM_DEVICE void run(const kernel_params& p) {
        const u32 smem = ptx::dynamic_smem(), warp = ptx::warp_index(), rank = Group == 2 ? ptx::cluster_rank() : 0;
        const u32 tmem_address = smem + done_offset + 8;
        if (warp == 0 && ptx::elect_one()) {
            for (u32 s = 0; s < stages; ++s) {
                ptx::mbarrier_init(full(s), Group);
                ptx::mbarrier_init(empty(s), 1);
            }
            ptx::mbarrier_init(smem + done_offset, 1);
            ptx::fence_mbarrier_init();
        }
        if (warp == 1) {
            ptx::tmem_allocate<Group>(tmem_address, 256);
            ptx::tmem_relinquish<Group>();
        }
        ptx::tcgen05_fence_before();
        sync();
        ptx::tcgen05_fence_after();
        const u32 tmem = ptx::ld_shared<u32>(tmem_address);
        if (warp == 0) {
            ptx::role("producer");
            if (ptx::elect_one()) produce(p, rank);
        } else if (warp == 1 && rank == 0) {
            ptx::role("mma");
            if (ptx::elect_one()) multiply(p, tmem);
        } else if (warp >= 4) {
            ptx::role("epilogue");
            store(p, tmem);
        }
        ptx::sync_warp();
        sync();
        if (warp == 1 && Seeded != bug::no_free) {
            ptx::tcgen05_fence_after();
            ptx::tmem_free<Group>(tmem, 256);
        }
    }
};

}  // namespace deepgemm::mx
