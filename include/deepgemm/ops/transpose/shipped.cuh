// SPDX-License-Identifier: MIT
// The kernels that transpose which the library ships.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/transpose.cuh>

namespace deepgemm::shipped {

template <int Warps, int Across>
using transposer_of = transposer<arch::sm90, transpose_traits{1}, transpose_config{.warps = Warps, .across = Across}>;

template <class O>
    requires(same_as<O, ops::transpose>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return kernels<transposer_of<4, 8>, transposer_of<8, 8>, transposer_of<4, 16>>{};
}

}  // namespace deepgemm::shipped
