// SPDX-License-Identifier: MIT
// What all wrappers of tcgen05 check: the architecture, and cta_group.
#pragma once

#include <deepgemm/core/arch.cuh>

namespace deepgemm::ptx::detail {

template <int Group>
DEEPGEMM_BOTH constexpr void check_tcgen05() {
    static_assert(Group == 1 || Group == 2, "cta_group of tcgen05 is 1 or 2");
    static_assert(arch::sm100::compiled_here && Group > 0, "tcgen05 needs Blackwell: pass " DEEPGEMM_SM100_FLAG);
}

}  // namespace deepgemm::ptx::detail
