// SPDX-License-Identifier: MIT
// A tile is named by its first row and column, not by its number.
// expect: iterates
#include <deepgemm/schedule/persistent.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any schedule.
template <tile_scheduler Tiles>
struct walker {
    static constexpr bool ready = true;
};

struct first_tile {
    i32 index;
#ifdef CORRECT
    DEEPGEMM_DEVICE tile_coord operator*() const { return {128 * index, 0}; }
#else
    DEEPGEMM_DEVICE i32 operator*() const { return index; }
#endif
    DEEPGEMM_DEVICE void operator++() { ++index; }
    DEEPGEMM_DEVICE bool operator!=(first_tile other) const { return index != other.index; }
    DEEPGEMM_DEVICE first_tile begin() const { return {0}; }
    DEEPGEMM_DEVICE first_tile end() const { return {1}; }
    DEEPGEMM_BOTH i32 k_blocks() const { return 1; }
};
constexpr bool ready = walker<first_tile>::ready;
// [example]
