// SPDX-License-Identifier: MIT
// Our contenders: the instantiated kernels that can run a case, as the planner ranks them.
#pragma once

#include <string>
#include <vector>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>

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

/// Host: plans `data`'s product, FP8 along K, for the current device and an objective. The launches refer to `data`'s buffers,
/// valid until its next generate(). FP8: `scales_of_a` is the order of A's scales.
our_kernels kernels_for(const problem_data& data, objective_kind objective, major scales_of_a = major::mn);
/// Host: the same of FP8 as the case stores it, for kernels that transpose on the way.
our_kernels kernels_as_stored(const problem_data& data);

/// FP8 in another order, as users launch it: all that the named operation launches, in a workspace of its own.
class turned_gemm {
public:
    turned_gemm();
    /// Host: the launch of `data`'s product; valid until the next call and `data`'s next generate().
    contender of(const problem_data& data, const std::string& name);

private:
    engine_of<ops::gemm, ops::transpose> engine_;
    device_buffer workspace_;
};

}  // namespace deepgemm::bench
