// SPDX-License-Identifier: MIT
// How scales are stored and what one scale covers, as plain values for the host. The types behind them are in
// scale/granularities.cuh and in the models of scale_format.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// How scales are stored: not at all; as floats; as UE8M0 exponents or UE4M3 numbers, four along K in a 32-bit word; or in a
/// user's own format, whose kernels no planner picks.
enum class scale_kind : u8 { none, fp32, ue8m0, ue4m3, custom };

/// Scales, consecutive along K, in a word. A user's own format may have more than this says.
DEEPGEMM_BOTH constexpr int scales_per_word(scale_kind kind) {
    return kind == scale_kind::ue8m0 || kind == scale_kind::ue4m3 ? 4 : 1;
}

/// The tile of an operand that one scale covers: `mn` rows (of M or N) by `k` elements of K. `all` stands for a whole
/// dimension.
struct scale_tile {
    static constexpr int all = 0;
    int mn = 1, k = 128;
    /// True if a scale holds for all of K, so that it may be applied to totals.
    DEEPGEMM_BOTH constexpr bool all_of_k() const { return k == all; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const scale_tile&, const scale_tile&) = default;
};
template <>
struct fields_of<scale_tile> {
    static constexpr auto all = field_list{field{"mn", &scale_tile::mn}, field{"k", &scale_tile::k}};
};

/// Elements of K that one word of scales covers; scale_tile::all if that is all of them.
DEEPGEMM_BOTH constexpr i64 k_per_word(scale_kind kind, scale_tile tile) { return scales_per_word(kind) * tile.k; }
/// Scales, or words of them, along a dimension of `extent` elements, if each covers `step` elements or scale_tile::all.
DEEPGEMM_BOTH constexpr i64 scales_along(i64 extent, i64 step) {
    return step == scale_tile::all ? min(extent, i64(1)) : ceil_div(extent, step);
}

namespace scale {

/// What a cast writes as scales.
enum class cast_scales : u8 {
    fp32,          ///< floats: the exact quotient
    power_of_two,  ///< floats, rounded up to powers of two; NaN for a tile that holds NaN or infinity
    packed,  ///< UE8M0 exponents of these powers of two, four K blocks to a word; bytes of missing blocks are zero
};

/// A scale that has no UE8M0 exponent, as a kernel that packs scales reports it. Host and device.
struct alignas(16) unpackable {
    i32 group = 0, row = 0,
        block = 0;  ///< its place among the scales: `row` counts rows of scales, `block` scales along K
    float value = 0;
};

/// The name of a value in source.
DEEPGEMM_BOTH constexpr const char* name_of(cast_scales scales) {
    switch (scales) {
        case cast_scales::fp32: return "fp32";
        case cast_scales::power_of_two: return "power_of_two";
        case cast_scales::packed: return "packed";
    }
    return "?";
}

}  // namespace scale

}  // namespace deepgemm
