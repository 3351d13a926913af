// SPDX-License-Identifier: MIT
// The smaller instructions of Blackwell on the simulator: matrices of bytes stored transposed, pairs of floats, moves of 32
// bytes.
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/float_pair.cuh>
#include <deepgemm/ptx/global_wide.cuh>
#include <deepgemm/ptx/matrix.cuh>

#include <cmath>

#include "convert_cases.hpp"
#include "support.hpp"

namespace small_instructions_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// Element (m, n) of matrix `j`.
u32 element(u32 j, u32 m, u32 n) { return (j * 61 + m * 17 + n * 5 + 1) & 255; }

/// Stores `N` matrices, column n of matrix j at row `row(8 * j + n)` of 16 bytes, and looks at all of the 64 rows.
template <int N>
void expect_bytes() {
    const auto row = [](u32 i) { return (i * 13 + 7) % 64; };
    u32 bad = 0;
    sim::launch({}, block(32), [&] {
        const u32 smem = ptx::dynamic_smem(), lane = ptx::lane_index();
        for (u32 i = lane; i < 64; i += 32) ptx::st_shared(smem + 16 * i, ptx::vec4<u32>{~0u, ~0u, ~0u, ~0u});
        ptx::sync_warp();
        u32 r[N];
        for (u32 j = 0; j < N; ++j) {
            r[j] = 0;
            for (u32 b = 0; b < 4; ++b) r[j] |= element(j, lane / 4 + 8 * (b / 2), lane % 4 * 2 + b % 2) << 8 * b;
        }
        ptx::stmatrix_bytes_trans(smem + 16 * row(lane), r);
        ptx::sync_warp();
        if (lane != 0) return;
        std::vector<u8> expected(1024, 0xff);
        for (u32 j = 0; j < N; ++j) {
            for (u32 n = 0; n < 8; ++n) {
                for (u32 m = 0; m < 16; ++m) expected[16 * row(8 * j + n) + m] = u8(element(j, m, n));
            }
        }
        for (u32 i = 0; i < 1024; ++i) bad += ptx::ld_shared<u8>(smem + i) != expected[i];
    });
    CHECK(bad == 0);
}

}  // namespace

TEST_CASE("stmatrix of bytes stores columns as rows") {
    expect_bytes<1>();
    expect_bytes<2>();
    expect_bytes<4>();
    expect_error(block(32), {"stmatrix.m16n8.trans.b8", "not aligned to 16"},
                 [] { ptx::stmatrix_bytes_trans(ptx::dynamic_smem() + 8, {1u}); });
}

TEST_CASE("pack_bf16_relu has no negative values, and NaN stays") {
    u32 bad = 0;
    for (const float x : convert_cases::floats()) {
        const u32 code = x != x ? 0x7fff : std::signbit(x) ? 0 : convert_cases::expected(x).bf16;
        bad += ptx::pack_bf16_relu(x, 1.5f) != (code | 0x3fc00000u) ||
               ptx::pack_bf16_relu(1.5f, x) != (code << 16 | 0x3fc0u);
    }
    CHECK(bad == 0);
}

TEST_CASE("pairs of floats are rounded once, element by element") {
    u32 state = 9, bad = 0;
    const auto number = [&state] {
        state = state * 1664525u + 1013904223u;
        return std::ldexp(float(i32(state)), -31 + int(state >> 8 & 15));
    };
    for (int i = 0; i < 20000; ++i) {
        const ptx::vec2<float> a{number(), number()}, b{number(), number()}, c{number(), number()};
        const auto fma = ptx::fma2(a, b, c), sum = ptx::add2(a, b), product = ptx::mul2(a, b);
        // A product of two floats is exact in long double, and its sum with a third, of like size, too.
        bad += fma.x != float((long double)(a.x) * b.x + c.x) || fma.y != float((long double)(a.y) * b.y + c.y);
        bad += sum.x != float(double(a.x) + b.x) || sum.y != float(double(a.y) + b.y);
        bad += product.x != float(double(a.x) * b.x) || product.y != float(double(a.y) * b.y);
        const bf16 small = bf16::from_float(b.x);
        bad += ptx::add_bf16(a.x, small) != float(double(a.x) + double(float(small)));
    }
    CHECK(bad == 0);
}

TEST_CASE("moves of 32 bytes") {
    struct alignas(32) words {
        u32 w[8];
    };
    std::vector<words> from(64), to(64);
    for (u32 i = 0; i < 64 * 8; ++i) from[i / 8].w[i % 8] = i * 77 + 1;
    sim::launch({}, block(32), [&] {
        const u32 lane = ptx::lane_index();
        ptx::st_global_wide(&to[2 * lane], ptx::ld_global_wide(&from[2 * lane]));
        ptx::st_global_wide(&to[2 * lane + 1], ptx::ld_global_nc_wide(&from[2 * lane + 1]));
    });
    CHECK(std::equal(from.begin(), from.end(), to.begin(),
                     [](const words& a, const words& b) { return std::equal(a.w, a.w + 8, b.w); }));
    expect_error(block(32), {"ld.global.v8", "is not aligned to 32 bytes"}, [&] {
        ptx::ld_global_wide(reinterpret_cast<const ptx::vec8<u32>*>(reinterpret_cast<const char*>(from.data()) + 16));
    });
    expect_error(block(32), {"st.global.v8", "null pointer"},
                 [&] { ptx::st_global_wide(static_cast<ptx::vec8<u32>*>(nullptr), {}); });
    // Each half is an access of its own to the checks of global memory.
    u32 raced[16] = {};
    auto* const place = reinterpret_cast<ptx::vec8<u32>*>((reinterpret_cast<std::uintptr_t>(raced) + 31) / 32 * 32);
    expect_error(block(64), {"st.global"}, [&] {
        if (ptx::lane_index() == 0) ptx::st_global_wide(place, {});
    });
}

}  // namespace small_instructions_tests
