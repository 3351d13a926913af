// SPDX-License-Identifier: MIT
// What becomes of a product before it is stored, as callers of dense and grouped products give it, and the rules for that.
#pragma once

#include <cstddef>
#include <optional>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/epilogue/arguments.cuh>
#include <deepgemm/epilogue/info.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/host/memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A vector that is added to every row of the product, one element for each of its columns.
struct bias_argument {
    const void* data = nullptr;
    dtype type = dtype::f32;  ///< f32, bf16 or f16
    i64 matrix_stride = 0;  ///< elements, even, from the vector of one matrix of B to that of the next; 0: all share it
};

/// A vector of `T` as a bias.
template <class T>
constexpr bias_argument bias_vector(const T* data, i64 matrix_stride = 0) {
    return {data, dtype_of<T>, matrix_stride};
}

/// The scales of a D in FP8: one for each row and `columns` columns. One of their strides is 1.
struct cast_argument {
    result_scales scales{};
    scale::cast_scales format = scale::cast_scales::fp32;
    int columns = 128;  ///< 32 or 128; these are K of the next product, and Hopper's kernels read 128
    /// What is cast is first rounded to BF16, as if D had been stored so and cast by another kernel.
    bool of_bf16 = false;
};

/// The steps between the product and D, in the order of the members: D = rounded(activation(alpha * (A x B) + bias) + C), all
/// in FP32, rounded once. docs/concepts/epilogue.md defines each.
struct epilogue_argument {
    std::optional<alpha_arguments> alpha{};
    std::optional<bias_argument> bias{};
    activation_kind activation = activation_kind::none;
    swiglu_arguments swiglu{};                  ///< for activation_kind::swiglu
    std::optional<rounding_seed> stochastic{};  ///< D in BF16, rounded up or down at random
    std::optional<cast_argument> cast{};        ///< D in FP8, with scales

    /// What a planner sees of it.
    constexpr epilogue_info info() const {
        epilogue_info made{.alpha = alpha.has_value(),
                           .bias = bias.has_value(),
                           .activation = activation,
                           .stochastic = stochastic.has_value()};
        if (bias) made.bias_type = bias->type;
        if (cast) made.cast = {cast->columns, cast->format, cast->of_bf16};
        return made;
    }
    /// What a kernel is given.
    constexpr epilogue_values values() const {
        epilogue_values made{.swiglu = swiglu};
        if (alpha) made.alpha = *alpha;
        if (bias) made.bias = {bias->data, bias->matrix_stride};
        if (cast) made.scales = cast->scales;
        if (stochastic) made.seed = *stochastic;
        return made;
    }
};

namespace detail {

/// Checks the steps of an epilogue against each other, D's type, the product's columns, and whether C is added.
inline result<void> check_epilogue(const epilogue_info& info, dtype d, i64 n, bool adds_c) {
    const auto& [alpha, bias, bias_type, activation, stochastic, cast] = info;
    if (bias && bias_type != dtype::f32 && bias_type != dtype::bf16 && bias_type != dtype::f16) {
        return fail(errc::unsupported_type, "the bias is ", bias_type, "; it must be f32, bf16 or f16");
    }
    if (activation > activation_kind::swiglu) {
        return fail(errc::bad_option, "the activation is number ", int(activation),
                    "; it must be none, relu, silu, gelu_tanh or swiglu");
    }
    if (activation == activation_kind::swiglu && n % 16 != 0) {
        return fail(
            errc::shape_mismatch, "N is ", n,
            "; for swiglu, where gate and up-projection alternate by eight columns, it must be a multiple of 16");
    }
    if (stochastic && cast.columns != 0) {
        return fail(errc::bad_option, "stochastic rounding and a cast to FP8 are both asked for; D is rounded once");
    }
    if (stochastic && d != dtype::bf16) {
        return fail(errc::unsupported_type, "D is ", d, "; with stochastic rounding it must be bf16");
    }
    if (cast.columns != 0) {
        if (d != dtype::e4m3 && d != dtype::e5m2) {
            return fail(errc::unsupported_type, "D is ", d, "; with a cast to FP8 it must be e4m3 or e5m2");
        }
        if (cast.columns != 32 && cast.columns != 128) {
            return fail(errc::bad_option, "a scale of D covers ", cast.columns, " columns; it must cover 32 or 128");
        }
        if (cast.scales > scale::cast_scales::packed) {
            return fail(errc::bad_option, "the format of D's scales is number ", int(cast.scales),
                        "; it must be fp32, power_of_two or packed");
        }
    }
    if (info.rounds() && adds_c) {
        return fail(errc::bad_option, "C is given; it cannot be added to a D ",
                    stochastic ? "that is rounded at random" : "in FP8");
    }
    return {};
}

/// How the words of D's scales lie: `rows` rows of `words` words.
struct result_scale_words {
    i64 rows, words;
    static result_scale_words of(const cast_argument& cast, i64 rows, i64 columns) {
        const i64 scales = ceil_div(columns, i64(max(cast.columns, 1)));
        return {rows, cast.format == scale::cast_scales::packed ? ceil_div(scales, i64(4)) : scales};
    }
};

/// Checks the values that steps are given: numbers and strides, not memory. `columns` are D's, and D has elements.
inline result<void> check_values(const epilogue_argument& x, i64 rows, i64 columns) {
    constexpr i64 longest = i64(1) << 40;
    const auto check_stride = [](const char* what, i64 stride) -> result<void> {
        if (stride >= 0 && stride <= longest) return {};
        return fail(errc::bad_layout, what, " of one matrix and of the next are ", stride,
                    " elements apart; that must be from 0 to 2^40");
    };
    if (x.alpha) {
        if (auto ok = check_stride("the factors alpha", x.alpha->matrix_stride); !ok) return ok;
    }
    if (x.bias) {
        if (auto ok = check_stride("the biases", x.bias->matrix_stride); !ok) return ok;
        if (x.bias->matrix_stride % 2 != 0) {
            return fail(errc::bad_layout, "the biases of one matrix and of the next are ", x.bias->matrix_stride,
                        " elements apart; kernels read pairs, so that must be even");
        }
    }
    const bool is_swiglu = x.activation == activation_kind::swiglu;
    if (!is_swiglu && (x.swiglu.row_weights != nullptr || x.swiglu.clamp != swiglu_arguments{}.clamp)) {
        return fail(errc::bad_option,
                    x.swiglu.row_weights != nullptr ? "weights of rows are given" : "a clamp is given",
                    ", but the activation is ", name_of(x.activation), "; only swiglu takes them");
    }
    if (is_swiglu) {
        if (!(x.swiglu.clamp >= 0)) {
            return fail(errc::bad_option, "the clamp of swiglu is ", x.swiglu.clamp, "; it must be at least 0");
        }
        if (auto ok = check_stride("the weights of rows", x.swiglu.matrix_stride); !ok) return ok;
    }
    if (!x.cast) return {};
    const auto [m, words] = result_scale_words::of(*x.cast, rows, columns);
    const auto& [data, stride_mn, stride_k, matrix_stride] = x.cast->scales;
    const bool mn_major = stride_mn == 1 && (words <= 1 || stride_k >= m),
               k_major = stride_k == 1 && stride_mn >= words;
    if (!mn_major && !k_major && !(m <= 1 && words <= 1)) {
        return fail(errc::bad_layout, "the scales of D, ", m, " x ", words, " words, have strides (", stride_mn, ", ",
                    stride_k, "); one of them must be 1, and the other one at least what lies along that");
    }
    if (max(stride_mn, stride_k) > longest) {
        return fail(errc::bad_layout, "the scales of D have strides (", stride_mn, ", ", stride_k,
                    "); they must be at most 2^40");
    }
    return check_stride("the scales of D", matrix_stride);
}

/// Checks that the scales of `of_d` matrices D do not overlap.
inline result<void> check_scales_of_stack(const epilogue_argument& x, i64 rows, i64 columns, i64 of_d) {
    if (!x.cast || of_d <= 1 || rows == 0 || columns == 0) return {};
    const auto [m, words] = result_scale_words::of(*x.cast, rows, columns);
    const auto& scales = x.cast->scales;
    const wide reach = wide(m - 1) * scales.stride_mn + wide(words - 1) * scales.stride_k;
    if (scales.matrix_stride > reach) return {};
    return fail(errc::bad_layout, "the scales of one matrix of D and of the next are ", scales.matrix_stride,
                " words apart and reach over ", i64(reach + 1), "; they must not overlap");
}

/// Adds the memory of an epilogue's values to a list: of a product with `columns_b` columns before and D of `rows` x `columns`,
/// with `of_b` matrices of B and `of_d` matrices of D.
template <std::size_t Most>
void add_memory(memory_list<Most>& list, const epilogue_argument& x, i64 columns_b, i64 rows, i64 columns, i64 of_b,
                i64 of_d) {
    const auto matrices = [](i64 count, i64 stride, wide size) {
        return memory_steps{stride == 0 ? 1 : count, size * stride};
    };
    if (x.alpha && x.alpha->device != nullptr) {
        list.add({.name = "the factor alpha",
                  .data = x.alpha->device,
                  .width = 4,
                  .steps = {matrices(of_b, x.alpha->matrix_stride, 4)},
                  .alignment = 4,
                  .aligned_for = "it is a float"});
    }
    if (x.bias) {
        const wide size = size_of(x.bias->type);
        list.add({.name = "the bias",
                  .data = x.bias->data,
                  .width = size,
                  .steps = {{{columns_b, size}, matrices(of_b, x.bias->matrix_stride, size)}},
                  .alignment = u32(2 * size),
                  .aligned_for = "kernels read pairs of elements"});
    }
    if (x.activation == activation_kind::swiglu && x.swiglu.row_weights != nullptr) {
        list.add({.name = "the weights of rows",
                  .data = x.swiglu.row_weights,
                  .width = 4,
                  .steps = {{{rows, 4}, matrices(of_d, x.swiglu.matrix_stride, 4)}},
                  .alignment = 4,
                  .aligned_for = "they are floats",
                  .many = true});
    }
    if (x.stochastic && x.stochastic->device != nullptr) {
        list.add({.name = "the seed",
                  .data = x.stochastic->device,
                  .width = 8,
                  .alignment = 8,
                  .aligned_for = "it is an 8-byte integer"});
    }
    if (x.cast) {
        const auto [m, words] = result_scale_words::of(*x.cast, rows, columns);
        const auto& scales = x.cast->scales;
        list.add({.name = "the scales of D",
                  .data = scales.data,
                  .width = 4,
                  .steps = {{{m, wide(4) * scales.stride_mn},
                             {words, wide(4) * scales.stride_k},
                             {of_d, wide(4) * scales.matrix_stride}}},
                  .how = memory_access::writes,
                  .alignment = 4,
                  .aligned_for = "they are 4-byte words",
                  .many = true});
    }
}

/// As many uses of memory as an epilogue has at most.
inline constexpr std::size_t epilogue_memory = 5;

}  // namespace detail

}  // namespace deepgemm
