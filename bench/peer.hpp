// SPDX-License-Identifier: MIT
// What a shared library gives `deepgemm bench --peer-library FILE`: kernels of somebody else that are timed in turn with ours, on
// the same operands and in the same run, so that no difference between two GPUs is taken for one between two kernels. Such a
// library is built with these headers, by the compiler that builds the benchmark, and exports
//
//     extern "C" deepgemm::bench::peer* deepgemm_bench_peer()
//
// which returns an object that lives as long as the program.
#pragma once

#include <functional>
#include <string>

#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/contiguous_gemm/problem.hpp>
#include <deepgemm/ops/grouped_gemm/problem.hpp>
#include <deepgemm/ops/k_grouped_gemm/problem.hpp>

namespace deepgemm::bench {

/// Kernels beside ours.
class peer {
public:
    /// Enqueues a product on a stream, a cudaStream_t, without waiting for it. Throws std::runtime_error on failure.
    using launcher = std::function<void(void* stream)>;

    virtual ~peer() = default;
    /// What result files call it: a key of PEERS in bench/report.py, such as `deepgemm`.
    virtual std::string name() const = 0;
    /// Its version, for result files.
    virtual std::string version() const = 0;

    /// Host: makes a product ready to launch, any number of times; its operands stay where they are until the next call.
    /// Returns nothing if the peer has no kernel for it. What it writes to rows of D that no group has does not matter.
    virtual launcher prepare(const grouped_problem&) { return {}; }
    virtual launcher prepare(const contiguous_problem&) { return {}; }
    virtual launcher prepare(const k_grouped_problem&) { return {}; }
    virtual launcher prepare(const batched_problem&) { return {}; }
};

}  // namespace deepgemm::bench
