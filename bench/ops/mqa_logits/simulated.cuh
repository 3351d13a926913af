// SPDX-License-Identifier: MIT
// The kernels of mqa_logits that `deepgemm bench --sim` chooses among. Lists of types; CMake compiles them for the simulator.
#pragma once

#include <deepgemm/ops/mqa_logits/shipped.cuh>

namespace deepgemm::bench {

using simulated_mqa_logits =
    shipped::kernels<shipped::mqa_logits_kernel<stored_mqa_traits{{64, 128}}>,
                     shipped::mqa_logits_kernel<stored_mqa_traits{{32, 32}, dtype::f32, logits_form::compressed}>,
                     shipped::mqa_logits_kernel<stored_mqa_traits{{32, 128}, dtype::bf16, logits_form::full}>>;

}  // namespace deepgemm::bench
