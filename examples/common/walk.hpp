// SPDX-License-Identifier: MIT
// Shows how a schedule of groups of rows hands out tiles. A kernel walks it, on four blocks, and writes down what it gets.
#pragma once

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/reference/matrix.hpp>
#include <deepgemm/schedule/groups.cuh>

#include "backend.hpp"

namespace backend {

/// A tile of D that a block got.
struct handed_tile {
    deepgemm::i32 m, n;     ///< first row and column
    deepgemm::i32 row_end;  ///< the first row that it may not write
    deepgemm::i32 group;    ///< -1: the block has no more tiles
};

/// A kernel of one warp in each of four blocks, which walks schedule `Tiles` and computes nothing.
template <deepgemm::schedule Tiles>
struct walk {
    static constexpr int ctas = 4, most = 64;  ///< blocks, and tiles that one of them may have
    static constexpr deepgemm::launch_info launch{.threads = 32};
    static constexpr int map_count = 0;
    struct arguments {
        deepgemm::problem_shape shape;
        deepgemm::row_groups groups;
        handed_tile* tiles;  ///< (ctas, most)
    };
    struct params {
        Tiles schedule;
        deepgemm::problem_shape shape;
        handed_tile* tiles;
    };
    static params make_params(const arguments& a) { return {Tiles::of(a.shape, a.groups), a.shape, a.tiles}; }
    static int grid(const arguments&, int /*num_sms*/) { return ctas; }
    DEEPGEMM_DEVICE static void run(const params& p) {
        deepgemm::ptx::role("walk");
        handed_tile* next = p.tiles + deepgemm::ptx::cta_index() * most;
        const Tiles mine = p.schedule.started(p.shape, 0);
        for (const auto tile : mine) {
            if (deepgemm::ptx::lane_index() == 0)
                deepgemm::ptx::st_global(next, handed_tile{tile.m, tile.n, tile.end().m, tile.b(0).matrix});
            ++next;
        }
    }
};

/// The tiles of a schedule in rounds: place 4 i + c has tile number i of block c.
template <class Tiles>
std::vector<handed_tile> tiles_of(deepgemm::problem_shape shape, const deepgemm::row_groups& groups) {
    using kernel = walk<Tiles>;
    std::vector<handed_tile> by_block(kernel::ctas * kernel::most), in_rounds;
    array<handed_tile> there(by_block.size());  // full of -1
    launch<kernel>({shape, groups, there.data()});
    there.read(by_block);
    for (int i = 0; i < kernel::most; ++i) {
        for (int c = 0; c < kernel::ctas; ++c) in_rounds.push_back(by_block[std::size_t(c * kernel::most + i)]);
    }
    while (!in_rounds.empty() && in_rounds.back().group < 0) in_rounds.pop_back();
    return in_rounds;
}

/// A line of a table, or its head if there are no tiles: rows that are multiplied, in steps of 64, since fewer take as long;
/// how many of them the busiest block has, over the mean; rows of A and B that the four blocks read in a round.
template <deepgemm::tile_shape Block>
std::string costs(const char* name, const std::vector<handed_tile>& tiles, int n) {
    constexpr int ctas = 4;
    const int rounds = deepgemm::ceil_div(int(tiles.size()), ctas);
    double busy[ctas] = {}, all = 0, read = 0;
    for (int round = 0; round < rounds; ++round) {
        std::set<int> a;
        std::set<std::pair<int, int>> b;
        for (int c = 0; c < ctas && round * ctas + c < int(tiles.size()); ++c) {
            const auto [m, column, row_end, group] = tiles[std::size_t(round * ctas + c)];
            if (group < 0) continue;
            const int rows = deepgemm::align_up(deepgemm::min(row_end - m, Block.m), 64);
            busy[c] += rows;
            all += rows;
            a.insert(m);
            b.insert({group, column});
        }
        read += double(int(a.size()) * Block.m + int(b.size()) * Block.n);
    }
    char line[160];
    if (tiles.empty()) {
        std::snprintf(line, sizeof line, "%-32s  rows multiplied  busiest / mean  rows read in a round\n", name);
    } else {
        std::snprintf(line, sizeof line, "%-32s  %15.0f  %14.2f  %20.0f\n", name, all * Block.n / n,
                      *std::max_element(busy, busy + ctas) * ctas / all, read / rounds);
    }
    return line;
}

/// The tiles of group `group`, which has rows from `first` on, `rows` of them, and `n` columns: in each its place among the
/// group's.
template <deepgemm::tile_shape Block>
std::string picture(const std::vector<handed_tile>& tiles, int group, int first, int rows, int n) {
    deepgemm::matrix<int> place(deepgemm::ceil_div(rows, Block.m), deepgemm::ceil_div(n, Block.n));
    int before = -1;  // tiles of other groups
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (tiles[i].group != group) continue;
        if (before < 0) before = int(i);
        place((tiles[i].m - first) / Block.m, tiles[i].n / Block.n) = int(i) - before;
    }
    std::string text;
    for (int row = 0; row < place.rows(); ++row) {
        for (int column = 0; column < place.columns(); ++column) {
            char number[16];
            std::snprintf(number, sizeof number, "%4d", place(row, column));
            text += number;
        }
        text += '\n';
    }
    return text;
}

}  // namespace backend
