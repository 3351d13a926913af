// SPDX-License-Identifier: MIT
// Problems of the HyperConnection prenorm: operands whose padding is NaN, results that are poisoned.
#pragma once

#include <deepgemm/ops/hc_prenorm/hc_prenorm.hpp>

#include <array>
#include <span>

#include "../kernel/prenorm_products.hpp"
#include "sample.hpp"

namespace deepgemm::test {

/// A prenorm with its sums in `parts` parts of K: whole numbers, whose sums are exact, or normal ones.
template <>
class sample_of<ops::hc_prenorm> {
public:
    sample_of(random_source& random, problem_shape shape, i32 parts = 1, bool whole = true)
        : product_(random, shape, parts, whole), tolerance_(whole ? 0 : 4e-6), whole_(whole) {}

    static sample_of of(const hc_prenorm_info&, const hc_prenorm_workload& work, u64 seed) {
        random_source random(seed);
        return {random, work.shape, work.parts};
    }
    static double host_bytes(const hc_prenorm_workload& work) { return demand_of(work).bytes; }

    /// A, B, D and q.
    std::array<sample_memory, 4> memory() {
        const auto piece = [](auto& all, bool written) {
            return sample_memory{all.data(), all.size() * sizeof all[0], written};
        };
        return {piece(product_.a, false), piece(product_.b, false), piece(product_.d, true),
                piece(product_.squares, true)};
    }
    /// The problem as the named operation takes it; `at` says where copies of memory() lie.
    hc_prenorm_problem problem(std::span<void* const> at) const {
        const auto& [m, n, k] = product_.shape;
        const auto matrix = [](auto* data, i64 rows, i64 columns, i64 pitch) {
            auto made = row_major(data, rows, columns);
            made.row_stride = pitch;
            return made;
        };
        return {.a = matrix(static_cast<const bf16*>(at[0]), m, k, product_.a_pitch),
                .b = matrix(static_cast<const float*>(at[1]), n, k, product_.b_pitch),
                .d = {matrix(static_cast<float*>(at[2]), m, n, product_.d_pitch), product_.parts, m * product_.d_pitch},
                .q = matrix(static_cast<float*>(at[3]), product_.parts, m, product_.squares_pitch)};
    }
    hc_prenorm_problem problem() {
        std::array<void*, 4> here{};
        const auto all = memory();
        for (std::size_t i = 0; i < all.size(); ++i) here[i] = all[i].data;
        return problem(here);
    }

    std::string verdict() const { return product_.verdict(tolerance_); }
    void restore() {
        for (auto* const all : {&product_.d, &product_.squares}) std::fill(all->begin(), all->end(), untouched);
    }

    /// Other operands in memory of the same sizes.
    void renew(random_source& random) { product_.fill(random, whole_); }

    prenorm_product& product() { return product_; }

private:
    prenorm_product product_;
    double tolerance_;
    bool whole_;
};

/// A sample of the prenorm.
using hc_prenorm_sample = sample_of<ops::hc_prenorm>;

/// Runs a problem through the named operation that takes it.
template <engine_for<ops::hc_prenorm> Engine>
result<void> run_named(const Engine& engine, const hc_prenorm_problem& p, const hc_prenorm_options& options = {}) {
    if (p.d.count == 1) return tf32_hc_prenorm_gemm(engine, p.a, p.b, p.d.first, p.q, options);
    return tf32_hc_prenorm_gemm(engine, p.a, p.b, p.d, p.q, options);
}

}  // namespace deepgemm::test
