// SPDX-License-Identifier: MIT
// Random operands of tcgen05 in shared memory full of random words: element formats by their fields, where the tables of the
// PTX ISA say that an element lies, and any place, stride and swizzle that a descriptor may have. No layout here is from the
// library.
#pragma once

#include <deepgemm/reference/random.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "tensor_run.hpp"

namespace deepgemm::test {

using exact = long double;
inline constexpr exact exact_infinity = std::numeric_limits<exact>::infinity(),
                       exact_nan = std::numeric_limits<exact>::quiet_NaN();

/// A floating-point format by its fields; `special` says what the largest exponent means. Integers have one of one bit if they
/// have a sign.
struct element_format {
    enum class special { ieee, one_nan, none, integer };
    const char* name;
    u32 bits;
    int exponent, mantissa;
    special top;
    u32 code;  ///< in bits 7-9 and 10-12 of the instruction descriptor

    exact value(u32 word) const {
        if (top == special::integer) return exponent == 0 ? exact(word) : exact(word ^ 0x80) - 128;
        const u32 fraction = word & ((1u << mantissa) - 1);
        const int power = int(word >> mantissa) & ((1 << exponent) - 1), highest = (1 << exponent) - 1;
        const int bias = (1 << (exponent - 1)) - 1;
        exact magnitude = power == 0 ? std::ldexp(exact(fraction), 1 - bias - mantissa)
                                     : std::ldexp(exact((1u << mantissa) + fraction), power - bias - mantissa);
        if (top == special::ieee && power == highest) magnitude = fraction == 0 ? exact_infinity : exact_nan;
        if (top == special::one_nan && power == highest && fraction == (1u << mantissa) - 1) magnitude = exact_nan;
        return word >> (exponent + mantissa) & 1 ? -magnitude : magnitude;
    }
};
inline constexpr element_format f16_format{"f16", 16, 5, 10, element_format::special::ieee, 0},
    bf16_format{"bf16", 16, 8, 7, element_format::special::ieee, 1},
    tf32_format{"tf32", 32, 8, 10, element_format::special::ieee, 2},
    f32_format{"f32", 32, 8, 23, element_format::special::ieee, 0},
    e4m3_format{"e4m3", 8, 4, 3, element_format::special::one_nan, 0},
    e5m2_format{"e5m2", 8, 5, 2, element_format::special::ieee, 1},
    e2m3_format{"e2m3", 6, 2, 3, element_format::special::none, 3},
    e3m2_format{"e3m2", 6, 3, 2, element_format::special::none, 4},
    e2m1_format{"e2m1", 4, 2, 1, element_format::special::none, 5},
    u8_format{"u8", 8, 0, 8, element_format::special::integer, 0},
    i8_format{"i8", 8, 1, 7, element_format::special::integer, 1};

/// An operand in shared memory, as its descriptor says.
struct random_operand {
    element_format type = bf16_format;
    u32 per_chunk = 8;  ///< elements of 16 bytes
    bool mn_major = false;
    swizzle_mode mode = swizzle_mode::none;
    u32 start = 0, leading = 0, stride = 0;  ///< start from the begin of dynamic shared memory

    u64 descriptor(u32 smem) const {
        constexpr u64 codes[] = {0, 6, 4, 2, 1};  // by swizzle_mode
        return u64(smem + start) / 16 | u64(leading / 16) << 16 | u64(stride / 16) << 32 | u64(0b001) << 46 |
               codes[u32(mode)] << 61;
    }
    /// Address of the chunk of element (mn, k), of a CTA whose dynamic shared memory begins at window address `smem`.
    u32 chunk(u32 smem, u32 mn, u32 k) const {
        const u32 width = swizzle_span_bytes(mode), t = per_chunk;
        u32 at = 0;
        if (!mn_major && mode == swizzle_mode::none) at = mn / 8 * stride + mn % 8 * 16 + k / t * leading;
        if (!mn_major && mode != swizzle_mode::none) at = mn / 8 * stride + mn % 8 * width + k / t * 16;
        if (mn_major && mode == swizzle_mode::none) at = mn / t * stride + k / 8 * leading + k % 8 * 16;
        if (mn_major && mode != swizzle_mode::none) {
            const u32 lines = mode == swizzle_mode::b128_atom32 ? 4 : 8, byte = mn / t * 16;
            at = byte / width * leading + byte % width + k / lines * stride + k % lines * width;
        }
        at += smem + start;
        const u32 line = at / 128;
        if (mode == swizzle_mode::b128) at ^= line % 8 * 16;
        if (mode == swizzle_mode::b64) at ^= line % 4 * 16;
        if (mode == swizzle_mode::b32) at ^= line % 2 * 16;
        if (mode == swizzle_mode::b128_atom32) at ^= line % 4 * 32;
        return at - smem;
    }
    exact value(const std::vector<u8>& shared, u32 smem, u32 mn, u32 k) const {
        const u32 at = chunk(smem, mn, k), bit = (mn_major ? mn : k) % per_chunk * type.bits;
        u32 word = 0;
        for (u32 byte = 0; byte < 4 && bit / 8 + byte < 16; ++byte)
            word |= u32(shared[at + bit / 8 + byte]) << 8 * byte;
        if (type.bits == 32) return type.value(word >> 13);
        return type.value(word >> bit % 8 & ((1u << type.bits) - 1));
    }
};

/// Trials of a test: `usual`, and twenty times as many with DEEPGEMM_TEST_ALL in the environment, as `./dg test --all` sets it.
inline u32 random_trials(u32 usual) { return std::getenv("DEEPGEMM_TEST_ALL") != nullptr ? 20 * usual : usual; }

struct dice {
    std::mt19937_64 bits;
    u32 below(u32 n) { return u32(bits() % n); }
    bool one_in(u32 n) { return below(n) == 0; }
    template <class T>
    T of(std::initializer_list<T> list) {
        return list.begin()[below(u32(list.size()))];
    }
};

inline constexpr u32 random_bytes = 192 * 1024;  ///< of shared memory that operands lie in
inline constexpr u32 smem_base = 1024;           ///< where dynamic shared memory lies in the window

/// Any order, swizzle, place and strides that the operand may have; false if it does not fit into shared memory.
inline bool place_operand(dice& random, random_operand& x, u32 rows, u32 k, bool mn_allowed) {
    const bool tf32 = x.type.bits == 32;
    x.mn_major = mn_allowed && random.one_in(2);
    x.mode = random.of(
        {swizzle_mode::none, swizzle_mode::b32, swizzle_mode::b64, swizzle_mode::b128, swizzle_mode::b128_atom32});
    if (x.mn_major && tf32) x.mode = swizzle_mode::b128_atom32;
    if (x.mn_major && !tf32 && x.mode == swizzle_mode::b128_atom32) x.mode = swizzle_mode::b128;
    const u32 width = swizzle_span_bytes(x.mode), repeat = x.mode == swizzle_mode::none ? 16 : 8 * width;
    x.start = random.below(random_bytes / 2 / repeat) * repeat;
    if (!x.mn_major && x.mode != swizzle_mode::none) x.start += random.below(width / 32) * 32;
    x.stride = (1 + random.below(4096 / repeat + 3)) * repeat;
    x.leading = (1 + random.below(8192 / repeat + 3)) * repeat;
    if (random.one_in(8)) x.stride = repeat * random.below(2);  // groups may lie over each other
    if (random.one_in(8)) x.leading = repeat * random.below(2);
    if (random.one_in(8)) x.stride += 16 * random.below(repeat / 16);
    for (u32 row = 0; row < rows; ++row) {
        for (u32 i = 0; i < k; ++i) {
            if (x.chunk(smem_base, row, i) + 16 > random_bytes) return false;
        }
    }
    return true;
}

/// A word of elements of `bits` bits; values of the largest exponents one in `rare` times, and others of any size or, if
/// `tame`, near one.
inline u32 random_elements(dice& random, u32 bits, bool tame, u32 rare) {
    u32 word = u32(random.bits());
    const u32 width = bits < 8 ? 8 : bits;
    for (u32 at = 0; at < 32; at += width) {
        const u32 exponent = (width == 8 ? 0x7cu : width == 16 ? 0x7f80u : 0x7f800000u) << at;
        const bool f16_special = width == 16 && (word >> at & 0x7c00) == 0x7c00;
        if (random.one_in(rare)) {
            if (random.one_in(2)) word |= exponent;
            if (random.one_in(3)) word &= ~(((1u << (width - 1)) - 1) << at);
        } else if (tame && width == 32) {
            word = (word & ~exponent) | (120 + random.below(14)) << 23;
        } else if (tame && width == 16) {
            word = (word & ~(0x7f00u << at)) | (0x3c00u + 0x100 * random.below(6)) << at;  // near one for both types
        } else if ((word & exponent) == exponent || f16_special) {
            word ^= (width == 8 ? 0x40u : width == 16 ? 0x4000u : 0x40000000u) << at;
        }
    }
    return word;
}

}  // namespace deepgemm::test
