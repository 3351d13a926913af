// SPDX-License-Identifier: MIT
// Packing scales by groups on the simulator, what its arguments must keep, and how a caller's scales get there.
#include <doctest/doctest.h>

#include <deepgemm/host/scale_transform.hpp>
#include <deepgemm/reference/scale_layouts.hpp>

#include "packing_cases.hpp"
#include "simulated.hpp"

namespace packing_tests {

using namespace scale_cases;

namespace {

template <class... Parts>
std::string message(const result<Parts...>& verdict) {
    return verdict ? "no error" : verdict.failure().message;
}

}  // namespace

TEST_CASE("rows between groups of rows pack to zero, and their scales are not read") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const bool turned : {false, true}) {
        CAPTURE(turned);
        CHECK(check_packed_rows<simulator>({10, 30, 30, 36}, 16, 40, 5, turned, seed) == "");
        CHECK(check_packed_rows<simulator>({0, 0, 70, 300, 300}, 32, 333, 37, turned, seed) == "");
        CHECK(check_packed_rows<simulator>({}, 128, 9, 4, turned, seed) == "");        // no group at all
        CHECK(check_packed_rows<simulator>({1000}, 128, 65, 33, turned, seed) == "");  // reaches beyond the last row
        CHECK(check_packed_rows<simulator>({1, 225, 449}, 224, 672, 8, turned, seed) == "");
        CHECK(check_packed_rows<simulator>({100, 700, 1100}, 128, 1300, 40, turned, seed) == "");
    }
    std::vector<i32> many;
    for (i32 g = 0, row = 0; g < 150; ++g) {
        many.push_back(row + g % 4);
        row = align_up(many.back(), 4);
    }
    CHECK(check_packed_rows<simulator>(many, 4, many.back() + 3, 6, false, seed) == "");
}

TEST_CASE("scales of groups along K pack group by group") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const bool by_end : {false, true}) {
        CAPTURE(by_end);
        for (const i32 tile_k : {32, 128}) {
            CAPTURE(tile_k);
            CHECK(check_packed_k_groups<simulator>({640, 0, 128, 1024}, tile_k, 132, by_end, 128, 0, 132, seed) == "");
            CHECK(check_packed_k_groups<simulator>({1, 33, 500, 129, 0, 0}, tile_k, 4, by_end, 160, 3, 4, seed) == "");
            CHECK(check_packed_k_groups<simulator>({0, 0, 96}, tile_k, 300, by_end, 32, 2, 301, seed) == "");
            CHECK(check_packed_k_groups<simulator>({4096, 7000, 96}, tile_k, 420, by_end, 32, 0, 420, seed) == "");
            CHECK(check_packed_k_groups<simulator>({0, 0}, tile_k, 8, by_end, 32, 2, 8, seed) == "");
            std::vector<i64> most;
            for (i64 g = 0; g < 128; ++g) most.push_back(g % 5 * 100);
            CHECK(check_packed_k_groups<simulator>(most, tile_k, 12, by_end, 224, 1, 16, seed) == "");
        }
    }
}

TEST_CASE("a scale that is no power of two is reported with its place") {
    for (int i = 0; i < 4; ++i) {
        const u64 seed = fresh_seed() + u64(i);
        INFO("DEEPGEMM_SEED=", seed);
        CHECK(check_reported<simulator>(false, seed) == "");
        CHECK(check_reported<simulator>(true, seed) == "");
    }
    const scale_tensor have{.groups = 2, .rows = 3, .columns = 2, .group_stride = 6, .row_stride = 2};
    float scales[] = {1, 2, 4, 0, 1, 0.5f, 1, 1, 1, 1, 1, 1};
    CHECK(check_packable("A", have, scales));
    scales[9] = 3;
    scales[11] = -1;
    CHECK(
        message(check_packable("A", have, scales)) ==
        "a scale of A is 3, in row 1 and block 1 of K of matrix 1; packed scales must be powers of two from 2^-127 to "
        "2^127, or 0 for 2^-127 (2 are not)");
}

TEST_CASE("nothing to pack launches nothing") {
    CHECK(scale::pack_k_grouped::grid({.rows = 4, .mn = 8, .words = 1}, 132) == 0);
    CHECK(scale::pack_k_grouped::grid({.mn = 8, .groups = 3}, 132) == 0);
    CHECK(scale::pack_k_grouped::grid({.groups = 3, .words = 5}, 132) == 0);
    CHECK(scale::pack_k_grouped::grid({.mn = 4096, .groups = 1, .words = 100000}, 132) == 132 * 16);
    CHECK(validate<scale::pack_k_grouped>(scale::pack_k_grouped_arguments{}));
}

TEST_CASE("rows of words for groups along K") {
    const i64 sizes[] = {640, 0, 100, 4096};
    CHECK(*k_grouped_word_rows(sizes, false, 5 + 1 + 32, 4, 128) == 2 + 1 + 8);
    CHECK(*k_grouped_word_rows(sizes, false, 20 + 4 + 128, 4, 32) == 5 + 1 + 32);
    CHECK(*k_grouped_word_rows(sizes, true, 7, 4, 128) == 11);  // sizes may be rounded up, so rows need not agree
    CHECK(*k_grouped_word_rows({}, true, 38, 4, 128) == (38 + 12) / 4);
    CHECK(*k_grouped_word_rows({}, true, 0, 0, 128) == 0);
    // The bound is never too small.
    random_source random(fresh_seed());
    for (int i = 0; i < 200; ++i) {
        std::vector<i64> some(std::size_t(random.integer(1, 20)));
        i64 rows = 0;
        for (i64& k : some) {
            k = random.integer(0, 1000);
            rows += ceil_div(k, i64(32));
        }
        CHECK(*k_grouped_word_rows({}, true, rows, i64(some.size()), 32) >=
              *k_grouped_word_rows(some, false, rows, i64(some.size()), 32));
        CHECK(*k_grouped_word_rows(some, false, rows, i64(some.size()), 32) ==
              reference::k_grouped_words(some, rows, i64(some.size()), 32));
    }
    CHECK(message(k_grouped_word_rows(sizes, false, 37, 4, 128)) == "there are 37 rows of scales; the groups have 38");
    CHECK(message(k_grouped_word_rows(sizes, false, 38, 5, 128)) == "K of 4 groups is given; there are 5");
    CHECK(message(k_grouped_word_rows(sizes, false, 38, 4, 64)) ==
          "a scale covers 64 elements of K; it must cover 32 or 128");
    const i64 negative[] = {128, -1};
    CHECK(message(k_grouped_word_rows(negative, false, 1, 2, 128)) ==
          "K of a group is -1; it must be from 0 to 2147479552");

    const scale_tensor words{.type = dtype::ue8m0x4, .rows = 11, .columns = 400, .row_stride = 400};
    CHECK(check_k_grouped_words(words, 11));
    CHECK(check_k_grouped_words(words, 0));
    const auto error = [&words](i64 needed, auto change) {
        scale_tensor bad = words;
        change(bad);
        return message(check_k_grouped_words(bad, needed));
    };
    CHECK(error(12, [](auto&) {}) == "packed scales of a K-grouped product have 11 rows of words; they need 12");
    CHECK(error(0, [](auto& x) { x.rows = 0; }) ==
          "packed scales of a K-grouped product have 0 rows of words; they need 1");
    CHECK(error(11, [](auto& x) { x.row_stride = 404; }) ==
          "packed scales of a K-grouped product have strides 404 and 1; they must be 400 and 1");
    CHECK(error(11, [](auto& x) { x.columns = x.row_stride = 402; }) ==
          "packed scales of a K-grouped product have 402 columns; TMA needs a multiple of 4");
    CHECK(error(11, [](auto& x) { x.type = dtype::f32; }) ==
          "packed scales of a K-grouped product are f32; they must be ue8m0x4");
    CHECK(error(11, [](auto& x) { x.groups = 2; }) ==
          "packed scales of a K-grouped product are 2 matrices; they must be one");
}

TEST_CASE("what transforms by groups refuse") {
    using packs = scale::to_mn_major<scale::ue8m0>;
    float in[64] = {};
    alignas(16) u32 out[64] = {}, invalid[4] = {};
    alignas(16) scale::unpackable found;
    const i32 ends[] = {4, 8};
    scale::to_mn_major_arguments good{.in = in, .row_stride = 4, .mn = 8, .blocks = 4, .out = out};
    good.ends = ends;
    good.group_count = 2;
    CHECK(validate<packs>(good));
    CHECK(message(validate<scale::to_mn_major<scale::fp32>>(good)) ==
          "ends of groups of rows are given; only packing leaves rows out");
    auto bad = good;
    bad.alignment = 0;
    CHECK(message(validate<packs>(bad)) == "groups start at multiples of 0; it must be from 1 to 4096");
    bad.alignment = 2147483647;  // ends cannot be rounded up to it in 31 bits
    CHECK(message(validate<packs>(bad)) == "groups start at multiples of 2147483647; it must be from 1 to 4096");
    bad = good;
    bad.groups = 2;
    bad.group_stride = 0;
    CHECK(message(validate<packs>(bad)) ==
          "ends of groups of rows are given with 2 matrices of scales; all rows are in one matrix");
    bad = good;
    bad.found = &found;
    CHECK(message(validate<packs>(bad)) ==
          "a place for an invalid scale is given without a count of them; it would stay empty");
    bad.invalid = invalid;
    CHECK(validate<packs>(bad));
    bad.found = reinterpret_cast<scale::unpackable*>(invalid);
    CHECK(
        message(validate<packs>(bad)) ==
        "the place for an invalid scale overlaps the count of invalid scales in memory; the result would be undefined");

    using groups = scale::pack_k_grouped;
    const scale::pack_k_grouped_arguments fine{
        .in = in, .row_stride = 8, .rows = 8, .mn = 8, .layout = ends, .groups = 2, .out = out, .words = 2};
    CHECK(validate<groups>(fine));
    auto wrong = fine;
    wrong.mn = 6;
    CHECK(message(validate<groups>(wrong)) ==
          "scales of a K-grouped product have 6 columns; TMA, which will read their words, needs a multiple of 4");
    wrong = fine;
    wrong.tile_k = 64;
    CHECK(message(validate<groups>(wrong)) == "a scale covers 64 elements of K; it must cover 32 or 128");
    wrong = fine;
    wrong.groups = 129;
    CHECK(message(validate<groups>(wrong)) == "scales of 129 groups are packed at once; at most 128 are");
    wrong = fine;
    wrong.layout = nullptr;
    CHECK(message(validate<groups>(wrong)) == "the list of groups has no data: its pointer is null");
    wrong = fine;
    wrong.row_stride = 7;
    CHECK(message(validate<groups>(wrong)) == "rows of scales are 7 floats apart; they have 8 each");
    wrong = fine;
    wrong.out = reinterpret_cast<u32*>(in);
    CHECK(message(validate<groups>(wrong)) == "the output overlaps the input in memory; the result would be undefined");
}

TEST_CASE("recipes: defaults, and what a caller may say") {
    using enum recipe_use;
    const auto tiles = [](const recipe_choice& choice, recipe_use use, int arch, bool packed) {
        const auto made = resolve_recipe(choice, use, arch, packed);
        return made ? *made : scale_tiles{{-1, -1}, {-1, -1}};
    };
    CHECK(tiles({}, gemm, 90, false) == scale_tiles{{1, 128}, {128, 128}});
    CHECK(tiles({}, gemm, 90, true) == scale_tiles{{1, 128}, {128, 128}});
    CHECK(tiles({}, gemm, 100, false) == scale_tiles{{1, 128}, {128, 128}});
    CHECK(tiles({}, gemm, 100, true) == scale_tiles{{1, 128}, {1, 128}});
    CHECK(tiles({}, gemm, 103, true) == scale_tiles{{1, 128}, {1, 128}});
    CHECK(tiles({}, einsum, 100, true) == scale_tiles{{1, 128}, {128, 128}});
    CHECK(tiles({}, k_grouped, 100, false) == scale_tiles{{1, 128}, {1, 128}});
    CHECK(tiles({}, moe, 100, true) == scale_tiles{{1, 32}, {1, 32}});
    CHECK(tiles({.a = scale_tile{1, 128}, .b = scale_tile{1, 32}}, gemm, 100, false) == scale_tiles{{1, 128}, {1, 32}});
    CHECK(tiles({.both = scale_recipe{1, 1, 32}}, gemm, 100, false) == scale_tiles{{1, 32}, {1, 32}});
    CHECK(message(resolve_recipe({.both = scale_recipe{}, .b = scale_tile{}}, gemm, 100, false)) ==
          "a recipe for both operands and one for B are given; give the one or the others");
    CHECK(message(resolve_recipe({.a = scale_tile{}}, gemm, 100, false)) ==
          "a recipe is given for A only; give both, or one for both");
    CHECK(message(resolve_recipe({.both = scale_recipe{1, 1, 32}}, gemm, 90, false)) ==
          "a scale of A covers 32 elements of K; on sm_90 it must cover 128");
    CHECK(message(resolve_recipe({.a = scale_tile{1, 128}, .b = scale_tile{1, 64}}, gemm, 100, false)) ==
          "a scale of B covers 64 elements of K; on sm_100 it must cover 32 or 128");
    CHECK(message(resolve_recipe({.both = scale_recipe{0, 1, 128}}, gemm, 100, false)) ==
          "a scale of A covers 0 rows; it must cover at least 1");
    CHECK(message(resolve_recipe({.a = scale_tile{1, 128}, .b = scale_tile{1, 32}}, k_grouped, 100, false)) ==
          "scales of a K-grouped product cover 128 elements of K of A and 32 of B; both must cover the same");
}

TEST_CASE("alignment") {
    CHECK(*tma_aligned_extent(97, 4) == 100);
    CHECK(*tma_aligned_extent(97, 1) == 112);
    CHECK(*tma_aligned_extent(96, 2) == 96);
    CHECK(message(tma_aligned_extent(97, 3)) == "elements have 3 bytes; it must be 1, 2, 4, 8 or 16");
    CHECK(message(tma_aligned_extent(97, 0)) == "elements have 0 bytes; it must be 1, 2, 4, 8 or 16");
    CHECK(message(tma_aligned_extent(-5, 4)) == "the number of elements is -5; it must be from 0 to 2147479552");
    const std::pair<i32, i32> expected[] = {{0, 224},   {1, 32},    {32, 32},   {33, 64},   {24, 32},
                                            {230, 224}, {224, 224}, {193, 224}, {192, 192}, {1 << 30, 224}};
    for (const auto& [expected_rows, alignment] : expected) {
        const i32 rows = expected_rows;
        CAPTURE(rows);
        CHECK(best_group_alignment(100, rows) == alignment);
        CHECK(best_group_alignment(90, rows) == 128);
        i32 other = 224;  // the specification's wording: 32 less while that is still 32 or more, and the rows or more
        while (rows != 0 && other - 32 >= 32 && other - 32 >= rows) other -= 32;
        CHECK(best_group_alignment(103, rows) == other);
    }
}

TEST_CASE("a caller's scales are transformed as planned") {
    // 300 rows in blocks of 128 and 1000 elements of K, two matrices, contiguous along rows.
    const scale_tensor have{
        .groups = 2, .rows = 3, .columns = 8, .group_stride = 24, .row_stride = 1, .column_stride = 3};
    const scale_requirement need{.mn = 300, .k = 1000, .tile = {128, 128}, .groups = 2, .arch = 100};
    const auto plan = plan_scale_layout(have, need);
    REQUIRE(plan);
    REQUIRE(*plan == scale_plan{scale_layout::packed, scale_step::pack});
    const scale_words words = transformed(have, need, *plan);
    CHECK(words.pitch == 300);
    CHECK(words.words == 2);
    CHECK(words.count() == 2 * 2 * 300);
    std::vector<float> scales(48);
    random_source random(fresh_seed());
    for (float& scale : scales) scale = std::ldexp(1.0f, int(random.integer(-30, 30)));
    std::vector<u32> out(std::size_t(words.count()), 0xffffffffu);
    simulator::run<scale::to_mn_major<scale::ue8m0>>(transform_arguments(have, need, scales.data(), out.data()));
    int wrong = 0;
    for (i64 g = 0; g < 2; ++g) {
        for (i64 row = 0; row < 300; ++row) {
            for (i64 block = 0; block < 8; ++block) {
                const u32 word = out[std::size_t((g * 2 + block / 4) * 300 + row)];
                wrong += (word >> (8 * (block % 4)) & 255) !=
                         exponent_of(scales[std::size_t(g * 24 + row / 128 + 3 * block)]);
            }
        }
    }
    CHECK(wrong == 0);
}

}  // namespace packing_tests
