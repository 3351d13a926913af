// SPDX-License-Identifier: MIT
// A scale format and a granularity of one's own in a GEMM; docs/concepts/scale_format.md and scale_granularity.md show this.
#include <doctest/doctest.h>

#include "own_gemm.hpp"

namespace own_scale_tests {

namespace dg = deepgemm;

namespace {

// [format]
/// BF16 scales, two to a word along K: half the traffic of FP32, the same range.
struct bf16_pairs {
    static constexpr dg::scale_kind kind = dg::scale_kind::custom;
    static constexpr int per_word = 2;
    DEEPGEMM_BOTH static constexpr float decode(dg::u32 word, int block) {
        return dg::bit_cast<float>(block % 2 == 0 ? word << 16 : word & 0xffff0000u);
    }
};
static_assert(dg::scale_format<bf16_pairs>);
// [format]

// [granularity]
/// One scale for each 64 rows and 128 elements of K: twice as fine as per_block, and like it held in registers.
template <dg::scale_format Format>
struct per_half_block {
    using format = Format;
    static constexpr dg::scale_tile tile{64, 128};
    static constexpr dg::scale::route via = dg::scale::route::registers;
};
static_assert(dg::scale_granularity<per_half_block<dg::scale::fp32>>);
// [granularity]

// [kernel]
using own_gemm = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<bf16_pairs>>,
                          dg::operand<dg::e4m3, per_half_block<dg::scale::fp32>>, dg::store<float>,
                          dg::config{.block = {64, 96, 128}, .sm90 = {.warpgroups = 1}}>;
// [kernel]

/// Raw scales as words of bf16_pairs, MN-major.
std::vector<dg::u32> pair_words(const dg::quantised_operand<>& a) {
    const dg::matrix_view<const float> raw = a.scales;
    std::vector<dg::u32> words(std::size_t(dg::ceil_div(raw.columns, dg::i64(2)) * a.stride_k), 0xffffffffu);
    for (dg::i64 row = 0; row < raw.rows; ++row) {
        for (dg::i64 block = 0; block < raw.columns; ++block) {
            dg::u32& word = words[std::size_t(row + block / 2 * a.stride_k)];
            const dg::u32 bits = dg::bit_cast<dg::u32>(raw(row, block));  // powers of two: the low half is zero
            word = block % 2 == 0 ? (word & 0xffff0000u) | bits >> 16 : (word & 0xffffu) | bits;
        }
    }
    return words;
}

}  // namespace

TEST_CASE("a format and a granularity of one's own") {
    constexpr int m = 100, n = 200, k = 640;  // five K blocks: the last word of a row holds one scale
    dg::random_source random(dg::fresh_seed());
    const auto a = dg::quantised_operand<>::exact(random, m, k, {.tile = {1, 128}});
    const auto b = dg::quantised_operand<>::exact(random, n, k, {.tile = {64, 128}});
    const auto words = pair_words(a);
    dg::matrix<float> d(m, n);
    auto arguments = dg::own_arguments<own_gemm>(a, b, d);
    arguments.a.scales.data = words.data();
    dg::sim::launch<own_gemm>(arguments, {.num_sms = 2});

    const auto result = dg::reference::compare_exact(d.view(), dg::reference::gemm(a.view(), b.view()));
    CAPTURE(random.seed());
    CHECK_MESSAGE(result.wrong == 0, result.text());
}

}  // namespace own_scale_tests
