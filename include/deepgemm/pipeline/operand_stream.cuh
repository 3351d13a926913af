// SPDX-License-Identifier: MIT
// The stream of an operand from global to shared memory: its tensor map, its scales, how the CTAs of a cluster share its tiles,
// and how long L2 keeps it. The host makes the parameters; a producer thread loads by them. A kernel has one stream for each
// operand.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/pipeline/multicast.cuh>
#include <deepgemm/pipeline/two_places.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm {

/// How a stream loads its operand.
struct stream_options {
    int sharers = 1;  ///< CTAs of a cluster that need the same tile; each loads a slice of it for all of them
    /// In a stage with several words of scales for each row: from those of one word to those of the next.
    int word_bytes = 0;
    /// CTAs that multiply together: each loads another part of a tile's rows, for itself, and all scales.
    int parts = 1;
    bool stacked = false;  ///< the operand is a stack of matrices
    bool trims = false;    ///< copies leave out the rows of a tile beyond the operand's, if possible
    bool any_row = false;  ///< tiles may start at any row; else at multiples of four if their scales are staged
    /// Rows of a fragment, if those in which a tile has no rows are never read: copies leave them out. 0: all are read.
    int fragment = 0;
    /// Of a fragment in which a tile ends, copies bring only whole units of so many rows, and zeros behind them; 0: all rows.
    int unit = 0;
    /// K blocks in which a group ends are loaded from windows, which start at any element of K that is at a multiple of 16
    /// bytes of a row, and at any one at all if rows are not contiguous along K. Each is a matrix in a stack of matrices that
    /// overlap. Where a copy would have to start between such multiples, it starts at the next one and brings more.
    bool windows = false;
    /// At most so many matrices of the operand have as many rows and a K of their own, and a map each.
    int matrices = 1;
    /// A K block that its stage still holds is not loaded again: where tiles that follow each other have the same rows of the
    /// operand and the same K, and the stages hold all of it. The stages' other operand passes through them as ever.
    bool keeps = false;
    /// How K-major scales wait beside the stages. If TMA brings them, it does so with the first K block that a group serves.
    scale::group_shape groups{};
    int group_lanes = 0;  ///< that copy these where TMA cannot, and else would count among those who fill a stage
};

/// How copies bring the staged scales of one K block of a tile: `copies` boxes of `words` words, one after the other.
struct scale_boxes {
    int copies, words;

    /// For a tile of `rows` rows. TMA copies from multiples of four words on, so up to three words before those of a tile come
    /// along if it may start at any row. A box has at most 256 words; several fill whole lines of 128 bytes.
    DEEPGEMM_BOTH static constexpr scale_boxes of(int rows, bool any_row) {
        const int needed = any_row ? rows + 4 : rows, copies = ceil_div(needed, 256);
        return {copies, copies == 1 ? needed : align_up(ceil_div(needed, copies), 32)};
    }
    DEEPGEMM_BOTH constexpr u32 bytes() const { return u32(copies * words) * u32(sizeof(u32)); }
};

/// Shared addresses where a K block of the operand lands: of its tile, and of its scales if they are staged.
struct stage_place {
    u32 tile, scales;
};

/// The stream of `Operand`, a scaled_operand, in tiles `Tile`, an operand_tile: the part of a CTA if tiles have parts.
template <class Operand, class Tile, stream_options How>
struct operand_stream {
    using tile = Tile;
    using scales = typename Operand::scale;
    static constexpr bool gathers = false;
    static constexpr bool loads_scales = deepgemm::scale::by_copies<scales>, loads_groups = How.groups.by_tma();
    /// True if each copy brings one fragment, so that a tile that ends early needs fewer copies.
    static constexpr bool by_fragment = How.fragment != 0 && Tile::contiguous == major::k &&
                                        (Tile::rows > How.fragment) && (Tile::rows % max(How.fragment, 1) == 0);
    /// Copies with which one CTA loads its slice of a tile, at most, and the rows of each copy. Fragments go to the CTAs of a
    /// cluster in turn.
    static constexpr int copies = by_fragment ? ceil_div(Tile::rows / How.fragment, How.sharers)
                                              : max(Tile::copies / How.sharers, 1),
                         rows_per_copy = by_fragment ? How.fragment : Tile::rows / How.sharers / copies;
    /// True if copies may be shorter than a tile. Slices for other CTAs may not, since those CTAs expect all of their bytes.
    static constexpr bool trims = How.trims && How.sharers == 1 && Tile::contiguous == major::k;
    static constexpr scale_boxes boxes = scale_boxes::of(Tile::rows * How.parts, How.any_row);
    static constexpr bool any_row = How.any_row && loads_scales;  ///< scales that TMA loads may start at any word
    /// Words of scales along K in a K block; 1 if a word serves several blocks.
    static constexpr int words = loads_scales ? deepgemm::scale::words_in_block<scales, Tile::k> : 0;
    /// Bytes of this operand that TMA brings to a stage.
    static constexpr u32 landing_bytes = Tile::landing_bytes + u32(words) * boxes.bytes();
    /// Tensor maps: of tiles, and of scales that TMA loads.
    static constexpr bool by_unit = by_fragment && How.unit != 0;  ///< a second map then has boxes of a unit
    static constexpr int tile_maps = How.windows || by_unit ? 2 : How.matrices,
                         map_count = tile_maps + (loads_scales || loads_groups ? 1 : 0);

    struct no_groups {};
    struct group_map {
        tensor_map groups;   ///< of scales that come in groups,
        bool groups_by_tma;  ///< if TMA can load them
    };
    /// What the kernel reads.
    struct params : conditional_t<loads_groups, group_map, no_groups> {
        tensor_map map[tile_maps];
        scale::params<scales> scale;
        ptx::cache_hint hint;    ///< how long L2 should keep the operand
        bool ready;              ///< in a dependent launch: loaded without waiting for the kernel before
        i32 copied_rows;         ///< rows of a tile that copies bring; fewer than the tile has only if `trims`
        i64 scale_matrix_words;  ///< from one matrix of a stack to the next, in words of scales
    };

    /// How many rows of a tile copies bring, for an operand of `rows` rows. TMA fills rows beyond the operand with zeros, but
    /// each costs it about 3 ns. So copies leave them out, and clear() writes the zeros once.
    DEEPGEMM_BOTH static constexpr i32 copied_rows(i32 rows) {
        const i32 copied = trims ? min(Tile::rows, align_up(rows, 8)) : Tile::rows;
        return by_fragment && copied > How.fragment ? Tile::rows : copied;
    }
    /// Rows of a tile's `rows` rows that copies bring. Where they come in units, those of the last fragment are all brought with
    /// the first K blocks of a tile, one for each stage.
    DEEPGEMM_BOTH static constexpr i32 landing_rows(const params& p, i32 rows) {
        if (by_fragment) return min(align_up(rows, How.fragment), p.copied_rows);
        return trims ? p.copied_rows : Tile::rows;
    }

    /// The rows of any tile, for produce().
    struct whole_tiles {
        template <class AnyTile>
        DEEPGEMM_BOTH constexpr i32 operator()(const AnyTile&) const {
            return Tile::rows;
        }
    };

    /// How long L2 should keep what a tile reads, for produce(): as the parameters say, or as the tile does.
    struct usual_hint {
        template <class AnyTile>
        DEEPGEMM_BOTH constexpr usual_hint operator()(const AnyTile&) const {
            return {};
        }
        DEEPGEMM_BOTH static constexpr ptx::cache_hint of(const params& p) { return p.hint; }
    };
    struct tile_hint {
        ptx::cache_hint hint;
        DEEPGEMM_BOTH constexpr ptx::cache_hint of(const params&) const { return hint; }
    };

    /// Elements of K from one window to the next.
    static constexpr i32 window_step = Tile::contiguous == major::k ? 128 / i32(bits_of(Operand::info.type)) : 1;

    /// What produce() does beside each K block unless it is told.
    struct nothing_else {
        template <class AnyTile>
        DEEPGEMM_BOTH constexpr void operator()(const AnyTile&, i32 /*i*/) const {}
    };

    /// Requests its tensor maps for an operand of `rows` rows and `k` columns, neither 0. `matrices` matters only for a stack.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const operand_arguments& x, i32 rows, i32 k, i32 matrices,
                                                    tensor_map_request* maps) {
        maps[0] = Tile::map(x.data, rows, k, x.pitch, box_of(rows));
        if constexpr (How.windows) {
            const i64 step = Tile::contiguous == major::k ? 1 : x.pitch;  // elements of memory for one of K
            maps[1] = stack_map(Tile::map(x.data, rows, Tile::k, x.pitch, box_of(rows)), ceil_div(k, window_step),
                                bytes_of(Operand::info.type, window_step * step));
        }
        if constexpr (by_unit) maps[1] = Tile::map(x.data, rows, k, x.pitch, How.unit);
        if constexpr (How.stacked) {
            for (int i = 0; i < (by_unit ? 2 : 1); ++i)
                maps[i] = stack_map(maps[i], matrices, bytes_of(Operand::info.type, x.matrix_pitch));
        }
        scale_map(x, rows, k, matrices, maps);
    }

    /// The same for an operand of `count` matrices, one right after the other, with `sizes[i]` elements of K each. Their scales
    /// follow each other along K, `k` elements in all. A matrix without K has no map, for which rank 0 stands.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const operand_arguments& x, i32 rows, i32 k, const i32* sizes,
                                                    i32 count, tensor_map_request* maps) {
        const u8* data = static_cast<const u8*>(x.data);
        for (i32 i = 0; i < tile_maps; ++i) {
            const i32 size = i < count ? sizes[i] : 0;
            maps[i] = size == 0 ? tensor_map_request{.rank = 0} : Tile::map(data, rows, size, size, box_of(rows));
            data += bytes_of(Operand::info.type, i64(rows) * size);
        }
        scale_map(x, rows, k, 1, maps);
    }

    /// Its parameters from arguments and encoded maps. `reads` says how often the kernel reads each element.
    DEEPGEMM_BOTH static constexpr params make_params(const operand_arguments& x, i32 rows, i32 reads,
                                                      const tensor_map* maps) {
        params p{};
        for (int i = 0; i < tile_maps; ++i) p.map[i] = maps[i];
        if constexpr (loads_scales) {
            p.scale.map = maps[tile_maps];
        } else if constexpr (!same_as<scales, deepgemm::scale::none>) {
            p.scale.words = {static_cast<const u32*>(x.scales.data), x.scales.stride_mn, x.scales.stride_k};
        }
        if constexpr (loads_groups) {
            p.groups = maps[tile_maps];
            p.groups_by_tma = fits_tma(x);
        }
        // An operand that is read once need not stay in L2. Mark it evict_first, so that it does not displace data of other
        // kernels; lines that were written would have to go back to memory first.
        p.hint = reads == 1 ? ptx::cache_hint::evict_first : ptx::cache_hint::evict_normal;
        p.ready = x.ready;
        p.copied_rows = copied_rows(rows);
        p.scale_matrix_words = x.scales.matrix_stride;
        return p;
    }

    /// One thread: prefetches its tensor maps.
    DEEPGEMM_DEVICE static void prefetch(const params& p) {
        if constexpr (How.matrices == 1) ptx::prefetch_tensor_map(p.map[0]);
        if constexpr (loads_scales) ptx::prefetch_tensor_map(p.scale.map);
        if constexpr (loads_groups) {
            if (p.groups_by_tma) ptx::prefetch_tensor_map(p.groups);
        }
    }

    /// Thread `thread` of the `threads` threads that read tiles: zeros the rows of all stages that copies do not reach, where
    /// `tile_of(stage)` is a tile's shared address. Products with these rows never reach D, but tensor cores read them, so they
    /// must be initialised.
    template <class TileOf>
    DEEPGEMM_DEVICE static void clear(const params& p, u32 stages, const TileOf& tile_of, u32 thread, u32 threads) {
        if constexpr (trims) {
            constexpr u32 end = u32(by_fragment ? How.fragment : Tile::rows) * Tile::bytes_per_row;
            const u32 first = u32(p.copied_rows) * Tile::bytes_per_row + thread * 16;
            if (p.copied_rows >= Tile::rows) return;
            for (u32 stage = 0; stage < stages; ++stage) {
                for (u32 i = first; i < end; i += threads * 16)
                    ptx::st_shared(tile_of(stage) + i, ptx::vec4<u32>{0, 0, 0, 0});
            }
            ptx::fence_proxy_async();
        }
    }

    /// Words in a stage before the scale of row `row` of the operand, where a tile starts.
    DEEPGEMM_BOTH static constexpr i32 before(i32 row) { return any_row ? row % 4 : 0; }

    /// Words of scales before matrix `matrix` of a stack, for threads that load scales themselves.
    DEEPGEMM_BOTH static constexpr i64 scale_words(const params& p, i32 matrix) {
        return How.stacked ? matrix * p.scale_matrix_words : 0;
    }

    /// Producer thread: starts to load this CTA's slice, `mine`, of K block `block`, which begins at `at`, into `to`. Barrier
    /// `full` counts its bytes and those of the slices that other CTAs send here. `rows` are as landing_rows() says.
    /// `hint` is a usual_hint or a tile_hint. Where rows come in units, the tile has `used` rows, and those from there to `rows`
    /// become zero.
    template <class Hint = usual_hint>
    DEEPGEMM_DEVICE static void load(const params& p, const operand_place& at, i32 block, stage_place to, u32 full,
                                     tile_slice mine, i32 rows = Tile::rows, const Hint& hint = {},
                                     i32 used = Tile::rows) {
        const tensor_map& map = p.map[How.matrices == 1 ? 0 : at.matrix];
        const i32 row = at.row + (How.parts > 1 ? i32(mine.index) * Tile::rows : 0);
        const i32 slice = How.parts > 1 ? 0 : i32(mine.index);
        DEEPGEMM_UNROLL
        for (int i = 0; i < copies; ++i) {
            const i32 first = (by_fragment ? i * How.sharers + slice : slice * copies + i) * rows_per_copy;
            if (by_fragment && first >= rows) break;
            const u32 target = to.tile + u32(first) * Tile::bytes_per_row;
            if constexpr (by_unit) {
                if (first + How.fragment > used) {
                    load_units(p, at, row + first, target, full, mine, rows - first, used - first, hint);
                    continue;
                }
            }
            if constexpr (How.windows) {
                if (at.k < 0) {  // the copy starts before its window
                    const auto place = Tile::place(row + first, (at.k + window_step - 1) & -window_step);
                    copy<3>(p, p.map[1], target, full, {place.inner, place.outer, at.matrix / window_step}, mine, hint);
                    continue;
                }
            }
            const auto place = Tile::place(row + first, at.k);
            i32 coordinates[rank] = {place.inner, place.outer};
            if constexpr (How.stacked) coordinates[2] = at.matrix;
            copy<rank>(p, map, target, full, coordinates, mine, hint);
        }
        if constexpr (loads_scales) {
            i32 coordinates[rank] = {at.row - before(at.row), deepgemm::scale::index_of_block<scales, Tile::k>(block) /
                                                                  scales::format::per_word};
            if constexpr (How.stacked) coordinates[2] = at.matrix;
            DEEPGEMM_UNROLL
            for (int word = 0; word < words; ++word, ++coordinates[1]) {
                coordinates[0] = at.row - before(at.row);
                DEEPGEMM_UNROLL
                for (int i = 0; i < boxes.copies; ++i) {
                    const u32 target = to.scales + u32(word * How.word_bytes) + u32(i * boxes.words) * u32(sizeof(u32));
                    ptx::tma_load<rank>(p.scale.map, target, full, coordinates);
                    coordinates[0] += boxes.words;
                }
            }
        }
    }

    /// Producer thread: fills stage after stage of `pipe` with this operand's part of the tiles of `work`, a schedule.
    /// `place_of(tile, block)` says where a K block begins, `stage_of(stage)` where it lands, `rows_of(tile)` how many rows a
    /// tile has, of which Tile::rows count; `beside(tile, i)` is called with K block number i of each, and `hint_of(tile)` says
    /// how long L2 should keep what a tile reads. The code is short on purpose, since no cache holds it when a kernel starts.
    template <class Pipeline, class Work, class PlaceOf, class StageOf, class RowsOf = whole_tiles,
              class Beside = nothing_else, class HintOf = usual_hint>
    DEEPGEMM_DEVICE static void produce(const params& p, const Pipeline& pipe, const Work& work, tile_slice mine,
                                        const PlaceOf& place_of, const StageOf& stage_of, const RowsOf& rows_of = {},
                                        const Beside& beside = {}, const HintOf& hint_of = {}) {
        if (!Work::on_device && !p.ready) ptx::grid_dependency_wait();
        typename Pipeline::cursor at;
        resident_rows resident;
        conditional_t<loads_groups, group_loads<Pipeline>, no_groups> groups;
        for (const auto tile : work) {
            const block_range blocks = tile.blocks();
            i32 rows = landing_rows(p, rows_of(tile));
            u32 bytes = bytes_of_rows(rows);
            const i32 used = by_unit ? rows_of(tile) : Tile::rows;
            const auto hint = hint_of(tile);
            const bool there = How.keeps && blocks.count != 0 &&
                               resident.serve(place_of(tile, blocks.first), blocks.count, Pipeline::cursor::stages);
            DEEPGEMM_NO_UNROLL
            for (i32 block = blocks.first; block < blocks.first + blocks.count; ++block) {
                const u32 full = pipe.acquire(at);
                if constexpr (by_unit) {
                    if (block == blocks.first + Pipeline::cursor::stages) {  // all stages have their zeros
                        rows = align_up(used, How.unit);
                        bytes = bytes_of_rows(rows);
                    }
                }
                u32 of_scales = 0;
                if constexpr (loads_groups) {
                    if (p.groups_by_tma) {
                        of_scales = groups.begins(block, block == blocks.first) ? group_bytes : 0;
                        ptx::mbarrier_arrive(full, How.group_lanes);  // for those that have nothing to copy
                    }
                }
                pipe.commit(at, (there ? 0 : bytes) + of_scales);
                if (!there) load(p, place_of(tile, block), block, stage_of(at.stage), full, mine, rows, hint, used);
                if constexpr (loads_groups) {
                    if (of_scales != 0) groups.load(p, pipe, at, place_of(tile, block), block, stage_of, mine, hint);
                    groups.places.pass();
                }
                beside(tile, block - blocks.first);
                at.advance();
            }
        }
    }

private:
    /// The rows of the operand that may be in all stages already, since several tiles in succession have had them.
    struct resident_rows {
        i32 row = -1, matrix = -1;  ///< of the operand, for the last tile
        i32 times = 0;              ///< as many tiles before the last one had the same; at most the number of stages

        /// With the place of a tile of `blocks` K blocks, the next one: true if its blocks are in the stages that come next.
        DEEPGEMM_BOTH constexpr bool serve(const operand_place& next, i32 blocks, i32 stages) {
            const bool same = next.row == row && next.matrix == matrix;
            times = same ? min(times + 1, stages) : 0;
            row = next.row;
            matrix = next.matrix;
            return times * blocks >= stages && stages % blocks == 0;
        }
    };

    /// True if TMA can load K-major scales: where rows begin at multiples of 16 bytes.
    DEEPGEMM_BOTH static constexpr bool fits_tma(const operand_arguments& x) {
        constexpr i64 unit = 16 / sizeof(u32);
        return x.scales.stride_mn > 0 && x.scales.stride_mn % unit == 0 &&
               reinterpret_cast<u64>(x.scales.data) % 16 == 0 && (!How.stacked || x.scales.matrix_stride % unit == 0);
    }
    static constexpr u32 group_bytes = u32(Tile::rows) * How.groups.row_bytes();

    /// Scales that TMA brings in groups: where the last group is.
    template <class Pipeline>
    struct group_loads {
        using cursor = typename Pipeline::cursor;
        scale::group_walk<scales, How.groups> walk{};
        two_places<Pipeline> places{};

        /// With K block `block`, which may be the first one of a tile: true if a group begins with it.
        DEEPGEMM_DEVICE bool begins(i32 block, bool first) {
            return walk.next(deepgemm::scale::index_of_block<scales, Tile::k>(block), first);
        }
        /// Starts to load the group that begins with K block `block`, for which stage `at` has been acquired.
        template <class StageOf, class Hint>
        DEEPGEMM_DEVICE void load(const params& p, const Pipeline& pipe, cursor at, const operand_place& from,
                                  i32 block, const StageOf& stage_of, tile_slice mine, const Hint& hint) {
            static_assert(How.groups.places == 2);
            places.await(pipe, at);
            constexpr i32 rows = Tile::rows / How.sharers;
            const i32 first = i32(mine.index) * rows;
            const i32 word = deepgemm::scale::index_of_block<scales, Tile::k>(block) / walk.scales * How.groups.words;
            i32 coordinates[rank] = {word, from.row + first};
            if constexpr (How.stacked) coordinates[2] = from.matrix;
            copy<rank>(p, p.groups, stage_of(walk.place).scales + u32(first) * How.groups.row_bytes(), pipe.full(at),
                       coordinates, mine, hint);
        }
    };

    /// Bytes that land with a K block of which copies bring `rows` rows.
    DEEPGEMM_BOTH static constexpr u32 bytes_of_rows(i32 rows) {
        return landing_bytes - u32(Tile::rows - rows) * (Tile::landing_bytes / u32(Tile::rows));
    }

    /// Producer thread: starts the copies of the last fragment of a tile, which begins at row `row`. Of its rows `rows` land, and from
    /// `used` on they are zero: units that lie beyond the operand, which TMA fills without reading memory.
    template <class Hint>
    DEEPGEMM_DEVICE static void load_units(const params& p, const operand_place& at, i32 row, u32 target, u32 full,
                                           tile_slice mine, i32 rows, i32 used, const Hint& hint) {
        constexpr i32 beyond = 1 << 29;
        DEEPGEMM_NO_UNROLL
        for (i32 first = 0; first < How.fragment && first < rows; first += How.unit) {
            const auto place = Tile::place(first < used ? row + first : beyond, at.k);
            i32 coordinates[rank] = {place.inner, place.outer};
            if constexpr (How.stacked) coordinates[2] = at.matrix;
            copy<rank>(p, p.map[1], target + u32(first) * Tile::bytes_per_row, full, coordinates, mine, hint);
        }
    }

    /// Producer thread: starts one copy of a slice.
    template <int Rank, class Hint>
    DEEPGEMM_DEVICE static void copy(const params& p, const tensor_map& map, u32 target, u32 full,
                                     const i32 (&coordinates)[Rank], tile_slice mine, const Hint& hint) {
        if constexpr (How.sharers > 1) {
            ptx::tma_load_multicast<Rank>(map, target, full, coordinates, mine.receivers, hint.of(p));
        } else {
            ptx::tma_load<Rank>(map, target, full, coordinates, hint.of(p));
        }
    }
    /// Rows of a box, for an operand of `rows` rows.
    DEEPGEMM_BOTH static constexpr i32 box_of(i32 rows) {
        return by_fragment ? min(copied_rows(rows), How.fragment) : copied_rows(rows) / How.sharers;
    }
    /// Requests the map of its scales, if TMA loads them.
    DEEPGEMM_BOTH static constexpr void scale_map(const operand_arguments& x, i32 rows, i32 k, i32 matrices,
                                                  tensor_map_request* maps) {
        if constexpr (loads_scales || loads_groups) {
            tensor_map_request& map = maps[tile_maps];
            if constexpr (loads_scales) {
                const i32 words_k = x.scales.words_k != 0 ? x.scales.words_k : deepgemm::scale::words<scales>(k);
                map = matrix_map(x.scales.data, dtype::f32, words_k, rows, x.scales.stride_k * 4, 1, boxes.words,
                                 swizzle_mode::none);
            } else if (fits_tma(x)) {
                map = matrix_map(x.scales.data, dtype::f32, rows, deepgemm::scale::words<scales>(k),
                                 x.scales.stride_mn * 4, Tile::rows / How.sharers, How.groups.words, swizzle_mode::b32);
            } else {
                map.rank = 0;
                return;
            }
            if constexpr (How.stacked) map = stack_map(map, matrices, x.scales.matrix_stride * 4);
        }
    }
    static constexpr int rank = How.stacked ? 3 : 2;  ///< of its tensor maps, but for that of windows
    static_assert(!loads_scales || !loads_groups, "operand_stream: scales wait in stages or in groups");
    static_assert(!by_unit || (!How.windows && How.matrices == 1),
                  "operand_stream: units of a fragment are those of one matrix or of a stack");
    static_assert(How.parts == 1 || How.sharers == 1, "operand_stream: parts of a tile are not shared");
    static_assert(!How.windows || (!How.stacked && How.matrices == 1),
                  "operand_stream: windows along K are of one matrix, and a stack already");
};

}  // namespace deepgemm
