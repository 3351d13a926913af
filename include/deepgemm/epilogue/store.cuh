// SPDX-License-Identifier: MIT
// The sinks of an epilogue: `store` writes D, `accumulate` first adds C, `add_in_place` adds to what D holds, and `store_heads`
// leaves a gap in every head. Each has a type of staging; epilogue/stage.cuh says how that uses shared memory and copies.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/epilogue/stage.cuh>

namespace deepgemm {

/// Stores D as `T` (BF16, FP16 or FP32), rounded once from the FP32 totals.
template <output_element T>
struct store {
    using element = T;
    using arguments = no_arguments;
    struct params {};
    static constexpr bool accumulates = false, in_place = false, custom = false;
    static constexpr head_splits heads{};
    template <class Shape>
    using staging = store_stage<T, Shape::tile_columns, Shape::rows, Shape::columns, Shape::buffers, false, false,
                                head_splits{}, Shape::stacked, typename Shape::fragment>;

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments&) { return {}; }
    DEEPGEMM_DEVICE static element_pair apply(const params&, element_pair pair, pair_place) { return pair; }
};

/// True if an epilogue only stores D.
template <class Epilogue>
inline constexpr bool only_stores = false;
template <output_element T>
inline constexpr bool only_stores<store<T>> = true;

/// Stores D = C + totals as `T`. C has the same type and is added in FP32 before the one rounding. C may be D itself, since the
/// warpgroup that writes a tile of D has read that tile of C before; but not if groups of rows follow each other within a tile,
/// where a copy of C also brings rows that another tile writes.
template <output_element T>
struct accumulate : store<T> {
    static constexpr bool accumulates = true;
    template <class Shape>
    using staging = store_stage<T, Shape::tile_columns, Shape::rows, Shape::columns, Shape::buffers, true, false,
                                head_splits{}, Shape::stacked, typename Shape::fragment>;
};

/// D += totals in FP32, where C is D itself. L2 adds, once to each element, so C is not loaded and needs no shared memory. The
/// sums are those of accumulate<float>, except that L2 may flush subnormal sums to zero.
struct add_in_place : store<float> {
    static constexpr bool in_place = true;
    template <class Shape>
    using staging = store_stage<float, Shape::tile_columns, Shape::rows, Shape::columns, Shape::buffers, false, true,
                                head_splits{}, Shape::stacked, typename Shape::fragment>;
};

/// Stores D as `T` with a hole in every head: of each `Left + Right` columns of the product, the first `Left` and the last
/// `Right` land in D with `Middle` columns between them, which are never written.
template <output_element T, int Left, int Middle, int Right>
struct store_heads : store<T> {
    static_assert(Left % 64 == 0 && Middle % 64 == 0 && Right % 64 == 0, "store_heads: widths must be multiples of 64");
    static_assert(Left + Right > 0, "store_heads: a head must have columns");
    static constexpr head_splits heads{Left, Middle, Right};
    template <class Shape>
    using staging = store_stage<T, Shape::tile_columns, Shape::rows, Shape::columns, Shape::buffers, false, false,
                                head_splits{Left, Middle, Right}, Shape::stacked, typename Shape::fragment>;
};

static_assert(epilogue<store<bf16>> && epilogue<accumulate<float>> && epilogue<add_in_place> &&
              epilogue<store_heads<bf16, 128, 64, 128>>);

}  // namespace deepgemm
