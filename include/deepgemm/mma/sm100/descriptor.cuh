// SPDX-License-Identifier: MIT
// The descriptors of tcgen05: a 64-bit shared-memory descriptor of a tile or of a block of scales, and a 32-bit instruction
// descriptor (PTX ISA, "tcgen05 matrix descriptors" and "Instruction descriptor"). Bit fields, nothing else.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/small_types.cuh>
#include <deepgemm/layout/operand_tile.cuh>

namespace deepgemm::sm100 {

/// Bits 61-63 of a descriptor.
DEEPGEMM_BOTH constexpr u64 descriptor_swizzle(swizzle_mode mode) {
    switch (mode) {
        case swizzle_mode::b128: return 2;
        case swizzle_mode::b64: return 4;
        case swizzle_mode::b32: return 6;
        case swizzle_mode::b128_atom32: return 1;
        default: return 0;
    }
}

/// Describes a tile at shared address `address` (16-byte aligned; the atom aligned to its repeat). The offsets mean the same as
/// for wgmma (mma/sm90/descriptor.cuh); bits 46-48 are constant.
DEEPGEMM_BOTH constexpr u64 make_descriptor(u32 address, u32 leading_bytes, u32 stride_bytes, swizzle_mode mode) {
    return u64((address & 0x3ffff) >> 4) | u64(leading_bytes >> 4) << 16 | u64(stride_bytes >> 4) << 32 | u64(1) << 46 |
           descriptor_swizzle(mode) << 61;
}

/// Describes the tile of an operand at shared address `address`, a multiple of 1024. advance() moves it by rows and steps.
/// Lines of an MN-major tile come in groups of eight, with 32-byte atoms of four.
template <class Tile>
DEEPGEMM_BOTH constexpr u64 descriptor_of(u32 address) {
    if constexpr (Tile::contiguous == major::k) {
        return make_descriptor(address, 16, 8 * Tile::bytes_per_row, Tile::swizzle);
    } else {
        constexpr u32 group = Tile::swizzle == swizzle_mode::b128_atom32 ? 4 : 8;
        return make_descriptor(address, Tile::slab_bytes, group * Tile::line_bytes, Tile::swizzle);
    }
}

/// Bytes from the operand of one multiply, 32 bytes of K, to that of the next inside a tile.
template <class Tile>
inline constexpr u32 step_bytes = u32(32 / sizeof(typename Tile::element)) * Tile::bytes_per_k;

/// Describes a block of scales for tcgen05_copy_scales: 32 rows of 16 bytes, one after another.
DEEPGEMM_BOTH constexpr u64 scale_descriptor(u32 address) {
    return make_descriptor(address, 0, 128, swizzle_mode::none);
}

/// Moves a descriptor's start address by `bytes` (a multiple of 16) inside the 256 KB window.
DEEPGEMM_BOTH constexpr u64 advance(u64 descriptor, u32 bytes) {
    return descriptor >> 32 << 32 | (u32(descriptor) + (bytes >> 4));
}

/// The code of an element type in an instruction descriptor. A code has a meaning only together with the kind of multiply: 1 is
/// BF16 for kind::f16, e5m2 for kind::f8f6f4, and i8 for kind::i8; kinds mxf4 and mxf4nvf4 give e2m1 another, see
/// fp4_instruction().
template <class T>
inline constexpr u32 type_code = one_of<T, bf16, e5m2, i8> ? 1
                                 : same_as<T, tf32>        ? 2
                                 : same_as<T, e2m3>        ? 3
                                 : same_as<T, e3m2>        ? 4
                                 : same_as<T, e2m1>        ? 5
                                                           : 0;

/// An element type of kinds f8f6f4 and mxf8f6f4, which multiply any two of them.
template <class T>
concept byte_operand = fp8_element<T> || small_element<T>;
/// An element type of kind::i8, which multiplies any two of them.
template <class T>
concept integer_operand = one_of<T, i8, u8>;

namespace detail {
/// What all instruction descriptors have in one place: types, orders, M and N.
template <class A, class B, major MajorA, major MajorB>
DEEPGEMM_BOTH constexpr u32 common_instruction(u32 m, u32 n) {
    return type_code<A> << 7 | type_code<B> << 10 | u32(MajorA == major::mn) << 15 | u32(MajorB == major::mn) << 16 |
           n / 8 << 17 | m / 16 << 24;
}
}  // namespace detail

/// The instruction descriptor of D(m, n) = A x B: operands of types `A` and `B`, contiguous along `MajorA` and `MajorB`, sums
/// in `D`: float, f16, or i32 of integers. m is that of the instruction, for a pair of CTAs of both: 64, 128 or 256, and 32
/// with .ws; n is a multiple of 8 or 16.
template <class A, class B, major MajorA = major::k, major MajorB = major::k, class D = float>
DEEPGEMM_BOTH constexpr u32 instruction(u32 m, u32 n) {
    static_assert(
        (byte_operand<A> && byte_operand<B>) || (half_element<A> && half_element<B>) ||
            (same_as<A, tf32> && same_as<B, tf32>) || (integer_operand<A> && integer_operand<B>),
        "tcgen05: A and B must be of 8, 6 and 4 bits in any mix, or of bf16 and f16 in any mix, or both tf32, "
        "or integers of 8 bits");
    static_assert(integer_operand<A> ? same_as<D, i32>
                                     : same_as<D, float> || (same_as<D, f16> &&
                                                             (byte_operand<A> || (same_as<A, f16> && same_as<B, f16>))),
                  "tcgen05: D is float, or f16 where neither operand is bf16 or tf32; and i32 of integers");
    constexpr u32 sums = same_as<D, i32> ? 2 : same_as<D, float> ? 1 : 0;
    return sums << 4 | detail::common_instruction<A, B, MajorA, MajorB>(m, n);
}

/// An instruction descriptor of kind::i8 whose sums stay at the end of i32 that they would pass.
DEEPGEMM_BOTH constexpr u32 saturating(u32 instruction) { return instruction | 1u << 3; }

/// The instruction descriptor of kind::mxf8f6f4, sums in FP32. The UE8M0 scales of A and of B are bytes `byte_a` and `byte_b`
/// of their words in tensor memory.
template <class A, class B, major MajorA = major::k, major MajorB = major::k>
DEEPGEMM_BOTH constexpr u32 scaled_instruction(u32 m, u32 n, u32 byte_a, u32 byte_b) {
    static_assert(byte_operand<A> && byte_operand<B>, "tcgen05: scaled operands must have 8, 6 or 4 bits");
    return byte_b << 4 | detail::common_instruction<A, B, MajorA, MajorB>(m, n) | 1u << 23 | byte_a << 29;
}
/// The same with one byte for both.
template <class A, class B, major MajorA = major::k, major MajorB = major::k>
DEEPGEMM_BOTH constexpr u32 scaled_instruction(u32 m, u32 n, u32 byte) {
    return scaled_instruction<A, B, MajorA, MajorB>(m, n, byte, byte);
}

/// Scales of kinds mxf4 and mxf4nvf4. UE4M3 is for blocks of 16 elements of kind::mxf4nvf4.
enum class fp4_scales { ue8m0, ue4m3 };

/// The instruction descriptor of kinds mxf4 and mxf4nvf4: A and B in FP4, K-major, sums in FP32. A multiply of K 64 takes two
/// scales of 32 elements from bytes `byte_a` and the next, 0 or 2; or four scales of 16 elements, and then both bytes are 0.
template <fp4_scales Scales>
DEEPGEMM_BOTH constexpr u32 fp4_instruction(u32 m, u32 n, u32 byte_a = 0, u32 byte_b = 0) {
    return byte_b << 4 | 1u << 7 | 1u << 10 | n / 8 << 17 | u32(Scales == fp4_scales::ue8m0) << 23 | m / 16 << 24 |
           byte_a << 29;
}

}  // namespace deepgemm::sm100
