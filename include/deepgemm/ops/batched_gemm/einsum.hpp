// SPDX-License-Identifier: MIT
// Einsums of three-dimensional tensors as batches: they name the axes of a call and build strides, and nothing else. h counts
// heads, b tokens, r and d the elements of a token; capital letters in errors are those of ops/batched_gemm/batched_gemm.hpp.
#pragma once

#include <deepgemm/ops/batched_gemm/batched_gemm.hpp>

namespace deepgemm {

/// A tensor of three dimensions in device memory (host memory for the simulator): element (i, j, k) is at i * stride[0] + j *
/// stride[1] + k * stride[2], strides in elements.
template <class Pointer>
struct tensor_argument {
    Pointer data = nullptr;
    dtype type = dtype::bf16;
    i64 extent[3] = {0, 0, 0};
    i64 stride[3] = {0, 0, 1};

    /// A tensor that may be written may also be read. A template, as in matrix_argument.
    template <class Read>
        requires(same_as<Read, const void*> && !same_as<Pointer, Read>)
    operator tensor_argument<Read>() const {
        return {data, type, {extent[0], extent[1], extent[2]}, {stride[0], stride[1], stride[2]}};
    }
};
/// A tensor that is only read.
using input_tensor = tensor_argument<const void*>;
/// A tensor that is written.
using output_tensor = tensor_argument<void*>;

namespace detail {
/// A tensor (x, y, z) in that order. A stride that 64 bits do not hold is the largest that they do, which no rule allows.
template <class Pointer>
constexpr tensor_argument<Pointer> dense_tensor_of(Pointer data, dtype type, i64 x, i64 y, i64 z, i64 pitch) {
    const i64 row = pitch == 0 ? z : pitch;
    return {data, type, {x, y, z}, {held(wide(y) * row), row, 1}};
}
}  // namespace detail

/// A tensor (x, y, z) of `T` in that order, whose rows of z elements are `pitch` elements apart (0: no padding).
template <class T>
constexpr input_tensor dense_tensor(const T* data, i64 x, i64 y, i64 z, i64 pitch = 0) {
    return detail::dense_tensor_of<const void*>(data, dtype_of<T>, x, y, z, pitch);
}
/// The same, to be written.
template <class T>
    requires(!is_same_v<T, const T>)
constexpr output_tensor dense_tensor(T* data, i64 x, i64 y, i64 z, i64 pitch = 0) {
    return detail::dense_tensor_of<void*>(data, dtype_of<T>, x, y, z, pitch);
}

/// The scales of an FP8 tensor, in 32-bit words and in the order of its axes: word (i, j, k) is at i * stride[0] + j *
/// stride[1] + k * stride[2]. How many elements of each axis a word covers is for each function to say.
struct tensor_scales {
    const void* data = nullptr;
    scale_kind kind = scale_kind::fp32;
    i64 stride[3] = {0, 0, 1};
};

namespace detail {

/// The matrices of a tensor: one for each element of axis `of`, whose rows are axis `rows` and whose columns axis `columns`.
template <class Pointer>
constexpr stack_argument<Pointer> matrices_of(const tensor_argument<Pointer>& x, int of, int rows, int columns) {
    return {{x.data, x.type, x.extent[rows], x.extent[columns], x.stride[rows], x.stride[columns]},
            x.extent[of],
            x.stride[of]};
}

/// The same of a tensor with scales that each cover `tile`.
constexpr scaled_stack matrices_of(const input_tensor& x, const tensor_scales& scales, scale_tile tile, int of,
                                   int rows, int columns) {
    const input_stack plain = matrices_of(x, of, rows, columns);
    const scale_argument words{scales.data,
                               scales.kind,
                               tile,
                               ceil_div(max(x.extent[rows], i64(0)), i64(tile.mn)),
                               ceil_div(max(x.extent[columns], i64(0)), i64(k_per_word(scales.kind, tile))),
                               scales.stride[rows],
                               scales.stride[columns]};
    return {{plain.first, words}, plain.count, plain.matrix_stride, scales.stride[of]};
}

}  // namespace detail

/// D(b,h,d) = sum over r of A(b,h,r) B(h,d,r), all BF16, summed in FP32; D may be FP32, too. Each tensor is contiguous along
/// its last axis; all other strides are free, multiples of 8 elements, so B may be a slice of a wider tensor.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_einsum_bhr_hdr_bhd(const Engine& engine, const input_tensor& a, const input_tensor& b,
                                     const output_tensor& d, const batched_options& options = {}) {
    return bf16_batched_gemm_nt(engine, detail::matrices_of(a, 1, 0, 2), detail::matrices_of(b, 0, 1, 2),
                                detail::matrices_of(d, 1, 0, 2), options);
}

/// D(b,h,r) = sum over d of A(b,h,d) B(h,d,r), as bf16_einsum_bhr_hdr_bhd.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_einsum_bhd_hdr_bhr(const Engine& engine, const input_tensor& a, const input_tensor& b,
                                     const output_tensor& d, const batched_options& options = {}) {
    return bf16_batched_gemm_nn(engine, detail::matrices_of(a, 1, 0, 2), detail::matrices_of(b, 0, 1, 2),
                                detail::matrices_of(d, 1, 0, 2), options);
}

/// D(h,d,r) = [D(h,d,r) +] sum over b of A(b,h,d) B(b,h,r), the gradient of the weights B above, as bf16_einsum_bhr_hdr_bhd. It
/// adds to an FP32 D if options.accumulate.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_einsum_bhd_bhr_hdr(const Engine& engine, const input_tensor& a, const input_tensor& b,
                                     const output_tensor& d, const batched_options& options = {}) {
    return bf16_batched_gemm_tn(engine, detail::matrices_of(a, 1, 0, 2), detail::matrices_of(b, 1, 0, 2),
                                detail::matrices_of(d, 0, 1, 2), options);
}

/// D(m,n) = [D(m,n) +] sum over b and k of A(b,m,k) B(b,n,k), both BF16 and contiguous along k, summed in FP32. D: BF16 or
/// FP32; it adds to an FP32 D if options.accumulate. Other strides are free, multiples of 8 elements. CTAs share the K of all
/// matrices and add up their parts in `workspace`, in an order that depends on shapes, multiprocessors and its size alone: so
/// bits do not change from run to run. batch_sum_workspace_bytes() says how large it should be; with less down to
/// least_sum_bytes() fewer multiprocessors work. Its first 128 bytes must be zeros before the first call that uses it, and each
/// call leaves zeros there; two streams need two. Empty b or k: D becomes zero, or stays as it is if it accumulates.
template <engine_for<ops::batched_gemm> Engine>
result<void> bf16_einsum_bmk_bnk_mn(const Engine& engine, const input_tensor& a, const input_tensor& b,
                                    const output_matrix& d, const workspace_memory& workspace,
                                    const batched_options& options = {}) {
    const batched_problem problem{.a = unscaled(detail::matrices_of(a, 0, 1, 2)),
                                  .b = unscaled(detail::matrices_of(b, 0, 1, 2)),
                                  .d = {d, 1, 0},
                                  .accumulate = options.accumulate,
                                  .sum = true,
                                  .workspace = workspace,
                                  .ready = options.ready};
    if (auto ok = detail::check_types(detail::bf16_operands, problem.a.first, problem.b.first); !ok) return ok;
    return detail::run_batch(engine, problem, options);
}

/// D(b,h,d) = sum over r of A(b,h,r) B(h,d,r), A and B FP8, D BF16. `sa` (b, h, r / 128) has a word for each token, head and
/// 128 elements of r; `sb` (h, d / 128, r / 128) one for each head and block of 128 x 128. Quotients are rounded up. Kernels of
/// your own may take UE8M0, a word for each 512. Each tensor is contiguous along its last axis, and all other strides of
/// elements are free multiples of 16. Those of `sb` are free; `sa` is contiguous along its last axis, with free strides
/// otherwise, or along b, with strides that are multiples of 4.
template <engine_for<ops::batched_gemm> Engine>
result<void> fp8_einsum_bhr_hdr_bhd(const Engine& engine, const input_tensor& a, const tensor_scales& sa,
                                    const input_tensor& b, const tensor_scales& sb, const output_tensor& d,
                                    const batched_options& options = {}) {
    return fp8_batched_gemm_nt(engine, detail::matrices_of(a, sa, {1, 128}, 1, 0, 2),
                               detail::matrices_of(b, sb, {128, 128}, 0, 1, 2), detail::matrices_of(d, 1, 0, 2),
                               options);
}

/// Bytes of options.workspace for fp8_einsum_bhd_hdr_bhr() with this B (h,d,r); 0 if it is contiguous along d.
constexpr u64 fp8_einsum_bhd_hdr_bhr_workspace_bytes(const input_tensor& b) {
    return fp8_batched_gemm_workspace_bytes({}, unscaled(detail::matrices_of(b, 0, 2, 1)));
}

/// D(b,h,r) = sum over d of A(b,h,d) B(h,d,r) in FP8, scaled as fp8_einsum_bhr_hdr_bhd: `sa` (b, h, d / 128), `sb` (h, d / 128,
/// r / 128). A is contiguous along d. B may be contiguous along d, or along r, as weights for fp8_einsum_bhr_hdr_bhd are.
/// Hopper multiplies FP8 only along the axis that is summed over, so such a B is transposed into options.workspace, at a
/// multiple of 16 bytes, before; the engine must serve ops::transpose, too. For up to 128 tokens whose scales `sa` are
/// contiguous along their last axis it is transposed on the way instead, and no workspace is used. All other strides of
/// elements are free multiples of 16.
template <engine_for<ops::batched_gemm> Engine>
result<void> fp8_einsum_bhd_hdr_bhr(const Engine& engine, const input_tensor& a, const tensor_scales& sa,
                                    const input_tensor& b, const tensor_scales& sb, const output_tensor& d,
                                    const batched_options& options = {}) {
    return fp8_batched_gemm_nt(engine, detail::matrices_of(a, sa, {1, 128}, 1, 0, 2),
                               detail::matrices_of(b, sb, {128, 128}, 0, 2, 1), detail::matrices_of(d, 1, 0, 2),
                               options);
}

/// Bytes of options.workspace for fp8_einsum_bhd_bhr_hdr() with this A (b,h,d) and B (b,h,r): those of each that is not
/// contiguous along b.
constexpr u64 fp8_einsum_bhd_bhr_hdr_workspace_bytes(const input_tensor& a, const input_tensor& b) {
    return fp8_batched_gemm_workspace_bytes(unscaled(detail::matrices_of(a, 1, 2, 0)),
                                            unscaled(detail::matrices_of(b, 1, 2, 0)));
}

/// D(h,d,r) = [D(h,d,r) +] sum over b of A(b,h,d) B(b,h,r) in FP8, the gradient of weights. `sa` (b / 128, h, d) and `sb` (b /
/// 128, h, r) have a word for each 128 tokens of an element; they are contiguous along their last axis, with strides that are
/// multiples of 4. D: BF16, or FP32, to which is added if options.accumulate. Operands that are contiguous along their last
/// axis, as activations are, are transposed into options.workspace first, as in fp8_einsum_bhd_hdr_bhr; those that are
/// contiguous along b are read where they lie. No b: D becomes zero, or stays as it is if it accumulates.
template <engine_for<ops::batched_gemm> Engine>
result<void> fp8_einsum_bhd_bhr_hdr(const Engine& engine, const input_tensor& a, const tensor_scales& sa,
                                    const input_tensor& b, const tensor_scales& sb, const output_tensor& d,
                                    const batched_options& options = {}) {
    return fp8_batched_gemm_nt(engine, detail::matrices_of(a, sa, {1, 128}, 1, 2, 0),
                               detail::matrices_of(b, sb, {1, 128}, 1, 2, 0), detail::matrices_of(d, 0, 1, 2), options);
}

}  // namespace deepgemm
