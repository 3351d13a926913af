// SPDX-License-Identifier: MIT
// The grouped schedule by itself: each element of D that groups own is in one tile, whatever the groups, the grid and the
// cluster; no other element is in any.
#include <deepgemm/reference/random.hpp>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace grouped_schedule_tests {

using namespace deepgemm;

namespace {

/// Rows [first, last) of a matrix of D.
struct owned_rows {
    i64 matrix, first, last;
};

/// Calls `visit` with each tile of each CTA of a grid of at most `clusters` clusters.
template <tile_shape Block, cluster_shape Cluster, class Groups, class Visit>
void walk(const Groups& groups, problem_shape shape, int clusters, const Visit& visit) {
    using tiles = grouped<Block, Cluster, Groups>;
    constexpr bool tabled = tabled_schedule<tiles>;
    sim::geometry g;
    g.threads = tabled ? 96 : 32;
    g.smem_bytes = 4096;
    g.cluster.x = u32(Cluster.size());
    g.grid.x = u32(min(clusters, tiles::clusters(shape, groups)) * Cluster.size());
    if (g.grid.x == 0) return;
    sim::launch({}, g, [&] {
        tiles mine = tiles::of(shape, groups).started(shape, ptx::cta_index() % u32(Cluster.size()));
        if constexpr (tabled) {
            mine = mine.with_table(ptx::dynamic_smem());
            mine.fill_table();
            ptx::sync_cta();
        }
        for (const auto tile : mine) {
            if (ptx::thread_index() == 0) visit(tile);
        }
    });
}

/// In how many tiles each element of `matrices` matrices of D is.
template <tile_shape Block, cluster_shape Cluster, class Groups>
std::vector<int> visits(const Groups& groups, problem_shape shape, i64 matrices, int clusters) {
    std::vector<int> counts(std::size_t(matrices * shape.m * shape.n), 0);
    walk<Block, Cluster>(groups, shape, clusters, [&](const auto& tile) {
        for (i64 m = tile.m; m < min(tile.m + Block.m, tile.end().m); ++m) {
            for (i64 n = tile.n; n < min(tile.n + Block.n, tile.end().n); ++n)
                ++counts.at(std::size_t((tile.matrix() * shape.m + m) * shape.n + n));
        }
    });
    return counts;
}

template <class Groups>
void check_visits(const Groups& groups, problem_shape shape, i64 matrices, const std::vector<owned_rows>& owned) {
    std::vector<int> expected(std::size_t(matrices * shape.m * shape.n), 0);
    for (const auto& [matrix, first, last] : owned) {
        const auto begin = expected.begin() + matrix * shape.m * shape.n;
        std::fill(begin + first * shape.n, begin + max(first, last) * shape.n, 1);
    }
    for (const int clusters : {1, 2, 5, 100}) {
        CAPTURE(clusters);
        CHECK(visits<tile_shape{64, 32, 128}, cluster_shape{1, 1}>(groups, shape, matrices, clusters) == expected);
        CHECK(visits<tile_shape{64, 32, 128}, cluster_shape{1, 4}>(groups, shape, matrices, clusters) == expected);
        CHECK(visits<tile_shape{128, 32, 128}, cluster_shape{1, 2}>(groups, shape, matrices, clusters) == expected);
        CHECK(visits<tile_shape{192, 32, 128}, cluster_shape{1, 1}>(groups, shape, matrices, clusters) == expected);
        CHECK(visits<tile_shape{96, 32, 128}, cluster_shape{1, 1}>(groups, shape, matrices, clusters) == expected);
    }
}

/// Sizes of groups, up to `most`, of which several are 0.
std::vector<i32> sizes(random_source& random, i64 most) {
    std::vector<i32> made{0};
    for (i64 i = random.integer(0, 6); i > 0; --i)
        made.push_back(i32(random.integer(0, 2) * random.integer(0, most / 2)));
    made.push_back(0);
    return made;
}

}  // namespace

TEST_CASE("masked groups: rows below the mask, once") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (int run = 0; run < 6; ++run) {
        const i64 most = run % 3 == 0 ? 2000 : 300;  // several bands of tiles, or one
        const problem_shape shape{i32(random.integer(1, most)), i32(random.integer(1, 200)), 128};
        const std::vector<i32> counts = sizes(random, shape.m);
        std::vector<owned_rows> owned;
        for (const i32 count : counts) owned.push_back({i64(owned.size()), 0, min(count, shape.m)});
        check_visits(masked_groups{i32(counts.size()), counts.data()}, shape, i64(counts.size()), owned);
    }
}

TEST_CASE("groups by their ends: rows of a group, once") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (int run = 0; run < 6; ++run) {
        const i32 alignment = i32(random.integer(1, 130));
        std::vector<i32> ends;
        std::vector<owned_rows> owned;
        i32 row = 0;
        for (const i32 count : sizes(random, 200)) {
            owned.push_back({0, row, row + count});
            ends.push_back(row + count);
            row = align_up(row + count, alignment);
        }
        const problem_shape shape{row + 3, i32(random.integer(1, 200)), 128};
        check_visits(psum_groups{{i32(ends.size()), ends.data(), alignment}}, shape, 1, owned);
    }
}

TEST_CASE("ends beyond the matrix, and ends that fall, are taken for the nearest that can be") {
    const i32 ends[] = {-7, 90, 20, 1000, 1100};
    // Group 2 starts at row 96 and ends before; group 3 ends with the matrix, and group 4 starts behind it.
    check_visits(psum_groups{{5, ends, 32}}, {150, 40, 128}, 1, {{0, 0, 90}, {0, 96, 150}});
}

TEST_CASE("rows behind the ends of groups are in tiles without K, if they have to become zero") {
    const i32 ends[] = {0, 90, 96, 100, 100};
    const psum_groups groups{{5, ends, 32, 0, true}};
    check_visits(groups, {150, 40, 128}, 1, {{0, 0, 128}});
    check_visits(groups, {110, 40, 128}, 1, {{0, 0, 110}});
    walk<tile_shape{64, 32, 128}, cluster_shape{}>(groups, {150, 40, 128}, 1, [&](const auto& tile) {
        const bool behind = tile.m == 90 || tile.m == 100;
        CHECK(tile.blocks().count == (behind ? 0 : 1));
    });
}

TEST_CASE("a tile knows whether others read the same of B: by its group, not by its own rows") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto check = [&]<tile_shape Block>(const auto& groups, problem_shape shape, const std::vector<i32>& rows) {
        walk<Block, cluster_shape{1, 2}>(groups, shape, 3, [&](const auto& tile) {
            REQUIRE(tile.shares_b() == (rows[std::size_t(tile.group.matrix)] > Block.m));
        });
    };
    for (int run = 0; run < 6; ++run) {
        std::vector<i32> counts = sizes(random, 200), ends;
        counts.insert(counts.end(), {64, 65, 128, 129});
        const i32 alignment = i32(random.integer(1, 130));
        for (const i32 count : counts) ends.push_back((ends.empty() ? 0 : align_up(ends.back(), alignment)) + count);
        const psum_groups by_end{{i32(ends.size()), ends.data(), alignment}};
        const masked_groups slots{i32(counts.size()), counts.data()};
        check.template operator()<tile_shape{64, 32, 128}>(by_end, {ends.back(), 100, 128}, counts);
        check.template operator()<tile_shape{128, 32, 128}>(by_end, {ends.back(), 100, 128}, counts);
        check.template operator()<tile_shape{64, 32, 128}>(slots, {200, 100, 128}, counts);
        check.template operator()<tile_shape{128, 32, 128}>(slots, {200, 100, 128}, counts);
    }
}

namespace {

/// The tiles of `groups` have no rows but those of their matrix of B, as the list of them says.
template <tile_shape Block>
void check_matrices(const auto& groups, problem_shape shape, const std::vector<i32>& of_row) {
    walk<Block, cluster_shape{1, 2}>(groups, shape, 3, [&](const auto& tile) {
        for (i32 row = tile.m; row < min(tile.m + Block.m, tile.end().m); ++row) {
            const i32 own = of_row[std::size_t(row)];
            REQUIRE(tile.blocks().count == (own < 0 ? 0 : 1));
            REQUIRE(tile.gap(shape) == (own < 0));
            REQUIRE((own < 0 || tile.b(0).matrix == own));
        }
    });
}

/// The tiles of both policies of the group of each row have all rows once, each with its own matrix.
void check_list(const std::vector<i32>& of_row, i32 groups, i32 alignment, i32 n) {
    const problem_shape shape{i32(of_row.size()), n, 128};
    for (const std::size_t skipped : {0, 1}) {  // entries before the list
        std::vector<i32> memory(skipped, 0);
        memory.insert(memory.end(), of_row.begin(), of_row.end());
        const row_groups given{groups, memory.data() + skipped, alignment};
        const tabled_groups tabled{{given}};
        const listed_groups listed{{given}};
        check_visits(tabled, shape, 1, {{0, 0, shape.m}});
        check_visits(listed, shape, 1, {{0, 0, shape.m}});
        check_matrices<tile_shape{64, 32, 128}>(tabled, shape, of_row);
        check_matrices<tile_shape{192, 32, 128}>(tabled, shape, of_row);
        check_matrices<tile_shape{64, 32, 128}>(listed, shape, of_row);
        check_matrices<tile_shape{192, 32, 128}>(listed, shape, of_row);
    }
}

}  // namespace

TEST_CASE("groups by the group of each row: all rows, once, each with its own matrix") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (int run = 0; run < 12; ++run) {
        const i32 alignment = i32(run % 2 == 0 ? 1 : random.integer(1, 130));
        CAPTURE(alignment);
        std::vector<i32> of_row;
        i32 group = 0;
        for (const i32 count : sizes(random, run % 3 == 0 ? 20 : 200)) {
            of_row.insert(of_row.end(), std::size_t(count), group);
            of_row.resize(
                std::size_t(align_up(i32(of_row.size()), alignment) + (random.integer(0, 1) == 0 ? alignment : 0)),
                -i32(random.integer(1, 9)));
            group = i32(random.integer(0, 1)) == 0 ? group + 1 : group + 5;  // no group must come, nor all in a row
        }
        of_row.push_back(0);
        const problem_shape shape{i32(of_row.size()), i32(random.integer(1, 200)), 128};
        check_list(of_row, group + 1, alignment, shape.n);
    }
}

TEST_CASE("groups by the group of each row: lists of one stretch, long gaps and long groups, wherever the list lies") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    check_list({0}, 1, 128, 70);
    check_list({-1}, 1, 1, 70);
    check_list({}, 1, 1, 70);
    check_list(std::vector<i32>(2000, 2), 3, 1, 40);
    for (const i32 alignment : {1, 3, 8, 16, 64, 128, 200, 256}) {
        CAPTURE(alignment);
        check_list(std::vector<i32>(1500, -1), 2, alignment, 40);
        check_list(std::vector<i32>(std::size_t(random.integer(1, 700)), 0), 1, alignment, 40);
        std::vector<i32> filled, cut;  // groups that fill what they are aligned to, and those that end anywhere in it
        for (i32 group = 0; group < 5; ++group) {
            const i32 high = random.integer(0, 2) == 0 ? 600 : 40;
            filled.resize(filled.size() + std::size_t(align_up(i32(random.integer(1, high)), alignment)), group);
            cut.resize(cut.size() + std::size_t(random.integer(1, high)), group);
            cut.resize(std::size_t(align_up(i32(cut.size()) + i32(random.integer(0, 1) * high), alignment)), -1);
        }
        check_list(filled, 5, alignment, 40);
        check_list(cut, 5, alignment, 40);
    }
}

TEST_CASE(
    "groups by the group of each row: one row each, one group with nearly all of them, groups that are left out") {
    const auto list = [](const std::vector<i32>& counts, i32 alignment, i32 more) {
        std::vector<i32> made(std::size_t(more), -1);
        for (std::size_t group = 0; group < counts.size(); ++group) {
            made.insert(made.end(), std::size_t(counts[group]), i32(group));
            made.resize(std::size_t(align_up(i32(made.size()), alignment)), -1);
        }
        made.resize(made.size() + std::size_t(more), -1);
        return made;
    };
    const auto check = [](const std::vector<i32>& of_row, i32 groups, i32 alignment) {
        const problem_shape shape{i32(of_row.size()), 9, 128};
        check_visits(tabled_groups{{{groups, of_row.data(), alignment}}}, shape, 1, {{0, 0, shape.m}});
        check_matrices<tile_shape{192, 32, 128}>(tabled_groups{{{groups, of_row.data(), alignment}}}, shape, of_row);
    };
    std::vector<i32> uneven(40, 0);
    uneven.front() = 801, uneven.back() = 224;
    for (const i32 alignment : {1, 8, 128}) {
        CAPTURE(alignment);
        for (const i32 more : {0, alignment}) {
            CAPTURE(more);
            check(list(uneven, alignment, more), 40, alignment);
            check(list(std::vector<i32>(9, 1), alignment, more), 9, alignment);
            check(list({0, 0, 5, 0, 70, 0, 0}, alignment, more), 7, alignment);
            check(list({alignment, alignment, 0, 2 * alignment}, alignment, more), 4, alignment);
        }
    }
    const std::vector<i32> many(row_groups::most_tabled,
                                1);  // as many groups as fit, side by side and with rows between
    check(list(many, 1, 0), row_groups::most_tabled, 1);
    check(list(many, 2, 2), row_groups::most_tabled, 2);
}

TEST_CASE("groups by the group of each row: lists so long that a warp looks at them in many batches") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 alignment : {1, 7, 64}) {
        std::vector<i32> of_row;
        for (i32 group = 0; of_row.size() < 20000 * std::size_t(alignment); ++group) {
            of_row.resize(of_row.size() + std::size_t(random.integer(1, 500) * alignment), group);
            of_row.resize(of_row.size() + std::size_t(random.integer(0, 1) * random.integer(0, 300) * alignment), -1);
            if (group == 40) of_row.resize(of_row.size() + std::size_t(9000 * alignment), -1);
        }
        const problem_shape shape{i32(of_row.size()), 1, 128};
        check_matrices<tile_shape{128, 32, 128}>(tabled_groups{{{250, of_row.data(), alignment}}}, shape, of_row);
    }
}

TEST_CASE("groups by the group of each row: a table says that there are more than it holds") {
    const auto refusal = [](const std::vector<i32>& of_row, i32 groups) {
        const problem_shape shape{i32(of_row.size()), 40, 128};
        const tabled_groups given{{{groups, of_row.data(), 1}}};
        try {
            walk<tile_shape{128, 32, 128}, cluster_shape{}>(given, shape, 1, [](const auto&) {});
        } catch (const std::exception& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    std::vector<i32> of_row(row_groups::most_tabled + 1);
    std::iota(of_row.begin(), of_row.end(), 0);
    const std::string many = refusal(of_row, row_groups::most_tabled + 1), high = refusal({0, 256}, 257);
    CHECK_MESSAGE(many.ends_with("a list of rows has 513 starts and ends of 257 groups, more than a table holds"),
                  many);
    CHECK_MESSAGE(high.ends_with("a list of rows has 3 starts and ends of 257 groups, more than a table holds"), high);
    for (i32& group : of_row) group %= 2;  // a broken promise
    const std::string again = refusal(of_row, 2);
    CHECK_MESSAGE(again.ends_with("a list of rows has 513 starts and ends of 2 groups, more than a table holds"),
                  again);
}

TEST_CASE("groups by the group of each row: rows of no group come behind all others") {
    const i32 counts[] = {200, 100, 192};
    std::vector<i32> of_row;
    for (i32 group = 0; group < 3; ++group) {
        of_row.resize(of_row.size() + std::size_t(counts[group]), group);
        of_row.resize(of_row.size() + 56, -1);
    }
    std::vector<bool> gaps;
    const tabled_groups groups{{{3, of_row.data(), 1}}};
    const problem_shape shape{i32(of_row.size()), 64, 128};
    walk<tile_shape{128, 32, 128}, cluster_shape{1, 2}>(groups, shape, 1, [&](const auto& tile) {
        if (tile.n == 0) gaps.push_back(tile.gap({}));
    });
    CHECK(gaps == std::vector<bool>{false, false, false, false, false, true, true, true});
}

TEST_CASE("lists that break a promise: the walk ends, reads nothing but the list, and has each row once") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 alignment : {1, 5, 64, 128, 384}) {
        CAPTURE(alignment);
        for (const i64 most : {2, 30, 400}) {
            std::vector<i32> of_row;
            while (of_row.size() < 500)
                of_row.resize(of_row.size() + std::size_t(random.integer(1, most)), i32(random.integer(-2, 9)));
            const problem_shape shape{i32(of_row.size()), 40, 128};
            const auto check = [&](const auto& groups) {
                check_visits(groups, shape, 1, {{0, 0, shape.m}});
                walk<tile_shape{64, 32, 128}, cluster_shape{}>(groups, shape, 3, [&](const auto& tile) {
                    const i32 of_b = tile.b(0).matrix;
                    REQUIRE((of_b >= 0 && of_b < 4));
                });
            };
            check(listed_groups{{{4, of_row.data(), alignment}}});
            if (most != 2) check(tabled_groups{{{4, of_row.data(), alignment}}});  // else there may be no room for them
        }
    }
}

namespace {

/// Rows that the busiest of 66 clusters multiplies, over the mean, if it multiplies 64 rows at a time.
template <tile_shape Block>
double imbalance(const std::vector<i32>& counts, i32 n) {
    const masked_groups groups{i32(counts.size()), counts.data()};
    std::vector<i64> steps(66);
    walk<Block, cluster_shape{1, 2}>(groups, {4096, n, 128}, 66, [&](const auto& tile) {
        steps.at(ptx::cta_index() / 2) += ceil_div(tile.end().m - tile.m, 64);
    });
    const i64 all = std::accumulate(steps.begin(), steps.end(), i64(0));
    return double(*std::max_element(steps.begin(), steps.end())) * 66 / double(all);
}

}  // namespace

TEST_CASE("tiles with few rows are spread over the clusters") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    std::vector<i32> counts(32);
    for (i32& count : counts) count = i32(random.integer(134, 250));
    // Eleven rounds or more of at most four steps: one step more than the mean is 3 %. In order, down every column, tiles of
    // 192 rows would come to 30 %, since one half of the clusters would have all the full ones.
    CHECK(imbalance<tile_shape{128, 128, 128}>(counts, 7168) < 1.1);
    CHECK(imbalance<tile_shape{192, 128, 128}>(counts, 7168) < 1.1);
    CHECK(imbalance<tile_shape{256, 128, 128}>(counts, 7168) < 1.1);
}

TEST_CASE("the tiles of a column share its rows") {
    const i32 counts[] = {200, 448, 65};
    std::vector<i32> rows;
    walk<tile_shape{192, 32, 128}, cluster_shape{}>(masked_groups{3, counts}, {500, 32, 128}, 1, [&](const auto& tile) {
        REQUIRE(tile.matrix() == (rows.size() < 2 ? 0 : rows.size() < 5 ? 1 : 2));
        rows.push_back(tile.end().m - tile.m);
    });
    // 200 rows are four steps of 64, so both tiles have two; 448 are seven. The first tile of a round walks up if it is odd.
    std::sort(rows.begin(), rows.begin() + 2);
    std::sort(rows.begin() + 2, rows.begin() + 5);
    CHECK(rows == std::vector<i32>{72, 128, 128, 128, 192, 65});
}

TEST_CASE("batches, groups along K and parts of K: all of each matrix, once") {
    const problem_shape shape{130, 70, 640};
    const i32 of_k[] = {0, 256, 0, 384, 0};
    const auto all = [&](i64 matrices) {
        std::vector<owned_rows> owned;
        for (i64 i = 0; i < matrices; ++i) owned.push_back({i, 0, shape.m});
        return owned;
    };
    check_visits(uniform_groups{4}, shape, 4, all(4));
    check_visits(uniform_groups{0}, shape, 1, {});
    check_visits(k_groups{5, of_k}, shape, 5, all(5));
    check_visits(k_parts{3}, shape, 3, all(3));
    check_visits(k_parts{7}, shape, 7, all(7));  // more parts than K blocks
}

TEST_CASE("groups along K and parts of K have each K block once, in order") {
    const problem_shape shape{10, 10, 1000};
    const i32 of_k[] = {0, 256, 0, 384, 128, 256, 0};
    const auto blocks_of = [&]<class Groups>(const Groups& groups) {
        std::vector<i32> seen;
        walk<tile_shape{128, 32, 128}, cluster_shape{}>(groups, shape, 1, [&](const auto& tile) {
            const auto [first, count] = tile.blocks();
            for (i32 i = first; i < first + count; ++i) {
                seen.push_back(i);
                // A window that is cut short starts so far before its place that it ends where K does.
                const i32 start = takes_windows<Groups>() ? min(128 * i, shape.k - 128) : 128 * i;
                CHECK(tile.a(i).matrix + tile.a(i).k == start);
                CHECK(tile.b(i).matrix + tile.b(i).k == start);
            }
        });
        return seen;
    };
    const std::vector<i32> all{0, 1, 2, 3, 4, 5, 6, 7};
    CHECK(blocks_of(k_groups{7, of_k}) == all);
    const i32 wrong[] = {-256, 512, -2147483647, 2147483647, 128};  // as 0, 512, 0, all that is left, and 0
    CHECK(blocks_of(k_groups{5, wrong}) == all);
    for (i32 parts = 1; parts < 12; ++parts) CHECK(blocks_of(k_parts{parts}) == all);
}

TEST_CASE("groups along K with packed scales count their blocks as words lie, one group's behind the other's") {
    const problem_shape shape{10, 10, 2560};
    const i32 sizes[] = {304, 0, 512, 16, 1040}, starts[] = {0, 384, 384, 896, 1024}, words[] = {0, 1, 1, 2, 3};
    const groups_along_k list{.count = 5, .list = sizes, .alignment = 128};
    const auto check_blocks = [&]<class Groups>(const Groups& groups) {
        int seen = 0;
        walk<tile_shape{128, 32, 128}, cluster_shape{}>(groups, shape, 1, [&](const auto& tile) {
            const i32 g = tile.matrix();
            const auto [first, count] = tile.blocks();
            CAPTURE(g);
            CHECK(first == 4 * words[g]);
            CHECK(count == ceil_div(sizes[g], 128));
            for (i32 i = 0; i < count; ++i) {
                const operand_place a = tile.a(first + i), b = tile.b(first + i);
                if (takes_windows<Groups>()) {
                    // A window that a group ends in is copied from so far before it that it ends there.
                    const i32 missing = max(0, 128 * (i + 1) - sizes[g]);
                    CHECK(a.matrix + a.k == starts[g] + 128 * i - missing);
                } else {
                    CHECK(a.k == 128 * i);
                    CHECK(a.matrix == g);
                }
                CHECK((b.k == a.k && b.matrix == a.matrix));
                ++seen;
            }
        });
        CHECK(seen == 3 + 4 + 1 + 9);
    };
    check_blocks(with_packed_scales<k_groups>{{list}});
    check_blocks(with_packed_scales<concatenated_k_groups>{{{list}}});
}

}  // namespace grouped_schedule_tests
