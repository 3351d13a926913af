// SPDX-License-Identifier: MIT
// A problem of an operation to test with: operands in host memory, and the results that they must give. One source for tests on
// the simulator and, with its memory copied, on a GPU.
#pragma once

#include <cstddef>

namespace deepgemm::test {

/// A piece of the memory of a problem.
struct sample_memory {
    void* data = nullptr;
    std::size_t bytes = 0;
    bool written = false;  ///< by the operation
};

/// A sample of operation `O`. Each operation specialises it:
///     memory()       all that the problem reads and writes, as an array of sample_memory
///     problem()      what a caller gives, in host memory; problem(at): in copies of memory(), whose piece i lies at at[i]
///     verdict()      what is wrong with the results, in a sentence; "" if nothing is
///     restore()      puts the results back to what they were before the first run
///     of(kernel, workload, seed)   a sample for a kernel, exact, with C in D's memory where there is C
///     host_bytes(workload)         about the host memory that it takes, the reference included
/// What any kernel must do for it, flops and bytes, is demand_of() of the problem's workload.
template <class O>
class sample_of;

}  // namespace deepgemm::test
