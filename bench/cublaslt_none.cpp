// SPDX-License-Identifier: MIT
// Stands in for cuBLASLt where it is not installed.
#include "cublaslt.hpp"

#include <stdexcept>

namespace deepgemm::bench {

namespace {
constexpr const char* not_there = "cuBLASLt was not found when the benchmark was built";
}  // namespace

std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_problem&, peer_scaling, int, peer_sums) {
    throw std::runtime_error(not_there);
}
std::unique_ptr<cublaslt_gemm> plan_cublaslt(const batched_problem&, int) { throw std::runtime_error(not_there); }

std::string cublaslt_version() { return {}; }

}  // namespace deepgemm::bench
