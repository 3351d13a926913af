// SPDX-License-Identifier: MIT
// What a multiply is, as a part: the concept mma_atom. The atoms of an architecture are in a folder of its own, mma/sm90/ say.
#pragma once

#include <deepgemm/mma/fragment.cuh>

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
/// Says which element of the product each register of an accumulator holds.
template <class M>
concept maps_fragment = fragment_map<typename M::fragment>;
/// Has a type of accumulators, and multiplies two tiles, given by descriptors, into one.
template <class M>
concept multiplies = requires(typename M::accumulator& sum, u64 descriptor) {
    M::multiply(descriptor, descriptor, sum);
};
/// Waits until an accumulator holds the product.
template <class M>
concept waits = requires(typename M::accumulator& sum) {
    M::wait(sum);
};
}  // namespace mma_concept

/// Multiplies one tile of A by one of B, both in shared memory, into an accumulator.
/// Satisfied by: `element_a`, `element_b`, `m`, `n` and `k`; `fragment`, a fragment_map; `accumulator`, `multiply(a, b, sum)`
/// on descriptors, and `wait(sum)`.
template <class M>
concept mma_atom =
    mma_concept::has_shape<M> && mma_concept::maps_fragment<M> && mma_concept::multiplies<M> && mma_concept::waits<M>;

}  // namespace deepgemm
