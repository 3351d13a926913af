// SPDX-License-Identifier: MIT
// Kernels that cast BF16 or FP32 matrices to FP8 with scales per token, per channel or per block, and write the scales
// straight into the layout a GEMM reads: any strides, floats or packed UE8M0. host/quantize.hpp is their reference, bit for bit.
// They are bound by memory; each element is read once and kept in registers until its scale is known. Runs on sm_89 and later.
#pragma once

#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>

namespace deepgemm::scale {

/// A matrix x (rows, columns), row-major, to cast to q of the same shape; pitches in elements.
struct cast_arguments {
    const void* x = nullptr;
    i64 x_pitch = 0;
    void* q = nullptr;
    i64 q_pitch = 0;
    i32 rows = 0, columns = 0;
    /// Word (i, j) at scales + i * scale_stride_i + j * scale_stride_j, strides in words. i counts rows or blocks of rows, j
    /// blocks of columns or columns; packed, the index along K counts words of four blocks.
    void* scales = nullptr;
    i64 scale_stride_i = 0, scale_stride_j = 1;
    /// Per block only: write a block's scale once for each of its rows; i then counts rows. What Blackwell's kernels read.
    bool repeat_rows = false;
};

namespace detail {

/// True if vectors of `Count` elements can be loaded and stored wherever a column index is a multiple of `Count`.
template <class X>
constexpr bool rows_aligned(const cast_arguments& args, i64 count) {
    const i64 vector = min(count * i64(sizeof(X)), i64(16));
    return u64(args.x) % u64(vector) == 0 && args.x_pitch * i64(sizeof(X)) % vector == 0 && u64(args.q) % u64(count) == 0 &&
           args.q_pitch % count == 0;
}

}  // namespace detail
