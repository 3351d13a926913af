// SPDX-License-Identifier: MIT
// The configuration of a kernel: a structural value, passed as one template argument. host/explain prints it as C++ source, and
// that text is used in bug reports, as cache key and as input of NVRTC.
#pragma once

#include <deepgemm/core/shape.cuh>

namespace deepgemm {

/// When partial sums of the tensor core are scaled and added to the FP32 totals. at_once and deferred differ in speed only;
/// never keeps fewer bits of FP8 products than these do (docs/numerics.md).
enum class promotion : u8 {
    at_once,   ///< after each K block, before the next multiply of the same warpgroup is issued
    deferred,  ///< one K block later, from a second accumulator set, while the next multiply runs
    never,     ///< the tensor core accumulates the totals itself; for operands whose scales, if any, hold for all of K
};
template <>
inline constexpr const char* enum_name<promotion> = "promotion";

/// When a kernel lets the next one of its stream start, if that one is launched dependently.
enum class trigger : u8 {
    by_size,  ///< early in products of few rows and small operands, where measurements showed a gain; else at its end
    never,    ///< at its end
    always,   ///< once its last loads are issued
};
template <>
inline constexpr const char* enum_name<trigger> = "trigger";

/// How the clusters of a grid come to their tiles, on Blackwell.
enum class tile_source : u8 {
    numbered,  ///< as many clusters as are resident; the tiles of each follow from its number (schedule/persistent.cuh)
    claimed,  ///< a cluster for each tile; one that is done takes over that of one that has not begun (schedule/claimed.cuh)
};
template <>
inline constexpr const char* enum_name<tile_source> = "tile_source";

/// The part of a configuration that only kernels for Hopper have.
struct sm90_config {
    int warpgroups = 2;      ///< warpgroups that multiply; each takes block.m / warpgroups rows of every tile
    bool alternate = false;  ///< each takes whole tiles in turn instead: one stores while another multiplies
    promotion promote = promotion::at_once;
    /// Multiplies side by side that cover the columns of a tile, each promoted by itself: more of them leave registers for a
    /// wider tile, whose rows lie whole in one thread's fragment.
    int column_parts = 1;
    /// Where a group has rows in three of a tile's four fragments of 64, two warpgroups take one each, and each half the columns of
    /// the one between, instead of two and one. Both multiplies of a K block are then in flight together.
    bool shares_fragment = false;
    /// In the fragment in which a group ends, copies bring only whole units of so many rows, 8, 16 or 32; rows behind them are
    /// zero and draw little power. 0: all 64 rows are copied.
    int row_unit = 0;
    DEEPGEMM_BOTH friend constexpr bool operator==(const sm90_config&, const sm90_config&) = default;
};
template <>
struct fields_of<sm90_config> {
    static constexpr const char* name = "";
    static constexpr auto all = field_list{field{"warpgroups", &sm90_config::warpgroups},
                                           field{"alternate", &sm90_config::alternate},
                                           field{"promote", &sm90_config::promote},
                                           field{"column_parts", &sm90_config::column_parts},
                                           field{"shares_fragment", &sm90_config::shares_fragment},
                                           field{"row_unit", &sm90_config::row_unit}};
};

/// The part of a configuration that only kernels for Blackwell have.
struct sm100_config {
    int ctas = 1;  ///< CTAs that multiply together; 2: a pair along M, each with block.m rows and half of B's tile
    int epilogue_warps = 4;  ///< warps that take totals from tensor memory to D
    int accumulators = 2;    ///< totals of a tile in tensor memory: one tile is stored while the next one is multiplied
    tile_source tiles = tile_source::numbered;
    int tc_util = 100;  ///< share of the time, in percent, that tensor cores multiply at most, to draw less power
    DEEPGEMM_BOTH friend constexpr bool operator==(const sm100_config&, const sm100_config&) = default;
};
template <>
struct fields_of<sm100_config> {
    static constexpr const char* name = "";
    static constexpr auto all =
        field_list{field{"ctas", &sm100_config::ctas}, field{"epilogue_warps", &sm100_config::epilogue_warps},
                   field{"accumulators", &sm100_config::accumulators}, field{"tiles", &sm100_config::tiles},
                   field{"tc_util", &sm100_config::tc_util}};
};

/// Everything about a GEMM kernel that may change its speed but not its results. Only split_k, which changes the order of
/// summing, may change the last bits.
struct config {
    tile_shape block{};       ///< elements of D per CTA and of K per stage
    int stages = 0;           ///< K blocks in flight between TMA and the tensor cores; 0: as many as fit, at most 24
    cluster_shape cluster{};  ///< CTAs that share tiles by TMA multicast
    bool swap = false;  ///< exchanges A and B, for few rows of A: block.n is the multiply's rows (kernel/swapped.cuh)
    int split_k = 1;    ///< CTAs of a cluster that share the K blocks of a tile; the first adds and stores their totals
    int raster_rows = 8;  ///< L2 rasterisation: tiles of D along M in one band
    /// Rows of D per staging buffer, a warp's or a warpgroup's: 16 or 64, on Blackwell 32 or 128; 0: chosen.
    int store_rows = 0;
    int store_columns = 0;  ///< columns of D per staging buffer of the epilogue; 0: as many as a 128-byte row holds
    int store_buffers = 0;  ///< staging buffers per warp or warpgroup; 0: as many as hold all columns of a tile
    /// Brings lines of D to L2 while their tile is multiplied, if D is added to in place: L2 then need not wait for memory.
    bool d_ahead = false;
    /// K blocks of B that a stage still holds are not loaded again: for batches whose schedule is `columnwise`, if `stages` is
    /// a multiple of the K blocks of a product.
    bool keeps_b = false;
    trigger trigger_dependents = trigger::by_size;
    static_extents extents{};
    sm90_config sm90{};    ///< for Hopper only
    sm100_config sm100{};  ///< for Blackwell only

    /// CTAs of a hardware cluster: those that share tiles, or those that share the K of a tile.
    DEEPGEMM_BOTH constexpr int cluster_ctas() const { return cluster.size() * split_k; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const config&, const config&) = default;
};

namespace detail {
/// The default of raster_rows as it arrives in a template, if the template argument sets members before and after it.
template <config Config>
inline constexpr int seen_raster_rows = Config.raster_rows;
}  // namespace detail

// nvcc 13.0 with clang as host compiler sets members to zero that a designated initialiser skips. Correct configurations would
// then break rules that their author has kept, so this assertion names the compiler's fault first.
static_assert(
    detail::seen_raster_rows<config{.block = {64, 64, 64}, .sm90 = {.promote = promotion::never}}> ==
        config{}.raster_rows,
    "deepgemm: this compiler sets members to zero that a designated initialiser skips in a template argument, as nvcc "
    "does with clang as host compiler: choose g++ (nvcc -ccbin g++, or CMAKE_CUDA_HOST_COMPILER)");

/// The members of a configuration. Its text, its parser, pins and tuned rows follow from this table.
template <>
struct fields_of<config> {
    static constexpr const char* name = "config";
    static constexpr auto all = field_list{field{"block", &config::block, by_default::written},
                                           field{"stages", &config::stages, by_default::open},
                                           field{"cluster", &config::cluster},
                                           field{"swap", &config::swap},
                                           field{"split_k", &config::split_k},
                                           field{"raster_rows", &config::raster_rows},
                                           field{"store_rows", &config::store_rows, by_default::open},
                                           field{"store_columns", &config::store_columns, by_default::open},
                                           field{"store_buffers", &config::store_buffers, by_default::open},
                                           field{"d_ahead", &config::d_ahead},
                                           field{"keeps_b", &config::keeps_b},
                                           field{"trigger_dependents", &config::trigger_dependents},
                                           field{"extents", &config::extents},
                                           field{"sm90", &config::sm90},
                                           field{"sm100", &config::sm100}};
};

/// The configuration of the same product with A and B exchanged. Applied twice, it gives the original back.
DEEPGEMM_BOTH constexpr config exchanged(config c) {
    swap_values(c.block.m, c.block.n);
    swap_values(c.cluster.m, c.cluster.n);
    swap_values(c.extents.m, c.extents.n);
    c.swap = !c.swap;
    return c;
}

}  // namespace deepgemm
