// SPDX-License-Identifier: MIT
// ldmatrix, stmatrix and movmatrix on the simulated machine: 8x8 matrices of 16-bit elements (stmatrix also 16x8 of bytes), a
// row per lane in shared memory, in registers spread over the warp: element (i, k) is half k%2 of the word of lane 4*i + k/2.
// Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/warp.hpp>
#include <deepgemm/sim/wgmma.hpp>

#include <algorithm>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

/// What a lane brings to ldmatrix or stmatrix and takes away: its row in shared memory, its words in registers.
struct matrix_lane {
    u32 row[4] = {};
    u32 word[4] = {};
};

/// Meets the warp and calls f(lanes) once, with the 32 lanes.
template <class F>
void exchange_matrix(const char* name, matrix_lane& mine, F f) {
    collective(name, reinterpret_cast<u64>(&mine), [&f](const u64* argument, u64*) {
        matrix_lane* lanes[32];
        for (u32 lane = 0; lane < 32; ++lane) lanes[lane] = reinterpret_cast<matrix_lane*>(argument[lane]);
        f(lanes);
    });
}

inline u16 half_of(u32 word, u32 i) { return u16(word >> 16 * i); }

inline const char* matrix_name(bool store, u32 count, bool transposed) {
    static constexpr const char* names[2][3][2] = {{{"ldmatrix.x1", "ldmatrix.x1.trans"},
                                                    {"ldmatrix.x2", "ldmatrix.x2.trans"},
                                                    {"ldmatrix.x4", "ldmatrix.x4.trans"}},
                                                   {{"stmatrix.x1", "stmatrix.x1.trans"},
                                                    {"stmatrix.x2", "stmatrix.x2.trans"},
                                                    {"stmatrix.x4", "stmatrix.x4.trans"}}};
    return names[store][count / 2][transposed];
}

inline void check_own_cta(u32 address, const char* what) {
    if (address >> 24 != me().cta->rank) fail("%s: address 0x%08x lies in a peer CTA", what, address);
}

}  // namespace detail

/// Loads `count` matrices to `r[0..count)`; lanes below 8 * count give the addresses of their rows.
inline void ldmatrix(u32* r, u32 count, bool transposed, u32 address) {
    const char* what = detail::matrix_name(false, count, transposed);
    detail::matrix_lane mine;
    if (me().lane < 8 * count) {
        detail::check_own_cta(address, what);
        load_shared(address, mine.row, 16, what);
    }
    detail::exchange_matrix(what, mine, [=](detail::matrix_lane* const* lanes) {
        for (u32 lane = 0; lane < 32; ++lane) {
            for (u32 matrix = 0; matrix < count; ++matrix) {
                detail::matrix_lane* const* rows = lanes + 8 * matrix;
                const u32 i = lane / 4, k = lane % 4;
                lanes[lane]->word[matrix] = transposed
                                                ? detail::half_of(rows[2 * k]->row[i / 2], i % 2) |
                                                      u32(detail::half_of(rows[2 * k + 1]->row[i / 2], i % 2)) << 16
                                                : rows[i]->row[k];
            }
        }
    });
    std::copy_n(mine.word, count, r);
    note_register_load(r);
}

/// Stores `count` matrices from `r[0..count)`, each lane below 8 * count the row at its address.
inline void stmatrix(u32 address, const u32* r, u32 count, bool transposed) {
    const char* what = detail::matrix_name(true, count, transposed);
    detail::matrix_lane mine;
    std::copy_n(r, count, mine.word);
    detail::exchange_matrix(what, mine, [=](detail::matrix_lane* const* lanes) {
        for (u32 lane = 0; lane < 8 * count; ++lane) {
            const u32 matrix = lane / 8, i = lane % 8;
            for (u32 k = 0; k < 4; ++k) {
                lanes[lane]->row[k] =
                    transposed ? detail::half_of(lanes[8 * k + i / 2]->word[matrix], i % 2) |
                                     u32(detail::half_of(lanes[8 * k + 4 + i / 2]->word[matrix], i % 2)) << 16
                               : lanes[4 * i + k]->word[matrix];
            }
        }
    });
    if (me().lane >= 8 * count) return;
    detail::check_own_cta(address, what);
    store_shared(address, mine.row, 16, what);
}

/// stmatrix.m16n8.trans of bytes: `count` matrices of 16 x 8 bytes, each lane below 8 * count a column of one, as a row of
/// memory.
inline void stmatrix_bytes(u32 address, const u32* r, u32 count) {
    constexpr const char* what = "stmatrix.m16n8.trans.b8";
    detail::matrix_lane mine;
    std::copy_n(r, count, mine.word);
    detail::exchange_matrix(what, mine, [=](detail::matrix_lane* const* lanes) {
        for (u32 lane = 0; lane < 8 * count; ++lane) {
            const u32 matrix = lane / 8, column = lane % 8;
            for (u32 m = 0; m < 16; ++m) {
                const u32 byte = lanes[m % 8 * 4 + column / 2]->word[matrix] >> 8 * (m / 8 * 2 + column % 2) & 255;
                lanes[lane]->row[m / 4] |= byte << 8 * (m % 4);
            }
        }
    });
    if (me().lane >= 8 * count) return;
    detail::check_own_cta(address, what);
    store_shared(address, mine.row, 16, what);
}

/// The lane's word of the transposed matrix.
inline u32 movmatrix(u32 value) {
    return u32(collective("movmatrix", value, [](const u64* argument, u64* result) {
        for (u32 lane = 0; lane < 32; ++lane) {
            const u32 i = lane / 4, k = lane % 4;
            result[lane] = detail::half_of(u32(argument[8 * k + i / 2]), i % 2) |
                           u32(detail::half_of(u32(argument[8 * k + 4 + i / 2]), i % 2)) << 16;
        }
    }));
}

}  // namespace deepgemm::sim
