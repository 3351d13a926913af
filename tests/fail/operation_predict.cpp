// SPDX-License-Identifier: MIT
// An operation must predict the times of its kernels.
// expect host: constraint
// expect host: predicts
// expect nvcc: type constraint failed for "unpredicted"
#include <deepgemm/ops.hpp>

using namespace deepgemm;

// [example]
/// The library's GEMM with its costs left out.
struct unpredicted : ops::gemm {
#ifndef CORRECT
private:
    using ops::gemm::predict;
#endif
};
// [example]

static_assert(explains<operation_concept::model<unpredicted>>);
