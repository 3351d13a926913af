// SPDX-License-Identifier: MIT
// Top-k inside the C interface, of every type.
#pragma once

#include <deepgemm/ops/topk/shipped.cuh>

namespace c_interface {

using topk_kernels = decltype(deepgemm::shipped::all_of<deepgemm::ops::topk>());

}  // namespace c_interface
