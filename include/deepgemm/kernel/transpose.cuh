// SPDX-License-Identifier: MIT
// Transposes matrices of bytes. A thread holds a square of 16 by 16 of them in registers: it loads 16 bytes of each of 16 rows,
// exchanges bytes there, and stores 16 bytes of each of 16 columns. The lanes of a warp lie side by side and below each other, so
// that loads and stores cover whole sectors of 32 bytes; nothing passes through shared memory, and no thread waits for another.
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
        const i32 down = ceil_div(p.rows, i32(piece_rows));
        const i64 of_matrix = i64(down) * ceil_div(p.columns, i32(piece_columns)), all = of_matrix * p.matrices;
        // Neighbouring warps lie below each other, so that what they store lies side by side.
        for (i64 i = i64(ptx::cta_index()) * Config.warps + ptx::warp_index(); i < all;
             i += i64(ptx::cta_count()) * Config.warps) {
            const i64 matrix = i / of_matrix, place = i % of_matrix;
            const i64 row = place % down * piece_rows + lane / Config.across * side,
                      column = place / down * piece_columns + lane % Config.across * side;
            if (row >= p.rows || column >= p.columns) continue;
            const u8* const from =
                static_cast<const u8*>(p.from) + matrix * p.from_distance + row * p.from_pitch + column;
            u8* const to = static_cast<u8*>(p.to) + matrix * p.to_distance + column * p.to_pitch + row;
            const i32 rows = i32(min(p.rows - row, i64(side))), columns = i32(min(p.columns - column, i64(side)));
            if (rows == side && columns == side) {
                square::loaded(from, p.from_pitch).transposed().store(to, p.to_pitch);
            } else {
                square::loaded(from, p.from_pitch, rows, columns).transposed().store(to, p.to_pitch, columns, rows);
            }
        }
    }

private:
    using line = ptx::vec4<u32>;

    /// 16 rows of 16 bytes.
    struct square {
        u32 word[side][4];  ///< bytes 4 w to 4 w + 3 of row r

        /// A whole square at `from`.
        DEEPGEMM_DEVICE static square loaded(const u8* from, i64 pitch) {
            square made;
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; ++r)
                made.set(r, ptx::ld_global_nc(reinterpret_cast<const line*>(from + r * pitch)));
            return made;
        }
        /// The first `rows` by `columns` bytes of one; the others are 0 and not read.
        DEEPGEMM_DEVICE static square loaded(const u8* from, i64 pitch, i32 rows, i32 columns) {
            square made;
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; ++r) {
                made.set(r, line{});
                if (r >= rows) continue;
                if (columns == side) {
                    made.set(r, ptx::ld_global_nc(reinterpret_cast<const line*>(from + r * pitch)));
                    continue;
                }
                DEEPGEMM_UNROLL
                for (int c = 0; c < side; ++c) {
                    if (c < columns) made.word[r][c / 4] |= u32(ptx::ld_global_nc(from + r * pitch + c)) << c % 4 * 8;
                }
            }
            return made;
        }

        /// Row r of the result is column r of this square.
        DEEPGEMM_DEVICE square transposed() const {
            square made;
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; r += 4) {
                DEEPGEMM_UNROLL
                for (int w = 0; w < 4; ++w) {
                    u32(&to)[side][4] = made.word;
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < 4; ++i) to[4 * w + i][r / 4] = word[r + i][w];
                    ptx::transpose_bytes(to[4 * w][r / 4], to[4 * w + 1][r / 4], to[4 * w + 2][r / 4],
                                         to[4 * w + 3][r / 4]);
                }
            }
            return made;
        }

        DEEPGEMM_DEVICE void store(u8* to, i64 pitch) const {
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; ++r) ptx::st_global(reinterpret_cast<line*>(to + r * pitch), get(r));
        }
        /// Stores the first `rows` by `columns` bytes.
        DEEPGEMM_DEVICE void store(u8* to, i64 pitch, i32 rows, i32 columns) const {
            DEEPGEMM_UNROLL
            for (int r = 0; r < side; ++r) {
                if (r >= rows) continue;
                if (columns == side) {
                    ptx::st_global(reinterpret_cast<line*>(to + r * pitch), get(r));
                    continue;
                }
                DEEPGEMM_UNROLL
                for (int c = 0; c < side; ++c) {
                    if (c < columns) ptx::st_global(to + r * pitch + c, u8(word[r][c / 4] >> c % 4 * 8));
                }
            }
        }

    private:
        DEEPGEMM_DEVICE void set(int r, const line& from) {
            word[r][0] = from.x;
            word[r][1] = from.y;
            word[r][2] = from.z;
            word[r][3] = from.w;
        }
        DEEPGEMM_DEVICE line get(int r) const { return {word[r][0], word[r][1], word[r][2], word[r][3]}; }
    };

    /// Pieces that warps transpose.
    DEEPGEMM_BOTH static constexpr i64 pieces(const arguments& args) {
        return i64(args.matrices) * ceil_div(args.rows, i32(piece_rows)) * ceil_div(args.columns, i32(piece_columns));
    }
};

}  // namespace deepgemm
