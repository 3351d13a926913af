// SPDX-License-Identifier: MIT
// A tile must say where its K blocks lie; its number, or its first row and column, is not enough.
// expect: iterates
// expect host: work_tile
#include <deepgemm/schedule/schedule.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any schedule.
template <schedule Tiles>
struct walker {
    static constexpr bool ready = true;
};

constexpr tile_shape block{128, 128, 128};
#ifdef CORRECT
using my_tile = dense_tile<block>;
#else
using my_tile = tile_coord;
#endif
/// The one tile of a small D.
struct first_tile : dense_schedule<block> {
    i32 index;
    DEEPGEMM_BOTH static constexpr first_tile of(problem_shape, no_arguments) { return {}; }
    DEEPGEMM_BOTH static constexpr i32 clusters(problem_shape, no_arguments) { return 1; }
    DEEPGEMM_BOTH constexpr first_tile started(problem_shape, u32) const { return {}; }
    DEEPGEMM_DEVICE my_tile operator*() const { return {128 * index, 0}; }
    DEEPGEMM_DEVICE void operator++() { ++index; }
    DEEPGEMM_DEVICE bool operator!=(first_tile other) const { return index != other.index; }
    DEEPGEMM_DEVICE first_tile begin() const { return {{}, 0}; }
    DEEPGEMM_DEVICE first_tile end() const { return {{}, 1}; }
};
constexpr bool ready = walker<first_tile>::ready;
// [example]
