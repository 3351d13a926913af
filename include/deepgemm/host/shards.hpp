// SPDX-License-Identifier: MIT
// A list of kernels of one operation, compiled in parts. The translation units that cmake/instances.cmake writes consist of
// these calls. Kernel i of the list belongs to shard i % shards, so that all shards take about the same time.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

namespace detail {

template <bool Wanted, class Backend, class Kernel, class O>
void append(std::vector<kernel_handle<O>>& to) {
    if constexpr (Wanted) to.push_back(Backend::template handle_of<Kernel>());
}

template <class O, int Shard, int Shards, class Backend, class... Kernels, std::size_t... At>
std::vector<kernel_handle<O>> shard(shipped::kernels<Kernels...>, std::index_sequence<At...>) {
    std::vector<kernel_handle<O>> mine;
    (append<int(At) % Shards == Shard, Backend, Kernels>(mine), ...);
    return mine;
}

/// A kernel as a list, or none if it is not for operation `O`.
template <class O, class Kernel>
constexpr auto only_if(shipped::kernels<Kernel> one) {
    if constexpr (same_as<operation_of<Kernel>, O>) {
        return one;
    } else {
        return shipped::kernels<>{};
    }
}

}  // namespace detail

/// Instantiates the kernels of shard `Shard` of `Shards`, counted from 0, of a list of kernels of operation `O`, and returns
/// their handles. `Backend::handle_of<Kernel>()` makes a handle. A program may compile only every `OneIn`-th shard as a sample.
/// A list of at most `3 * Shards` kernels is then dealt among these shards only, so that it stays complete: some of its kernels
/// may be the only ones of their kind.
template <class O, int Shard, int Shards, class Backend, int OneIn = 1, class... Kernels>
std::vector<kernel_handle<O>> shard(shipped::kernels<Kernels...> list) {
    static_assert(0 <= Shard && Shard < Shards,
                  "shard: its number must be at least 0 and less than the number of shards");
    static_assert(1 <= OneIn && OneIn <= Shards, "shard: OneIn must be from 1 to the number of shards");
    constexpr int step = int(sizeof...(Kernels)) <= 3 * Shards ? OneIn : 1;
    return detail::shard<O, Shard / step, Shards / step, Backend>(list, std::index_sequence_for<Kernels...>{});
}

/// The kernels of a list that are for operation `O`.
template <class O, class... Kernels>
constexpr auto only(shipped::kernels<Kernels...>) {
    return shipped::sum_of(shipped::kernels<>{}, detail::only_if<O>(shipped::kernels<Kernels>{})...);
}

/// Instantiates those kernels of a list that are for operation `O`, and returns their handles.
template <class O, class Backend, class... Kernels>
std::vector<kernel_handle<O>> those_for(shipped::kernels<Kernels...>) {
    std::vector<kernel_handle<O>> made;
    (detail::append<same_as<operation_of<Kernels>, O>, Backend, Kernels>(made), ...);
    return made;
}
/// The same of one kernel.
template <class O, class Backend, class Kernel>
std::vector<kernel_handle<O>> those_for(Kernel) {
    return those_for<O, Backend>(shipped::kernels<Kernel>{});
}

/// The handles of several lists, one list after another.
template <class Handle>
std::vector<Handle> joined(std::initializer_list<std::span<const Handle>> lists) {
    std::vector<Handle> all;
    for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
}

/// The handles of all shards, in the order of the list.
template <class Handle>
std::vector<Handle> dealt(std::initializer_list<std::span<const Handle>> shards) {
    std::vector<Handle> all;
    for (std::size_t round = 0, before = all.size() + 1; before != all.size(); ++round) {
        before = all.size();
        for (const auto& shard : shards) {
            if (round < shard.size()) all.push_back(shard[round]);
        }
    }
    return all;
}

}  // namespace deepgemm::instances
