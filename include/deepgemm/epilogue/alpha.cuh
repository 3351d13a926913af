// SPDX-License-Identifier: MIT
// The step `alpha`: a factor of the whole product, given by the host or in device memory.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// D = alpha * (A x B) + C: multiplies the totals by a number. C is added after the steps and so not multiplied.
struct alpha {
    using arguments = alpha_arguments;
    using params = arguments;
    static constexpr bool accumulates = false, custom = false;
    static constexpr epilogue_info info{.alpha = true};

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) { return all.alpha; }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const params& p,
                                                               const result_fragment<Map, Columns>& from) {
        if (from.matrix.gap) return from;
        float factor = p.value;
        if (p.device != nullptr) factor *= ptx::ld_global(p.device + from.matrix.b * p.matrix_stride);
        result_fragment<Map, Columns> to{{}, from.place, from.matrix};
        DEEPGEMM_UNROLL
        for (int i = 0; i < to.registers; ++i) to.value[i] = from.value[i] * factor;
        return to;
    }
};

static_assert(fragment_step<alpha>);

}  // namespace deepgemm
