// SPDX-License-Identifier: MIT
// Products for tests of epilogues, dense and of groups of rows: operands of small integers, whose sums are exact, and what is
// between them and a result that a step or a sink has changed. The simulator and a GPU run the same ones. A machine has
// `buffer<T>`, made from a vector, with get() and read(), and `run<K>(arguments)`, which returns "" or what is wrong.
#pragma once

#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/reference/quantize.hpp>

#include <cmath>
#include <functional>

#include "groups.hpp"

namespace deepgemm::test {

/// Rows of a product that have matrices in common: `count` rows from `first` on, in a matrix of A and in one of D. If `k` is
/// not 0, of so many elements of K from `k_first` on.
struct product_part {
    i32 first, count, a, b, d;
    i32 k_first = 0, k = 0;
};

/// The operands of a product of kernel `K`; which rows of D it has to write, and from what.
template <class K>
struct epilogue_product {
    problem_shape shape;
    operand_stack a, b;
    i32 d_matrices;
    std::vector<product_part> parts;
    std::vector<i32> table;  ///< what the groups read
    typename K::tiles::arguments groups{};

    /// The kernel's arguments but for D's, with the operands where buffers of their bytes and words are.
    typename K::arguments arguments(const void* a_bytes, const void* a_words, const void* b_bytes, const void* b_words,
                                    const i32* table_there) const {
        typename K::arguments args{{.shape = shape}};
        args.a = a.at(a_bytes, a_words);
        args.b = b.at(b_bytes, b_words);
        args.matrices = max(d_matrices, max(a.matrices(), b.matrices()));
        args.tiles = groups;
        if constexpr (requires { args.tiles.rows; }) args.tiles.rows = table_there;
        if constexpr (requires { args.tiles.list; }) args.tiles.list = table_there;
        if constexpr (requires { args.tiles.sizes; }) args.tiles.sizes = table_there;
        return args;
    }
    /// The exact totals of a part.
    reference::product totals(const product_part& part) const {
        const reference::operand rows = rows_of(a[part.a], part.first, part.count);
        if (part.k == 0) return reference::gemm(rows, b[part.b]);
        return reference::gemm(k_of(rows, part.k_first, part.k), k_of(b[part.b], part.k_first, part.k));
    }
};

/// One product of two matrices.
template <class K>
epilogue_product<K> dense_product(random_source& random, problem_shape shape, numbers kind = numbers::exact) {
    return {shape,
            {K::info.traits.a, 1, shape.m, shape.k, random, kind},
            {K::info.traits.b, 1, shape.n, shape.k, random, kind},
            1,
            {{0, shape.m, 0, 0, 0}},
            {}};
}

/// Groups with slots of shape.m rows, of which the first `counts[g]` are used; the others are NaN.
template <class K>
epilogue_product<K> slots_product(random_source& random, problem_shape shape, const std::vector<i32>& counts) {
    const i32 groups = i32(counts.size());
    epilogue_product<K> made{shape,
                             {K::info.traits.a, groups, shape.m, shape.k, random},
                             {K::info.traits.b, groups, shape.n, shape.k, random},
                             groups,
                             {},
                             counts,
                             {groups}};
    for (i32 g = 0; g < groups; ++g) {
        const i32 count = counts[std::size_t(g)];
        made.a.poison(g, count, shape.m);
        made.parts.push_back({0, count, g, g, g});
    }
    return made;
}

/// Groups of rows that follow each other, each from a multiple of `alignment` on; rows between and after them are NaN.
template <class K>
epilogue_product<K> rows_product(random_source& random, i32 n, i32 k, const std::vector<i32>& counts, i32 alignment) {
    i32 rows = 4;  // the last ones belong to no group
    for (const i32 count : counts) rows += align_up(count, alignment);
    const i32 groups = i32(counts.size());
    epilogue_product<K> made{{rows, n, k},
                             {K::info.traits.a, 1, rows, k, random},
                             {K::info.traits.b, groups, n, k, random},
                             1,
                             {},
                             {},
                             {groups, nullptr, alignment}};
    i32 first = 0;
    for (i32 g = 0; g < groups; ++g) {
        const i32 count = counts[std::size_t(g)], next = first + align_up(count, alignment);
        made.parts.push_back({first, count, 0, g, 0});
        made.table.push_back(first + count);
        made.a.poison(0, first + count, next);
        first = next;
    }
    made.a.poison(0, first, rows);
    return made;
}

/// Rows of each of several groups: some at random, then all, then one.
inline std::vector<i32> several_counts(random_source& random, i32 most) {
    std::vector<i32> counts = random_counts(random, most);
    counts.push_back(most);
    counts.push_back(1);
    return counts;
}

/// Memory that a kernel writes: what it held before, and what it has to hold after.
template <class T>
struct written_memory {
    std::vector<T> before, after;

    written_memory(std::size_t count, T poison) : before(count, poison), after(before) {}

    /// The first element that is not as it has to be; "" if there is none.
    std::string difference(const char* what, const std::vector<T>& found) const {
        for (std::size_t i = 0; i < after.size(); ++i) {
            if (std::memcmp(&found[i], &after[i], sizeof(T)) == 0) continue;
            u64 is = 0, ought = 0;
            std::memcpy(&is, &found[i], sizeof(T));
            std::memcpy(&ought, &after[i], sizeof(T));
            return concat(what, " ", i, " has the bits ", is, " instead of ", ought);
        }
        return "";
    }
};

/// Runs kernel `K` on `machine` with D at `d` and more arguments set by `complete(arguments)`: "" or the machine's message.
template <class K, class Machine, class T, class Complete>
std::string run_product(const Machine& machine, const epilogue_product<K>& product, T* d, i64 pitch,
                        const Complete& complete) {
    typename Machine::template buffer<u8> a(product.a.bytes()), b(product.b.bytes());
    typename Machine::template buffer<u32> sa(product.a.words()), sb(product.b.words());
    typename Machine::template buffer<i32> table(product.table);
    auto arguments = product.arguments(a.get(), sa.get(), b.get(), sb.get(), table.get());
    arguments.d = {d, pitch, product.shape.m * pitch};
    complete(arguments);
    return machine.template run<K>(arguments);
}

/// What element (row, column) of a part of D is before it is rounded, from the totals of the part; column in D.
using element_of = std::function<float(const product_part&, const reference::product&, i64 row, i64 column)>;

/// The totals themselves.
inline float plain_total(const product_part&, const reference::product& totals, i64 row, i64 column) {
    return float(totals.value(row, column));
}

/// What element (row, column) of a part of D is, in double precision.
using value_of = std::function<double(const product_part&, const reference::product&, i64 row, i64 column)>;

/// A product by kernel `K`, whose D has `columns` columns of BF16, FP16 or FP32: "" or what is wrong with an element or with
/// the memory around D. Elements may differ from value_of() by `tolerance`, relative, and by 1e-30; with tolerance 0 they are
/// that number rounded once.
template <class K, class Machine, class Complete>
std::string value_outcome(const Machine& machine, const epilogue_product<K>& product, i32 columns,
                          const value_of& value, double tolerance, const Complete& complete) {
    using T = typename K::element;
    const i64 rows = product.shape.m, pitch = align_up(i64(columns), i64(8)) + 8, margin = 2;
    const T poison = from_float<T>(-77.0f);
    written_memory<T> d(std::size_t((product.d_matrices * rows + margin) * pitch), poison);
    typename Machine::template buffer<T> there(d.before);
    const std::string failure = run_product(machine, product, there.get(), pitch, complete);
    if (failure != "") return failure;
    const std::vector<T>& found = there.read();
    for (const product_part& part : product.parts) {
        if (part.count == 0) continue;
        const reference::product totals = product.totals(part);
        for (i64 i = 0; i < part.count; ++i) {
            for (i64 j = 0; j < columns; ++j) {
                const auto at = std::size_t((part.d * rows + part.first + i) * pitch + j);
                const double expected = value(part, totals, i, j), is = float(found[at]);
                d.after[at] = from_float<T>(float(expected));
                if (tolerance == 0) continue;
                if (std::abs(is - expected) <= tolerance * std::abs(expected) + 1e-30) d.after[at] = found[at];
            }
        }
    }
    return d.difference("element", found);
}

/// A product by kernel `K`, whose epilogue ends in cast_to_fp8<Columns, Scales, X, Q>, with D of `columns` columns: "" or what
/// is wrong with an element, a word of scales, or memory around them. `sink_of(arguments)` is where the arguments of the sink
/// are.
template <class K, int Columns, scale::cast_scales Scales, class X, fp8_element Q, class Machine, class SinkOf>
std::string cast_outcome(const Machine& machine, const epilogue_product<K>& product, i32 columns, major order,
                         const element_of& element, const SinkOf& sink_of) {
    constexpr bool packed = Scales == scale::cast_scales::packed;
    const i64 rows = product.shape.m, pitch = align_up(i64(columns), i64(16)) + 16, margin = 2;
    const i64 groups = ceil_div(columns, Columns), words = packed ? ceil_div(groups, i64(4)) : groups;
    result_scales scales{nullptr, 1, align_up(rows, i64(4)) + 4};
    if (order == major::k) scales.stride_mn = words + 1, scales.stride_k = 1;
    scales.matrix_stride = order == major::k ? rows * scales.stride_mn + 3 : words * scales.stride_k;
    written_memory<u8> d(std::size_t((product.d_matrices * rows + margin) * pitch), 0xa5);
    written_memory<u32> s(std::size_t(product.d_matrices * scales.matrix_stride + 7), 0xcdcdcdcdu);
    for (const product_part& part : product.parts) {
        if (part.count == 0) continue;
        const reference::product totals = product.totals(part);
        matrix<X> x(part.count, columns);
        for (i64 i = 0; i < part.count; ++i) {
            for (i64 j = 0; j < columns; ++j) x(i, j) = from_float<X>(element(part, totals, i, j));
        }
        const auto cast =
            quantize::per_token<Q>(matrix_view<const X>(x.view()), Columns,
                                   Scales == scale::cast_scales::fp32 ? scale_kind::fp32 : scale_kind::ue8m0);
        for (i64 i = 0; i < part.count; ++i) {
            const i64 row = part.first + i;
            for (i64 j = 0; j < columns; ++j)
                d.after[std::size_t((part.d * rows + row) * pitch + j)] = cast.data(i, j).bits;
            u32* const word = &s.after[std::size_t(part.d * scales.matrix_stride + row * scales.stride_mn)];
            for (i64 j = 0; j < words; ++j) {
                u32& bits = word[j * scales.stride_k];
                if (!packed) {
                    bits = bit_cast<u32>(cast.scales(i, j));
                    continue;
                }
                bits = 0;
                for (i64 byte = 4 * j; byte < min(4 * j + 4, groups); ++byte)
                    bits |= quantize::exponent_byte(cast.scales(i, byte)) << (8 * (byte % 4));
            }
        }
    }
    typename Machine::template buffer<u8> d_there(d.before);
    typename Machine::template buffer<u32> s_there(s.before);
    scales.data = s_there.get();
    const std::string failure =
        run_product(machine, product, d_there.get(), pitch, [&](auto& arguments) { sink_of(arguments) = scales; });
    if (failure != "") return failure;
    const std::string wrong = d.difference("element", d_there.read());
    return wrong != "" ? wrong : s.difference("scale", s_there.read());
}

}  // namespace deepgemm::test
