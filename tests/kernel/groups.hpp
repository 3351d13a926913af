// SPDX-License-Identifier: MIT
// Data for tests of grouped kernels: stacks of operands and slices of them, and the expected content of a stack of results. The
// simulator uses them where they are; tests on a GPU copy them.
#pragma once

#include <deepgemm/host/stack.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/reference/scale_layouts.hpp>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>

#include "../ops/epilogue_sample.hpp"
#include "operands.hpp"

namespace deepgemm::test {

/// Operands (rows, k) as a kernel takes a stack of them: elements and scales of one matrix behind those of the matrix before.
/// Small integers with scales that are powers of two unless `kind` says otherwise; padding is NaN.
class operand_stack {
public:
    operand_stack(const operand_info& info, i64 matrices, i64 rows, i64 k, random_source& random,
                  numbers kind = numbers::exact)
        : matrices_(matrices) {
        for (i64 i = 0; i < matrices; ++i) {
            const any_operand& x = one_.emplace_back(make_operand(info, rows, k, 16, kind, random));
            const auto* const from = static_cast<const u8*>(x.view.data);
            bytes_.insert(bytes_.end(), from, from + x.data_bytes());
            words_.insert(words_.end(), x.words.begin(), x.words.end());
            words_.resize(std::size_t(align_up(i64(words_.size()), i64(4))), 0xffffffffu);  // TMA takes multiples
        }
    }

    /// Matrix `i`, which poison() does not change.
    const reference::operand& operator[](i64 i) const { return one_.at(std::size_t(i)).view; }

    /// Makes rows [first, last) of matrix `i` NaN, and so their scales if single rows have any.
    void poison(i64 i, i64 first, i64 last) {
        const auto& [data, type, rows, k, row_stride, k_stride, scale] = (*this)[i];
        const std::size_t size = std::size_t(size_of(type)), base = std::size_t(i) * bytes_.size() / one_.size();
        u32* const words = words_.data() + std::size_t(i) * words_.size() / one_.size();
        for (i64 row = first; row < last; ++row) {
            for (i64 j = 0; j < k; ++j)
                std::memset(&bytes_[base + std::size_t(row * row_stride + j * k_stride) * size], 0xff, size);
            if (scale.kind == scale_kind::none || scale.tile.mn != 1) continue;
            for (i64 word = 0; word < ceil_div(k, k_per_word(scale.kind, scale.tile)); ++word)
                words[row * scale.stride_mn + word * scale.stride_k] = 0xffffffffu;
        }
    }

    /// Makes elements [first, last) of K of matrix `i` zero.
    void clear_k(i64 i, i64 first, i64 last) { fill_k(i, first, last, 0); }
    /// Makes elements [first, last) of K of matrix `i` NaN, and those of their scales that no other element has.
    void poison_k(i64 i, i64 first, i64 last) {
        const auto& [data, type, rows, k, row_stride, k_stride, scale] = (*this)[i];
        u32* const words = words_.data() + std::size_t(i) * words_.size() / one_.size();
        fill_k(i, first, last, 0xff);
        for (i64 row = 0; row < rows; ++row) {
            if (scale.kind == scale_kind::none || scale.tile.mn != 1 || packed()) continue;
            const i64 of_word = k_per_word(scale.kind, scale.tile);
            for (i64 word = ceil_div(first, of_word); word < last / of_word; ++word)
                words[row * scale.stride_mn + word * scale.stride_k] = 0xffffffffu;
        }
    }

    /// Lays out the UE8M0 scales of the one matrix by groups of K, of `sizes[g]` elements from `first[g]` on: each group begins
    /// with a new word, and their words follow each other. Bytes that no element has, and `surplus` columns of words behind,
    /// are NaN.
    void pack_scales(const std::vector<i32>& first, const std::vector<i32>& sizes, i64 surplus) {
        any_operand& x = one_[0];
        const auto& scale = x.view.scale;
        const i64 pitch = scale.stride_k, mn = x.view.rows;
        std::vector<i64> extents(sizes.begin(), sizes.end());
        std::vector<i64> blocks;  // of K, in the order of groups
        for (std::size_t g = 0; g < sizes.size(); ++g) {
            for (i64 k = 0; k < sizes[g]; k += 128) blocks.push_back((first[g] + k) / 128);
        }
        matrix<float> floats(i64(blocks.size()), pitch);
        for (i64 i = 0; i < floats.rows(); ++i) {
            const i64 block = blocks[std::size_t(i)];
            for (i64 row = 0; row < pitch; ++row) {
                const u32 word = row < mn ? x.words[std::size_t(row + block / 4 * pitch)] : 0x7f7f7f7fu;
                floats(i, row) = std::ldexp(1.0f, int(word >> (8 * (block % 4)) & 0xff) - 127);
            }
        }
        packed_columns_ = reference::k_grouped_words(extents, floats.rows(), i64(sizes.size()), 128) + surplus;
        matrix<u32> words = reference::to_packed_k_grouped(floats.view(), extents, 128, packed_columns_);
        for (std::size_t g = 0; g < sizes.size(); ++g) {
            first_word_.push_back(g == 0 ? 0 : first_word_[g - 1] + ceil_div(extents[g - 1], i64(512)));
            const i64 unused = 4 - ceil_div(extents[g], i64(128)) % 4, last = first_word_[g] + (extents[g] - 1) / 512;
            for (i64 row = 0; row < pitch && extents[g] != 0 && unused != 4; ++row)
                words(last, row) |= 0xffffffffu << (8 * (4 - unused));
        }
        x.words.assign(std::size_t(max(packed_columns_, i64(1)) * pitch), 0xffffffffu);
        for (i64 w = 0; w < packed_columns_; ++w) {
            for (i64 row = 0; row < mn; ++row) x.words[std::size_t(w * pitch + row)] = words(w, row);
        }
        x.view.scale.words = x.words.data();
        words_ = x.words;
    }
    /// Elements [first, first + count) of K of the one matrix, which are those of group `g`.
    reference::operand k_group(std::size_t g, i64 first, i64 count) const;

    /// Cuts K of the one matrix, which is contiguous along K, into groups of `sizes` elements. Each becomes a matrix of its own
    /// without padding, and they lie one after another; the memory that is left over becomes NaN. Scales stay as they are.
    void concatenate(const std::vector<i32>& sizes) {
        const auto& [data, type, rows, k, row_stride, k_stride, scale] = (*this)[0];
        const i64 size = size_of(type);
        std::vector<u8> made;
        i64 first = 0;
        for (const i32 count : sizes) {
            for (i64 row = 0; row < rows; ++row) {
                const auto from = bytes_.begin() + (row * row_stride + first) * size;
                made.insert(made.end(), from, from + count * size);
            }
            first += count;
        }
        made.resize(bytes_.size(), 0xff);
        bytes_ = made;
    }

    /// The stack as an argument; `elements` and `scales` say where copies of bytes() and words() lie.
    scaled_stack argument(const void* elements, const void* scales) const {
        const i64 pitch = i64(bytes_.size()) / size_of((*this)[0].type) / matrices_;
        scaled_matrix one = one_[0].argument(elements, scales);
        if (packed()) one.scales.columns = packed_columns_;
        return {one, matrices_, pitch, i64(words_.size()) / matrices_};
    }
    /// All elements, and all words of scales.
    const std::vector<u8>& bytes() const { return bytes_; }
    const std::vector<u32>& words() const { return words_; }

    /// The stack as an operand of a product; `elements` and `scales` say where copies of bytes() and words() lie.
    operand_arguments at(const void* elements, const void* scales) const {
        const auto& [data, type, rows, k, row_stride, k_stride, scale] = (*this)[0];
        return {
            .data = elements,
            .pitch = max(row_stride, k_stride),
            .scales = {scales, scale.stride_mn, scale.stride_k, i64(words_.size()) / matrices_, i32(packed_columns_)},
            .matrix_pitch = i64(bytes_.size()) / size_of(type) / matrices_};
    }
    i32 matrices() const { return i32(matrices_); }

private:
    bool packed() const { return !first_word_.empty(); }
    void fill_k(i64 i, i64 first, i64 last, int byte) {
        const auto& [data, type, rows, k, row_stride, k_stride, scale] = (*this)[i];
        const std::size_t size = std::size_t(size_of(type)), base = std::size_t(i) * bytes_.size() / one_.size();
        for (i64 row = 0; row < rows; ++row) {
            for (i64 j = first; j < last; ++j)
                std::memset(&bytes_[base + std::size_t(row * row_stride + j * k_stride) * size], byte, size);
        }
    }

    i64 matrices_;
    std::vector<any_operand> one_;
    std::vector<u8> bytes_;
    std::vector<u32> words_;
    std::vector<i64> first_word_;  ///< of each group, if pack_scales() was called
    i64 packed_columns_ = 0;       ///< columns of words then
};

/// A grouped kernel.
template <class A, class B, class Epilogue, config Config, class Groups>
using grouped_kernel =
    gemm<arch::sm90, A, B, Epilogue, Config, grouped<Config.block, Config.cluster, Groups, Config.raster_rows>>;

/// A kernel of groups by the group of each row.
template <class A, class B, class Epilogue, config Config>
using indexed_kernel =
    gemm<arch::sm90, A, B, Epilogue, Config, indexed<Config.block, Config.cluster, Config.raster_rows>>;

/// Rows [first, first + count) of an operand whose scales, if it has any, are those of single rows.
inline reference::operand rows_of(reference::operand x, i64 first, i64 count) {
    x.data = static_cast<const u8*>(x.data) + first * x.row_stride * size_of(x.type);
    if (x.scale.words != nullptr) x.scale.words = static_cast<const u32*>(x.scale.words) + first * x.scale.stride_mn;
    x.rows = count;
    return x;
}

/// Elements [first, first + count) of K of an operand. If it has scales, a word of them begins with the first element.
inline reference::operand k_of(reference::operand x, i64 first, i64 count) {
    x.data = static_cast<const u8*>(x.data) + first * x.k_stride * size_of(x.type);
    if (x.scale.words != nullptr) {
        const i64 word = first / k_per_word(x.scale.kind, x.scale.tile);
        x.scale.words = static_cast<const u32*>(x.scale.words) + word * x.scale.stride_k;
    }
    x.k = count;
    return x;
}

inline reference::operand operand_stack::k_group(std::size_t g, i64 first, i64 count) const {
    reference::operand x = (*this)[0];
    if (!packed()) return k_of(x, first, count);
    const u32* const words = static_cast<const u32*>(x.scale.words) + first_word_.at(g) * x.scale.stride_k;
    x.scale.words = nullptr;
    x = k_of(x, first, count);
    x.scale.words = words;
    return x;
}

/// Results in one matrix or in a stack of them. A kernel must write the rows of its groups and nothing else.
template <class T>
class group_results {
public:
    /// `type` differs from T only where an epilogue casts D.
    group_results(i64 matrices, i64 rows, i64 columns, dtype type = dtype_of<T>)
        : matrices_(matrices), rows_(rows), type_(type), d_(type, matrices * rows, columns, 8) {}

    /// Rows from `first` on of matrix `matrix` have to become the product of `a` and `b`, which is number `of_b` in its stack,
    /// plus what add() is given.
    void expect(i64 matrix, i64 first, const reference::operand& a, const reference::operand& b, i64 of_b = 0) {
        if (a.rows > 0) groups_.push_back({matrix * rows_ + first, a.rows, of_b, reference::gemm(a, b)});
    }
    /// Adds `c`, which lies as D does, to all that is expected.
    void add(matrix_view<const T> c) {
        for (group& g : groups_) reference::add(g.product, c.row_range(g.first, g.count));
    }
    /// Fills D itself with small integers, to be added to.
    void fill(random_source& random) {
        random.fill_integers(view(), -8, 8);
        d_.remember();
    }
    /// All matrices have to sum up to the product of `a` and `b`.
    void expect_sum(const reference::operand& a, const reference::operand& b) {
        sum_ = reference::gemm(a, b), summed_ = true;
    }
    /// Row i of what is expected, in matrix 0, lies in row order[i] of D.
    void reorder(std::vector<i64> order) { order_ = std::move(order); }
    matrix_view<T> view() { return d_.template view<T>(); }
    guarded_matrix& memory() { return d_; }

    /// It as an argument; `memory` is where a copy of memory().bytes() lies.
    output_stack argument(void* memory) {
        output_matrix first = d_.argument(memory);
        first.rows = rows_;
        return {first, matrices_, rows_ * d_.pitch()};
    }
    /// D of a product; `memory` is where a copy of memory().bytes() lies.
    result_arguments<void*> at(void* memory) { return {d_.argument(memory).data, d_.pitch(), rows_ * d_.pitch()}; }
    i32 matrices() const { return i32(matrices_); }

    /// What is wrong with D, in a sentence; "" if nothing is.
    std::string verdict() {
        if (summed_) return verdict_on_sum();
        const std::vector<bool> written = written_rows();
        const std::string wrong = d_.trespass([&](i64 row, i64) { return written[std::size_t(row)]; });
        if (!wrong.empty()) return wrong;
        for (const group& g : groups_) {
            const comparison found = reference::compare_exact(rows_in_order(g), g.product);
            if (!found) return concat("rows from ", g.first, " on: ", found.text());
        }
        return "";
    }

    /// The same of a D that went through the steps of `steps`; each sum is known to `accumulation` times its magnitude.
    std::string verdict(const sample_epilogue& steps, double accumulation) {
        if (!steps.info().any()) return verdict();
        const std::vector<bool> written = written_rows();
        std::string wrong = d_.trespass([&](i64 row, i64) { return written[std::size_t(row)]; });
        if (wrong.empty())
            wrong = steps.trespass([&](i64 d, i64 row) { return written[std::size_t(d * rows_ + row)]; });
        for (const group& g : groups_) {
            if (!wrong.empty()) break;
            const i64 matrix = g.first / rows_, first = g.first % rows_;
            const stepped_product ought = steps.after(g.product, accumulation, matrix, first, g.of_b);
            const auto judge = [&](auto element) {
                const matrix_view<const decltype(element)> all = d_.template view<const decltype(element)>();
                wrong = steps.verdict(all.row_range(g.first, g.count), ought, matrix, first);
            };
            type_ == dtype::e4m3 ? judge(e4m3{}) : judge(T{});
        }
        return wrong;
    }

private:
    struct group {
        i64 first, count, of_b;
        reference::product product;
    };
    /// Row of D that row `row` of what is expected lies in.
    i64 place_of(i64 row) const { return order_.empty() ? row : order_[std::size_t(row)]; }
    /// A group's rows of D. Those that were reordered are copied.
    matrix_view<const T> rows_in_order(const group& g) {
        const matrix_view<const T> d = view();
        if (order_.empty()) return d.row_range(g.first, g.count);
        ordered_ = matrix<T>(g.count, d.columns);
        for (i64 row = 0; row < g.count; ++row) {
            for (i64 column = 0; column < d.columns; ++column)
                ordered_(row, column) = d(place_of(g.first + row), column);
        }
        return ordered_.view();
    }
    /// For each row of D whether it is written.
    std::vector<bool> written_rows() const {
        std::vector<bool> written(static_cast<std::size_t>(matrices_ * rows_));
        for (const group& g : groups_) {
            for (i64 row = g.first; row < g.first + g.count; ++row) written[std::size_t(place_of(row))] = true;
        }
        return written;
    }
    std::string verdict_on_sum() {
        const std::string wrong = d_.trespass([](i64, i64) { return true; });
        if (!wrong.empty()) return wrong;
        const matrix_view<T> d = view();
        matrix<T> sums(rows_, d.columns);
        for (i64 row = 0; row < rows_; ++row) {
            for (i64 column = 0; column < d.columns; ++column) {
                float sum = 0;
                for (i64 i = 0; i < matrices_; ++i) sum += float(d(i * rows_ + row, column));
                sums(row, column) = from_float<T>(sum);
            }
        }
        const comparison found = reference::compare_exact(matrix_view<const T>(sums.view()), sum_);
        return found ? "" : "the sum: " + found.text();
    }

    i64 matrices_, rows_;
    dtype type_;
    guarded_matrix d_;
    std::vector<group> groups_;
    std::vector<i64> order_;  ///< of rows in D; empty: as expected
    matrix<T> ordered_;       ///< a group's rows
    reference::product sum_;  ///< of all matrices, if `summed_`
    bool summed_ = false;
};

/// Rows of each of some groups, from 0 to `most`: none in the first and the last one often, all in some.
inline std::vector<i32> random_counts(random_source& random, i64 most) {
    std::vector<i32> counts(std::size_t(random.integer(1, 7)));
    for (i32& count : counts) {
        const i64 kind = random.integer(0, 3);
        count = i32(kind == 0 ? 0 : kind == 1 ? most : random.integer(0, most));
    }
    if (random.integer(0, 1) == 0) counts.front() = 0;
    if (random.integer(0, 1) == 0) counts.back() = 0;
    return counts;
}

}  // namespace deepgemm::test
