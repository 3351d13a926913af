// SPDX-License-Identifier: MIT
// What the host needs to know of an instantiated kernel, as plain values: which problems it takes and what it costs.
#pragma once

#include <deepgemm/kernel/config.cuh>
#include <deepgemm/kernel/launch_info.cuh>

namespace deepgemm {

/// How scales are stored: not at all, one float each, four UE8M0 exponents along K in a 32-bit word, or in a format of the
/// user's own, whose kernels no planner picks.
enum class scale_kind : u8 { none, fp32, ue8m0, custom };

/// The tile of an operand that one scale covers: rows (M or N) by K elements.
struct scale_tile {
    int mn = 1, k = 128;
    DEEPGEMM_BOTH friend constexpr bool operator==(const scale_tile&, const scale_tile&) = default;
};
template <>
struct fields_of<scale_tile> {
    static constexpr auto all = field_list{field{"mn", &scale_tile::mn}, field{"k", &scale_tile::k}};
};

/// Element type, scales and memory order of one operand. An operand without scales has format none and tile {}.
struct operand_info {
    dtype type = dtype::e4m3;
    scale_kind format = scale_kind::fp32;
    scale_tile tile{};
    major contiguous = major::k;
    major scales = major::mn;  ///< along which scales of single rows are contiguous
    DEEPGEMM_BOTH friend constexpr bool operator==(const operand_info&, const operand_info&) = default;
};

/// Columns of every head of D: `left` written, `middle` skipped, `right` written. All zero: no split.
struct head_splits {
    int left = 0, middle = 0, right = 0;
    DEEPGEMM_BOTH constexpr bool any() const { return (left | middle | right) != 0; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const head_splits&, const head_splits&) = default;
};

/// What the tiles of a schedule make up: one product (`none`), or several, by what makes a group of them. A schedule of the user's
/// own makes `custom` unless it says otherwise, and no planner picks its kernels.
enum class grouping : u8 {
    none,
    batched,  ///< products of one shape
    masked,   ///< each group has a slot of rows, of which the first count
    psum,     ///< groups of rows follow each other, and their ends are given
    indexed,  ///< groups of rows follow each other, and the group of each row is given
    along_k,  ///< groups follow each other along K
    k_parts,  ///< one product, whose K is cut into parts with a result each
    custom,
};

/// An instantiated GEMM kernel, described.
struct kernel_info {
    launch_info launch{};
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool accumulate = false;  ///< adds C, of D's type
    bool in_place = false;    ///< does so only where C is D itself
    head_splits heads{};
    bool custom_epilogue = false;  ///< has steps of the user's own; no planner picks it
    grouping groups = grouping::none;
    config cfg{};
};

/// True if two kernels compute the same of the same operands, as far as descriptions tell, whatever their configurations are.
DEEPGEMM_BOTH constexpr bool same_product(const kernel_info& x, const kernel_info& y) {
    return x.launch.arch == y.launch.arch && x.a == y.a && x.b == y.b && x.d == y.d && x.accumulate == y.accumulate &&
           x.heads == y.heads && x.groups == y.groups && x.custom_epilogue == y.custom_epilogue;
}

/// The description of a kernel whose A and B change places.
DEEPGEMM_BOTH constexpr kernel_info exchanged(kernel_info info) {
    const operand_info a = info.a;
    info.a = info.b;
    info.b = a;
    info.cfg = exchanged(info.cfg);
    return info;
}

/// Operands that, with their scales, the stream's previous kernel does not write: weights, say. A dependent launch loads them without
/// waiting for that kernel. What older kernels wrote is complete, since a kernel here lets the next one start only after its own wait;
/// a kernel of the caller's own that triggers (cudaTriggerProgrammaticLaunchCompletion) must do likewise.
struct ready_operands {
    bool a = false, b = false;
};

/// Pointers (device memory, or host memory for the simulator), extents and pitches of one product. Members that a kernel's
/// operands do not have (scales of BF16, say) are not looked at.
/// Pitches are in elements of the tensor; scale strides in words (a float, or four UE8M0 exponents).
struct gemm_arguments {
    problem_shape shape{};
    const void* a = nullptr;  ///< (m, k), contiguous along k or m as the kernel says
    i64 a_pitch = 0;          ///< from row to row, or from one k to the next where m is contiguous
    const void* b = nullptr;  ///< (n, k), contiguous along k or n as the kernel says
    i64 b_pitch = 0;          ///< likewise
    /// Scales of A. Word (row, kw) at row * sa_stride_m + kw * sa_stride_k; one stride is 1, and if it is that of rows, the other
    /// is TMA-aligned.
    const void* sa = nullptr;
    i64 sa_stride_k = 0, sa_stride_m = 1;
    /// Scales of B. Per token: as A's. Per block: word (n / 128, kw) at (n / 128) * sb_stride_n + kw * sb_stride_k.
    const void* sb = nullptr;
    i64 sb_stride_k = 0, sb_stride_n = 1;
    void* d = nullptr;  ///< (m, n), n contiguous
    i64 d_pitch = 0;
    const void* c = nullptr;  ///< (m, n) of D's type; may be D itself
    i64 c_pitch = 0;
    ready_operands ready{};
    /// Of tensors that the kernel's schedule says are stacks: how many matrices they have, and from one matrix to the next in
    /// elements, or in words of scales. Multiples of 16 bytes.
    i32 matrices = 1;
    i64 a_matrix_pitch = 0, b_matrix_pitch = 0, c_matrix_pitch = 0, d_matrix_pitch = 0;
    i64 sa_matrix_stride = 0, sb_matrix_stride = 0;
};

/// The same product with A and B exchanged: its D, as arguments go, is the transposed one, but still lies where D lies.
DEEPGEMM_BOTH constexpr gemm_arguments exchanged(gemm_arguments args) {
    const gemm_arguments of = args;
    args.shape = {of.shape.n, of.shape.m, of.shape.k};
    args.a = of.b;
    args.a_pitch = of.b_pitch;
    args.sa = of.sb;
    args.sa_stride_k = of.sb_stride_k;
    args.sa_stride_m = of.sb_stride_n;
    args.b = of.a;
    args.b_pitch = of.a_pitch;
    args.sb = of.sa;
    args.sb_stride_k = of.sa_stride_k;
    args.sb_stride_n = of.sa_stride_m;
    args.ready = {of.ready.b, of.ready.a};
    args.a_matrix_pitch = of.b_matrix_pitch;
    args.b_matrix_pitch = of.a_matrix_pitch;
    args.sa_matrix_stride = of.sb_matrix_stride;
    args.sb_matrix_stride = of.sa_matrix_stride;
    return args;
}

}  // namespace deepgemm
