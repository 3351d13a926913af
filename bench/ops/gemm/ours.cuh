// SPDX-License-Identifier: MIT
// Our contenders: the instantiated kernels that can run a case, as the planner ranks them.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/kernel/info.cuh>

#include "data.cuh"
#include "timer.hpp"

namespace deepgemm::bench {

/// A kernel that accepts one product, ready to launch on its data.
struct our_kernel {
    contender who;            ///< named by its configuration as C++ source
    std::string epilogue;     ///< as C++ source, too: kernels may differ in it alone
    double predicted_us = 0;  ///< by the planner's model
    gemm_info info{};
};

/// The kernels that accept one product: the planner's choice first, then in the order of the model's predictions.
struct our_kernels {
    std::vector<our_kernel> ranked;
    const char* chosen_by = "";  ///< what decided the first: model, tuned
    std::string why_not;         ///< the planner's words where there is none

    bool empty() const { return ranked.empty(); }
    const contender& pick() const { return ranked.front().who; }
};

/// Host: plans `data`'s product for the current device. The launches refer to `data`'s buffers, valid until its next
/// generate(). FP8: `scales_of_a` is the order of A's scales.
our_kernels kernels_for(const problem_data& data, major scales_of_a = major::mn);

}  // namespace deepgemm::bench
