// SPDX-License-Identifier: MIT
// Transposition inside the C interface.
#pragma once

#include <deepgemm/ops/transpose/shipped.cuh>

namespace c_interface {

using transpose_kernels = deepgemm::shipped::kernels<deepgemm::shipped::transposer_of<4, 8>>;

}  // namespace c_interface
