// SPDX-License-Identifier: MIT
// Element types of tensor-core operands: storage, exact conversion to float, correctly rounded conversion from it.
// All of it is constexpr and bit-exact on host and device; kernels convert in bulk with the instructions of ptx/convert.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/traits.cuh>

namespace deepgemm {

using u8 = unsigned char;
using i8 = signed char;
using u16 = unsigned short;
using u32 = unsigned int;
using u64 = unsigned long long;
using i32 = int;
using i64 = long long;

/// Run-time name of an element type. Memory holds e2m1x2 two elements to a byte, and the words ue8m0x4 and ue4m3x4 four scales;
/// e2m3 and e3m2 fill a byte each.
enum class dtype : u8 { e4m3, e5m2, e2m1x2, ue8m0x4, bf16, f16, tf32, f32, i32, e2m3, e3m2, ue4m3x4, i8, u8 };

/// The dimension along which an operand of a product is contiguous in memory: K, or M (of A) and N (of B).
enum class major : u8 { k, mn };

/// Reinterprets the bits of `from`; sizes must match.
template <class To, class From>
DEEPGEMM_BOTH constexpr To bit_cast(const From& from) {
    static_assert(sizeof(To) == sizeof(From), "bit_cast needs types of one size");
    return __builtin_bit_cast(To, from);
}

namespace detail {

/// The float 2^e, normal or subnormal, for -149 <= e <= 127.
DEEPGEMM_BOTH constexpr float power_of_two(int e) {
    return e >= -126 ? bit_cast<float>(u32(e + 127) << 23) : bit_cast<float>(u32(1) << (e + 149));
}

/// Decodes a small IEEE-like float: sign, `E` exponent bits, `M` mantissa bits. The caller treats infinity and NaN.
template <int E, int M>
DEEPGEMM_BOTH constexpr float decode_minifloat(u32 bits) {
    constexpr int bias = (1 << (E - 1)) - 1;
    const u32 exponent = bits >> M & ((1u << E) - 1), mantissa = bits & ((1u << M) - 1);
    const float magnitude = exponent != 0 ? float((1u << M) + mantissa) * power_of_two(int(exponent) - bias - M)
                                          : float(mantissa) * power_of_two(1 - bias - M);
    return bits >> (E + M) & 1 ? -magnitude : magnitude;
}

/// Rounds |x| to `E`/`M` bits, to nearest with ties to even, and returns the code without its sign. The code may exceed the
/// largest finite one, so the caller saturates. `x` must be finite.
template <int E, int M>
DEEPGEMM_BOTH constexpr u32 round_minifloat(float x) {
    constexpr int bias = (1 << (E - 1)) - 1;
    const u32 bits = bit_cast<u32>(x) & 0x7fffffffu;
    if (bits < 0x00800000u && E < 8) return 0;  // float subnormals are far below half of any smaller format's ulp
    const int exponent = int(bits >> 23) - 127;
    u32 significand = (bits & 0x7fffffu) | (bits >= 0x00800000u ? 0x800000u : 0);
    int drop = 23 - M;                                       // bits to round away
    if (exponent < 1 - bias) drop += (1 - bias) - exponent;  // subnormal in the target
    if (drop > 24) return 0;
    const u32 half = 1u << (drop - 1), rest = significand & ((half << 1) - 1);
    significand >>= drop;
    if (rest > half || (rest == half && (significand & 1))) ++significand;
    // A carry moves into the exponent by itself: the code is linear in the significand.
    return exponent < 1 - bias ? significand : (u32(exponent + bias - 1) << M) + significand;
}

DEEPGEMM_BOTH constexpr bool is_nan(float x) { return (bit_cast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
DEEPGEMM_BOTH constexpr bool is_infinite(float x) { return (bit_cast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }

}  // namespace detail

/// A type of C++ that holds real numbers. They become elements by from_float()
/// alone, since in parentheses they would be taken for bits.
template <class T>
concept floating = same_as<T, float> || same_as<T, double>;

/// FP8 with 4 exponent and 3 mantissa bits ("fn": no infinity, NaN is 0x7f and 0xff, largest finite value 448).
struct e4m3 {
    u8 bits;
    static constexpr dtype type = dtype::e4m3;
    static constexpr float largest = 448.0f;

    e4m3() = default;
    DEEPGEMM_BOTH constexpr explicit e4m3(u8 code) : bits(code) {}
    template <floating Number>
    e4m3(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const {
        if ((bits & 0x7f) == 0x7f) return bit_cast<float>(0x7fc00000u);
        return detail::decode_minifloat<4, 3>(bits);
    }
    /// Round to nearest even; values beyond 448 (infinity too) saturate; NaN stays NaN.
    DEEPGEMM_BOTH static constexpr e4m3 from_float(float x) {
        const u8 sign = u8(bit_cast<u32>(x) >> 24 & 0x80);
        if (detail::is_nan(x)) return e4m3(u8(sign | 0x7f));
        if (detail::is_infinite(x)) return e4m3(u8(sign | 0x7e));
        const u32 code = detail::round_minifloat<4, 3>(x);
        return e4m3(u8(sign | (code > 0x7e ? 0x7e : code)));
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(e4m3, e4m3) = default;
};

/// FP8 with 5 exponent and 2 mantissa bits (IEEE-like: infinity 0x7c, largest finite value 57344).
struct e5m2 {
    u8 bits;
    static constexpr dtype type = dtype::e5m2;
    static constexpr float largest = 57344.0f;

    e5m2() = default;
    DEEPGEMM_BOTH constexpr explicit e5m2(u8 code) : bits(code) {}
    template <floating Number>
    e5m2(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const {
        if ((bits & 0x7c) == 0x7c) {
            return bit_cast<float>((u32(bits & 0x80) << 24) | ((bits & 3) ? 0x7fc00000u : 0x7f800000u));
        }
        return detail::decode_minifloat<5, 2>(bits);
    }
    /// Round to nearest even; values beyond the largest finite one saturate; NaN stays NaN.
    DEEPGEMM_BOTH static constexpr e5m2 from_float(float x) {
        const u8 sign = u8(bit_cast<u32>(x) >> 24 & 0x80);
        if (detail::is_nan(x)) return e5m2(u8(sign | 0x7f));
        if (detail::is_infinite(x)) return e5m2(u8(sign | 0x7b));
        const u32 code = detail::round_minifloat<5, 2>(x);
        return e5m2(u8(sign | (code > 0x7b ? 0x7b : code)));
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(e5m2, e5m2) = default;
};

/// bfloat16: the upper half of a float, rounded to nearest even.
struct bf16 {
    u16 bits;
    static constexpr dtype type = dtype::bf16;

    bf16() = default;
    DEEPGEMM_BOTH constexpr explicit bf16(u16 code) : bits(code) {}
    template <floating Number>
    bf16(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const { return bit_cast<float>(u32(bits) << 16); }
    DEEPGEMM_BOTH static constexpr bf16 from_float(float x) {
        const u32 b = bit_cast<u32>(x);
        if (detail::is_nan(x)) return bf16(u16(b >> 16 | 0x40));
        return bf16(u16((b + 0x7fffu + (b >> 16 & 1)) >> 16));
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(bf16, bf16) = default;
};

/// IEEE half precision.
struct f16 {
    u16 bits;
    static constexpr dtype type = dtype::f16;

    f16() = default;
    DEEPGEMM_BOTH constexpr explicit f16(u16 code) : bits(code) {}
    template <floating Number>
    f16(Number) = delete;  // from_float() rounds a number

    DEEPGEMM_BOTH constexpr explicit operator float() const {
        if ((bits & 0x7c00) == 0x7c00) {
            return bit_cast<float>((u32(bits & 0x8000) << 16) | ((bits & 0x3ff) ? 0x7fc00000u : 0x7f800000u));
        }
        return detail::decode_minifloat<5, 10>(bits);
    }
    /// Round to nearest even; overflow becomes infinity.
    DEEPGEMM_BOTH static constexpr f16 from_float(float x) {
        const u16 sign = u16(bit_cast<u32>(x) >> 16 & 0x8000);
        if (detail::is_nan(x)) return f16(u16(sign | 0x7e00));
        if (detail::is_infinite(x)) return f16(u16(sign | 0x7c00));
        const u32 code = detail::round_minifloat<5, 10>(x);
        return f16(u16(sign | (code > 0x7c00 ? 0x7c00 : code)));
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(f16, f16) = default;
};

/// TF32: stored as a float, of whose mantissa the tensor core reads the upper 10 bits.
struct tf32 {
    float value;
    static constexpr dtype type = dtype::tf32;

    DEEPGEMM_BOTH constexpr explicit operator float() const { return value; }
    /// Rounds the mantissa to 10 bits, to nearest with ties to even.
    DEEPGEMM_BOTH static constexpr tf32 from_float(float x) {
        const u32 b = bit_cast<u32>(x);
        if ((b & 0x7f800000u) == 0x7f800000u) return {x};
        return {bit_cast<float>((b + 0xfffu + (b >> 13 & 1)) & ~0x1fffu)};
    }
};

/// Two FP4 E2M1 values in a byte; the element of even index is the low nibble. Magnitudes 0 .5 1 1.5 2 3 4 6.
struct e2m1x2 {
    u8 bits;
    static constexpr dtype type = dtype::e2m1x2;
    static constexpr float largest = 6.0f;

    /// Decodes element 0 (low nibble) or 1 (high nibble).
    DEEPGEMM_BOTH constexpr float operator[](int i) const {
        return detail::decode_minifloat<2, 1>(u32(bits) >> (4 * i) & 15);
    }
    DEEPGEMM_BOTH friend constexpr bool operator==(e2m1x2, e2m1x2) = default;
};

/// Bits of one element in memory: 4 for e2m1x2, whose elements are counted singly.
DEEPGEMM_BOTH constexpr u32 bits_of(dtype type) {
    switch (type) {
        case dtype::e2m1x2: return 4;
        case dtype::e4m3:
        case dtype::e5m2:
        case dtype::e2m3:
        case dtype::e3m2:
        case dtype::i8:
        case dtype::u8: return 8;
        case dtype::bf16:
        case dtype::f16: return 16;
        default: return 32;
    }
}

/// Bytes that `elements` elements take in memory, one after another.
DEEPGEMM_BOTH constexpr i64 bytes_of(dtype type, i64 elements) { return (elements * i64(bits_of(type)) + 7) / 8; }

/// Size in bytes of the smallest piece of memory that holds an element: for e2m1x2 that is a byte, which holds two. Code that
/// counts elements of any type asks bytes_of().
DEEPGEMM_BOTH constexpr u32 size_of(dtype type) { return (bits_of(type) + 7) / 8; }

/// The name a user writes for an element type, for messages and reports.
DEEPGEMM_BOTH constexpr const char* name_of(dtype type) {
    switch (type) {
        case dtype::e4m3: return "e4m3";
        case dtype::e5m2: return "e5m2";
        case dtype::e2m1x2: return "e2m1x2";
        case dtype::ue8m0x4: return "ue8m0x4";
        case dtype::bf16: return "bf16";
        case dtype::f16: return "f16";
        case dtype::tf32: return "tf32";
        case dtype::f32: return "f32";
        case dtype::i32: return "i32";
        case dtype::e2m3: return "e2m3";
        case dtype::e3m2: return "e3m2";
        case dtype::ue4m3x4: return "ue4m3x4";
        case dtype::i8: return "i8";
        case dtype::u8: return "u8";
    }
    return "?";
}

/// Run-time name of a C++ element type (`float` is f32).
template <class T>
inline constexpr dtype dtype_of = T::type;
template <>
inline constexpr dtype dtype_of<float> = dtype::f32;
template <>
inline constexpr dtype dtype_of<i32> = dtype::i32;
template <>
inline constexpr dtype dtype_of<i8> = dtype::i8;
template <>
inline constexpr dtype dtype_of<u8> = dtype::u8;

/// An FP8 element type.
template <class T>
concept fp8_element = one_of<T, e4m3, e5m2>;

/// A 16-bit element type that tensor cores multiply as it is, without scales.
template <class T>
concept half_element = one_of<T, bf16, f16>;

/// An element type a GEMM may write.
template <class T>
concept output_element = one_of<T, bf16, f16, float>;

}  // namespace deepgemm
