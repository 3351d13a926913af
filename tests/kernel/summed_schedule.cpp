// SPDX-License-Identifier: MIT
// The schedules of batches by themselves: every K block of every matrix is in one part of each tile of a sum, in order, whatever the
// grid and the workspace; and clusters along both dimensions cover every matrix of a batch once.
#include <deepgemm/reference/random.hpp>
#include <deepgemm/schedule/columnwise.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/persistent.cuh>
#include <deepgemm/schedule/summed.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

#include <array>
#include <map>
#include <vector>

namespace summed_schedule_tests {

using namespace deepgemm;

namespace {

constexpr tile_shape block{64, 32, 64};
using sums = summed<block>;

/// Calls `visit` with each tile of each CTA of a grid of at most `ctas` CTAs.
template <class Tiles, class Visit>
void walk(const typename Tiles::arguments& given, problem_shape shape, int ctas, const Visit& visit) {
    sim::geometry g;
    g.threads = 32;
    g.smem_bytes = 1024;
    g.cluster.x = u32(Tiles::cluster.size());
    g.grid.x = u32(min(ctas, Tiles::clusters(shape, given)) * Tiles::cluster.size());
    sim::launch({}, g, [&] {
        const Tiles mine = Tiles::of(shape, given).started(shape, ptx::cta_index() % u32(Tiles::cluster.size()));
        for (const auto tile : mine) {
            if (ptx::lane_index() == 0) visit(mine, tile);
        }
    });
}

/// The arguments of a sum of `count` matrices, with room for `parts` parts of `tiles` tiles.
summed_batch batch(i32 count, i64 parts, i64 tiles) {
    return {{count}, nullptr, summed_batch::bytes_of(parts * tiles, block)};
}

}  // namespace

TEST_CASE("sums of batches have each K block of each matrix in one part of each tile, in order") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (int i = 0; i < 20; ++i) {
        const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, 100)),
                                  i32(random.integer(0, 300))};
        const i32 count = i32(random.integer(0, 9)), ctas = i32(random.integer(1, 40));
        const i64 tiles = ceil_div(shape.m, block.m) * ceil_div(shape.n, block.n);
        const summed_batch given = batch(count, random.integer(1, 12), tiles);
        const i32 blocks = count * ceil_div(shape.k, block.k);
        CAPTURE(shape.m);
        CAPTURE(shape.n);
        CAPTURE(shape.k);
        CAPTURE(count);
        CAPTURE(ctas);
        std::map<std::pair<i32, i32>, std::vector<int>> seen;  // by the first row and column of a tile
        std::map<i32, std::pair<i32, i32>> items;              // the blocks of each
        i32 parts = 0;
        walk<sums>(given, shape, ctas, [&](const sums& mine, const auto& tile) {
            parts = mine.parts;
            CHECK(items.emplace(tile.item, std::pair{tile.range.first, tile.range.count}).second);
            auto& times = seen.try_emplace({tile.m, tile.n}, std::vector<int>(std::size_t(blocks), 0)).first->second;
            for (i32 at = tile.range.first; at < tile.range.first + tile.range.count; ++at) {
                ++times.at(std::size_t(at));
                const i32 each = ceil_div(shape.k, block.k);
                const operand_place a = tile.a(at), b = tile.b(at);
                CHECK((a.row == tile.m && b.row == tile.n && a.matrix == at / each && b.matrix == at / each));
                CHECK((a.k == at % each * block.k && b.k == a.k));
            }
        });
        CHECK(i64(seen.size()) == tiles);
        for (const auto& [place, times] : seen) CHECK(times == std::vector<int>(std::size_t(blocks), 1));
        CHECK(i64(items.size()) == tiles * parts);
        CHECK((parts == 1 || parts * tiles <= ctas));
        CHECK(u64(parts) * u64(tiles) * u64(block.m * block.n) * 4 + 128 <= given.bytes);
        for (const auto& [item, range] : items) {  // a part begins where the one before has ended
            if (item < tiles) continue;
            const auto before = items.at(item - i32(tiles));
            CHECK(before.first + before.second == range.first);
        }
    }
}

TEST_CASE("a workspace that is smaller than a part counts as one") {
    CHECK(summed_batch{}.most_parts(3, block) == 1);
    CHECK(batch(4, 5, 3).most_parts(3, block) == 5);
    CHECK(summed_batch{{4}, nullptr, batch(4, 5, 3).bytes - 1}.most_parts(3, block) == 4);
    CHECK(summed_batch{{4}, nullptr, ~u64(0)}.most_parts(1, block) == 1 << 30);
}

TEST_CASE("operands of a sum of few bytes leave L2 first, in lines of 128 bytes") {
    const auto read_as = [](problem_shape shape, i32 count) {
        const operand_reads reads = sums::reads(shape, batch(count, 1, 1));
        return std::array{reads.a, reads.b, reads.fetch_bytes};
    };
    CHECK(read_as({128, 384, 128}, 129) == std::array{1, 1, 128});
    CHECK(read_as({384, 128, 128}, 512) == std::array{1, 1, 128});  // 64 MiB
    CHECK(read_as({384, 128, 128}, 513) == std::array{2, 2, 256});
    CHECK(read_as({2147483647, 2147483647, 2147483647}, 1 << 30) == std::array{2, 2, 256});
    CHECK(read_as({1, 1, 0}, 0) == std::array{1, 1, 128});
}

TEST_CASE("batches are covered once by clusters along M, along N and both, also those that go down columns") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto check_one = [&]<class Tiles>(std::type_identity<Tiles>) {
        for (int i = 0; i < 10; ++i) {
            const problem_shape shape{i32(random.integer(1, 300)), i32(random.integer(1, 200)), 100};
            const i32 count = i32(random.integer(1, 9));
            std::vector<int> seen(std::size_t(count * shape.m * shape.n), 0);
            walk<Tiles>({count, i % 2 == 0}, shape, i32(random.integer(1, 9)), [&](const Tiles&, const auto& tile) {
                CHECK((tile.a(1).matrix == tile.matrix() && tile.b(1).matrix == tile.matrix() && tile.a(1).k == 64));
                for (i32 m = tile.m; m < min(tile.m + block.m, tile.end().m); ++m) {
                    for (i32 n = tile.n; n < min(tile.n + block.n, tile.end().n); ++n)
                        ++seen.at(std::size_t((tile.matrix() * shape.m + m) * shape.n + n));
                }
            });
            CHECK(seen == std::vector<int>(seen.size(), 1));
        }
    };
    const auto check = [&]<cluster_shape Cluster>() {
        check_one(std::type_identity<grouped<block, Cluster, uniform_groups, 4>>{});
        check_one(std::type_identity<columnwise<block, Cluster>>{});
    };
    check.template operator()<cluster_shape{1, 1}>();
    check.template operator()<cluster_shape{2, 1}>();
    check.template operator()<cluster_shape{1, 4}>();
    check.template operator()<cluster_shape{2, 2}>();
}

TEST_CASE("tiles that go down columns change the matrix of B as seldom as can be, and clusters have equally many") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    using tiles = columnwise<block, cluster_shape{}>;
    for (int i = 0; i < 20; ++i) {
        const problem_shape shape{i32(random.integer(1, 900)), i32(random.integer(1, 100)), 100};
        const i32 count = i32(random.integer(1, 40)), most = i32(random.integer(1, 40));
        const i32 rows = ceil_div(shape.m, block.m), columns = count * ceil_div(shape.n, block.n);
        const i32 clusters = tiles::even_clusters(shape, {count}, most);
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(most);
        REQUIRE((clusters >= 1 && clusters <= most && clusters <= rows * columns));
        std::vector<std::vector<std::pair<i32, i32>>> mine(std::size_t(clusters),
                                                           {{}});  // columns of each, as they come
        std::vector<i32> had(std::size_t(clusters), 0);
        walk<tiles>({count}, shape, clusters, [&](const tiles&, const auto& tile) {
            auto& all = mine[ptx::cta_index()];
            const std::pair<i32, i32> column{tile.matrix(), tile.n + 1};
            if (all.back() != column) all.push_back(column);
            ++had[ptx::cta_index()];
        });
        const auto [least, greatest] = std::ranges::minmax(had);
        if (columns <= most) {
            CHECK(greatest - least <= 1);
            for (const auto& all : mine) CHECK(all.size() == 2);  // one column after none
        } else {
            CHECK(greatest == rows * ceil_div(columns, most));
            CHECK(greatest - least <= rows);
            for (const auto& all : mine) CHECK(i32(all.size()) - 1 <= ceil_div(columns, most));
        }
    }
    CHECK(tiles::even_clusters({0, 10, 10}, {3}, 5) == 0);
    CHECK(tiles::even_clusters({10, 10, 10}, {0}, 5) == 0);
    CHECK(tiles::even_clusters({4096, 32, 10}, {128}, 132) == 128);
}

TEST_CASE("a batch leaves out clusters that would only have one tile fewer, but not many; so do a product and slots") {
    using tiles = grouped<tile_shape{128, 256, 64}, cluster_shape{2, 1}, uniform_groups>;
    CHECK(tiles::even_clusters({4096, 1024, 4096}, {8}, 66) == 64);  // 512 tiles in eight rounds
    CHECK(tiles::even_clusters({4096, 512, 128}, {128}, 66) == 66);  // 4096 tiles in 63 rounds
    CHECK(tiles::even_clusters({256, 256, 64}, {70}, 66) == 66);     // 70 in two rounds, which 35 have, too
    CHECK(tiles::even_clusters({256, 256, 64}, {128}, 66) == 66);    // two rounds
    CHECK(tiles::even_clusters({256, 256, 64}, {0}, 66) == 66);
    CHECK(tiles::even_clusters({256, 256, 64}, {5}, 5) == 5);
    using product = persistent<tile_shape{256, 128, 128}, cluster_shape{}, 8>;
    CHECK(product::even_clusters({4096, 4096, 7168}, {}, 132) == 128);  // 512 tiles in four rounds
    CHECK(product::even_clusters({8192, 8192, 8192}, {}, 132) == 128);  // 2048 in 16
    CHECK(product::even_clusters({4096, 4224, 7168}, {}, 132) == 132);  // 528 in four
    CHECK(product::even_clusters({4096, 4096, 7168}, {}, 0) == 0);
    using low = persistent<tile_shape{64, 128, 64}, cluster_shape{}, 8>;
    CHECK(low::even_clusters({64, 129280, 7168}, {}, 132) == 127);   // 1010 tiles in eight rounds
    CHECK(low::even_clusters({128, 129280, 7168}, {}, 132) == 128);  // 2020 in 16, 127 each, but whole columns of two
    CHECK(low::even_clusters({256, 129280, 7168}, {}, 132) == 132);  // of four: 131 and one more
    CHECK(low::even_clusters({128, 129280, 7168}, {}, 127) == 127);  // no more than there are
    CHECK(low::even_clusters({0, 129280, 7168}, {}, 132) == 132);
    using slots = grouped<tile_shape{256, 128, 128}, cluster_shape{1, 2}, masked_groups, 8>;
    const auto clusters_of_slots = [](i32 most_rows, i32 expected, i32 count = 32) {
        return slots::even_clusters({most_rows, 4096, 4096}, {.count = count, .expected_rows = expected}, 66);
    };
    CHECK(clusters_of_slots(4096, 192) == 64);  // 512 tiles in eight rounds
    CHECK(clusters_of_slots(4096, 197) == 66);  // some groups may have two tiles in a column
    CHECK(clusters_of_slots(4096, 0) == 66);
    CHECK(clusters_of_slots(256, 0) == 64);
    CHECK(clusters_of_slots(256, 2147479552) == 64);
    CHECK(clusters_of_slots(4096, 192, 0) == 66);
    using few = grouped<tile_shape{32, 128, 128}, cluster_shape{1, 2}, masked_groups, 8>;
    CHECK(few::even_clusters({32, 4096, 4096}, {.count = 32}, 66) == 66);  // memory binds: all of them load
    static_assert(even_share(2147483647, 132) == 132 && even_share(2147483647, 2147483647) == 2147483647);
}

TEST_CASE(
    "A leaves L2 first where few tiles of a matrix read it at once, or where it is small and tiles go down columns") {
    const auto reads_of_a = [](auto tiles, i32 count, problem_shape shape) {
        return decltype(tiles)::reads(shape, {count}).a;
    };
    constexpr tile_shape square{128, 128, 64};
    const grouped<square, cluster_shape{}, uniform_groups> grid{};
    CHECK(reads_of_a(grid, 128, {128, 512, 128}) == 1);
    CHECK(reads_of_a(grid, 128, {64, 512, 128}) == 1);
    CHECK(reads_of_a(grid, 128, {63, 512, 128}) == 4);
    CHECK(reads_of_a(grid, 128, {128, 640, 128}) == 5);
    CHECK(reads_of_a(grid, 128, {129, 512, 128}) == 4);
    const columnwise<square, cluster_shape{}> columns{};
    CHECK(reads_of_a(columns, 128, {1024, 128, 512}) == 1);
    CHECK(reads_of_a(columns, 128, {4096, 128, 512}) == 2);
    CHECK(columns.reads({4096, 128, 512}, {128}).fetch_bytes == 128);
    CHECK(columns.reads({1024, 128, 512}, {128}).fetch_bytes == 256);
    CHECK(reads_of_a(columns, 128, {4096, 512, 128}) == 4);
}

}  // namespace summed_schedule_tests
