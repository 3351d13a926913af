// SPDX-License-Identifier: MIT
// The tensor-core multiply of Hopper as a part: a warpgroup multiplies 64 rows of A by N rows of B into FP32 registers. B is in
// swizzled shared memory, A there or in registers. The multiply is asynchronous: issue, commit, wait.
#pragma once

#include <deepgemm/mma/atom.cuh>
#include <deepgemm/mma/sm90/a_sources.cuh>
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/wgmma.cuh>

namespace deepgemm::sm90 {

/// D(64, N) = A(64, K) x B(N, K) on one warpgroup; K is 32, 64 or 128 bytes of elements. Tiles are laid out as operand_tile
/// says. If A is in registers, MajorA has no meaning.
template <class ElementA, class ElementB, int N, major MajorA = major::k, major MajorB = major::k,
          int K = 128 / int(sizeof(ElementA))>
struct wgmma {
    static_assert(N >= 8 && N <= 256 && N % 8 == 0, "wgmma: N must be a multiple of 8 from 8 to 256");
    using element_a = ElementA;
    using element_b = ElementB;
    static constexpr int m = wgmma_rows::rows, n = N, k = K;
    static constexpr int steps = k * int(sizeof(ElementA)) / 32;  ///< instructions, each of 32 bytes of K
    using fragment = wgmma_rows;
    static constexpr int registers = fragment_registers<fragment>(N);
    using accumulator = float[registers];
    // The distance of two steps of K depends on the width of a tile's slabs, not on their number, so these tiles stand for all.
    using tile_a = operand_tile<ElementA, 64, k, MajorA>;
    using tile_b = operand_tile<ElementB, N % 64 == 0 ? 64 : 32, k, MajorB>;

    /// All threads of a warpgroup: issues the multiply of one K block, which overwrites `partial`. `a` is a descriptor or
    /// registers. The tiles must have landed. `partial` and registers of A must not be accessed before wait().
    DEEPGEMM_DEVICE static void multiply(u64 a, u64 b, accumulator& partial) { start(a, b, partial); }
    DEEPGEMM_DEVICE static void multiply(a_registers<steps>& a, u64 b, accumulator& partial) { start(a, b, partial); }

    /// All threads of a warpgroup: issues the multiply of one K block, which adds to `sum`, or overwrites it unless `Keep`. The
    /// caller fences before one or several of these calls and commits after them. `sum` must not be accessed between two
    /// multiplies into it.
    template <bool Keep = true>
    DEEPGEMM_DEVICE static void accumulate(u64 a, u64 b, accumulator& sum) {
        issue<Keep>(a, b, sum);
    }
    template <bool Keep = true>
    DEEPGEMM_DEVICE static void accumulate(const a_registers<steps>& a, u64 b, accumulator& sum) {
        issue<Keep>(a, b, sum);
    }

    /// Orders registers of A for the compiler. Before wgmma_fence: they are complete. After the wait: they were not reused
    /// until then. Descriptors need neither.
    DEEPGEMM_DEVICE static void fence(u64) {}
    DEEPGEMM_DEVICE static void fence(a_registers<steps>& a) {
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) ptx::fence_operand(a.word[step]);
    }

    /// Waits until all but the latest `InFlight` multiplies of this warpgroup are done; `partial` must belong to one that is
    /// done.
    template <int InFlight = 0>
    DEEPGEMM_DEVICE static void wait(accumulator& partial) {
        ptx::wgmma_wait<InFlight>();
        ptx::fence_operand(partial);
    }

private:
    template <class Fragment>
    DEEPGEMM_DEVICE static void start(Fragment& a, u64 b, accumulator& partial) {
        ptx::fence_operand(partial);
        fence(a);
        ptx::wgmma_fence();
        issue<false>(a, b, partial);
        ptx::wgmma_commit();
    }

    template <bool Keep>
    DEEPGEMM_DEVICE static void issue(u64 a, u64 b, accumulator& sum) {
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) {
            ptx::wgmma<ElementA, ElementB, N, MajorA, MajorB>(sum, advance(a, u32(step) * step_bytes<tile_a>),
                                                              advance(b, u32(step) * step_bytes<tile_b>),
                                                              Keep || step != 0);
        }
    }
    template <bool Keep>
    DEEPGEMM_DEVICE static void issue(const a_registers<steps>& a, u64 b, accumulator& sum) {
        DEEPGEMM_UNROLL
        for (int step = 0; step < steps; ++step) {
            ptx::wgmma<ElementA, ElementB, N, MajorB>(sum, a.word[step], advance(b, u32(step) * step_bytes<tile_b>),
                                                      Keep || step != 0);
        }
    }
};

}  // namespace deepgemm::sm90
