// SPDX-License-Identifier: MIT
// What happened in a simulated launch: spans of loads, waits, multiplies and stores per warp, and two ways to print them.
// Ticks are the scheduler's, not cycles: they order things and say nothing about speed.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/options.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

enum class activity : u8 { load, wait, multiply, store };

/// One activity of one warp, from issue to effect (a wait: from blocking to waking).
struct span {
    u64 begin = 0, end = 0;  ///< ticks; `end` is 0 for what never ended
    u32 cta = 0;             ///< linear index in the grid
    u32 warp = 0;
    const char* role = "";  ///< as named by ptx::role(), or ""
    activity kind = activity::load;
    const char* what = "";  ///< instruction, or the name of the barrier waited for
};

/// What last_run() reports.
struct run_report {
    sim::geometry geometry{};
    sim::statistics statistics{};
    std::vector<span> trace{};  ///< in order of begin; empty unless options::trace was set
};

/// The letter of an activity in timeline().
inline char letter(activity kind) { return "LwMS"[int(kind)]; }

/// A timeline of one CTA in text: a line per warp, `width` columns over its time, the letter of what the warp's work was
/// mostly doing in each: L load in flight, M multiply, S store, w waiting, '.' nothing recorded.
inline std::string timeline(const run_report& run, u32 cta = 0, u32 width = 100) {
    u64 first = ~u64(0), last = 0;
    u32 warps = 0;
    for (const span& s : run.trace) {
        if (s.cta != cta) continue;
        first = std::min(first, s.begin);
        last = std::max({last, s.begin + 1, s.end});
        warps = std::max(warps, s.warp + 1);
    }
    std::string out;
    for (u32 warp = 0; warp < warps; ++warp) {
        std::string line(width, '.');
        const char* role = "";
        for (activity kind : {activity::wait, activity::store, activity::multiply, activity::load}) {  // later ones win
            for (const span& s : run.trace) {
                if (s.cta != cta || s.warp != warp || s.kind != kind) continue;
                role = s.role;
                const u64 end = s.end != 0 ? s.end : last;
                const u64 from = (s.begin - first) * width / (last - first);
                const u64 to = std::max(from + 1, (end - first) * width / (last - first));
                for (u64 x = from; x < std::min<u64>(to, width); ++x) line[x] = letter(kind);
            }
        }
        if (line.find_first_not_of('.') != std::string::npos)
            out += text("warp %2u %-10s |", warp, role) + line + "|\n";
    }
    return out;
}

/// A table of the roles of all CTAs: how many loads, waits, multiplies and stores, and ticks spent in them.
inline std::string role_table(const run_report& run) {
    struct row {
        const char* role;
        u64 count[4], ticks[4];
    };
    std::vector<row> rows;
    for (const span& s : run.trace) {
        auto at =
            std::find_if(rows.begin(), rows.end(), [&](const row& r) { return std::strcmp(r.role, s.role) == 0; });
        if (at == rows.end()) at = rows.insert(rows.end(), row{s.role, {}, {}});
        ++at->count[int(s.kind)];
        at->ticks[int(s.kind)] += s.end > s.begin ? s.end - s.begin : 0;
    }
    std::string out = text("%-12s %21s %21s %21s %21s\n", "role", "loads (ticks)", "waits (ticks)",
                           "multiplies (ticks)", "stores (ticks)");
    for (const row& r : rows) {
        out += text("%-12s", *r.role != 0 ? r.role : "(none)");
        for (int i = 0; i < 4; ++i) out += text(" %10llu (%8llu)", r.count[i], r.ticks[i]);
        out += "\n";
    }
    return out;
}

}  // namespace deepgemm::sim
