// SPDX-License-Identifier: MIT
// The step `swiglu`, the gate of most gated layers: `gated` with clamp and routing weight, rounded at the same points as in
// fused kernels for mixtures of experts, so that results are comparable bit for bit.
#pragma once

#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/epilogue/gated.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// How `swiglu` computes a / (1 + e^-a).
enum class swiglu_math : u8 {
    fast,  ///< by the special function unit's power of two and reciprocal
    ieee,  ///< by the exponential of the C library (CUDA's: within 1 ulp) and a division that rounds to nearest
};

/// Makes one column of two: gates and what they gate alternate by eight columns, as for `gated`; N is a multiple of 16. Of gate
/// g and up-projection u in FP32, for each element in this order:
///     g, u rounded to BF16;
///     g = min(g, clamp), u = min(max(u, -clamp), clamp), so that gates have no lower bound; NaN stays NaN;
///     v = (g / (1 + e^-g) * u) * weight of the row, in FP32.
/// What follows rounds v: store<bf16>, say, or cast_to_fp8.
template <swiglu_math Math = swiglu_math::fast>
struct swiglu {
    using arguments = swiglu_arguments;
    using params = arguments;
    static constexpr bool accumulates = false, custom = Math != swiglu_math::fast;
    static constexpr epilogue_info info{.activation = activation_kind::swiglu};

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) { return all.swiglu; }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) {
        return {float(bf16::from_float(mine.clamp)), mine.row_weights, mine.matrix_stride};
    }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n / 2; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns / 2> apply(const params& p,
                                                                   const result_fragment<Map, Columns>& from) {
        float weight[Map::thread_rows];
        DEEPGEMM_UNROLL
        for (int j = 0; j < Map::thread_rows; ++j) {
            const i32 m = from.place.row + Map::thread_row(j);
            weight[j] = p.row_weights != nullptr && m < from.matrix.end.m && !from.matrix.gap
                            ? ptx::ld_global(p.row_weights + from.matrix.d * p.matrix_stride + m)
                            : 1.0f;
        }
        return detail::gate_columns(from, [&](float gate, float up, int i, element_place) {
            const auto [g, u] = ptx::unpack_bf16(ptx::pack_bf16(gate, up));
            const float bounded_gate = min(g, p.clamp), bounded_up = min(max(u, -p.clamp), p.clamp);
            return activated(bounded_gate) * bounded_up * weight[Map::thread_row_of(i)];
        });
    }

private:
    DEEPGEMM_DEVICE static float activated(float x) {
        if constexpr (Math == swiglu_math::fast) {
            return deepgemm::silu::of(x);
        } else {
#if DEEPGEMM_SIMULATED
            return x / (1.0f + __builtin_expf(-x));
#else
            return x / (1.0f + expf(-x));
#endif
        }
    }
};

static_assert(fragment_step<swiglu<>> && fragment_step<swiglu<swiglu_math::ieee>>);

}  // namespace deepgemm
