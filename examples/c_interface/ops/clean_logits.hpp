// SPDX-License-Identifier: MIT
// The cleaning of logits inside the C interface, of every type.
#pragma once

#include <deepgemm/ops/clean_logits/shipped.cuh>

namespace c_interface {

using clean_logits_kernels = decltype(deepgemm::shipped::all_of<deepgemm::ops::clean_logits>());

}  // namespace c_interface
