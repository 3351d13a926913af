// SPDX-License-Identifier: MIT
// A HyperConnection prenorm as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks it.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/host/stack.hpp>
#include <deepgemm/kernel/hc_prenorm_info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// D(m,n) = sum over k of A(m,k) tf32(B(n,k)), and q(m) = sum over k of A(m,k)^2, both in FP32. With more than one matrix of D
/// the sums are left in as many parts, each over a range of K of its own: K is cut into blocks of 64, and the first parts have
/// one more where they do not come out even. A part without blocks is zero.
struct hc_prenorm_problem {
    input_matrix a{};   ///< (m, k) BF16, contiguous along K
    input_matrix b{};   ///< (n, k) FP32, contiguous along K; rounded to TF32, to nearest, as it is loaded
    output_stack d{};   ///< of matrices (m, n) FP32, contiguous along N: one for each part
    output_matrix q{};  ///< (parts, m) FP32, contiguous along M
};

/// What a planner sees of a prenorm.
struct hc_prenorm_workload {
    problem_shape shape{};
    i32 parts = 1;  ///< in which the sums over K are left

    friend constexpr bool operator==(const hc_prenorm_workload& x, const hc_prenorm_workload& y) {
        return x.shape.m == y.shape.m && x.shape.n == y.shape.n && x.shape.k == y.shape.k && x.parts == y.parts;
    }
};

/// A hash of every member.
constexpr u64 hash_of(const hc_prenorm_workload& work) {
    const u64 rows = hashed(0, u64(u32(work.shape.m)) | u64(u32(work.shape.n)) << 32);
    return hashed(rows, u64(u32(work.shape.k)) | u64(u32(work.parts)) << 32);
}

/// The workload of a valid problem. A template, so that workload_of({...}) is a dense problem's and not ambiguous.
constexpr hc_prenorm_workload workload_of(const same_as<hc_prenorm_problem> auto& problem) {
    return {{i32(problem.a.rows), i32(problem.b.rows), i32(problem.a.columns)}, i32(problem.d.count)};
}

/// True if there is nothing to compute and nothing to write: A has no rows.
constexpr bool is_empty(const hc_prenorm_workload& work) { return work.shape.m == 0; }

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept. A template
/// for the same reason as workload_of().
constexpr hc_prenorm_arguments arguments_of(const same_as<hc_prenorm_problem> auto& problem) {
    const auto& [a, b, d, q] = problem;
    const hc_prenorm_workload work = workload_of(problem);
    const auto pitch = [](const input_matrix& x) {
        return x.rows > 1 ? x.row_stride : align_up(max(x.columns, i64(1)), 16 / i64(size_of(x.type)));
    };
    return {.shape = work.shape,
            .a = a.data,
            .a_pitch = pitch(a),
            .b = static_cast<const float*>(b.data),
            .b_pitch = pitch(b),
            .d = static_cast<float*>(d.first.data),
            .d_pitch = d.first.row_stride,
            .d_part_pitch = d.matrix_stride,
            .squares = static_cast<float*>(q.data),
            .squares_pitch = q.row_stride,
            .parts = work.parts};
}

}  // namespace deepgemm
