// SPDX-License-Identifier: MIT
// Turns operand elements into floats for the simulated tensor cores: tables for FP8, arithmetic for the others.
// Exact for every code; the values are those of core/types.cuh. Host only.
#pragma once

#include <array>
#include <cstring>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

template <class T>
constexpr std::array<float, 256> make_table() {
    std::array<float, 256> table{};
    for (u32 code = 0; code < 256; ++code) table[code] = float(T{u8(code)});
    return table;
}

/// The value of every FP8 code.
template <class T>
inline constexpr std::array<float, 256> fp8_table = make_table<T>();

/// A half moved to float by its exponent: subnormals become exact through the multiplication.
inline float half_to_float(u16 bits) {
    const float magnitude = bit_cast<float>(u32(bits & 0x7fff) << 13) * bit_cast<float>(0x77800000u);  // times 2^112
    u32 result = bit_cast<u32>(magnitude) | u32(bits & 0x8000) << 16;
    if ((bits & 0x7c00) == 0x7c00) result |= 0x7f800000u;  // infinity and NaN keep the largest exponent
    return bit_cast<float>(result);
}

}  // namespace detail

/// Decodes the `16 / sizeof(T)` elements of a 16-byte chunk. TF32 drops the 13 bits the tensor core does not read.
template <class T>
inline void decode_chunk(const u8* source, float* out) {
    if constexpr (sizeof(T) == 1) {
        for (u32 i = 0; i < 16; ++i) out[i] = detail::fp8_table<T>[source[i]];
    } else if constexpr (sizeof(T) == 2) {
        u16 bits[8];
        std::memcpy(bits, source, 16);
        for (u32 i = 0; i < 8; ++i) {
            out[i] = is_same_v<T, bf16> ? bit_cast<float>(u32(bits[i]) << 16) : detail::half_to_float(bits[i]);
        }
    } else {
        static_assert(is_same_v<T, tf32>);
        u32 bits[4];
        std::memcpy(bits, source, 16);
        for (u32 i = 0; i < 4; ++i) out[i] = bit_cast<float>(bits[i] & ~0x1fffu);
    }
}

/// Calls `f.template operator()<T>()` with the C++ type of a tensor-core operand.
template <class F>
inline void with_operand_type(dtype type, F&& f) {
    switch (type) {
        case dtype::e4m3: return f.template operator()<e4m3>();
        case dtype::e5m2: return f.template operator()<e5m2>();
        case dtype::bf16: return f.template operator()<bf16>();
        case dtype::f16: return f.template operator()<f16>();
        default: return f.template operator()<tf32>();
    }
}

}  // namespace deepgemm::sim
