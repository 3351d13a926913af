// SPDX-License-Identifier: MIT
// The shapes in which a warp moves tensor memory to registers and back (tcgen05.ld, tcgen05.st): which lane and column each register
// of each thread is. PTX ISA: "Data Movement Shape". An address of tensor memory is lane << 16 | column.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// A shape, by its name in PTX: lanes x bits of each lane that one repetition moves. s16x32bx2 moves two columns of 16 lanes, which
/// lie `split` columns apart. Shapes of 16 lanes move the lower half of a warp's lanes, or with bit 16 of the address the upper one.
enum class tmem_shape : u8 { s32x32b, s16x64b, s16x128b, s16x256b, s16x32bx2 };

/// Lanes that a shape moves.
DEEPGEMM_BOTH constexpr int tmem_lanes_of(tmem_shape shape) { return shape == tmem_shape::s32x32b ? 32 : 16; }

/// Registers of each thread that `repeat` repetitions of a shape move.
DEEPGEMM_BOTH constexpr int tmem_registers(tmem_shape shape, int repeat) {
    return shape == tmem_shape::s16x128b ? 2 * repeat : shape == tmem_shape::s16x256b ? 4 * repeat : repeat;
}

/// Adjacent columns that they move, in each part of s16x32bx2, if registers are whole columns.
DEEPGEMM_BOTH constexpr int tmem_columns_of(tmem_shape shape, int repeat) {
    switch (shape) {
        case tmem_shape::s16x64b: return 2 * repeat;
        case tmem_shape::s16x128b: return 4 * repeat;
        case tmem_shape::s16x256b: return 8 * repeat;
        default: return repeat;
    }
}

/// Lane, from the first that the shape moves, of register `r` of lane `thread` of the warp.
DEEPGEMM_BOTH constexpr int tmem_lane(tmem_shape shape, int thread, int r) {
    switch (shape) {
        case tmem_shape::s16x64b: return thread / 4 + 8 * (thread % 2);
        case tmem_shape::s16x128b: return thread / 4 + 8 * (r % 2);
        case tmem_shape::s16x256b: return thread / 4 + 8 * (r / 2 % 2);
        case tmem_shape::s16x32bx2: return thread % 16;
        default: return thread;
    }
}

/// Column, from that of the address, of the same register. Packed registers hold the low halves of two columns: of twice this one,
/// and of the next; `split` counts columns there, too.
DEEPGEMM_BOTH constexpr int tmem_column(tmem_shape shape, int thread, int r) {
    switch (shape) {
        case tmem_shape::s16x64b: return thread / 2 % 2 + 2 * r;
        case tmem_shape::s16x128b: return thread % 4 + 4 * (r / 2);
        case tmem_shape::s16x256b: return r % 2 + 2 * (thread % 4) + 8 * (r / 4);
        default: return r;
    }
}

/// Whether one instruction has `repeat` repetitions of a shape: powers of two, at most 128 registers of a thread.
DEEPGEMM_BOTH constexpr bool tmem_repeats(tmem_shape shape, int repeat) {
    return repeat > 0 && (repeat & (repeat - 1)) == 0 && tmem_registers(shape, repeat) <= 128;
}

}  // namespace deepgemm
