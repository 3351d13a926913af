// SPDX-License-Identifier: MIT
// The kernels of topk that the library ships: one for each type.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/topk.cuh>

namespace deepgemm::shipped {

template <dtype Logits>
using selector = topk_selector<arch::sm90, topk_traits{Logits}>;

template <class O>
    requires(same_as<O, ops::topk>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return kernels<selector<dtype::f32>, selector<dtype::bf16>, selector<dtype::f16>>{};
}

}  // namespace deepgemm::shipped
