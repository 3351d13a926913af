// SPDX-License-Identifier: MIT
// The reference of the scale layouts against an oracle in terms of bytes (exponents, zero-padded, reinterpreted, transposed),
// its errors, and the decision which transform a caller's scales need.
#include <doctest/doctest.h>

#include <deepgemm/host/scale_layout.hpp>
#include <deepgemm/reference/random.hpp>
#include <deepgemm/reference/scale_layouts.hpp>

using namespace deepgemm;
using reference::raw_scales;

namespace {

/// Groups of scales, each a power of two, row after row of `blocks`.
struct stack {
    i64 groups, rows, blocks;
    matrix<float> all;
    stack(i64 g, i64 r, i64 b, u64 seed) : groups(g), rows(r), blocks(b), all(g * r, b) {
        random_source(fresh_seed() + seed).fill_powers_of_two(all.view(), -20, 20);
    }
    raw_scales raw(i64 tile_mn = 1) const {
        return {all.data(), groups, rows, blocks, rows * blocks, blocks, 1, tile_mn};
    }
};

/// Packed words by another route: a byte matrix, padded with zeros on both axes, read four bytes at a time.
std::vector<u32> packed_oracle(const stack& in) {
    const i64 pitch = align_up(in.rows, i64(4)), width = align_up(in.blocks, i64(4));
    std::vector<u32> out(std::size_t(in.groups * pitch * width / 4));
    for (i64 g = 0; g < in.groups; ++g) {
        std::vector<u8> bytes(std::size_t(pitch * width), 0);
        for (i64 i = 0; i < in.rows; ++i) {
            for (i64 b = 0; b < in.blocks; ++b) {
                bytes[std::size_t(i * width + b)] = u8(bit_cast<u32>(in.all(g * in.rows + i, b)) >> 23);
            }
        }
        for (i64 w = 0; w < width / 4; ++w) {
            for (i64 i = 0; i < pitch; ++i) {
                std::memcpy(&out[std::size_t((g * (width / 4) + w) * pitch + i)],
                            &bytes[std::size_t(i * width + 4 * w)], 4);
            }
        }
    }
    return out;
}

}  // namespace

TEST_CASE("floats become MN-major with aligned columns") {
    for (const i64 groups : {1, 3}) {
        const stack in(groups, 97, 5, 1);
        const auto out = reference::to_mn_major(in.raw(), in.rows);
        CHECK(out.pitch == 100);
        REQUIRE(out.data.size() == std::size_t(groups * 5 * 100));
        for (i64 g = 0; g < groups; ++g) {
            for (i64 b = 0; b < 5; ++b) {
                for (i64 i = 0; i < 97; ++i) {
                    REQUIRE(out.data[std::size_t(g * 500 + b * 100 + i)] == in.all(g * 97 + i, b));
                }
                for (i64 i = 97; i < 100; ++i) REQUIRE(std::isnan(out.data[std::size_t(g * 500 + b * 100 + i)]));
            }
        }
    }
}

TEST_CASE("packed words agree with the byte-wise oracle") {
    for (const i64 blocks : {1, 4, 7}) {
        const stack in(2, 97, blocks, u64(blocks));
        const auto out = reference::to_packed(in.raw(), in.rows);
        const auto expected = packed_oracle(in);
        REQUIRE(out.data.size() == expected.size());
        int wrong = 0;
        for (std::size_t i = 0; i < expected.size(); ++i)
            wrong += i64(i) % out.pitch < in.rows && out.data[i] != expected[i];
        CHECK(wrong == 0);
    }
}

TEST_CASE("strides, and tiles of several rows") {
    const stack in(1, 3, 6, 2);
    matrix<float> turned(6, 3);
    for (i64 i = 0; i < 3; ++i) {
        for (i64 b = 0; b < 6; ++b) turned(b, i) = in.all(i, b);
    }
    const auto expected = reference::to_packed(in.raw(), 3);
    CHECK(reference::to_packed(reference::raw(turned.view().transposed()), 3).data == expected.data);
    const auto repeated = reference::to_packed(in.raw(128), 300);
    for (const i64 row : {0, 127, 128, 255, 256, 299}) CHECK(repeated.at(0, row, 1) == expected.at(0, row / 128, 1));
}

TEST_CASE("a scale that is no power of two becomes NaN, and no other byte changes") {
    stack in(2, 8, 4, 3);
    const u32 others = reference::to_packed(in.raw(), 8).at(1, 5, 0) & 0xff00ffff;
    for (const float scale : {3.0f, 1.5f, -2.0f, -0.0f, 0x1p-128f, __builtin_inff(), __builtin_nanf("")}) {
        in.all(8 + 5, 2) = scale;
        CHECK(reference::to_packed(in.raw(), 8).at(1, 5, 0) == (others | 0xff0000));
    }
    for (const float scale : {0.0f, 0x1p-127f}) {
        in.all(8 + 5, 2) = scale;
        CHECK(reference::to_packed(in.raw(), 8).at(1, 5, 0) == others);
    }
}

TEST_CASE("rows between groups pack to zero, whatever they hold") {
    stack in(1, 40, 5, 4);
    for (i64 row = 10; row < 16; ++row) in.all(row, 1) = -3;  // between the end of group 0 and the start of group 1
    for (i64 row = 36; row < 40; ++row) in.all(row, 1) = std::nanf("");
    const auto out = reference::to_packed_psum(in.raw(), 40, {10, 30, 30, 36}, 16);  // starts 0, 16, 32, 32
    const auto oracle = packed_oracle(in);
    for (i64 row = 0; row < 40; ++row) {
        const bool valid = row < 10 || (row >= 16 && row < 30) || (row >= 32 && row < 36);
        for (i64 w = 0; w < 2; ++w) CHECK(out.at(0, row, w) == (valid ? oracle[std::size_t(w * 40 + row)] : 0));
    }
}

TEST_CASE("K-grouped scales: every group starts a word") {
    const std::vector<i32> k{128 * 5, 0, 128, 128 * 8};
    const auto sizes = reference::k_group_sizes(k, false, 128);
    matrix<float> in(5 + 0 + 1 + 8, 12);
    random_source(fresh_seed()).fill_powers_of_two(in.view(), -5, 5);
    const i64 words = reference::k_grouped_words(sizes, 14, 4, 128);
    CHECK(words == 2 + 0 + 1 + 2);
    CHECK(reference::k_grouped_words({}, 14, 4, 128) == (14 + 12) / 4);
    const auto out = reference::to_packed_k_grouped(in.view(), sizes, 128, words);
    const auto byte = [&](i64 row, i64 mn) { return bit_cast<u32>(in(row, mn)) >> 23; };
    for (i64 mn = 0; mn < 12; ++mn) {
        CHECK(out(0, mn) == (byte(0, mn) | byte(1, mn) << 8 | byte(2, mn) << 16 | byte(3, mn) << 24));
        CHECK(out(1, mn) == byte(4, mn));
        CHECK(out(2, mn) == byte(5, mn));
        CHECK(out(4, mn) == (byte(10, mn) | byte(11, mn) << 8 | byte(12, mn) << 16 | byte(13, mn) << 24));
    }
    // Ends whose starts are aligned to 160: sizes 100, 40, 0.
    CHECK(reference::k_group_sizes({100, 200, 320}, true, 160) == std::vector<i64>{100, 40, 0});
    CHECK(reference::k_group_sizes({300, 0, 684, 500}, true, 128) == std::vector<i64>{300, 0, 300, 0});
    CHECK(reference::k_group_sizes({300, -1}, false, 128) == std::vector<i64>{300, 0});
    CHECK_THROWS_WITH(reference::to_packed_k_grouped(in.view(), {128 * 15}, 128, 4),
                      "the groups have more scale rows than the matrix of scales");
    CHECK_THROWS_WITH(reference::to_packed_k_grouped(in.view(), {128}, 64, 4),
                      "scales of a K-grouped product cover 32 or 128 elements of K");
    matrix<float> ragged(4, 10);
    CHECK_THROWS_WITH(reference::to_packed_k_grouped(ragged.view(), {128}, 128, 1),
                      "scales of a K-grouped product need mn to be a multiple of 4");
}

TEST_CASE("which transform a product needs") {
    const auto plan = [](const scale_tensor& have, const scale_requirement& need) {
        const auto p = plan_scale_layout(have, need);
        return p ? *p : scale_plan{scale_layout::block, scale_step(99)};
    };
    const auto message = [](const scale_tensor& have, const scale_requirement& need) {
        const auto p = plan_scale_layout(have, need);
        return p ? std::string("no error") : p.failure().message;
    };
    const scale_tensor raw{.rows = 97, .columns = 8, .row_stride = 8},
        turned{.rows = 97, .columns = 8, .row_stride = 1, .column_stride = 100};
    const scale_tensor words{.type = dtype::ue8m0x4, .rows = 97, .columns = 2, .row_stride = 1, .column_stride = 100};
    const scale_tensor blocks{.rows = 1, .columns = 8, .row_stride = 8};
    const scale_requirement token{.mn = 97, .k = 1000}, block{.mn = 97, .k = 1000, .tile = {128, 128}};
    const auto blackwell = [](scale_requirement need) {
        need.arch = 100;
        return need;
    };

    SUBCASE("Hopper") {
        CHECK(plan(raw, token) == scale_plan{scale_layout::mn_major, scale_step::transpose});
        CHECK(plan(turned, token) == scale_plan{scale_layout::mn_major, scale_step::none});
        CHECK(plan(blocks, block) == scale_plan{scale_layout::block, scale_step::none});
        CHECK(plan(words, token) == scale_plan{scale_layout::packed, scale_step::none});
    }
    SUBCASE("Blackwell") {
        CHECK(plan(raw, blackwell(token)) == scale_plan{scale_layout::packed, scale_step::pack});
        CHECK(plan(turned, blackwell(token)) == scale_plan{scale_layout::packed, scale_step::pack});
        CHECK(plan(blocks, blackwell(block)) == scale_plan{scale_layout::packed, scale_step::pack});
        CHECK(plan(words, blackwell(token)) == scale_plan{scale_layout::packed, scale_step::none});
        const scale_tensor fine{.rows = 97, .columns = 32, .row_stride = 32};
        CHECK(plan(fine, {.mn = 97, .k = 1000, .tile = {1, 32}, .arch = 100}) ==
              scale_plan{scale_layout::packed, scale_step::pack});
        scale_requirement floats = blackwell(token);
        floats.disable_ue8m0_cast = true;
        CHECK(plan(raw, floats) == scale_plan{scale_layout::mn_major, scale_step::transpose});
    }
    SUBCASE("columns and groups further apart than they are long") {
        scale_tensor apart = turned, packed = words;
        apart.groups = packed.groups = 3;
        apart.column_stride = packed.column_stride = 108;
        apart.group_stride = 900, packed.group_stride = 216;
        scale_requirement need = token;
        need.groups = 3;
        CHECK(plan(apart, need) == scale_plan{scale_layout::mn_major, scale_step::none});
        CHECK(plan(packed, blackwell(need)) == scale_plan{scale_layout::packed, scale_step::none});
    }
    SUBCASE("groups") {
        scale_tensor grouped = turned;
        grouped.groups = 3;
        grouped.group_stride = 800;
        scale_requirement need = token;
        need.groups = 3;
        CHECK(plan(grouped, need).step == scale_step::none);
        grouped.group_stride = 798;
        CHECK(plan(grouped, need).step == scale_step::transpose);
        grouped.group_stride = 802;  // TMA takes multiples of four words
        CHECK(plan(grouped, need).step == scale_step::transpose);
        CHECK(message(grouped, token) == "scales have 3 groups; the operand has 0");
    }
    SUBCASE("errors") {
        scale_tensor bad = raw;
        bad.columns = 7;
        CHECK(message(bad, token) ==
              "scales are 97 x 7; an operand of 97 x 1000 with one scale for 1 x 128 elements needs 97 x 8");
        bad = words;
        bad.columns = 8;
        CHECK(message(bad, token) ==
              "scales are 97 x 8; an operand of 97 x 1000 with one scale for 1 x 128 elements needs 97 x 2 words of "
              "four");
        bad = words;
        bad.column_stride = 97;
        CHECK(message(bad, token) ==
              "packed scales have strides 1 along MN and 97 along K; they must be 1 and a multiple of 4, at least 97");
        bad.column_stride = 96;
        CHECK(message(bad, token).find("1 along MN and 96 along K") != std::string::npos);
        bad.column_stride = 100;
        bad.groups = 2;
        bad.group_stride = 196;
        scale_requirement two = token;
        two.groups = 2;
        CHECK(message(bad, two) ==
              "packed scales have strides 1 along MN and 100 along K; they must be 1 and a multiple of 4, at least 97, "
              "and groups, which are 196 words apart, a multiple of 4 apart without overlap");
        for (const i64 size : {i64(-5), i64(1) << 32}) {  // no product has it
            bad = raw;
            bad.rows = size;
            CHECK(message(bad, {.mn = size, .k = 1000}) == concat("MN is ", size, "; it must be from 0 to 2147479552"));
        }
        bad = raw;
        bad.type = dtype::bf16;
        CHECK(message(bad, token) == "scales are bf16; they must be f32 or ue8m0x4");
        const scale_tensor fine{.rows = 97, .columns = 32, .row_stride = 32};
        CHECK(message(fine, {.mn = 97, .k = 1000, .tile = {1, 32}}) ==
              "no kernel of sm_90 takes scales of type f32 that cover 1 x 32 elements");
    }
    SUBCASE("a recipe") {
        constexpr scale_recipe usual{}, wgrad{1, 1, 128};
        CHECK(usual.a() == scale_tile{1, 128});
        CHECK(usual.b() == scale_tile{128, 128});
        CHECK(wgrad.b() == scale_tile{1, 128});
    }
}
