// SPDX-License-Identifier: MIT
// FP8 whose scales hold for all of K, on the host: which problems are valid, what a kernel is given, which kernels take which
// products, their names, and the reference.
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/reference/argument.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include "fakes.hpp"

namespace end_scales_tests {

using namespace deepgemm;

namespace {

constexpr operand_info by_row{.tile = {1, scale_tile::all}}, as_a_whole{.tile = {scale_tile::all, scale_tile::all}},
    without{.format = scale_kind::none};
constexpr scale_tile rows{1, scale_tile::all}, whole{scale_tile::all, scale_tile::all};

/// A (256, 1024), B (512, 1024) with scales of rows.
gemm_problem rows_problem() {
    gemm_problem made = fakes::problem(256, 512, 1024);
    made.a.scales = per_row_scales(fakes::address(2ull << 40), 256);
    made.b.scales = per_row_scales(fakes::address(4ull << 40), 512);
    return made;
}

/// The traits of a kernel of scales of rows.
gemm_traits rows_kernel(bool promoted = false) {
    gemm_traits made;
    made.a = made.b = by_row;
    made.promoted = promoted;
    return made;
}

gemm_workload work_of(const operand_info& a, const operand_info& b, bool promoted = false) {
    return {.shape = {256, 512, 1024}, .a = a, .b = b, .promoted = promoted};
}

}  // namespace

TEST_CASE("end scales: rows, operands and none are valid on either side, at any stride and at multiples of 4 bytes") {
    gemm_problem p = rows_problem();
    CHECK(validate(p));
    for (const i64 stride : {0, 1, 3, 1000}) {
        p.a.scales = per_row_scales(fakes::address((2ull << 40) + 4), 256, stride);
        CHECK(validate(p));
        CHECK(arguments_of(p).a.scales.stride_mn == stride);
    }
    p.b.scales = per_tensor_scale(fakes::address((4ull << 40) + 12));
    CHECK(validate(p));
    CHECK(arguments_of(p).b.scales.stride_mn == 0);
    CHECK(arguments_of(p).b.scales.data == p.b.scales.data);
    p.a = unscaled(p.a.matrix);
    CHECK(validate(p));
    CHECK(arguments_of(p).a.scales.data == nullptr);
    p.b = unscaled(p.b.matrix);
    CHECK(validate(p));
    p.promoted = true;
    CHECK(validate(p));
    CHECK(workload_of(p).promoted);
    gemm_problem along_k = fakes::problem(256, 512, 1024);
    along_k.promoted = true;
    CHECK(validate(along_k));
    CHECK(!workload_of(along_k).promoted);  // it always is
}

TEST_CASE("end scales: memory of scales may not be D's") {
    gemm_problem p = rows_problem();
    p.a.scales.data = p.d.data;
    const auto outcome = validate(p);
    REQUIRE(!outcome);
    CHECK(outcome.failure().code == errc::bad_alias);
    p = rows_problem();
    p.b.scales.data = nullptr;
    REQUIRE(!validate(p));
    CHECK(validate(p).failure().code == errc::null_pointer);
}

TEST_CASE("end scales: kernels of rows take every pair, and only with the sums that are asked for") {
    for (const operand_info& a : {by_row, as_a_whole, without}) {
        for (const operand_info& b : {by_row, as_a_whole, without}) {
            CHECK(ops::gemm::why_not(rows_kernel(), work_of(a, b)) == nullptr);
            CHECK(ops::gemm::why_not(rows_kernel(true), work_of(a, b, true)) == nullptr);
            CHECK(std::string(ops::gemm::why_not(rows_kernel(true), work_of(a, b))) ==
                  "it promotes the sums of 128 elements of K");
            CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(a, b, true))) ==
                  "the tensor core sums over all of K");
        }
    }
    operand_info other = by_row;
    other.type = dtype::e5m2;
    CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(other, by_row))) == "it takes another A");
    CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(by_row, fakes::per_token))) == "it takes another B");
    CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(fakes::half(), fakes::half()))) ==
          "it takes another A");
    gemm_traits tensor = rows_kernel();
    tensor.a = as_a_whole;
    CHECK(std::string(ops::gemm::why_not(tensor, work_of(by_row, by_row))) == "it takes another A");
    CHECK(ops::gemm::why_not(tensor, work_of(as_a_whole, without)) == nullptr);
    // Without K nothing is summed.
    gemm_workload empty = work_of(by_row, by_row, true);
    empty.shape.k = 0;
    CHECK(ops::gemm::why_not(rows_kernel(), empty) == nullptr);
}

TEST_CASE("end scales: in words, as types, and as hashes") {
    CHECK(to_source(by_row) == "operand<e4m3, scale::per_row<scale::fp32>>");
    CHECK(to_source(as_a_whole) == "operand<e4m3, scale::per_tensor<scale::fp32>>");
    CHECK(to_source(without) == "operand<e4m3>");
    operand_info along_n = by_row;
    along_n.contiguous = major::mn;
    CHECK(describe(along_n, "N") == "e4m3 scaled by row by fp32, contiguous along N");
    CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(by_row, along_n))) == "it takes another B");
    operand_info bare_along_n = without;
    bare_along_n.contiguous = major::mn;
    CHECK(std::string(ops::gemm::why_not(rows_kernel(), work_of(by_row, bare_along_n))) == "it takes another B");
    CHECK(describe(work_of(by_row, as_a_whole)) ==
          "m = 256, n = 512, k = 1024, A e4m3 scaled by row by fp32, B e4m3 scaled as a whole by fp32, D bf16");
    CHECK(describe(work_of(without, without, true)) ==
          "m = 256, n = 512, k = 1024, A e4m3 contiguous along K, B e4m3 contiguous along K, D bf16, sums of 128 of K "
          "promoted");
    const gemm_workload works[] = {work_of(by_row, by_row), work_of(by_row, as_a_whole), work_of(as_a_whole, by_row),
                                   work_of(by_row, without), work_of(by_row, by_row, true)};
    for (const auto& x : works) {
        for (const auto& y : works) CHECK((hash_of(x) == hash_of(y)) == (&x == &y));
    }
}

TEST_CASE("end scales: one tuned row serves all of them, and none that promotes or is scaled along K") {
    const gemm_tuned_row row{.m_max = 256, .n = 512, .k = 1024, .b = rows, .cfg = {.block = {128, 128, 128}}};
    const std::span<const gemm_tuned_row> table(&row, 1);
    for (const operand_info& b : {by_row, as_a_whole, without}) CHECK(find_tuned(table, work_of(by_row, b)) == &row);
    CHECK(find_tuned(table, work_of(by_row, by_row, true)) == nullptr);
    CHECK(find_tuned(table, work_of(fakes::per_token, fakes::per_token)) == nullptr);
    const gemm_tuned_row along_k{.m_max = 256, .n = 512, .k = 1024, .b = {1, 128}, .cfg = {.block = {128, 128, 128}}};
    CHECK(find_tuned(std::span<const gemm_tuned_row>(&along_k, 1), work_of(without, without)) == nullptr);
}

TEST_CASE("end scales: what a product demands") {
    const double elements = 256 * 1024 + 512 * 1024 + 256 * 512 * 2;
    CHECK(demand_of(work_of(by_row, by_row)).bytes == elements + 4 * (256 + 512));
    CHECK(demand_of(work_of(as_a_whole, by_row)).bytes == elements + 4 * (1 + 512));
    CHECK(demand_of(work_of(without, without)).bytes == elements);
}

TEST_CASE("end scales: the reference multiplies by them once") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 m = 5, n = 7, k = 300;
    for (const scale_tile& a_tile : {rows, whole}) {
        for (const scale_tile& b_tile : {rows, whole}) {
            const auto a = quantised_operand<e4m3>::exact(random, m, k, {.tile = a_tile}),
                       b = quantised_operand<e4m3>::exact(random, n, k, {.tile = b_tile});
            CHECK(a.scales.rows() == (a_tile == rows ? m : 1));
            CHECK(a.scales.columns() == 1);
            const auto product = reference::gemm(a.view(), b.view());
            for (i64 row = 0; row < m; ++row) {
                for (i64 column = 0; column < n; ++column) {
                    double sum = 0;
                    for (i64 i = 0; i < k; ++i) sum += double(float(a.data(row, i))) * double(float(b.data(column, i)));
                    const double scale = double(a.scales(a_tile == rows ? row : 0, 0)) *
                                         double(b.scales(b_tile == rows ? column : 0, 0));
                    CHECK(product.value(row, column) == scale * sum);
                }
            }
            CHECK(argument_of(a).scales.rows == (a_tile == rows ? m : 1));
            CHECK(argument_of(a).scales.columns == 1);
        }
    }
}

TEST_CASE("end scales: the bound of the worst data without promotion grows with K, from that with promotion on") {
    CHECK(tolerance::worst_in_place(128) == doctest::Approx(tolerance::worst(dtype::e4m3, 128)).epsilon(0.01));
    CHECK(tolerance::worst_in_place(4096) == doctest::Approx(32 * tolerance::worst_in_place(128)).epsilon(0.01));
}

}  // namespace end_scales_tests
