#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what `deepgemm explain --json` says: a bar for each of the best kernels, as long as its predicted time.

    ./dg explain --json 128,7168,2048 | python3 bench/plan_plot.py ranking.svg

Several products are drawn below each other, each with an axis of its own. Needs matplotlib (Debian package python3-matplotlib).
The ending of the file's name chooses the format: svg, png or pdf.
"""
import argparse
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as pyplot

# Kernels of a product that are shown.
SHOWN = 12
# The parts of a prediction, the words of the legend, and the colours, which are those of report.py.
PARTS = (("start_us", "launch, first loads, last stores", "#7a7a7a"),
         ("main_loop_us", "main loop", "#3b76af"),
         ("epilogue_us", "epilogue", "#ef8636"))
MEMORY = ("device memory: in the bar what computing does not hide, below it all", "#519e3e")


def parts(kernel):
    """The lengths of a bar's pieces in microseconds. The last is traffic that nothing hides; together they are the prediction."""
    known = [kernel[member] for member, _, _ in PARTS]
    return known + [max(0.0, kernel["predicted_us"] - sum(known))]


def label(plan, rank):
    """What stands above a bar."""
    kernel = plan["ranked"][rank]
    variant = [kernel["epilogue"]] if "epilogue" in kernel else []
    return (f"{plan['chosen_by']}: " if rank == 0 else "") + ", ".join([kernel["config"], *variant])


def facts(plan, rank):
    """What stands beside a bar."""
    kernel, best = plan["ranked"][rank], plan["ranked"][0]["predicted_us"]
    text = f"{kernel['predicted_us']:.1f} us"
    if rank != 0:
        text += f" ({100 * (kernel['predicted_us'] / best - 1):+.1f} %)"
    waves = f"{kernel['waves']} wave" + ("" if kernel["waves"] == 1 else "s")
    return (f"{text}: {waves}, {100 * kernel['tile_efficiency']:.0f} % needed, {100 * kernel['wave_efficiency']:.0f} % busy; "
            f"{kernel['bound']}")


def draw_product(axes, plan):
    """One product: the kernels from the top down, the one that is used first and in bold."""
    shown = plan["ranked"][:SHOWN]
    colours = [colour for _, _, colour in PARTS] + [MEMORY[1]]
    for rank, kernel in enumerate(shown):
        weight = "bold" if rank == 0 else "normal"
        left = 0.0
        for length, colour in zip(parts(kernel), colours):
            axes.barh(rank, length, 0.28, left, color=colour)
            left += length
        axes.barh(rank + 0.2, kernel["memory_us"], 0.08, kernel["start_us"], color=MEMORY[1])
        axes.text(0, rank - 0.24, label(plan, rank), fontsize=6.5, family="monospace", weight=weight)
        axes.annotate(facts(plan, rank), (left, rank), (4, -2), textcoords="offset points", fontsize=7, va="center", weight=weight)
    # The place on the right is for what stands beside the bars.
    axes.set_xlim(0, 1.9 * max(kernel["predicted_us"] for kernel in shown))
    axes.set_ylim(len(shown) - 0.5, -0.6)
    axes.set_yticks([])
    axes.set_xlabel("microseconds, predicted", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_title(f"{plan['work']}\nthe best {len(shown)} of {len(plan['ranked'])} kernels on {plan['sms']} of "
                   f"{plan['gpu_sms']} SMs of {plan['gpu']}", fontsize=9, loc="left")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def draw(plans):
    """The whole figure."""
    rows = [min(SHOWN, len(plan["ranked"])) for plan in plans]
    inches = [0.42 * n + 1.1 for n in rows]
    figure, axes = pyplot.subplots(len(plans), 1, figsize=(12, sum(inches) + 0.5), height_ratios=inches, squeeze=False)
    for one, plan in zip(axes[:, 0], plans):
        draw_product(one, plan)
    entries = [pyplot.Rectangle((0, 0), 1, 1, color=colour, label=words)
               for words, colour in [(words, colour) for _, words, colour in PARTS] + [MEMORY]]
    figure.legend(handles=entries, fontsize=8, ncol=4, loc="upper left", frameon=False)
    figure.supxlabel("beside a bar: predicted time (against the kernel that is used), waves of tiles, share of the tiles' elements "
                     "that D needs, share of the SMs that have a tile; what limits", fontsize=7, x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0.01, 1, 1 - 0.35 / (sum(inches) + 0.5)))
    return figure


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", help="the file to write")
    parser.add_argument("plans", nargs="?", help="what `explain --json` printed (default: standard input)")
    given = parser.parse_args(arguments)
    try:
        with open(given.plans, encoding="utf-8") if given.plans else sys.stdin as file:
            plans = json.load(file)
    except (OSError, ValueError) as error:
        sys.exit(f"plan_plot.py: cannot read {given.plans or 'standard input'} as what explain --json prints: {error}")
    matplotlib.rcParams.update({"svg.hashsalt": "deepgemm", "svg.fonttype": "none"})  # the same input gives the same file
    try:
        draw(plans).savefig(given.picture, metadata={"Date": None} if given.picture.endswith(".svg") else None)
    except (OSError, ValueError) as error:
        sys.exit(f"plan_plot.py: cannot write '{given.picture}': {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
