// SPDX-License-Identifier: MIT
// The kernels of paged_mqa_logits that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the
// simulator.
#pragma once

#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>

namespace deepgemm::bench {

using simulated_paged_mqa_logits = shipped::kernels<
    shipped::paged_mqa_logits_kernel<paged_mqa_traits{{{64, 128}, dtype::f32, logits_form::unclean}}>,
    shipped::paged_mqa_logits_kernel<paged_mqa_traits{{{32, 32}, dtype::f32, logits_form::full}},
                                     paged_mqa_config::of(32, 2)>,
    shipped::paged_mqa_logits_kernel<paged_mqa_traits{{{32, 128}, dtype::bf16, logits_form::unclean}, 32},
                                     paged_mqa_config::of(32, 4)>>;

}  // namespace deepgemm::bench
