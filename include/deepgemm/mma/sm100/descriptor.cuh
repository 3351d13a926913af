// SPDX-License-Identifier: MIT
// The descriptors of tcgen05: a 64-bit shared-memory descriptor of a tile or of a block of scales, and a 32-bit instruction
// descriptor (PTX ISA, "tcgen05 matrix descriptors" and "Instruction descriptor"). Bit fields, nothing else.
#pragma once

#include <deepgemm/core/math.cuh>
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
template <class Tile>
DEEPGEMM_BOTH constexpr u64 descriptor_of(u32 address) {
    if constexpr (Tile::contiguous == major::k) {
        return make_descriptor(address, 16, 8 * Tile::bytes_per_row, Tile::swizzle);
    } else {
        return make_descriptor(address, Tile::slab_bytes, 8 * Tile::line_bytes, Tile::swizzle);
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
/// BF16 for kind::f16 and e5m2 for kind::f8f6f4.
template <class T>
inline constexpr u32 type_code = same_as<T, bf16> || same_as<T, e5m2> ? 1 : 0;

/// The instruction descriptor of D(m, n) = A x B with FP32 sums: operands of types `A` and `B`, contiguous along `MajorA` and
/// `MajorB`. m, for each CTA that takes part, is 64 or 128; n is a multiple of 8 or 16.
template <class A, class B, major MajorA = major::k, major MajorB = major::k>
DEEPGEMM_BOTH constexpr u32 instruction(u32 m, u32 n) {
    static_assert((fp8_element<A> && fp8_element<B>) || (half_element<A> && same_as<A, B>),
                  "tcgen05: A and B must be e4m3 or e5m2 in any mix, or both bf16, or both f16");
    return 1u << 4 | type_code<A> << 7 | type_code<B> << 10 | u32(MajorA == major::mn) << 15 |
           u32(MajorB == major::mn) << 16 | n / 8 << 17 | m / 16 << 24;
}

/// The instruction descriptor of the block-scaled multiply. Its UE8M0 scales are byte `byte` of their words in tensor memory.
template <class A, class B, major MajorA = major::k, major MajorB = major::k>
DEEPGEMM_BOTH constexpr u32 scaled_instruction(u32 m, u32 n, u32 byte) {
    static_assert(fp8_element<A> && fp8_element<B>, "tcgen05: scaled operands must be e4m3 or e5m2");
    return byte << 4 | type_code<A> << 7 | type_code<B> << 10 | u32(MajorA == major::mn) << 15 |
           u32(MajorB == major::mn) << 16 | n / 8 << 17 | 1u << 23 | m / 16 << 24 | byte << 29;
}

}  // namespace deepgemm::sm100
