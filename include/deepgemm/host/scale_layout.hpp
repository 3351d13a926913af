// SPDX-License-Identifier: MIT
// Which layout a product needs its scales in, and what a caller's scales need to get there: nothing, a transposition, or
// packing. It is decided from strides and shapes only. scale/to_mn_major.cuh does the work, and reference/scale_layouts.hpp is
// its reference.
#pragma once

#include <utility>

#include <deepgemm/core/math.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/memory.hpp>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm {

/// A caller's scales: (rows, columns), or (groups, rows, columns), with strides in elements of `type`.
struct scale_tensor {
    dtype type = dtype::f32;  ///< f32, or ue8m0x4 (i32 means the same): four exponents along K to a word
    i64 groups = 0;           ///< 0: a plain matrix
    i64 rows = 0, columns = 0;
    i64 group_stride = 0, row_stride = 0, column_stride = 1;
};

/// What a product requires of the scales of one operand.
struct scale_requirement {
    i64 mn = 0, k = 0;
    scale_tile tile{};
    i64 groups = 0;  ///< 0: a plain matrix
    int arch = 90;
    bool disable_ue8m0_cast = false;  ///< leave floats as floats on Blackwell
};

/// The tiles of both operands' scales: `mn_a` rows of A, `mn_b` rows of B, `k` elements of K for both.
struct scale_recipe {
    int mn_a = 1, mn_b = 128, k = 128;
    constexpr scale_tile a() const { return {mn_a, k}; }
    constexpr scale_tile b() const { return {mn_b, k}; }
};

/// The layouts of scales that kernels read.
enum class scale_layout : u8 {
    mn_major,  ///< floats, stride 1 along MN and a multiple of 4, at least mn, along K: align(mn, 4) where a step makes them
    block,   ///< one word per 128 x 128 block, any strides
    packed,  ///< words of four exponents, strides as mn_major
};

/// What has to be done to a caller's scales first.
enum class scale_step : u8 {
    none,       ///< the caller's memory is read as it is
    transpose,  ///< scale::to_mn_major<fp32>
    pack,       ///< scale::to_mn_major<ue8m0>; a tile of several rows is repeated for each of them
};

/// A layout and the step that leads to it.
struct scale_plan {
    scale_layout layout;
    scale_step step;
    friend constexpr bool operator==(const scale_plan&, const scale_plan&) = default;
};

namespace detail {

/// True for stride 1 along MN, columns a multiple of 4 apart and at least as many words as rows, and groups a multiple of 4
/// apart that do not overlap: as TMA reads them. Strides of extents of 1 do not matter.
constexpr bool is_mn_major(const scale_tensor& scales) {
    const i64 pitch = scales.columns <= 1 ? align_up(scales.rows, i64(4)) : scales.column_stride;
    return (scales.row_stride == 1 || scales.rows <= 1) && pitch % 4 == 0 && pitch >= scales.rows &&
           (scales.groups <= 1 ||
            (scales.group_stride % 4 == 0 && wide(scales.group_stride) >= wide(pitch) * scales.columns));
}

/// Success if type, groups and extents of scales fit the operand.
inline result<void> check_scale_shape(const scale_tensor& have, const scale_requirement& need, bool packed) {
    if (!packed && have.type != dtype::f32) {
        return fail(errc::bad_scales, "scales are ", have.type, "; they must be f32 or ue8m0x4");
    }
    if (need.tile.mn < 1 || need.tile.k < 1) {
        return fail(errc::bad_scales, "a scale covers ", need.tile.mn, " x ", need.tile.k,
                    " elements; both must be positive");
    }
    for (const auto& [name, extent] :
         {std::pair{"MN", need.mn}, {"K", need.k}, {"the number of groups", need.groups}}) {
        if (auto ok = check_extent(name, extent); !ok) return ok;
    }
    if (have.groups != need.groups) {
        return fail(errc::bad_scales, "scales have ", have.groups, " groups; the operand has ", need.groups);
    }
    const i64 rows = ceil_div(need.mn, i64(need.tile.mn)),
              columns = ceil_div(need.k, i64(need.tile.k) * (packed ? 4 : 1));
    if (have.rows != rows || have.columns != columns) {
        return fail(errc::bad_scales, "scales are ", have.rows, " x ", have.columns, "; an operand of ", need.mn, " x ",
                    need.k, " with one scale for ", need.tile.mn, " x ", need.tile.k, " elements needs ", rows, " x ",
                    columns, packed ? " words of four" : "");
    }
    return {};
}

}  // namespace detail

/// The layout that scales `have` must reach for `need`, and the step that leads to it; or why no kernel can take them. Floats
/// stay floats on Hopper and become packed exponents on Blackwell. Packed words must already be in their layout.
inline result<scale_plan> plan_scale_layout(const scale_tensor& have, const scale_requirement& need) {
    const bool packed = have.type == dtype::ue8m0x4 || have.type == dtype::i32;
    if (auto ok = detail::check_scale_shape(have, need, packed); !ok) return ok.failure();
    const bool hopper = need.arch / 10 == 9, keeps_floats = hopper || need.disable_ue8m0_cast;
    const bool block = need.tile == scale_tile{128, 128};
    if (!packed && keeps_floats && need.tile == scale_tile{1, 128}) {
        return scale_plan{scale_layout::mn_major, detail::is_mn_major(have) ? scale_step::none : scale_step::transpose};
    }
    if (block && (packed ? hopper : keeps_floats)) return scale_plan{scale_layout::block, scale_step::none};
    const bool known_k = need.tile.k == 128 || (need.tile.k == 32 && !hopper);
    if (!packed && !keeps_floats && known_k) return scale_plan{scale_layout::packed, scale_step::pack};
    if (packed && need.tile.mn == 1 && known_k) {
        if (detail::is_mn_major(have)) return scale_plan{scale_layout::packed, scale_step::none};
        return fail(errc::bad_scales, "packed scales have strides ", have.row_stride, " along MN and ",
                    have.column_stride, " along K; they must be 1 and a multiple of 4, at least ", have.rows,
                    have.groups > 1 ? concat(", and groups, which are ", have.group_stride,
                                             " words apart, a multiple of 4 apart without overlap")
                                    : "");
    }
    return fail(errc::bad_scales, "no kernel of sm_", need.arch, " takes scales of type ", have.type, " that cover ",
                need.tile.mn, " x ", need.tile.k, " elements");
}

}  // namespace deepgemm
