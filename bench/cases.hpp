// SPDX-License-Identifier: MIT
// The problems that the benchmark times, in the order in which the measured peers list them. A weight gradient appears
// twice: with FP32 accumulation into D and per-token scales of B (1D1D), and as a plain product with BF16 D (1D2D).
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace deepgemm::bench {

/// The scales of B: one per 128x128 block (1D2D) or one per row and 128 elements of K (1D1D). A's are always per token.
enum class b_scales { block, token };

/// The type of D.
enum class output { bf16, f32 };

/// One product D(m,n) = A(m,k) x B(n,k), or D = D + A x B if it accumulates. E4M3 operands, FP32 scales.
struct gemm_case {
    const char* pass;  ///< where a training step needs it: forward, dgrad, wgrad; "-" for a plain shape
    int m, n, k;
    b_scales scales = b_scales::block;
    output d = output::bf16;
    bool accumulate = false;

    const char* recipe() const { return scales == b_scales::block ? "1d2d" : "1d1d"; }
    const char* d_type() const { return d == output::bf16 ? "bf16" : "f32"; }
    int d_bytes() const { return d == output::bf16 ? 2 : 4; }
    double flops() const { return 2.0 * m * n * k; }
    /// Bytes that must move through memory: both operands, their scales, D once (twice if it accumulates).
    double bytes() const {
        const double blocks = (k + 127) / 128, b_rows = scales == b_scales::block ? (n + 127) / 128 : n;
        return double(m) * k + double(n) * k + 4 * blocks * (m + b_rows) +
               double(m) * n * d_bytes() * (accumulate ? 2 : 1);
    }
    /// A short name: `wgrad 2112x4096x7168 1d1d f32 acc`. Filters match against it.
    std::string name() const {
        return std::string(pass) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + " " +
               recipe() + " " + d_type() + (accumulate ? " acc" : "");
    }
};

/// The 42 FP8 cases: 21 forward, then for each weight matrix its data gradient and its two weight gradients.
inline std::vector<gemm_case> suite_fp8_42() {
    constexpr struct {
        int n, k;
    } weights[] = {{2112, 7168}, {576, 7168}, {24576, 1536}, {32768, 512}, {7168, 16384}, {4096, 7168}, {7168, 2048}};
    std::vector<gemm_case> cases;
    for (const int m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) cases.push_back({"forward", m, n, k});
    }
    for (const auto& [n, k] : weights) {
        cases.push_back({"dgrad", 4096, k, n});
        cases.push_back({"wgrad", n, 4096, k, b_scales::token, output::f32, true});
        cases.push_back({"wgrad", n, 4096, k});
    }
    return cases;
}

/// The 25 shapes for which block-scaled cuBLASLt was measured: three batch sizes of the weights above and larger squares.
inline std::vector<gemm_case> suite_fp8_25() {
    constexpr struct {
        int n, k;
    } weights[] = {{2112, 7168}, {576, 7168}, {24576, 1536}, {32768, 512}, {7168, 16384}, {4096, 7168}, {7168, 2048}};
    std::vector<gemm_case> cases;
    for (const int m : {64, 128, 4096}) {
        for (const auto& [n, k] : weights) cases.push_back({"forward", m, n, k});
    }
    cases.push_back({"-", 4096, 4096, 4096});
    cases.push_back({"-", 8192, 8192, 4096});
    cases.push_back({"-", 16384, 4096, 4096});
    cases.push_back({"-", 8192, 8192, 8192});
    return cases;
}

/// The cases of `cases` whose name contains `filter`.
inline std::vector<gemm_case> filtered(std::vector<gemm_case> cases, const std::string& filter) {
    std::erase_if(cases, [&](const gemm_case& c) { return c.name().find(filter) == std::string::npos; });
    return cases;
}

}  // namespace deepgemm::bench
