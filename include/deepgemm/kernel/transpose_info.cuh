// SPDX-License-Identifier: MIT
// The kernels that transpose matrices of bytes as plain values: how they are configured and launched. The kernel is in
// kernel/transpose.cuh, the operation in ops/transpose.
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What a kernel moves. Kernels with equal traits can replace each other.
struct transpose_traits {
    int element_bytes = 1;  ///< 1: FP8. Its types do not matter, since no bit changes
    DEEPGEMM_BOTH friend constexpr bool operator==(const transpose_traits&, const transpose_traits&) = default;
};
template <>
struct fields_of<transpose_traits> {
    static constexpr const char* name = "transpose_traits";
    static constexpr auto all =
        field_list{field{"element_bytes", &transpose_traits::element_bytes, by_default::written}};
};

/// What changes the speed of a kernel and no result.
struct transpose_config {
    int warps = 4;  ///< of a CTA, 1 to 32
    /// Lanes of a warp side by side, each 16 columns wide; the others are below, each 16 rows high: 1, 2, 4 to 32.
    int across = 8;
    DEEPGEMM_BOTH friend constexpr bool operator==(const transpose_config&, const transpose_config&) = default;
};
template <>
struct fields_of<transpose_config> {
    static constexpr const char* name = "transpose_config";
    static constexpr auto all =
        field_list{field{"warps", &transpose_config::warps}, field{"across", &transpose_config::across}};
};

/// What a kernel is launched with: `matrices` of (rows, columns) bytes, each `from_distance` after the one before, which become
/// (columns, rows) at `to`. Rows of both start at multiples of 16 bytes and are `from_pitch` and `to_pitch` bytes apart.
/// Pointers are to device memory, or to host memory for the simulator.
struct transpose_arguments {
    i32 rows = 0, columns = 0, matrices = 1;
    const void* from = nullptr;
    i64 from_pitch = 0, from_distance = 0;
    void* to = nullptr;
    i64 to_pitch = 0, to_distance = 0;
};

}  // namespace deepgemm
