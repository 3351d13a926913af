// SPDX-License-Identifier: MIT
// What a chain inherits from its parts, and where head splits send columns.
#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>

namespace epilogue_tests {

using namespace deepgemm;

namespace {

struct add_one {
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return value + 1; }
};
// A chain has the element, the head split and the C of its sink, and is custom if a step is.
using chain = then<transform<add_one>, accumulate<float>>;
static_assert(is_same_v<chain::element, float> && chain::accumulates && chain::custom);
static_assert(!then<store<bf16>>::custom && !then<store<bf16>>::accumulates);
static_assert(then<transform<add_one>, store_heads<bf16, 64, 64, 64>>::heads == head_splits{64, 64, 64});

// Planners know chains of the library's steps in one order, with any sink.
using planned = then<alpha, bias<bf16>, silu, accumulate<float>>;
static_assert(!planned::custom && planned::info == epilogue_info{.alpha = true,
                                                                 .bias = true,
                                                                 .bias_type = dtype::bf16,
                                                                 .activation = activation_kind::silu});
using cast = then<swiglu<>, cast_to_fp8<32, scale::cast_scales::packed, bf16>>;
static_assert(!cast::custom && cast::info == epilogue_info{.activation = activation_kind::swiglu,
                                                           .cast = {32, scale::cast_scales::packed, true}});
static_assert(!then<alpha, store_stochastic>::custom &&
              then<alpha, store_stochastic>::info == epilogue_info{.alpha = true, .stochastic = true});
static_assert(!epilogue_info_of<store<bf16>>.any() && !epilogue_info_of<then<store<bf16>>>.any());
static_assert(then<bias<bf16>, alpha, store<bf16>>::custom && then<alpha, alpha, store<bf16>>::custom &&
              then<relu, silu, store<bf16>>::custom);
static_assert(then<swiglu<swiglu_math::ieee>, store<bf16>>::custom && signal_tiles<store<bf16>>::custom &&
              then<alpha, transform<add_one>, store<bf16>>::custom);

// Heads of 128 + 64 columns with 64 skipped between: column n of the product lands past the gaps before it.
constexpr head_splits heads{128, 64, 64};
static_assert(stored_column<heads>(0) == 0 && stored_column<heads>(127) == 127);
static_assert(stored_column<heads>(128) == 192 && stored_column<heads>(191) == 255);
static_assert(stored_column<heads>(192) == 256 && stored_column<heads>(320) == 448);
static_assert(stored_column<head_splits{}>(191) == 191);

}  // namespace

}  // namespace epilogue_tests
