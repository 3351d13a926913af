// SPDX-License-Identifier: MIT
// A ring whose stages are never given back stops after one turn.
// expect: drains
#include <deepgemm/pipeline/tma_pipeline.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any pipeline.
template <smem_pipeline Pipeline>
struct consumer {
    typename Pipeline::cursor at;
};

struct endless {
    using cursor = ring<4>;
    DEEPGEMM_DEVICE u32 acquire(cursor) const { return 0; }
    DEEPGEMM_DEVICE void commit(cursor, u32) const {}
    DEEPGEMM_DEVICE void wait(cursor) const {}
#ifdef CORRECT
    DEEPGEMM_DEVICE void release(cursor) const {}
#endif
};
constexpr consumer<endless> reader{};
// [example]
