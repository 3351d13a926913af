// SPDX-License-Identifier: MIT
// The kernels that come nearest to a pinned configuration that no kernel has, and the members in which they differ.
#pragma once

#include <deepgemm/host/plan.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace deepgemm::bench {

namespace detail {
/// Adds the members in which `have` is not what `asked` asks for: "block.k is 128, not 96", under names that begin with
/// `prefix`.
template <class T>
void add_differences(const T& asked, const T& have, const std::string& prefix, std::vector<std::string>& to) {
    for_each_field<T>([&](const auto& field) {
        const auto &wanted = asked.*field.member, &found = have.*field.member;
        const bool open = field.usual == by_default::open && wanted == T{}.*field.member;
        if (wanted == found || open) return;
        if constexpr (has_fields<std::remove_cvref_t<decltype(found)>>) {
            add_differences(wanted, found, concat(prefix, field.name, "."), to);
        } else {
            to.push_back(concat(prefix, field.name, " is ", value_source(found), ", not ", value_source(wanted)));
        }
    });
}

/// A configuration as text, and the members in which it is not what a pin asks for, in words.
struct near_configuration {
    std::string source;
    std::vector<std::string> differences;
};
/// Lines for the first few of some configurations and what differs in them.
std::string nearest_of(std::vector<near_configuration> all);
}  // namespace detail

/// A few kernels that run the product of `others`, a plan without the pin, in a line each: first those that differ from `pin`
/// in the fewest members, and of these those with the lowest predicted time. Names the members that differ, with both values.
template <class O>
std::string nearest_to_pin(const typename O::config& pin, const plan_of<O>& others) {
    std::vector<detail::near_configuration> all;
    for (const auto& c : others.ranked) {
        const typename O::config& have = c.kernel->info.cfg;
        detail::add_differences(pin, have, "",
                                all.emplace_back(to_source(have), std::vector<std::string>{}).differences);
    }
    return detail::nearest_of(std::move(all));
}

}  // namespace deepgemm::bench
