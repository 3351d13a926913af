// SPDX-License-Identifier: MIT
// Problems of the grouped GEMM: stacks whose rows past the count of their group are NaN in A and poisoned in D.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include <deepgemm/ops/grouped_gemm/grouped_gemm.hpp>

#include "../kernel/groups.hpp"
#include "gemm_sample.hpp"

namespace deepgemm::test {

/// Groups with slots of shape.m rows, of which `counts[g]` count; exact integers unless `kind` says otherwise.
template <>
class sample_of<ops::grouped_gemm> {
public:
    sample_of(random_source& random, problem_shape shape, const std::vector<i32>& counts,
              const gemm_traits& what = usual(), numbers kind = numbers::exact)
        : a_(what.a, max(i64(counts.size()), i64(1)), shape.m, shape.k, random, kind),
          b_(what.b, max(i64(counts.size()), i64(1)), whole_columns(what.epilogue, shape.n), shape.k, random, kind),
          steps_(what.epilogue, b_.matrices(), b_.matrices(), shape.m, b_[0].rows, random),
          d_(i64(counts.size()), shape.m, steps_.columns(), what.d),
          accumulation_(kind == numbers::exact ? 0 : tolerance::hopper_fp8),
          counts_(counts) {
        for (std::size_t g = 0; g < counts.size(); ++g) {
            const i32 count = min(max(counts[g], 0), shape.m);
            a_.poison(i64(g), count, shape.m);
            steps_.poison_weights(i64(g), count, shape.m);
            d_.expect(i64(g), 0, rows_of(a_[i64(g)], 0, count), b_[i64(g)], i64(g));
        }
    }

    /// Groups of any numbers of rows up to twice the expected one, the first of none.
    static sample_of of(const gemm_info& kernel, const grouped_workload& work, u64 seed) {
        random_source random(seed);
        std::vector<i32> counts(std::size_t(work.groups), 0);
        for (std::size_t g = 1; g < counts.size(); ++g)
            counts[g] = i32(random.integer(0, min(2 * i64(work.expected_rows), i64(work.shape.m))));
        return {random, work.shape, counts, kernel.traits};
    }
    static double host_bytes(const grouped_workload& work) {
        return 2 * work.groups *
               sample_of<ops::gemm>::host_bytes(work.one());  // each operand twice: in its stack, and alone
    }

    /// What the shipped kernels compute: of FP8, and of BF16.
    static constexpr gemm_traits usual() {
        return {.a = {dtype::e4m3, scale_kind::fp32, {1, 128}},
                .b = {dtype::e4m3, scale_kind::fp32, {128, 128}},
                .groups = grouping::masked};
    }
    static constexpr gemm_traits half() {
        constexpr operand_info plain{dtype::bf16, scale_kind::none};
        return {.a = plain, .b = plain, .groups = grouping::masked};
    }
    static constexpr std::array<gemm_traits, 2> all_shipped() { return {usual(), half()}; }

    /// A, its scales, B, its scales, D, counts, what steps read, and the scales of D.
    std::array<sample_memory, 8> memory() {
        const auto piece = [](const auto& all) {
            return sample_memory{const_cast<void*>(static_cast<const void*>(all.data())), all.size() * sizeof all[0]};
        };
        const auto [inputs, scales] = steps_.memory();
        std::array<sample_memory, 8> all{piece(a_.bytes()),
                                         piece(a_.words()),
                                         piece(b_.bytes()),
                                         piece(b_.words()),
                                         piece(d_.memory().bytes()),
                                         piece(counts_),
                                         inputs,
                                         scales};
        all[4].written = true;
        return all;
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    grouped_problem problem(std::span<void* const> at, i64 expected_rows = 0) {
        grouped_problem made{.a = a_.argument(at[0], at[1]),
                             .b = b_.argument(at[2], at[3]),
                             .d = d_.argument(at[4]),
                             .counts = static_cast<const i32*>(at[5]),
                             .expected_rows = expected_rows,
                             .epilogue = steps_.argument(at[6], at[7])};
        made.a.count = made.b.count = i64(counts_.size());
        return made;
    }
    grouped_problem problem(i64 expected_rows = 0) {
        std::array<void*, 8> here;
        std::ranges::transform(memory(), here.begin(), &sample_memory::data);
        return problem(here, expected_rows);
    }

    std::string verdict() { return d_.verdict(steps_, accumulation_); }
    void restore() {
        d_.memory().restore();
        steps_.restore();
    }

    const operand_stack& a() const { return a_; }
    const operand_stack& b() const { return b_; }
    guarded_matrix& d() { return d_.memory(); }

private:
    operand_stack a_, b_;
    sample_epilogue steps_;
    group_results<bf16> d_;
    double accumulation_;
    std::vector<i32> counts_;
};

/// A sample of the grouped GEMM.
using grouped_sample = sample_of<ops::grouped_gemm>;

/// Runs a problem through the named operation of its types.
template <engine_for<ops::grouped_gemm> Engine>
result<void> run_named(const Engine& engine, const grouped_problem& p, grouped_options options = {}) {
    options.epilogue = p.epilogue;
    const auto plain = [](const scaled_stack& x) { return input_stack{x.first.matrix, x.count, x.matrix_stride}; };
    if (p.a.first.matrix.type == dtype::bf16) {
        return m_grouped_bf16_gemm_nt_masked(engine, plain(p.a), plain(p.b), p.d, p.counts, p.expected_rows, options);
    }
    return m_grouped_fp8_gemm_nt_masked(engine, p.a, p.b, p.d, p.counts, p.expected_rows, options);
}

}  // namespace deepgemm::test
