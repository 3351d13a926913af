// SPDX-License-Identifier: MIT
// All operations of the library, and the engine that serves them. An operation is a folder of ops/ and its name in the list below.
#pragma once

#include <deepgemm/ops/gemm/gemm.hpp>

namespace deepgemm {

/// An engine of all operations of the library: the one list of them.
using engine = engine_of<ops::gemm>;

}  // namespace deepgemm
