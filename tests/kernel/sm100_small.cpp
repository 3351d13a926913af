// SPDX-License-Identifier: MIT
// The kernel of Blackwell on FP4 and on TF32. FP4 on both sides has kinds of multiply of its own, with a scale in UE8M0 for
// each 32 elements of K or in UE4M3 for each 16; beside FP8 it is spread over bytes, and gives what the same numbers held as
// FP8 give. Exact data must come out bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/swapped.cuh>

#include <cmath>

#include "sm100_runs.hpp"

namespace sm100_small_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;
template <major Order = major::k>
using single = operand<tf32, scale::none, Order>;

constexpr config of_k(int n, int k, int stages = 3, int ctas = 1) {
    return {.block = {128, n, k}, .stages = stages, .cluster = {ctas, 1}, .sm100 = {.ctas = ctas}};
}
constexpr config tokens(int m, int k, int ctas = 1) {
    return {.block = {m, 128, k}, .stages = 3, .cluster = {1, ctas}, .swap = true, .sm100 = {.ctas = ctas}};
}

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using packed = shipped::kernels<
    kernel_of<mx4, mx4, store<bf16>, of_k(64, 256)>, kernel_of<nv4, nv4, store<float>, of_k(128, 256)>,
    kernel_of<mx4, mx4, accumulate<float>, of_k(224, 256, 2)>,
    kernel_of<nv4, nv4, then<alpha, store<bf16>>, of_k(208, 256, 2)>,
    kernel_of<mx4, mx4, store<bf16>, of_k(192, 256, 2, 2)>, kernel_of<nv4, nv4, accumulate<bf16>, of_k(160, 256, 3, 2)>,
    kernel_of<mx4, mx4, store<bf16>, tokens(24, 256)>, kernel_of<nv4, nv4, store<bf16>, tokens(176, 256, 2)>>;
template <major Order>
using mx4_of = operand<e2m1, scale::mx<scale::ue8m0>, Order>;
template <major Order = major::k>
using by_32 = operand<e4m3, scale::mx<scale::ue8m0>, Order>;
template <major Order = major::k>
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>, Order>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;

using mixed = shipped::kernels<kernel_of<by_128<>, mx4, store<bf16>, of_k(64, 128)>,
                               kernel_of<by_128<>, mx4_of<major::mn>, store<float>, of_k(128, 128)>,
                               kernel_of<mx4, by_32<major::mn>, accumulate<float>, of_k(192, 128)>,
                               kernel_of<mx4_of<major::mn>, mx4_of<major::mn>, store<bf16>, of_k(128, 128)>,
                               kernel_of<mx4_of<major::mn>, by_block, store<bf16>, of_k(80, 128)>,
                               kernel_of<by_128<>, mx4, accumulate<bf16>, of_k(224, 128, 3, 2)>,
                               kernel_of<by_128<major::mn>, mx4_of<major::mn>, accumulate<float>, of_k(128, 128, 3)>,
                               kernel_of<by_128<>, mx4, store<bf16>, tokens(16, 128)>,
                               kernel_of<by_128<>, mx4_of<major::mn>, store<bf16>, tokens(192, 128, 2)>>;
using singles = shipped::kernels<kernel_of<single<>, single<>, store<float>, of_k(64, 32)>,
                                 kernel_of<single<major::mn>, single<major::mn>, store<bf16>, of_k(128, 32)>,
                                 kernel_of<single<>, single<major::mn>, accumulate<float>, of_k(256, 32, 2, 2)>,
                                 kernel_of<single<>, single<>, store<float>, tokens(16, 32)>>;

std::span<const gemm_handle> packed_handles() { return handles(packed{}); }
std::span<const gemm_handle> mixed_handles() { return handles(mixed{}); }
std::span<const gemm_handle> single_handles() { return handles(singles{}); }

}  // namespace

TEST_CASE("sm100: packed FP4") { expect_exact_everywhere(packed_handles()); }
TEST_CASE("sm100: FP4 beside FP8, and in orders that are not packed") { expect_exact_everywhere(mixed_handles()); }
TEST_CASE("sm100: TF32") { expect_exact_everywhere(single_handles()); }
TEST_CASE("sm100: FP4 and TF32 of random data, on machines of every policy") {
    for (const auto kernels : {packed_handles(), mixed_handles(), single_handles()}) expect_close(kernels);
}

namespace {

/// Kernels of FP4, and beside each the one of FP8 for the same numbers.
using as_fp4 = shipped::kernels<kernel_of<mx4, mx4, store<float>, of_k(64, 256)>,
                                kernel_of<by_128<>, mx4, store<float>, of_k(64, 128)>>;
using as_fp8 = shipped::kernels<kernel_of<by_32<>, by_32<>, store<float>, of_k(64, 128)>,
                                kernel_of<by_128<>, by_32<>, store<float>, of_k(64, 128)>>;

/// Replaces an operand's elements by those of `from` held as E4M3, and its scales by those.
void hold_as_fp8(any_operand& to, const any_operand& from) {
    if (from.view.type != dtype::e2m1x2) {
        to = from;
        to.view.scale.words = to.words.data();
        return;
    }
    const matrix_view<const e2m1x2> packed{static_cast<const e2m1x2*>(from.view.data), from.view.rows, from.view.k / 2,
                                           from.view.row_stride / 2, 1};
    const auto kept = std::make_shared<matrix<e4m3>>(quantize::as_fp8(packed, align_up(from.view.k, i64(16))));
    to.words = from.words;
    to.view = {kept->data(), dtype::e4m3, from.view.rows, from.view.k, kept->pitch(), 1, from.view.scale};
    to.view.scale.words = to.words.data();
    to.owner = kept;
}

}  // namespace

TEST_CASE("sm100: FP4 gives what the same numbers held as FP8 give") {
    const auto small = handles(as_fp4{}), large = handles(as_fp8{});
    for (std::size_t i = 0; i < small.size(); ++i) {
        for (const numbers kind : {numbers::exact, numbers::normal}) {
            gemm_sample fp4(small[i].info, {150, 70, 768}, 5, kind), fp8(large[i].info, {150, 70, 768}, 6, kind);
            hold_as_fp8(fp8.a(), fp4.a());
            hold_as_fp8(fp8.b(), fp4.b());
            REQUIRE(run_kernel(small[i], fp4) == "");
            run_kernel(large[i], fp8);  // its sample expects other numbers
            const auto d4 = fp4.d().view<const float>(), d8 = fp8.d().view<const float>();
            const double scale =
                kind == numbers::exact ? 0 : 1e-5;  // a multiply of FP4 sums 64 products, one of FP8 32
            i64 apart = 0;
            for (i64 m = 0; m < 150; ++m) {
                for (i64 n = 0; n < 70; ++n)
                    apart += !(std::fabs(d4(m, n) - d8(m, n)) <= scale * (1 + std::fabs(d8(m, n))));
            }
            CHECK(apart == 0);
            CHECK(fp8.d().bytes() != std::vector<u8>(fp8.d().bytes().size(), 0xff));
        }
    }
}

}  // namespace sm100_small_tests
