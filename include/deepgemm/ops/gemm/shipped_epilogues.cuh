// SPDX-License-Identifier: MIT
// The shipped kernels with steps of an epilogue, as lists of types: those that layers need most, with two or three tiles each.
// A run-time compiler makes any others (docs/how-to/nvrtc.md).
#pragma once

#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>

namespace deepgemm::shipped {

using scaled = then<alpha, store<bf16>>;
using biased = then<bias<bf16>, store<bf16>>;
/// D in FP8 as Hopper's kernels read their A, and with packed scales of powers of two.
using cast_128 = cast_to_fp8<128, scale::cast_scales::fp32>;
using cast_128_packed = cast_to_fp8<128, scale::cast_scales::packed>;
/// The first product of a gated layer: in BF16, and in FP8 as the A of the second product.
using gated_bf16 = then<swiglu<>, store<bf16>>;
using gated_fp8 = then<swiglu<>, cast_128>;

/// A tile of 256 columns for FP8 operands, in two parts, so that 128 columns are left behind a gate and have one scale.
DEEPGEMM_BOTH constexpr config gate_tile(int m, cluster_shape cluster = {}) {
    return {.block = {m, 256, 128}, .cluster = cluster, .sm90 = {.warpgroups = m / 64, .column_parts = 2}};
}

/// A scaled by token, B by block, FP32 scales.
template <class Epilogue, config... Configs>
using weights_with = kernels<weights_kernel<scale::fp32, Epilogue, Configs>...>;
using fp8_scaled = weights_with<scaled, narrow(64, 64, deferred), medium(128), three(128), wide()>;
using fp8_cast = weights_with<cast_128, narrow(64, 128), medium(128), three(128)>;
using fp8_cast_packed = weights_with<cast_128_packed, narrow(64, 128), medium(128)>;
using fp8_stochastic = weights_with<store_stochastic, medium(128)>;
using fp8_gated = weights_with<gated_bf16, narrow(64, 128), medium(128)>;
using fp8_gated_fp8 = weights_with<gated_fp8, gate_tile(64), gate_tile(128)>;

/// Operands in BF16, both contiguous along K.
template <class Epilogue, config... Configs>
struct bf16_with : half_kernels<bf16, major::k, major::k, Epilogue, Configs...> {};
using bf16_scaled = bf16_with<scaled, tile16(64, 128, 1), tile16(128, 256, 2, {}, 64, 2)>::type;
using bf16_biased = bf16_with<biased, tile16(64, 128, 1), tile16(128, 256, 2, {}, 64, 2)>::type;
using bf16_cast = bf16_with<cast_128, tile16(64, 128, 1), tile16(128, 256, 2)>::type;
using bf16_stochastic = bf16_with<store_stochastic, tile16(128, 128, 2)>::type;
using bf16_gated = bf16_with<gated_bf16, tile16(64, 128, 1), tile16(128, 256, 2)>::type;
using bf16_gated_fp8 = bf16_with<gated_fp8, tile16(64, 256, 1), tile16(128, 256, 2)>::type;

/// All of them.
template <class = void>
DEEPGEMM_BOTH constexpr auto dense_epilogues() {
    return shipped::sum_of(fp8_scaled{}, fp8_cast{}, fp8_cast_packed{}, fp8_stochastic{}, fp8_gated{}, fp8_gated_fp8{},
                           bf16_scaled{}, bf16_biased{}, bf16_cast{}, bf16_stochastic{}, bf16_gated{},
                           bf16_gated_fp8{});
}

}  // namespace deepgemm::shipped
