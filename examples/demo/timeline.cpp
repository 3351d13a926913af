// SPDX-License-Identifier: MIT
// Strips and tables from recorded spans. A span is one activity of one warp, from issue to effect; times are ticks of
// the simulator's scheduler, which put things in order and are no measure of speed.
#include "timeline.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "page.hpp"

namespace demo {

namespace {

using deepgemm::u32;
using deepgemm::u64;
using deepgemm::sim::activity;
using deepgemm::sim::run_report;
using deepgemm::sim::span;

constexpr int columns = 62;

/// A wait for a multiply spans the same time as that multiply. The chart shows only the multiply.
bool waits_for_multiply(const span& s) { return std::string(s.what) == "wgmma.wait_group"; }

/// The synchronisation of all warps at the beginning and at the end of a kernel belongs to no role.
bool synchronises_all(const span& s) {
    const std::string what = s.what;
    return what == "bar.sync" || what == "barrier.cluster";
}

/// How many activities of a kind a warp of CTA 0 has in flight, averaged over each column of `ticks` ticks.
std::vector<double> in_flight(const run_report& run, u32 warp, activity kind, double ticks) {
    std::vector<double> level(columns, 0.0);
    for (const span& s : run.trace) {
        if (s.cta != 0 || s.warp != warp || s.kind != kind) continue;
        if (waits_for_multiply(s) || synchronises_all(s)) continue;
        const double begin = double(s.begin) / ticks, end = double(s.end) / ticks;
        for (int x = int(begin); x < columns && x < end; ++x) {
            level[std::size_t(x)] += std::min(end, x + 1.0) - std::max(begin, double(x));
        }
    }
    return level;
}

std::string drawn(const std::vector<double>& level) {
    constexpr const char* heights[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const double most = std::max(1e-9, *std::max_element(level.begin(), level.end()));
    std::string out;
    for (const double x : level) out += heights[x <= 0 ? 0 : std::max(1, int(x / most * 8 + 0.5))];
    return out;
}

/// The width of the column of names: the longest name and two blanks.
int width_of(const std::vector<std::string>& names) {
    std::size_t width = 0;
    for (const std::string& name : names) width = std::max(width, name.size());
    return int(width) + 2;
}

/// What a wait is for, in a few words: barriers of the kernel are named "role: what".
std::string awaited(const span& s) {
    const std::string what = s.what;
    const std::size_t colon = what.find(": ");
    if (what.starts_with("wgmma")) return "multiplies";
    if (what.starts_with("cp.async.bulk")) return "staging buffers";
    return colon == std::string::npos ? what : what.substr(colon + 2);
}

/// What the warps of one role did, together.
struct role_sum {
    std::set<std::pair<u32, u32>> warps;  ///< CTA and warp of each
    u64 count[4] = {};                    ///< by activity
    std::map<std::string, u64> waited;    ///< ticks
};

}  // namespace

void draw_timeline(const run_report& run) {
    u64 last = 1;
    std::map<u32, std::string> roles;  // of the warps of CTA 0 that did anything in a role
    for (const span& s : run.trace) {
        if (s.cta != 0) continue;
        last = std::max(last, s.end);
        if (*s.role != 0) roles[s.warp] = s.role;
    }
    const struct {
        activity kind;
        const char* label;
    } strips[] = {{activity::load, "loads"},
                  {activity::multiply, "multiplies"},
                  {activity::wait, "waits"},
                  {activity::store, "stores"}};
    const auto name_of = [](u32 warp, const std::string& role) {
        return page::text("warp %2u %s", warp, role.c_str());
    };
    std::vector<std::string> names;
    for (const auto& [warp, role] : roles) names.push_back(name_of(warp, role));
    const int width = width_of(names);
    for (const auto& [warp, role] : roles) {
        if (warp % 4 != 0) continue;  // the four warps of a warpgroup do much the same
        std::string name = name_of(warp, role);
        for (const auto& [kind, label] : strips) {
            const auto level = in_flight(run, warp, kind, double(last) / columns);
            if (*std::max_element(level.begin(), level.end()) == 0) continue;
            page::line(page::text("%-*s%-11s│", width, name.c_str(), label) + page::kind(int(kind), drawn(level)) +
                       "│");
            name.clear();
        }
    }
}

void draw_roles(const run_report& run) {
    std::map<std::string, role_sum> roles;
    u64 last = 1;
    for (const span& s : run.trace) {
        last = std::max(last, s.end);
        if (*s.role == 0 || synchronises_all(s)) continue;
        role_sum& sum = roles[s.role];
        sum.warps.insert({s.cta, s.warp});
        if (s.kind != activity::multiply || s.warp % 4 == 0) ++sum.count[int(s.kind)];  // four warps share a wgmma
        if (s.kind == activity::wait) sum.waited[awaited(s)] += s.end - s.begin;
    }
    std::vector<std::string> names;
    for (const auto& [role, sum] : roles) names.push_back(role);
    const int width = width_of(names);
    page::line(page::bold(page::text("%-*s%7s%9s%13s%9s   %s", width, "role", "warps", "loads", "multiplies", "stores",
                                     "time spent waiting for")));
    for (const auto& [role, sum] : roles) {
        std::string waits;
        for (const auto& [what, ticks] : sum.waited) {
            const double share = 100.0 * double(ticks) / (double(last) * double(sum.warps.size()));
            if (share >= 1) waits += page::text("%s%s %.0f %%", waits.empty() ? "" : ", ", what.c_str(), share);
        }
        const auto number = [&](activity kind) {
            return sum.count[int(kind)] == 0 ? "-" : page::grouped(sum.count[int(kind)]);
        };
        page::line(page::text("%-*s%7zu%9s%13s%9s   %s", width, role.c_str(), sum.warps.size(),
                              number(activity::load).c_str(), number(activity::multiply).c_str(),
                              number(activity::store).c_str(), waits.c_str()));
    }
}

}  // namespace demo
