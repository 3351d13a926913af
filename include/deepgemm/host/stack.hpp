// SPDX-License-Identifier: MIT
// Stacks, that is, matrices of one shape at equal distances in memory, as callers of grouped and batched operations give them,
// and the rules for these distances. The rules for one matrix are in matrix_rules.hpp.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/matrix_rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// `count` matrices like `first`, each `matrix_stride` elements after the one before. With one matrix the stride does not
/// matter.
template <class Pointer>
struct stack_argument {
    matrix_argument<Pointer> first{};
    i64 count = 0;
    i64 matrix_stride = 0;

    /// A stack that may be written may also be read. A template, as in matrix_argument.
    template <class Read>
        requires(same_as<Read, const void*> && !same_as<Pointer, Read>)
    operator stack_argument<Read>() const { return {first, count, matrix_stride}; }
};
/// A stack that is only read.
using input_stack = stack_argument<const void*>;
/// A stack that is written.
using output_stack = stack_argument<void*>;

/// A stack of operands with their scales. `scale_stride` is the distance between the scales of two matrices, in words.
struct scaled_stack {
    scaled_matrix first{};
    i64 count = 0;
    i64 matrix_stride = 0, scale_stride = 0;
};

/// A stack of operands without scales. A template, so that unscaled({...}) is a matrix and not ambiguous.
constexpr scaled_stack unscaled(const same_as<input_stack> auto& stack) {
    return {unscaled(stack.first), stack.count, stack.matrix_stride, 0};
}

namespace detail {

/// A number of elements as 64 bits hold it, or the largest that they do; rules refuse distances that large.
constexpr i64 held(wide elements) {
    constexpr i64 most = 0x7fffffffffffffff;
    return elements < most ? i64(elements) : most;
}
/// A number of bytes as 64 bits hold it. No memory has as many as the largest.
constexpr u64 held_bytes(wide bytes) {
    constexpr wide most = ~u64(0);
    return u64(min(bytes, most));
}
/// Elements from the start of rows and columns, with their strides, to the start of as many more.
constexpr i64 distance(i64 rows, i64 row_stride, i64 columns, i64 column_stride) {
    return held(max(wide(rows) * row_stride, wide(columns) * column_stride));
}

}  // namespace detail

/// `count` matrices like `first`, one right after the other; rows keep their padding.
template <class Pointer>
constexpr stack_argument<Pointer> dense_stack(const matrix_argument<Pointer>& first, i64 count) {
    return {first, count, detail::distance(first.rows, first.row_stride, first.columns, first.column_stride)};
}
/// The same for an operand with its scales.
constexpr scaled_stack dense_stack(const scaled_matrix& first, i64 count) {
    const auto& [matrix, scales] = first;
    return {first, count, dense_stack(matrix, count).matrix_stride,
            detail::distance(scales.rows, scales.row_stride, scales.columns, scales.column_stride)};
}

namespace detail {

/// Checks that the matrices of a stack lie apart: one after the other, or interleaved row by row.
inline result<void> check_distance(const char* name, const input_matrix& one, i64 count, i64 stride) {
    const input_matrix rows = contiguous_rows(one);
    if (count < 2 || rows.rows == 0 || rows.columns == 0) return {};
    const wide length = wide(rows.rows - 1) * rows.row_stride + rows.columns;
    const bool behind = stride >= length,
               among = stride >= rows.columns && wide(count - 1) * stride + rows.columns <= rows.row_stride;
    if (behind || among || (rows.rows == 1 && stride >= rows.columns)) return {};
    const wide room = rows.row_stride - wide(rows.columns), largest = room / (count - 1);
    const bool fits = rows.rows > 1 && largest >= rows.columns;
    return fail(errc::bad_layout, name, " has matrix stride ", stride, "; its ", count,
                " matrices must lie apart, which takes at least ", held(length), " elements",
                fits ? concat(", or, with rows among each other, from ", rows.columns, " to ", i64(largest)) : "");
}

/// The same for matrices that TMA reads or writes: they must start at multiples of 16 bytes if the first one does.
inline result<void> check_stack(const char* name, const input_matrix& one, i64 count, i64 stride) {
    if (auto ok = check_distance(name, one, count, stride); !ok) return ok;
    if (count < 2 || one.rows == 0 || one.columns == 0) return {};
    const i64 size = size_of(one.type);
    const auto bad_stride = [&](errc code, const auto&... allowed) {
        return fail(code, name, " has matrix stride ", stride, "; ", allowed...);
    };
    if (stride % (16 / size) != 0) {
        return bad_stride(errc::misaligned, "TMA needs a multiple of 16 bytes, that is ", 16 / size, " elements of ",
                          one.type);
    }
    if (stride >= (i64(1) << 40) / size) return bad_stride(errc::bad_layout, "TMA takes less than 2^40 bytes");
    return {};
}

/// True if kernels must read the scales of a stack of operands A word by word. A single column of scales counts as MN-major if
/// TMA can load it; but it cannot if those of the next matrix are no multiple of 16 bytes behind, and K-major kernels take a
/// column as well.
constexpr bool reads_a_scales_by_word(const scaled_stack& a) {
    const scale_argument& scales = a.first.scales;
    if (scales.kind == scale_kind::none) return false;
    if (scales.tile.mn != 1 || scales.tile.all_of_k()) return scales.tile.all_of_k();
    return contiguous_along(scales) == major::k || (scales.columns == 1 && a.count > 1 && a.scale_stride % 4 != 0);
}

/// Checks the distance between the scales of two matrices of a stack. Scales that are read word by word may be at any distance.
inline result<void> check_scale_stack(const char* name, const scaled_stack& stack, bool is_b) {
    const scale_argument& scales = stack.first.scales;
    if (stack.count < 2 || scales.kind == scale_kind::none || scales.rows == 0 || scales.columns == 0) return {};
    const i64 stride = stack.scale_stride;
    const auto bad_stride = [&](const auto&... allowed) {
        return fail(errc::bad_scales, "the scales of ", name, " have matrix stride ", stride, "; ", allowed...);
    };
    if (stride < 0) return bad_stride("it must not be negative");
    if (is_b ? reads_by_word(scales, true) : reads_a_scales_by_word(stack)) return {};
    if (stride % 4 != 0 || stride >= i64(1) << 38)
        return bad_stride("TMA needs a multiple of 4 words, less than 2^38 of them");
    return {};
}

/// Checks how the matrices of both operands of a batch, or of groups, lie, and then their scales.
inline result<void> check_operand_stacks(const scaled_stack& a, const scaled_stack& b) {
    if (auto ok = check_stack("A", a.first.matrix, a.count, a.matrix_stride); !ok) return ok;
    if (auto ok = check_stack("B", b.first.matrix, b.count, b.matrix_stride); !ok) return ok;
    if (auto ok = check_scale_stack("A", a, false); !ok) return ok;
    return check_scale_stack("B", b, true);
}

}  // namespace detail

/// The memory of a stack of matrices that TMA reads.
template <class Pointer>
memory_use memory_of(const char* name, const matrix_argument<Pointer>& first, i64 count, i64 stride) {
    memory_use use = memory_of(name, first);
    use.steps[2] = {count, stride * use.width};
    return use;
}

/// The memory of the scales of a stack.
inline memory_use memory_of(const char* name, const scaled_stack& stack, bool by_word) {
    memory_use use = memory_of(name, stack.first.scales, by_word);
    if (use.any()) use.steps[2] = {stack.count, detail::wide(4) * stack.scale_stride};
    return use;
}

}  // namespace deepgemm
