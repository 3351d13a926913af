// SPDX-License-Identifier: MIT
// Products of grouped kernels in host memory, one function for each kind of groups: operands, the table that defines the
// groups, and the results they must give. Memory that no group uses holds NaN.
#pragma once

#include "groups.hpp"

namespace deepgemm::test {

/// Sets the pointer of a group policy to `table`; policies without a table ignore it.
inline void point_to(masked_groups& groups, const i32* table) { groups.rows = table; }
inline void point_to(row_groups& groups, const i32* table) { groups.list = table; }
inline void point_to(groups_along_k& groups, const i32* table) { groups.list = table; }
inline void point_to(uniform_groups&, const i32*) {}
inline void point_to(k_parts&, const i32*) {}
inline void point_to(no_arguments&, const i32*) {}

/// Where the tensors of a grouped product lie.
struct grouped_memory {
    const void *a, *sa, *b, *sb, *c;
    void* d;
    const i32* table;
};

/// A product of the grouped kernel `K`.
template <class K>
struct grouped_product {
    using element = typename K::element;

    problem_shape shape;
    operand_stack a, b;
    group_results<element> d;
    typename K::tiles::arguments groups{};
    std::vector<i32> table{};  ///< what the groups read
    guarded_matrix c{};        ///< for kernels that accumulate; without elements if C is D

    /// Where everything lies in host memory.
    grouped_memory here() {
        return {a.bytes().data(), a.words().data(),          b.bytes().data(), b.words().data(),
                c.bytes().data(), d.memory().bytes().data(), table.data()};
    }
    /// The kernel's arguments, also for copies of the tensors. Both operands are ready before the preceding kernel ends; what
    /// the schedule reads is not.
    typename K::arguments arguments(const grouped_memory& at) {
        typename K::arguments args{{.shape = shape}};
        args.tiles = groups;
        point_to(args.tiles, at.table);
        if constexpr (requires { args.tiles.sizes; }) args.tiles.sizes = table.data();
        args.a = a.at(at.a, at.sa);
        args.b = b.at(at.b, at.sb);
        args.d = d.at(at.d);
        args.a.ready = args.b.ready = true;
        args.matrices = max(d.matrices(), max(a.matrices(), b.matrices()));
        if (K::info.traits.in_place) {
            args.c = {args.d.data, args.d.pitch, args.d.matrix_pitch};
        } else if (K::info.traits.accumulate) {
            args.c = {static_cast<const u8*>(at.c) + c.offset(), c.pitch(), shape.m * c.pitch()};
        }
        return args;
    }

    /// Rows [begin, end) of D, which is one matrix, have to become those of A times matrix `g` of B.
    void expect_rows(i64 begin, i64 end, i64 g) { d.expect(0, begin, rows_of(a[0], begin, end - begin), b[g]); }
    /// Rows [begin, end) of D have to become zero.
    void expect_zeros(i64 begin, i64 end) {
        reference::operand nothing = rows_of(a[0], begin, end - begin), no_weights = b[0];
        nothing.k = no_weights.k = 0;
        d.expect(0, begin, nothing, no_weights);
    }
    /// Gives kernels that accumulate small integers to add to, in C or in D. Call it after all expect functions.
    void make_c(random_source& random, i64 matrices) {
        if (K::info.traits.in_place) {
            d.fill(random);
            d.add(d.view());
        } else if (K::info.traits.accumulate) {
            c = guarded_matrix(K::info.traits.d, matrices * shape.m, shape.n, 0);
            random.fill_integers(c.template view<element>(), -8, 8);
            d.add(c.template view<const element>());
        }
    }
};

/// Groups with slots of shape.m rows, of which the first `counts[g]` are wanted; or batches, whose counts are all shape.m.
template <class K>
grouped_product<K> masked_product(random_source& random, problem_shape shape, const std::vector<i32>& counts,
                                  numbers kind = numbers::exact) {
    const auto& [slot, n, k] = shape;
    const i32 groups = i32(counts.size());
    grouped_product<K> made{shape,
                            {K::info.traits.a, groups, slot, k, random, kind},
                            {K::info.traits.b, groups, n, k, random, kind},
                            {groups, slot, n},
                            {groups},
                            counts};
    for (i32 g = 0; g < groups; ++g) {
        const i32 count = min(max(counts[std::size_t(g)], 0), slot);
        made.a.poison(g, count, slot);
        made.d.expect(g, 0, rows_of(made.a[g], 0, count), made.b[g]);
    }
    made.make_c(random, groups);
    return made;
}

namespace detail {
/// The first row of each group if groups start at multiples of `alignment`; the last entry is where the next group would start.
inline std::vector<i32> starts(const std::vector<i32>& counts, i32 alignment) {
    std::vector<i32> first{0};
    for (const i32 count : counts) first.push_back(align_up(first.back() + max(count, -count), alignment));
    return first;
}

/// A product whose groups of rows follow each other, without a table.
template <class K>
grouped_product<K> rows_product(random_source& random, problem_shape shape, i64 matrices) {
    const auto& [m, n, k] = shape;
    return {shape, {K::info.traits.a, 1, m, k, random}, {K::info.traits.b, matrices, n, k, random}, {1, m, n}};
}
}  // namespace detail

/// Groups given by their ends, with `more` rows after the last. An empty group may have the end of the group before, which is
/// not aligned. With `zero_padding` the rows between groups have to become zero.
template <class K>
grouped_product<K> psum_product(random_source& random, i32 n, i32 k, const std::vector<i32>& counts, i32 alignment,
                                i32 more, bool zero_padding = false) {
    const std::vector<i32> first = detail::starts(counts, alignment);
    auto made = detail::rows_product<K>(random, {first.back() + more, n, k}, i64(counts.size()));
    made.groups = {i32(counts.size()), nullptr, alignment, 0, zero_padding};
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const i32 start = first[g], end = start + counts[g];
        const bool plain = g > 0 && counts[g] == 0 && random.integer(0, 1) == 0;
        made.table.push_back(plain ? made.table.back() : end);
        made.expect_rows(start, end, i64(g));
        if (zero_padding) made.expect_zeros(end, first[g + 1]);
        made.a.poison(0, end, first[g + 1]);
    }
    made.a.poison(0, first.back(), made.shape.m);
    return made;
}

/// Groups given by the group of each row, from multiples of `alignment` on. A negative count is a number of rows of no group.
/// All such rows, and those between groups, are NaN in A and have to become zero in D.
template <class K>
grouped_product<K> index_product(random_source& random, i32 n, i32 k, const std::vector<i32>& counts, i32 alignment) {
    const std::vector<i32> first = detail::starts(counts, alignment);
    auto made = detail::rows_product<K>(random, {first.back(), n, k}, i64(counts.size()));
    made.groups = {i32(counts.size()), nullptr, alignment};
    for (i32 row = 0; row < made.shape.m; ++row) made.table.push_back(-i32(random.integer(1, 3)));
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const i32 start = first[g], end = start + max(counts[g], 0);
        made.expect_rows(start, end, i64(g));
        made.expect_zeros(end, first[g + 1]);
        made.a.poison(0, end, first[g + 1]);
        std::fill(made.table.begin() + start, made.table.begin() + end, i32(g));
    }
    return made;
}

/// Groups of `sizes` elements of K, each from a multiple of `alignment` on, given by their ends or by their sizes; what lies
/// between and behind them is NaN. If kernels skip empty groups, those are not expected to be written.
template <class K>
grouped_product<K> k_product(random_source& random, i32 m, i32 n, const std::vector<i32>& sizes, i32 alignment = 1,
                             bool by_end = false, bool skips_empty = false) {
    const std::vector<i32> first = detail::starts(sizes, alignment);
    const i32 groups = i32(sizes.size()), k = first.back();
    grouped_product<K> made{{m, n, k},
                            {K::info.traits.a, 1, m, k, random},
                            {K::info.traits.b, 1, n, k, random},
                            {groups, m, n},
                            {groups, nullptr, by_end, alignment, skips_empty}};
    if (word_of_packed_scales<typename K::tiles>() != 0) {
        made.a.pack_scales(first, sizes, random.integer(0, 2));
        made.b.pack_scales(first, sizes, random.integer(0, 2));
    }
    for (i32 g = 0; g < groups; ++g) {
        const i32 start = first[std::size_t(g)], size = sizes[std::size_t(g)], end = start + size;
        const bool plain = g > 0 && size == 0 && random.integer(0, 1) == 0;
        made.table.push_back(!by_end ? size : plain ? made.table.back() : end);
        if (size != 0 || !skips_empty) {
            made.d.expect(g, 0, made.a.k_group(std::size_t(g), start, size),
                          made.b.k_group(std::size_t(g), start, size));
        }
        made.a.poison_k(0, end, first[std::size_t(g) + 1]);
        made.b.poison_k(0, end, first[std::size_t(g) + 1]);
    }
    if (maps_of_operand<typename K::tiles>() > 1) {
        made.a.concatenate(sizes);
        made.b.concatenate(sizes);
    }
    made.make_c(random, groups);
    return made;
}

/// K in `parts` parts, whose results have to sum up to the product.
template <class K>
grouped_product<K> parts_product(random_source& random, problem_shape shape, i32 parts,
                                 i32 unit = K::info.traits.a.format == scale_kind::none ? 64 : 128) {
    const auto& [m, n, k] = shape;
    grouped_product<K> made{
        shape, {K::info.traits.a, 1, m, k, random}, {K::info.traits.b, 1, n, k, random}, {parts, m, n}, {parts, unit}};
    made.d.expect_sum(made.a[0], made.b[0]);
    return made;
}

}  // namespace deepgemm::test
