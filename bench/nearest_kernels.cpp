// SPDX-License-Identifier: MIT
// Lists the configurations that differ in the fewest members.
#include "nearest_kernels.hpp"

#include <algorithm>

namespace deepgemm::bench {

namespace {

constexpr std::size_t shown = 3;

}  // namespace

std::string detail::nearest_of(std::vector<near_configuration> all) {
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& x, const auto& y) { return x.differences.size() < y.differences.size(); });
    std::string text = "\nThe nearest kernels that run it:";
    for (std::size_t i = 0; i < std::min(all.size(), shown); ++i) {
        text += "\n  " + all[i].source;
        const auto& differences = all[i].differences;
        for (std::size_t d = 0; d < differences.size(); ++d) text += (d == 0 ? ": " : ", ") + differences[d];
    }
    return text;
}

}  // namespace deepgemm::bench
