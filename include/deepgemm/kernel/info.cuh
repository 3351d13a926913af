// SPDX-License-Identifier: MIT
// What the host knows of a GEMM kernel, as plain values: which problems it takes, and what it is launched with.
#pragma once

#include <deepgemm/kernel/config.cuh>
#include <deepgemm/kernel/launch_info.cuh>

namespace deepgemm {

/// How scales are stored: not at all; one float each; four UE8M0 exponents along K in a 32-bit word; or in a user's own format,
/// whose kernels no planner picks.
enum class scale_kind : u8 { none, fp32, ue8m0, custom };

/// The tile of an operand that one scale covers: `mn` rows (of M or N) by `k` elements of K. `all` stands for a whole
/// dimension.
struct scale_tile {
    static constexpr int all = 0;
    int mn = 1, k = 128;
    DEEPGEMM_BOTH friend constexpr bool operator==(const scale_tile&, const scale_tile&) = default;
};
template <>
struct fields_of<scale_tile> {
    static constexpr auto all = field_list{field{"mn", &scale_tile::mn}, field{"k", &scale_tile::k}};
};

/// Elements of K that one word of scales covers.
DEEPGEMM_BOTH constexpr i64 k_per_word(scale_kind kind, scale_tile tile) {
    return kind == scale_kind::ue8m0 ? 4 * tile.k : tile.k;
}

/// Element type, scales and memory order of one operand. Without scales, `format` is none and `tile` is {}.
struct operand_info {
    dtype type = dtype::e4m3;
    scale_kind format = scale_kind::fp32;
    scale_tile tile{};
    major contiguous = major::k;
    major scales = major::mn;  ///< the dimension along which scales of single rows are contiguous
    DEEPGEMM_BOTH friend constexpr bool operator==(const operand_info&, const operand_info&) = default;
};

/// Columns of every head of D: `left` written, `middle` skipped, `right` written. All zero: no split.
struct head_splits {
    int left = 0, middle = 0, right = 0;
    DEEPGEMM_BOTH constexpr bool any() const { return (left | middle | right) != 0; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const head_splits&, const head_splits&) = default;
};

/// What the tiles of a schedule make up: one product (`none`), or several, named by what makes a group. A user's own schedule
/// is `custom` unless it says otherwise, and no planner picks its kernels.
enum class grouping : u8 {
    none,
    batched,  ///< products of one shape
    masked,   ///< each group has a slot of rows, of which the first are used
    psum,     ///< groups of rows follow each other, and their ends are given
    indexed,  ///< groups of rows follow each other, and the group of each row is given
    along_k,  ///< groups follow each other along K
    k_parts,  ///< one product, whose K is cut into parts with a result each
    custom,
};

namespace ops {
struct gemm;
struct grouped_gemm;
}  // namespace ops

/// The host's operation (host/operation.hpp) that plans kernels of grouping `Groups`; void if none does. The operations are
/// incomplete types here, and only the host defines them.
template <grouping Groups>
struct operation_of_grouping {
    using type = void;
};
template <>
struct operation_of_grouping<grouping::none> {
    using type = ops::gemm;
};
template <>
struct operation_of_grouping<grouping::custom> {
    using type = ops::gemm;
};
template <>
struct operation_of_grouping<grouping::masked> {
    using type = ops::grouped_gemm;
};

/// What a GEMM kernel computes, and of which operands. Kernels with equal traits can replace each other.
struct gemm_traits {
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool accumulate = false;  ///< adds C, of D's type
    bool in_place = false;    ///< adds C only if C is D itself
    head_splits heads{};
    bool custom_epilogue = false;  ///< has steps that a user wrote; no planner picks it
    grouping groups = grouping::none;
    DEEPGEMM_BOTH friend constexpr bool operator==(const gemm_traits&, const gemm_traits&) = default;
};

/// The traits of the kernel with A and B exchanged.
DEEPGEMM_BOTH constexpr gemm_traits exchanged(gemm_traits traits) {
    swap_values(traits.a, traits.b);
    return traits;
}

/// The description of an instantiated kernel: how it is launched, what it computes and how it is configured. `Traits` and
/// `Config` are those of its operation.
template <class Traits, class Config>
struct kernel_info {
    launch_info launch{};
    Traits traits{};
    Config cfg{};
};

/// The description of a GEMM kernel.
using gemm_info = kernel_info<gemm_traits, config>;

/// The description of the kernel with A and B exchanged.
DEEPGEMM_BOTH constexpr gemm_info exchanged(const gemm_info& info) {
    return {info.launch, exchanged(info.traits), exchanged(info.cfg)};
}

/// Operands that the stream's previous kernel does not write, weights say; their scales included. A dependent launch loads them
/// without waiting for that kernel. What older kernels wrote is complete, because every kernel here lets the next one start
/// only after its own wait. A kernel of your own that triggers (cudaTriggerProgrammaticLaunchCompletion) must do the same.
struct ready_operands {
    bool a = false, b = false;
};

/// The scales of an operand in memory: word (i, kw) is at data + i * stride_mn + kw * stride_k, where i counts tiles of rows. A
/// word is a float or four UE8M0 exponents. Strides are in words. Scales of single rows have one stride of 1; if that is
/// stride_mn, the other strides are multiples of 4.
struct scale_arguments {
    const void* data = nullptr;
    i64 stride_mn = 1, stride_k = 0;
    i64 matrix_stride = 0;  ///< in a stack of matrices: from the scales of one to those of the next
};

/// An operand in memory: M or N rows and K columns, contiguous along one of them as the kernel says. Lengths are in elements.
struct operand_arguments {
    const void* data = nullptr;
    i64 pitch = 0;  ///< from row to row; or from one k to the next, if the operand is contiguous along M or N
    scale_arguments scales{};  ///< ignored if the kernel's operand has no scales
    i64 matrix_pitch = 0;      ///< in a stack of matrices: from one to the next, a multiple of 16 bytes
    bool ready = false;        ///< as in ready_operands
};

/// A result in memory: M rows and N columns, contiguous along N. `Pointer` is void* for one that is written, const void* for
/// one that is only read. Lengths are in elements.
template <class Pointer>
struct result_arguments {
    Pointer data = nullptr;
    i64 pitch = 0;         ///< from row to row
    i64 matrix_pitch = 0;  ///< in a stack of matrices: from one to the next, a multiple of 16 bytes
};

/// What a GEMM kernel is launched with. Pointers are to device memory, or to host memory for the simulator. Arguments that the
/// kernel has no use for (scales of BF16, C) are ignored.
struct gemm_arguments {
    problem_shape shape{};
    operand_arguments a{}, b{};         ///< (m, k) and (n, k)
    result_arguments<void*> d{};        ///< (m, n)
    result_arguments<const void*> c{};  ///< (m, n) of D's type; may be D itself
    i32 matrices = 1;                   ///< in each tensor that is a stack according to the kernel's schedule
};

/// The arguments of a part that needs nothing but gemm_arguments.
struct no_arguments {};

/// What one kernel is launched with: gemm_arguments, the arguments of its epilogue and those of its schedule.
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
