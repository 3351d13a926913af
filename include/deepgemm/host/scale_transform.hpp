// SPDX-License-Identifier: MIT
// From a caller's scales to the words that kernels read: which tiles scales cover if the caller does not say, what memory the
// words take, the arguments of the kernel that makes them, and the error for floats that are no powers of two.
// host/scale_layout.hpp decides whether anything has to be done.
#pragma once

#include <optional>
#include <span>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/scale_layout.hpp>
#include <deepgemm/scale/to_mn_major.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The family of products that scales are for; each has its own usual recipe.
enum class recipe_use : u8 { gemm, einsum, k_grouped, moe };

/// The recipe that holds if a caller gives none. On Blackwell, scales of B that are packed already are those of single rows,
/// since there are no packed ones of blocks. `arch` is 10 * major + minor.
constexpr scale_recipe default_recipe(recipe_use use, int arch, bool b_is_packed) {
    switch (use) {
        case recipe_use::gemm:
            return arch / 10 != 9 && b_is_packed ? scale_recipe{1, 1, 128} : scale_recipe{1, 128, 128};
        case recipe_use::einsum: return {1, 128, 128};
        case recipe_use::k_grouped: return {1, 1, 128};
        case recipe_use::moe: return {1, 1, 32};
    }
    return {};
}

/// What a caller says of the tiles that scales cover: nothing, one recipe for both operands, or a tile for each.
struct recipe_choice {
    std::optional<scale_recipe> both{};
    std::optional<scale_tile> a{}, b{};
};

/// The tiles of the scales of A and of B.
struct scale_tiles {
    scale_tile a{}, b{};
    friend constexpr bool operator==(const scale_tiles& x, const scale_tiles& y) { return x.a == y.a && x.b == y.b; }
};

/// The tiles that a caller's choice means, or what is wrong with it. Scales cover 128 elements of K, on Blackwell also 32, and
/// then each operand its own; those of a K-grouped product cover the same on both sides.
inline result<scale_tiles> resolve_recipe(const recipe_choice& choice, recipe_use use, int arch, bool b_is_packed) {
    if (choice.both && (choice.a || choice.b)) {
        return fail(errc::bad_scales, "a recipe for both operands and one for ", choice.a ? "A" : "B",
                    " are given; give the one or the others");
    }
    if (choice.a.has_value() != choice.b.has_value()) {
        return fail(errc::bad_scales, "a recipe is given for ", choice.a ? "A" : "B",
                    " only; give both, or one for both");
    }
    const scale_recipe recipe = choice.both ? *choice.both : default_recipe(use, arch, b_is_packed);
    const scale_tiles tiles = choice.a ? scale_tiles{*choice.a, *choice.b} : scale_tiles{recipe.a(), recipe.b()};
    const struct {
        const char* name;
        scale_tile tile;
    } sides[] = {{"A", tiles.a}, {"B", tiles.b}};
    for (const auto& [name, tile] : sides) {
        if (tile.mn < 1) {
            return fail(errc::bad_scales, "a scale of ", name, " covers ", tile.mn, " rows; it must cover at least 1");
        }
        if (tile.k != 128 && (tile.k != 32 || arch / 10 == 9)) {
            return fail(errc::bad_scales, "a scale of ", name, " covers ", tile.k, " elements of K; on sm_", arch,
                        arch / 10 == 9 ? " it must cover 128" : " it must cover 32 or 128");
        }
    }
    if (use == recipe_use::k_grouped && tiles.a.k != tiles.b.k) {
        return fail(errc::bad_scales, "scales of a K-grouped product cover ", tiles.a.k, " elements of K of A and ",
                    tiles.b.k, " of B; both must cover the same");
    }
    return tiles;
}

/// `extent` elements of `element_bytes` bytes each, rounded up to whole 16 bytes, as TMA needs the distance of rows.
inline result<i64> tma_aligned_extent(i64 extent, i64 element_bytes) {
    if (element_bytes < 1 || 16 % element_bytes != 0) {
        return fail(errc::bad_layout, "elements have ", element_bytes, " bytes; it must be 1, 2, 4, 8 or 16");
    }
    if (auto ok = check_extent("the number of elements", extent); !ok) return ok.failure();
    return align_up(extent, 16 / element_bytes);
}

/// Rows to whose multiples groups of rows should be aligned, which are also the rows of a tile: 128 on Hopper; on Blackwell the
/// `expected_rows` of a group (0: unknown) rounded up to 32, from 32 to 224.
constexpr i32 best_group_alignment(int arch, i32 expected_rows = 0) {
    if (arch / 10 == 9) return 128;
    return expected_rows == 0 ? 224 : min(224, max(32, align_up(min(expected_rows, 224), 32)));
}

/// The words of transformed scales: word (group, row, kw) at (group * words + kw) * pitch + row.
struct scale_words {
    i64 groups = 1, rows = 0, words = 0;
    i64 pitch = 0;  ///< words from one column to the next: rows, rounded up to 16 bytes
    /// Words to allocate.
    constexpr i64 count() const { return groups * words * pitch; }
};

/// The words that scales become which scale::to_mn_major transforms.
constexpr scale_words transformed(const scale_tensor& have, const scale_requirement& need, const scale_plan& plan) {
    const i64 per_word = plan.layout == scale_layout::packed ? 4 : 1;
    return {max(have.groups, i64(1)), need.mn, ceil_div(have.columns, per_word), align_up(need.mn, i64(4))};
}

/// The arguments that transform scales as planned, from device memory `in` to device memory `out`; for
/// scale::to_mn_major<ue8m0> if the plan's step is to pack, else for that of fp32. Sizes must be below 2^31.
constexpr scale::to_mn_major_arguments transform_arguments(const scale_tensor& have, const scale_requirement& need,
                                                           const float* in, void* out) {
    return {.in = in,
            .group_stride = have.group_stride,
            .row_stride = have.row_stride,
            .block_stride = have.column_stride,
            .groups = i32(max(have.groups, i64(1))),
            .mn = i32(need.mn),
            .blocks = i32(have.columns),
            .tile_mn = i32(need.tile.mn),
            .out = out};
}

/// Rows of words to allocate for the packed scales of a K-grouped product, of which `scale_rows` rows of floats are given. If
/// the host knows K of each group, `sizes` has it, and the number is exact, or too large where `by_end` groups have their K
/// rounded up; without sizes it is a bound, for `groups` groups. scale::pack_k_grouped writes the words.
inline result<i64> k_grouped_word_rows(std::span<const i64> sizes, bool by_end, i64 scale_rows, i64 groups,
                                       i64 tile_k) {
    if (tile_k != 32 && tile_k != 128)
        return fail(errc::bad_scales, "a scale covers ", tile_k, " elements of K; it must cover 32 or 128");
    if (sizes.empty()) return (scale_rows + 3 * groups) / 4;
    if (i64(sizes.size()) != groups)
        return fail(errc::shape_mismatch, "K of ", sizes.size(), " groups is given; there are ", groups);
    i64 words = 0, rows = 0;
    for (const i64 k : sizes) {
        if (auto ok = check_extent("K of a group", k); !ok) return ok.failure();
        words += ceil_div(k, 4 * tile_k);
        rows += ceil_div(k, tile_k);
    }
    if (!by_end && rows != scale_rows)
        return fail(errc::bad_scales, "there are ", scale_rows, " rows of scales; the groups have ", rows);
    return words;
}

/// Success if packed scales of a K-grouped product lie as kernels read them: `have.rows` rows of words, one after another, of a
/// multiple of 4 words each; at least `word_rows` of them (k_grouped_word_rows()) where the sizes of groups are known, else 0.
inline result<void> check_k_grouped_words(const scale_tensor& have, i64 word_rows) {
    if (have.type != dtype::ue8m0x4 && have.type != dtype::i32)
        return fail(errc::bad_scales, "packed scales of a K-grouped product are ", have.type, "; they must be ue8m0x4");
    if (have.groups != 0)
        return fail(errc::bad_scales, "packed scales of a K-grouped product are ", have.groups,
                    " matrices; they must be one");
    if (have.columns % 4 != 0) {
        return fail(errc::bad_scales, "packed scales of a K-grouped product have ", have.columns,
                    " columns; TMA needs a multiple of 4");
    }
    if ((have.rows > 1 && have.row_stride != have.columns) || (have.columns > 1 && have.column_stride != 1)) {
        return fail(errc::bad_scales, "packed scales of a K-grouped product have strides ", have.row_stride, " and ",
                    have.column_stride, "; they must be ", have.columns, " and 1");
    }
    if (have.rows < max(word_rows, i64(1))) {
        return fail(errc::bad_scales, "packed scales of a K-grouped product have ", have.rows,
                    " rows of words; they need ", max(word_rows, i64(1)));
    }
    return {};
}

/// The error for `count` scales that have no UE8M0 exponent, of which `one` is one; success if count is 0. `name` says whose:
/// "A", say.
inline result<void> check_packed(const char* name, u32 count, const scale::unpackable& one) {
    if (count == 0) return {};
    return fail(errc::bad_scales, "a scale of ", name, " is ", double(one.value), ", in row ", one.row, " and block ",
                one.block, " of K of matrix ", one.group,
                "; packed scales must be powers of two from 2^-127 to 2^127, or 0 for 2^-127 (", count, " are not)");
}

/// The same for floats in host memory, before they are packed.
inline result<void> check_packable(const char* name, const scale_tensor& have, const float* data) {
    u32 count = 0;
    scale::unpackable first;
    for (i64 g = 0; g < max(have.groups, i64(1)); ++g) {
        for (i64 row = 0; row < have.rows; ++row) {
            for (i64 block = 0; block < have.columns; ++block) {
                const float value = data[g * have.group_stride + row * have.row_stride + block * have.column_stride];
                if (scale::ue8m0::encode(value) != 255) continue;
                if (count++ == 0) first = {i32(g), i32(row), i32(block), value};
            }
        }
    }
    return check_packed(name, count, first);
}

}  // namespace deepgemm
