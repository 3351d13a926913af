// SPDX-License-Identifier: MIT
// Ragged key ranges by themselves: each key tile of each query tile is in one run of one CTA, runs tell their queries' ranges,
// and no CTA has much more to do than another.
#include <deepgemm/reference/random.hpp>
#include <deepgemm/schedule/ragged_tiles.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace key_ranges_tests {

using namespace deepgemm;

namespace {

/// Ranges of some queries: random, mostly empty, or growing. They begin `shift` elements after an address that may be loaded in
/// words of 16 bytes.
struct ranges {
    std::vector<i32> first, last;
    i32 keys, shift;

    ranges(random_source& random, i32 queries, i32 most)
        : first(std::size_t(queries)),
          last(first),
          keys(most),
          shift(i32(random.integer(0, 1) * random.integer(0, 3))) {
        const i64 kind = random.integer(0, 2);
        for (i32 i = 0; i < queries; ++i) {
            i32 from = kind == 2 ? 0 : i32(random.integer(0, keys)), to = i32(random.integer(0, keys));
            if (kind == 0 && from > to) swap_values(from, to);
            if (kind == 1 && random.integer(0, 9) != 0) to = from;
            if (kind == 2) to = i32(i64(keys) * i / queries);
            first[std::size_t(i)] = from;
            last[std::size_t(i)] = to;
        }
    }
    key_ranges view(std::vector<i32>& memory) const {
        const i32 queries = i32(first.size()), row = align_up(queries, 4) + 4;
        memory.assign(std::size_t(2 * row), 0x5a5a5a5a);
        std::ranges::copy(first, memory.begin() + shift);
        std::ranges::copy(last, memory.begin() + row + shift);
        return {memory.data() + shift, memory.data() + row + shift, queries, keys, keys};
    }
    /// The keys of a query, {0, 0} if it has none, {0, -1} if there is no such query.
    std::pair<i32, i32> of(i32 query) const {
        if (query >= i32(first.size())) return {0, -1};
        const i32 from = first[std::size_t(query)], to = last[std::size_t(query)];
        return from < to ? std::pair{from, to} : std::pair{0, 0};
    }
};

/// Walks all runs of `ctas` CTAs and checks them; "" or what is wrong.
template <int Queries, int Keys, int StartCost>
std::string walk(const ranges& all, int ctas, int warps, sim::policy policy) {
    using tiles = ragged_tiles<Queries, Keys, StartCost>;
    std::map<std::pair<i32, i32>, int> visits;  // by first query and first key
    std::vector<i64> costs(std::size_t(ctas), 0);
    std::string wrong;
    sim::geometry g;
    g.grid.x = u32(ctas);
    g.threads = u32(32 * warps);
    g.smem_bytes = 1024;
    std::vector<i32> memory;
    const key_ranges view = all.view(memory);
    sim::launch({.policy = policy}, g, [&] {
        const u32 smem = ptx::dynamic_smem();
        tiles::share(view, smem);
        if (ptx::warp_index() != u32(warps - 1)) return;
        const i32 lane = i32(ptx::lane_index());
        typename tiles::run now;
        for (typename tiles::runs work(view, smem); work.next(now);) {
            const auto [from, to] = all.of(now.query + lane);
            if (lane < Queries && (now.mine.first != from || now.mine.last != to)) wrong = "a lane has a wrong range";
            if (lane != 0) continue;
            if (now.key % 4 != 0 || now.tiles < 1) wrong = "a run starts inside of four keys, or is empty";
            for (i32 i = 0; i < now.tiles; ++i) ++visits[{now.query, now.key + i * Keys}];
            costs[ptx::cta_index()] += now.tiles;
        }
    });
    i64 total = 0;
    for (i32 query = 0; query < i32(all.first.size()); query += Queries) {
        i32 from = all.keys, to = 0;
        for (i32 i = 0; i < Queries; ++i) {
            const auto [first, last] = all.of(query + i);
            if (first < last) from = min(from, first), to = max(to, last);
        }
        for (i32 key = from / 4 * 4; key < to; key += Keys, ++total) {
            if (visits[{query, key}] != 1) wrong = "a key tile is not in one run";
        }
        total += StartCost;
    }
    i64 visited = 0;
    for (const auto& [place, times] : visits) visited += times;
    if (visited != total - StartCost * i64(ceil_div(i32(all.first.size()), Queries))) wrong = "there are other tiles";
    for (const i64 cost : costs) {
        if (cost > total / ctas + 1 + StartCost) wrong = "a CTA has too many key tiles";
    }
    return wrong;
}

/// Of up to `most` queries.
template <int Queries, int Keys, int StartCost>
void check(i32 most = 700) {
    constexpr sim::policy policies[] = {sim::policy::eager, sim::policy::lazy, sim::policy::random};
    for (int i = 0; i < 30; ++i) {
        random_source random(fresh_seed() + u64(i));
        CAPTURE(random.seed());
        const ranges all(random, i32(random.integer(1, most)), i32(random.integer(1, 3000)));
        const int ctas = int(random.integer(1, 9)), warps = int(random.integer(1, 6));
        CHECK(walk<Queries, Keys, StartCost>(all, ctas, warps, policies[i % 3]) == "");
    }
}

}  // namespace

TEST_CASE("key ranges: every key tile in one run of one CTA") {
    check<1, 64, 0>();
    check<2, 128, 1>();
    check<8, 128, 2>();
    check<12, 256, 3>();
    check<24, 64, 1>();
    check<32, 128, 5>();
    check<24, 256, 0>(6000);  // a lane looks at many query tiles
    check<2, 256, 1>(4500);   // and keeps what many of them cost
}

TEST_CASE("key ranges: where ranges grow, all CTAs start about as many query tiles") {
    using tiles = ragged_tiles<8, 64, 0>;
    constexpr i32 queries = 8 * 320, ctas = 16;
    std::vector<i32> first(queries, 0), last(queries);
    for (i32 i = 0; i < queries; ++i) last[std::size_t(i)] = i + 1;
    const key_ranges view{first.data(), last.data(), queries, queries, queries};
    std::vector<i32> runs(ctas, 0);
    sim::geometry g;
    g.grid.x = ctas;
    g.threads = 64;
    g.smem_bytes = 1024;
    sim::launch({}, g, [&] {
        const u32 smem = ptx::dynamic_smem();
        tiles::share(view, smem);
        if (ptx::warp_index() != 0) return;
        typename tiles::run now;
        for (typename tiles::runs work(view, smem); work.next(now);) {
            if (ptx::lane_index() == 0) ++runs[ptx::cta_index()];
        }
    });
    for (const i32 of_cta : runs) {  // 20 in the mean, and four neighbours are shared out together
        CHECK(of_cta >= 16);
        CHECK(of_cta <= 26);
    }
}

TEST_CASE("key ranges: ranges are cut, and may be longer than what counts") {
    const std::vector<i32> first{-5, 3, 9, 20, 7}, last{4, 30, 9, 10, 2147483647};
    key_ranges view{first.data(), last.data(), 5, 25, 8};
    std::vector<std::pair<i32, i32>> found;
    sim::geometry g;
    g.threads = 32;
    sim::launch({}, g, [&] {
        if (ptx::lane_index() != 0) return;
        for (i32 i = 0; i < 6; ++i) {
            const key_range range = view.of(i);
            found.emplace_back(range.first, range.last);
        }
    });
    CHECK(found == std::vector<std::pair<i32, i32>>{{0, 4}, {3, 11}, {0, 0}, {0, 0}, {7, 15}, {0, -1}});
}

}  // namespace key_ranges_tests
