// SPDX-License-Identifier: MIT
// Problems of the contiguous grouped GEMM: groups of rows that follow each other, with rows between and behind them that are NaN
// in A and poisoned in D.
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

/// Groups by their ends or by the group of each row, as `what` says; exact integers unless `kind` says otherwise.
template <>
class sample_of<ops::contiguous_gemm> {
public:
    sample_of(random_source& random, i32 n, i32 k, const group_rows& rows, const gemm_traits& what,
              numbers kind = numbers::exact)
        : rows_(rows),
          by_(what.groups),
          m_(rows.starts().back() + rows.more),
          a_(what.a, 1, m_, k, random, kind),
          b_(what.b, max(i64(rows.counts.size()), i64(1)), n, k, random, kind),
          d_(1, m_, n) {
        const std::vector<i32> first = rows.starts();
        const bool by_row = by_ == grouping::indexed;
        if (by_row) list_.assign(std::size_t(m_), -1);
        for (std::size_t g = 0; g < rows.counts.size(); ++g) {
            const i32 end = first[g] + rows.counts[g];
            d_.expect(0, first[g], rows_of(a_[0], first[g], rows.counts[g]), b_[i64(g)]);
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
    static constexpr std::array<gemm_traits, 6> all_shipped() {
        constexpr grouping end = grouping::psum, row = grouping::indexed;
        return {usual(end), usual(row), half(end), half(row), half(end, major::mn), half(row, major::mn)};
    }

    /// A, its scales, B, its scales, D, the list.
    std::array<sample_memory, 6> memory() {
        const auto piece = [](const auto& all) {
            return sample_memory{const_cast<void*>(static_cast<const void*>(all.data())), all.size() * sizeof all[0]};
        };
        std::array<sample_memory, 6> all{piece(a_.bytes()), piece(a_.words()),          piece(b_.bytes()),
                                         piece(b_.words()), piece(d_.memory().bytes()), piece(list_)};
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
                                           .zero_padding = rows_.zero_padding}};
        made.b.count = i64(rows_.counts.size());
        return made;
    }
    contiguous_problem problem(i64 expected_rows = 0) {
        std::array<void*, 6> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here, expected_rows);
    }

    std::string verdict() { return d_.verdict(); }
    void restore() { d_.memory().restore(); }

    i32 rows() const { return m_; }
    const operand_stack& a() const { return a_; }
    const operand_stack& b() const { return b_; }
    guarded_matrix& d() { return d_.memory(); }
    std::vector<i32>& list() { return list_; }

private:
    /// Rows [first, end) have no group.
    void between(i32 first, i32 end, bool become_zero) {
        a_.poison(0, first, end);
        if (!become_zero) return;
        reference::operand nothing = rows_of(a_[0], first, end - first), no_weights = b_[0];
        nothing.k = no_weights.k = 0;
        d_.expect(0, first, nothing, no_weights);
    }

    group_rows rows_;
    grouping by_;
    i32 m_;
    operand_stack a_, b_;
    group_results<bf16> d_;
    std::vector<i32> list_;
};

/// A sample of the contiguous grouped GEMM.
using contiguous_sample = sample_of<ops::contiguous_gemm>;

/// Runs a problem through the named operation of its types.
template <engine_for<ops::contiguous_gemm> Engine>
result<void> run_named(const Engine& engine, const contiguous_problem& p, const grouped_options& options = {}) {
    const auto plain = [](const scaled_stack& x) { return input_stack{x.first.matrix, x.count, x.matrix_stride}; };
    if (p.a.matrix.type != dtype::bf16)
        return m_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups, options);
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
