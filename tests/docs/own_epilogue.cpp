// SPDX-License-Identifier: MIT
// A step and a sink of one's own in a GEMM; docs/concepts/epilogue.md shows this.
#include <doctest/doctest.h>

#include <algorithm>

#include "own_gemm.hpp"

namespace own_epilogue_tests {

namespace dg = deepgemm;

namespace {

// [step]
/// Rotates each pair of columns (n, n + 1) of row m by an angle of its own, as rotary embeddings do. Needs both elements at
/// once, so it is a step and no transform.
struct rotate {
    struct arguments {
        const float* cos_sin = nullptr;  ///< (m, n): cosine and sine of each pair's angle, side by side; 8-byte aligned
        dg::i64 pitch = 0;               ///< elements between rows, even
    };
    using params = arguments;
    static constexpr bool accumulates = false, custom = true;

    DEEPGEMM_BOTH static constexpr params make_params(const dg::gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_DEVICE static dg::element_pair apply(const params& p, dg::element_pair pair, dg::pair_place at) {
        if (!at.second_inside()) return pair;
        using angle = dg::ptx::vec2<float>;
        const auto [cosine, sine] =
            dg::ptx::ld_global_nc(reinterpret_cast<const angle*>(p.cos_sin + at.m * p.pitch + at.n));
        return {pair.x * cosine - pair.y * sine, pair.x * sine + pair.y * cosine};
    }
};
static_assert(dg::epilogue_step<rotate>);
// [step]

// [sink]
/// Stores D as BF16, held within -limit ... limit. Where elements go is store's business.
struct store_limited : dg::store<dg::bf16> {
    struct arguments {
        float limit = 448;
    };
    using params = arguments;
    static constexpr bool custom = true;

    DEEPGEMM_BOTH static constexpr params make_params(const dg::gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_DEVICE static dg::element_pair apply(const params& p, dg::element_pair pair, dg::pair_place) {
        return {dg::max(-p.limit, dg::min(p.limit, pair.x)), dg::max(-p.limit, dg::min(p.limit, pair.y))};
    }
};
static_assert(dg::epilogue<store_limited>);
// [sink]

// [kernel]
using own_gemm = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                          dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>, dg::then<rotate, store_limited>,
                          dg::config{.block = {128, 64, 128}}>;
// [kernel]

}  // namespace

TEST_CASE("a step and a sink of one's own") {
    constexpr int m = 150, n = 72, k = 384;
    dg::random_source random(dg::fresh_seed());
    const auto a = dg::quantised_operand<>::exact(random, m, k, {.tile = {1, 128}});
    const auto b = dg::quantised_operand<>::exact(random, n, k, {.tile = {128, 128}});
    dg::matrix<float> quarter_turns(m, n);  // angles of 0, 90, 180 and 270 degrees keep integers whole
    for (int row = 0; row < m; ++row) {
        for (int column = 0; column < n; column += 2) {
            const int turns = (row + column / 2) % 4;
            quarter_turns.view()(row, column) = turns == 0 ? 1.0f : turns == 2 ? -1.0f : 0.0f;
            quarter_turns.view()(row, column + 1) = turns == 1 ? 1.0f : turns == 3 ? -1.0f : 0.0f;
        }
    }
    dg::matrix<dg::bf16> d(m, n);
    auto arguments = dg::own_arguments<own_gemm>(a, b, d);
    // [arguments]
    arguments.epilogue.first.cos_sin = quarter_turns.data();
    arguments.epilogue.first.pitch = quarter_turns.pitch();
    arguments.epilogue.rest.limit = 100;
    // [arguments]
    dg::sim::launch<own_gemm>(arguments, {.num_sms = 2});

    auto expected = dg::reference::gemm(a.view(), b.view());
    for (int row = 0; row < m; ++row) {
        for (int column = 0; column < n; column += 2) {
            double &x = expected.value(row, column), &y = expected.value(row, column + 1);
            const double cosine = quarter_turns.view()(row, column), sine = quarter_turns.view()(row, column + 1);
            const double turned_x = x * cosine - y * sine, turned_y = x * sine + y * cosine;
            x = std::clamp(turned_x, -100.0, 100.0);
            y = std::clamp(turned_y, -100.0, 100.0);
        }
    }
    const auto result = dg::reference::compare_exact(d.view(), expected);
    CAPTURE(random.seed());
    CHECK_MESSAGE(result.wrong == 0, result.text());
}

}  // namespace own_epilogue_tests
