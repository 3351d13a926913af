// SPDX-License-Identifier: MIT
// Our contenders: the instantiated kernels that can run a case, and which of them the planner picks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data.cuh"
#include "timer.hpp"

namespace deepgemm::bench {

/// The instantiated kernels that accept one product, ready to launch on its data.
struct our_kernels {
    std::vector<contender> able;  ///< named by their configuration as C++ source
    int pick = -1;                ///< index of the planner's choice in `able`; -1: none
    std::string why_not;          ///< the planner's or the launcher's words where there is no pick
};

/// Host: finds the kernels for `data`. The launches refer to `data`'s buffers, valid until its next generate().
our_kernels kernels_for(const problem_data& data);

}  // namespace deepgemm::bench
