// SPDX-License-Identifier: MIT
// Steps of an epilogue: `transform` applies a user's function to each element, and `then` chains steps before a sink.
#pragma once

#include <deepgemm/epilogue/elementwise.cuh>
#include <deepgemm/epilogue/store.cuh>

namespace deepgemm {

namespace epilogue_concept {
/// A function object that a step may apply to each element of D: `float operator()(float value, i32 m, i32 n) const`.
template <class F>
concept element_function = requires(const F& f, float value, i32 m, i32 n) {
    { f(value, m, n) } -> same_as<float>;
};
}  // namespace epilogue_concept

/// Applies a user's function object, `float operator()(float value, i32 m, i32 n) const`, to each element inside D. Its members
/// are the arguments and become kernel parameters, so it must be trivially copyable, and its pointers are to device memory.
template <class Function>
struct transform {
    static_assert(epilogue_concept::element_function<Function>,
                  "transform: the function must have float operator()(float value, i32 m, i32 n) const");
    static_assert(__is_trivially_copyable(Function),
                  "transform: the function travels as a kernel parameter and must be trivially copyable");
    using arguments = Function;
    using params = Function;
    static constexpr bool accumulates = false, custom = true;

    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_DEVICE static element_pair apply(const params& f, element_pair pair, pair_place at) {
        if (at.first_inside()) pair.x = f(pair.x, at.m, at.n);
        if (at.second_inside()) pair.y = f(pair.y, at.m, at.n + 1);
        return pair;
    }
};

/// A chain: `then<transform<add_bias>, gated<swiglu>, store<bf16>>` applies its parts from left to right. Steps may be over
/// pairs or over fragments; the last part is a sink. Steps see the totals; `accumulate` adds C after them.
template <class First, class... Rest>
struct then {
    static_assert(epilogue_concept::changes_values<First>,
                  "then: every part but the last must model epilogue_step, transform<...>, say, or fragment_step");
    static_assert(explains<epilogue_concept::step_model<First>>);
    using tail = then<Rest...>;
    using element = typename tail::element;
    struct arguments {
        typename First::arguments first{};
        typename tail::arguments rest{};
    };
    struct params {
        typename First::params first;
        typename tail::params rest;
    };
    static constexpr bool accumulates = tail::accumulates, in_place = tail::in_place;
    static constexpr epilogue_info info = epilogue_info_of<First>.before(epilogue_info_of<tail>);
    static constexpr bool custom =
        First::custom || tail::custom || !epilogue_info_of<First>.may_precede(epilogue_info_of<tail>);
    static constexpr head_splits heads = tail::heads;
    static constexpr int whole_columns = deepgemm::whole_columns<tail>;
    static constexpr bool scatters = deepgemm::scatters<tail>;
    template <class Shape>
    using staging = typename tail::template staging<Shape>;

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) {
        return {epilogue_arguments_of<First>(all), epilogue_arguments_of<tail>(all)};
    }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments& gemm, const arguments& mine) {
        return {First::make_params(gemm, mine.first), tail::make_params(gemm, mine.rest)};
    }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) {
        return over_fragments<tail>::columns_after(over_fragments<First>::columns_after(n));
    }
    // The return type is written out because the host pass of nvcc, which evaluates the concepts, does not see bodies of device
    // code.
    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, then::columns_after(Columns)> apply(
        const params& p, const result_fragment<Map, Columns>& fragment) {
        return over_fragments<tail>::apply(p.rest, over_fragments<First>::apply(p.first, fragment));
    }
    DEEPGEMM_DEVICE static void signal(const params& p, const finished_tile& tile,
                                       u32 rows) requires epilogue_concept::hears_of_tiles<tail> {
        tail::signal(p.rest, tile, rows);
    }
};

template <class Sink>
struct then<Sink> : Sink {
    static_assert(epilogue<Sink>, "then: the last part must be a sink: store, accumulate or store_heads, say");
    static_assert(explains<epilogue_concept::model<Sink>>);
};

}  // namespace deepgemm
