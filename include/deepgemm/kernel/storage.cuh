// SPDX-License-Identifier: MIT
// The shared memory of a GEMM kernel: where each stage's tiles, the staging buffers and the barriers lie. Offsets are
// computed at compile time; kernels ask for tiles by name and stage and see no number.
#pragma once

#include <deepgemm/epilogue/stage.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/layout/layout.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>

namespace deepgemm {

/// Shared memory a CTA of sm90 and sm100 may use.
inline constexpr u32 max_smem_bytes = 232448;

/// The layout of a CTA's shared memory. Tiles come first, since swizzled tiles must start at multiples of 1024 bytes.
template <class A, class B, class Epilogue, config Config, class Pipeline>
struct gemm_storage {
    using a_tile = smem_tile<typename A::element, Config.block.m, Config.block.k>;
    using b_tile = smem_tile<typename B::element, Config.block.n, Config.block.k>;
    using output = store_stage<typename Epilogue::element, Config.block.n, Config.store_buffers, Epilogue::accumulates,
                               Epilogue::heads>;

    static constexpr u32 sa_bytes = A::scale::staged ? align_up(Config.block.m * 4, 128) : 0;
    static constexpr u32 sb_bytes = B::scale::staged ? align_up(Config.block.n * 4, 128) : 0;
    /// Bytes that land in one stage, all copies together.
    static constexpr u32 stage_bytes = a_tile::bytes + b_tile::bytes + (A::scale::staged ? Config.block.m * 4 : 0) +
                                       (B::scale::staged ? Config.block.n * 4 : 0);

    static constexpr u32 a_offset = 0;
    static constexpr u32 b_offset = a_offset + Config.stages * a_tile::bytes;
    static constexpr u32 output_offset = b_offset + Config.stages * b_tile::bytes;
    static constexpr u32 sa_offset = output_offset + Config.math_warpgroups * output::bytes;
    static constexpr u32 sb_offset = sa_offset + Config.stages * sa_bytes;
    static constexpr u32 barriers_offset = sb_offset + Config.stages * sb_bytes;
    static constexpr u32 c_barriers_offset = barriers_offset + Pipeline::barrier_bytes;
    static constexpr u32 bytes = c_barriers_offset + Config.math_warpgroups * output::barrier_bytes;

    u32 base;  ///< shared address of the CTA's dynamic shared memory

    DEEPGEMM_DEVICE u32 a(u32 stage) const { return base + a_offset + stage * a_tile::bytes; }
    DEEPGEMM_DEVICE u32 b(u32 stage) const { return base + b_offset + stage * b_tile::bytes; }
    DEEPGEMM_DEVICE u32 sa(u32 stage) const { return base + sa_offset + stage * sa_bytes; }
    DEEPGEMM_DEVICE u32 sb(u32 stage) const { return base + sb_offset + stage * sb_bytes; }
    DEEPGEMM_DEVICE u32 output_of(u32 warpgroup) const { return base + output_offset + warpgroup * output::bytes; }
    DEEPGEMM_DEVICE u32 barriers() const { return base + barriers_offset; }
    DEEPGEMM_DEVICE u32 c_barrier(u32 warpgroup) const { return base + c_barriers_offset + 8 * warpgroup; }
};

}  // namespace deepgemm
