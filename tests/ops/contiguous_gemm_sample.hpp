// SPDX-License-Identifier: MIT
// Problems of the contiguous grouped GEMM: groups of rows that follow each other, with rows between and behind them that are
// NaN in A and poisoned in D. Where rows of A are gathered, those that no group wants are NaN; where rows of D are scattered,
// those to which none goes are poisoned; entries of lists for rows of no group would fault.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>

#include "../kernel/groups.hpp"
#include "gemm_sample.hpp"

namespace deepgemm::test {

/// Rows of each group; the first row of each is a multiple of `alignment`, and `more` rows follow the last one's.
struct group_rows {
    std::vector<i32> counts;
    i32 alignment = 1;
    i32 more = 0;
    bool zero_padding = false;  ///< as in group_list

    /// Where each group begins; the last entry is where another one would.
    std::vector<i32> starts() const {
        std::vector<i32> first{0};
        for (const i32 count : counts) first.push_back(align_up(first.back() + count, alignment));
        return first;
    }
};

/// Rows of an operand, copied one after another in the order of a list.
struct gathered_operand {
    std::vector<u8> bytes;
    std::vector<u32> words;
    reference::operand view;

    /// Rows `rows` of `from`, which has scales of single rows or none. Negative numbers leave a row of zeros.
    gathered_operand(const reference::operand& from, const std::vector<i64>& rows) : view(from) {
        const std::size_t row_bytes = std::size_t(from.k) * std::size_t(size_of(from.type));
        const i64 row_words =
            from.scale.kind == scale_kind::none ? 0 : ceil_div(from.k, k_per_word(from.scale.kind, {1, 128}));
        bytes.resize(rows.size() * row_bytes);
        words.resize(rows.size() * std::size_t(row_words));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i] < 0) continue;
            const auto* const row = static_cast<const u8*>(from.data) + rows[i] * from.row_stride * size_of(from.type);
            std::copy_n(row, row_bytes, bytes.begin() + std::ptrdiff_t(i * row_bytes));
            for (i64 w = 0; w < row_words; ++w) {
                words[i * std::size_t(row_words) + std::size_t(w)] =
                    static_cast<const u32*>(from.scale.words)[rows[i] * from.scale.stride_mn + w * from.scale.stride_k];
            }
        }
        view.data = bytes.data();
        view.rows = i64(rows.size());
        view.row_stride = from.k;
        if (row_words != 0) view.scale.words = words.data();
        view.scale.stride_mn = row_words;
        view.scale.stride_k = 1;
    }
};

/// A list of rows with an entry for each row of a product: of 64 bits if `wide`.
class entries_of_rows {
public:
    /// `count` entries that would fault, since no matrix has that row.
    entries_of_rows(i64 count, bool wide) : wide_(wide), rows_(static_cast<std::size_t>(count), wild) {}
    void set(i64 i, i64 row) { rows_.at(std::size_t(i)) = row; }
    /// The rows, -1 for entries that were not set.
    std::vector<i64> rows() const {
        std::vector<i64> made = rows_;
        std::ranges::replace(made, wild, i64(-1));
        return made;
    }
    /// What a kernel reads, and the list if that lies at `data`.
    std::vector<i32> words() const {
        std::vector<i32> made;
        for (const i64 row : rows_) {
            made.push_back(i32(row));
            if (wide_) made.push_back(i32(row >> 32));
        }
        return made;
    }
    row_list at(const void* data) const { return {rows_.empty() ? nullptr : data, i64(rows_.size()), wide_}; }

private:
    static constexpr i64 wild = 0x7fffffff;
    bool wide_;
    std::vector<i64> rows_;
};

/// Groups by their ends or by the group of each row, as `what` says; exact integers unless `kind` says otherwise. Lists of rows
/// are of 64 bits where groups are by row.
template <>
class sample_of<ops::contiguous_gemm> {
public:
    sample_of(random_source& random, i32 n, i32 k, const group_rows& rows, const gemm_traits& what,
              numbers kind = numbers::exact)
        : rows_(rows),
          by_(what.groups),
          scattered_(what.scattered),
          m_(rows.starts().back() + rows.more),
          a_(what.a, 1, what.a.gathered ? m_ + 37 : m_, k, random, kind),
          b_(what.b, max(i64(rows.counts.size()), i64(1)), whole_columns(what.epilogue, n), k, random, kind),
          steps_(what.epilogue, b_.matrices(), 1, m_, b_[0].rows, random),
          d_(1, what.scattered ? m_ + 29 : m_, steps_.columns(), what.d),
          accumulation_(kind == numbers::exact ? 0 : tolerance::hopper_fp8),
          a_rows_(what.a.gathered ? m_ : 0, by_ == grouping::indexed),
          d_rows_(what.scattered ? m_ : 0, by_ == grouping::indexed) {
        const std::vector<i32> first = rows.starts();
        const bool by_row = by_ == grouping::indexed;
        if (what.a.gathered) gather(random);
        if (what.scattered) scatter(random);
        const gathered_operand gathered(a_[0], a_rows_.rows());
        const reference::operand& product_rows = what.a.gathered ? gathered.view : a_[0];
        if (by_row) list_.assign(std::size_t(m_), -1);
        for (std::size_t g = 0; g < rows.counts.size(); ++g) {
            const i32 end = first[g] + rows.counts[g];
            d_.expect(0, first[g], rows_of(product_rows, first[g], rows.counts[g]), b_[i64(g)], i64(g));
            if (by_row) {
                std::fill(list_.begin() + first[g], list_.begin() + end, i32(g));
            } else {
                list_.push_back(end);
            }
            between(end, first[g + 1], by_row || rows.zero_padding);
        }
        between(first.back(), m_, by_row);
    }

    /// Groups of any numbers of rows up to twice the expected one, in the rows that there are, the first of none.
    static sample_of of(const gemm_info& kernel, const contiguous_workload& work, u64 seed) {
        random_source random(seed);
        group_rows rows{.counts = std::vector<i32>(std::size_t(work.groups), 0)};
        i32 left = work.shape.m;
        for (std::size_t g = 1; g < rows.counts.size(); ++g) {
            rows.counts[g] = i32(random.integer(0, min(2 * i64(work.expected_rows), i64(left))));
            left -= rows.counts[g];
        }
        rows.more = left;
        return {random, work.shape.n, work.shape.k, rows, kernel.traits};
    }
    static double host_bytes(const contiguous_workload& work) {
        gemm_workload weights = work.one();
        weights.shape.m = 1;
        return 2 * (sample_of<ops::gemm>::host_bytes(work.one()) +
                    work.groups * sample_of<ops::gemm>::host_bytes(weights));  // each operand twice
    }

    /// What the shipped kernels compute: of FP8, of BF16, and of BF16 with B contiguous along N.
    static constexpr gemm_traits usual(grouping by) {
        return {.a = {dtype::e4m3, scale_kind::fp32, {1, 128}},
                .b = {dtype::e4m3, scale_kind::fp32, {128, 128}},
                .groups = by};
    }
    static constexpr gemm_traits half(grouping by, major b = major::k) {
        constexpr operand_info plain{dtype::bf16, scale_kind::none};
        gemm_traits made{.a = plain, .b = plain, .groups = by};
        made.b.contiguous = b;
        return made;
    }
    /// The same with gathered rows of A, or with scattered rows of D.
    static constexpr gemm_traits gathering(gemm_traits what) {
        what.a.gathered = true;
        return what;
    }
    static constexpr gemm_traits scattering(gemm_traits what) {
        what.scattered = true;
        return what;
    }
    static constexpr std::array<gemm_traits, 10> all_shipped() {
        constexpr grouping end = grouping::psum, row = grouping::indexed;
        return {usual(end),
                usual(row),
                half(end),
                half(row),
                half(end, major::mn),
                half(row, major::mn),
                gathering(usual(end)),
                gathering(half(row)),
                scattering(usual(row)),
                scattering(half(end))};
    }

    /// A, its scales, B, its scales, D, the list of groups, those of rows of A and of D, what steps read, and the scales of D.
    std::array<sample_memory, 10> memory() {
        const auto piece = [](const auto& all) {
            return sample_memory{const_cast<void*>(static_cast<const void*>(all.data())), all.size() * sizeof all[0]};
        };
        const auto [inputs, scales] = steps_.memory();
        std::array<sample_memory, 10> all{piece(a_.bytes()),
                                          piece(a_.words()),
                                          piece(b_.bytes()),
                                          piece(b_.words()),
                                          piece(d_.memory().bytes()),
                                          piece(list_),
                                          piece(a_words_),
                                          piece(d_words_),
                                          inputs,
                                          scales};
        all[4].written = true;
        return all;
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    contiguous_problem problem(std::span<void* const> at, i64 expected_rows = 0) {
        contiguous_problem made{.a = a_.argument(at[0], at[1]).first,
                                .b = b_.argument(at[2], at[3]),
                                .d = d_.argument(at[4]).first,
                                .groups = {.by = by_,
                                           .data = static_cast<const i32*>(at[5]),
                                           .alignment = rows_.alignment,
                                           .expected_rows = expected_rows,
                                           .zero_padding = rows_.zero_padding && !scattered_},
                                .epilogue = steps_.argument(at[8], at[9]),
                                .a_rows = a_rows_.at(at[6]),
                                .d_rows = d_rows_.at(at[7])};
        made.b.count = i64(rows_.counts.size());
        return made;
    }
    contiguous_problem problem(i64 expected_rows = 0) {
        std::array<void*, 10> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here, expected_rows);
    }

    std::string verdict() { return d_.verdict(steps_, accumulation_); }
    void restore() {
        d_.memory().restore();
        steps_.restore();
    }

    i32 rows() const { return m_; }
    const operand_stack& a() const { return a_; }
    const operand_stack& b() const { return b_; }
    guarded_matrix& d() { return d_.memory(); }
    std::vector<i32>& list() { return list_; }
    /// The rows of A that are gathered, -1 where none is.
    std::vector<i64> rows_of_a() const { return a_rows_.rows(); }
    /// Row of D in which row `row` of the product is stored.
    i64 stored_row(i64 row) const { return scattered_ ? d_rows_.rows().at(std::size_t(row)) : row; }

private:
    /// Draws rows of A for the rows of groups; the others become NaN.
    void gather(random_source& random) {
        std::vector<bool> wanted(static_cast<std::size_t>(m_ + 37));
        for_each_row([&](i64 row) {
            const i64 from = random.integer(0, m_ + 36);
            a_rows_.set(row, from);
            wanted[std::size_t(from)] = true;
        });
        for (i64 row = 0; row < m_ + 37; ++row) {
            if (!wanted[std::size_t(row)]) a_.poison(0, row, row + 1);
        }
        a_words_ = a_rows_.words();
    }
    /// Draws rows of D for the rows of groups, each another one.
    void scatter(random_source& random) {
        std::vector<i64> order(static_cast<std::size_t>(m_ + 29));
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i64(i);
            std::swap(order[i], order[std::size_t(random.integer(0, i64(i)))]);
        }
        for_each_row([&](i64 row) { d_rows_.set(row, order[std::size_t(row)]); });
        d_words_ = d_rows_.words();
        d_.reorder(order);
    }
    /// Calls f(row) for each row of each group.
    template <class F>
    void for_each_row(const F& f) const {
        const std::vector<i32> first = rows_.starts();
        for (std::size_t g = 0; g < rows_.counts.size(); ++g) {
            for (i64 row = first[g]; row < first[g] + rows_.counts[g]; ++row) f(row);
        }
    }
    /// Rows [first, end) have no group.
    void between(i32 first, i32 end, bool become_zero) {
        if (a_rows_.rows().empty()) a_.poison(0, first, end);
        steps_.poison_weights(0, first, end);
        if (!become_zero || scattered_) return;
        reference::operand nothing = rows_of(a_[0], first, end - first), no_weights = b_[0];
        nothing.k = no_weights.k = 0;
        d_.expect(0, first, nothing, no_weights);
    }

    group_rows rows_;
    grouping by_;
    bool scattered_;
    i32 m_;
    operand_stack a_, b_;
    sample_epilogue steps_;
    group_results<bf16> d_;
    double accumulation_;
    entries_of_rows a_rows_, d_rows_;
    std::vector<i32> list_, a_words_, d_words_;
};

/// A sample of the contiguous grouped GEMM.
using contiguous_sample = sample_of<ops::contiguous_gemm>;

/// Runs a problem through the named operation of its types.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> run_named(const Engine& engine, const contiguous_problem& p, grouped_options options = {}) {
    options.epilogue = p.epilogue;
    const auto plain = [](const scaled_stack& x) { return input_stack{x.first.matrix, x.count, x.matrix_stride}; };
    const bool fp8 = p.a.matrix.type != dtype::bf16;
    if (p.a_rows.any()) {
        if (fp8) return m_grouped_fp8_gemm_nt_contiguous_gathered(engine, p.a, p.a_rows, p.b, p.d, p.groups, options);
        return m_grouped_bf16_gemm_nt_contiguous_gathered(engine, p.a.matrix, p.a_rows, plain(p.b), p.d, p.groups,
                                                          options);
    }
    if (p.d_rows.any()) {
        if (fp8) return m_grouped_fp8_gemm_nt_contiguous_scattered(engine, p.a, p.b, p.d, p.d_rows, p.groups, options);
        return m_grouped_bf16_gemm_nt_contiguous_scattered(engine, p.a.matrix, plain(p.b), p.d, p.d_rows, p.groups,
                                                           options);
    }
    if (fp8) return m_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups, options);
    if (contiguous_along(p.b.first.matrix) == major::k)
        return m_grouped_bf16_gemm_nt_contiguous(engine, p.a.matrix, plain(p.b), p.d, p.groups, options);
    input_stack turned = plain(p.b);
    turned.first = transposed(turned.first);
    return m_grouped_bf16_gemm_nn_contiguous(engine, p.a.matrix, turned, p.d, p.groups, options);
}

/// Some groups as a router makes them: of any numbers of rows up to `most`, aligned or not, with rows behind or none.
inline group_rows random_groups(random_source& random, i64 most) {
    const i64 alignments[] = {1, 1, 8, 32, 128};
    group_rows made{.counts = random_counts(random, most), .alignment = i32(alignments[random.integer(0, 4)])};
    made.more = i32(random.integer(0, 1) * random.integer(1, 150));
    made.zero_padding = random.integer(0, 1) == 0;
    return made;
}

}  // namespace deepgemm::test
