#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The drawings of docs/performance.md: bars of peers' times over ours, and rooflines. bench/report.py calls it with its reports.
Needs matplotlib (Debian: python3-matplotlib).
"""

COLORS = {"cublaslt_fast": "#519e3e", "cublaslt_tensorwise": "#7a7a7a", "cublaslt_rowwise": "#8d69b8",
          "cublaslt_blockwise": "#3b76af", "cublaslt": "#7a7a7a", "deepgemm": "#ef8636", "deepgemm_nt": "#519e3e",
          "deepgemm_on_the_way": "#8d69b8"}
GROUP_COLORS = ["#3b76af", "#ef8636", "#519e3e", "#c53a32", "#8d69b8", "#84584e"]


def label(row):
    """A case below its bars."""
    text = f"{row['groups']} groups, " if row.get("groups", 1) > 1 else ""
    text += f"{row['m']}x{row['n']}x{row['k']}" + (f" {row['layout']}" if row["layout"] != "nt" else "")
    if "einsum" in row.get("op", ""):
        return f"{row['case']} {row['d_type']}"
    if "heads" in row:
        return f"{row['m']}x{row['n']}, {row['heads']}x{row['depth']} {row.get('form', row['pass'])} {row['d_type']}"
    if "num_splits" in row:
        return text + (f" in {row['num_splits']}" if row["num_splits"] else "")
    return text + (" f32" if row["d_type"] == "f32" else "") + (" +=" if row["accumulate"] else "")


def plotter():
    """matplotlib, so that the same input gives the same file."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    matplotlib.rcParams["svg.hashsalt"] = "deepgemm"
    return pyplot


def save(pyplot, figure, path):
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def plot_roofline(report, path):
    """Points: TFLOPS of each case against flops per byte that must move; lines: what memory and tensor cores allow."""
    pyplot = plotter()
    figure, axes = pyplot.subplots(figsize=(11, 5))
    rows, memory = [r for r in report.rows if r["us"]], report.memory_tb_s()
    groups = [g for g in report.groups if g[0] != "all"]
    intensity = {id(r): 1e3 * r["tflops"] / r["gb_s"] for r in rows}
    low, high = min(intensity.values()) / 1.5, max(intensity.values()) * 1.5
    for (peak, clock), style in zip(report.peaks(), ("-", "--") if len(report.peaks()) > 1 else ("-",)):
        start = peak / memory if memory else low
        axes.plot([max(low, min(start, high)), high], [peak, peak], style, color="black", linewidth=1,
                  label=f"{peak:.0f} TFLOPS: {clock}")
    if memory:
        end = report.peaks()[-1][0] / memory
        axes.plot([low, end], [low * memory, end * memory], ":", color="black", linewidth=1, label=f"{memory} TB/s of memory")
    left = list(rows)
    for (name, select), color in zip(groups, GROUP_COLORS):
        chosen = [r for r in left if select(r)]
        left = [r for r in left if not select(r)]
        if chosen:
            axes.plot([intensity[id(r)] for r in chosen], [r["tflops"] for r in chosen], "o", color=color, markersize=4,
                      label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_xlabel("flops per byte of A, B, scales, C and D")
    axes.set_ylabel("TFLOPS")
    axes.set_title(f"{report.plot_title}: achieved, and what the machine allows", fontsize=9)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)  # outside, where no point can be
    save(pyplot, figure, path)


def plot(report, path):
    """Bars: time of each peer over ours, one group a case. Above 1, ours is faster."""
    pyplot = plotter()
    rows = [r for r in report.rows if r["us"]]
    figure, axes = pyplot.subplots(figsize=(max(12, 0.2 * len(rows)), 4.5))
    width = 0.8 / max(1, len(report.peers))
    for i, peer in enumerate(report.peers):
        bars = [(x + (i - (len(report.peers) - 1) / 2) * width, report.ratio(r, peer)) for x, r in enumerate(rows)]
        bars = [(x, y) for x, y in bars if y]
        mean = report.mean(peer)
        axes.bar([x for x, _ in bars], [y for _, y in bars], width, color=COLORS[peer], label=f"{report.peer_names[peer]} ({mean:.2f})")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(rows)))
    axes.set_xticklabels([label(r) for r in rows], rotation=90, fontsize=6)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylabel("time of the peer / time of deepgemm", fontsize=8)
    axes.set_title(f"{report.plot_title}: above 1, deepgemm is faster "
                   "(geometric means in brackets)", fontsize=9, pad=22)
    # Between title and axes, where no bar can be.
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=max(1, len(report.peers)), frameon=False)
    save(pyplot, figure, path)
