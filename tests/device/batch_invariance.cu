// SPDX-License-Identifier: MIT
// Batch invariance on a GPU: the first row of products of 1 to 300 rows by the shipped kernels, bit for bit, and all shipped
// kernels of equal split_k against each other. tests/host/batch_invariance.cpp asks the same of the simulator.
#include <doctest/doctest.h>

#include <deepgemm/reference/argument.hpp>

#include <map>
#include <set>

#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;

namespace {

constexpr i64 most_rows = 300;

/// Operands of a product of 300 rows in device memory, and a D for it. Products take the first rows of A.
class operands {
public:
    operands(const scaled_matrix& a, const std::vector<u8>& a_bytes, const std::vector<u32>& a_scales,
             const scaled_matrix& b, const std::vector<u8>& b_bytes, const std::vector<u32>& b_scales)
        : a_(a_bytes),
          b_(b_bytes),
          d_(most_rows * b.matrix.rows * 4),
          a_scales_(a_scales),
          b_scales_(b_scales),
          all_{.a = a, .b = b} {
        all_.a.matrix.data = a_.get();
        all_.b.matrix.data = b_.get();
        if (all_.a.scales.kind == scale_kind::none) return;
        all_.a.scales.data = a_scales_.get();
        all_.b.scales.data = b_scales_.get();
    }

    gemm_problem product(i64 m, dtype d) const {
        gemm_problem made = all_;
        made.a.matrix.rows = m;
        if (made.a.scales.kind != scale_kind::none) made.a.scales.rows = m;
        made.d = {d_.get(), d, m, made.b.matrix.rows, made.b.matrix.rows, 1};
        return made;
    }

private:
    device_array<u8> a_, b_, d_;
    device_array<u32> a_scales_, b_scales_;
    gemm_problem all_;
};

template <class T>
std::vector<u8> bytes_of(const matrix<T>& values) {
    const u8* const first = reinterpret_cast<const u8*>(values.data());
    return {first, first + values.bytes()};
}

/// Wide numbers (rows, k) of a seed.
matrix<float> normal(u64 seed, i64 rows, i64 k) {
    random_source random(seed);
    matrix<float> made(rows, k);
    random.fill_normal(made.view());
    return made;
}

operands of_fp8(u64 seed, i64 n, i64 k) {
    const auto a = quantised_operand<e4m3>::of(normal(seed, most_rows, k).view()),
               b = quantised_operand<e4m3>::of(normal(seed + 1, n, k).view(), {.tile = {128, 128}});
    return {argument_of(a), bytes_of(a.data), a.words, argument_of(b), bytes_of(b.data), b.words};
}

operands of_bf16(u64 seed, i64 n, i64 k) {
    matrix<bf16> a(most_rows, k), b(n, k);
    random_source random(seed);
    random.fill_normal(a.view());
    random.fill_normal(b.view());
    return {unscaled(argument_of(std::as_const(a))), bytes_of(a), {0},
            unscaled(argument_of(std::as_const(b))), bytes_of(b), {0}};
}

/// The bits that row 0 of D has in products of 1 to 300 rows.
std::set<std::vector<u8>> first_rows(const operands& x, dtype d, const context& knobs) {
    const engine engine = shipped(knobs);
    std::set<std::vector<u8>> found;
    for (i64 m = 1; m <= most_rows; ++m) {
        const gemm_problem product = x.product(m, d);
        or_throw(engine.run(product));
        std::vector<u8> row(std::size_t(product.d.columns) * size_of(d));
        check(cudaMemcpy(row.data(), product.d.data, row.size(), cudaMemcpyDeviceToHost));
        found.insert(std::move(row));
    }
    return found;
}

}  // namespace

TEST_CASE("batch invariance: the first row of 1 to 300 rows has the same bits under each rule for split_k") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    int varying = 0;
    for (const auto& [n, k] : {std::pair{576, 7168}, {4096, 7168}, {7168, 2048}, {512, 16384}}) {
        for (const bool fp8 : {true, false}) {
            const operands x = fp8 ? of_fp8(seed, n, k) : of_bf16(seed, n, k);
            for (const dtype d : {dtype::f32, dtype::bf16}) {
                INFO(concat("n = ", n, ", k = ", k, fp8 ? ", FP8, D " : ", BF16, D ", name_of(d)));
                for (const split_rule rule : {split_rule::never, split_rule::as_one_row}) {
                    INFO(concat("split ", name_of(rule)));
                    CHECK(first_rows(x, d, {.split = rule}).size() == 1);
                }
                varying += first_rows(x, d, {}).size() > 1;
            }
        }
    }
    CHECK(varying > 0);  // without a rule the planner's split changes with the number of rows, and bits with it
}

TEST_CASE("batch invariance: shipped kernels of equal operands, epilogue and split_k give the same bits") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    std::map<std::string, std::vector<const gemm_handle*>> alike;
    for (const gemm_handle& kernel : instances::dense()) {
        gemm_info kind = kernel.info;
        kind.cfg = {.split_k = kernel.info.cfg.split_k};
        // With scales of whole rows, sums that are promoted are other ones, which a product asks for.
        alike[concat(to_source(kind), kind.traits.promoted ? ", promoted" : "")].push_back(&kernel);
    }
    std::size_t compared = 0;
    for (const auto& [kind, kernels] : alike) {
        INFO(kind);
        for (const problem_shape shape : {problem_shape{70, 264, 1544}, {5, 520, 7168}}) {
            const problem_shape fitting = test::shape_for(kernels[0]->info, shape.m, shape.n, shape.k);
            for (std::size_t i = 1; i < kernels.size(); ++i) {
                CHECK_MESSAGE(difference(*kernels[0], *kernels[i], fitting, seed) == "",
                              to_source(kernels[i]->info.cfg));
                ++compared;
            }
        }
    }
    CHECK(compared > 100);
}
