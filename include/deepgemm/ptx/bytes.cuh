// SPDX-License-Identifier: MIT
// Bytes of registers in another order.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::ptx {

/// Four of the bytes of `low` and `high`, of which bytes 0 to 3 are those of `low` and 4 to 7 those of `high`. Byte i of the
/// result is the one that bits 4i to 4i + 2 of `selector` number; its other bits are 0. One instruction. Any thread.
DEEPGEMM_DEVICE u32 permute_bytes(u32 low, u32 high, u32 selector) {
#if DEEPGEMM_SIMULATED
    const u64 bytes = u64(high) << 32 | low;
    u32 made = 0;
    for (int i = 0; i < 4; ++i) made |= u32(bytes >> (selector >> 4 * i & 7) * 8 & 0xff) << 8 * i;
    return made;
#else
    u32 made;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(made) : "r"(low), "r"(high), "r"(selector));
    return made;
#endif
}

/// Transposes four rows of four bytes: byte j of row i and byte i of row j change places. Any thread.
DEEPGEMM_DEVICE void transpose_bytes(u32& row_0, u32& row_1, u32& row_2, u32& row_3) {
    const u32 left_01 = permute_bytes(row_0, row_1, 0x5140), right_01 = permute_bytes(row_0, row_1, 0x7362),
              left_23 = permute_bytes(row_2, row_3, 0x5140), right_23 = permute_bytes(row_2, row_3, 0x7362);
    row_0 = permute_bytes(left_01, left_23, 0x5410);
    row_1 = permute_bytes(left_01, left_23, 0x7632);
    row_2 = permute_bytes(right_01, right_23, 0x5410);
    row_3 = permute_bytes(right_01, right_23, 0x7632);
}

}  // namespace deepgemm::ptx
