// SPDX-License-Identifier: MIT
// The shared memory of a GEMM kernel: its regions, how many stages fit beside them, and the configuration with its zeros
// replaced by the numbers that follow.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/elementwise.cuh>
#include <deepgemm/epilogue/split_sum.cuh>
#include <deepgemm/epilogue/store.cuh>
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/pipeline/gathered_stream.cuh>
#include <deepgemm/pipeline/operand_stream.cuh>
#include <deepgemm/pipeline/storage.cuh>

namespace deepgemm {

namespace detail {

/// `open` with the sizes filled in that it left to the kernel.
DEEPGEMM_BOTH constexpr config with_sizes(config open, int stages, int store_columns, int store_buffers) {
    open.stages = stages;
    open.store_columns = store_columns;
    open.store_buffers = store_buffers;
    return open;
}

}  // namespace detail

namespace regions {
struct a_tiles {};        ///< tiles of A, one for each stage
struct b_tiles {};        ///< tiles of B
struct staging {};        ///< buffers between registers and D, for each owner
struct a_scales {};       ///< scales of A, if they are staged
struct b_scales {};       ///< scales of B
struct parts {};          ///< where totals of other CTAs land, if K is split
struct row_numbers {};    ///< numbers of the rows of A that are gathered for a tile
struct barriers {};       ///< the barriers of the pipeline
struct c_barriers {};     ///< a barrier for each owner, on which C lands
struct part_barriers {};  ///< the barriers of split_sum
struct gathered {};       ///< a barrier for each stage, on which gathered rows of A land
struct table {};          ///< where a CTA finds its tiles, if the schedule has a table
struct claims {};         ///< the ring through which roles learn of tiles, if they are claimed
}  // namespace regions

/// The staging of results: of totals that lie in registers as `Map` says, in buffers of `Rows` rows, `Buffers` for each owner
/// (0: as many as hold all columns of a tile).
template <class Epilogue, config Config, fragment_map Map, int Rows, int Buffers, bool Stacked>
struct result_sizes {
    /// Columns that the epilogue's steps leave of a tile.
    static constexpr int d_columns = over_fragments<Epilogue>::columns_after(Config.block.n);
    static_assert(d_columns >= 8 && d_columns % 8 == 0,
                  "gemm: the steps of the epilogue must leave a multiple of 8 columns of a tile");
    static_assert(d_columns % whole_columns<Epilogue> == 0,
                  "gemm: the columns of D under one scale must lie in one tile: the steps of the epilogue must leave a "
                  "multiple of 128 columns of a tile, or of 32 for scales of 32 columns");
    static constexpr int widest = gcd(d_columns, int(128 / sizeof(typename Epilogue::element)));
    static constexpr int store_columns = Config.store_columns ? Config.store_columns : widest;
    static constexpr int store_buffers = Buffers ? Buffers : d_columns / store_columns;
    static_assert(widest % store_columns == 0, "gemm: store_columns must divide block.n and fill at most 128 bytes");
    using output =
        typename Epilogue::template staging<stage_shape<d_columns, Rows, store_columns, store_buffers, Stacked, Map>>;
    /// Batches in which a tile is stored, and columns of the product that each takes.
    static constexpr int batches = d_columns / output::batch_columns, taken_columns = Config.block.n / batches;
    static_assert(
        output::batch_columns % whole_columns<Epilogue> == 0,
        "gemm: the columns of D under one scale are stored at once: store_columns and store_buffers must hold "
        "them, as they do if they are 0");
};

/// Rows of D per staging buffer on Hopper. Measured: BF16 gains 1 % by storing per warp, FP32, with twice the copies, 3 % by
/// storing per warpgroup.
template <class Epilogue, config Config>
inline constexpr int staged_rows = Config.store_rows                         ? Config.store_rows
                                   : sizeof(typename Epilogue::element) <= 2 ? sm90::wgmma_rows::warp_rows
                                                                             : sm90::wgmma_rows::rows;

/// The sizes of what a CTA keeps in shared memory on Hopper, and the configuration with its zeros filled in. `Stacked`: D is a
/// stack; `AnyRow`: tiles may start at any row of A; `TableBytes`: of the schedule's table.
template <class A, class B, class Epilogue, config Config, bool Stacked = false, bool AnyRow = false,
          u32 TableBytes = 0>
struct gemm_sizes
    : result_sizes<Epilogue, Config, sm90::wgmma_rows, staged_rows<Epilogue, Config>, Config.store_buffers, Stacked> {
    using staged =
        result_sizes<Epilogue, Config, sm90::wgmma_rows, staged_rows<Epilogue, Config>, Config.store_buffers, Stacked>;
    using output = typename staged::output;
    using a_tile = operand_tile<typename A::element, Config.block.m, Config.block.k, A::contiguous>;
    using b_tile = operand_tile<typename B::element, Config.block.n, Config.block.k, B::contiguous>;

    /// Which CTAs of a cluster share tiles by multicast, and how many each hold another part of a tile of B.
    static constexpr cluster_shape sharing = Config.cluster;
    static constexpr int b_parts = 1;
    static constexpr int a_word_bytes = 0, b_word_bytes = 0;      ///< a stage has one word of scales for each row
    static constexpr int fragment_rows = sm90::wgmma_rows::rows;  ///< rows without results are not read beyond these

    static constexpr u32 owners = Config.sm90.warpgroups * (sm90::wgmma_rows::rows / output::rows);  ///< of buffers

    using split = split_sum<Config.split_k, fragments_per_warpgroup(Config) * Config.sm90.column_parts,
                            fragment_registers<sm90::wgmma_rows>(Config.block.n / Config.sm90.column_parts),
                            gemm_roles<Config.sm90.warpgroups>::warps_of(roles::math{})>;

    /// K-major scales of A of high tiles come by TMA, eight words of a row at a time, to one of two places: shared memory has no
    /// cycles left there for what warps copy (docs/tuning-log.md, 60). Those of low tiles are copied, four words at a time.
    static constexpr bool groups_by_tma =
        scale::come_in_groups<typename A::scale> && Config.block.m > 128 && !scale::any_copied<typename B::scale>;
    static constexpr int words_in_group = !scale::come_in_groups<typename A::scale> ? 0
                                          : groups_by_tma                           ? 8
                                                                                    : 4,
                         group_places = groups_by_tma ? 2 : each_stage;

    using layout = smem_regions<
        region<regions::a_tiles, a_tile::bytes, each_stage, 1024>,
        region<regions::b_tiles, b_tile::bytes, each_stage, 1024>,
        region<regions::staging, output::bytes, int(owners), 8 * swizzle_span_bytes(output::tile::swizzle)>,
        region<regions::a_scales,
               A::scale::via == scale::route::stage       ? scale_boxes::of(Config.block.m, AnyRow).bytes()
               : scale::come_in_groups<typename A::scale> ? u32(sizeof(u32)) * words_in_group * Config.block.m
               : scale::in_stage(A::scale::via)           ? u32(sizeof(u32)) * Config.block.m
                                                          : 0,
               group_places, groups_by_tma ? 256 : 128>,
        region<regions::b_scales, scale::in_stage(B::scale::via) ? int(sizeof(u32)) * Config.block.n : 0, each_stage,
               128>,
        region<regions::parts, split::bytes>,
        region<regions::row_numbers, A::info.gathered ? u32(sizeof(u32)) * Config.block.m : 0>,
        region<regions::barriers, 16, each_stage>, region<regions::c_barriers, output::barrier_bytes, int(owners), 8>,
        region<regions::part_barriers, split::barrier_bytes, 1, 8>,
        region<regions::gathered, A::info.gathered ? 8 : 0, each_stage, 8>, region<regions::table, TableBytes, 1, 8>>;

    static constexpr int stages = Config.stages ? Config.stages : layout::stages_that_fit(arch::sm90::smem_bytes, 24);
    static_assert(stages >= 2 && layout::bytes(2) <= arch::sm90::smem_bytes,
                  "gemm: the tiles leave room for fewer than two stages in 232448 bytes of shared memory");
    static constexpr u32 bytes = layout::bytes(stages);
    /// How the scales of A wait, if they come in groups; and lanes that copy such groups where TMA cannot load them.
    static constexpr scale::group_shape a_groups{words_in_group, groups_by_tma ? group_places : stages};
    static constexpr int a_group_lanes =
        groups_by_tma ? 32 * gemm_roles<Config.sm90.warpgroups>::warps_of(roles::copy{}) : 0;

    static constexpr config resolved =
        detail::with_sizes(Config, stages, output::chosen_columns, output::chosen_buffers);
};

/// A CTA's shared memory: where each item in it lies, by its sizes.
template <class Sizes>
struct gemm_storage : Sizes {
    using layout = typename Sizes::layout;
    /// Bytes from the scales of one stage to those of the next.
    static constexpr u32 sa_bytes = layout::stride_of(regions::a_scales{}),
                         sb_bytes = layout::stride_of(regions::b_scales{});

    u32 base;  ///< shared address of the CTA's dynamic shared memory

    /// Shared address of item `i` of a region.
    template <class Name>
    DEEPGEMM_DEVICE u32 at(Name, u32 i = 0) const {
        return layout::template address_of<Name, Sizes::stages>(base, i);
    }
    DEEPGEMM_DEVICE u32 a(u32 stage) const { return at(regions::a_tiles{}, stage); }
    DEEPGEMM_DEVICE u32 b(u32 stage) const { return at(regions::b_tiles{}, stage); }
    DEEPGEMM_DEVICE u32 sa(u32 stage) const { return at(regions::a_scales{}, stage); }
    DEEPGEMM_DEVICE u32 sb(u32 stage) const { return at(regions::b_scales{}, stage); }
    /// Where a K block of A lands, and where one of B lands.
    DEEPGEMM_DEVICE stage_place place_of_a(u32 stage) const { return {a(stage), sa(stage)}; }
    DEEPGEMM_DEVICE stage_place place_of_b(u32 stage) const { return {b(stage), sb(stage)}; }
};

}  // namespace deepgemm
