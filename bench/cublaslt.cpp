// SPDX-License-Identifier: MIT
// cuBLASLt thinks in column-major matrices. Our row-major D(m,n) is its D'(n,m), so its first operand is our B, its
// second our A, both with K contiguous: the TN form, the only one its FP8 kernels have on Hopper.
#include "cublaslt.hpp"

#include <cublasLt.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "cuda_check.hpp"

namespace deepgemm::bench {

namespace {

constexpr std::size_t workspace_bytes = std::size_t(32) << 20;

void check_lt(cublasStatus_t status, const char* what) {
    if (status != CUBLAS_STATUS_SUCCESS)
        throw std::runtime_error(std::string(what) + ": " + cublasLtGetStatusString(status));
}

/// Handle, workspace and the scale 1.0, shared by all plans; made at the first use and kept to the end of the process.
struct library {
    cublasLtHandle_t handle = nullptr;
    void* workspace = nullptr;
    float* one = nullptr;

    library() {
        check_lt(cublasLtCreate(&handle), "cublasLtCreate");
        check(cudaMalloc(&workspace, workspace_bytes), "cudaMalloc of cuBLASLt's workspace");
        check(cudaMalloc(reinterpret_cast<void**>(&one), sizeof(float)), "cudaMalloc");
        const float value = 1;
        check(cudaMemcpy(one, &value, sizeof value, cudaMemcpyHostToDevice), "cudaMemcpy");
    }
};

const library& shared_library() {
    static const library instance;
    return instance;
}

class gemm final : public cublaslt_gemm {
public:
    gemm(const gemm_case& problem, peer_scaling scaling, const peer_operands& operands, int suggestions)
        : lt_(shared_library()), operands_(operands), beta_(problem.accumulate ? 1.0f : 0.0f) {
        try {
            describe(problem, scaling);
            ask(suggestions);
        } catch (...) {
            release();
            throw;
        }
    }
    ~gemm() override { release(); }

    void launch(cudaStream_t stream) override {
        const float alpha = 1;
        check_lt(
            cublasLtMatmul(lt_.handle, product_, &alpha, operands_.b, first_, operands_.a, second_, &beta_, operands_.d,
                           d_, operands_.d, d_, &algorithms_[chosen_].algo, lt_.workspace, workspace_bytes, stream),
            "cublasLtMatmul");
    }
    int choices() const override { return int(algorithms_.size()); }
    void choose(int index) override { chosen_ = index; }

private:
    template <class T>
    void set(cublasLtMatmulDescAttributes_t attribute, const T& value, const char* what) {
        check_lt(cublasLtMatmulDescSetAttribute(product_, attribute, &value, sizeof value), what);
    }

    void describe(const gemm_case& p, peer_scaling scaling) {
        const bool blockwise = scaling == peer_scaling::blockwise;
        // Documented for the 128-element scaling modes; scales would not be aligned otherwise.
        if (blockwise && (p.m % 4 != 0 || p.n % 4 != 0))
            throw std::runtime_error("block scales need M and N that are multiples of 4");
        check_lt(cublasLtMatmulDescCreate(&product_, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
        set(CUBLASLT_MATMUL_DESC_TRANSA, std::int32_t(CUBLAS_OP_T), "transpose of the first operand");
        set(CUBLASLT_MATMUL_DESC_TRANSB, std::int32_t(CUBLAS_OP_N), "transpose of the second operand");
        set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, std::int8_t(0), "exact accumulation");
        if (blockwise) {
            const bool b_block = p.scales == b_scales::block;
            set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE,
                std::int32_t(b_block ? CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F
                                     : CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F),
                "scale mode of the first operand");
            set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, std::int32_t(CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F),
                "scale mode of the second operand");
        }
        const void* const first_scale = blockwise ? operands_.sb : lt_.one;
        const void* const second_scale = blockwise ? operands_.sa : lt_.one;
        set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, first_scale, "scales of the first operand");
        set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, second_scale, "scales of the second operand");

        const cudaDataType_t d_type = p.d == output::bf16 ? CUDA_R_16BF : CUDA_R_32F;
        check_lt(cublasLtMatrixLayoutCreate(&first_, CUDA_R_8F_E4M3, p.k, p.n, p.k), "layout of the first operand");
        check_lt(cublasLtMatrixLayoutCreate(&second_, CUDA_R_8F_E4M3, p.k, p.m, p.k), "layout of the second operand");
        check_lt(cublasLtMatrixLayoutCreate(&d_, d_type, p.n, p.m, p.n), "layout of D");
    }

    void ask(int suggestions) {
        check_lt(cublasLtMatmulPreferenceCreate(&preference_), "cublasLtMatmulPreferenceCreate");
        const std::uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
        check_lt(cublasLtMatmulPreferenceSetAttribute(preference_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                      &workspace_bytes, sizeof workspace_bytes),
                 "workspace preference");
        check_lt(cublasLtMatmulPreferenceSetAttribute(preference_, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                                      &reductions, sizeof reductions),
                 "reduction preference");
        algorithms_.resize(std::size_t(suggestions));
        int found = 0;
        check_lt(cublasLtMatmulAlgoGetHeuristic(lt_.handle, product_, first_, second_, d_, d_, preference_, suggestions,
                                                algorithms_.data(), &found),
                 "cublasLtMatmulAlgoGetHeuristic");
        algorithms_.resize(std::size_t(found));
        std::erase_if(algorithms_,
                      [](const cublasLtMatmulHeuristicResult_t& r) { return r.state != CUBLAS_STATUS_SUCCESS; });
        if (algorithms_.empty()) throw std::runtime_error("cuBLASLt knows no algorithm for this product");
    }

    void release() {
        if (preference_) cublasLtMatmulPreferenceDestroy(preference_);
        for (const cublasLtMatrixLayout_t layout : {first_, second_, d_}) {
            if (layout) cublasLtMatrixLayoutDestroy(layout);
        }
        if (product_) cublasLtMatmulDescDestroy(product_);
    }

    const library& lt_;
    peer_operands operands_;
    float beta_;
    cublasLtMatmulDesc_t product_ = nullptr;
    cublasLtMatrixLayout_t first_ = nullptr, second_ = nullptr, d_ = nullptr;
    cublasLtMatmulPreference_t preference_ = nullptr;
    std::vector<cublasLtMatmulHeuristicResult_t> algorithms_;
    int chosen_ = 0;
};

}  // namespace

std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_case& problem, peer_scaling scaling,
                                             const peer_operands& operands, int suggestions) {
    return std::make_unique<gemm>(problem, scaling, operands, suggestions);
}

std::string cublaslt_version() {
    const std::size_t v = cublasLtGetVersion();
    return std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
}

}  // namespace deepgemm::bench
