// SPDX-License-Identifier: MIT
// Problems of topk: rows of every kind, ranges, NaN outside of them, results that are poisoned.
#pragma once

#include <deepgemm/ops/topk/topk.hpp>

#include <array>
#include <span>
#include <variant>

#include "../kernel/topk_rows.hpp"
#include "sample.hpp"

namespace deepgemm::test {

/// Rows of one type, with random ranges and scores.
template <>
class sample_of<ops::topk> {
public:
    sample_of(random_source& random, const topk_workload& size) : made_(rows(random, size)) {}
    static sample_of of(const topk_info&, const topk_workload& work, u64 seed) {
        random_source random(seed);
        return {random, work};
    }
    static double host_bytes(const topk_workload& work) { return demand_of(work).bytes + 8.0 * work.rows * work.k; }

    /// Logits, first columns, last columns, indices, scores.
    std::array<sample_memory, 5> memory() {
        return std::visit(
            [](auto& m) {
                const auto piece = [](auto& all, bool written = false) {
                    return sample_memory{all.data(), all.size() * sizeof all[0], written};
                };
                return std::array{piece(m.logits), piece(m.first), piece(m.last), piece(m.indices, true),
                                  piece(m.scores, true)};
            },
            made_);
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    topk_problem problem(std::span<void* const> at) const {
        const auto of = [&]<class T>(const topk_rows<T>& made) {
            const auto& size = made.size;
            return topk_problem{.logits = {at[0], dtype_of<T>, size.rows, size.columns, made.pitch, 1},
                                .indices = {at[3], dtype::i32, size.rows, size.k, made.indices_pitch, 1},
                                .scores = {at[4], dtype::f32, size.rows, size.k, made.scores_pitch, 1},
                                .first = static_cast<const i32*>(at[1]),
                                .last = static_cast<const i32*>(at[2]),
                                .rows_of_range = size.rows_of_range};
        };
        return std::visit(of, made_);
    }
    topk_problem problem() {
        std::array<void*, 5> here{};
        const auto all = memory();
        for (std::size_t i = 0; i < all.size(); ++i) here[i] = all[i].data;
        return problem(here);
    }
    std::string verdict() const {
        return std::visit([](const auto& made) { return made.verdict(); }, made_);
    }
    void restore() {
        std::visit([](auto& made) { made.poison(); }, made_);
    }
    /// Other rows and ranges in memory of the same sizes.
    void renew(random_source& random) {
        std::visit([&](auto& made) { made.fill(random, any_kind(random)); }, made_);
    }

private:
    using any_rows = std::variant<topk_rows<float>, topk_rows<bf16>, topk_rows<f16>>;

    static any_rows rows(random_source& random, const topk_workload& size) {
        const topk_size extents{size.rows, size.columns, size.k, true, true, i32(random.integer(1, 3))};
        const row_kind kind = any_kind(random);
        switch (size.logits) {
            case dtype::bf16: return topk_rows<bf16>(random, extents, kind);
            case dtype::f16: return topk_rows<f16>(random, extents, kind);
            default: return topk_rows<float>(random, extents, kind);
        }
    }

    any_rows made_;
};

/// A sample of topk.
using topk_sample = sample_of<ops::topk>;

/// Runs a problem through the named operation.
template <engine_for<ops::topk> Engine>
result<void> run_named(const Engine& engine, const topk_problem& problem, const topk_options& options = {}) {
    return topk(engine, problem, options);
}

}  // namespace deepgemm::test
