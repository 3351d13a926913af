// SPDX-License-Identifier: MIT
// A plan as text for people: the configuration as C++ source, its predicted cost and the reasons for it, and why the next best
// lost.
#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <iterator>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What chose a kernel, in a few words.
constexpr const char* describe(choice by) {
    switch (by) {
        case choice::model: return "predicted best";
        case choice::tuned: return "measured best";
        case choice::overridden: return "the caller's table's choice";
        case choice::pinned: return "pinned";
    }
    return "?";
}

/// The measured time of a candidate of a plan on this kind of GPU, in microseconds; 0 if no time is stored. Stored are the
/// times of the kernel that a tuned row chose, and of the kernel that the cost model would have chosen.
template <operation O>
double measured_us(const plan_of<O>& plan, const candidate<O>& one) {
    return plan.row ? double(plan.row->us_of(one.kernel->info)) : 0;
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

/// The parts of a prediction; empty if the operation does not give them.
inline std::string describe_parts(const cost& c) {
    if (c.tiles == 0) return "";
    return formatted(
        ": %lld tile%s in %lld wave%s, %.0f %% of the tiles' elements needed, %.0f %% of the SMs busy; "
        "start %.1f, main loop %.1f, epilogue %.1f, memory %.1f us; bound by %s",
        c.tiles, c.tiles == 1 ? "" : "s", c.waves, c.waves == 1 ? "" : "s", 100 * c.tile_efficiency,
        100 * c.wave_efficiency, c.start_us, c.main_loop_us, c.epilogue_us, c.memory_us, name_of(c.limit));
}

/// The predicted time of a kernel of a plan, and its measured time if one is stored.
template <operation O>
std::string describe_cost(const plan_of<O>& plan, const candidate<O>& one) {
    const double measured = measured_us(plan, one);
    std::string text;
    if (measured != 0) text = formatted("measured %.1f us with ", measured) + plan.row->measured_with() + "; ";
    text += formatted("predicted %.1f us", one.predicted.total_us) + describe_parts(one.predicted) + "; ";
    if constexpr (requires { one.kernel->info.cfg.stages; }) {  // 0 in a kernel that has none
        if (const int stages = one.kernel->info.cfg.stages; stages != 0) text += formatted("%d stages, ", stages);
    }
    return text + formatted("%.1f KiB of shared memory", one.kernel->info.launch.smem_bytes / 1024.0);
}

/// The part of a prediction in which `loser` loses most time against `winner`.
inline std::string main_difference(const cost& winner, const cost& loser) {
    const struct {
        const char* name;
        double us;
    } parts[] = {{"start", loser.start_us - winner.start_us},
                 {"main loop", loser.main_loop_us - winner.main_loop_us},
                 {"epilogue", loser.epilogue_us - winner.epilogue_us},
                 {"memory traffic", loser.memory_us - winner.memory_us}};
    const auto* const worst =
        std::max_element(std::begin(parts), std::end(parts), [](auto& x, auto& y) { return x.us < y.us; });
    if (worst->us < 0.001) return "no part of it is predicted to be slower";
    std::string text = worst->us < 0.05 ? formatted("its %s takes %.0f ns longer", worst->name, 1000 * worst->us)
                                        : formatted("its %s takes %.1f us longer", worst->name, worst->us);
    if (loser.waves != winner.waves) text += formatted(" (%lld waves against %lld)", loser.waves, winner.waves);
    return text;
}

/// How much longer `loser` takes than `winner`, both in microseconds and positive: "3.4 % slower", "as fast" or "0.2 % faster".
inline std::string slower(double winner, double loser) {
    const double percent = 100 * (loser / winner - 1);
    if (percent >= 0.05) return formatted("%.1f %% slower", percent);
    return percent > -0.05 ? "as fast" : formatted("%.1f %% faster", 100 * (1 - loser / winner));
}

/// The same, to be followed by the winner's name: "3.4 % slower than", "as fast as".
inline std::string slower_than(double winner, double loser) {
    const std::string text = slower(winner, loser);
    return text + (text == "as fast" ? " as" : " than");
}

/// The kernel with which a plan's choice is compared: another one that was measured, or else the best of the others.
template <operation O>
const candidate<O>& next_best(const plan_of<O>& plan) {
    for (std::size_t i = 1; i < plan.ranked.size(); ++i) {
        if (measured_us(plan, plan.ranked[i]) != 0) return plan.ranked[i];
    }
    return plan.ranked[1];
}

/// Why another kernel of a plan is not its choice; by measured times if both are known.
template <operation O>
std::string why_lost(const plan_of<O>& plan, const candidate<O>& next) {
    const candidate<O>& best = plan.ranked[0];
    const double best_us = measured_us(plan, best), next_us = measured_us(plan, next);
    if (best_us != 0 && next_us != 0) return "measured " + slower(best_us, next_us);
    const std::string predicted = "predicted " + slower(best.predicted.total_us, next.predicted.total_us);
    if (next.predicted.total_us >= best.predicted.total_us)
        return concat(predicted, ": ", main_difference(best.predicted, next.predicted));
    switch (plan.chosen_by) {
        case choice::model: break;
        case choice::tuned: return predicted + ", but the choice was measured to be faster than the model's";
        case choice::overridden: return predicted + ", but the caller's table decides";
        case choice::pinned: return predicted + ", but the choice is pinned";
    }
    return predicted;
}

/// How the objective of a plan came to its kernel.
template <operation O>
std::string by_objective(const plan_of<O>& plan) {
    const std::string text = concat("objective ", name_of(plan.objective), ": ");
    switch (plan.chosen_by) {
        case choice::model:
            return text + "no row of a table was tuned for it; the model, which predicts single launches, decides";
        case choice::tuned: return text + "the library's table has a row that was tuned for it";
        case choice::overridden: return text + "the caller's table has a row that was tuned for it";
        case choice::pinned: return text + "the pin decides before it";
    }
    return text;
}

/// What becomes of the library that the caller allows.
template <operation O>
std::string about_library(const library_choice<O>& made) {
    const std::string name = made.library->name;
    if (made.ruled_out != nullptr) return concat(name, " is not used: ", made.ruled_out);
    if (!made.times) return name + " is not used: it was not measured beside this kernel on this product";
    return concat(name, made.is_used() ? " is used in its place" : " is not used",
                  formatted(": measured %.1f us, this kernel %.1f us in the same run", made.times->other_us,
                            made.times->ours_us));
}

/// What the plan loses because split_k may depend only on N and K.
template <operation O>
std::string price_of_rule(const plan_of<O>& plan) {
    std::string rule = concat("split ", name_of(plan.split), ": ");
    if constexpr (splits_k<typename O::config>)
        rule += concat("split_k is ", plan.kernel()->info.cfg.split_k, " for every m; ");
    if (!plan.if_split_by_speed) return rule + "the fastest kernel is no other";
    const candidate<O>& free = *plan.if_split_by_speed;
    return concat(rule, "predicted ", slower_than(free.predicted.total_us, plan.predicted().total_us), " ",
                  to_source(free.kernel->info.cfg), formatted(", %.1f us", free.predicted.total_us));
}

}  // namespace detail

/// Explains a plan in a few lines.
template <operation O>
std::string explain(const plan_of<O>& plan) {
    std::string text = concat(O::describe(plan.work), "\non ", plan.num_sms, " of ", plan.device.sm_count, " SMs of ",
                              plan.device.name, "\n");
    if (plan.ranked.empty()) return text + "nothing to do: D has no elements\n";
    const auto line_of = [&](const candidate<O>& one) {
        return concat(to_source(one.kernel->info.cfg), "\n    ", detail::describe_cost(plan, one), "\n");
    };
    text += concat(describe(plan.chosen_by), " of ", plan.ranked.size(), ": ", line_of(plan.ranked[0]));
    if (plan.objective != objective_kind::latency) text += concat("    ", detail::by_objective(plan), "\n");
    if (plan.library) text += concat("    ", detail::about_library(*plan.library), "\n");
    if (plan.split != split_rule::fastest) text += concat("    ", detail::price_of_rule(plan), "\n");
    if (plan.ranked.size() == 1) return text;
    const candidate<O>& next = detail::next_best(plan);
    return text + concat("next: ", line_of(next), "    ", detail::why_lost(plan, next), "\n");
}

}  // namespace deepgemm
