// SPDX-License-Identifier: MIT
// What a GEMM kernel is launched with, as plain values.
#pragma once

#include <deepgemm/core/shape.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Marks operands, with their scales, that the stream's previous kernel does not write, such as weights. A dependent launch
/// loads them without waiting for that kernel. The writes of older kernels are complete by then, because every kernel here lets
/// the next one start only after its own wait. A kernel of your own that triggers (cudaTriggerProgrammaticLaunchCompletion)
/// must do the same.
struct ready_operands {
    bool a = false, b = false;
};

/// The scales of an operand in memory: word (i, kw) is at data + i * stride_mn + kw * stride_k, where i counts tiles of rows. A
/// word is a float or four UE8M0 exponents. Strides are in words. Scales of single rows have one stride of 1; if that is
/// stride_mn, the other strides are multiples of 4. Those that hold for all of K are floats, at any stride_mn, 0 if all rows
/// share one; without data all of them are 1.
struct scale_arguments {
    const void* data = nullptr;
    i64 stride_mn = 1, stride_k = 0;
    i64 matrix_stride = 0;  ///< in a stack of matrices: from the scales of one to those of the next
    i32 words_k = 0;        ///< along K, of packed scales of groups; 0: as many as K has
};

/// Numbers of rows in device memory (host memory for the simulator).
struct row_list {
    const void* data = nullptr;  ///< i32, or i64 if `wide`
    i64 count = 0;
    bool wide = false;
    bool given = false;  ///< it is a list even without entries, which may lie nowhere

    /// True if there is a list at all.
    DEEPGEMM_BOTH constexpr bool any() const { return given || data != nullptr || count != 0; }
};

/// An operand in memory: M or N rows and K columns. The kernel's type determines along which of them it is contiguous. Lengths
/// are in elements.
struct operand_arguments {
    const void* data = nullptr;
    i64 pitch = 0;  ///< from row to row; or from one k to the next, if the operand is contiguous along M or N
    scale_arguments scales{};  ///< ignored if the kernel's operand has no scales
    i64 matrix_pitch = 0;      ///< in a stack of matrices: from one to the next, a multiple of 16 bytes
    bool ready = false;        ///< as in ready_operands
    row_list list{};           ///< for kernels that gather: row i of the product is row list[i] of the operand,
    i64 rows = 0;              ///< which has as many
};

/// A result in memory: M rows and N columns, contiguous along N. `Pointer` is void* for one that is written, const void* for
/// one that is only read. Lengths are in elements.
template <class Pointer>
struct result_arguments {
    Pointer data = nullptr;
    i64 pitch = 0;         ///< from row to row
    i64 matrix_pitch = 0;  ///< in a stack of matrices: from one to the next, a multiple of 16 bytes
    row_list list{};       ///< for kernels that scatter: row i of the product is row list[i] of the result,
    i64 rows = 0;          ///< which has as many
};

/// What a GEMM kernel is launched with. Pointers are to device memory, or to host memory for the simulator. Arguments that the
/// kernel does not use, such as scales of BF16 or C, are ignored.
struct gemm_arguments {
    problem_shape shape{};
    operand_arguments a{}, b{};         ///< (m, k) and (n, k)
    result_arguments<void*> d{};        ///< (m, n)
    result_arguments<const void*> c{};  ///< (m, n) of D's type; may be D itself
    i32 matrices = 1;                   ///< in each tensor that is a stack according to the kernel's schedule
};

/// The arguments of a part that needs nothing but gemm_arguments.
struct no_arguments {};

/// What one kernel is launched with: gemm_arguments, the arguments of its epilogue and those of its schedule. Operations hand
/// out epilogue_values in place of the former.
template <class OfEpilogue, class OfTiles>
struct gemm_call : gemm_arguments {
    OfEpilogue epilogue{};
    OfTiles tiles{};
};

/// The arguments of the same product with A and B exchanged. D is then the transposed result, at the same place in memory.
DEEPGEMM_BOTH constexpr gemm_arguments exchanged(gemm_arguments args) {
    swap_values(args.shape.m, args.shape.n);
    swap_values(args.a, args.b);
    return args;
}

}  // namespace deepgemm
