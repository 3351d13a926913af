// SPDX-License-Identifier: MIT
// Products by cuBLASLt with the arguments of the named operations of ops.hpp: a baseline for measurements, a way out if none of
// our kernels fits, and, for engines whose caller allows it, a choice where it was measured to be faster. FP8 has scales that
// hold for all of K, or none. It needs the CUDA toolkit with cuBLASLt; programs that include it link cuBLASLt themselves
// (CMake: find_package(CUDAToolkit), target CUDA::cublasLt). No umbrella header includes it.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <deepgemm/ops/gemm/cublaslt_handle.hpp>
#include <deepgemm/ops/gemm/cublaslt_rules.hpp>
#include <deepgemm/ops/gemm/cublaslt_times.hpp>
#include <deepgemm/ops/gemm/text.hpp>

namespace deepgemm {

namespace detail {

constexpr cudaDataType_t cublaslt_type(dtype type) {
    switch (type) {
        case dtype::e4m3: return CUDA_R_8F_E4M3;
        case dtype::e5m2: return CUDA_R_8F_E5M2;
        case dtype::bf16: return CUDA_R_16BF;
        case dtype::f16: return CUDA_R_16F;
        default: return CUDA_R_32F;  // TF32, too, which is a product's type and not a matrix's
    }
}

/// The largest power of two, up to 256, that divides an address.
inline std::uint32_t alignment_of(const void* address) {
    const auto bits = reinterpret_cast<std::uintptr_t>(address) | 256;
    return std::uint32_t(bits & (~bits + 1));
}

}  // namespace detail

/// A product as cuBLASLt takes it: description, layouts, addresses. C counts as D itself, so a problem with C adds to what D
/// holds. cuBLASLt's matrices are column-major. A row-major D(m,n) is its D'(n,m), so its first operand is our B and its second
/// our A. Plain values: nothing is allocated.
class cublaslt_product {
public:
    /// Describes a problem whose D has elements and whose K is not 0. FP8 that is not to be promoted is summed by the tensor
    /// cores alone.
    static result<cublaslt_product> of(const gemm_problem& problem, int num_sms = 0) {
        if (auto ok = detail::check_cublaslt_problem(problem); !ok) return ok.failure();
        cublaslt_product made(problem);
        if (auto ok = made.describe(num_sms); !ok) return ok.failure();
        return made;
    }

    /// Sets one more attribute of the description; `what` names it in errors.
    template <class T>
    result<void> set(cublasLtMatmulDescAttributes_t attribute, const T& value, const char* what) {
        const auto status = cublasLtMatmulDescSetAttribute(&description_, attribute, &value, sizeof value);
        if (status == CUBLAS_STATUS_SUCCESS) return {};
        return detail::check_cublaslt(concat("cublasLtMatmulDescSetAttribute(", what, ")").c_str(), status);
    }

    /// Makes it a batch of `count` products, whose matrices are so many elements apart.
    result<void> repeat(i64 count, i64 a_stride, i64 b_stride, i64 d_stride) {
        const std::pair<cublasLtMatrixLayoutOpaque_t*, i64> layouts[] = {
            {&first_layout_, b_stride}, {&second_layout_, a_stride}, {&result_layout_, d_stride}};
        for (const auto& [to, stride] : layouts) {
            const auto set = [&to = to](cublasLtMatrixLayoutAttribute_t attribute, auto value) {
                return detail::check_cublaslt("cublasLtMatrixLayoutSetAttribute",
                                              cublasLtMatrixLayoutSetAttribute(to, attribute, &value, sizeof value));
            };
            if (auto ok = set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, std::int32_t(count)); !ok) return ok;
            if (auto ok = set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride); !ok) return ok;
        }
        return {};
    }

    /// Fills `out` with algorithms, cuBLASLt's favourite first, and returns how many there are; an error if there is none.
    /// They fit the workspace, sum in FP32 only, and take the addresses as they are aligned.
    result<int> suggest(const cublaslt& library, std::span<cublasLtMatmulHeuristicResult_t> out) const {
        cublasLtMatmulPreferenceOpaque_t preference;
        if (auto ok = prefer(preference, library.knobs().workspace_bytes); !ok) return ok.failure();
        int found = 0;
        const auto status = cublasLtMatmulAlgoGetHeuristic(
            library.handle(), description(), layout(first_layout_), layout(second_layout_), layout(result_layout_),
            layout(result_layout_), &preference, int(out.size()), out.data(), &found);
        if (status != CUBLAS_STATUS_NOT_SUPPORTED) {
            if (auto ok = detail::check_cublaslt("cublasLtMatmulAlgoGetHeuristic", status); !ok) return ok.failure();
            const auto last = std::remove_if(out.begin(), out.begin() + found, [](const auto& suggestion) {
                return suggestion.state != CUBLAS_STATUS_SUCCESS;
            });
            if (last != out.begin()) return int(last - out.begin());
        }
        return fail(errc::no_kernel, "cuBLASLt has no algorithm on the current device for ",
                    deepgemm::describe(workload_of(problem_)));
    }

    /// Enqueues the product. Allocates nothing on the device; safe under graph capture.
    result<void> launch(const cublaslt& library, const cublasLtMatmulAlgo_t& algorithm, void* stream) const {
        const float alpha = 1, beta = problem_.c ? 1.0f : 0.0f;
        void* const result = problem_.d.data;
        const auto status =
            cublasLtMatmul(library.handle(), description(), &alpha, problem_.b.matrix.data, layout(first_layout_),
                           problem_.a.matrix.data, layout(second_layout_), &beta, result, layout(result_layout_),
                           result, layout(result_layout_), &algorithm, library.knobs().workspace,
                           library.knobs().workspace_bytes, static_cast<cudaStream_t>(stream));
        return detail::check_cublaslt("cublasLtMatmul", status);
    }

private:
    explicit cublaslt_product(const gemm_problem& problem) : problem_(problem) {}

    // The library's functions take pointers to non-const for descriptors that they do not change.
    cublasLtMatmulDesc_t description() const { return const_cast<cublasLtMatmulDesc_t>(&description_); }
    static cublasLtMatrixLayout_t layout(const cublasLtMatrixLayoutOpaque_t& x) {
        return const_cast<cublasLtMatrixLayout_t>(&x);
    }

    /// `rows` contiguous rows, which are columns to cuBLASLt.
    static result<void> lay_out(cublasLtMatrixLayoutOpaque_t& to, const input_matrix& rows) {
        const i64 pitch = rows.rows > 1 ? rows.row_stride : rows.columns;
        return detail::check_cublaslt(
            "cublasLtMatrixLayoutInit",
            cublasLtMatrixLayoutInit(&to, detail::cublaslt_type(rows.type), std::uint64_t(rows.columns),
                                     std::uint64_t(rows.rows), pitch));
    }

    result<void> describe(int num_sms) {
        const input_matrix &a = problem_.a.matrix, &b = problem_.b.matrix;
        const auto turned = [](const input_matrix& x) {
            return !detail::is_fp8(x.type) && contiguous_along(x) == major::mn;
        };
        const bool a_turned = turned(a), b_turned = turned(b);
        const auto sums = detail::is_tf32(a.type) ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
        const auto status = cublasLtMatmulDescInit(&description_, sums, CUDA_R_32F);
        if (auto ok = detail::check_cublaslt("cublasLtMatmulDescInit", status); !ok) return ok;
        // A K-major operand is (K, rows) to cuBLASLt: the first one must be transposed, the second one not.
        const std::int32_t first = b_turned ? CUBLAS_OP_N : CUBLAS_OP_T, second = a_turned ? CUBLAS_OP_T : CUBLAS_OP_N;
        if (auto ok = set(CUBLASLT_MATMUL_DESC_TRANSA, first, "transpose of the first operand"); !ok) return ok;
        if (auto ok = set(CUBLASLT_MATMUL_DESC_TRANSB, second, "transpose of the second operand"); !ok) return ok;
        if (detail::is_fp8(a.type)) {
            const std::int8_t fast = !problem_.promoted;
            if (auto ok = set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, fast, "fast accumulation"); !ok) return ok;
            if (auto ok = give_scales(); !ok) return ok;
        }
        if (num_sms != 0) {
            const std::int32_t target = num_sms;
            if (auto ok = set(CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, target, "number of multiprocessors"); !ok)
                return ok;
        }
        if (auto ok = lay_out(first_layout_, detail::cublaslt_rows(b)); !ok) return ok;
        if (auto ok = lay_out(second_layout_, detail::cublaslt_rows(a)); !ok) return ok;
        return lay_out(result_layout_, problem_.d);
    }

    /// Its first operand is our B. Scales of rows are vectors for both operands; one for an operand is what it expects.
    result<void> give_scales() {
        const scale_argument &a = problem_.a.scales, &b = problem_.b.scales;
        if (a.kind != scale_kind::none && a.tile.mn == 1) {
            const std::int32_t vector = CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
            if (auto ok = set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, vector, "scales of rows"); !ok) return ok;
            if (auto ok = set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, vector, "scales of rows"); !ok) return ok;
        }
        if (b.kind != scale_kind::none) {
            if (auto ok = set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, b.data, "scales of the first operand"); !ok)
                return ok;
        }
        if (a.kind == scale_kind::none) return {};
        return set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, a.data, "scales of the second operand");
    }

    result<void> prefer(cublasLtMatmulPreferenceOpaque_t& to, std::size_t workspace_bytes) const {
        if (auto ok = detail::check_cublaslt("cublasLtMatmulPreferenceInit", cublasLtMatmulPreferenceInit(&to)); !ok)
            return ok;
        const auto set = [&to](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
            return detail::check_cublaslt("cublasLtMatmulPreferenceSetAttribute",
                                          cublasLtMatmulPreferenceSetAttribute(&to, attribute, &value, sizeof value));
        };
        const std::uint32_t sums = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
        const auto bytes = std::uint64_t(workspace_bytes);
        if (auto ok = set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes); !ok) return ok;
        if (auto ok = set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, sums); !ok) return ok;
        const std::uint32_t of_first = detail::alignment_of(problem_.b.matrix.data),
                            of_second = detail::alignment_of(problem_.a.matrix.data),
                            of_result = detail::alignment_of(problem_.d.data);
        if (auto ok = set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, of_first); !ok) return ok;
        if (auto ok = set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, of_second); !ok) return ok;
        if (auto ok = set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, of_result); !ok) return ok;
        return set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, of_result);
    }

    gemm_problem problem_;
    cublasLtMatmulDescOpaque_t description_{};
    cublasLtMatrixLayoutOpaque_t first_layout_{}, second_layout_{}, result_layout_{};
};

/// Optional arguments of a product by cuBLASLt; as gemm_options.
struct cublaslt_options {
    std::optional<input_matrix> c{};  ///< added to the product in FP32; may be D itself, else it is copied to D first
    void* stream = nullptr;           ///< a cudaStream_t
    /// FP8: tensor cores sum all of K, as gemm_options has it unless `promoted` is set. Else what they have summed is added up
    /// in FP32 now and then.
    bool fast_sums = false;
};

namespace detail {

/// Puts into D what a product adds to, which is also the result if K is 0: C, or zeros.
inline result<void> start_d(const gemm_problem& problem, cudaStream_t stream) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    const auto pitch = [](const auto& x) {
        return std::size_t(x.rows > 1 ? x.row_stride : x.columns) * std::size_t(size_of(x.type));
    };
    const std::size_t width = std::size_t(d.columns) * std::size_t(size_of(d.type)), height = std::size_t(d.rows);
    if (!c) return cuda::check("cudaMemset2DAsync", cudaMemset2DAsync(d.data, pitch(d), 0, width, height, stream));
    if (c->data == d.data) return {};
    return cuda::check("cudaMemcpy2DAsync", cudaMemcpy2DAsync(d.data, pitch(d), c->data, pitch(*c), width, height,
                                                              cudaMemcpyDeviceToDevice, stream));
}

/// Checks, asks cuBLASLt for its favourite algorithm and launches it.
inline result<void> run_cublaslt(const cublaslt& library, const gemm_problem& problem, void* in_stream) {
    if (auto ok = check_cublaslt_problem(problem); !ok) return ok;
    if (is_empty(problem)) return {};
    const auto device = cuda::current_device();
    if (!device) return device.failure();
    if (*device != library.device()) {
        return fail(errc::wrong_device, "the current device is ", *device,
                    "; this cuBLASLt handle was made for device ", library.device());
    }
    const auto stream = static_cast<cudaStream_t>(in_stream);
    if (problem.a.matrix.columns == 0) return start_d(problem, stream);
    const auto product = cublaslt_product::of(problem, library.knobs().num_sms);
    if (!product) return product.failure();
    cublasLtMatmulHeuristicResult_t favourite;
    if (auto found = product->suggest(library, {&favourite, 1}); !found) return found.failure();
    if (problem.c) {
        if (auto ok = start_d(problem, stream); !ok) return ok;
    }
    return product->launch(library, favourite.algo, in_stream);
}
inline result<void> run_cublaslt(const cublaslt& library, const scaled_matrix& a, const scaled_matrix& b,
                                 const output_matrix& d, const cublaslt_options& options) {
    const bool promoted = is_fp8(a.matrix.type) && is_fp8(b.matrix.type) && !options.fast_sums;
    return run_cublaslt(library, {.a = a, .b = b, .d = d, .c = options.c, .promoted = promoted}, options.stream);
}
inline result<void> run_cublaslt(const cublaslt& library, const input_matrix& a, const input_matrix& b,
                                 const output_matrix& d, const cublaslt_options& options) {
    return run_cublaslt(library, unscaled(a), unscaled(b), d, options);
}

}  // namespace detail

/// D(m,n) = [C(m,n) +] A(m,k) x B(n,k)^T. A and B are BF16, FP16 or TF32, each contiguous along either of its dimensions, or
/// FP8 contiguous along K, with any pitch of rows. D: FP32, or BF16 (with FP16 operands: FP16; with TF32 ones FP32 alone). Sums
/// are FP32, in an order that cuBLASLt chooses. Empty M or N: nothing happens; empty K: D becomes C or zero.
inline result<void> cublaslt_gemm_nt(const cublaslt& library, const input_matrix& a, const input_matrix& b,
                                     const output_matrix& d, const cublaslt_options& options = {}) {
    return detail::run_cublaslt(library, a, b, d, options);
}

/// As cublaslt_gemm_nt of FP8 with FP32 scales: D(m,n) = [C(m,n) +] sa(m) sb(n) A(m,k) x B(n,k)^T. A scale holds for all of K,
/// of a row of either operand, row after row in memory, or of all of its rows (per_row_scales(), per_tensor_scale()). An
/// operand may have none if the other one has no scales of rows.
inline result<void> cublaslt_fp8_gemm_nt(const cublaslt& library, const scaled_matrix& a, const scaled_matrix& b,
                                         const output_matrix& d, const cublaslt_options& options = {}) {
    if (auto ok = detail::check_types(detail::fp8_operands, a, b); !ok) return ok;
    return detail::run_cublaslt(library, a, b, d, options);
}

/// As cublaslt_gemm_nt, with A (m,k) and B (k,n). Errors call B N x K.
inline result<void> cublaslt_gemm_nn(const cublaslt& library, const input_matrix& a, const input_matrix& b,
                                     const output_matrix& d, const cublaslt_options& options = {}) {
    return detail::run_cublaslt(library, a, transposed(b), d, options);
}

/// As cublaslt_gemm_nt, with A (k,m) and B (k,n). Errors call A M x K and B N x K.
inline result<void> cublaslt_gemm_tn(const cublaslt& library, const input_matrix& a, const input_matrix& b,
                                     const output_matrix& d, const cublaslt_options& options = {}) {
    return detail::run_cublaslt(library, transposed(a), transposed(b), d, options);
}

/// As cublaslt_gemm_nt, with A (k,m) and B (n,k). Errors call A M x K.
inline result<void> cublaslt_gemm_tt(const cublaslt& library, const input_matrix& a, const input_matrix& b,
                                     const output_matrix& d, const cublaslt_options& options = {}) {
    return detail::run_cublaslt(library, transposed(a), b, d, options);
}

/// cuBLASLt as a choice, for gemm_choices::library: an engine then calls it for the products of ops/gemm/cublaslt_times.hpp,
/// and our kernels for all others. `library` must outlive what is made with the value, and its products share a workspace, so
/// that such an engine serves one stream at a time.
inline other_library<ops::gemm> cublaslt_choice(const cublaslt& library) {
    const auto launch = [](const void* of, const gemm_problem& problem, const launch_options& options) {
        return detail::run_cublaslt(*static_cast<const cublaslt*>(of), problem, options.stream);
    };
    const auto takes = [](const gemm_problem& problem) {
        // Scales at other addresses were not measured.
        const auto aligned = [](const scale_argument& x) { return reinterpret_cast<std::uintptr_t>(x.data) % 16 == 0; };
        return aligned(problem.a.scales) && aligned(problem.b.scales) && detail::check_cublaslt_problem(problem);
    };
    return {"cuBLASLt", measured_beside_cublaslt, {&library, launch}, takes};
}

}  // namespace deepgemm
