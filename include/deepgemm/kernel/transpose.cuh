// SPDX-License-Identifier: MIT
// Transposes matrices of bytes. A thread holds a square of 16 by 16 of them in registers: it loads 16 bytes of each of 16 rows,
// exchanges bytes there, and stores 16 bytes of each of 16 columns. The lanes of a warp lie side by side and below each other,
// so that loads and stores cover whole sectors of 32 bytes; nothing passes through shared memory, and no thread waits for
// another.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/transpose_info.cuh>
#include <deepgemm/ptx/bytes.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace deepgemm {

/// The kernel on `Arch`.
template <class Arch, transpose_traits Traits, transpose_config Config = transpose_config{}>
struct transposer {
    static_assert(Traits.element_bytes == 1, "transpose: elements must have 1 byte");
    static_assert(Config.warps >= 1 && Config.warps <= 32, "transpose: warps must be from 1 to 32");
    static_assert(Config.across >= 1 && Config.across <= 32 && 32 % Config.across == 0,
                  "transpose: across must be 1, 2, 4, 8, 16 or 32 lanes");

    /// CTAs of a multiprocessor: 16 warps, for whose registers there is room.
    static constexpr int ctas = max(16 / Config.warps, 1);

    using operation = ops::transpose;
    using arguments = transpose_arguments;
    using params = transpose_arguments;
    static constexpr launch_info launch{.arch = Arch::number, .threads = 32 * Config.warps, .ctas_per_sm = ctas};
    static constexpr kernel_info<transpose_traits, transpose_config> info{launch, Traits, Config};
    static constexpr int map_count = 0;

    /// Bytes that a warp transposes at a time.
    static constexpr int side = 16, piece_columns = side * Config.across, piece_rows = side * (32 / Config.across);

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args; }
    /// CTAs on `num_sms` multiprocessors: as many as have work, at most those that a multiprocessor holds.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return int(min(ceil_div(pieces(args), i64(Config.warps)), i64(num_sms) * ctas));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("transposer");
        ptx::grid_dependency_wait();
        ptx::grid_dependency_trigger();
        const u32 lane = ptx::lane_index();
        // Pieces are counted in 32 bits, which is enough for any memory.
        const u32 down = u32(ceil_div(p.rows, i32(piece_rows))),
                  of_matrix = down * u32(ceil_div(p.columns, i32(piece_columns))), all = of_matrix * u32(p.matrices);
        // Neighbouring warps lie below each other, so that what they store lies side by side.
        for (u32 i = ptx::cta_index() * Config.warps + ptx::warp_index(); i < all;
             i += ptx::cta_count() * Config.warps) {
            const u32 matrix = i / of_matrix, place = i % of_matrix;
            const i64 row = i64(place % down) * piece_rows + lane / Config.across * side,
                      column = i64(place / down) * piece_columns + lane % Config.across * side;
            if (row >= p.rows || column >= p.columns) continue;
            const u8* const from =
                static_cast<const u8*>(p.from) + matrix * p.from_distance + row * p.from_pitch + column;
            u8* const to = static_cast<u8*>(p.to) + matrix * p.to_distance + column * p.to_pitch + row;
            const i32 rows = i32(min(p.rows - row, i64(side))), columns = i32(min(p.columns - column, i64(side)));
            if (rows == side && columns == side) {
                move_square(from, p.from_pitch, to, p.to_pitch);
            } else {
                move_edge(from, p.from_pitch, to, p.to_pitch, rows, columns);
            }
        }
    }

private:
    using line = ptx::vec4<u32>;

    DEEPGEMM_DEVICE static line load_line(const u8* from) {
        return ptx::ld_global_once(reinterpret_cast<const line*>(from));
    }

    /// Transposes a square of 16 by 16 bytes.
    DEEPGEMM_DEVICE static void move_square(const u8* from, i64 from_pitch, u8* to, i64 to_pitch) {
        u32 word[side][4];  // of rows
        DEEPGEMM_UNROLL
        for (int r = 0; r < side; ++r) {
            const line row = load_line(from + r * from_pitch);
            word[r][0] = row.x;
            word[r][1] = row.y;
            word[r][2] = row.z;
            word[r][3] = row.w;
        }
        DEEPGEMM_UNROLL
        for (int w = 0; w < 4; ++w) {
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; r += 4)
                ptx::transpose_bytes(word[r][w], word[r + 1][w], word[r + 2][w], word[r + 3][w]);
            // Of each four rows, word j now has column 4 w + j.
            DEEPGEMM_UNROLL
            for (int j = 0; j < 4; ++j) {
                ptx::st_global(reinterpret_cast<line*>(to + (4 * w + j) * to_pitch),
                               line{word[j][w], word[4 + j][w], word[8 + j][w], word[12 + j][w]});
            }
        }
    }

    /// Transposes the first `rows` by `columns` bytes of a square, four columns at a time; others are neither read nor written.
    DEEPGEMM_DEVICE static void move_edge(const u8* from, i64 from_pitch, u8* to, i64 to_pitch, i32 rows, i32 columns) {
        DEEPGEMM_NO_UNROLL
        for (int first = 0; first < columns; first += 4) {
            u32 word[side];
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; ++r) {
                word[r] = 0;
                DEEPGEMM_UNROLL
                for (int c = 0; c < 4; ++c) {
                    if (r < rows && first + c < columns)
                        word[r] |= u32(ptx::ld_global_nc(from + r * from_pitch + first + c)) << 8 * c;
                }
            }
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; r += 4) ptx::transpose_bytes(word[r], word[r + 1], word[r + 2], word[r + 3]);
            DEEPGEMM_UNROLL
            for (int c = 0; c < 4; ++c) {
                DEEPGEMM_UNROLL
                for (int r = 0; r < side; ++r) {
                    if (r < rows && first + c < columns)
                        ptx::st_global(to + (first + c) * to_pitch + r, u8(word[r / 4 * 4 + c] >> r % 4 * 8));
                }
            }
        }
    }

    /// Pieces that warps transpose.
    DEEPGEMM_BOTH static constexpr i64 pieces(const arguments& args) {
        return i64(args.matrices) * ceil_div(args.rows, i32(piece_rows)) * ceil_div(args.columns, i32(piece_columns));
    }
};

}  // namespace deepgemm
