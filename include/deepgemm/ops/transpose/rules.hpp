// SPDX-License-Identifier: MIT
// The rules that a caller of transpose can break, and the memory that a problem reads and writes.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/ops/transpose/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Checks the part of a problem that a workload holds.
inline result<void> validate(const transpose_workload& work) {
    if (auto ok = detail::check_size("X", work.rows, work.columns); !ok) return ok;
    if (auto ok = check_extent("the number of matrices", work.matrices); !ok) return ok;
    if (detail::is_fp8(work.type)) return {};
    return fail(errc::unsupported_type, "X is ", work.type, "; transpose takes e4m3 or e5m2");
}

namespace detail {

/// Checks that rows of a matrix, and the matrices of its stack, start at multiples of the 16 bytes that a thread moves.
inline result<void> check_transposable(const char* name, const input_stack& stack) {
    const input_matrix& first = stack.first;
    if (auto ok = check_contiguous(name, "its columns", first); !ok) return ok;
    if (auto ok = check_row_stride(name, first, as_rows); !ok) return ok;
    if (first.rows > 1 && first.row_stride % 16 != 0) {
        return fail(errc::misaligned, name, " has row stride ", first.row_stride,
                    "; threads move 16 bytes, so it must be a multiple of 16");
    }
    if (stack.count > 1 && stack.matrix_stride % 16 != 0) {
        return fail(errc::misaligned, name, " has matrix stride ", stack.matrix_stride,
                    "; threads move 16 bytes, so it must be a multiple of 16");
    }
    return check_distance(name, first, stack.count, stack.matrix_stride);
}

/// Checks a problem against the rules of the operation, but not those for memory. Sizes, types and shapes are checked first; if
/// there is nothing to transpose, that is all.
inline result<void> check_transpose(const transpose_problem& problem) {
    const auto& [x, y] = problem;
    if (auto ok = check_size("X", x.first.rows, x.first.columns); !ok) return ok;
    if (auto ok = check_extent("the number of matrices", x.count); !ok) return ok;
    const transpose_workload work = workload_of(problem);
    if (auto ok = validate(work); !ok) return ok;
    if (y.first.type != x.first.type) {
        return fail(errc::unsupported_type, "X is ", x.first.type, " and Y is ", y.first.type,
                    "; they must be of one type");
    }
    if (y.first.rows != x.first.columns || y.first.columns != x.first.rows || y.count != x.count) {
        return fail(errc::shape_mismatch, "Y is ", y.count, " of ", y.first.rows, " x ", y.first.columns,
                    "; it must be ", x.count, " of ", x.first.columns, " x ", x.first.rows);
    }
    if (is_empty(work)) return {};
    if (auto ok = check_transposable("X", x); !ok) return ok;
    return check_transposable("Y", y);
}

/// The memory of a stack, of which threads move 16 bytes at a time.
inline memory_use moved_memory(const char* name, const input_stack& stack) {
    memory_use made = memory_of(name, stack.first, stack.count, stack.matrix_stride);
    made.aligned_for = "threads move 16 bytes";
    return made;
}

}  // namespace detail

/// The memory that a problem reads and writes.
inline auto memory_of(const transpose_problem& problem) {
    // This names every member, so a new member makes it fail to compile: add it to the list of what is read or written.
    const auto& [x, y] = problem;
    memory_list<2> list;
    list.add(written(detail::moved_memory("Y", y)));
    list.add(detail::moved_memory("X", x));
    return list;
}

}  // namespace deepgemm
