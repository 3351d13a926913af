// SPDX-License-Identifier: MIT
// What a caller of a cast or a scale transform can get wrong, and the sentence for each.
#include <doctest/doctest.h>

#include <deepgemm/host/scale_rules.hpp>

using namespace deepgemm;
using scale::cast_arguments;
using scale::cast_scales;
using scale::to_mn_major_arguments;

namespace {

using per_token = scale::cast_per_token<e4m3, bf16, 128, cast_scales::fp32>;
using per_token_packed = scale::cast_per_token<e4m3, float, 32, cast_scales::packed>;
using per_channel = scale::cast_per_channel<e4m3, bf16, 128, cast_scales::packed>;
using packs = scale::to_mn_major<scale::ue8m0>;
using copies = scale::to_mn_major<scale::fp32>;
using per_block = scale::cast_per_block<e5m2, float, cast_scales::packed>;

/// An address that nobody reads.
template <class T = void>
T* address(u64 value) {
    return reinterpret_cast<T*>(value);
}

cast_arguments good_cast() {
    return {address(1 << 20), 512, address(2 << 20), 512, 300, 500, address(3 << 20), 1, 304};
}
to_mn_major_arguments good_transform() {
    return {address<const float>(1 << 20), 4000, 10, 1, 3, 400, 10, 1, address(2 << 20), address<u32>(64)};
}

/// The error of arguments after `change`; "" if there is none.
template <class K, class Change>
std::string cast_error(errc code, Change change) {
    cast_arguments a = good_cast();
    change(a);
    const auto ok = validate<K>(a);
    if (ok) return "";
    CHECK(ok.failure().code == code);
    return ok.failure().message;
}
template <class Change>
std::string transform_error(errc code, Change change) {
    to_mn_major_arguments a = good_transform();
    change(a);
    const auto ok = validate<packs>(a);
    if (ok) return "";
    CHECK(ok.failure().code == code);
    return ok.failure().message;
}

}  // namespace

TEST_CASE("arguments of casts that are right") {
    CHECK(validate<per_token>(good_cast()));
    CHECK(validate<per_token_packed>(good_cast()));
    CHECK(validate<per_channel>(good_cast()));
    CHECK(validate<per_block>(good_cast()));
    CHECK(validate<per_token>({}));
    CHECK(validate<per_block>({.rows = 0, .columns = 100}));
    // Pitches of one row and strides of one word do not matter; q may begin anywhere.
    CHECK(validate<per_token>({address(2), 0, address(65537), 0, 1, 128, address(131076), 0, 0}));
    CHECK(validate<per_block>({address(4), 0, address(65537), 0, 1, 512, address(131076), 0, 0, true}));
    CHECK(validate<per_channel>({address(2), 1, address(65537), 1, 512, 1, address(131076), 0, 0}));
}

TEST_CASE("arguments of casts that are wrong") {
    CHECK(cast_error<per_token>(errc::bad_extent, [](auto& a) { a.rows = -1; }) ==
          "x is -1 x 500; each size must be from 0 to 2147479552");
    CHECK(cast_error<per_block>(errc::bad_extent, [](auto& a) { a.columns = -7; }) ==
          "x is 300 x -7; each size must be from 0 to 2147479552");
    CHECK(cast_error<per_channel>(errc::bad_extent, [](auto& a) { a.rows = 2147483647; }) ==
          "x is 2147483647 x 500; each size must be from 0 to 2147479552");
    CHECK(cast_error<per_channel>(errc::bad_extent, [](auto& a) { a.columns = 2147479553; }) ==
          "x is 300 x 2147479553; each size must be from 0 to 2147479552");
    CHECK(cast_error<per_token>(errc::null_pointer, [](auto& a) { a.x = nullptr; }) ==
          "x has no data: its pointer is null");
    CHECK(cast_error<per_token>(errc::null_pointer, [](auto& a) { a.q = nullptr; }) ==
          "q has no data: its pointer is null");
    CHECK(cast_error<per_token>(errc::null_pointer, [](auto& a) { a.scales = nullptr; }) ==
          "the matrix of scales has no data: its pointer is null");
    CHECK(cast_error<per_token>(errc::misaligned, [](auto& a) { a.x = address(4097); }) ==
          "x starts 1 bytes past a multiple of 2; its elements have 2 bytes");
    CHECK(cast_error<per_block>(errc::misaligned, [](auto& a) { a.x = address(4098); }) ==
          "x starts 2 bytes past a multiple of 4; its elements have 4 bytes");
    CHECK(cast_error<per_block>(errc::misaligned, [](auto& a) { a.scales = address(12291); }) ==
          "the matrix of scales starts 3 bytes past a multiple of 4; it consists of 4-byte words");
    CHECK(cast_error<per_token>(errc::bad_layout, [](auto& a) { a.x_pitch = 499; }) ==
          "x has pitch 499; it must be at least its 500 columns");
    CHECK(cast_error<per_token>(errc::bad_layout, [](auto& a) { a.q_pitch = -512; }) ==
          "q has pitch -512; it must be at least its 500 columns");
    CHECK(cast_error<per_token>(errc::bad_option, [](auto& a) { a.repeat_rows = true; }) ==
          "repeat_rows is set; only a cast per block repeats its scales");
    CHECK(cast_error<per_channel>(errc::bad_option, [](auto& a) { a.repeat_rows = true; }) ==
          "repeat_rows is set; only a cast per block repeats its scales");
}

TEST_CASE("strides of the scales that a cast writes, in the words it writes") {
    const auto no_j = [](auto& a) { a.scale_stride_j = 0; };
    const auto no_i = [](auto& a) { a.scale_stride_i = -3; };
    CHECK(cast_error<per_token>(errc::bad_scales, no_j) ==
          "the 300 x 4 words of scales have strides 1 and 0; a stride between different words must be positive");
    CHECK(cast_error<per_token_packed>(errc::bad_scales, no_i) ==
          "the 300 x 4 words of scales have strides -3 and 304; a stride between different words must be positive");
    CHECK(cast_error<per_channel>(errc::bad_scales, no_j) ==
          "the 1 x 500 words of scales have strides 1 and 0; a stride between different words must be positive");
    CHECK(cast_error<per_channel>(errc::bad_scales, no_i) == "");
    CHECK(cast_error<per_block>(errc::bad_scales, no_j) == "");
    CHECK(cast_error<per_block>(errc::bad_scales, no_i) ==
          "the 3 x 1 words of scales have strides -3 and 304; a stride between different words must be positive");
    CHECK(
        cast_error<per_block>(errc::bad_scales, [](auto& a) {
            a.scale_stride_i = 0;
            a.repeat_rows = true;
        }) == "the 300 x 1 words of scales have strides 0 and 304; a stride between different words must be positive");
}

TEST_CASE("arguments of transforms that are right") {
    CHECK(validate<packs>(good_transform()));
    CHECK(validate<packs>(to_mn_major_arguments{}));
    CHECK(validate<packs>(to_mn_major_arguments{.groups = 0, .mn = 10, .blocks = 10}));
    CHECK(transform_error(errc::bad_layout, [](auto& a) {  // one scale for everything, and nobody counts
              a.group_stride = a.row_stride = a.block_stride = 0;
              a.tile_mn = 128;
              a.invalid = nullptr;
          }) == "");
}

TEST_CASE("arguments of transforms that are wrong") {
    CHECK(transform_error(errc::bad_extent, [](auto& a) { a.groups = -1; }) ==
          "the number of groups is -1; it must be from 0 to 2147479552");
    CHECK(transform_error(errc::bad_extent, [](auto& a) { a.mn = 2147483647; }) ==
          "the number of rows is 2147483647; it must be from 0 to 2147479552");
    CHECK(transform_error(errc::bad_extent, [](auto& a) { a.blocks = -10; }) ==
          "the number of blocks of K is -10; it must be from 0 to 2147479552");
    CHECK(transform_error(errc::bad_scales, [](auto& a) { a.tile_mn = 0; }) ==
          "a scale covers 0 rows; it must be at least 1");
    CHECK(transform_error(errc::null_pointer, [](auto& a) { a.in = nullptr; }) ==
          "the input has no data: its pointer is null");
    CHECK(transform_error(errc::null_pointer, [](auto& a) { a.out = nullptr; }) ==
          "the output has no data: its pointer is null");
    CHECK(transform_error(errc::misaligned, [](auto& a) { a.in = address<const float>(4098); }) ==
          "the input starts 2 bytes past a multiple of 4; its scales are floats");
    CHECK(transform_error(errc::misaligned, [](auto& a) { a.out = address(4100); }) ==
          "the output starts 4 bytes past a multiple of 16; TMA, which will read it, needs 16-byte alignment");
    CHECK(transform_error(errc::misaligned, [](auto& a) { a.invalid = address<u32>(65); }) ==
          "the count of invalid scales starts 1 bytes past a multiple of 4; it is a 4-byte word");
    CHECK(transform_error(errc::bad_layout, [](auto& a) { a.row_stride = -10; }) ==
          "the input has strides 4000 (groups), -10 (rows) and 1 (blocks); none may be negative");
}

TEST_CASE("what a cast writes lies apart from what it reads") {
    // x: 300 rows of 2000 or 1000 bytes; q: 300 rows of 500 bytes; 4 columns of 300 words, 304 apart, or packed ones.
    const auto q_at = [](i64 offset) {
        return cast_error<per_token>(errc::bad_alias, [offset](auto& a) { a.q = address(u64((1 << 20) + offset)); });
    };
    CHECK(q_at(0) == "q overlaps x in memory; the result would be undefined");
    CHECK(q_at(299 * 1024 + 999) == "q overlaps x in memory; the result would be undefined");
    CHECK(q_at(299 * 1024 + 1000) == "");
    CHECK(cast_error<per_block>(errc::bad_alias, [](auto& a) { a.scales = const_cast<void*>(a.x); }) ==
          "the matrix of scales overlaps x in memory; the result would be undefined");
    CHECK(cast_error<per_channel>(errc::bad_alias, [](auto& a) { a.scales = a.q; }) ==
          "the matrix of scales overlaps q in memory; the result would be undefined");
    // A word of scales in the padding after each row of q.
    const auto in_rows = [](int offset) {
        return cast_error<per_token>(errc::bad_alias, [offset](auto& a) {
            a.q_pitch = 516;
            a.scales = static_cast<char*>(a.q) + offset;
            a.scale_stride_i = 129;
            a.scale_stride_j = 1;
        });
    };
    CHECK(in_rows(500) == "");
    CHECK(in_rows(496) == "the matrix of scales overlaps q in memory; the result would be undefined");
    CHECK(in_rows(504) == "the matrix of scales overlaps q in memory; the result would be undefined");
}

TEST_CASE("what a transform of scales writes lies apart from what it reads") {
    // In: 3 groups of 4000 floats. Out, packed: 9 columns of 400 words; as floats: 30.
    CHECK(transform_error(errc::bad_alias, [](auto& a) { a.out = const_cast<float*>(a.in); }) ==
          "the output overlaps the input in memory; the result would be undefined");
    CHECK(transform_error(errc::bad_alias, [](auto& a) { a.invalid = address<u32>((1 << 20) + 47996); }) ==
          "the count of invalid scales overlaps the input in memory; the result would be undefined");
    CHECK(transform_error(errc::bad_alias, [](auto& a) { a.invalid = static_cast<u32*>(a.out) + 3599; }) ==
          "the count of invalid scales overlaps the output in memory; the result would be undefined");
    CHECK(transform_error(errc::bad_alias, [](auto& a) { a.invalid = static_cast<u32*>(a.out) + 3600; }) == "");
    to_mn_major_arguments close = good_transform();
    close.out = address((1 << 20) - 9 * 1600);
    CHECK(validate<packs>(close));
    CHECK(!validate<copies>(close));
    close.out = address((1 << 20) - 30 * 1600);
    CHECK(validate<copies>(close));
}
