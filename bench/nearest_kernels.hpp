// SPDX-License-Identifier: MIT
// The kernels that come nearest to a pinned configuration that no kernel has, and the members in which they differ.
#pragma once

#include <deepgemm/host/plan.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace deepgemm::bench {

namespace detail {
/// The members in which a kernel's configuration is not what a pin asks for, in words.
std::vector<std::string> differences(const config& pin, const config& have);
/// Lines for the first few of some configurations and what differs in them.
std::string nearest_of(std::vector<std::pair<const config*, std::vector<std::string>>> all);
}  // namespace detail

/// A few kernels that run the product of `others`, a plan without the pin, in a line each: first those that differ from `pin`
/// in the fewest members, and of these those with the lowest predicted time. Names the members that differ, with both values.
template <class O>
std::string nearest_to_pin(const config& pin, const plan_of<O>& others) {
    std::vector<std::pair<const config*, std::vector<std::string>>> all;
    for (const auto& c : others.ranked)
        all.emplace_back(&c.kernel->info.cfg, detail::differences(pin, c.kernel->info.cfg));
    return detail::nearest_of(std::move(all));
}

}  // namespace deepgemm::bench
