// SPDX-License-Identifier: MIT
// Elements of 6 and 4 bits and scales of Blackwell's tensor cores: FP6 in a byte each, FP4 two to a byte, UE4M3 scales.
// As in core/types.cuh, all of it is constexpr and exact on host and device.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

namespace detail {

/// The sign (bit `E` + `M`) and the code of `x` in a small type without infinity and NaN: to nearest even, saturating at
/// `Largest`. NaN becomes the largest value, as the conversions of the hardware have it.
template <int E, int M, u32 Largest>
DEEPGEMM_BOTH constexpr u8 encode_small(float x) {
    if (is_nan(x)) return u8(Largest);
    const u32 sign = bit_cast<u32>(x) >> 31 << (E + M);
    const u32 code = is_infinite(x) ? Largest : round_minifloat<E, M>(x);
    return u8(sign | (code > Largest ? Largest : code));
}

}  // namespace detail

/// FP6 with 2 exponent and 3 mantissa bits in the low bits of a byte (largest value 7.5; no infinity, no NaN). The two bits
/// above are not read.
struct e2m3 {
    u8 bits;
    static constexpr dtype type = dtype::e2m3;
    static constexpr float largest = 7.5f;

    e2m3() = default;
    DEEPGEMM_BOTH constexpr explicit e2m3(u8 code) : bits(code) {}
    template <floating Number>
    e2m3(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const { return detail::decode_minifloat<2, 3>(bits & 63u); }
    /// Round to nearest even; values beyond 7.5 saturate; NaN becomes 7.5.
    DEEPGEMM_BOTH static constexpr e2m3 from_float(float x) { return e2m3(detail::encode_small<2, 3, 0x1f>(x)); }
    DEEPGEMM_BOTH friend constexpr bool operator==(e2m3, e2m3) = default;
};

/// FP6 with 3 exponent and 2 mantissa bits in the low bits of a byte (largest value 28; no infinity, no NaN).
struct e3m2 {
    u8 bits;
    static constexpr dtype type = dtype::e3m2;
    static constexpr float largest = 28.0f;

    e3m2() = default;
    DEEPGEMM_BOTH constexpr explicit e3m2(u8 code) : bits(code) {}
    template <floating Number>
    e3m2(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const { return detail::decode_minifloat<3, 2>(bits & 63u); }
    /// Round to nearest even; values beyond 28 saturate; NaN becomes 28.
    DEEPGEMM_BOTH static constexpr e3m2 from_float(float x) { return e3m2(detail::encode_small<3, 2, 0x1f>(x)); }
    DEEPGEMM_BOTH friend constexpr bool operator==(e3m2, e3m2) = default;
};

/// FP4 with 2 exponent bits and 1 mantissa bit: magnitudes 0 .5 1 1.5 2 3 4 6, no infinity, no NaN. One element has half a
/// byte, so the type stays incomplete and names elements only: `sizeof` does not compile, element_bits is 4, and e2m1x2 is what
/// memory holds.
struct e2m1;

/// The value of the E2M1 code in the low four bits.
DEEPGEMM_BOTH constexpr float decode_e2m1(u32 code) { return detail::decode_minifloat<2, 1>(code & 15); }
/// The E2M1 code of `x`, in four bits: to nearest even, saturating at 6; NaN becomes 6; the sign of zero stays.
DEEPGEMM_BOTH constexpr u32 encode_e2m1(float x) { return detail::encode_small<2, 1, 7>(x); }
/// Two E2M1 values in a byte, each rounded by encode_e2m1(); `low` is the element of even index.
DEEPGEMM_BOTH constexpr e2m1x2 pack_e2m1(float low, float high) {
    return {u8(encode_e2m1(low) | encode_e2m1(high) << 4)};
}

/// A scale as UE4M3: e4m3 without a sign, whose top bit must be 0. NaN is 0x7f.
struct ue4m3 {
    u8 bits;
    static constexpr float largest = 448.0f;

    ue4m3() = default;
    DEEPGEMM_BOTH constexpr explicit ue4m3(u8 code) : bits(code) {}
    template <floating Number>
    ue4m3(Number) = delete;  // from_float() rounds a number

    /// A code with the top bit set is no scale and decodes as NaN.
    DEEPGEMM_BOTH constexpr explicit operator float() const {
        return bits >= 0x7f ? bit_cast<float>(0x7fc00000u) : float(e4m3(bits));
    }
    /// Round to nearest even; values beyond 448 saturate; negative numbers and NaN become NaN.
    DEEPGEMM_BOTH static constexpr ue4m3 from_float(float x) {
        return x >= 0 ? ue4m3(u8(e4m3::from_float(x).bits & 0x7f)) : ue4m3(u8(0x7f));
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(ue4m3, ue4m3) = default;
};

template <>
inline constexpr dtype dtype_of<e2m1> = dtype::e2m1x2;

/// Bits of one element of a C++ type: 4 for e2m1, which `sizeof` refuses.
template <class T>
inline constexpr u32 element_bits = 8 * sizeof(T);
template <>
inline constexpr u32 element_bits<e2m1> = 4;

/// An element type of 6 or 4 bits.
template <class T>
concept small_element = one_of<T, e2m3, e3m2, e2m1>;

}  // namespace deepgemm
