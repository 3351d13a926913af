// SPDX-License-Identifier: MIT
// The multiply as a part: the concept mma_atom. What an architecture's tensor cores do lies in a folder of its own.
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
concept mma_atom =
    mma_concept::has_shape<M> && mma_concept::maps_fragment<M> && mma_concept::multiplies<M> && mma_concept::waits<M>;

}  // namespace deepgemm
