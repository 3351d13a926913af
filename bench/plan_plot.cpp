// SPDX-License-Identifier: MIT
// Bars of predicted times.
#include "plan_plot.hpp"

#include <deepgemm/host/explain.hpp>

#include <algorithm>
#include <cmath>

#include "svg.hpp"

namespace deepgemm::bench {

namespace {

using deepgemm::detail::formatted;

// The colours are those of report.py; a page that is dark where the reader's screen is.
constexpr const char* style =
    "text { font: 11px sans-serif; fill: #222222 }\n"
    ".title { font-size: 13px; font-weight: bold }\n"
    ".config { font: 10px monospace }\n"
    ".chosen .config, .chosen .time { font-weight: bold }\n"
    ".tick { text-anchor: middle }\n"
    ".grid { stroke: #dddddd }\n"
    ".page { fill: #ffffff }\n"
    ".mark { fill: #222222 }\n"
    ".start { fill: #7a7a7a }\n"
    ".main-loop { fill: #3b76af }\n"
    ".epilogue { fill: #ef8636 }\n"
    ".exposed, .memory { fill: #519e3e }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "text, .mark { fill: #dddddd }\n"
    ".page { fill: #1e1f22 }\n"
    ".grid { stroke: #44464a }\n"
    "}\n";

// Pixels.
constexpr double left = 20, row_height = 36, bar_height = 10, facts_width = 440, mono_width = 6.1, title_width = 7.3;

/// The file is written from the top down; `y` is where the next line goes.
struct page {
    svg picture;
    double width, y = 22;
};

/// What stands above the bar of the kernel that is `rank`th.
template <class O>
std::string label(const plan_of<O>& plan, std::size_t rank) {
    const info_of<O>& info = plan.ranked[rank].kernel->info;
    const std::string variant = words<O>::variant(info, plan.work);
    return concat(rank == 0 ? concat(describe(plan.chosen_by), ": ") : "", to_source(info.cfg),
                  variant.empty() ? "" : ", " + variant);
}

template <class O>
std::size_t shown(const plan_of<O>& plan) {
    return std::min(plan.ranked.size(), plotted_kernels);
}

template <class O>
double width_of(const plan_of<O>& plan) {
    double width = std::max(1000.0, 2 * left + title_width * double(O::describe(plan.work).size()));
    for (std::size_t i = 0; i < shown(plan); ++i)
        width = std::max(width, 2 * left + mono_width * double(label(plan, i).size()));
    return std::ceil(width);
}

void legend(page& to) {
    constexpr struct {
        const char *kind, *words;
        double width;
    } entries[] = {{"start", "launch, first loads, last stores", 190},
                   {"main-loop", "main loop", 90},
                   {"epilogue", "epilogue", 80},
                   {"exposed", "device memory: in the bar what computing does not hide, below it all", 0}};
    double x = left;
    for (const auto& [kind, words, width] : entries) {
        to.picture.rectangle(kind, x, to.y - 9, 10, 10).text("", x + 15, to.y, words);
        x += width;
    }
    to.y += 17;
    to.picture.text("", left, to.y,
                    "beside a bar: predicted time (against the kernel that is used), waves of tiles, share of the "
                    "tiles' elements that D needs, share of the SMs that have a tile; what limits");
    to.y += 30;
}

/// A step between ticks of an axis, such that some six of them reach `end`: 1, 2 or 5 times a power of ten.
double step_to(double end) {
    const double power = std::pow(10, std::floor(std::log10(end / 6)));
    for (const double step : {power, 2 * power, 5 * power}) {
        if (end / step <= 6) return step;
    }
    return 10 * power;
}

/// A bar of the parts that make the predicted time; below it a line for all memory traffic, most of which they hide.
void bar(page& to, double pixels_per_us, const cost& predicted) {
    const double computing = predicted.start_us + predicted.main_loop_us + predicted.epilogue_us;
    const struct {
        const char* kind;
        double us;
    } parts[] = {{"start", predicted.start_us},
                 {"main-loop", predicted.main_loop_us},
                 {"epilogue", predicted.epilogue_us},
                 {"exposed", std::max(0.0, predicted.total_us - computing)}};
    double x = left;
    for (const auto& [kind, us] : parts) {
        to.picture.rectangle(kind, x, to.y + 5, us * pixels_per_us, bar_height);
        x += us * pixels_per_us;
    }
    to.picture.rectangle("memory", left + predicted.start_us * pixels_per_us, to.y + 6 + bar_height,
                         predicted.memory_us * pixels_per_us, 3);
}

template <class O>
void row(page& to, double pixels_per_us, const plan_of<O>& plan, std::size_t rank) {
    const auto& kernel = plan.ranked[rank];
    const cost& predicted = kernel.predicted;
    to.picture.begin(rank == 0 ? "candidate chosen" : "candidate", deepgemm::detail::describe_cost(plan, kernel));
    if (rank == 0) to.picture.rectangle("mark", left - 10, to.y - 9, 4, row_height - 8);
    to.picture.text("config", left, to.y, label(plan, rank));
    bar(to, pixels_per_us, predicted);
    std::string facts = formatted("%.1f us", predicted.total_us);
    if (rank != 0) facts += formatted(" (%+.1f %%)", 100 * (predicted.total_us / plan.predicted().total_us - 1));
    facts +=
        formatted(": %lld wave%s, %.0f %% needed, %.0f %% busy; %s", predicted.waves, predicted.waves == 1 ? "" : "s",
                  100 * predicted.tile_efficiency, 100 * predicted.wave_efficiency, name_of(predicted.limit));
    to.picture.text("time", left + predicted.total_us * pixels_per_us + 6, to.y + 4 + bar_height, facts).end();
    to.y += row_height;
}

template <class O>
void panel(page& to, const plan_of<O>& plan) {
    to.picture.text("title", left, to.y, O::describe(plan.work));
    to.y += 17;
    to.picture.text("", left, to.y,
                    concat("the best ", shown(plan), " of ", plan.ranked.size(), " kernels on ", plan.num_sms, " of ",
                           plan.device.sm_count, " SMs of ", plan.device.name));
    to.y += 24;
    double longest = 0;
    for (std::size_t i = 0; i < shown(plan); ++i) longest = std::max(longest, plan.ranked[i].predicted.total_us);
    const double pixels_per_us = (to.width - 2 * left - facts_width) / longest;
    const double top = to.y - 12, bottom = top + row_height * double(shown(plan));
    if (longest > 0) {
        const double step = step_to(longest);
        for (int i = 0; i * step <= longest; ++i) {
            const double x = left + i * step * pixels_per_us;
            to.picture.line("grid", x, top, x, bottom).text("tick", x, bottom + 14, formatted("%g", i * step));
        }
        to.picture.text("", left + longest * pixels_per_us + 20, bottom + 14, "microseconds, predicted");
    }
    for (std::size_t i = 0; i < shown(plan); ++i) row(to, pixels_per_us, plan, i);
    to.y += 46;
}

}  // namespace

std::string plot(std::span<const any_plan> plans) {
    page to{{}, 0};
    for (const any_plan& plan : plans)
        to.width = std::max(to.width, std::visit([](const auto& of) { return width_of(of); }, plan));
    legend(to);
    for (const any_plan& plan : plans) std::visit([&](const auto& of) { panel(to, of); }, plan);
    return to.picture.document(int(to.width), int(to.y - 36), style);
}

}  // namespace deepgemm::bench
