// SPDX-License-Identifier: MIT
// The peers: cuBLASLt's FP8 products, tensor-wise (scales of 1: less work than ours) and block-scaled (the same work).
// Two implementations: cublaslt.cpp where the library was found at configuration, cublaslt_none.cpp elsewhere.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include "cases.hpp"

namespace deepgemm::bench {

/// How cuBLASLt scales the operands of a product.
enum class peer_scaling {
    tensorwise,  ///< one scale of 1 for each operand; the block scales are ignored
    blockwise,   ///< A 1x128; B 128x128 or 1x128 as the case says
};

/// Device memory of one product as both sides share it; see gemm_arguments for A, B and D, which are dense row-major.
/// Scales of A: float (row, block) at row + block * align4(m). Of B per token: likewise with n; per block: float
/// (n / 128, block) at (n / 128) * align4(blocks) + block. This is also what cuBLASLt wants.
struct peer_operands {
    const void* a;
    const void* b;
    const float* sa;
    const float* sb;
    void* d;
};

/// A cuBLASLt product, planned and ready to launch.
class cublaslt_gemm {
public:
    virtual ~cublaslt_gemm() = default;
    /// Host: enqueues the product; a case that accumulates adds into D in place. Throws on failure.
    virtual void launch(cudaStream_t stream) = 0;
    /// How many algorithms cuBLASLt suggested, and picks one for the launches to come; the first is its own choice.
    virtual int choices() const = 0;
    virtual void choose(int index) = 0;
};

/// Plans the product and asks cuBLASLt for up to `suggestions` algorithms. Throws std::runtime_error with the reason
/// where cuBLASLt does not support it.
std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_case& problem, peer_scaling scaling,
                                             const peer_operands& operands, int suggestions);

/// The library's version, such as `13.1.0`; empty if the benchmark was built without it.
std::string cublaslt_version();

}  // namespace deepgemm::bench
