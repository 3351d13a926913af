// SPDX-License-Identifier: MIT
// Explains the tile that sm100_choice.hpp chooses for a GEMM on Blackwell: what it takes, what each part of it costs, what
// binds.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops/gemm/sm100_choice.hpp>
#include <deepgemm/ops/gemm/text.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A tile in a few words: "128 x 256 in pairs", "swapped 32 x 128, K in 4 parts".
inline std::string describe(const sm100_tile& tile) {
    return concat(tile.swap ? "swapped " : "", tile.m, " x ", tile.n, tile.ctas == 2 ? " in pairs" : "",
                  tile.split_k == 1 ? "" : concat(", K in ", tile.split_k, " parts"));
}

/// A choice in a few lines: the tile and what it takes, the clocks of a K block and of an epilogue by part, the parts of the
/// predicted time with what binds it, and the next best tile.
inline std::string explain(const sm100_choice& made) {
    const sm100_product how = sm100_product_of(made.work.a, made.work.b);
    const sm100_tile& tile = made.best.tile;
    const sm100_clocks clocks = clocks_of(tile, made.work);
    std::string text = concat(describe(made.work), "\non ", made.num_sms, " of ", made.device.sm_count, " SMs of ",
                              made.device.name, ", by tcgen05.mma of kind ", how.kind, "; predicted, never measured\n");
    text += concat("best of ", made.considered, " tiles: ", describe(tile), "\n    ", to_source(config_of(tile, how)),
                   "\n    ", sm100_tmem_columns(tile, how), " of ", arch::sm100::tmem_columns,
                   " columns of tensor memory\n");
    text += detail::formatted(
        "    clocks of a K block: multiply %.0f, operands %.0f, scales %.0f, from L2 %.0f, latency %.0f; "
        "of an epilogue: totals %.0f, store %.0f",
        clocks.multiply, clocks.port, clocks.scales, clocks.fill, clocks.latency, clocks.totals, clocks.store);
    text += tile.split_k == 1 ? "\n" : detail::formatted(", totals of other parts of K %.0f\n", clocks.exchange);
    const auto times = [](const sm100_candidate& one) {
        return detail::formatted("predicted %.1f us", one.predicted.total_us) + detail::describe_parts(one.predicted);
    };
    text += "    " + times(made.best) + "\n";
    if (made.considered > 1)
        text += concat("next: ", describe(made.next.tile), ", ", times(made.next), "\n    predicted ",
                       detail::slower(made.best.predicted.total_us, made.next.predicted.total_us), "\n");
    return text;
}

}  // namespace deepgemm
