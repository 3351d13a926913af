// SPDX-License-Identifier: MIT
// What a pipeline is: a ring of stages in shared memory that pass from a producer to consumers and back. Each stage has two
// barriers: `full` (all announced bytes have landed) and `empty` (all readers have left). The model of the library is
// tma_pipeline.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

namespace pipeline_concept {
/// Names a cursor over its stages. Each role keeps one and advances it.
template <class P>
concept has_cursor = requires(typename P::cursor at) {
    { at.stage } -> converts_to<u32>;
    at.advance();
};
/// Has barriers in shared memory, which one thread initialises, and gives the shared addresses of those of a stage, since TMA
/// and tensor cores signal them, too.
template <class P>
concept has_barriers = requires(const P& pipe, typename P::cursor at) {
    { P::barrier_bytes } -> converts_to<u32>;
    pipe.initialise();
    { pipe.full(at) } -> same_as<u32>;
    { pipe.empty(at) } -> same_as<u32>;
};
/// Has the producer's functions.
template <class P>
concept fills = requires(const P& pipe, typename P::cursor at, u32 bytes) {
    { pipe.acquire(at) } -> same_as<u32>;
    pipe.commit(at, bytes);
};
/// Has the consumers' functions.
template <class P>
concept drains = requires(const P& pipe, typename P::cursor at, i32 blocks) {
    { pipe.landed(at) } -> same_as<bool>;
    pipe.wait(at);
    pipe.release(at);
    pipe.pass_over(at, blocks);
};
}  // namespace pipeline_concept

/// A ring of stages in shared memory.
/// Satisfied by: `cursor`; `barrier_bytes`, `initialise()`, `full(at)` and `empty(at)`; `acquire(at)` and `commit(at, bytes)`
/// for the producer; `landed(at)`, `wait(at)`, `release(at)` and `pass_over(at, blocks)` for consumers. All are const: the
/// state of a pipeline is in its barriers.
template <class P>
concept smem_pipeline = pipeline_concept::has_cursor<P> && pipeline_concept::has_barriers<P> &&
    pipeline_concept::fills<P> && pipeline_concept::drains<P>;

namespace pipeline_concept {
/// Complete for pipelines only; see `explains`.
template <smem_pipeline P>
struct model {};
}  // namespace pipeline_concept

}  // namespace deepgemm
