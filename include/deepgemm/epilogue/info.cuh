// SPDX-License-Identifier: MIT
// What becomes of a product before it is stored, as plain values for the host: which steps of the library there are, in which
// order, and how D is rounded. The types behind them are in the headers beside this one.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm {

/// The activation of an epilogue; swiglu makes one column of two.
enum class activation_kind : u8 { none, relu, silu, gelu_tanh, swiglu };

/// The name of an activation, which is that of its step, too.
DEEPGEMM_BOTH constexpr const char* name_of(activation_kind kind) {
    switch (kind) {
        case activation_kind::relu: return "relu";
        case activation_kind::silu: return "silu";
        case activation_kind::gelu_tanh: return "gelu_tanh";
        case activation_kind::swiglu: return "swiglu";
        case activation_kind::none: break;
    }
    return "none";
}

/// How D is cast to FP8: by cast_to_fp8 with one scale for each row and `columns` columns, 32 or 128. 0: D is not cast.
struct result_cast_info {
    int columns = 0;
    scale::cast_scales scales = scale::cast_scales::fp32;
    bool of_bf16 = false;  ///< rounded to BF16 first
    DEEPGEMM_BOTH friend constexpr bool operator==(const result_cast_info&, const result_cast_info&) = default;
};

/// The steps of an epilogue in the order of the members, which is that of their types in a chain. Kernels whose steps are
/// others or come in another order are `custom`.
struct epilogue_info {
    bool alpha = false;
    bool bias = false;
    dtype bias_type = dtype::f32;  ///< if there is one
    activation_kind activation = activation_kind::none;
    bool stochastic = false;  ///< rounded to BF16 up or down at random
    result_cast_info cast{};

    DEEPGEMM_BOTH friend constexpr bool operator==(const epilogue_info&, const epilogue_info&) = default;

    /// True if D is anything else than the product, rounded to nearest.
    DEEPGEMM_BOTH constexpr bool any() const { return *this != epilogue_info{}; }
    /// True if D is rounded in another way than to nearest.
    DEEPGEMM_BOTH constexpr bool rounds() const { return stochastic || cast.columns != 0; }
    /// Columns of D if the product has `n`.
    DEEPGEMM_BOTH constexpr i64 columns_after(i64 n) const { return activation == activation_kind::swiglu ? n / 2 : n; }
    /// Columns of a product that make those of D under one scale, so that a tile must have as many; 0 if D is not cast.
    DEEPGEMM_BOTH constexpr int columns_of_scale() const {
        return activation == activation_kind::swiglu ? 2 * cast.columns : cast.columns;
    }

    /// The place of the first step in a chain; 4 if there are none before the sink.
    DEEPGEMM_BOTH constexpr int first_place() const {
        return alpha ? 1 : bias ? 2 : activation != activation_kind::none ? 3 : 4;
    }
    /// True if this, one step, may stand before the chain `rest`.
    DEEPGEMM_BOTH constexpr bool may_precede(const epilogue_info& rest) const {
        return first_place() < rest.first_place();
    }
    /// The chain of this step and of `rest`.
    DEEPGEMM_BOTH constexpr epilogue_info before(epilogue_info rest) const {
        rest.alpha = rest.alpha || alpha;
        if (bias) {
            rest.bias = true;
            rest.bias_type = bias_type;
        }
        if (activation != activation_kind::none) rest.activation = activation;
        return rest;
    }
};

/// What a planner knows of a step or of an epilogue: its member `info` if it has one. Steps without it are `custom`.
template <class E>
inline constexpr epilogue_info epilogue_info_of{};
template <class E>
    requires requires {
        { E::info } -> same_as<const epilogue_info&>;
    }
inline constexpr epilogue_info epilogue_info_of<E> = E::info;

}  // namespace deepgemm
