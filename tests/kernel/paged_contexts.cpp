// SPDX-License-Identifier: MIT
// Contexts of paged keys by themselves: which queries make a tile, what its range is, and that requests by number and by index
// are cut into tiles of their own queries.
#include <deepgemm/reference/random.hpp>
#include <deepgemm/schedule/paged_contexts.cuh>
#include <deepgemm/schedule/ragged_tiles.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace paged_contexts_tests {

using namespace deepgemm;

namespace {

/// The queries of a tile with the lengths of their contexts.
struct tile {
    i32 first = 0;
    std::vector<i32> lengths;
    friend bool operator==(const tile&, const tile&) = default;
};

/// Requests with `next_n` queries each, or with random numbers of queries if `varlen`.
struct requests {
    std::vector<i32> lengths, indices;
    i32 queries, next_n, longest = 1000;
    bool per_query;

    requests(random_source& random, bool varlen)
        : queries(0), next_n(varlen ? 1 : i32(random.integer(1, 9))), per_query(random.integer(0, 1) != 0) {
        const i32 count = i32(random.integer(1, 120));
        for (i32 i = 0; i < count; ++i) {
            const i64 most = random.integer(0, 30) == 0 ? 600 : 6;
            const i32 of_request = varlen ? i32(random.integer(1, most)) : next_n;
            queries += of_request;
            if (varlen) indices.resize(std::size_t(queries), i % 3);
        }
        lengths.resize(std::size_t(varlen || per_query ? queries : count));
        for (i32& length : lengths) length = i32(random.integer(-3, 1100));
    }
    paged_contexts view(int tile_queries) const {
        return paged_contexts::of(lengths.data(), per_query, indices.empty() ? nullptr : indices.data(), queries,
                                  next_n, 2000, longest, tile_queries);
    }
    /// The tiles that there should be.
    std::vector<tile> tiles(int tile_queries) const {
        std::vector<tile> made;
        for (i32 i = 0; i < queries; ++i) {
            const auto at = std::size_t(i);
            const bool by_index = !indices.empty();
            const bool starts =
                by_index ? i % paged_contexts::window == 0 || indices[at] != indices[at - 1] : i % next_n == 0;
            if (starts || int(made.back().lengths.size()) == tile_queries) made.push_back({i, {}});
            const i32 length = lengths[std::size_t(per_query ? i : i / next_n)];
            made.back().lengths.push_back(std::clamp(length, 0, longest));
        }
        return made;
    }
};

/// The tiles that one warp finds, without those that are none.
template <int Queries>
std::vector<tile> found(const requests& all, i32 at_a_time) {
    using tiles = ragged_tiles<Queries, 64, 1, paged_contexts>;
    const paged_contexts view = all.view(Queries);
    std::vector<tile> made;
    sim::geometry g;
    g.threads = 32;
    sim::launch({}, g, [&] {
        const u32 lane = ptx::lane_index(), in_tile = lane % tiles::lanes;
        for (i32 first = 0; first < tiles::tiles_of(view); first += at_a_time) {
            const key_range mine = tiles::load(view, first);
            for (i32 i = 0; i < at_a_time; ++i) {
                const u32 exists = ptx::ballot(i32(lane) / tiles::lanes == i && mine.exists());
                if (exists == 0) continue;
                if (lane == 0) made.push_back({view.first_of(first + i, Queries), {}});
                for (u32 query = 0; query < u32(Queries); ++query) {
                    const i32 last = ptx::shuffle(mine.last, u32(i) * tiles::lanes + query);
                    if (lane == 0 && last >= 0) made.back().lengths.push_back(last);
                }
                if (in_tile >= u32(Queries) && mine.exists()) made.back().first = -1;
            }
        }
    });
    return made;
}

template <int Queries>
void check() {
    for (int i = 0; i < 12; ++i) {
        random_source random(fresh_seed() + u64(i));
        CAPTURE(random.seed());
        const requests all(random, i % 2 != 0);
        constexpr i32 at_once = ragged_tiles<Queries, 64, 1, paged_contexts>::at_once;
        CHECK(found<Queries>(all, i32(random.integer(1, at_once))) == all.tiles(Queries));
    }
}

}  // namespace

TEST_CASE("paged contexts: tiles hold neighbouring queries of one request, and each query is in one") {
    check<1>();
    check<2>();
    check<3>();
    check<8>();
    check<12>();
    check<32>();
}

}  // namespace paged_contexts_tests
