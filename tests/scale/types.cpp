// SPDX-License-Identifier: MIT
// core/types against an independent description of each format in doubles: every code, every midpoint between neighbours,
// the floats next to each midpoint, overflow, NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/core/types.cuh>

using namespace deepgemm;

namespace {

/// The value of a code by the definition of the format, in double.
double value_of(u32 code, int exponent_bits, int mantissa_bits) {
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int exponent = int(code >> mantissa_bits) & ((1 << exponent_bits) - 1),
              mantissa = int(code) & ((1 << mantissa_bits) - 1);
    const double fraction = std::ldexp(double(mantissa), -mantissa_bits);
    const double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
    return code >> (exponent_bits + mantissa_bits) & 1 ? -magnitude : magnitude;
}

struct format {
    int exponent_bits, mantissa_bits;
    u32 largest_code;   ///< of the finite, positive ones
    u32 overflow_code;  ///< what a larger value becomes
};

template <class T>
struct described;
template <>
struct described<e4m3> {
    static constexpr format is{4, 3, 0x7e, 0x7e};
};
template <>
struct described<e5m2> {
    static constexpr format is{5, 2, 0x7b, 0x7b};
};
template <>
struct described<f16> {
    static constexpr format is{5, 10, 0x7bff, 0x7c00};
};
template <>
struct described<bf16> {
    static constexpr format is{8, 7, 0x7f7f, 0x7f80};
};

template <>
struct described<e2m3> {
    static constexpr format is{2, 3, 0x1f, 0x1f};
};
template <>
struct described<e3m2> {
    static constexpr format is{3, 2, 0x1f, 0x1f};
};

/// The code of one FP4 element as a type, like the others.
struct fp4_code {
    u8 bits;
    explicit operator float() const { return decode_e2m1(bits); }
    static fp4_code from_float(float x) { return {u8(encode_e2m1(x))}; }
};
template <>
struct described<fp4_code> {
    static constexpr format is{2, 1, 7, 7};
};

/// What NaN has to become: NaN, or in a type without it the largest value.
template <class T>
bool is_nan_or_largest(T x) {
    constexpr bool has_nan =
        described<T>::is.largest_code + 1 != 1u << (described<T>::is.exponent_bits + described<T>::is.mantissa_bits);
    return has_nan ? std::isnan(float(x)) : x.bits == described<T>::is.largest_code;
}

}  // namespace

TEST_CASE_TEMPLATE("codes and roundings", T, e4m3, e5m2, f16, bf16, e2m3, e3m2, fp4_code) {
    constexpr format f = described<T>::is;
    constexpr u32 sign = 1u << (f.exponent_bits + f.mantissa_bits);
    using bits_type = decltype(T::bits);
    const auto encode = [](double x) { return u32(T::from_float(float(x)).bits); };
    int wrong_values = 0, wrong_codes = 0, wrong_midpoints = 0, wrong_neighbours = 0;
    for (u32 code = 0; code <= f.largest_code; ++code) {
        for (const u32 full : {code, code | sign}) {
            const double value = value_of(full, f.exponent_bits, f.mantissa_bits);
            const float decoded = float(T{bits_type(full)});
            wrong_values += double(decoded) != value || std::signbit(decoded) != std::signbit(value);
            wrong_codes += encode(value) != full;
            if (code == f.largest_code) continue;
            const double next = value_of(full + 1, f.exponent_bits, f.mantissa_bits), middle = (value + next) / 2;
            REQUIRE(double(float(middle)) == middle);
            wrong_midpoints += encode(middle) != (full % 2 == 0 ? full : full + 1);
            const float toward_value = std::nextafter(float(middle), float(value)),
                        toward_next = std::nextafter(float(middle), float(next));
            wrong_neighbours += encode(toward_value) != full || encode(toward_next) != full + 1;
        }
    }
    CHECK(wrong_values == 0);
    CHECK(wrong_codes == 0);
    CHECK(wrong_midpoints == 0);
    CHECK(wrong_neighbours == 0);
}

TEST_CASE_TEMPLATE("overflow and NaN", T, e4m3, e5m2, f16, bf16, e2m3, e3m2, fp4_code) {
    constexpr format f = described<T>::is;
    constexpr u32 sign = 1u << (f.exponent_bits + f.mantissa_bits);
    const double largest = value_of(f.largest_code, f.exponent_bits, f.mantissa_bits);
    const double step = largest - value_of(f.largest_code - 1, f.exponent_bits, f.mantissa_bits);
    const double limit = largest + step / 2;  // from here on the value rounds away from the largest one
    CHECK(T::from_float(std::nextafter(float(limit), 0.0f)).bits == f.largest_code);
    CHECK(T::from_float(float(limit)).bits == f.overflow_code);
    CHECK(T::from_float(-float(limit)).bits == (f.overflow_code | sign));
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK(T::from_float(infinity).bits == f.overflow_code);
    CHECK(T::from_float(-infinity).bits == (f.overflow_code | sign));
    CHECK(T::from_float(std::numeric_limits<float>::max()).bits == f.overflow_code);
    for (const u32 nan : {0x7fc00000u, 0x7f800001u, 0xffffffffu})
        CHECK(is_nan_or_largest<T>(T::from_float(bit_cast<float>(nan))));
    CHECK(T::from_float(std::numeric_limits<float>::denorm_min()).bits == 0);
    CHECK(T::from_float(-0.0f).bits == sign);
}

TEST_CASE("codes that are no numbers") {
    CHECK(std::isnan(float(e4m3{0x7f})));
    CHECK(std::isnan(float(e4m3{0xff})));
    CHECK(float(e4m3{0x7e}) == 448);
    CHECK(float(e5m2{0x7c}) == std::numeric_limits<float>::infinity());
    CHECK(float(e5m2{0xfc}) == -std::numeric_limits<float>::infinity());
    for (const u8 code : {0x7d, 0x7e, 0x7f, 0xff}) CHECK(std::isnan(float(e5m2{code})));
    CHECK(float(f16{0x7c00}) == std::numeric_limits<float>::infinity());
    CHECK(std::isnan(float(f16{0x7c01})));
}

TEST_CASE("tf32 keeps ten mantissa bits, to nearest even") {
    CHECK(tf32::from_float(1 + 0x1p-10f).value == 1 + 0x1p-10f);
    CHECK(tf32::from_float(1 + 0x1p-11f).value == 1);                       // tie to even
    CHECK(tf32::from_float(1 + 0x1p-10f + 0x1p-11f).value == 1 + 0x1p-9f);  // tie to even
    CHECK(tf32::from_float(1 + 0x1p-11f + 0x1p-23f).value == 1 + 0x1p-10f);
    CHECK(std::isnan(tf32::from_float(std::nanf("")).value));
    CHECK(tf32::from_float(std::numeric_limits<float>::infinity()).value == std::numeric_limits<float>::infinity());
}

TEST_CASE("packed FP4: sixteen codes, low nibble first") {
    const float magnitudes[] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    for (int low = 0; low < 16; ++low) {
        for (int high = 0; high < 16; ++high) {
            const e2m1x2 pair{u8(low | high << 4)};
            CHECK(pair[0] == (low & 8 ? -1 : 1) * magnitudes[low & 7]);
            CHECK(pair[1] == (high & 8 ? -1 : 1) * magnitudes[high & 7]);
        }
    }
}

TEST_CASE("packing FP4 rounds each element by itself") {
    for (u32 low = 0; low < 16; ++low) {
        for (u32 high = 0; high < 16; ++high) {
            CHECK(pack_e2m1(decode_e2m1(low), decode_e2m1(high)).bits == (low | high << 4));
        }
    }
    CHECK(pack_e2m1(100, -2.5f).bits == (7 | 12 << 4));  // saturates; a tie to the even code
}

TEST_CASE("UE4M3 scales: e4m3 without a sign") {
    for (u32 code = 0; code < 0x7f; ++code) {
        CHECK(double(float(ue4m3(u8(code)))) == value_of(code, 4, 3));
        CHECK(ue4m3::from_float(float(value_of(code, 4, 3))).bits == code);
    }
    for (u32 code = 0x7f; code < 256; ++code) CHECK(std::isnan(float(ue4m3(u8(code)))));
    CHECK(ue4m3::from_float(1e9f).bits == 0x7e);
    CHECK(ue4m3::from_float(-0.0f).bits == 0);
    CHECK(ue4m3::from_float(-1.0f).bits == 0x7f);
    CHECK(ue4m3::from_float(std::nanf("")).bits == 0x7f);
}

TEST_CASE("bits and bytes of element types") {
    CHECK(element_bits<e2m1> == 4);
    CHECK(element_bits<e3m2> == 8);
    CHECK(element_bits<bf16> == 16);
    CHECK(dtype_of<e2m1> == dtype::e2m1x2);
    CHECK(bytes_of(dtype::e2m1x2, 7) == 4);
    CHECK(bytes_of(dtype::e2m3, 7) == 7);
    CHECK(bytes_of(dtype::f16, 7) == 14);
    CHECK(size_of(dtype::e2m1x2) == 1);
    CHECK(size_of(dtype::ue4m3x4) == 4);
}
