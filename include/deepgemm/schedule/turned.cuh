// SPDX-License-Identifier: MIT
// The schedule of a product with A and B exchanged, made from the schedule of D as it is stored: rows of one are columns of the
// other. So groups along M, which device memory may describe, become groups along N.
#pragma once

#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// The tiles of `Tiles`, each turned. `Tiles` must say what its tiles and clusters are, as grouped does.
template <schedule Tiles>
struct turned {
    static constexpr grouping grouped_as = grouping_of<Tiles>();
    static constexpr tile_shape block = {Tiles::block.n, Tiles::block.m, Tiles::block.k};
    static constexpr cluster_shape cluster = {Tiles::cluster.n, Tiles::cluster.m};
    static constexpr stacks stacked{.a = Tiles::stacked.b, .b = Tiles::stacked.a, .d = Tiles::stacked.d};
    /// Rows of `Tiles` may end early. They are columns here, and whoever stores these asks each tile for its end.
    static constexpr bool bounded = false;
    static constexpr bool on_device = Tiles::on_device;
    static constexpr int packed_scales = word_of_packed_scales<Tiles>();
    using arguments = typename Tiles::arguments;

    Tiles tiles;

    /// Host: as Tiles::of, for a `shape` with M and N exchanged; so are the following.
    DEEPGEMM_BOTH static constexpr turned of(problem_shape shape, const arguments& given) {
        return {Tiles::of(exchanged(shape), given)};
    }
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape shape, const arguments& given) {
        return Tiles::clusters(exchanged(shape), given);
    }
    DEEPGEMM_BOTH static constexpr operand_reads reads(problem_shape shape, const arguments& given) {
        const operand_reads as_stored = Tiles::reads(exchanged(shape), given);
        return {as_stored.b, as_stored.a, as_stored.fetch_bytes};
    }
    /// Any thread of the kernel: as Tiles::started.
    DEEPGEMM_BOTH constexpr turned started(problem_shape shape, u32 rank) const {
        return {tiles.started(exchanged(shape), rank)};
    }

    struct tile {
        tile_of<Tiles> as_stored;
        i32 m = as_stored.n, n = as_stored.m;

        DEEPGEMM_BOTH constexpr block_range blocks() const { return as_stored.blocks(); }
        DEEPGEMM_BOTH constexpr operand_place a(i32 block) const { return as_stored.b(block); }
        DEEPGEMM_BOTH constexpr operand_place b(i32 block) const { return as_stored.a(block); }
        DEEPGEMM_BOTH constexpr i32 matrix() const { return as_stored.matrix(); }
        DEEPGEMM_BOTH constexpr result_end end() const { return {as_stored.end().n, as_stored.end().m}; }
    };

    using sentinel = remove_cvref_t<decltype(detail::some_schedule<Tiles>().end())>;
    struct iterator {
        remove_cvref_t<decltype(detail::some_schedule<Tiles>().begin())> at;

        DEEPGEMM_DEVICE tile operator*() const { return {*at}; }
        DEEPGEMM_DEVICE void operator++() { ++at; }
        DEEPGEMM_DEVICE bool operator!=(sentinel last) const { return at != last; }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {tiles.begin()}; }
    DEEPGEMM_DEVICE sentinel end() const { return tiles.end(); }

private:
    DEEPGEMM_BOTH static constexpr problem_shape exchanged(problem_shape shape) { return {shape.n, shape.m, shape.k}; }
};

}  // namespace deepgemm
