// SPDX-License-Identifier: MIT
// Lists of kernel types. A list says which kernels a translation unit instantiates, or a run-time compiler compiles.
#pragma once

#include <deepgemm/core/macros.cuh>

namespace deepgemm::shipped {

/// A list of kernel types. Naming a kernel here does not instantiate it.
template <class... Kernels>
struct kernels {};

/// All shipped kernels of operation `O` for Hopper, as one list; defined in ops/*/shipped.cuh. None of them is instantiated.
template <class O>
DEEPGEMM_BOTH constexpr auto all_of();

/// The same for Blackwell. Operations that ship kernels for it define it in ops/*/shipped_sm100.cuh, which is to be included
/// beside shipped.cuh; for others the list is empty.
template <class O>
DEEPGEMM_BOTH constexpr kernels<> sm100_of() {
    return {};
}

/// One list of the kernels of all `Lists`, as `type`.
template <class... Lists>
struct join;
template <class... Kernels>
struct join<kernels<Kernels...>> {
    using type = kernels<Kernels...>;
};
template <class... First, class... Second, class... Rest>
struct join<kernels<First...>, kernels<Second...>, Rest...> : join<kernels<First..., Second...>, Rest...> {};

/// The kernels of all `Lists` in one, from values of them; a function, because nvcc 13 cannot spell such a sum as a type. Call
/// it by a qualified name, shipped::sum_of(...): in an unqualified call the compiler also searches the classes that the types
/// of the arguments name, and for that it instantiates every kernel, half of the time that these headers would take.
template <class... Lists>
DEEPGEMM_BOTH constexpr typename join<Lists...>::type sum_of(Lists...) {
    return {};
}

}  // namespace deepgemm::shipped
