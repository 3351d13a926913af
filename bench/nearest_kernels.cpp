// SPDX-License-Identifier: MIT
// Compares configurations member by member.
#include "nearest_kernels.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace deepgemm::bench {

namespace {

constexpr std::size_t shown = 3;

/// The members of a configuration by name, with their values as text.
std::vector<std::pair<std::string, std::string>> members_of(const config& value) {
    // Names every member: a new one makes this line fail, and then it must be listed below.
    const auto& [block, stages, cluster, math_warpgroups, alternate, swap, split_k, raster_rows, store_rows,
                 store_columns, store_buffers, promote, trigger_dependents, extents] = value;
    const auto text = [](int number) { return std::to_string(number); };
    const auto truth = [](bool flag) { return std::string(flag ? "true" : "false"); };
    return {{"block.m", text(block.m)},
            {"block.n", text(block.n)},
            {"block.k", text(block.k)},
            {"stages", text(stages)},
            {"cluster.m", text(cluster.m)},
            {"cluster.n", text(cluster.n)},
            {"math_warpgroups", text(math_warpgroups)},
            {"alternate", truth(alternate)},
            {"swap", truth(swap)},
            {"split_k", text(split_k)},
            {"raster_rows", text(raster_rows)},
            {"store_rows", text(store_rows)},
            {"store_columns", text(store_columns)},
            {"store_buffers", text(store_buffers)},
            {"promote", name_of(promote)},
            {"trigger_dependents", truth(trigger_dependents)},
            {"extents.m", text(extents.m)},
            {"extents.n", text(extents.n)},
            {"extents.k", text(extents.k)}};
}

/// The members in which a kernel's configuration is not what a pin asks for: "block.k is 128, not 96".
std::vector<std::string> differences(const config& pin, const config& have) {
    const auto wanted = members_of(pin), found = members_of(have), open = members_of(config{});
    std::vector<std::string> made;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto& [name, value] = wanted[i];
        const bool any_will_do = value == "0" && open[i].second == "0";  // agrees() takes any
        if (value != found[i].second && !any_will_do)
            made.push_back(name + " is " + found[i].second + ", not " + value);
    }
    return made;
}

}  // namespace

std::string nearest_to_pin(const config& pin, const gemm_plan& others) {
    std::vector<std::pair<const config*, std::vector<std::string>>> all;
    for (const candidate& c : others.ranked)
        all.emplace_back(&c.kernel->info.cfg, differences(pin, c.kernel->info.cfg));
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
