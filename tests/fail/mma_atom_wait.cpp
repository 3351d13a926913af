// SPDX-License-Identifier: MIT
// An atom that multiplies asynchronously must have wait().
// expect: waits
#include <deepgemm/mma/sm90/wgmma.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any tensor core.
template <mma_atom Mma>
struct tile_product {
    static constexpr int rows = Mma::m;
};

struct dot_product {
    using element_a = e4m3;
    using element_b = e4m3;
    using fragment = sm90::wgmma_rows;
    using accumulator = float[4];
    static constexpr int m = 64, n = 8, k = 128;
    DEEPGEMM_DEVICE static void multiply(u64, u64, accumulator&) {}
#ifdef CORRECT
    DEEPGEMM_DEVICE static void wait(accumulator&) {}
#endif
};
constexpr int rows = tile_product<dot_product>::rows;
// [example]
