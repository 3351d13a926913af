// SPDX-License-Identifier: MIT
// Lists of kernel types: what one translation unit instantiates.
#pragma once

#include <deepgemm/core/config.cuh>

namespace deepgemm::shipped {

/// Kernel types, none of them instantiated by being named here.
template <class... Kernels>
struct kernels {};

/// The kernels of two lists in one. A sum is made by functions, since nvcc 13 cannot write it down as a type.
template <class... First, class... Second>
DEEPGEMM_BOTH constexpr kernels<First..., Second...> operator+(kernels<First...>, kernels<Second...>) {
    return {};
}

/// All shipped kernels of operation `O`, one list, none of them instantiated: ops/*/shipped.cuh.
template <class O>
DEEPGEMM_BOTH constexpr auto all_of();

/// The kernels of all of the lists, as `type`.
template <class... Lists>
struct join;
template <class... Kernels>
struct join<kernels<Kernels...>> {
    using type = kernels<Kernels...>;
};
template <class... First, class... Second, class... Rest>
struct join<kernels<First...>, kernels<Second...>, Rest...> : join<kernels<First..., Second...>, Rest...> {};

}  // namespace deepgemm::shipped
