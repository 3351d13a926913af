// SPDX-License-Identifier: MIT
// Extents, tile shapes and coordinates of a matrix product D(m,n) = A(m,k) x B(n,k).
// An extent may be fixed at compile time (its template value) or known at run time only (0).
#pragma once

#include <deepgemm/core/fields.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// The extents of one tile in elements: `m` rows of A and D, `n` rows of B (columns of D), `k` elements of the reduction.
/// Structural.
struct tile_shape {
    int m = 128, n = 128, k = 128;
    DEEPGEMM_BOTH friend constexpr bool operator==(const tile_shape&, const tile_shape&) = default;
};
template <>
struct fields_of<tile_shape> {
    static constexpr auto all =
        field_list{field{"m", &tile_shape::m}, field{"n", &tile_shape::n}, field{"k", &tile_shape::k}};
};

/// CTAs of a cluster along M and along N. CTAs along M share tiles of B, CTAs along N share tiles of A.
struct cluster_shape {
    int m = 1, n = 1;
    DEEPGEMM_BOTH constexpr int size() const { return m * n; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const cluster_shape&, const cluster_shape&) = default;
};
template <>
struct fields_of<cluster_shape> {
    static constexpr auto all = field_list{field{"m", &cluster_shape::m}, field{"n", &cluster_shape::n}};
};

/// Problem extents fixed at compile time; 0 means dynamic. Never changes results, only code.
struct static_extents {
    int m = 0, n = 0, k = 0;
    DEEPGEMM_BOTH friend constexpr bool operator==(const static_extents&, const static_extents&) = default;
};
template <>
struct fields_of<static_extents> {
    static constexpr auto all =
        field_list{field{"m", &static_extents::m}, field{"n", &static_extents::n}, field{"k", &static_extents::k}};
};

/// Extents of one product, in elements.
struct problem_shape {
    i32 m, n, k;
};

/// First row and first column of a tile in D, in elements.
struct tile_coord {
    i32 m, n;
};

/// A run of K blocks: numbers first to first + count - 1.
struct block_range {
    i32 first, count;

    /// Part `part` of `parts` of `blocks` K blocks; the first ones have a block more than the others if they cannot be equal.
    DEEPGEMM_BOTH static constexpr block_range part_of(i32 blocks, i32 part, i32 parts) {
        const i32 each = blocks / parts, longer = blocks % parts;
        return {part * each + min(part, longer), each + (part < longer ? 1 : 0)};
    }
};

/// Where a K block of an operand's tile starts: row of M or N, element of K, and matrix (0 unless the operand is a stack or has
/// a matrix for each group). A negative `k` counts from element `matrix`, with which a window starts.
struct operand_place {
    i32 row, k, matrix;
};

/// The first row and the first column, in a matrix of D, beyond what a tile may write.
struct result_end {
    i32 m, n;
};

/// Which tensors of a product are stacks: matrices of one shape at equal distances. C is a stack if D is.
struct stacks {
    bool a = false, b = false, d = false;
    DEEPGEMM_BOTH constexpr bool any() const { return a || b || d; }
};

/// How often a kernel reads each element of A and of B from L2. Lines of an operand that is read once leave L2 before others;
/// a schedule may count one, or more than one, to have an operand leave early or stay.
struct operand_reads {
    i32 a, b;
    i32 fetch_bytes = 256;  ///< of a row that L2 brings from memory at once: 128 or 256
};

/// The extent a kernel works with: the static one if there is one, else the run-time value.
template <int Static>
DEEPGEMM_BOTH constexpr i32 extent(i32 dynamic) {
    if constexpr (Static != 0) {
        return Static;
    } else {
        return dynamic;
    }
}

}  // namespace deepgemm
