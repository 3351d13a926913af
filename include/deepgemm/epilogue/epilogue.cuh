// SPDX-License-Identifier: MIT
// The epilogue concept: what becomes of an accumulated tile. A sink takes tiles to memory; steps change values on the way
// (add C, bias, activation); `then` chains steps and one sink into an epilogue.
#pragma once

#include <deepgemm/kernel/info.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>

namespace deepgemm {

/// Two adjacent elements of a row of D: columns n and n + 1.
struct element_pair {
    float x, y;
};

/// Where an element pair lies and how far D reaches; column n is even.
struct pair_place {
    i32 m, n;
    result_end end;
    DEEPGEMM_BOTH constexpr bool first_inside() const { return m < end.m && n < end.n; }
    DEEPGEMM_BOTH constexpr bool second_inside() const { return m < end.m && n + 1 < end.n; }
};

namespace epilogue_concept {
/// Describes itself and its host-side arguments.
template <class E>
concept describes = requires {
    typename E::arguments;
    typename E::params;
    { E::accumulates } -> converts_to<bool>;
    { E::custom } -> converts_to<bool>;
};
/// Turns arguments into what the kernel reads.
template <class E>
concept prepares = requires(const gemm_arguments& gemm, const typename E::arguments& mine) {
    { E::make_params(gemm, mine) } -> same_as<typename E::params>;
};
/// Names the element type it writes and where columns go, and says whether it adds to what D holds and whether D lies transposed.
template <class E>
concept writes = requires {
    typename E::element;
    { E::heads } -> same_as<const head_splits&>;
    { E::in_place } -> converts_to<bool>;
    { E::transposes } -> converts_to<bool>;
};
/// Changes a pair of elements.
template <class E>
concept changes_pairs = requires(const typename E::params& p, element_pair pair, pair_place place) {
    { E::apply(p, pair, place) } -> same_as<element_pair>;
};
}  // namespace epilogue_concept

/// A step of an epilogue: changes accumulated values before they are stored.
template <class S>
concept epilogue_step =
    epilogue_concept::describes<S> && epilogue_concept::prepares<S> && epilogue_concept::changes_pairs<S>;

/// Takes an accumulated tile to memory: steps (maybe none) and a store.
template <class E>
concept epilogue = epilogue_step<E> && epilogue_concept::writes<E>;

namespace epilogue_concept {
/// Complete for steps only, and for epilogues only. Named beside an assertion, since nvcc tells which requirement fails only
/// where a class template is constrained.
template <epilogue_step S>
struct step_model {};
template <epilogue E>
struct model {};
}  // namespace epilogue_concept

}  // namespace deepgemm
