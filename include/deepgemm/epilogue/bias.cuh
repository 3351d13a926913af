// SPDX-License-Identifier: MIT
// The step `bias`: adds a vector to every row.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

namespace epilogue_concept {
/// An element type of vectors that steps read.
template <class T>
concept vector_element = one_of<T, float, bf16, f16>;
}  // namespace epilogue_concept

/// Adds element n of a vector of `T` to column n, in FP32. Before a gate, columns are those of the product.
template <epilogue_concept::vector_element T = float>
struct bias {
    using arguments = bias_arguments<T>;
    using params = arguments;
    static constexpr bool accumulates = false, custom = false;
    static constexpr epilogue_info info{.bias = true, .bias_type = dtype_of<T>};

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) {
        return {static_cast<const T*>(all.bias.data), all.bias.matrix_stride};
    }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const params& p,
                                                               const result_fragment<Map, Columns>& from) {
        if (p.data == nullptr || from.matrix.gap) return from;
        const T* const vector = p.data + from.matrix.b * p.matrix_stride;
        result_fragment<Map, Columns> to{{}, from.place, from.matrix};
        element_pair added{};
        DEEPGEMM_UNROLL
        for (int i = 0; i < to.registers; i += 2) {
            // All rows of a thread that follow have the same columns.
            if (Map::thread_row_of(i) == 0) added = pair_at(vector, from.place.column_of(i), from.matrix.end.n);
            to.value[i] = from.value[i] + added.x;
            to.value[i + 1] = from.value[i + 1] + added.y;
        }
        return to;
    }

private:
    /// Elements n and n + 1 of a vector that ends at `end`, beyond which nothing is read.
    DEEPGEMM_DEVICE static element_pair pair_at(const T* vector, i32 n, i32 end) {
        if (n + 1 < end) {
            if constexpr (half_element<T>) {
                const auto [x, y] = ptx::unpack<T>(ptx::ld_global_nc(reinterpret_cast<const u32*>(vector + n)));
                return {x, y};
            } else {
                const auto [x, y] = ptx::ld_global_nc(reinterpret_cast<const ptx::vec2<float>*>(vector + n));
                return {x, y};
            }
        }
        return {n < end ? float(ptx::ld_global_nc(vector + n)) : 0.0f, 0.0f};
    }
};

static_assert(fragment_step<bias<float>> && fragment_step<bias<bf16>>);

}  // namespace deepgemm
