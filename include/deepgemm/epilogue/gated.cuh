// SPDX-License-Identifier: MIT
// The step `gated`, which makes one column of two: gate and up projection of a gated layer (SwiGLU, say) become their product.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>

namespace deepgemm {

namespace epilogue_concept {
/// A function object that `gated` may apply: `float operator()(float gate, float up, i32 m, i32 n) const`.
template <class F>
concept gate_function = requires(const F& f, float gate, float up, i32 m, i32 n) {
    { f(gate, up, m, n) } -> same_as<float>;
};
}  // namespace epilogue_concept

namespace detail {

/// Makes one column of two, for `gated` and `swiglu`: `combine(gate, up, i, place)` is called for the elements inside D, with
/// their register and their place there; the others become 0.
template <fragment_map Map, int Columns, class Combine>
DEEPGEMM_DEVICE result_fragment<Map, Columns / 2> gate_columns(const result_fragment<Map, Columns>& from,
                                                               const Combine& combine) {
    static_assert(Columns % 16 == 0, "gated: columns come in groups of 16");
    constexpr int eight = fragment_registers<Map>(8);  // registers of a thread
    // A thread holds the same columns of every group of eight, so halving the number of whole groups gives its column in D.
    const int within = from.place.column % 8;
    result_fragment<Map, Columns / 2> to{{}, {from.place.row, (from.place.column - within) / 2 + within}, from.matrix};
    to.matrix.end.n = from.matrix.end.n / 2;
    DEEPGEMM_UNROLL
    for (int i = 0; i < to.registers; ++i) {
        const int first = i / eight * 2 * eight + i % eight;
        const element_place at = to.element(i);
        to.value[i] = at.inside() ? combine(from.value[first], from.value[first + eight], i, at) : 0.0f;
    }
    return to;
}

}  // namespace detail

/// Makes one column of two. In each 16 columns of the product the first eight are gates, and column j of the last eight, `up`,
/// is gated by column j of the first eight. D has half as many columns as the product. So both matrices of a gated layer are
/// one operand B, whose rows alternate by eight. The function is called for elements inside D only, and (m, n) is their place
/// there. N is a multiple of 16.
template <class Function>
struct gated {
    static_assert(epilogue_concept::gate_function<Function>,
                  "gated: the function must have float operator()(float gate, float up, i32 m, i32 n) const");
    static_assert(__is_trivially_copyable(Function),
                  "gated: the function travels as a kernel parameter and must be trivially copyable");
    using arguments = Function;
    using params = Function;
    static constexpr bool accumulates = false, custom = true;

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n / 2; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns / 2> apply(const params& f,
                                                                   const result_fragment<Map, Columns>& from) {
        return detail::gate_columns(
            from, [&](float gate, float up, int, element_place at) { return f(gate, up, at.m, at.n); });
    }
};

}  // namespace deepgemm
