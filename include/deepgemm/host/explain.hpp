// SPDX-License-Identifier: MIT
// A plan as text for people: the configuration as C++ source, what it should cost and why, and why the next best lost.
#pragma once

#include <cstdarg>
#include <cstdio>

#include <deepgemm/host/plan.hpp>

namespace deepgemm {

/// Who chose a kernel, in a few words.
constexpr const char* describe(choice by) {
    switch (by) {
        case choice::model: return "predicted best";
        case choice::tuned: return "measured best";
        case choice::overridden: return "the caller's table's choice";
        case choice::pinned: return "pinned";
    }
    return "?";
}

namespace detail {

/// printf into a string.
[[gnu::format(printf, 1, 2)]] inline std::string formatted(const char* format, ...) {
    char text[512];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return text;
}

inline std::string describe_cost(const kernel_info& info, const cost& predicted) {
    return formatted(
        "%.1f us: %lld tiles in %lld wave%s, %.0f %% of the computed elements needed; start %.1f, main loop %.1f, "
        "epilogue %.1f, memory %.1f us; bound by %s; %d stages, %.1f KiB of shared memory",
        predicted.total_us, predicted.tiles, predicted.waves, predicted.waves == 1 ? "" : "s",
        100 * predicted.tile_efficiency, predicted.start_us, predicted.main_loop_us, predicted.epilogue_us,
        predicted.memory_us, name_of(predicted.limit), info.cfg.stages, info.launch.smem_bytes / 1024.0);
}

/// The part of a prediction in which `loser` is furthest behind `winner`.
inline std::string main_difference(const cost& winner, const cost& loser) {
    const struct {
        const char* name;
        double us;
    } parts[] = {{"main loop", loser.main_loop_us - winner.main_loop_us},
                 {"epilogue", loser.epilogue_us - winner.epilogue_us},
                 {"memory traffic", loser.memory_us - winner.memory_us}};
    const auto* const worst =
        std::max_element(std::begin(parts), std::end(parts), [](auto& x, auto& y) { return x.us < y.us; });
    if (worst->us <= 0) return "no part of it is predicted to be slower";
    std::string text = formatted("its %s takes %.1f us longer", worst->name, worst->us);
    if (loser.waves != winner.waves) text += formatted(" (%lld waves against %lld)", loser.waves, winner.waves);
    return text;
}

}  // namespace detail

/// Explains a plan in a few lines.
inline std::string explain(const gemm_plan& plan) {
    std::string text = concat(describe(plan.work), "\non ", plan.num_sms, " of ", plan.device.sm_count, " SMs of ",
                              plan.device.name, "\n");
    if (plan.ranked.empty()) return text + "nothing to do: D has no elements\n";
    const kernel_info& info = plan.kernel()->info;
    const cost best = plan.predicted();
    const char* const by = describe(plan.chosen_by);
    text += concat(by, " of ", plan.ranked.size(), ": ", to_source(info.cfg), "\n    ",
                   detail::describe_cost(info, best), "\n");
    if (plan.ranked.size() == 1) return text;
    const candidate& next = plan.ranked[1];
    text += concat("next: ", to_source(next.kernel->info.cfg), "\n    ",
                   detail::describe_cost(next.kernel->info, next.predicted), "\n    ");
    if (next.predicted.total_us < best.total_us) {
        text += concat("the model prefers it; the choice was ", by, "\n");
    } else {
        text += detail::formatted("%.1f %% slower: ", 100 * (next.predicted.total_us / best.total_us - 1)) +
                detail::main_difference(best, next.predicted) + "\n";
    }
    return text;
}

}  // namespace deepgemm
