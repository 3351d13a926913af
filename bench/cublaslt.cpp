// SPDX-License-Identifier: MIT
// Peers on top of ops/gemm/cublaslt.hpp. They add block scales and the choice among several algorithms.
#include "cublaslt.hpp"

#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/cublaslt.hpp>

#include <stdexcept>
#include <vector>

namespace deepgemm::bench {

namespace {

/// Handle and workspace, shared by all plans; made at the first use and kept to the end of the process.
const cublaslt& shared_library() {
    static const cublaslt* const instance = new cublaslt(or_throw(cublaslt::create()));
    return *instance;
}

/// Gives cuBLASLt the scales of a problem. Its first operand is our B.
void give_scales(cublaslt_product& product, const gemm_problem& p, std::int32_t mode_a, std::int32_t mode_b) {
    or_throw(product.set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, mode_b, "scale mode of the first operand"));
    or_throw(product.set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, mode_a, "scale mode of the second operand"));
    or_throw(product.set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, p.b.scales.data, "scales of the first operand"));
    or_throw(product.set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, p.a.scales.data, "scales of the second operand"));
}
void scale_by_blocks(cublaslt_product& product, const gemm_problem& p) {
    // Documented for the 128-element scaling modes; scales would not be aligned otherwise.
    if (p.d.rows % 4 != 0 || p.d.columns % 4 != 0)
        throw std::runtime_error("block scales need M and N that are multiples of 4");
    const auto mode = [](const scale_argument& scales) {
        return std::int32_t(scales.tile.mn == 1 ? CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F
                                                : CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F);
    };
    give_scales(product, p, mode(p.a.scales), mode(p.b.scales));
}

/// The problem with the scales that cublaslt_product takes: those for all of K, if the peer has them.
gemm_problem for_peer(gemm_problem p, peer_scaling scaling) {
    if (scaling != peer_scaling::at_end) {
        p.a = unscaled(p.a.matrix);
        p.b = unscaled(p.b.matrix);
    }
    return p;
}

class gemm final : public cublaslt_gemm {
public:
    gemm(const gemm_problem& problem, peer_scaling scaling, int suggestions, peer_sums sums)
        : product_(or_throw(cublaslt_product::of(for_peer(problem, scaling)))), algorithms_(std::size_t(suggestions)) {
        if (scaling == peer_scaling::blockwise) scale_by_blocks(product_, problem);
        const std::int8_t fast = sums == peer_sums::fast;
        or_throw(product_.set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, fast, "fast accumulation"));
        ask();
    }
    gemm(const batched_problem& batch, int suggestions)
        : product_(or_throw(cublaslt_product::of(deepgemm::detail::first_of(batch)))),
          algorithms_(std::size_t(suggestions)) {
        or_throw(product_.repeat(batch.a.count, batch.a.matrix_stride, batch.b.matrix_stride, batch.d.matrix_stride));
        ask();
    }

    void launch(cudaStream_t stream) override {
        or_throw(product_.launch(shared_library(), algorithms_[std::size_t(chosen_)].algo, stream));
    }
    int choices() const override { return int(algorithms_.size()); }
    void choose(int index) override { chosen_ = index; }

private:
    void ask() { algorithms_.resize(std::size_t(or_throw(product_.suggest(shared_library(), algorithms_)))); }

    cublaslt_product product_;
    std::vector<cublasLtMatmulHeuristicResult_t> algorithms_;
    int chosen_ = 0;
};

}  // namespace

std::unique_ptr<cublaslt_gemm> plan_cublaslt(const gemm_problem& product, peer_scaling scaling, int suggestions,
                                             peer_sums sums) {
    return std::make_unique<gemm>(product, scaling, suggestions, sums);
}

std::unique_ptr<cublaslt_gemm> plan_cublaslt(const batched_problem& batch, int suggestions) {
    return std::make_unique<gemm>(batch, suggestions);
}

std::string cublaslt_version() {
    const std::size_t v = cublasLtGetVersion();
    return std::to_string(v / 10000) + "." + std::to_string(v / 100 % 100) + "." + std::to_string(v % 100);
}

}  // namespace deepgemm::bench
