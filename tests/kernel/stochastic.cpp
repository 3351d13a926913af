// SPDX-License-Identifier: MIT
// Stochastic rounding to BF16: the bits that its definition gives, in every tile and of every matrix of groups; and what a
// definition must be good for: exact probabilities, no bias, neither rows nor columns nor seeds that go together.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/stochastic.cuh>

#include "epilogue_runs.hpp"

namespace stochastic_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = operand<bf16>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config odd{.block = {128, 72, 64}, .store_rows = 64, .sm90 = {.promote = promotion::never}};
constexpr config pair{.block = {64, 64, 64}, .cluster = {1, 2}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config quantised{.block = {128, 64, 128}};
constexpr config tall{.block = {256, 64, 128}, .stages = 2};

/// The 16 random bits of an element, written anew from their description.
u32 bits_of(u64 seed, u32 matrix, u32 row, u32 column) {
    const auto mix = [](u64 x) {
        const auto word = [](u64 y) { return y & 0xffffffffu; };
        x = word(x);
        x = word((x ^ (x >> 16)) * 0x85ebca6bull);
        x = word((x ^ (x >> 13)) * 0xc2b2ae35ull);
        return x ^ (x >> 16);
    };
    const u64 row_key = mix(row + mix(matrix + mix((seed >> 32) + 0x9e3779b9ull)));
    const u64 column_key = mix(column / 2 + mix((seed & 0xffffffffu) + 0x7f4a7c15ull));
    return u32(mix(row_key ^ column_key) >> (column % 2 * 16)) & 0xffff;
}

/// A number rounded to BF16 by random bits: toward zero, or to the next one away from it.
bf16 rounded(float x, u32 bits) {
    if (std::isnan(x)) return bf16{0x7fff};
    if (std::isinf(x)) return bf16::from_float(x);
    const u32 exact = bit_cast<u32>(x);
    bf16 toward_zero{u16(exact >> 16)};
    if ((exact & 0xffff) + bits > 0xffff) ++toward_zero.bits;
    return toward_zero;
}

/// Numbers that BF16 does not have, of all magnitudes, some too large for it, and some that are none.
struct plant {
    DEEPGEMM_BOTH constexpr float operator()(float value, i32 m, i32 n) const {
        switch (m % 9) {
            case 1: return value * (1.0f / 3);
            case 2: return value * bit_cast<float>(u32(127 - 126) << 23) * 0.37f;
            case 3: return n % 5 == 0 ? bit_cast<float>(0x7f7fc123u) : value;
            case 4: return n % 3 == 0 ? bit_cast<float>(0xff800000u) : bit_cast<float>(0xffc00001u);
            default: return value + 0.123456f;
        }
    }
};

/// A product of planted totals: "" or what is wrong with an element or around D.
template <class K>
std::string outcome_of(const sim::options& machine, const epilogue_product<K>& product, u64 seed, const u64* device) {
    const i64 rows = product.shape.m, columns = product.shape.n, pitch = align_up(columns, i64(8)) + 8;
    written_memory<bf16> d(std::size_t((product.d_matrices * rows + 2) * pitch), bf16::from_float(-77));
    for (const product_part& part : product.parts) {
        if (part.count == 0) continue;
        const reference::product totals = product.totals(part);
        for (i64 i = 0; i < part.count; ++i) {
            for (i64 j = 0; j < columns; ++j) {
                const i64 row = part.first + i;
                const float x = plant{}(float(totals.value(i, j)), i32(row), i32(j));
                const u64 total_seed = seed + (device != nullptr ? *device : 0);
                d.after[std::size_t((part.d * rows + row) * pitch + j)] =
                    rounded(x, bits_of(total_seed, u32(part.d), u32(row), u32(j)));
            }
        }
    }
    std::vector<bf16> there = d.before;
    const std::string failure = run_product(simulated{machine}, product, there.data(), pitch, [&](auto& arguments) {
        arguments.epilogue.rest = {seed, device};
    });
    return failure != "" ? failure : d.difference("element", there);
}

using planted = then<transform<plant>, store_stochastic>;

}  // namespace

TEST_CASE("stochastic rounding: the bits of its definition, whatever the tile") {
    const auto check = []<config Config>() {
        using kernel = gemm<arch::sm90, half, half, planted, Config>;
        on_machines(1, [](random_source& random, const sim::options& machine) {
            for (const problem_shape& shape :
                 {problem_shape{128, 256, 128}, {77, 177, 200}, {5, 520, 72}, {61, 333, 0}}) {
                CAPTURE(shape.m);
                CAPTURE(shape.n);
                const u64 seed = random.bits(), device = random.bits();
                const auto product = dense_product<kernel>(random, shape);
                CHECK(outcome_of(machine, product, seed, nullptr) == "");
                CHECK(outcome_of(machine, product, seed, &device) == "");
            }
        });
    };
    check.operator()<one>();
    check.operator()<wide>();
    check.operator()<odd>();
    check.operator()<pair>();
}

TEST_CASE("stochastic rounding of groups: a matrix of D has bits of its own") {
    const auto check = []<config Config>() {
        using slots = grouped_kernel<tokens, blocks, planted, Config, masked_groups>;
        using rows = grouped_kernel<tokens, blocks, planted, Config, psum_groups>;
        on_machines(1, [](random_source& random, const sim::options& machine) {
            const problem_shape shape{i32(4 * random.integer(1, 80)), i32(random.integer(1, 300)), 130};
            const std::vector<i32> counts = several_counts(random, shape.m);
            CHECK(outcome_of(machine, slots_product<slots>(random, shape, counts), 3, nullptr) == "");
            CHECK(outcome_of(machine, rows_product<rows>(random, shape.n, shape.k, counts, 4), 3, nullptr) == "");
        });
    };
    check.operator()<quantised>();
    check.operator()<tall>();
}

namespace {

/// 512 x 512 random numbers of 16 bits, as elements take them.
constexpr int side = 512;
std::vector<double> sample(u64 seed, i32 matrix = 0) {
    const rounding_bits random = rounding_bits::of(seed, matrix);
    std::vector<double> bits;
    for (i32 m = 0; m < side; ++m) {
        for (i32 n = 0; n < side; n += 2) {
            const u32 word = random.word(m, n);
            bits.push_back((word & 0xffff) / 65535.0 - 0.5);
            bits.push_back((word >> 16) / 65535.0 - 0.5);
        }
    }
    return bits;
}

/// Correlation of two samples in units of its standard deviation for independent ones.
double correlation(const std::vector<double>& a, const std::vector<double>& b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
    return ab / std::sqrt(aa * bb) * std::sqrt(double(a.size()));
}
/// That of a sample with itself, `rows` further down and `columns` further right.
double correlation(const std::vector<double>& a, int rows, int columns) {
    std::vector<double> here, there;
    for (int m = 0; m + rows < side; ++m) {
        for (int n = 0; n + columns < side; ++n) {
            here.push_back(a[std::size_t(m * side + n)]);
            there.push_back(a[std::size_t((m + rows) * side + n + columns)]);
        }
    }
    return correlation(here, there);
}

constexpr double unlikely = 5;  // standard deviations; seeds are constants, so that a test that passes always does

}  // namespace

TEST_CASE("random bits: uniform in every bit and in chunks") {
    for (const u64 seed : {u64(0), u64(1), u64(0x100000000), u64(12345678901234567)}) {
        CAPTURE(seed);
        const auto bits = sample(seed);
        constexpr int bins = 256;
        std::vector<int> count(bins), ones(16);
        for (const double x : bits) {
            const u32 number = u32(std::lround((x + 0.5) * 65535));
            ++count[number >> 8];
            for (int i = 0; i < 16; ++i) ones[std::size_t(i)] += int(number >> i & 1);
        }
        double chi_squared = 0;
        const double each = double(bits.size()) / bins;
        for (const int c : count) chi_squared += (c - each) * (c - each) / each;
        CHECK(std::abs(chi_squared - (bins - 1)) < unlikely * std::sqrt(2.0 * (bins - 1)));
        for (const int c : ones)
            CHECK(std::abs(c - double(bits.size()) / 2) < unlikely * std::sqrt(double(bits.size())) / 2);
    }
}

TEST_CASE("random bits: neighbours, rows, columns, matrices and seeds are independent") {
    for (const u64 seed : {u64(0), u64(1), u64(987654321987654321)}) {
        CAPTURE(seed);
        const auto bits = sample(seed);
        for (const auto& [rows, columns] : {std::pair{0, 1},
                                            {0, 2},
                                            {0, 8},
                                            {0, 64},
                                            {1, 0},
                                            {8, 0},
                                            {16, 0},
                                            {64, 0},
                                            {1, 1},
                                            {1, 2},
                                            {2, 4},
                                            {128, 256}}) {
            CAPTURE(rows);
            CAPTURE(columns);
            CHECK(std::abs(correlation(bits, rows, columns)) < unlikely);
        }
        for (const u64 other : {seed + 1, seed + 2, seed ^ (u64(1) << 32), seed ^ (u64(1) << 63)})
            CHECK(std::abs(correlation(bits, sample(other))) < unlikely);
        CHECK(std::abs(correlation(bits, sample(seed, 1))) < unlikely);
        std::vector<double> turned(bits.size());
        for (int m = 0; m < side; ++m) {
            for (int n = 0; n < side; ++n) turned[std::size_t(n * side + m)] = bits[std::size_t(m * side + n)];
        }
        CHECK(std::abs(correlation(bits, turned)) < unlikely);
    }
}

namespace {

/// Row m is 1 + m / 512 steps of BF16; odd columns are negative.
struct fractions {
    DEEPGEMM_BOTH constexpr float operator()(float, i32 m, i32 n) const {
        const float x = 1.0f + float(m) / 512 / 128;
        return n % 2 == 0 ? x : -x;
    }
};

}  // namespace

TEST_CASE("stochastic rounding of a product: exact probabilities and no bias") {
    using kernel = gemm<arch::sm90, half, half, then<transform<fractions>, store_stochastic>, wide>;
    random_source random(1);
    const auto product = dense_product<kernel>(random, {side, side, 0});
    double worst = 0, mean_error = 0, variance = 0;
    int strangers = 0;  // that are neither of the neighbours
    std::vector<bf16> first;
    for (const u64 seed : {7, 8, 7}) {
        std::vector<bf16> d(side * side);
        CHECK(run_product(simulated{}, product, d.data(), side,
                          [&](auto& arguments) { arguments.epilogue.rest.seed = seed; }) == "");
        for (int m = 0; m < side; ++m) {
            const double fraction = m / 512.0;
            int away = 0;
            for (int n = 0; n < side; ++n) {
                const float x = std::abs(float(d[std::size_t(m * side + n)]));
                strangers += x != 1.0f && x != 1.0f + 1.0f / 128;
                away += x != 1.0f;
                mean_error += (x != 1.0f ? 1 : 0) - fraction;
                variance += fraction * (1 - fraction);
            }
            const double deviation = std::sqrt(side * fraction * (1 - fraction));
            if (m == 0) CHECK(away == 0);  // what BF16 has is kept
            if (m != 0) worst = std::max(worst, std::abs(away - side * fraction) / deviation);
        }
        if (seed == 8) CHECK(d != first);
        if (seed == 7 && !first.empty()) CHECK(d == first);
        if (first.empty()) first = d;
    }
    CHECK(strangers == 0);
    CHECK(worst < unlikely);
    CHECK(std::abs(mean_error) / std::sqrt(variance) < unlikely);
}

}  // namespace stochastic_tests
