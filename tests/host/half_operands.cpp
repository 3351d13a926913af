// SPDX-License-Identifier: MIT
// 16-bit operands on the host's side of a test: the reference reads them in either order, and the products that kernels are
// tested with (tests/ops/gemm_sample.hpp) hold what they claim.
#include <doctest/doctest.h>

#include "../ops/gemm_sample.hpp"

#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/reference/argument.hpp>

namespace half_operands_tests {

using namespace deepgemm;

namespace {

constexpr operand_info half(dtype type, major contiguous) { return {type, scale_kind::none, {}, contiguous}; }

/// Small integers, different in each place.
template <class T>
void fill(matrix_view<T> x) {
    for (i64 row = 0; row < x.rows; ++row) {
        for (i64 column = 0; column < x.columns; ++column) {
            x(row, column) = T::from_float(float((row * 7 + column * 3) % 11 - 5));
        }
    }
}

/// The reference of the product of two orders against a triple loop.
template <class T>
void check_reference(bool a_turned, bool b_turned) {
    constexpr i64 m = 5, n = 9, k = 20;
    matrix<T> a_memory(a_turned ? k : m, a_turned ? m : k, 24), b_memory(b_turned ? k : n, b_turned ? n : k, 32);
    const auto a = a_turned ? a_memory.view().transposed() : a_memory.view(),
               b = b_turned ? b_memory.view().transposed() : b_memory.view();
    fill(a);
    fill(b);
    const auto p = reference::gemm(reference::plain<T>(a), reference::plain<T>(b));
    for (i64 i = 0; i < m; ++i) {
        for (i64 j = 0; j < n; ++j) {
            double sum = 0, magnitude = 0;
            for (i64 l = 0; l < k; ++l) {
                const double product = to_double(a(i, l)) * to_double(b(j, l));
                sum += product;
                magnitude += std::fabs(product);
            }
            REQUIRE(p.value(i, j) == sum);
            REQUIRE(p.magnitude(i, j) == magnitude);
        }
    }
}

}  // namespace

TEST_CASE("the reference multiplies 16-bit operands in either order") {
    for (const bool a_turned : {false, true}) {
        for (const bool b_turned : {false, true}) {
            check_reference<bf16>(a_turned, b_turned);
            check_reference<f16>(a_turned, b_turned);
        }
    }
}

TEST_CASE("the tolerance for 16-bit operands allows sums in FP32 and little more") {
    constexpr i64 k = 4096;
    random_source random(fresh_seed());
    matrix<bf16> a(3, k), b(4, k);
    random.fill_uniform(a.view(), 0.5f, 1.0f);  // one sign: the worst that cutting can do
    random.fill_uniform(b.view(), 0.5f, 1.0f);
    const auto p = reference::gemm(reference::plain<bf16>(a.view()), reference::plain<bf16>(b.view()));
    matrix<float> d(3, 4);
    for (i64 i = 0; i < 3; ++i) {
        for (i64 j = 0; j < 4; ++j) {
            float sum = 0;
            for (i64 l = 0; l < k; l += 16) {
                double step = sum;
                for (i64 s = l; s < l + 16; ++s) step += to_double(a(i, s)) * to_double(b(j, s));
                sum = float(step);
                if (double(sum) > step) sum = std::nextafter(sum, 0.0f);  // cut, not rounded
            }
            d(i, j) = sum;
        }
    }
    CHECK(reference::compare(d.view(), p, tolerance::half));
    d(2, 1) -= float(to_double(a(2, 7)) * to_double(b(1, 7)));  // without one of its products
    const comparison found = reference::compare(d.view(), p, tolerance::half);
    CHECK(found.wrong == 1);
    CHECK(found.row == 2);
    CHECK(found.column == 1);
}

TEST_CASE("products of 16-bit operands hold the same numbers in every order, and NaN around them") {
    using namespace deepgemm::test;
    for (const dtype type : {dtype::bf16, dtype::f16}) {
        for (const numbers kind : {numbers::exact, numbers::normal}) {
            const u64 seed = fresh_seed();
            random_source first(seed), second(seed);
            const any_operand rows = make_operand(half(type, major::k), 13, 21, 9, kind, first),
                              columns = make_operand(half(type, major::mn), 13, 21, 9, kind, second);
            CHECK(rows.view.row_stride == 40);
            CHECK(rows.view.k_stride == 1);
            CHECK(columns.view.row_stride == 1);
            CHECK(columns.view.k_stride == 32);
            CHECK(rows.data_bytes() == 13 * 40 * 2);
            CHECK(columns.data_bytes() == 21 * 32 * 2);
            int nans = 0;
            for (std::size_t i = 0; i < columns.data_bytes(); i += 2) {
                const auto* const bytes = static_cast<const u8*>(columns.view.data);
                nans += bytes[i] == 0xff && bytes[i + 1] == 0xff;
            }
            CHECK(nans == 21 * (32 - 13));
            std::vector<double> x(21), y(21);
            for (i64 row = 0; row < 13; ++row) {
                rows.view.decode(row, x.data());
                columns.view.decode(row, y.data());
                REQUIRE(x == y);
            }
        }
    }
}

TEST_CASE("products of 16-bit operands are valid problems of their kernel's workload") {
    using namespace deepgemm::test;
    random_source random(fresh_seed());
    for (int i = 0; i < 200; ++i) {
        const gemm_info kind = random_half_kind(random, i % 2 == 0 ? dtype::bf16 : dtype::f16);
        const problem_shape shape{i32(random.integer(2, 40)), i32(random.integer(2, 40)), i32(random.integer(2, 40))};
        gemm_sample p(kind, shape, random.bits(), numbers::exact, random_placement(random, kind));
        const gemm_problem problem = p.problem();
        const auto outcome = validate(problem);
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        const gemm_workload work = workload_of(problem);
        CHECK(work.a == kind.traits.a);
        CHECK(work.b == kind.traits.b);
        CHECK(work.d == kind.traits.d);
        CHECK(work.accumulate == kind.traits.accumulate);
        CHECK(problem.a.scales.data == nullptr);
        CHECK(p.a().argument(&random, &random).matrix.data == &random);
        CHECK(p.a().argument(&random, &random).scales.data == nullptr);
    }
    for (const problem_shape shape : {problem_shape{1, 1, 1}, {1, 30, 40}, {30, 1, 40}, {30, 40, 1}, {3, 4, 0}}) {
        for (const major a : {major::k, major::mn}) {
            for (const major b : {major::k, major::mn}) {
                gemm_info kind;
                kind.traits.a = half(dtype::bf16, a);
                kind.traits.b = half(dtype::bf16, b);
                gemm_sample p(kind, shape, 1);
                CHECK(validate(p.problem()));
                // Pitches must suit kernels of the intended order, even if the problem counts as another one.
                const gemm_arguments given = arguments_of(p.problem());
                CHECK(given.a.pitch % 8 == 0);
                CHECK(given.a.pitch >= (a == major::k ? shape.k : shape.m));
                CHECK(given.b.pitch % 8 == 0);
                CHECK(given.b.pitch >= (b == major::k ? shape.k : shape.n));
            }
        }
    }
}

TEST_CASE("16-bit matrices as arguments") {
    matrix<f16> x(3, 5, 8);
    const input_matrix here = argument_of(x);
    CHECK(here.data == x.data());
    CHECK(here.type == dtype::f16);
    CHECK(here.rows == 3);
    CHECK(here.columns == 5);
    CHECK(here.row_stride == 8);
    const matrix<bf16> y(2, 4);
    CHECK(argument_of(y, &x).data == &x);
    CHECK(argument_of(y).type == dtype::bf16);
}

}  // namespace half_operands_tests
