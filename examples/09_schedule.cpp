// SPDX-License-Identifier: MIT
// Rung 9: a schedule of one's own. Causal attention needs only the scores Q x K^T on and below the diagonal. A schedule that
// leaves out the tiles above it halves the work of the kernel, and nothing else changes. New here: the concept schedule, which
// says which tiles a block computes and in which order.
#include <deepgemm/kernel/gemm.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;
using dg::i32;

// [schedule]
/// The tiles of D that reach the diagonal or lie below it, row by row. Each block takes every cta_count-th of them. All roles
/// of a block walk the same list, each with an iterator of its own, so they need not communicate.
template <dg::tile_shape Block>
struct lower_triangle : dg::dense_schedule<Block> {
    dg::problem_shape shape;
    i32 rows, columns;  ///< of tiles

    /// The host makes the schedule and passes it to the kernel. Each block then calls started().
    DEEPGEMM_BOTH static constexpr lower_triangle of(dg::problem_shape shape, dg::no_arguments) {
        return {{}, shape, dg::ceil_div(shape.m, Block.m), dg::ceil_div(shape.n, Block.n)};
    }
    DEEPGEMM_BOTH constexpr lower_triangle started(dg::problem_shape, dg::u32 /*rank in a cluster*/) const {
        return *this;
    }
    /// Tiles in a row of tiles: up to the one that holds the row's last element of the diagonal.
    DEEPGEMM_BOTH constexpr i32 in_row(i32 row) const {
        return dg::min(dg::ceil_div((row + 1) * Block.m, Block.n), columns);
    }

    /// The host asks how many blocks have work: here one for each tile.
    DEEPGEMM_BOTH static constexpr i32 clusters(dg::problem_shape shape, dg::no_arguments) {
        const lower_triangle tiles = of(shape, {});
        i32 count = 0;
        for (i32 row = 0; row < tiles.rows; ++row) count += tiles.in_row(row);
        return count;
    }

    struct sentinel {};
    struct iterator {
        const lower_triangle& tiles;
        i32 row, column;
        /// Moves on by `steps` tiles, across the ends of rows.
        DEEPGEMM_DEVICE iterator& advance(i32 steps) {
            column += steps;
            while (row < tiles.rows && column >= tiles.in_row(row)) column -= tiles.in_row(row++);
            return *this;
        }
        /// A tile: where it starts, its K blocks, and where D ends.
        DEEPGEMM_DEVICE dg::dense_tile<Block> operator*() const {
            const auto& [m, n, k] = tiles.shape;
            return {row * Block.m, column * Block.n, {0, dg::ceil_div(k, Block.k)}, {m, n}};
        }
        DEEPGEMM_DEVICE void operator++() { advance(i32(dg::ptx::cta_count())); }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return row < tiles.rows; }
    };
    DEEPGEMM_DEVICE iterator begin() const { return iterator{*this, 0, 0}.advance(i32(dg::ptx::cta_index())); }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }
};

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
constexpr dg::config scores_config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}};
using causal_scores =
    dg::gemm<dg::arch::sm90, by_token, by_token, dg::store<float>, scores_config, lower_triangle<scores_config.block>>;
// [schedule]

int main() {
    constexpr int tokens = 500, k = 256;
    dg::random_source random(dg::fresh_seed());
    backend::operand q(dg::quantised_operand<>::exact(random, tokens, k, {.tile = {1, 128}}));
    backend::operand keys(dg::quantised_operand<>::exact(random, tokens, k, {.tile = {1, 128}}));
    dg::matrix<float> d(tokens, tokens);
    backend::array<float> d_there(d.size());
    backend::launch<causal_scores>(
        {dg::arguments_of({.a = q.argument(), .b = keys.argument(), .d = argument_of(d, d_there.data())})});
    d_there.read(d);

    // Elements of tiles on and below the diagonal must be exact; all others must still be NaN.
    const auto expected = dg::reference::gemm(q.host.view(), keys.host.view());
    dg::comparison found;
    for (int i = 0; i < tokens; ++i) {
        for (int j = 0; j < tokens; ++j) {
            found.add(i, j, d(i, j), j / 64 <= i / 64 ? expected.value(i, j) : std::nan(""), 0.0);
        }
    }
    std::printf("Scores of %d tokens on %s; # is a tile that was computed:\n\n", tokens, backend::name().c_str());
    for (int i = 0; i < tokens; i += 64) {
        for (int j = 0; j < tokens; j += 64) std::printf(std::isnan(d(i, j)) ? " ." : " #");
        std::printf("\n");
    }
    std::printf("\n");
    return backend::report(found);
}
