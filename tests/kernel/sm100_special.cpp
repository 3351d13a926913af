// SPDX-License-Identifier: MIT
// Special values on Blackwell: a NaN among elements or scales reaches its row or column of D and nothing else, exponents of
// both scales add up before any sum must fit FP32, and what lies in padding and in bytes of scales beyond K does not matter.
// Shapes, places and machines are random.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>

#include <cmath>

#include "sm100_runs.hpp"

namespace sm100_special_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

template <class T, class Scale, major Order = major::k>
using of = operand<T, Scale, Order>;
using mx = scale::mx<scale::ue8m0>;
using token = scale::per_token<scale::ue8m0>;
using block = scale::per_block<scale::ue8m0>;
using nv = scale::nv<scale::ue4m3>;

constexpr config one(int n, int k) { return {.block = {128, n, k}, .stages = 3}; }
constexpr config pair{.block = {128, 128, 128}, .stages = 3, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
constexpr config few{.block = {24, 128, 128}, .stages = 3, .swap = true};

template <class A, class B, config Config>
using kernel_of = gemm<arch::sm100, A, B, store<float>, Config>;
using all =
    shipped::kernels<kernel_of<of<bf16, scale::none>, of<bf16, scale::none, major::mn>, one(64, 64)>,
                     kernel_of<of<e4m3, token>, of<e4m3, block>, pair>,
                     kernel_of<of<e4m3, mx, major::mn>, of<e4m3, mx, major::mn>, one(128, 128)>,
                     kernel_of<of<e4m3, mx>, of<e4m3, token>, few>, kernel_of<of<e2m1, mx>, of<e2m1, mx>, one(64, 256)>,
                     kernel_of<of<e2m1, nv>, of<e2m1, nv>, one(64, 256)>>;

std::span<const gemm_handle> kernels() { return handles(all{}); }

/// Sets the elements at `row` and `k` of an operand of 8 or 16 bits.
void set(any_operand& x, i64 row, i64 k, u32 bits) {
    const i64 at = row * x.view.row_stride + k * x.view.k_stride;
    if (x.view.type == dtype::bf16) {
        static_cast<u16*>(const_cast<void*>(x.view.data))[at] = u16(bits);
    } else {
        static_cast<u8*>(const_cast<void*>(x.view.data))[at] = u8(bits);
    }
}
/// Sets the scale that covers element k of a row to NaN. Returns the first row and the number of rows that have it.
struct rows_of_scale {
    i64 first, count;
};
rows_of_scale spoil_scale(any_operand& x, i64 row, i64 k) {
    const auto& [kind, tile, words, stride_mn, stride_k] = x.view.scale;
    const i64 number = k / tile.k, place = row / tile.mn * stride_mn + number / 4 * stride_k;
    const u32 nan = kind == scale_kind::ue4m3 ? 0x7f : 0xff, shift = u32(number % 4 * 8);
    u32& word = x.words[std::size_t(place)];
    word = (word & ~(0xffu << shift)) | nan << shift;
    return {row / tile.mn * tile.mn, tile.mn};
}

/// Runs a kernel whose D is NaN in rows `m` and columns `n`, and as expected everywhere else.
void expect_nan(const gemm_handle& kernel, gemm_sample& sample, const sim::options& machine, rows_of_scale m,
                rows_of_scale n) {
    run_kernel(kernel, sample, machine);
    const auto d = sample.d().view<const float>();
    const auto inside = [](rows_of_scale x, i64 i) { return i >= x.first && i < x.first + x.count; };
    i64 wrong = 0;
    for (i64 i = 0; i < d.rows; ++i) {
        for (i64 j = 0; j < d.columns; ++j) {
            const bool spoiled = inside(m, i) || inside(n, j);
            wrong += spoiled ? !std::isnan(d(i, j)) : double(d(i, j)) != sample.expected().value(i, j);
        }
    }
    CHECK(wrong == 0);
}

problem_shape random_shape(random_source& random, const gemm_info& kernel) {
    return even_shape(kernel, {i32(random.integer(1, 300)), i32(random.integer(1, 200)), i32(random.integer(1, 600))});
}

}  // namespace

TEST_CASE("sm100: a NaN among elements or scales reaches its row or column of D, and no other") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        for (const gemm_handle& kernel : kernels()) {
            const problem_shape shape = random_shape(random, kernel.info);
            const auto& [m, n, k] = shape;
            CAPTURE(describe(kernel.info, shape, random.seed()));
            const i64 row = random.integer(0, m - 1), column = random.integer(0, n - 1);
            if (kernel.info.traits.a.type != dtype::e2m1x2) {
                gemm_sample sample(kernel.info, shape, random.bits());
                set(sample.a(), row, random.integer(0, k - 1), 0x7fff);
                set(sample.b(), column, random.integer(0, k - 1), 0xffff);
                expect_nan(kernel, sample, machine, {row, 1}, {column, 1});
            }
            if (kernel.info.traits.a.format != scale_kind::none) {
                gemm_sample sample(kernel.info, shape, random.bits());
                const auto rows = spoil_scale(sample.a(), row, random.integer(0, k - 1)),
                           columns = spoil_scale(sample.b(), column, random.integer(0, k - 1));
                expect_nan(kernel, sample, machine, rows, columns);
            }
        }
    });
}

TEST_CASE("sm100: exponents of both scales add up, beyond what FP32 holds") {
    on_machines(1, [](random_source& random, const sim::options& machine) {
        for (const gemm_handle& kernel : kernels()) {
            const gemm_traits& what = kernel.info.traits;
            if (what.a.type != dtype::e4m3) continue;
            const problem_shape shape = random_shape(random, kernel.info);
            CAPTURE(describe(kernel.info, shape, random.seed()));
            gemm_sample sample(kernel.info, shape, random.bits());
            // Elements 2^-9, the smallest of E4M3, with scales whose product is 2^130; and 448 with 2^-136.
            const bool large = random.integer(0, 1) == 1;
            const u32 code = large ? 0x01 : 0x7e, a_scale = large ? 200 : 60, b_scale = large ? 184 : 58;
            for (any_operand* x : {&sample.a(), &sample.b()}) {
                for (i64 row = 0; row < x->view.rows; ++row) {
                    for (i64 k = 0; k < shape.k; ++k) set(*x, row, k, code);
                }
            }
            for (u32& word : sample.a().words) word = a_scale * 0x01010101u;
            for (u32& word : sample.b().words) word = b_scale * 0x01010101u;
            run_kernel(kernel, sample, machine);
            const float expected =
                float(shape.k) * (large ? 0x1p112f : 0x1.88p17f * 0x1p-136f);  // of one product: 2^-18, or 448 x 448
            const auto d = sample.d().view<const float>();
            i64 wrong = 0;
            for (i64 i = 0; i < d.rows; ++i) {
                for (i64 j = 0; j < d.columns; ++j) wrong += d(i, j) != expected;
            }
            CHECK(wrong == 0);
        }
    });
}

}  // namespace sm100_special_tests
