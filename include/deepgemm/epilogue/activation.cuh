// SPDX-License-Identifier: MIT
// Activations as steps over pairs, without arguments. Those with an exponential take the special function unit's power of two
// and reciprocal: two instructions an element, with errors far below those of BF16.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/ptx/convert.cuh>

namespace deepgemm {

namespace detail {

/// The step that applies `Function::of(x)` to each element.
template <class Function, activation_kind Kind>
struct activation {
    using arguments = no_arguments;
    struct params {};
    static constexpr bool accumulates = false, custom = false;
    static constexpr epilogue_info info{.activation = Kind};

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments&) { return {}; }
    DEEPGEMM_DEVICE static element_pair apply(const params&, element_pair pair, pair_place) {
        return {Function::of(pair.x), Function::of(pair.y)};
    }
};

/// 1 / (1 + e^-x). The relative error is below 1e-5 for x above -80; below it the result may be 0.
DEEPGEMM_DEVICE float sigmoid(float x) {
    constexpr float log2_e = 1.44269504f;
    return ptx::rcp_approx(1.0f + ptx::exp2_approx(-log2_e * x));
}

}  // namespace detail

/// max(x, 0); NaN stays NaN.
struct relu : detail::activation<relu, activation_kind::relu> {
    DEEPGEMM_DEVICE static float of(float x) { return x <= 0.0f ? 0.0f : x; }
};

/// x / (1 + e^-x), also called swish.
struct silu : detail::activation<silu, activation_kind::silu> {
    DEEPGEMM_DEVICE static float of(float x) { return x * detail::sigmoid(x); }
};

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, the approximation of GELU that frameworks call "tanh".
struct gelu_tanh : detail::activation<gelu_tanh, activation_kind::gelu_tanh> {
    DEEPGEMM_DEVICE static float of(float x) {
        constexpr float twice_root = 1.59576912f;  // 2 sqrt(2 / pi); (1 + tanh(y)) / 2 is the sigmoid of 2 y
        return x * detail::sigmoid(twice_root * x * (1.0f + 0.044715f * x * x));
    }
};

static_assert(epilogue_step<relu> && epilogue_step<silu> && epilogue_step<gelu_tanh>);

}  // namespace deepgemm
