// SPDX-License-Identifier: MIT
// What contests of products in groups have in common: every result is checked against the reference, group by group, and
// nothing else in D may be written.
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

#include "ops/case_contest.cuh"

namespace deepgemm::bench {

/// Counts 32-bit words of rows [first, end) of D that are not `wanted`; rows have `words` words.
static __global__ void count_other(const u32* d, i64 first, i64 end, i64 words, u32 wanted, unsigned long long* found) {
    for (i64 i = first * words + i64(blockIdx.x) * blockDim.x + threadIdx.x; i < end * words;
         i += i64(gridDim.x) * blockDim.x) {
        if (d[i] != wanted) atomicAdd(found, 1ull);
    }
}

/// Adds the errors of one group of D to those of the groups before; NaN is the worst.
inline void add_errors(comparison& worst, const comparison& more) {
    if (!(more.diff <= worst.diff) && !std::isnan(worst.diff)) worst.diff = more.diff;
    worst.max_error = std::fmax(worst.max_error, more.max_error);
    worst.bad += more.bad;
}

/// The members of a case's row in a result file.
template <class Case>
    requires requires(const Case& problem) { problem.groups; }
json members_of(const Case& problem) {
    json row = json::object();
    row["op"] = problem.op();
    if constexpr (requires { problem.peer_name(); })
        row["case"] = problem.list == nullptr ? problem.peer_name() : problem.name();
    row["pass"] = problem.pass();
    row["m"] = problem.rows;
    row["n"] = problem.n;
    row["k"] = problem.k;
    row["groups"] = problem.groups;
    row["expected_rows"] = problem.expected_rows;
    row["layout"] = problem.one().layout();
    row["recipe"] = problem.one().recipe();
    row["d_type"] = problem.one().d_type();
    row["accumulate"] = false;
    return row;
}

}  // namespace deepgemm::bench
