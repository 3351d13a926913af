// SPDX-License-Identifier: MIT
// Split K on Blackwell by pairs of CTAs and with operands that change places; and in which order parts are added: that of the
// parts, in every kernel, wherever a row's totals meet, and whoever is done first.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/reference/argument.hpp>

#include <algorithm>
#include <set>
#include <vector>

#include "sm100_split.hpp"

namespace sm100_split_order_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr config alone(int parts, int n, int k, int stages = 2) {
    return {.block = {128, n, k}, .stages = stages, .split_k = parts};
}
constexpr config pair(int parts, int n, int k, int stages = 2) {
    return {.block = {128, n, k}, .stages = stages, .cluster = {2, 1}, .split_k = parts, .sm100 = {.ctas = 2}};
}
constexpr config tokens(int parts, int m, int k, int stages = 2) {
    return {.block = {m, 128, k}, .stages = stages, .swap = true, .split_k = parts};
}
constexpr config claimed(config made) {
    made.sm100.tiles = tile_source::claimed;
    return made;
}
constexpr config token_pair(int parts, int m, int k, int stages = 2) {
    return {.block = {m, 128, k},
            .stages = stages,
            .cluster = {1, 2},
            .swap = true,
            .split_k = parts,
            .sm100 = {.ctas = 2}};
}

using half = operand<bf16>;
using by_32 = operand<e4m3, scale::mx<scale::ue8m0>>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
template <major Order = major::k>
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>, Order>;
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;

using pairs = shipped::kernels<kernel_of<half, half, store<bf16>, pair(2, 64, 64, 3)>,
                               kernel_of<by_128, by_block<>, accumulate<float>, pair(3, 224, 128)>,
                               kernel_of<nv4, nv4, store<bf16>, claimed(pair(4, 160, 256))>>;
using few = shipped::kernels<kernel_of<half, half, store<bf16>, tokens(8, 8, 64, 3)>,
                             kernel_of<by_128, by_block<>, store<bf16>, tokens(4, 16, 128, 4)>,
                             kernel_of<by_128, by_block<>, accumulate<bf16>, tokens(7, 64, 128)>,
                             kernel_of<by_32, by_128, store<float>, claimed(tokens(2, 240, 128))>,
                             kernel_of<operand<tf32>, operand<tf32>, store<float>, tokens(2, 24, 32)>,
                             kernel_of<mx4, mx4, store<bf16>, tokens(3, 40, 256)>,
                             kernel_of<by_128, by_block<major::mn>, store<bf16>, token_pair(4, 32, 128)>,
                             kernel_of<half, half, accumulate<float>, token_pair(2, 128, 64)>>;

std::span<const gemm_handle> pair_handles() { return handles(pairs{}); }
std::span<const gemm_handle> few_handles() { return handles(few{}); }

}  // namespace

TEST_CASE("sm100, K in parts: pairs of CTAs") { expect_exact_parts(pair_handles()); }
TEST_CASE("sm100, K in parts: few tokens") { expect_exact_parts(few_handles()); }
TEST_CASE("sm100, K in parts: pairs and tokens on random data, on machines of every policy") {
    for (const auto kernels : {pair_handles(), few_handles()}) expect_close(kernels);
}

namespace {

/// Kernels whose rows meet in every part, with the same three parts of K.
template <config Config>
using sums = kernel_of<half, half, store<float>, Config>;
using thirds = shipped::kernels<sums<alone(3, 64, 64)>, sums<alone(3, 256, 64)>, sums<tokens(3, 8, 64)>,
                                sums<tokens(3, 96, 64)>, sums<pair(3, 32, 64)>>;
std::span<const gemm_handle> third_handles() { return handles(thirds{}); }

/// D of a product, as the bits of its elements, by one kernel on one machine.
std::vector<u32> product_by(const gemm_handle& kernel, const matrix<bf16>& a, const matrix<bf16>& b,
                            sim::options machine = {}) {
    matrix<float> d(a.rows(), b.rows(), align_up(b.rows(), i64(4)));
    machine.num_sms = kernel.info.cfg.cluster_ctas();
    const gemm_problem problem{.a = {argument_of(a)}, .b = {argument_of(b)}, .d = argument_of(d)};
    const auto outcome = kernel.launch(arguments_of(problem), {.stream = &machine});
    REQUIRE_MESSAGE(outcome, outcome.failure().message);
    std::vector<u32> bits;
    for (i64 m = 0; m < d.rows(); ++m) {
        for (i64 n = 0; n < d.columns(); ++n) bits.push_back(bit_cast<u32>(d(m, n)));
    }
    return bits;
}

}  // namespace

TEST_CASE("sm100, K in parts: the first part comes first, in every row") {
    // The parts are 2^24, 1 and -2^24. (2^24 + 1) rounds to 2^24, so that their sum in this order is 0, and 1 in any other.
    matrix<bf16> a(133, 192), b(137, 192);
    const auto fill = [](matrix<bf16>& x, float first, float second, float third) {
        for (i64 row = 0; row < x.rows(); ++row) {
            for (i64 k = 0; k < 192; ++k)
                x(row, k) = bf16::from_float(k == 0 ? first : k == 64 ? second : k == 128 ? third : 0.0f);
        }
    };
    fill(a, 4096, 1, 4096);
    fill(b, 4096, 1, -4096);
    for (const gemm_handle& kernel : third_handles()) {
        CAPTURE(to_source(kernel.info));
        const auto bits = product_by(kernel, a, b);
        CHECK(std::count(bits.begin(), bits.end(), 0u) == a.rows() * b.rows());
    }
}

TEST_CASE("sm100, K in parts: bits depend on neither kernel nor schedule") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    matrix<bf16> a(133, 1000), b(137, 1000);
    random.fill_normal(a.view());
    random.fill_normal(b.view());
    std::set<std::vector<u32>> found;
    for (const gemm_handle& kernel : third_handles()) {
        for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::random, sim::policy::eager})
            found.insert(product_by(kernel, a, b, {.policy = policy, .seed = random.bits()}));
    }
    CHECK(found.size() == 1);
    // Undivided, K is summed in another order: the test would see a difference.
    using whole = shipped::kernels<sums<alone(1, 64, 64)>, sums<tokens(1, 8, 64)>>;
    std::set<std::vector<u32>> undivided;
    for (const gemm_handle& kernel : handles(whole{})) undivided.insert(product_by(kernel, a, b));
    CHECK(undivided.size() == 1);
    CHECK(*undivided.begin() != *found.begin());
}

}  // namespace sm100_split_order_tests
