// SPDX-License-Identifier: MIT
// The permutation that TMA applies to a tile in shared memory, so that tensor cores and stmatrix meet no bank conflicts: the
// modes of CUtensorMapSwizzle, on chunks of 16 bytes. An atom of 8 rows repeats every 1024, 512 or 256 bytes; that of 32-byte
// pairs of chunks has 4 rows of 128 bytes.
#pragma once

#include <deepgemm/layout/tensor_map.cuh>

namespace deepgemm {

/// Where byte `offset` of an unpermuted tile lies in shared memory. The tile must start at a multiple of 1024 bytes.
/// Bits 4.. (the 16-byte chunk inside its span) are XORed with bits 7.. (the 128-byte line); bits 5 and 6 for b128_atom32.
DEEPGEMM_BOTH constexpr u32 swizzled(u32 offset, swizzle_mode mode) {
    if (mode == swizzle_mode::b128_atom32) return offset ^ ((offset >> 7 & 3) << 5);
    const u32 mask = swizzle_span_bytes(mode) / 16 - 1;
    return offset ^ ((offset >> 7 & mask) << 4);
}

/// The widest swizzle whose span is exactly `row_bytes`; none for 16-byte rows.
DEEPGEMM_BOTH constexpr swizzle_mode swizzle_for_row(u32 row_bytes) {
    return row_bytes == 128  ? swizzle_mode::b128
           : row_bytes == 64 ? swizzle_mode::b64
           : row_bytes == 32 ? swizzle_mode::b32
                             : swizzle_mode::none;
}

}  // namespace deepgemm
