// SPDX-License-Identifier: MIT
// A buffer of shared memory between the registers of fragments and TMA, swizzled: 16-bit elements of fragments of wgmma get
// there and back by stmatrix and ldmatrix, others in vectors as wide as a thread has neighbours.
#pragma once

#include <deepgemm/layout/smem_tile.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/vector.cuh>

namespace deepgemm {

/// Converged warp: rounds a fragment to T and stores `Matrices` blocks of 8 x 8 at a time, transposed or not. `line(i)` is the
/// shared address of the 16 bytes that the calling lane gives to stmatrix for the blocks of registers from `i` on.
template <class T, int Matrices, bool Transposed, int Registers, class Line>
DEEPGEMM_DEVICE void store_blocks(const float (&value)[Registers], const Line& line) {
    DEEPGEMM_UNROLL
    for (int i = 0; i < Registers; i += 2 * Matrices) {
        u32 packed[Matrices];
        DEEPGEMM_UNROLL
        for (int j = 0; j < Matrices; ++j) packed[j] = ptx::pack<T>(value[i + 2 * j], value[i + 2 * j + 1]);
        if constexpr (Transposed) {
            ptx::stmatrix_trans<Matrices>(line(i), packed);
        } else {
            ptx::stmatrix<Matrices>(line(i), packed);
        }
    }
}

/// Converged warp: the inverse, loads the blocks that store_blocks() would have stored there and adds them to a fragment.
template <class T, int Matrices, bool Transposed, int Registers, class Line>
DEEPGEMM_DEVICE void add_blocks(float (&value)[Registers], const Line& line) {
    DEEPGEMM_UNROLL
    for (int i = 0; i < Registers; i += 2 * Matrices) {
        u32 packed[Matrices];
        if constexpr (Transposed) {
            ptx::ldmatrix_trans<Matrices>(packed, line(i));
        } else {
            ptx::ldmatrix<Matrices>(packed, line(i));
        }
        DEEPGEMM_UNROLL
        for (int j = 0; j < Matrices; ++j) {
            const auto c = ptx::unpack<T>(packed[j]);
            value[i + 2 * j] += c.x;
            value[i + 2 * j + 1] += c.y;
        }
    }
}

/// One buffer: `Rows` rows, of a warp or of four, by `Columns` columns, one swizzle span; and how fragments get there and back.
/// `Fragment` says which thread holds which element.
template <class T, int Rows, int Columns, fragment_map Fragment = sm90::wgmma_rows>
struct store_buffer {
    static constexpr int columns = Columns;
    static constexpr int registers = fragment_registers<Fragment>(columns);  ///< of a thread
    using tile = smem_tile<T, Rows, columns>;

    u32 address;

    /// Converged warp: rounds a fragment to T and writes it.
    DEEPGEMM_DEVICE void write(const float (&value)[registers]) const {
        if constexpr (by_blocks) {
            store_blocks<T, matrices, false>(value, [this](int i) { return matrix_row(i); });
        } else if constexpr (fp8_element<T> && Fragment::columns_at_once >= 16) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 16) {
                const auto four = [&](int j) {
                    return u32(ptx::pack<T>(value[j], value[j + 1])) | u32(ptx::pack<T>(value[j + 2], value[j + 3]))
                                                                           << 16;
                };
                ptx::st_shared(element(i), ptx::vec4<u32>{four(i), four(i + 4), four(i + 8), four(i + 12)});
            }
        } else if constexpr (fp8_element<T>) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += 2) ptx::st_shared(element(i), ptx::pack<T>(value[i], value[i + 1]));
        } else if constexpr (half_element<T>) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                const float* const v = &value[i];
                ptx::st_shared(element(i), ptx::vec4<u32>{ptx::pack<T>(v[0], v[1]), ptx::pack<T>(v[2], v[3]),
                                                          ptx::pack<T>(v[4], v[5]), ptx::pack<T>(v[6], v[7])});
            }
        } else if constexpr (unit == 4) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                ptx::st_shared(element(i), ptx::vec4<float>{value[i], value[i + 1], value[i + 2], value[i + 3]});
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                ptx::st_shared(element(i), ptx::vec2<float>{value[i], value[i + 1]});
            }
        }
    }

    /// Converged warp: adds what the buffer holds to a fragment.
    DEEPGEMM_DEVICE void add_to(float (&value)[registers]) const {
        if constexpr (by_blocks) {
            add_blocks<T, matrices, false>(value, [this](int i) { return matrix_row(i); });
        } else if constexpr (half_element<T>) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                const auto c = ptx::ld_shared<ptx::vec4<u32>>(element(i));
                add_pairs(value, i, {c.x, c.y, c.z, c.w});
            }
        } else if constexpr (unit == 4) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                const auto c = ptx::ld_shared<ptx::vec4<float>>(element(i));
                value[i] += c.x;
                value[i + 1] += c.y;
                value[i + 2] += c.z;
                value[i + 3] += c.w;
            }
        } else {
            DEEPGEMM_UNROLL
            for (int i = 0; i < registers; i += unit) {
                const auto c = ptx::ld_shared<ptx::vec2<float>>(element(i));
                value[i] += c.x;
                value[i + 1] += c.y;
            }
        }
    }

private:
    /// True if fragments consist of the blocks of 8 x 8 that stmatrix moves, as those of wgmma do.
    static constexpr bool by_blocks = half_element<T> && same_as<Fragment, sm90::wgmma_rows>;
    /// Elements that a thread moves at once otherwise: 16 bytes of them, or fewer if fewer lie side by side.
    static constexpr int unit = min(Fragment::columns_at_once, int(16 / sizeof(T)));
    static_assert(by_blocks || fp8_element<T> || unit * int(sizeof(T)) == 16 || unit * int(sizeof(T)) == 8);

    /// Blocks of 8 x 8 that one stmatrix moves: rows 0-7 and 8-15 of the warp, and the same of the next 8 columns.
    static constexpr int matrices = columns >= 16 ? 4 : 2;

    /// First of the calling warp's rows in the buffer.
    DEEPGEMM_DEVICE static int warp_row() {
        return int(ptx::thread_index() % (128 * Rows / Fragment::rows)) / 32 * Fragment::warp_rows;
    }

    /// Shared address of the 16 bytes that the calling lane gives to stmatrix or ldmatrix for registers from `i` on.
    DEEPGEMM_DEVICE u32 matrix_row(int i) const {
        const int lane = int(ptx::lane_index());
        return address + tile::offset(warp_row() + lane % 16, 8 * (i / 4 + (matrices == 4 ? lane / 16 : 0)));
    }

    /// Where register `i` of the calling thread lies.
    DEEPGEMM_DEVICE u32 element(int i) const {
        const int lane = int(ptx::lane_index());
        return address + tile::offset(warp_row() + Fragment::row(lane, i), Fragment::column(lane, i));
    }

    /// Adds pairs of elements to registers from `first` on.
    DEEPGEMM_DEVICE static void add_pairs(float (&value)[registers], int first, const u32 (&pairs)[4]) {
        DEEPGEMM_UNROLL
        for (int j = 0; j < 4; ++j) {
            const auto c = ptx::unpack<T>(pairs[j]);
            value[first + 2 * j] += c.x;
            value[first + 2 * j + 1] += c.y;
        }
    }
};

}  // namespace deepgemm
