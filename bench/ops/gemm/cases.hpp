// SPDX-License-Identifier: MIT
// The problems that the benchmark times, in the order in which the measured peers list them. FP8: a weight gradient appears
// twice, with FP32 accumulation into D and per-token scales of B (1D1D), and as a plain product with BF16 D (1D2D). BF16: the
// same two forms of D; the gradients read their operands as the forward pass left them, contiguous along M or N.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

namespace deepgemm::bench {

/// The element type of A and B. Only Blackwell multiplies FP4: weights with scales of 32 elements of K beside FP8, and both
/// operands with scales of 32 in UE8M0 (MX) or of 16 in UE4M3 (NV).
enum class element { e4m3, bf16, f16, fp8_fp4, mxf4, nvf4 };

/// How A and B lie in memory, as the named operations say it: A is (m,k) [n] or (k,m) [t], B is (k,n) [n] or (n,k) [t].
enum class orientation { nt, nn, tn, tt };

/// The scales of an FP8 product. Along K: of B one per 128x128 block (1D2D) or one per row and 128 elements of K (1D1D), of A
/// per token. For all of K: one a row of A and of B, or one for each operand.
enum class b_scales { block, token, row, tensor };

/// The type of D.
enum class output { bf16, f16, f32 };

/// One product D(m,n) = A(m,k) x B(n,k), or D = D + A x B if it accumulates. FP8 operands have FP32 scales, on Blackwell those
/// along K in UE8M0; FP4 has its own, and others have none.
struct gemm_case {
    const char* pass;  ///< where a training step needs it: forward, dgrad, wgrad; "-" for a plain shape; "sustained"
    int m, n, k;
    b_scales scales = b_scales::block;
    output d = output::bf16;
    bool accumulate = false;
    element operands = element::e4m3;
    orientation stored = orientation::nt;

    bool is_fp8() const { return operands == element::e4m3; }
    /// True if an operand is FP4.
    bool is_fp4() const { return operands >= element::fp8_fp4; }
    /// True if FP8 is scaled for all of K.
    bool is_scaled_at_end() const { return is_fp8() && (scales == b_scales::row || scales == b_scales::tensor); }
    /// True where an operand is contiguous along M or N instead of K.
    bool a_mn_major() const { return stored == orientation::tn || stored == orientation::tt; }
    bool b_mn_major() const { return stored == orientation::nn || stored == orientation::tn; }

    /// True for FP8 that Hopper does not multiply as it is stored: its operands are transposed first, or on the way.
    bool is_turned() const { return is_fp8() && stored != orientation::nt; }

    /// True for those of suite_sustained().
    bool is_sustained() const { return std::string_view(pass) == "sustained"; }

    /// Cases of one family share a result file and a list of peers: fp8_dense, fp8_layouts, fp8_row_scales, sustained,
    /// fp4_dense, bf16_dense.
    const char* family() const {
        if (is_sustained()) return "sustained";
        if (is_fp4()) return "fp4_dense";
        if (!is_fp8()) return "bf16_dense";
        return is_turned() ? "fp8_layouts" : is_scaled_at_end() ? "fp8_row_scales" : "fp8_dense";
    }
    const char* op() const {
        constexpr const char* names[] = {"fp8_gemm", "bf16_gemm", "f16_gemm", "fp8_fp4_gemm", "fp4_gemm", "fp4_gemm"};
        return names[int(operands)];
    }
    /// How FP8 operands are scaled; the type of others.
    const char* recipe() const {
        constexpr const char* types[] = {"", "bf16", "f16", "fp8xfp4", "mxf4", "nvf4"};
        if (!is_fp8()) return types[int(operands)];
        constexpr const char* names[] = {"1d2d", "1d1d", "row", "tensor"};
        return names[int(scales)];
    }
    const char* layout() const {
        constexpr const char* names[] = {"nt", "nn", "tn", "tt"};
        return names[int(stored)];
    }
    const char* d_type() const { return d == output::bf16 ? "bf16" : d == output::f16 ? "f16" : "f32"; }
    int d_bytes() const { return d == output::f32 ? 4 : 2; }
    int operand_bytes() const { return is_fp8() ? 1 : 2; }  ///< not of FP4
    /// The largest accepted difference of our result from the reference: the tolerance of the test suite's dense cases; for
    /// sums of the tensor core alone ten times what it lost of them up to K = 32768 (docs/numerics.md).
    static constexpr double tolerance_of_fast_sums = 1e-4;
    double tolerance() const {
        return is_scaled_at_end() ? tolerance_of_fast_sums : is_fp8() || is_fp4() ? 1e-3 : 1e-5;
    }
    double flops() const;
    /// Bytes that must move through memory: both operands, their scales, D once (twice if it accumulates).
    double bytes() const;
    /// A short name: `wgrad 2112x4096x7168 1d1d f32 acc`, `dgrad 4096x7168x2112 bf16 nn bf16`. Filters match against it.
    std::string name() const;
};

/// A case as Hopper's planner sees it; C, if there is one, is D. FP8 that is transposed first lies along K by then.
gemm_workload workload_of(const gemm_case& c);
/// The same as the planner of a device sees it. Blackwell multiplies FP8 as it is stored, and its scales along K are packed.
gemm_workload workload_of(const gemm_case& c, const device_info& device);

/// The 42 FP8 cases: 21 forward, then for each weight matrix its data gradient and its two weight gradients.
std::vector<gemm_case> suite_fp8_42();

/// The 25 FP8 shapes for which block-scaled cuBLASLt was measured: three batch sizes of the weights and larger squares.
std::vector<gemm_case> suite_fp8_25();

/// Four of the FP8 cases of 4096 rows in the orders NN, TN and TT.
std::vector<gemm_case> suite_fp8_layouts();

/// The 42 FP8 cases twice, with a scale for each row of A and of B, then with one for each operand: 84. Weight gradients with
/// FP32 D among them.
std::vector<gemm_case> suite_fp8_row_scales();

/// The six largest FP8 products of the suites, for launches back to back: with block scales, then with a scale for each
/// operand, as cuBLASLt's tensor-wise products have it. Their file is sustained.json.
std::vector<gemm_case> suite_sustained();

/// The 75 BF16 cases: 48 forward (NT; D in BF16 with and without accumulation, FP32 for two weights more), then for each
/// of 9 weight matrices its data gradient (NN) and its two weight gradients (TN).
std::vector<gemm_case> suite_bf16_75();

/// The 63 FP8 cases of Blackwell: 21 forward, each plain and with a C and D in BF16, then for each weight matrix its data
/// gradient and two weight gradients, of operands as the forward pass left them.
std::vector<gemm_case> suite_fp8_63();

/// The same 63 with weights in FP4; then the 21 plain forward ones with both operands in FP4, MX and NV.
std::vector<gemm_case> suite_fp4();

/// A suite by name: fp8_42, fp8_25, fp8 (both, each case once), fp8_layouts, fp8_row_scales, bf16_75, all (those but
/// fp8_layouts), and Blackwell's fp8_63 and fp4. FP8 comes first.
std::vector<gemm_case> suite(const std::string& name);

/// "M,N,K[:recipe]" as a case. Recipes: 1d2d (default), 1d1d, row or tensor, then any of -nn, -tn, -tt, and -acc for all but
/// 1d2d; bf16 or f16, which is D's type too, then any of -nn, -tn, -tt, -f32, -acc; fp8xfp4, with the same; mxf4 or nvf4, with
/// -f32, -acc. Sizes are from 1 to deepgemm::max_extent. Throws std::invalid_argument if it is none, or if rows in memory would
/// not be multiples of 16 bytes.
gemm_case parse_shape(const std::string& text);

/// The cases of `cases` whose name contains `filter`.
std::vector<gemm_case> filtered(std::vector<gemm_case> cases, const std::string& filter);

}  // namespace deepgemm::bench
