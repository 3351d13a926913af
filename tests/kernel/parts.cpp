// SPDX-License-Identifier: MIT
// Parts of a GEMM by themselves: the order of tiles, the division behind it, promotion, and the way of B's scales to the warps.
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/reference/quantize.hpp>
#include <deepgemm/reference/random.hpp>
#include <deepgemm/scale/feed.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>
#include <deepgemm/schedule/persistent.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

namespace parts_tests {

using namespace deepgemm;

namespace {

sim::geometry one_warp() {
    sim::geometry g;
    g.threads = 32;
    g.smem_bytes = 4096;
    return g;
}

/// The tiles that `ctas` CTAs of a schedule visit, as one list of counts.
template <class Tiles, cluster_shape Cluster>
bool visits_every_tile_once(tile_shape block, problem_shape shape, int clusters) {
    const i32 rows = align_up(ceil_div(shape.m, block.m), Cluster.m),
              columns = align_up(ceil_div(shape.n, block.n), Cluster.n);
    std::vector<int> visits(std::size_t(rows * columns), 0);
    sim::geometry g = one_warp();
    g.grid.x = u32(clusters * Cluster.size());
    g.cluster.x = u32(Cluster.size());
    sim::launch({}, g, [&] {
        const Tiles tiles = Tiles::of(shape, {}).started(shape, ptx::cta_index() % u32(Cluster.size()));
        for (const auto tile : tiles) {
            if (ptx::lane_index() == 0) ++visits.at(std::size_t(tile.m / block.m * columns + tile.n / block.n));
        }
    });
    for (const int count : visits) {
        if (count != 1) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("bands visit each tile of every small grid once, a band's columns from left to right") {
    for (i32 m = 1; m <= 20; ++m) {
        for (i32 n = 1; n <= 20; ++n) {
            for (i32 band = 1; band <= 17; ++band) {
                const banded_raster raster = banded_raster::of(m, n, band);
                REQUIRE(raster.count() == m * n);
                std::vector<bool> seen(std::size_t(m * n), false);
                grid_coord last{0, 0};
                for (i32 i = 0; i < raster.count(); ++i) {
                    const grid_coord at = raster.at(i);
                    REQUIRE((at.m >= 0 && at.m < m && at.n >= 0 && at.n < n));
                    REQUIRE(!seen[std::size_t(at.m * n + at.n)]);
                    seen[std::size_t(at.m * n + at.n)] = true;
                    REQUIRE((at.m / band > last.m / band || at.n >= last.n));
                    last = at;
                }
            }
        }
    }
}

TEST_CASE("bands of grids with nearly 2^31 tiles") {
    random_source random(fresh_seed());
    const grid_coord grids[] = {{46340, 46341}, {1, 2147483647}, {2147483647, 1},
                                {3, 715827882}, {715827882, 3},  {65535, 32768}};
    for (const auto& [m, n] : grids) {
        for (const i32 band : {1, 2, 7, 8, 16}) {
            if (i64(band) * n > 0x7fffffff) continue;  // a band of tiles is counted in 32 bits
            const banded_raster raster = banded_raster::of(m, n, band);
            for (int i = 0; i < 2000; ++i) {
                const i32 index = i == 0 ? 0 : i == 1 ? raster.count() - 1 : i32(random.integer(0, raster.count() - 1));
                const grid_coord at = raster.at(index);
                const i32 first = at.m / band * band, height = min(band, m - first);
                REQUIRE((at.m >= 0 && at.m < m && at.n >= 0 && at.n < n));
                REQUIRE(i64(first) * n + i64(at.n) * height + (at.m - first) == index);
            }
        }
    }
}

TEST_CASE("a divider is exact for every divisor and dividend that matter") {
    random_source random(fresh_seed());
    for (int i = 0; i < 200000; ++i) {
        const int divisor = int(random.integer(1, i % 2 == 0 ? 5000 : 0x7fffffff)),
                  x = int(random.integer(0, 0x7fffffff));
        const int quotient = fast_divider::of(divisor).divide(x);
        REQUIRE(quotient == x / divisor);
    }
    for (int divisor = 1; divisor < 3000; ++divisor) {
        const fast_divider by = fast_divider::of(divisor);
        for (int x = 0; x < 3000; ++x) REQUIRE(by.divide(x) == x / divisor);
    }
}

TEST_CASE("a persistent schedule hands out every tile once, whatever the number of CTAs") {
    constexpr tile_shape block{64, 32, 128};
    for (const problem_shape shape :
         {problem_shape{1, 1, 1}, {64, 32, 128}, {65, 33, 0}, {700, 500, 1000}, {64 * 9, 32 * 7, 128}}) {
        for (const int clusters : {1, 2, 3, 7, 40}) {
            CHECK(visits_every_tile_once<persistent<block, cluster_shape{1, 1}, 8>, cluster_shape{1, 1}>(block, shape,
                                                                                                         clusters));
            CHECK(visits_every_tile_once<persistent<block, cluster_shape{2, 1}, 3>, cluster_shape{2, 1}>(block, shape,
                                                                                                         clusters));
            CHECK(visits_every_tile_once<persistent<block, cluster_shape{1, 2}, 1>, cluster_shape{1, 2}>(block, shape,
                                                                                                         clusters));
            CHECK(visits_every_tile_once<persistent<block, cluster_shape{2, 2}, 4>, cluster_shape{2, 2}>(block, shape,
                                                                                                         clusters));
        }
    }
}

TEST_CASE("promotion adds each partial sum times the scales of its row and zone") {
    constexpr int registers = 24;  // 48 columns, three zones of 16
    const sm90::row_scales rows{{2.0f, 0.5f}};
    const sm90::zone_scales<3> zones{{1.0f, 4.0f, 8.0f}};
    const auto products = zones.times<registers>(rows);
    float total[registers], partial[registers];
    for (int i = 0; i < registers; ++i) {
        total[i] = float(i);
        partial[i] = float(i + 1);
    }
    products.promote(total, partial);
    for (int i = 0; i < registers; ++i) {
        const int column = sm90::wgmma_rows::column(5, i) / 16;
        const float expected =
            float(i) + rows.value[sm90::wgmma_rows::row(5, i) % 16 / 8] * zones.value[column] * float(i + 1);
        CHECK(total[i] == expected);
    }
}

TEST_CASE("scales of columns come from shared memory, in both formats") {
    constexpr int registers = 16;  // 32 columns
    sim::launch({}, one_warp(), [] {
        const u32 words = ptx::dynamic_smem(), lane = ptx::lane_index();
        ptx::st_shared(words + 4 * lane, bit_cast<u32>(float(lane + 1)));
        ptx::st_shared(words + 128 + 4 * lane, (lane + 100) << 16);  // the scale of the third K block of each word
        ptx::sync_warp();
        const u32 mine = 4 * u32(sm90::wgmma_rows::column(int(lane), 0));
        const auto floats = sm90::column_scales<scale::fp32>{words + mine, 0}.times<registers>({{1.0f, 3.0f}});
        const auto powers = sm90::column_scales<scale::ue8m0>{words + 128 + mine, 6}.times<registers>({{1.0f, 2.0f}});
        float total[registers] = {}, power_total[registers] = {}, ones[registers];
        for (float& one : ones) one = 1;
        floats.promote(total, ones);
        powers.promote(power_total, ones);
        for (int i = 0; i < registers; ++i) {
            const int row = sm90::wgmma_rows::row(int(lane), i) % 16 / 8,
                      column = sm90::wgmma_rows::column(int(lane), i);
            REQUIRE(total[i] == float(column + 1) * (row == 0 ? 1.0f : 3.0f));
            REQUIRE(power_total[i] == std::ldexp(row == 0 ? 1.0f : 2.0f, column + 100 - 127));
        }
    });
}

namespace {

/// Feeds a tile of `Columns` columns from column `n` on, from K block `first` on, and checks each scale against the matrix it
/// comes from.
template <class Format, int Columns>
void check_block_feed(i32 n, problem_shape shape, bool along_n, i32 first = 0) {
    using granularity = scale::per_block<Format>;
    const i64 rows = ceil_div(shape.n, 128), words = ceil_div(ceil_div(shape.k, 128), Format::per_word);
    std::vector<u32> memory(std::size_t(rows * words), 0);
    for (std::size_t i = 0; i < memory.size(); ++i) {
        memory[i] =
            Format::kind == scale_kind::fp32 ? bit_cast<u32>(float(i + 1)) : u32(i * 4 + 1) * 0x01010101u + 0x02010000u;
    }
    const scale::params<granularity> p{{memory.data(), along_n ? 1 : words, along_n ? rows : 1}};
    sim::launch({}, one_warp(), [&] {
        scale::column_feed<granularity, Columns> feed;
        feed.start(p, {n, shape.n, shape.k, 0}, first);
        for (i32 block = first; block < ceil_div(shape.k, 128); ++block) {
            const auto scales = feed.at(block, 0, 0);
            for (int zone = 0; zone < feed.zones; ++zone) {
                for (i32 column = zone * feed.zone_columns; column < (zone + 1) * feed.zone_columns; ++column) {
                    const i64 row = min(n + column, shape.n - 1) / 128, word = block / Format::per_word;
                    const u32 bits = memory[std::size_t(along_n ? word * rows + row : row * words + word)];
                    if (n + column >= shape.n) continue;
                    REQUIRE(scales.value[zone] == Format::decode(bits, block));
                }
            }
        }
    });
}

}  // namespace

TEST_CASE("scales of blocks reach every column of a tile, wherever it starts") {
    for (const bool along_n : {false, true}) {
        for (const i32 k : {1, 128, 129, 4096, 4097, 9000}) {
            check_block_feed<scale::fp32, 128>(128, {1, 300, k}, along_n);
            check_block_feed<scale::fp32, 96>(96, {1, 250, k}, along_n);
            check_block_feed<scale::fp32, 96>(192, {1, 200, k}, along_n);
            check_block_feed<scale::fp32, 160>(480, {1, 500, k}, along_n);
            check_block_feed<scale::fp32, 192>(192, {1, 384, k}, along_n);
            check_block_feed<scale::fp32, 256>(256, {1, 257, k}, along_n);
            for (const i32 first : {1, 31, 32, 33}) {  // parts of a split K begin anywhere
                check_block_feed<scale::fp32, 128>(128, {1, 300, k}, along_n, first);
                check_block_feed<scale::ue8m0, 128>(128, {1, 300, k}, along_n, first);
            }
            check_block_feed<scale::ue8m0, 24>(120, {1, 130, k}, along_n);
            check_block_feed<scale::ue8m0, 128>(0, {1, 60, k}, along_n);
        }
        check_block_feed<scale::ue8m0, 64>(64, {1, 129, 128 * 131}, along_n);
    }
}

}  // namespace parts_tests
