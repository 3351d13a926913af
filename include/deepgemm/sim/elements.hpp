// SPDX-License-Identifier: MIT
// Turns operand elements into floats for the simulated tensor cores: tables for 8 bits and fewer, arithmetic for the others.
// Exact for every code; the values are those of core/types.cuh. Host only.
#pragma once

#include <array>
#include <cstring>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/small_types.cuh>
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

template <>
constexpr std::array<float, 256> make_table<e2m1>() {
    std::array<float, 256> table{};
    for (u32 code = 0; code < 256; ++code) table[code] = decode_e2m1(code);
    return table;
}

/// The value of every code of a type of at most 8 bits; bits above those of the type are not read.
template <class T>
inline constexpr std::array<float, 256> byte_table = make_table<T>();

/// A half moved to float by its exponent: subnormals become exact through the multiplication.
inline float half_to_float(u16 bits) {
    const float magnitude = bit_cast<float>(u32(bits & 0x7fff) << 13) * bit_cast<float>(0x77800000u);  // times 2^112
    u32 result = bit_cast<u32>(magnitude) | u32(bits & 0x8000) << 16;
    if ((bits & 0x7c00) == 0x7c00) result |= 0x7f800000u;  // infinity and NaN keep the largest exponent
    return bit_cast<float>(result);
}

}  // namespace detail

/// FP4 as kinds mxf4 and mxf4nvf4 read it: 32 elements in a chunk. Elsewhere a chunk has 16 elements of FP4.
struct packed_e2m1;

/// Elements of a 16-byte chunk of an operand in shared memory, and how many of its bytes, from the first on, hold them. Types
/// of 6 and 4 bits lie close together and leave the rest of the chunk to nobody, so that a chunk holds as many as of 8 bits.
template <class T>
struct chunk_format {
    static constexpr u32 elements = 16 / sizeof(T), bytes = 16;
};
template <small_element T>
struct chunk_format<T> {
    static constexpr u32 elements = 16, bytes = same_as<T, e2m1> ? 8 : 12;
};
template <>
struct chunk_format<packed_e2m1> {
    static constexpr u32 elements = 32, bytes = 16;
};

/// Decodes the elements of a 16-byte chunk. TF32 drops the 13 bits the tensor core does not read.
template <class T>
inline void decode_chunk(const u8* source, float* out) {
    constexpr u32 count = chunk_format<T>::elements;
    if constexpr (one_of<T, e2m1, packed_e2m1>) {
        for (u32 i = 0; i < count; ++i) out[i] = detail::byte_table<e2m1>[source[i / 2] >> 4 * (i % 2)];
    } else if constexpr (small_element<T>) {
        for (u32 i = 0; i < count; ++i) {
            const u32 bit = 6 * i, two = source[bit / 8] | u32(source[bit / 8 + 1]) << 8;
            out[i] = detail::byte_table<T>[two >> bit % 8 & 63];
        }
    } else if constexpr (one_of<T, i8, u8>) {
        for (u32 i = 0; i < count; ++i) out[i] = float(T(source[i]));
    } else if constexpr (sizeof(T) == 1) {
        for (u32 i = 0; i < count; ++i) out[i] = detail::byte_table<T>[source[i]];
    } else if constexpr (sizeof(T) == 2) {
        u16 bits[8];
        std::memcpy(bits, source, 16);
        for (u32 i = 0; i < count; ++i) {
            out[i] = is_same_v<T, bf16> ? bit_cast<float>(u32(bits[i]) << 16) : detail::half_to_float(bits[i]);
        }
    } else {
        static_assert(is_same_v<T, tf32>);
        u32 bits[4];
        std::memcpy(bits, source, 16);
        for (u32 i = 0; i < count; ++i) out[i] = bit_cast<float>(bits[i] & ~0x1fffu);
    }
}

/// Calls `f.template operator()<T>()` with the C++ type of a tensor-core operand whose elements have 8 bits or more.
template <class F>
inline void with_operand_type(dtype type, F&& f) {
    switch (type) {
        case dtype::e4m3: return f.template operator()<e4m3>();
        case dtype::e5m2: return f.template operator()<e5m2>();
        case dtype::bf16: return f.template operator()<bf16>();
        case dtype::f16: return f.template operator()<f16>();
        case dtype::i8: return f.template operator()<i8>();
        case dtype::u8: return f.template operator()<u8>();
        default: return f.template operator()<tf32>();
    }
}

/// The same for all types, those of 6 and 4 bits too; packed_e2m1 for FP4 if `packed_fp4`.
template <class F>
inline void with_chunk_type(dtype type, bool packed_fp4, F&& f) {
    switch (type) {
        case dtype::e2m3: return f.template operator()<e2m3>();
        case dtype::e3m2: return f.template operator()<e3m2>();
        case dtype::e2m1x2: return packed_fp4 ? f.template operator()<packed_e2m1>() : f.template operator()<e2m1>();
        default: return with_operand_type(type, f);
    }
}

}  // namespace deepgemm::sim
