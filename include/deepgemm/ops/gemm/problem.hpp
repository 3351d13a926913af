// SPDX-License-Identifier: MIT
// A GEMM as its caller sees it, as a planner sees it, and the translation between them. rules.hpp checks it.
#pragma once

#include <optional>

#include <deepgemm/host/epilogue.hpp>
#include <deepgemm/host/hash.hpp>
#include <deepgemm/host/matrix.hpp>
#include <deepgemm/kernel/arguments.cuh>

namespace deepgemm {

/// D(m,n) = [C(m,n) +] sum over k of A(m,k) B(n,k), scales applied. FP8 scales cover 128 elements of K on both sides, or hold
/// for all of it on both sides, where one side or both may have none. With head splits, D has a gap in every head. An epilogue
/// changes the sums before C is added; with swiglu D has half as many columns as the product.
struct gemm_problem {
    scaled_matrix a{};                ///< (m, k)
    scaled_matrix b{};                ///< (n, k)
    output_matrix d{};                ///< (m, n), or (m, n + middle columns of all heads)
    std::optional<input_matrix> c{};  ///< as D, and of its type; may be D itself
    head_splits heads{};
    epilogue_argument epilogue{};
    ready_operands ready{};  ///< operands that need not wait for the stream's previous kernel, in dependent launches
    /// FP8 whose scales hold for all of K, or that has none: add the sums of each 128 elements of K in FP32, and do not leave
    /// the whole sum to the tensor core, which keeps about 14 bits. FP8 with scales of 128 elements of K always does; 16-bit
    /// operands never.
    bool promoted = false;
};

/// What a planner sees of a problem: extents, types and memory orders, but no pointers and no strides. Plans for equal
/// workloads are equal.
struct gemm_workload {
    problem_shape shape{};
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool accumulate = false;
    bool in_place = false;  ///< C is D itself
    head_splits heads{};
    epilogue_info epilogue{};
    bool promoted = false;  ///< as gemm_traits::promoted

    friend constexpr bool operator==(const gemm_workload& x, const gemm_workload& y) {
        return x.shape.m == y.shape.m && x.shape.n == y.shape.n && x.shape.k == y.shape.k && x.a == y.a && x.b == y.b &&
               x.d == y.d && x.accumulate == y.accumulate && x.in_place == y.in_place && x.heads == y.heads &&
               x.epilogue == y.epilogue && x.promoted == y.promoted;
    }
};

/// A hash of every member. So layers of one shape with other types, orders or epilogues have other hashes.
constexpr u64 hash_of(const gemm_workload& work) {
    u64 hash = 0;
    const auto add = [&hash](u64 value) { hash = hashed(hash, value); };
    const auto add_operand = [&add](const operand_info& x) {
        add(u64(x.type) | u64(x.format) << 8 | u64(x.contiguous) << 16 | u64(x.scales) << 24 |
            u64(u32(x.tile.mn)) << 32);
        add(u64(u32(x.tile.k)) | u64(x.gathered) << 32);
    };
    add(u64(u32(work.shape.m)) | u64(u32(work.shape.n)) << 32);
    add(u64(u32(work.shape.k)) | u64(work.d) << 32 | u64(work.accumulate) << 40 | u64(work.in_place) << 41);
    add_operand(work.a);
    add_operand(work.b);
    add(u64(u32(work.heads.left)) | u64(u32(work.heads.middle)) << 32);
    const epilogue_info& steps = work.epilogue;
    add(u64(u32(work.heads.right)) | u64(steps.alpha) << 32 | u64(steps.bias) << 33 | u64(steps.stochastic) << 34 |
        u64(steps.bias_type) << 40 | u64(steps.activation) << 48);
    add(u64(u32(steps.cast.columns)) | u64(steps.cast.scales) << 32 | u64(steps.cast.of_bf16) << 40 |
        u64(work.promoted) << 41);
    return hash;
}

/// The workload with A and B exchanged, as a kernel that swaps its operands sees it.
constexpr gemm_workload exchanged(gemm_workload work) {
    swap_values(work.shape.m, work.shape.n);
    swap_values(work.a, work.b);
    return work;
}

/// The workload of a valid problem.
constexpr gemm_workload workload_of(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    return {{i32(a.matrix.rows), i32(b.matrix.rows), i32(a.matrix.columns)},
            detail::operand_of(a),
            detail::operand_of(b),
            d.type,
            c.has_value(),
            c.has_value() && c->data == d.data,
            heads,
            epilogue.info(),
            promoted && scaled_at_end(detail::operand_of(a)) && scaled_at_end(detail::operand_of(b))};
}

/// True if the problem has nothing to compute and nothing to write: D has no rows or no columns.
constexpr bool is_empty(const gemm_problem& problem) {
    return problem.a.matrix.rows == 0 || problem.b.matrix.rows == 0;
}

/// What a kernel of a dense GEMM is launched with.
using dense_arguments = gemm_call<epilogue_values, no_arguments>;

/// The arguments of a kernel for a valid problem. Strides that do not matter become some that tensor maps accept.
constexpr dense_arguments arguments_of(const gemm_problem& problem) {
    const auto& [a, b, d, c, heads, epilogue, ready, promoted] = problem;
    // Without K any kernel may be chosen, even one for other types, scales and orders.
    const bool multiplies = a.matrix.columns != 0;
    const auto pitch = [](const auto& matrix) {  // from one contiguous row to the next
        const i64 per_line = 128 / i64(bits_of(matrix.type));
        return matrix.rows > 1 ? matrix.row_stride : align_up(max(matrix.columns, i64(1)), per_line);
    };
    const auto operand_pitch = [multiplies, pitch](const input_matrix& matrix) {
        return multiplies ? pitch(detail::contiguous_rows(matrix)) : align_up(matrix.rows, i64(128));
    };
    const auto stride_k = [multiplies](const scale_argument& scales, i64 mn) {
        const bool matters =
            multiplies && (contiguous_along(scales) == major::k || scales.tile.mn != 1 || scales.columns > 1);
        return matters ? scales.column_stride : align_up(mn, i64(4));
    };
    const auto stride_mn = [](const scale_argument& scales) {
        return scales.kind == scale_kind::none || scales.tile.mn == scale_tile::all ? 0 : scales.row_stride;
    };
    const auto operand = [&](const scaled_matrix& x, bool is_ready) -> operand_arguments {
        return {.data = x.matrix.data,
                .pitch = operand_pitch(x.matrix),
                .scales = {x.scales.kind == scale_kind::none ? nullptr : x.scales.data, stride_mn(x.scales),
                           stride_k(x.scales, x.matrix.rows)},
                .ready = is_ready};
    };
    dense_arguments arguments{};
    arguments.shape = workload_of(problem).shape;
    arguments.a = operand(a, ready.a);
    arguments.b = operand(b, ready.b);
    arguments.d = {d.data, pitch(d)};
    if (c) arguments.c = {c->data, pitch(*c)};
    arguments.epilogue = epilogue.values();
    return arguments;
}

}  // namespace deepgemm
