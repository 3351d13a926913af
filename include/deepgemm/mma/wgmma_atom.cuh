// SPDX-License-Identifier: MIT
// The tensor-core multiply of Hopper as a part: a warpgroup multiplies 64 rows of A by N rows of B, both in swizzled shared
// memory, into FP32 registers. Asynchronous: issue, commit, wait.
#pragma once

#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/mma/accumulator.cuh>
#include <deepgemm/ptx/wgmma.cuh>

namespace deepgemm {

namespace mma_concept {
/// Names the elements it multiplies and the shape of one multiply.
template <class M>
concept has_shape = requires {
    typename M::element_a;
    typename M::element_b;
    { M::m } -> converts_to<int>;
    { M::n } -> converts_to<int>;
    { M::k } -> converts_to<int>;
};
/// Defines an accumulator and multiplies tiles of shared memory into it.
template <class M>
concept multiplies = requires(typename M::accumulator& sum, u64 descriptor) {
    M::multiply(descriptor, descriptor, sum);
};
/// Lets its caller wait until an accumulator holds the product.
template <class M>
concept waits = requires(typename M::accumulator& sum) {
    M::wait(sum);
};
}  // namespace mma_concept

/// Multiplies one tile held in shared memory into an accumulator it defines.
template <class M>
concept mma_atom = mma_concept::has_shape<M> && mma_concept::multiplies<M> && mma_concept::waits<M>;

namespace sm90 {

/// D(64, N) = A(64, K) x B(N, K) on one warpgroup, K being 128 bytes' worth of elements. Operands lie as operand_tile says.
template <class ElementA, class ElementB, int N, major MajorA = major::k, major MajorB = major::k>
struct wgmma {
    static_assert(N >= 8 && N <= 256 && N % 8 == 0, "wgmma: N must be a multiple of 8 from 8 to 256");
    using element_a = ElementA;
    using element_b = ElementB;
    static constexpr int m = fragment_rows, n = N, k = 128 / int(sizeof(ElementA));
    static constexpr int registers = N / 2;
    using accumulator = float[registers];
    // How far a step of K is depends on the slabs of a tile alone, not on how many it has.
    using tile_a = operand_tile<ElementA, 64, k, MajorA>;
    using tile_b = operand_tile<ElementB, N % 64 == 0 ? 64 : 32, 128 / int(sizeof(ElementB)), MajorB>;

    /// Issues the multiply of one K block, overwriting `partial`; called by all threads of a warpgroup.
    /// The tiles must have landed; `partial` may be touched again only after wait().
    DEEPGEMM_DEVICE static void multiply(u64 a, u64 b, accumulator& partial) {
        ptx::fence_operand(partial);
        ptx::wgmma_fence();
        issue<false>(a, b, partial);
        ptx::wgmma_commit();
    }

    /// Issues the multiply of one K block, adding to `sum`. The caller fences before and commits after, maybe around several;
    /// between two multiplies into one accumulator nobody may touch it.
    DEEPGEMM_DEVICE static void accumulate(u64 a, u64 b, accumulator& sum) { issue<true>(a, b, sum); }

    /// Waits until all but the `InFlight` latest multiplies of this warpgroup are done, `partial` among the done ones.
    template <int InFlight = 0>
    DEEPGEMM_DEVICE static void wait(accumulator& partial) {
        ptx::wgmma_wait<InFlight>();
        ptx::fence_operand(partial);
    }

private:
    template <bool Keep>
    DEEPGEMM_DEVICE static void issue(u64 a, u64 b, accumulator& sum) {
        constexpr int steps = 4;  // 32 bytes of K each
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) {
            ptx::wgmma<ElementA, ElementB, N, MajorA, MajorB>(sum, advance(a, u32(step) * tile_a::step_bytes),
                                                              advance(b, u32(step) * tile_b::step_bytes),
                                                              Keep || step != 0);
        }
    }
};

}  // namespace sm90
}  // namespace deepgemm
