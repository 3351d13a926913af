// SPDX-License-Identifier: MIT
// Swizzles are permutations that undo themselves; descriptors have their fields in place.
#include <deepgemm/layout/smem_tile.cuh>
#include <deepgemm/mma/sm90/descriptor.cuh>

using namespace deepgemm;

namespace {

// The swizzle follows from the length of a row.
static_assert(smem_tile<e4m3, 8, 128>::swizzle == swizzle_mode::b128);
static_assert(smem_tile<bf16, 8, 32>::swizzle == swizzle_mode::b64);
static_assert(smem_tile<float, 8, 8>::swizzle == swizzle_mode::b32);
static_assert(smem_tile<float, 8, 4>::swizzle == swizzle_mode::none);

/// Every place of 2048 bytes is hit once, bytes of a 16-byte chunk stay together, and twice is the identity.
constexpr bool is_permutation(swizzle_mode mode) {
    bool hit[2048 / 16] = {};
    for (u32 offset = 0; offset < 2048; ++offset) {
        const u32 place = swizzled(offset, mode);
        if (place >= 2048 || swizzled(place, mode) != offset || place % 16 != offset % 16) return false;
        if (offset % 16 == 0) {
            if (hit[place / 16]) return false;
            hit[place / 16] = true;
        }
    }
    return true;
}
static_assert(is_permutation(swizzle_mode::none));
static_assert(is_permutation(swizzle_mode::b32));
static_assert(is_permutation(swizzle_mode::b64));
static_assert(is_permutation(swizzle_mode::b128));

/// The same 16-byte column of eight consecutive rows lies in eight different groups of four banks.
constexpr bool is_free_of_conflicts(u32 row_bytes) {
    for (u32 column = 0; column < row_bytes; column += 16) {
        u32 groups = 0;
        for (u32 row = 0; row < 8; ++row) {
            groups |= 1u << swizzled(row * row_bytes + column, swizzle_for_row(row_bytes)) / 16 % 8;
        }
        if (groups != 0xff) return false;
    }
    return true;
}
static_assert(is_free_of_conflicts(16) && is_free_of_conflicts(32) && is_free_of_conflicts(64) &&
              is_free_of_conflicts(128));

// Fields of the wgmma descriptor: start 0-13, leading 16-29, stride 32-45, swizzle 62-63; bytes divided by 16.
static_assert(sm90::make_descriptor(16, 0, 0, swizzle_mode::none) == u64(1));
static_assert(sm90::make_descriptor(0, 16, 0, swizzle_mode::none) == u64(1) << 16);
static_assert(sm90::make_descriptor(0, 0, 16, swizzle_mode::none) == u64(1) << 32);
static_assert(sm90::make_descriptor(0, 0, 0, swizzle_mode::b128) == u64(1) << 62);
static_assert(sm90::make_descriptor(0, 0, 0, swizzle_mode::b64) == u64(2) << 62);
static_assert(sm90::make_descriptor(0, 0, 0, swizzle_mode::b32) == u64(3) << 62);
static_assert(sm90::make_descriptor(0x01000010, 0, 0, swizzle_mode::none) == u64(1));  // the block's rank is left out
static_assert(sm90::k_major_descriptor(1024, swizzle_mode::b128) == (u64(1) << 62 | u64(64) << 32 | u64(1) << 16 | 64));
static_assert(sm90::advance(sm90::k_major_descriptor(1024, swizzle_mode::b128), 96) ==
              sm90::k_major_descriptor(1120, swizzle_mode::b128));

// Of a tile they say what its order asks for: rows of a span, or slabs of lines.
static_assert(sm90::descriptor_of<operand_tile<bf16, 64, 16>>(0) ==
              sm90::make_descriptor(0, 16, 8 * 32, swizzle_mode::b32));
static_assert(sm90::descriptor_of<operand_tile<bf16, 96, 64, major::mn>>(0) ==
              sm90::make_descriptor(0, 64 * 64, 8 * 64, swizzle_mode::b64));
static_assert(sm90::step_bytes<operand_tile<e4m3, 64, 64>> == 32);
static_assert(sm90::step_bytes<operand_tile<bf16, 64, 64, major::mn>> == 16 * 128);

}  // namespace
