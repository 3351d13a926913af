// SPDX-License-Identifier: MIT
// Problems of paged_mqa_logits: contexts of any length, NaN in all that no score depends on, logits that are poisoned.
#pragma once

#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>

#include <array>
#include <span>
#include <stdexcept>
#include <variant>

#include "../kernel/paged_scores.hpp"
#include "sample.hpp"

namespace deepgemm::test {

/// Queries and pages for what a kernel with FP32 weights computes: whole numbers, whose scores are exact, or normal ones.
template <>
class sample_of<ops::paged_mqa_logits> {
public:
    /// A dot product may be off by `error` times its sum of magnitudes, if numbers are not whole.
    sample_of(random_source& random, const paged_mqa_traits& what, paged_sample size,
              double error = tolerance::hopper_fp8)
        : what_(what), made_(scores(random, what, size)), error_(error) {}

    static sample_of of(const paged_mqa_logits_info& kernel, const paged_mqa_logits_workload& work, u64 seed) {
        random_source random(seed);
        return {random, kernel.traits, {work.queries / work.next_n, work.next_n, work.columns, true, false, 0}};
    }
    /// With the operands as FP32, which the judge needs.
    static double host_bytes(const paged_mqa_logits_workload& work) {
        const auto& scores = work.what.stored.scores;
        return demand_of(work).bytes + 4.0 * work.queries * scores.heads * scores.depth;
    }

    /// Queries, cache, weights, lengths, indices, block table, logits.
    std::array<sample_memory, 7> memory() {
        return std::visit(
            [](auto& m) {
                const auto piece = [](auto& all, bool written = false) {
                    return sample_memory{all.data(), all.size() * sizeof all[0], written};
                };
                return std::array{piece(m.q),       piece(m.cache), piece(m.weights),     piece(m.lengths),
                                  piece(m.indices), piece(m.table), piece(m.logits, true)};
            },
            made_);
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    paged_mqa_logits_problem problem(std::span<void* const> at) const {
        const auto of = [&](const auto& made) {
            return paged_mqa_logits_problem{.requests = made.size.requests,
                                            .next_n = made.size.next_n,
                                            .heads = made.traits.heads,
                                            .depth = made.traits.depth,
                                            .columns = made.size.columns,
                                            .block = made.block,
                                            .pages = made.pages,
                                            .q = static_cast<const e4m3*>(at[0]),
                                            .cache = at[1],
                                            .page_stride = made.page_bytes,
                                            .weights = at[2],
                                            .weights_stride = made.weights_pitch,
                                            .lengths = static_cast<const i32*>(at[3]),
                                            .per_query = made.size.per_query,
                                            .indices = made.indices.empty() ? nullptr : static_cast<const i32*>(at[4]),
                                            .block_table = static_cast<const i32*>(at[5]),
                                            .table_columns = made.table_columns,
                                            .table_stride = made.table_pitch,
                                            .logits = at[6],
                                            .logits_type = what_.stored.logits,
                                            .logits_stride = made.pitch,
                                            .form = made.form};
        };
        return std::visit(of, made_);
    }
    paged_mqa_logits_problem problem() {
        std::array<void*, 7> here{};
        const auto all = memory();
        for (std::size_t i = 0; i < all.size(); ++i) here[i] = all[i].data;
        return problem(here);
    }

    std::string verdict() const {
        return std::visit([this](const auto& made) { return made.verdict(error_); }, made_);
    }
    void restore() {
        std::visit([](auto& made) { made.poison(); }, made_);
    }
    /// Other numbers, lengths and pages in memory of the same sizes.
    void renew(random_source& random) {
        std::visit([&](auto& made) { made.fill(random); }, made_);
    }

private:
    using any_scores = std::variant<paged_scores<float, float>, paged_scores<bf16, float>, paged_scores<f16, float>>;

    static any_scores scores(random_source& random, const paged_mqa_traits& what, paged_sample size) {
        const auto make = [&]<class T>(T) -> any_scores {
            return paged_scores<T, float>(random, what.stored.scores, what.block, what.stored.form, size);
        };
        if (what.stored.scores.weights != dtype::f32) throw std::invalid_argument("samples have weights in FP32");
        switch (what.stored.logits) {
            case dtype::bf16: return make(bf16{});
            case dtype::f16: return make(f16{});
            default: return make(0.0f);
        }
    }

    paged_mqa_traits what_;
    any_scores made_;
    double error_;
};

/// A sample of paged_mqa_logits.
using paged_mqa_logits_sample = sample_of<ops::paged_mqa_logits>;

/// Runs a problem through the named operation.
template <engine_for<ops::paged_mqa_logits> Engine>
result<void> run_named(const Engine& engine, const paged_mqa_logits_problem& problem,
                       const paged_mqa_logits_options& options = {}) {
    return fp8_paged_mqa_logits(engine, problem, options);
}

}  // namespace deepgemm::test
