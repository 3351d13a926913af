// SPDX-License-Identifier: MIT
// How scales reach the math warps. Per-token scales are in the stage, one word per row or column; K-major ones of A are beside
// the stages, four or eight words per row for as many K blocks as they serve. Per-block scales are too few for that: one for 128
// elements of K and 128 rows. Each lane of a warp holds another word along K, 32 at a time, and a shuffle gives the right word
// to all lanes. That takes no shared memory and no barrier, and the loads run during the epilogue of the tile before.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/mma/fragment.cuh>
#include <deepgemm/mma/sm90/promotion.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/granularities.cuh>

namespace deepgemm::scale {

/// A matrix of scales in memory: word (i, kw) is at words + i * stride_mn + kw * stride_k, where i counts tiles of rows.
struct scale_words {
    const u32* words;
    i64 stride_mn, stride_k;
};

/// Where a thread's scales of one tile begin.
struct scale_place {
    i32 row;   ///< of the matrix of A or of B: the thread's first row if single rows have scales, else the tile's
    i32 rows;  ///< of that matrix; rows beyond have no scales
    i32 k;     ///< elements of K in all
    i64 matrix_words;  ///< words from the first matrix of a stack to this one
};

/// The scales among a kernel's parameters: a tensor map if TMA loads them, else their words and strides.
template <class Scale>
struct params {
    tensor_map map;
};
template <class Scale>
    requires(!by_copies<Scale>)
struct params<Scale> {
    scale_words words;
};

template <>
struct params<none> {};

/// Where K-major scales of A wait: in one place after another, each for a group of words. Who brings them and the warps that
/// multiply each walk over them. Where there are as many places as stages, a place is free whenever the stage is that the first
/// K block of its next group goes to, since each group serves a stage or more.
template <class Scale, group_shape Groups>
struct group_walk {
    static constexpr group_shape shape = Groups;
    static constexpr i32 scales = Groups.words * Scale::format::per_word;  ///< along K, of a group

    u32 place = Groups.places - 1;

    /// Takes the scale with number `index` along K, the next one of a tile or, if it `begins`, the first one. True if it is the
    /// first one of its group.
    DEEPGEMM_DEVICE bool next(i32 index, bool begins) {
        if (!begins && index % scales != 0) return false;
        place = after(place);
        return true;
    }
    /// The place after `place`.
    DEEPGEMM_DEVICE static u32 after(u32 place) { return place + 1 == u32(Groups.places) ? 0 : place + 1; }
    /// Takes `count` scales from number `index` along K on, all those of a tile.
    DEEPGEMM_DEVICE void pass_over(i32 index, i32 count) {
        if (count > 0) place = (place + u32((index + count - 1) / scales - index / scales + 1)) % u32(Groups.places);
    }
};

/// The scales of A for the two rows that one thread holds of each of `Fragments` fragments in the order of `Map`: rows r and r
/// + 8. They wait as `Groups` says if they come in groups.
template <class Scale, int Fragments, group_shape Groups, class Map = sm90::wgmma_rows>
struct row_feed {
    static constexpr u32 row_bytes = sizeof(u32);  ///< from the word of a row to that of the next
    /// Any thread: starts a tile, in which the thread's first row is row `from.row` of A. Scales are asked for from number
    /// `index` along K on.
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32 /*index*/, u32 /*place_bytes*/) const {}
    /// Any thread: bytes from the first place to the word of the next K block, which is in stage `stage`; places are
    /// `place_bytes` apart.
    DEEPGEMM_DEVICE u32 next(u32 stage, u32 place_bytes) const { return stage * place_bytes; }
    /// Any thread, while a K block is multiplied: the one after it takes the scales with number `index` along K.
    DEEPGEMM_DEVICE void expect(i32 /*index*/, u32 /*place_bytes*/) const {}
    /// Any thread: other warps take `count` scales from number `index` along K on.
    DEEPGEMM_DEVICE void pass_over(i32 /*index*/, i32 /*count*/) const {}

    /// Any thread: the scales with number `index` along K for fragment `fragment`. `staged` is the shared address of the word
    /// of row r.
    DEEPGEMM_DEVICE sm90::row_scales at(int fragment, i32 index, u32 staged) const {
        using format = typename Scale::format;
        const u32 words = staged + u32(fragment) * Map::rows * row_bytes;
        return {{format::decode(ptx::ld_shared<u32>(words), index),
                 format::decode(ptx::ld_shared<u32>(words + u32(Map::thread_row(1)) * row_bytes), index)}};
    }
};

/// K-major scales. A multiply waits for its scales, so where they lie is found out while the one before it runs.
template <class Scale, int Fragments, group_shape Groups, class Map>
    requires come_in_groups<Scale>
struct row_feed<Scale, Fragments, Groups, Map> {
    using walk = group_walk<Scale, Groups>;
    static constexpr u32 row_bytes = Groups.row_bytes();
    walk groups{};    ///< as of the last K block
    u32 coming = 0;   ///< place of the next block
    u32 word_at = 0;  ///< bytes from the first place to the next block's word

    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32 index, u32 place_bytes) {
        coming = walk::after(groups.place);
        find(index, place_bytes);
    }
    DEEPGEMM_DEVICE u32 next(u32 /*stage*/, u32 /*place_bytes*/) {
        groups.place = coming;
        return word_at;
    }
    DEEPGEMM_DEVICE void expect(i32 index, u32 place_bytes) {
        if (index % walk::scales == 0) coming = walk::after(groups.place);
        find(index, place_bytes);
    }
    DEEPGEMM_DEVICE void pass_over(i32 index, i32 count) { groups.pass_over(index, count); }
    /// `staged` is the shared address of the word of row r.
    DEEPGEMM_DEVICE sm90::row_scales at(int fragment, i32 index, u32 staged) const {
        using format = typename Scale::format;
        const u32 words = staged + u32(fragment) * Map::rows * row_bytes;
        return {{format::decode(ptx::ld_shared<u32>(words), index),
                 format::decode(ptx::ld_shared<u32>(words + u32(Map::thread_row(1)) * row_bytes), index)}};
    }

private:
    DEEPGEMM_DEVICE void find(i32 index, u32 place_bytes) {
        constexpr group_shape shape = Groups;
        const u32 word = u32(index / Scale::format::per_word) % u32(Groups.words);
        u32 row = 0;
        if constexpr (Groups.by_tma()) {
            static_assert(Map::thread_row(1) % 8 == 0 && Map::rows % 8 == 0,
                          "row_feed: the words of a thread lie at the same place of each of its rows");
            row = u32(fragment_place<Map>::here().row);
        }
        word_at = ptx::keep(coming * place_bytes + shape.in_row(i32(row), i32(word)));
    }
};

/// No scales before the epilogue, no feed: blocks that are promoted are added as they are.
template <class Scale, int Fragments, group_shape Groups, class Map>
    requires(all_of_k(Scale::via))
struct row_feed<Scale, Fragments, Groups, Map> {
    static constexpr u32 row_bytes = 0;
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32, u32) const {}
    DEEPGEMM_DEVICE u32 next(u32, u32) const { return 0; }
    DEEPGEMM_DEVICE void expect(i32, u32) const {}
    DEEPGEMM_DEVICE void pass_over(i32, i32) const {}
    DEEPGEMM_DEVICE static sm90::row_scales at(int, i32, u32) { return {{1.0f, 1.0f}}; }
};

/// Per-block scales of `Zones` zones of rows (of A or of B). All rows of a zone share their scales. A warp holds the words in
/// registers, spread over its lanes.
template <class Scale, int Zones>
struct block_feed {
    using format = typename Scale::format;
    static constexpr int scales_held = 32 * format::per_word;  ///< scales along K whose words one warp holds

    scale_words source{};
    i32 k_words = 0, first = 0;
    i32 row_tile[Zones]{};  ///< of each zone's tile of rows
    u32 held[Zones]{};      ///< this lane's words

    /// Converged warp: starts with the zones at row `from.row` and every `zone_rows` rows after it, and begins to load the
    /// words from scale number `index` along K on.
    DEEPGEMM_DEVICE void start(const params<Scale>& p, const scale_place& from, int zone_rows, i32 index) {
        source = p.words;
        source.words += from.matrix_words;
        k_words = scale::words<Scale>(from.k);
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < Zones; ++zone) {
            // Zones beyond the last row multiply zeros. Their index is clamped only to stay inside the matrix of scales.
            row_tile[zone] = min(from.row + zone * zone_rows, from.rows - 1) / Scale::tile.mn;
        }
        first = index;
        fetch(index / scales_held * 32);
    }

    /// Converged warp: makes sure that the warp holds scale number `index` along K. Numbers must come one after another.
    DEEPGEMM_DEVICE void turn_to(i32 index) {
        if (index != first && index % scales_held == 0) fetch(index / format::per_word);
    }

    /// Converged warp: scale number `index` along K of zone `zone`, and the word that it is in; turn_to(index) comes first.
    DEEPGEMM_DEVICE float at(int zone, i32 index) const { return format::decode(word(zone, index), index); }
    DEEPGEMM_DEVICE u32 word(int zone, i32 index) const {
        return ptx::shuffle(held[zone], u32(index / format::per_word) % 32);
    }

private:
    /// Loads 32 words from number `word` along K on, one per lane.
    DEEPGEMM_DEVICE void fetch(i32 word) {
        const i32 mine = word + i32(ptx::lane_index());
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < Zones; ++zone) {
            const u32* const words = source.words + row_tile[zone] * source.stride_mn;
            held[zone] = mine < k_words ? ptx::ld_global_nc(words + mine * source.stride_k) : 0;
        }
    }
};

/// Per-block scales of A: a fragment of 64 rows lies in one block.
template <class Scale, int Fragments, group_shape Groups, class Map>
    requires(Scale::via == route::registers)
struct row_feed<Scale, Fragments, Groups, Map> : block_feed<Scale, Fragments> {
    static constexpr u32 row_bytes = 0;
    static_assert(Scale::tile.mn % sm90::wgmma_rows::rows == 0, "row_feed: a scale of A must cover whole fragments");

    DEEPGEMM_DEVICE void start(const params<Scale>& p, const scale_place& from, i32 index, u32 /*place_bytes*/) {
        block_feed<Scale, Fragments>::start(p, from, sm90::wgmma_rows::rows, index);
    }
    DEEPGEMM_DEVICE u32 next(u32, u32) const { return 0; }
    DEEPGEMM_DEVICE void expect(i32, u32) const {}
    DEEPGEMM_DEVICE void pass_over(i32, i32) const {}
    /// Scales must be asked for one after another, and fragment 0 first.
    DEEPGEMM_DEVICE sm90::row_scales at(int fragment, i32 index, u32 /*staged*/) {
        if (fragment == 0) this->turn_to(index);
        const float scale = block_feed<Scale, Fragments>::at(fragment, index);
        return {{scale, scale}};
    }
};

/// The scales of B: a math warp starts a tile, and then asks for the scales of its K blocks in order.
template <class Scale, int Columns>
struct column_feed {
    /// Any thread: starts the tile at column `from.row` of D. Scales are asked for from number `index` along K on.
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32 /*index*/) const {}

    /// Any thread: the scales with number `index` along K for the thread's columns, of which `column` is the first. `staged` is
    /// the shared address of the words of the tile.
    DEEPGEMM_DEVICE auto at(i32 index, u32 staged, int column) const {
        return sm90::column_scales<typename Scale::format>{staged + u32(column) * u32(sizeof(u32)), index};
    }
};

/// No scales before the epilogue, no feed.
template <class Scale, int Columns>
    requires(all_of_k(Scale::via))
struct column_feed<Scale, Columns> {
    DEEPGEMM_DEVICE void start(const params<Scale>&, const scale_place&, i32) const {}
    DEEPGEMM_DEVICE static sm90::unit_scales at(i32, u32, int) { return {}; }
};

/// Per-block scales of B.
template <class Scale, int Columns>
    requires(Scale::via == route::registers)
struct column_feed<Scale, Columns> : block_feed<Scale, zones_of<Scale, Columns>> {
    static constexpr int zones = zones_of<Scale, Columns>, zone_columns = Columns / zones;

    DEEPGEMM_DEVICE void start(const params<Scale>& p, const scale_place& from, i32 index) {
        block_feed<Scale, zones>::start(p, from, zone_columns, index);
    }
    /// Scales must be asked for one after another.
    DEEPGEMM_DEVICE sm90::zone_scales<zones> at(i32 index, u32 /*staged*/, int /*column*/) {
        this->turn_to(index);
        sm90::zone_scales<zones> scales;
        DEEPGEMM_UNROLL
        for (int zone = 0; zone < zones; ++zone) scales.value[zone] = block_feed<Scale, zones>::at(zone, index);
        return scales;
    }
};

}  // namespace deepgemm::scale
