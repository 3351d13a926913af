// SPDX-License-Identifier: MIT
// A problem of an operation to test with: operands in host memory, and the results that they must give. One source for tests on the
// simulator and, with its memory copied, on a GPU.
#pragma once

namespace deepgemm::test {

/// A sample of operation `O`. Each operation specialises it:
///     problem()      what a caller gives, in host memory; problem(memory): in memory that holds copies
///     verdict()      what is wrong with the results, in a sentence; "" if nothing is
///     restore()      puts the results back to what they were before the first run
template <class O>
class sample_of;

}  // namespace deepgemm::test
