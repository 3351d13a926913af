// SPDX-License-Identifier: MIT
// The reference for every result: the product of the stored operands in double precision on the GPU, and comparisons of a
// result with it. It is a plain tiled kernel that shares nothing with the kernels that it judges.
#pragma once

#include <cstdio>
#include <string>

#include "ops/gemm/data.cuh"

namespace deepgemm::bench {

/// How far a result D is from the reference R, over all elements.
struct comparison {
    double diff =
        0;  ///< sum (D - R)^2 / sum (D^2 + R^2): the usual metric 1 - 2 D.R / (D.D + R.R), without cancellation
    double max_error = 0;  ///< largest |D - R| / max(|R|, root mean square of R)
    long long bad = 0;     ///< elements that are not finite: never written, or wrong
};

/// What is wrong with a result, for people; empty if its difference from the reference is below `tolerance`.
inline std::string fault_of(const comparison& c, double tolerance) {
    if (c.diff < tolerance) return {};
    char text[120];
    std::snprintf(text, sizeof text, "wrong result: difference %.3g, %lld elements not finite", c.diff, c.bad);
    return text;
}

/// A reference of one product at a time.
class reference {
public:
    /// Host: computes the product of `data` with its scales, or with all scales 1; adds C where the case accumulates.
    void compute(const problem_data& data, bool scaled);
    /// Host: the same of operands anywhere. `c_seed` is that of what C held before, if there is C.
    void compute(const gemm_problem& product, bool scaled, u64 c_seed = 0);

    /// Host: compares D of `data`, as it is now, with the reference. `diff` is NaN if any element is not finite.
    comparison compare(const problem_data& data) { return compare(data.product().d); }
    /// Host: the same of any D.
    comparison compare(const output_matrix& d);

private:
    device_buffer product_, sums_;
};

}  // namespace deepgemm::bench
