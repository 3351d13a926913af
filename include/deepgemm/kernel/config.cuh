// SPDX-License-Identifier: MIT
// The configuration of a kernel: a structural value passed as one template argument. It prints as C++ source
// (host/explain), and that text is the bug report, the cache key and NVRTC's input.
#pragma once

#include <deepgemm/core/shape.cuh>

namespace deepgemm {

/// When the tensor core's partial sums are added, scaled, to the FP32 totals. A matter of speed where there are scales.
enum class promotion : u8 {
    at_once,   ///< after each K block, before the next multiply of the same warpgroup is issued
    deferred,  ///< one K block later, from a second accumulator set, while the next multiply runs
    never,     ///< the tensor core accumulates the totals itself: operands without scales, and only they
};
template <>
inline constexpr const char* enum_name<promotion> = "promotion";

/// When a kernel lets the next one of its stream start, if that is launched dependently.
enum class trigger : u8 {
    by_size,  ///< early in products of few rows and small operands, where that was measured to pay; else at its end
    never,    ///< at its end
    always,   ///< once its last loads are issued
};
template <>
inline constexpr const char* enum_name<trigger> = "trigger";

/// What only kernels for Hopper have: warpgroups that multiply.
struct sm90_config {
    int warpgroups = 2;      ///< that multiply; each takes block.m / warpgroups rows of a tile,
    bool alternate = false;  ///< or each a whole tile in turn: one stores its tile while another multiplies the next
    promotion promote = promotion::at_once;
    DEEPGEMM_BOTH friend constexpr bool operator==(const sm90_config&, const sm90_config&) = default;
};
template <>
struct fields_of<sm90_config> {
    static constexpr const char* name = "";
    static constexpr auto all =
        field_list{field{"warpgroups", &sm90_config::warpgroups}, field{"alternate", &sm90_config::alternate},
                   field{"promote", &sm90_config::promote}};
};

/// Everything about a GEMM kernel that may change its speed but not its results; only split_k, another order of summing, may
/// change the last bits.
struct config {
    tile_shape block{};       ///< elements of D per CTA and of K per stage
    int stages = 0;           ///< K blocks in flight between TMA and the tensor cores; 0: as many as fit, at most 24
    cluster_shape cluster{};  ///< CTAs that share tiles by TMA multicast
    bool swap = false;  ///< few rows of A: they become columns of the multiply, block.n its rows (kernel/swapped.cuh)
    int split_k = 1;    ///< CTAs, a cluster, that share the K blocks of a tile; the first adds and stores their totals
    int raster_rows = 8;    ///< L2 rasterisation: tiles of D along M in one band
    int store_rows = 0;     ///< rows of D per staging buffer: 16, of a warp, or 64, of a warpgroup; 0: by D's type
    int store_columns = 0;  ///< columns of D per staging buffer of the epilogue; 0: as many as a 128-byte row holds
    int store_buffers = 0;  ///< staging buffers per warp or warpgroup; 0: as many as hold all columns of a tile
    trigger trigger_dependents = trigger::by_size;
    static_extents extents{};
    sm90_config sm90{};  ///< of a kernel for Hopper

    /// CTAs of a hardware cluster: those that share tiles, or those that share a tile's K.
    DEEPGEMM_BOTH constexpr int cluster_ctas() const { return cluster.size() * split_k; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const config&, const config&) = default;
};

namespace detail {
/// The default of raster_rows, as it arrives in a template whose argument sets members before and after it.
template <config Config>
inline constexpr int seen_raster_rows = Config.raster_rows;
}  // namespace detail

// nvcc 13.0 with clang as host compiler sets such members to zero. Every kernel's configuration would then break rules that its author
// has kept, so the compiler's fault is named here first.
static_assert(
    detail::seen_raster_rows<config{.block = {64, 64, 64}, .sm90 = {.promote = promotion::never}}> ==
        config{}.raster_rows,
    "deepgemm: this compiler sets members to zero that a designated initialiser skips in a template argument, as nvcc "
    "does with clang as host compiler: choose g++ (nvcc -ccbin g++, or CMAKE_CUDA_HOST_COMPILER)");

/// The members of a configuration: text, reading, pins and tuned rows follow from this table.
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
                                           field{"trigger_dependents", &config::trigger_dependents},
                                           field{"extents", &config::extents},
                                           field{"sm90", &config::sm90}};
};

/// The configuration of the same product with A and B exchanged, and so the way back.
DEEPGEMM_BOTH constexpr config exchanged(config c) {
    swap_values(c.block.m, c.block.n);
    swap_values(c.cluster.m, c.cluster.n);
    swap_values(c.extents.m, c.extents.n);
    c.swap = !c.swap;
    return c;
}

}  // namespace deepgemm
