// SPDX-License-Identifier: MIT
// What products cuBLASLt is asked for: types, orders and scales, with the sentence of each refusal. Nothing is multiplied.
#include <doctest/doctest.h>

#include <deepgemm/ops/gemm/cublaslt_rules.hpp>

#include "fakes.hpp"

namespace cublaslt_rules_tests {

using namespace deepgemm;

namespace {

/// A product in FP8, A (64, 256) and B (96, 256), without scales.
gemm_problem bare() {
    gemm_problem p = fakes::problem(64, 96, 256);
    p.a = unscaled(p.a.matrix);
    p.b = unscaled(p.b.matrix);
    return p;
}
/// The same with a scale for each row of both operands, or one for all.
gemm_problem by_row() {
    gemm_problem p = bare();
    p.a.scales = per_row_scales(fakes::address(2ull << 40), 64);
    p.b.scales = per_row_scales(fakes::address(4ull << 40), 96);
    return p;
}
gemm_problem by_tensor() {
    gemm_problem p = bare();
    p.a.scales = per_tensor_scale(fakes::address(2ull << 40));
    p.b.scales = per_tensor_scale(fakes::address(4ull << 40));
    return p;
}

/// What the rules say of a problem after a change: the code and the sentence, or "fine".
template <class Change>
std::string verdict(gemm_problem p, Change change) {
    change(p);
    const auto outcome = detail::check_cublaslt_problem(p);
    return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
}
std::string verdict(const gemm_problem& p) {
    return verdict(p, [](gemm_problem&) {});
}

}  // namespace

TEST_CASE("cuBLASLt's rules: all 16-bit types and TF32 in both orders, FP8 along K") {
    for (const dtype type : {dtype::bf16, dtype::f16}) {
        for (const major a : {major::k, major::mn}) {
            for (const major b : {major::k, major::mn}) {
                gemm_problem p = fakes::half_problem(33, 50, 65, a, b, type);
                p.d.type = type;
                CHECK(verdict(p) == "fine");
            }
        }
    }
    gemm_problem tf32 = fakes::half_problem(33, 50, 65);
    tf32.a.matrix.type = tf32.b.matrix.type = dtype::tf32;
    tf32.d.type = dtype::f32;
    CHECK(verdict(tf32) == "fine");
    tf32.d.type = dtype::bf16;
    CHECK(verdict(tf32) == "unsupported_type: D is bf16 and A is tf32; cuBLASLt is asked for f32");
    CHECK(verdict(fakes::half_problem(33, 50, 65, major::k, major::k, dtype::f16)) ==
          "unsupported_type: D is bf16 and A is f16; cuBLASLt is asked for f16 or f32");
    CHECK(verdict(bare()) == "fine");
    CHECK(verdict(bare(), [](gemm_problem& p) { p.b.matrix.type = dtype::e5m2; }) == "fine");
    CHECK(verdict(bare(), [](gemm_problem& p) { p.a.matrix.row_stride = 1, p.a.matrix.column_stride = 64; }) ==
          "bad_layout: A has row stride 1 and column stride 64; it must be contiguous along K");
    CHECK(verdict(bare(), [](gemm_problem& p) { p.b.matrix.type = dtype::e2m1x2; }) ==
          "unsupported_type: B is e2m1x2; cuBLASLt is asked for e4m3, e5m2, bf16, f16 or tf32");
}

TEST_CASE("cuBLASLt's rules: FP8 has scales for all of K, of rows of both operands or of none") {
    using p_ = gemm_problem;
    CHECK(verdict(by_row()) == "fine");
    CHECK(verdict(by_tensor()) == "fine");
    CHECK(verdict(by_tensor(), [](p_& p) { p.a = unscaled(p.a.matrix); }) == "fine");
    CHECK(verdict(fakes::problem(64, 96, 256)) ==
          "bad_scales: a scale of A covers 128 elements of K; cuBLASLt is asked for FP8 whose scales hold for all of "
          "K, or "
          "that has none");
    CHECK(
        verdict(by_row(), [](p_& p) { p.b.scales = per_tensor_scale(p.b.scales.data); }) ==
        "bad_scales: A has a scale for each row and B one for all of them, or none; cuBLASLt takes one for each row of "
        "both, or of neither");
    CHECK(verdict(by_row(), [](p_& p) {
              p.a = unscaled(p.a.matrix);
          }).starts_with("bad_scales: B has a scale for each row"));
    CHECK(
        verdict(by_row(), [](p_& p) { p.b.scales.row_stride = 2; }) ==
        "bad_scales: the scales of B have row stride 2; cuBLASLt takes those of rows one after another (row stride 1)");
    CHECK(verdict(by_row(), [](p_& p) {
              p.b.scales.row_stride = 0;
          }).starts_with("bad_scales: the scales of B have row"));
    CHECK(verdict(by_row(), [](p_& p) { p.a.scales.rows = 63; }).starts_with("bad_scales: the scales of A are 63 x 1"));
    CHECK(verdict(by_tensor(), [](p_& p) { p.a.scales.data = nullptr; }) ==
          "null_pointer: the scales of A have no data: their pointer is null");
    CHECK(verdict(by_tensor(), [](p_& p) { p.a.scales.data = fakes::address(2); }) ==
          "misaligned: the scales of A start 2 bytes past a multiple of 4; they are 4-byte words");
    CHECK(verdict(by_row(), [](p_& p) { p.d.data = const_cast<void*>(p.a.scales.data); }).starts_with("bad_alias: "));
    gemm_problem half = fakes::half_problem(64, 96, 256);
    half.a.scales = per_tensor_scale(fakes::address(2ull << 40));
    CHECK(verdict(half).starts_with("bad_scales: A is bf16 and has scales"));
    // Without K nothing is read, so scales do not matter.
    CHECK(verdict(fakes::problem(64, 96, 0)) == "fine");
}

}  // namespace cublaslt_rules_tests
