// SPDX-License-Identifier: MIT
// The step `alpha`: a factor of the whole product, given by the host or in device memory.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// D = alpha * (A x B) + C: multiplies the totals by a number. C is added after the steps and so not multiplied.
struct alpha {
    /// The factor is `value`, times one in device memory if `device` is not null. That is read when the kernel runs, so that
    /// replays of a graph see what it holds then.
    struct arguments {
        float value = 1;
        const float* device = nullptr;
        i64 matrix_stride = 0;  ///< floats from the factor of one matrix of B to that of the next; 0: all have the same
    };
    using params = arguments;
    static constexpr bool accumulates = false, custom = true;

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const params& p,
                                                               const result_fragment<Map, Columns>& from) {
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
