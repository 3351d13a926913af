// SPDX-License-Identifier: MIT
// What a GEMM keeps in shared memory and in tensor memory on Blackwell.
#pragma once

#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/mma/sm100/product.cuh>
#include <deepgemm/mma/sm100/tensor_memory.cuh>
#include <deepgemm/scale/tensor_words.cuh>

namespace deepgemm {

namespace regions {
struct prepared {};        ///< a barrier for each stage: its scales are in the order of tensor memory
struct sums {};            ///< the barriers of the ring of accumulators
struct tensor_address {};  ///< where tensor memory was allocated
}  // namespace regions

/// The sizes of what a CTA keeps in shared memory on Blackwell, and the configuration with its zeros filled in. `Stacked`: D is
/// a stack; `ClaimBytes` are for a ring of claimed tiles.
template <class A, class B, class Epilogue, config Config, bool Stacked = false, u32 ClaimBytes = 0>
struct sm100_sizes : result_sizes<Epilogue, Config, sm100::lane_rows,
                                  Config.store_rows ? Config.store_rows : sm100::lane_rows::warp_rows,
                                  Config.store_buffers ? Config.store_buffers : 2, Stacked> {
    using staged = result_sizes<Epilogue, Config, sm100::lane_rows,
                                Config.store_rows ? Config.store_rows : sm100::lane_rows::warp_rows,
                                Config.store_buffers ? Config.store_buffers : 2, Stacked>;
    using output = typename staged::output;

    /// CTAs that multiply together hold a part of a tile of B each, and share nothing else.
    static constexpr int b_parts = Config.sm100.ctas;
    static constexpr cluster_shape sharing = b_parts == 1 ? Config.cluster : cluster_shape{};
    static constexpr int fragment_rows = 0;  ///< tensor cores read all rows of a tile

    static constexpr bool packed = sm100::packed_fp4<A, B>;
    using a_tile = operand_tile<sm100::staged_element<A, packed>, Config.block.m, Config.block.k, A::contiguous>;
    using b_tile =
        operand_tile<sm100::staged_element<B, packed>, Config.block.n / b_parts, Config.block.k, B::contiguous>;

    /// Totals of parts of K meet warp by warp, a batch of columns at a time, each in one of the parts:
    /// docs/hardware/clusters.md.
    using split = split_sum<Config.split_k, 1, staged::taken_columns, Config.sm100.epilogue_warps, true, b_parts>;

    static constexpr u32 owners = Config.sm100.epilogue_warps / 4 * (sm100::lane_rows::rows / output::rows);

    /// Scales of a stage, as tensor memory takes them: those of the CTA's rows of A, and of all rows of B.
    using a_words = scale::tensor_words<typename A::scale, Config.block.m, Config.block.k>;
    using b_words = scale::tensor_words<typename B::scale, Config.block.n, Config.block.k>;
    static constexpr scale::group_shape a_groups{};  ///< no scales come in groups
    static constexpr int a_group_lanes = 0;
    static constexpr int a_word_bytes = a_words::word_bytes, b_word_bytes = b_words::word_bytes;
    /// True if stages must be prepared before they are multiplied, or if they lie in two CTAs.
    static constexpr bool prepares = a_words::bytes + b_words::bytes != 0 || b_parts > 1;

    using layout = smem_regions<
        region<regions::a_tiles, a_tile::bytes, each_stage, 1024>,
        region<regions::b_tiles, b_tile::bytes, each_stage, 1024>,
        region<regions::staging, output::bytes, int(owners), 8 * swizzle_span_bytes(output::tile::swizzle)>,
        region<regions::a_scales, a_words::bytes, each_stage, 128>,
        region<regions::b_scales, b_words::bytes, each_stage, 128>, region<regions::parts, split::bytes>,
        region<regions::barriers, 16, each_stage>, region<regions::prepared, prepares ? 8 : 0, each_stage, 8>,
        region<regions::sums, 16, Config.sm100.accumulators>, region<regions::claims, ClaimBytes, 1, 16>,
        region<regions::c_barriers, output::barrier_bytes, int(owners), 8>,
        region<regions::part_barriers, split::barrier_bytes, 1, 8>, region<regions::tensor_address, sizeof(u32)>>;

    /// Columns of tensor memory: of the accumulators, then of scales.
    using columns =
        sm100::tensor_columns<Config.block.n, Config.sm100.accumulators, a_words::columns, b_words::columns>;
    static_assert(
        columns::used <= arch::sm100::tmem_columns,
        "gemm: accumulators and scales of this tile need more than the 512 columns of tensor memory: a tile needs "
        "sm100.accumulators * block.n columns, and 4 for each 128 rows and word of scales of either operand");

    static constexpr int stages = Config.stages ? Config.stages : layout::stages_that_fit(arch::sm100::smem_bytes, 24);
    static_assert(stages >= 2 && layout::bytes(2) <= arch::sm100::smem_bytes,
                  "gemm: the tiles leave room for fewer than two stages in 232448 bytes of shared memory");
    static constexpr u32 bytes = layout::bytes(stages);

    static constexpr config resolved =
        detail::with_sizes(Config, stages, output::chosen_columns, output::chosen_buffers);
};

}  // namespace deepgemm
