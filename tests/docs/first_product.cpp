// SPDX-License-Identifier: MIT
// docs/how-to/first-product.md says which sizes, distances and addresses arrays must have: the builders describe just these,
// validate() takes them, and refuses what the page rules out. The sentence that the page quotes is the one that is said.
#include <doctest/doctest.h>
#include <deepgemm/ops/gemm/rules.hpp>

#include "page.hpp"

namespace first_product_tests {

using namespace deepgemm;

namespace {

/// An address that is never read, so many bytes past a multiple of 256.
char* address(int number, int past = 0) { return reinterpret_cast<char*>(std::uintptr_t(number) << 32) + past; }

/// A product of A (m, k) and B (n, k) with rows of such pitches, in FP8 and BF16, and with these scales.
gemm_problem product(i64 m, i64 n, i64 k, const scale_argument& a, const scale_argument& b) {
    const i64 pitch = align_up(k, i64(16));
    return {.a = {row_major(reinterpret_cast<const e4m3*>(address(1)), m, k, pitch), a},
            .b = {row_major(reinterpret_cast<const e4m3*>(address(2)), n, k, pitch), b},
            .d = row_major(reinterpret_cast<bf16*>(address(3)), m, n, align_up(n, i64(8)))};
}

/// The code with which validate() refuses a problem; none if it takes it.
std::optional<errc> code_of(const gemm_problem& problem) {
    const auto outcome = validate(problem);
    if (outcome) return std::nullopt;
    return outcome.failure().code;
}

constexpr scale_kind fp32 = scale_kind::fp32, ue8m0 = scale_kind::ue8m0;

}  // namespace

TEST_CASE("scales are described as the page says") {
    for (const scale_kind kind : {fp32, ue8m0}) {
        for (const i64 mn : {1, 70, 128, 129}) {
            for (const i64 k : {1, 128, 512, 600, 1025}) {
                CAPTURE(mn);
                CAPTURE(k);
                const i64 k_words = ceil_div(k, i64(kind == fp32 ? 128 : 512));
                const auto token = per_token_scales(address(4), kind, mn, k);
                CHECK(token.columns == k_words);
                CHECK(token.row_stride == 1);
                CHECK(token.column_stride == (mn + 3) / 4 * 4);
                const auto k_major = k_major_scales(address(4), kind, mn, k);
                CHECK(k_major.rows == mn);
                CHECK(k_major.row_stride == k_words);
                CHECK(k_major.column_stride == 1);
                const auto block = per_block_scales(address(5), kind, mn, k);
                CHECK(block.rows == ceil_div(mn, i64(128)));
                CHECK(block.row_stride == k_words);
                CHECK(block.column_stride == 1);
                CHECK(validate(product(mn, mn, k, token, block)));
                CHECK(validate(product(mn, mn, k, token, per_token_scales(address(5), kind, mn, k))));
                CHECK(validate(product(mn, mn, k, k_major, block)));
            }
        }
    }
}

TEST_CASE("addresses and strides are as strict as the page says") {
    constexpr i64 m = 70, n = 200, k = 600;
    const auto token = [](int past, i64 stride = 0) { return per_token_scales(address(4, past), fp32, m, k, stride); };
    const auto k_major = [](int past, i64 stride = 0) { return k_major_scales(address(4, past), fp32, m, k, stride); };
    const auto block = [](int past) { return per_block_scales(address(5, past), fp32, n, k); };
    const auto of_a = [&](const scale_argument& scales) { return code_of(product(m, n, k, scales, block(0))); };
    const auto of_b = [&](const scale_argument& scales) { return code_of(product(m, n, k, token(0), scales)); };
    CHECK(of_a(token(16)) == std::nullopt);
    CHECK(of_a(token(4)) == errc::misaligned);
    CHECK(of_a(token(0, 76)) == std::nullopt);
    CHECK(of_a(token(0, 74)) == errc::bad_scales);
    CHECK(of_a(token(0, 68)) == errc::bad_scales);
    CHECK(of_a(k_major(4)) == std::nullopt);
    CHECK(of_a(k_major(2)) == errc::misaligned);
    CHECK(of_a(k_major(0, 6)) == std::nullopt);
    CHECK(of_a(k_major(0, 4)) == errc::bad_scales);
    CHECK(of_b(k_major_scales(address(5), fp32, n, k)) == errc::bad_scales);
    CHECK(of_b(block(4)) == std::nullopt);
    CHECK(of_b(block(2)) == errc::misaligned);

    const auto with = [&](auto change) {
        gemm_problem problem = product(m, n, k, token(0), block(0));
        change(problem);
        return code_of(problem);
    };
    CHECK(with([](auto& p) { p.a.matrix.data = address(1, 16); }) == std::nullopt);
    CHECK(with([](auto& p) { p.a.matrix.data = address(1, 8); }) == errc::misaligned);
    CHECK(with([](auto& p) { p.b.matrix.row_stride = 616; }) == errc::misaligned);
    CHECK(with([](auto& p) { p.d.row_stride = 208; }) == std::nullopt);
    CHECK(with([](auto& p) { p.d.row_stride = 204; }) == errc::misaligned);
}

TEST_CASE("the sentence that the page quotes is said") {
    gemm_problem problem = product(70, 200, 600, per_token_scales(address(4), fp32, 70, 600),
                                   per_block_scales(address(5), fp32, 200, 600));
    problem.a.matrix.row_stride = 601;
    const auto outcome = validate(problem);
    REQUIRE(!outcome);
    CHECK(name_of(outcome.failure().code) + std::string(": ") + outcome.failure().message + "\n" ==
          drawing("docs/how-to/first-product.md", "sentence"));
}

}  // namespace first_product_tests
