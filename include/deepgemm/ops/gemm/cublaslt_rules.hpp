// SPDX-License-Identifier: MIT
// The rules of products by cuBLASLt, one check and one sentence each. They are not those of our kernels: TMA's do not apply,
// but FP8 has scales that hold for all of K, or none. Needs no CUDA; ops/gemm/cublaslt.hpp asks them.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/gemm/rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::detail {

/// The memory of a matrix (M or N, K), or of D or C: contiguous along one dimension, with whole elements. The rules of TMA do
/// not apply.
inline result<void> check_cublaslt_layout(const char* name, const char* inner, const input_matrix& given,
                                          const input_matrix& rows) {
    const i64 size = size_of(given.type);
    if (given.data == nullptr) return fail(errc::null_pointer, name, " has no data: its pointer is null");
    if (rows.columns > 1 && rows.column_stride != 1) {
        return fail(errc::bad_layout, name, " has row stride ", given.row_stride, " and column stride ",
                    given.column_stride, "; it must be contiguous along ", inner);
    }
    if (rows.rows > 1 && rows.row_stride < rows.columns) {
        return fail(errc::bad_layout, name, " has row stride ", given.row_stride, " and column stride ",
                    given.column_stride, "; the larger must be at least the ", rows.columns,
                    " elements of a contiguous line");
    }
    const auto past = reinterpret_cast<std::uintptr_t>(given.data) % std::uintptr_t(size);
    if (past != 0) {
        return fail(errc::misaligned, name, " starts ", past, " bytes past a multiple of its element's ", size);
    }
    return {};
}

/// An operand, or its transpose, so that rows are contiguous; FP8 as it is, since cuBLASLt multiplies it along K only.
inline input_matrix cublaslt_rows(const input_matrix& x) { return is_fp8(x.type) ? x : contiguous_rows(x); }

inline result<void> check_cublaslt_operand(const char* name, const char* rows_name, const input_matrix& matrix) {
    const std::string inner = is_fp8(matrix.type) ? std::string("K") : concat(rows_name, " or K");
    return check_cublaslt_layout(name, inner.c_str(), matrix, cublaslt_rows(matrix));
}

/// Checks the scales of both operands. cuBLASLt's scales of rows are two vectors, or none.
inline result<void> check_cublaslt_scales(const scaled_matrix& a, const scaled_matrix& b) {
    for (const auto& [name, rows_name, x] : {std::tuple{"A", "M", &a}, {"B", "N", &b}}) {
        const scale_argument& scales = x->scales;
        if (!is_fp8(x->matrix.type)) {
            if (auto ok = check_scales(name, rows_name, *x, false); !ok) return ok;
            continue;
        }
        if (!scaled_at_end(*x)) {
            return fail(errc::bad_scales, "a scale of ", name, " covers ", scales.tile.k,
                        " elements of K; cuBLASLt is asked for FP8 whose scales hold for all of K, or that has none");
        }
        if (auto ok = check_end_scales(name, rows_name, *x); !ok) return ok;
        if (scales.kind == scale_kind::none) continue;
        if (scales.data == nullptr)
            return fail(errc::null_pointer, "the scales of ", name, " have no data: their pointer is null");
        if (const auto past = reinterpret_cast<std::uintptr_t>(scales.data) % 4; past != 0) {
            return fail(errc::misaligned, "the scales of ", name, " start ", past,
                        " bytes past a multiple of 4; they are 4-byte words");
        }
        if (scales.rows > 1 && scales.row_stride != 1) {
            return fail(errc::bad_scales, "the scales of ", name, " have row stride ", scales.row_stride,
                        "; cuBLASLt takes those of rows one after another (row stride 1)");
        }
    }
    const auto by_row = [](const scale_argument& x) { return x.kind != scale_kind::none && x.tile.mn == 1; };
    const bool a_by_row = by_row(a.scales);
    if (a_by_row == by_row(b.scales)) return {};
    return fail(errc::bad_scales, a_by_row ? "A" : "B", " has a scale for each row and ", a_by_row ? "B" : "A",
                " one for all of them, or none; cuBLASLt takes one for each row of both, or of neither");
}

/// The rules of a product for cuBLASLt, in the order of validate().
inline result<void> check_cublaslt_problem(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    if (auto ok = check_sizes_and_types(problem); !ok) return ok;
    for (const auto& [name, type] : {std::pair{"A", a.matrix.type}, {"B", b.matrix.type}}) {
        if (is_fp4(type))
            return fail(errc::unsupported_type, name, " is ", type,
                        "; cuBLASLt is asked for e4m3, e5m2, bf16, f16 or tf32");
    }
    if (heads.any()) return fail(errc::bad_heads, "head splits are given; cuBLASLt writes D without holes");
    if (epilogue.info().any())
        return fail(errc::bad_option, "an epilogue is given; cuBLASLt is asked for the product alone");
    const dtype of = a.matrix.type, narrow = is_tf32(of) ? dtype::f32 : is_f16(of) ? dtype::f16 : dtype::bf16;
    if (d.type != dtype::f32 && d.type != narrow) {
        return fail(errc::unsupported_type, "D is ", d.type, " and A is ", of, "; cuBLASLt is asked for ",
                    is_tf32(of) ? "" : concat(name_of(narrow), " or "), "f32");
    }
    if (auto ok = check_shapes(problem); !ok) return ok;
    if (is_empty(problem)) return {};
    if (a.matrix.columns > 0) {
        if (auto ok = check_cublaslt_operand("A", "M", a.matrix); !ok) return ok;
        if (auto ok = check_cublaslt_operand("B", "N", b.matrix); !ok) return ok;
        if (auto ok = check_cublaslt_scales(a, b); !ok) return ok;
    }
    if (auto ok = check_cublaslt_layout("D", "N", d, d); !ok) return ok;
    if (c) {
        if (auto ok = check_cublaslt_layout("C", "N", *c, *c); !ok) return ok;
    }
    return check_aliasing(memory_of(problem));
}

}  // namespace deepgemm::detail
