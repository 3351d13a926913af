// SPDX-License-Identifier: MIT
// Compares configurations member by member.
#include "nearest_kernels.hpp"

#include <deepgemm/host/print.hpp>

#include <type_traits>

namespace deepgemm::bench {

namespace {

constexpr std::size_t shown = 3;

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

}  // namespace

std::vector<std::string> detail::differences(const config& pin, const config& have) {
    std::vector<std::string> made;
    add_differences(pin, have, "", made);
    return made;
}

std::string detail::nearest_of(std::vector<std::pair<const config*, std::vector<std::string>>> all) {
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& x, const auto& y) { return x.second.size() < y.second.size(); });
    std::string text = "\nThe nearest kernels that run it:";
    for (std::size_t i = 0; i < std::min(all.size(), shown); ++i) {
        text += "\n  " + to_source(*all[i].first);
        for (std::size_t d = 0; d < all[i].second.size(); ++d) text += (d == 0 ? ": " : ", ") + all[i].second[d];
    }
    return text;
}

}  // namespace deepgemm::bench
