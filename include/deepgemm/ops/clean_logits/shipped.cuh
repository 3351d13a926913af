// SPDX-License-Identifier: MIT
// The kernels that clean logits which the library ships: one for each type.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/clean_logits.cuh>

namespace deepgemm::shipped {

template <dtype Logits>
using cleaner = logits_cleaner<arch::sm90, clean_logits_traits{Logits}>;

template <class O>
    requires(same_as<O, ops::clean_logits>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return kernels<cleaner<dtype::f32>, cleaner<dtype::bf16>, cleaner<dtype::f16>>{};
}

}  // namespace deepgemm::shipped
