// SPDX-License-Identifier: MIT
// Stands in for cuBLASLt where it is not installed.
#include "cublaslt.hpp"

#include <stdexcept>

namespace deepgemm::bench {

std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_problem&, peer_scaling, int, peer_sums) {
    throw std::runtime_error("cuBLASLt was not found when the benchmark was built");
}

std::string cublaslt_version() { return {}; }

}  // namespace deepgemm::bench
