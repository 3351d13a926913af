// SPDX-License-Identifier: MIT
// The lists of probes by group: what the GPU and the simulator must agree on.
#pragma once

#include "copy_probes.cuh"
#include "matrix_probes.cuh"
#include "wgmma_probes.cuh"
#include "word_probes.cuh"

namespace deepgemm::probes {

template <class... Lists>
struct concatenate;
template <class... P>
struct concatenate<probe_list<P...>> {
    using type = probe_list<P...>;
};
template <class... P, class... Q, class... Rest>
struct concatenate<probe_list<P...>, probe_list<Q...>, Rest...> {
    using type = typename concatenate<probe_list<P..., Q...>, Rest...>::type;
};

/// A list of probes for each of the four swizzles, one after the other.
template <template <swizzle_mode> class List>
using every_swizzle = typename concatenate<List<swizzle_mode::none>, List<swizzle_mode::b32>, List<swizzle_mode::b64>,
                                           List<swizzle_mode::b128>>::type;

using all_k_major_probes = every_swizzle<k_major_probes>;
using all_mn_major_probes = every_swizzle<mn_major_probes>;
using all_tensor_copy_probes = every_swizzle<tensor_copy_probes>;

}  // namespace deepgemm::probes
