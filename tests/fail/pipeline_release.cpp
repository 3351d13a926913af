// SPDX-License-Identifier: MIT
// A pipeline must have release(), or it stops after one round of its stages.
// expect: drains
#include <deepgemm/pipeline/pipeline.cuh>
#include <deepgemm/pipeline/ring.cuh>

using namespace deepgemm;

// [example]
/// A part of the user's own that works with any pipeline.
template <smem_pipeline Pipeline>
struct consumer {
    typename Pipeline::cursor at;
};

struct endless {
    using cursor = ring<4>;
    static constexpr u32 barrier_bytes = 64;
    DEEPGEMM_DEVICE void initialise() const {}
    DEEPGEMM_DEVICE u32 full(cursor at) const { return 8 * at.stage; }
    DEEPGEMM_DEVICE u32 empty(cursor at) const { return 32 + 8 * at.stage; }
    DEEPGEMM_DEVICE u32 acquire(cursor at) const { return full(at); }
    DEEPGEMM_DEVICE void commit(cursor, u32) const {}
    DEEPGEMM_DEVICE bool landed(cursor) const { return true; }
    DEEPGEMM_DEVICE void wait(cursor) const {}
    DEEPGEMM_DEVICE void pass_over(cursor& at, i32 blocks) const { at.skip(blocks); }
#ifdef CORRECT
    DEEPGEMM_DEVICE void release(cursor) const {}
#endif
};
constexpr consumer<endless> reader{};
// [example]
