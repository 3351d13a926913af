// SPDX-License-Identifier: MIT
// A list of kernels of one operation, compiled in parts: what the translation units that cmake/instances.cmake writes are made of. Kernel i of the
// list belongs to shard i % shards, so that shards take about the same time whatever the list holds.
#pragma once

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/kernel/list.cuh>

namespace deepgemm::instances {

namespace detail {

template <bool Mine, class Backend, class Kernel, class O>
void append(std::vector<kernel_handle<O>>& to) {
    if constexpr (Mine) to.push_back(Backend::template handle_of<Kernel>());
}

template <int Shard, int Shards, class Backend, class First, class... Rest, std::size_t... At>
auto shard(shipped::kernels<First, Rest...>, std::index_sequence<0, At...>) {
    std::vector<kernel_handle<operation_of<First>>> mine;
    append<Shard == 0, Backend, First>(mine);
    (append<int(At) % Shards == Shard, Backend, Rest>(mine), ...);
    return mine;
}

}  // namespace detail

/// Instantiates the kernels of shard `Shard` of `Shards`, from 0 on, and returns their handles. `Backend::handle_of<Kernel>()` makes one.
template <int Shard, int Shards, class Backend, class... Kernels>
auto shard(shipped::kernels<Kernels...> list) {
    static_assert(0 <= Shard && Shard < Shards,
                  "shard: its number must be at least 0 and less than the number of shards");
    return detail::shard<Shard, Shards, Backend>(list, std::index_sequence_for<Kernels...>{});
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
