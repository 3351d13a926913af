// SPDX-License-Identifier: MIT
// Packing and unpacking of narrow types as the simulator does it; tests/device/convert.cu holds a GPU to the same codes.
#include <deepgemm/ptx/convert.cuh>

#include <doctest/doctest.h>

#include "convert_cases.hpp"

using namespace deepgemm;

TEST_CASE("packing puts the first value low and matches the scalar conversions") {
    const std::vector<float> all = convert_cases::floats();
    u32 wrong = 0;
    for (std::size_t i = 0; i < all.size(); i += 2) {
        const auto lo = convert_cases::expected(all[i]), hi = convert_cases::expected(all[i + 1]);
        wrong += ptx::pack_bf16(all[i], all[i + 1]) != (lo.bf16 | hi.bf16 << 16);
        wrong += ptx::pack_f16(all[i], all[i + 1]) != (lo.f16 | hi.f16 << 16);
        wrong += ptx::pack_e4m3(all[i], all[i + 1]) != (lo.e4m3 | hi.e4m3 << 8);
        wrong += ptx::pack_e5m2(all[i], all[i + 1]) != (lo.e5m2 | hi.e5m2 << 8);
    }
    CHECK(wrong == 0);
}

TEST_CASE("rounding to TF32 is that of the scalar conversion; NaN stays NaN") {
    u32 wrong = 0;
    for (const float x : convert_cases::floats()) wrong += !convert_cases::is_tf32_of(ptx::round_tf32(x), x);
    CHECK(wrong == 0);
    CHECK(ptx::round_tf32(1 + 0x1p-11f) == 0x3f800000);  // a tie goes to the even code
    CHECK(ptx::round_tf32(1 + 3 * 0x1p-11f) == 0x3f804000);
    CHECK(ptx::round_tf32(0x1.fffffep127f) == 0x7f800000);
}

TEST_CASE("rounding, saturation and special values, by hand") {
    CHECK(convert_cases::expected(1.0f) == convert_cases::codes{0x3f80, 0x3c00, 0x38, 0x3c});
    CHECK(convert_cases::expected(448.0f).e4m3 == 0x7e);
    CHECK(convert_cases::expected(1e30f).e4m3 == 0x7e);
    CHECK(convert_cases::expected(-1e30f).e5m2 == 0xfb);
    CHECK(convert_cases::expected(1e30f).f16 == 0x7c00);
    CHECK(convert_cases::expected(1.0625f).e4m3 == 0x38);  // a tie goes to the even code
    CHECK(convert_cases::expected(1.1875f).e4m3 == 0x3a);
    CHECK(convert_cases::expected(0x1p-9f).e4m3 == 1);
    CHECK(convert_cases::expected(0x1p-10f).e4m3 == 0);
}

TEST_CASE("unpacking is the exact inverse") {
    u32 wrong = 0;
    for (u32 code = 0; code < 65536; ++code) {
        const auto b = ptx::unpack_bf16(code | code << 16);
        const auto h = ptx::unpack_f16(code << 16);
        const auto e = ptx::unpack_e4m3(u16(code)), f = ptx::unpack_e5m2(u16(code));
        wrong += bit_cast<u32>(b.x) != code << 16 || bit_cast<u32>(b.y) != code << 16 || h.x != 0;
        wrong += h.y == h.y && (ptx::pack_f16(h.y, 0) & 0xffff) != code;
        wrong += e.x == e.x && e.y == e.y && ptx::pack_e4m3(e.x, e.y) != code;
        const bool finite = f.x - f.x == 0 && f.y - f.y == 0;
        wrong += finite && ptx::pack_e5m2(f.x, f.y) != code;
    }
    CHECK(wrong == 0);
}

TEST_CASE("approximate functions") {
    CHECK(ptx::exp2_approx(-3.0f) == 0.125f);
    CHECK(ptx::rcp_approx(8.0f) == 0.125f);
}
