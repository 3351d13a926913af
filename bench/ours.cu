// SPDX-License-Identifier: MIT
// Our contenders from the list of instantiated kernels.
#include "ours.cuh"

namespace deepgemm::bench {

our_kernels kernels_for(const problem_data&) {
    our_kernels found;
    found.why_not = "no kernels are linked";
    return found;
}

}  // namespace deepgemm::bench
