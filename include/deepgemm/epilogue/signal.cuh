// SPDX-License-Identifier: MIT
// The sink `signal_tiles`: stores as another sink does, and after each tile adds to a word in global memory, so that a kernel
// that runs beside this one, or another GPU, may read the tile while the others are still being multiplied.
#pragma once

#include <deepgemm/core/scope.cuh>
#include <deepgemm/epilogue/elementwise.cuh>
#include <deepgemm/ptx/word.cuh>

namespace deepgemm {

/// The words that count finished rows: of the tile that begins at row m and column n of matrix d that at data + m / block.m *
/// row_stride + n / block.n * column_stride + d * matrix_stride, where columns are those of the product, before a gate. Strides
/// are in words. With a stride of 0 tiles share a word: with column_stride = 0 it counts what is finished of a whole row of
/// tiles.
struct tile_words {
    u32* data = nullptr;  ///< zeros before the first launch, or whatever the reader counts from
    i64 row_stride = 0, column_stride = 1, matrix_stride = 0;
};

/// Stores D as `Sink` does. Each tile then adds to its word as many rows as it has in D, block.m but at the end of D or of a
/// group of rows, in shares as its warps finish, with release at `Scope`. A reader that acquires a word which has grown by all
/// rows of the tile sees all of it, and what else its sink wrote, such as scales. If it reads by TMA, a proxy fence
/// (ptx::fence_proxy_async_global) follows the acquire. Words are never reset: the next launch adds again. Tiles that begin
/// within the same block.m rows, as those of groups of rows may, share a word.
template <class Sink, memory_scope Scope = memory_scope::gpu>
struct signal_tiles : over_fragments<Sink> {
    static_assert(epilogue<Sink>, "signal_tiles: it takes a sink: signal_tiles<store<bf16>>, say");
    static_assert(Scope >= memory_scope::gpu, "signal_tiles: readers are other CTAs, so the scope must be gpu or sys");
    using stores = over_fragments<Sink>;
    struct arguments {
        typename Sink::arguments sink{};
        tile_words words{};
    };
    struct params {
        typename Sink::params sink;
        tile_words words;
    };
    static constexpr bool custom = true;  // readers of its words know more of the kernel than a planner says

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments& gemm, const arguments& mine) {
        return {Sink::make_params(gemm, mine.sink), mine.words};
    }
    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, stores::columns_after(Columns)> apply(
        const params& p, const result_fragment<Map, Columns>& from) {
        return stores::apply(p.sink, from);
    }

    /// One thread, which sees all that the owner of `rows` rows of a tile has stored there: adds these rows to the tile's word.
    DEEPGEMM_DEVICE static void signal(const params& p, const finished_tile& tile, u32 rows) {
        ptx::add_release<Scope>(p.words.data + tile.row * p.words.row_stride + tile.column * p.words.column_stride +
                                    tile.matrix * p.words.matrix_stride,
                                rows);
    }
};

}  // namespace deepgemm
