// SPDX-License-Identifier: MIT
// Problems of mqa_logits: ragged ranges, NaN in all that no score depends on, logits that are poisoned.
#pragma once

#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>

#include <array>
#include <span>
#include <stdexcept>
#include <variant>

#include "../kernel/mqa_scores.hpp"
#include "sample.hpp"

namespace deepgemm::test {

/// Queries and keys for what a kernel with FP32 weights computes: whole numbers, whose scores are exact, or normal ones.
template <>
class sample_of<ops::mqa_logits> {
public:
    /// A dot product may be off by `error` times its sum of magnitudes, if numbers are not whole.
    sample_of(random_source& random, const stored_mqa_traits& what, mqa_sample size,
              double error = tolerance::hopper_fp8)
        : what_(what), made_(scores(random, what, size)), error_(error) {}

    static sample_of of(const mqa_logits_info& kernel, const mqa_logits_workload& work, u64 seed) {
        random_source random(seed);
        return {random, kernel.traits, {work.queries, work.keys, true, false}};
    }
    /// With the operands as FP32, which the judge needs.
    static double host_bytes(const mqa_logits_workload& work) {
        const auto& scores = work.what.scores;
        return demand_of(work).bytes + 4.0 * scores.depth * (double(work.queries) * scores.heads + work.keys);
    }

    /// Queries, keys, scales, weights, first keys, last keys, logits.
    std::array<sample_memory, 7> memory() {
        return std::visit(
            [](auto& m) {
                const auto piece = [](auto& all, bool written = false) {
                    return sample_memory{all.data(), all.size() * sizeof all[0], written};
                };
                return std::array{piece(m.q),     piece(m.key),  piece(m.scale),       piece(m.weights),
                                  piece(m.first), piece(m.last), piece(m.logits, true)};
            },
            made_);
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    mqa_logits_problem problem(std::span<void* const> at) const {
        const auto of = [&](const auto& made) {
            return mqa_logits_problem{.queries = made.size.queries,
                                      .heads = made.traits.heads,
                                      .depth = made.traits.depth,
                                      .keys = made.size.keys,
                                      .q = static_cast<const e4m3*>(at[0]),
                                      .key = static_cast<const e4m3*>(at[1]),
                                      .key_stride = made.key_pitch,
                                      .scale = static_cast<const float*>(at[2]),
                                      .weights = at[3],
                                      .weights_stride = made.weights_pitch,
                                      .first = static_cast<const i32*>(at[4]),
                                      .last = static_cast<const i32*>(at[5]),
                                      .logits = at[6],
                                      .logits_type = what_.logits,
                                      .logits_stride = made.pitch,
                                      .form = made.form,
                                      .columns = made.columns};
        };
        return std::visit(of, made_);
    }
    mqa_logits_problem problem() {
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
    /// Other numbers and ranges in memory of the same sizes.
    void renew(random_source& random) {
        std::visit([&](auto& made) { made.fill(random); }, made_);
    }

private:
    using any_scores = std::variant<mqa_scores<float, float>, mqa_scores<bf16, float>, mqa_scores<f16, float>>;

    static any_scores scores(random_source& random, const stored_mqa_traits& what, mqa_sample size) {
        const auto make = [&]<class T>(T) -> any_scores {
            return mqa_scores<T, float>(random, what.scores, what.form, size);
        };
        if (what.scores.weights != dtype::f32) throw std::invalid_argument("samples have weights in FP32");
        switch (what.logits) {
            case dtype::bf16: return make(bf16{});
            case dtype::f16: return make(f16{});
            default: return make(0.0f);
        }
    }

    stored_mqa_traits what_;
    any_scores made_;
    double error_;
};

/// A sample of mqa_logits.
using mqa_logits_sample = sample_of<ops::mqa_logits>;

/// Runs a problem through the named operation.
template <engine_for<ops::mqa_logits> Engine>
result<void> run_named(const Engine& engine, const mqa_logits_problem& problem,
                       const mqa_logits_options& options = {}) {
    return fp8_mqa_logits(engine, problem, options);
}

}  // namespace deepgemm::test
