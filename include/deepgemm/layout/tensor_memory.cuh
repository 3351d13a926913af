// SPDX-License-Identifier: MIT
// The shapes in which a warp moves tensor memory to registers and back (tcgen05.ld, tcgen05.st): which lane and column each
// register of each thread is. PTX ISA: "Data Movement Shape". An address of tensor memory is lane << 16 | column.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// A shape, by its name in PTX: lanes x bits of each lane that one repetition moves. s16x32bx2 moves two columns of 16 lanes,
/// which lie `split` columns apart. Shapes of 16 lanes move the lower half of a warp's lanes, or with bit 16 of the address the
/// upper one.
enum class tmem_shape : u8 { s32x32b, s16x64b, s16x128b, s16x256b, s16x32bx2 };

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

/// Column, from that of the address, of the same register. Packed registers hold the low halves of two columns: of twice this
/// one, and of the next; `split` counts columns there, too.
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

/// Shapes of tcgen05.cp, by their names in PTX: rows x bits that it copies from shared memory. Rows of 128 bits go to four
/// columns, those of 256 bits to eight. 128 rows go to the 128 lanes; 64 rows twice and 32 rows four times, by quarters of 32
/// lanes: with 02_13 rows 0 to 31 to quarters 0 and 2, with 01_23 to quarters 0 and 1. Four rows go to one lane of each
/// quarter.
enum class tmem_copy_shape : u8 { s128x256b, s128x128b, s64x128b_02_13, s64x128b_01_23, s32x128b_warpx4, s4x256b };

/// What tcgen05.cp makes of the 16 bytes of a chunk: nothing, or 16 bytes of 16 elements that lie packed at its begin, with the
/// rest of the chunk unused. An element of 4 bits comes to bits 2 to 5 of its byte, one of 6 bits to bits 0 to 5.
enum class tmem_unpacking : u8 { none, b4x16_p64, b6x16_p32 };

DEEPGEMM_BOTH constexpr int tmem_copy_rows(tmem_copy_shape shape) {
    switch (shape) {
        case tmem_copy_shape::s64x128b_02_13:
        case tmem_copy_shape::s64x128b_01_23: return 64;
        case tmem_copy_shape::s32x128b_warpx4: return 32;
        case tmem_copy_shape::s4x256b: return 4;
        default: return 128;
    }
}

/// Columns that a copy writes.
DEEPGEMM_BOTH constexpr int tmem_copy_columns(tmem_copy_shape shape) {
    return shape == tmem_copy_shape::s128x256b || shape == tmem_copy_shape::s4x256b ? 8 : 4;
}

/// The row that comes to a lane. For s4x256b, in which one lane of each quarter gets one, the quarter is the row.
DEEPGEMM_BOTH constexpr int tmem_copy_row(tmem_copy_shape shape, int lane) {
    switch (shape) {
        case tmem_copy_shape::s64x128b_02_13: return lane % 64;
        case tmem_copy_shape::s64x128b_01_23: return lane / 64 * 32 + lane % 32;
        case tmem_copy_shape::s32x128b_warpx4: return lane % 32;
        case tmem_copy_shape::s4x256b: return lane / 32;
        default: return lane;
    }
}

}  // namespace deepgemm
