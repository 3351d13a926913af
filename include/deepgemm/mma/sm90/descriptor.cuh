// SPDX-License-Identifier: MIT
// The 64-bit shared-memory matrix descriptor of wgmma (PTX ISA, "Matrix descriptor format"): bit fields, nothing else.
// docs/hardware/wgmma.md draws them.
#pragma once

#include <deepgemm/layout/operand_tile.cuh>

namespace deepgemm::sm90 {

/// Bits 62-63 of a descriptor.
DEEPGEMM_BOTH constexpr u64 descriptor_swizzle(swizzle_mode mode) {
    return mode == swizzle_mode::b128 ? 1 : mode == swizzle_mode::b64 ? 2 : mode == swizzle_mode::b32 ? 3 : 0;
}

/// Describes a tile at shared address `address` (16-byte aligned; the atom aligned to its repeat).
/// @param leading_bytes  "leading dimension byte offset"; ignored for swizzled K-major tiles
/// @param stride_bytes   "stride dimension byte offset": from one group of eight rows to the next
DEEPGEMM_BOTH constexpr u64 make_descriptor(u32 address, u32 leading_bytes, u32 stride_bytes, swizzle_mode mode) {
    return u64((address & 0x3ffff) >> 4) | u64(leading_bytes >> 4) << 16 | u64(stride_bytes >> 4) << 32 |
           descriptor_swizzle(mode) << 62;
}

/// Describes a K-major tile whose rows are exactly one swizzle span long: rows follow each other without gaps.
DEEPGEMM_BOTH constexpr u64 k_major_descriptor(u32 address, swizzle_mode mode) {
    return make_descriptor(address, 16, 8 * swizzle_span_bytes(mode), mode);
}

/// Describes the tile of an operand at shared address `address`, a multiple of 1024. advance() moves it by rows and steps.
template <class Tile>
DEEPGEMM_BOTH constexpr u64 descriptor_of(u32 address) {
    if constexpr (Tile::contiguous == major::k) {
        return k_major_descriptor(address, Tile::swizzle);
    } else {
        static_assert(sizeof(typename Tile::element) == 2, "wgmma: only 16-bit operands may be MN-major");
        return make_descriptor(address, Tile::slab_bytes, 8 * Tile::line_bytes, Tile::swizzle);
    }
}

/// Bytes from the operand of one multiply, 32 bytes of K, to that of the next inside a tile.
template <class Tile>
inline constexpr u32 step_bytes = u32(32 / sizeof(typename Tile::element)) * Tile::bytes_per_k;

/// Moves a descriptor's start address by `bytes` (a multiple of 16) inside the 256 KB window. The address is in the lower half,
/// so one 32-bit addition does it.
DEEPGEMM_BOTH constexpr u64 advance(u64 descriptor, u32 bytes) {
    return descriptor >> 32 << 32 | (u32(descriptor) + (bytes >> 4));
}

}  // namespace deepgemm::sm90
