// SPDX-License-Identifier: MIT
// The peers that the benchmark compares with: products of cuBLASLt. In FP8 they are tensor-wise, with all scales 1, which is
// less work than ours, or block-scaled, which is the same work. Two implementations: cublaslt.cpp where the library was found
// at configuration, cublaslt_none.cpp elsewhere.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

#include <deepgemm/ops/batched_gemm/problem.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

namespace deepgemm::bench {

/// How cuBLASLt scales the operands of a product.
enum class peer_scaling {
    none,       ///< not at all; FP8 products come out as with all scales 1
    blockwise,  ///< by the problem's own: A 1x128, B 128x128 or 1x128
    at_end,  ///< by the problem's own, which hold for all of K: one for each row of both operands, or one for each operand
};
/// How it sums FP8.
enum class peer_sums {
    promoted,  ///< what the tensor core summed is added in FP32 now and then
    fast,      ///< by the tensor core alone ("fast accumulation")
};

/// A cuBLASLt product, planned and ready to launch.
class cublaslt_gemm {
public:
    virtual ~cublaslt_gemm() = default;
    /// Host: enqueues the product; a case that accumulates adds into D in place. Throws on failure.
    virtual void launch(cudaStream_t stream) = 0;
    /// The number of algorithms that cuBLASLt suggested. choose() picks one of them for later launches; number 0 is cuBLASLt's
    /// own choice.
    virtual int choices() const = 0;
    virtual void choose(int index) = 0;
};

/// Plans the product and asks cuBLASLt for up to `suggestions` algorithms. Throws std::runtime_error with the reason if
/// cuBLASLt does not support it. Block scales must have the layout of problem_data, which cuBLASLt requires: the scale (row,
/// block) of a token at row + block * align4(rows); the scale (row / 128, block) of a block at (row / 128) * align4(blocks) +
/// block.
std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_problem& product, peer_scaling scaling, int suggestions,
                                             peer_sums sums = peer_sums::promoted);

/// The same for a batch of 16-bit products that are not added up.
std::unique_ptr<cublaslt_gemm> plan_cublaslt(const batched_problem& batch, int suggestions);

/// The library's version, such as `13.1.0`; empty if the benchmark was built without it.
std::string cublaslt_version();

}  // namespace deepgemm::bench
