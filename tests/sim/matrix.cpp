// SPDX-License-Identifier: MIT
// ldmatrix, stmatrix, movmatrix and a warp's multiply on the simulator against their definition on elements; misuse is named.
#include <doctest/doctest.h>

#include "../device/matrix_probes.cuh"
#include "../device/simulate.hpp"
#include "support.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::probes;

u16 half_at(const bytes& b, u32 i) {
    u16 x;
    std::memcpy(&x, b.data() + 2 * i, 2);
    return x;
}
/// Index of a half in the 512 bytes of rows: element (i, k) of matrix j lies in the row its lane points at.
u32 in_rows(u32 j, u32 i, u32 k) { return matrix_row(8 * j + i) * 8 + k; }
/// Index of a half in the registers of a warp: element (i, k) of matrix j, `n` words per lane.
u32 in_registers(u32 n, u32 j, u32 i, u32 k) { return ((4 * i + k / 2) * n + j) * 2 + k % 2; }

u8 byte_at(const bytes& b, u32 i) { return u8(b.data()[i]); }

/// Bytes of each lane's four words: chosen by a selector, and transposed.
void check_bytes() {
    const bytes words = make_input(dtype::i32, 512, 0), made = simulate<bytes_probe>();
    for (u32 lane = 0; lane < 32; ++lane) {
        for (u32 i = 0; i < 4; ++i) {
            for (u32 j = 0; j < 4; ++j) {
                const u32 which = bytes_probe::selector(lane + i) >> 4 * j & 7, word = which < 4 ? i : (i + 1) % 4;
                CHECK(byte_at(made, 32 * lane + 4 * i + j) == byte_at(words, 16 * lane + 4 * word + which % 4));
                CHECK(byte_at(made, 32 * lane + 16 + 4 * i + j) == byte_at(words, 16 * lane + 4 * j + i));
            }
        }
    }
}

template <int N, bool Transposed>
void check_load() {
    const bytes rows = make_input(dtype::i32, 512, 0), registers = simulate<ldmatrix_probe<N, Transposed>>();
    for (u32 j = 0; j < N; ++j) {
        for (u32 i = 0; i < 8; ++i) {
            for (u32 k = 0; k < 8; ++k) {
                const u32 source = Transposed ? in_rows(j, k, i) : in_rows(j, i, k);
                CHECK(half_at(registers, in_registers(N, j, i, k)) == half_at(rows, source));
            }
        }
    }
}

template <int N, bool Transposed>
void check_store() {
    const bytes registers = make_input(dtype::i32, 512, 0), rows = simulate<stmatrix_probe<N, Transposed>>();
    for (u32 j = 0; j < 4; ++j) {
        for (u32 i = 0; i < 8; ++i) {
            for (u32 k = 0; k < 8; ++k) {
                const u32 at = in_rows(j, i, k);
                const u16 before = u16(at % 2 ? 0 : at / 2);
                const u32 source = Transposed ? in_registers(N, j, k, i) : in_registers(N, j, i, k);
                CHECK(half_at(rows, at) == (j < N ? half_at(registers, source) : before));
            }
        }
    }
}

TEST_CASE("ldmatrix gives each lane its elements") {
    check_load<1, false>();
    check_load<2, false>();
    check_load<4, false>();
    check_load<1, true>();
    check_load<2, true>();
    check_load<4, true>();
}

TEST_CASE("stmatrix stores each lane's elements") {
    check_store<1, false>();
    check_store<2, false>();
    check_store<4, false>();
    check_store<1, true>();
    check_store<2, true>();
    check_store<4, true>();
}

TEST_CASE("movmatrix transposes") {
    const bytes a = make_input(dtype::i32, 512, 0), d = simulate<movmatrix_probe>();
    for (u32 warp = 0; warp < 2; ++warp) {
        for (u32 i = 0; i < 8; ++i) {
            for (u32 k = 0; k < 8; ++k) {
                CHECK(half_at(d, warp * 64 + in_registers(1, 0, i, k)) ==
                      half_at(a, warp * 64 + in_registers(1, 0, k, i)));
            }
        }
    }
}

TEST_CASE("bytes of words are chosen and transposed") { check_bytes(); }

TEST_CASE("a multiply of a warp adds products of TF32") {
    const bytes a = make_input(dtype::f32, 512, 0), b = make_input(dtype::f32, 256, 1), d = simulate<mma_tf32_probe>();
    const auto at = [](const bytes& from, u32 i) {
        float x;
        std::memcpy(&x, from.data() + 4 * i, 4);
        return x;
    };
    for (u32 m = 0; m < 16; ++m) {
        for (u32 n = 0; n < 8; ++n) {
            const u32 lane = m % 8 * 4 + n / 2, i = n % 2 + m / 8 * 2;
            float sum = mma_tf32_probe::before(lane, i);
            for (u32 k = 0; k < 8; ++k)
                sum += at(a, 4 * (m % 8 * 4 + k % 4) + m / 8 + k / 4 * 2) * at(b, 2 * (n * 4 + k % 4) + k / 4);
            CHECK(at(d, 4 * lane + i) == sum);
        }
    }
}

TEST_CASE("misuse of matrix instructions is named") {
    test::expect_error(test::block(32), {"ldmatrix.x1", "not aligned to 16"}, [] {
        u32 r[1];
        ptx::ldmatrix(r, ptx::dynamic_smem() + 8);
    });
    test::expect_error(test::block(32), {"ldmatrix.x4.trans", "never written"}, [] {
        u32 r[4];
        ptx::ldmatrix_trans(r, ptx::dynamic_smem() + ptx::lane_index() * 16);
    });
    test::expect_error(test::block(32), {"divergent warp", "stmatrix.x2"}, [] {
        u32 r[2] = {};
        if (ptx::lane_index() < 5) {
            ptx::stmatrix(ptx::dynamic_smem() + ptx::lane_index() * 16, r);
        } else {
            ptx::movmatrix(1);
        }
    });
}

}  // namespace
