// SPDX-License-Identifier: MIT
// Tiles in shared memory of tcgen05: what descriptor_of() says of a tile, the tensor cores find where TMA puts it. And the
// lanes and columns of D and of scales, each taken once.
#include "mma_case.hpp"

#include <set>

namespace tcgen05_tiles_tests {

using namespace deepgemm;
using namespace deepgemm::test;

/// Elements of the tile that the multiply of each K step would read from elsewhere than where the tile has them.
template <class Tile>
u32 misplaced() {
    using T = typename Tile::element;
    constexpr u32 base = 4096, step_k = 32 / sizeof(T), per_chunk = 16 / sizeof(T);
    constexpr bool mn = Tile::contiguous == major::mn;
    u32 bad = 0;
    for (u32 step = 0; step < Tile::k / step_k; ++step) {
        const u64 bits = sm100::advance(sm100::descriptor_of<Tile>(base), step * sm100::step_bytes<Tile>);
        const sim::matrix_descriptor d = sim::decode_tcgen05_descriptor(bits, mn);
        for (u32 row = 0; row < Tile::rows; ++row) {
            for (u32 k = 0; k < step_k; ++k) {
                const u32 inner = mn ? row : k, outer = mn ? k : row;
                const u32 found = sim::chunk_address(d, outer, inner / per_chunk) + inner % per_chunk * u32(sizeof(T));
                bad += found != base + Tile::offset(int(row), int(step * step_k + k));
            }
        }
    }
    return bad;
}

TEST_CASE_TEMPLATE("descriptors of tiles", T, e4m3, bf16, tf32) {
    constexpr int wide = 128 / sizeof(T);
    CHECK(misplaced<operand_tile<T, 128, wide>>() == 0);
    CHECK(misplaced<operand_tile<T, 128, wide / 2>>() == 0);
    CHECK(misplaced<operand_tile<T, 24, wide / 4>>() == 0);
    CHECK(misplaced<operand_tile<T, 128, wide, major::mn>>() == 0);
    CHECK(misplaced<operand_tile<T, 256, wide / 2, major::mn>>() == 0);
    CHECK(misplaced<operand_tile<T, 3 * wide, wide, major::mn>>() == 0);
    if constexpr (sizeof(T) < 4) CHECK(misplaced<operand_tile<T, wide / 2, wide, major::mn>>() == 0);
}

/// Elements of a tile that TMA puts elsewhere than where the tile has them.
template <class Tile>
u32 misplaced_by_copies() {
    constexpr u32 bar = 60 * 1024;
    constexpr bool mn = Tile::contiguous == major::mn;
    constexpr i64 pitch = mn ? Tile::rows : Tile::k;
    std::vector<float> matrix(Tile::rows * Tile::k);
    for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = float(i % 2048);  // exact in TF32
    const tensor_map map = sim::encode_tensor_map(Tile::map(matrix.data(), Tile::rows, Tile::k, pitch, Tile::rows));
    u32 bad = 0;
    sim::launch({}, block(32), [&] {
        const u32 smem = ptx::dynamic_smem();
        make_barriers(smem + bar);
        if (ptx::thread_index() != 0) return;
        ptx::mbarrier_arrive_expect_tx(smem + bar, Tile::bytes);
        for (int i = 0; i < Tile::copies; ++i) {
            const int row = i * (Tile::rows / Tile::copies);
            const copy_place at = Tile::place(row, 0);
            ptx::tma_load<2>(map, smem + u32(row) * Tile::bytes_per_row, smem + bar, {at.inner, at.outer});
        }
        ptx::mbarrier_wait(smem + bar, 0, "tile");
        for (int row = 0; row < Tile::rows; ++row) {
            for (int k = 0; k < Tile::k; ++k) {
                const float found = bit_cast<float>(ptx::ld_shared<u32>(smem + Tile::offset(row, k)));
                bad += found != matrix[std::size_t(mn ? k * pitch + row : row * pitch + k)];
            }
        }
    });
    return bad;
}

TEST_CASE("copies put TF32 where its tiles have it, with atoms of 32 bytes too") {
    CHECK(misplaced_by_copies<operand_tile<tf32, 64, 32>>() == 0);
    CHECK(misplaced_by_copies<operand_tile<tf32, 96, 32, major::mn>>() == 0);
    CHECK(misplaced_by_copies<operand_tile<tf32, 128, 16, major::mn>>() == 0);
    // In line 1 the first two atoms of 32 bytes have changed places.
    CHECK(operand_tile<tf32, 96, 32, major::mn>::offset(0, 1) == 128 + 32);
    CHECK(operand_tile<tf32, 96, 32, major::mn>::offset(8, 1) == 128);
}

/// D of an instruction, as decoded; the letters of the PTX ISA by its case.
sim::mma_instruction decoded(u32 group, u32 m, u32 n, bool weight_stationary) {
    return sim::detail::decode_instruction({group, sim::mma_kind::f16, false, weight_stationary},
                                           sm100::instruction<bf16, bf16>(m, n));
}

TEST_CASE("layouts of D take each lane and column once") {
    struct expected {
        u32 group, m, n;
        bool weight_stationary;
        sim::accumulator_layout layout;
        u32 lanes, columns;
    };
    using enum sim::accumulator_layout;
    for (const expected& x : {expected{2, 256, 64, false, a, 128, 64},
                              {2, 128, 64, false, b, 128, 32},
                              {1, 128, 40, false, d, 128, 40},
                              {1, 128, 64, true, d, 128, 64},
                              {1, 64, 64, true, e, 128, 32},
                              {1, 64, 24, false, f, 64, 24},
                              {1, 32, 128, true, g, 128, 32}}) {
        const sim::mma_instruction i = decoded(x.group, x.m, x.n, x.weight_stationary);
        CHECK(i.layout == x.layout);
        CHECK(i.columns() == x.columns);
        std::set<std::pair<u32, u32>> places;
        std::set<u32> lanes;
        for (u32 row = 0; row < x.m / x.group; ++row) {
            for (u32 column = 0; column < x.n; ++column) {
                const sim::tensor_place at = sim::accumulator_place(i, row, column);
                CHECK(at.lane < 128);
                CHECK(at.column < x.columns);
                CHECK((sim::lanes_of(i, 0) >> at.lane / 16 & 1) == 1);
                places.insert({at.lane, at.column});
                lanes.insert(at.lane);
            }
        }
        CHECK(places.size() == x.m / x.group * x.n);
        CHECK(lanes.size() == x.lanes);
    }
    // Two accumulators of 64 rows share columns and no lane.
    const sim::mma_instruction half = decoded(1, 64, 64, false);
    CHECK((sim::lanes_of(half, 0) & sim::lanes_of(half, 16)) == 0);
    CHECK(sim::accumulator_place(half, 37, 5, 16).lane == 32 * 2 + 5 + 16);
}

}  // namespace tcgen05_tiles_tests
