// SPDX-License-Identifier: MIT
// A tile of a GEMM on Blackwell as plain values: how its operands are multiplied, which rules it must keep, and what it takes
// of tensor memory and of shared memory. sm100_cost.hpp adds times. Nothing here needs a kernel, so tiles can be compared
// before any is written.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/print.hpp>
#include <deepgemm/mma/sm100/tile_rules.cuh>
#include <deepgemm/ops/gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// How tensor cores of Blackwell multiply two operands.
struct sm100_product {
    const char* kind = "";  ///< of tcgen05.mma, as PTX spells it
    /// Products of elements in a clock of a multiprocessor. Source: the peaks of parts lists (2.25, 4.5 and 9 PFLOPS), 148
    /// multiprocessors and 1.86 GHz; for f16 also a measurement, 64 clocks for 128 x 128 x 16.
    int macs = 4096;
    int element_bits = 16;  ///< of an element in shared memory; FP4 and FP6 fill a byte there, but for the FP4 kinds
    int scale_k_a = 0,
        scale_k_b = 0;  ///< elements of K that a scale of A, of B, covers; 0: the tensor cores apply none
    bool known = true;  ///< false if there is no such product

    /// Elements of K in a stage of 128 bytes of a row, as kernels have them.
    constexpr int block_k() const { return 128 * 8 / element_bits; }
    constexpr bool scaled() const { return scale_k_a != 0; }
};

/// The product of two operands. FP32 scales along K are taken for powers of two, which are packed before the product. FP4 on
/// both sides has kinds of its own if both lie along K and have scales of one row and 32 elements in UE8M0, or 16 in UE4M3.
constexpr sm100_product sm100_product_of(const operand_info& a, const operand_info& b) {
    const auto half = [](dtype type) { return type == dtype::bf16 || type == dtype::f16; };
    const auto wide = [](dtype type) { return type == dtype::tf32 || type == dtype::f32; };
    const auto small = [](dtype type) { return bits_of(type) <= 8; };
    const auto scale_k = [](const operand_info& x) {
        return x.format == scale_kind::none || x.tile.all_of_k() ? 0 : x.tile.k;
    };
    const int of_a = scale_k(a), of_b = scale_k(b);
    if ((of_a == 0) != (of_b == 0)) return {.known = false};
    if (half(a.type) && a.type == b.type && of_a == 0) return {"f16", 4096, 16};
    if (wide(a.type) && wide(b.type) && of_a == 0) return {"tf32", 2048, 32};
    if (!small(a.type) || !small(b.type)) return {.known = false};
    if (of_a == 0) return {"f8f6f4", 8192, 8};
    const bool fp4 =
        a.type == dtype::e2m1x2 && b.type == dtype::e2m1x2 && a.contiguous == major::k && b.contiguous == major::k;
    const bool nv = a.format == scale_kind::ue4m3 && b.format == scale_kind::ue4m3;
    if (fp4 && nv && of_a == 16 && of_b == 16) return {"mxf4nvf4", 16384, 4, 16, 16};
    if (a.format == scale_kind::ue4m3 || b.format == scale_kind::ue4m3) return {.known = false};
    if (fp4 && a.tile == scale_tile{1, 32} && b.tile == scale_tile{1, 32}) return {"mxf4", 16384, 4, 32, 32};
    if ((of_a != 32 && of_a != 128) || (of_b != 32 && of_b != 128)) return {.known = false};
    return {"mxf8f6f4", 8192, 8, of_a, of_b};
}

/// A tile, by what decides its time.
struct sm100_tile {
    int m = 128, n = 128;  ///< rows and columns of D for each CTA
    bool swap = false;     ///< B has the rows of the multiply and A its columns, for few rows of A
    int ctas = 1;    ///< 2: pairs of CTAs multiply together, each with rows of its own and half of the columns' operand
    int stages = 0;  ///< of 128 bytes of K; 0: as many as fit
    int accumulators = 2;                        ///< 2: one tile is stored while the next one is multiplied
    int raster_rows = 8;                         ///< tiles along M in a band
    cluster_shape cluster{};                     ///< CTAs that share tiles by multicast, beside pairs
    int split_k = 1;                             ///< parts of a cluster, CTAs or pairs, that share the K of a tile
    tile_source source = tile_source::numbered;  ///< how clusters come to tiles
    int tc_util = 100;                           ///< share of the time that tensor cores multiply at most, in percent

    /// Rows and columns of the multiply.
    constexpr int rows() const { return swap ? n : m; }
    constexpr int columns() const { return swap ? m : n; }
    /// CTAs along M, and along N, that work on neighbouring tiles together.
    constexpr int ctas_m() const { return cluster.m * (swap ? 1 : ctas); }
    constexpr int ctas_n() const { return cluster.n * (swap ? ctas : 1); }
    /// CTAs of a hardware cluster.
    constexpr int cluster_ctas() const { return ctas_m() * ctas_n() * split_k; }
    friend constexpr bool operator==(const sm100_tile&, const sm100_tile&) = default;
};

/// The tile of a kernel with configuration `cfg`.
constexpr sm100_tile sm100_tile_of(const config& cfg) {
    return {
        .m = cfg.block.m,
        .n = cfg.block.n,
        .swap = cfg.swap,
        .ctas = cfg.sm100.ctas,
        .stages = cfg.stages,
        .accumulators = cfg.sm100.accumulators,
        .raster_rows = cfg.raster_rows,
        .cluster = cfg.sm100.ctas == 1 ? cfg.cluster : cluster_shape{},  // a pair is a cluster that shares nothing else
        .split_k = cfg.split_k,
        .source = cfg.sm100.tiles,
        .tc_util = cfg.sm100.tc_util};
}

/// The configuration of a kernel with this tile.
constexpr config config_of(const sm100_tile& tile, const sm100_product& how) {
    return {
        .block = {tile.m, tile.n, how.block_k()},
        .stages = tile.stages,
        .cluster = {tile.ctas_m(), tile.ctas_n()},
        .swap = tile.swap,
        .split_k = tile.split_k,
        .raster_rows = tile.raster_rows,
        .sm100 = {.ctas = tile.ctas, .accumulators = tile.accumulators, .tiles = tile.source, .tc_util = tile.tc_util}};
}

namespace detail {

/// Words of four scales for a row of a stage; at least one, which may serve several stages.
constexpr int sm100_words(const sm100_product& how, int scale_k) {
    return scale_k == 0 ? 0 : max(1, how.block_k() / (4 * scale_k));
}
/// Tensor memory and the copies to it take scales for 128 rows at a time.
constexpr int sm100_scale_rows(int rows) { return align_up(rows, 128); }

/// Elements of K that a scale of the operand with the multiply's rows, or with its columns, covers.
constexpr int row_scale_k(const sm100_tile& tile, const sm100_product& how) {
    return tile.swap ? how.scale_k_b : how.scale_k_a;
}
constexpr int column_scale_k(const sm100_tile& tile, const sm100_product& how) {
    return tile.swap ? how.scale_k_a : how.scale_k_b;
}

/// Success if a tile can be stored by the epilogue that a product has.
inline result<void> check_sm100_results(const sm100_tile& tile, const gemm_workload& work) {
    const epilogue_info& steps = work.epilogue;
    if (tile.swap && (steps.any() || work.heads.any()))
        return fail(errc::bad_option, "a tile swaps A and B, and D has ", steps.any() ? "an epilogue" : "head splits",
                    "; only D itself is stored transposed");
    if (tile.split_k > 1 && steps.activation == activation_kind::swiglu)
        return fail(errc::bad_option, "K has ", tile.split_k,
                    " parts, and swiglu makes one column of two; the model has no figures for both together");
    const int scaled = steps.cast.columns, left = int(steps.columns_after(tile.n));
    if (scaled != 0 && left % scaled != 0)
        return fail(errc::bad_option, "a tile leaves ", left, " columns of D; a scale of D covers ", scaled,
                    ", so it must leave a multiple of that");
    return {};
}

}  // namespace detail

/// Columns of tensor memory for accumulators and for the scales of a stage; 512 are there.
constexpr int sm100_tmem_columns(const sm100_tile& tile, const sm100_product& how) {
    using namespace detail;
    const int of_rows = sm100_scale_rows(tile.rows()) / 32 * sm100_words(how, row_scale_k(tile, how)),
              of_columns = sm100_scale_rows(tile.columns()) / 32 * sm100_words(how, column_scale_k(tile, how));
    return tile.accumulators * tile.columns() + of_rows + of_columns;
}

/// Bytes of shared memory for one stage: both tiles, a CTA of a pair having half of the columns, and their scales.
constexpr i64 sm100_stage_bytes(const sm100_tile& tile, const sm100_product& how) {
    using namespace detail;
    const i64 scales = 4 * i64(sm100_scale_rows(tile.rows()) * sm100_words(how, row_scale_k(tile, how)) +
                               sm100_scale_rows(tile.columns()) * sm100_words(how, column_scale_k(tile, how)));
    return 128 * (i64(tile.rows()) + tile.columns() / tile.ctas) + scales;
}

namespace detail {

/// Columns of a staging buffer of D, 128 rows: the most, up to 128 bytes, of which the tile has a multiple.
constexpr int sm100_store_columns(const sm100_tile& tile, dtype d) {
    int columns = int(128 / size_of(d));
    while (tile.n % columns != 0) columns /= 2;
    return columns;
}
/// Columns of the multiply that a warp takes from tensor memory at once: 64 if it can have as many.
constexpr int sm100_taken_columns(const sm100_tile& tile, dtype d) {
    if (!tile.swap) {
        const int columns = sm100_store_columns(tile, d);
        return tile.n <= min(2 * columns, 64) ? tile.n : columns;
    }
    int columns = min(tile.m, 64) / 8 * 8;
    while (tile.m % columns != 0) columns -= 8;
    return columns;
}
/// Of the four warps that store, those whose rows meet in one CTA if K is split.
constexpr int sm100_collected_warps(const sm100_tile& tile) { return ceil_div(4, tile.split_k); }

}  // namespace detail

/// Bytes of shared memory in which D is staged, in rows of the multiply: two buffers; of a swapped tile two batches of tokens,
/// or all of them.
constexpr i64 sm100_staging_bytes(const sm100_tile& tile, dtype d) {
    const int columns =
        tile.swap ? min(tile.m, 2 * detail::sm100_taken_columns(tile, d)) : 2 * detail::sm100_store_columns(tile, d);
    return i64(128) * columns * size_of(d);
}
/// Bytes of shared memory in which totals of other parts of K land: a batch of FP32 columns of 32 rows from each warp.
constexpr i64 sm100_parts_bytes(const sm100_tile& tile, dtype d) {
    return i64(tile.split_k - 1) * detail::sm100_collected_warps(tile) * 32 * 4 * detail::sm100_taken_columns(tile, d);
}

/// Bytes of shared memory beside the stages: those for D and for parts of K, and 2 KB for barriers and alignment.
constexpr i64 sm100_other_bytes(const sm100_tile& tile, dtype d) {
    return 2048 + sm100_staging_bytes(tile, d) + sm100_parts_bytes(tile, d);
}

/// Stages of a tile whose results are of type `d`: as it says, or as many as fit, at most 24.
constexpr int sm100_stages(const sm100_tile& tile, const sm100_product& how, dtype d) {
    if (tile.stages != 0) return tile.stages;
    return int(
        min(i64(24), (i64(arch::sm100::smem_bytes) - sm100_other_bytes(tile, d)) / sm100_stage_bytes(tile, how)));
}

/// Success if a kernel may have this tile for these operands; or the first rule that it breaks.
inline result<void> check_sm100_tile(const sm100_tile& tile, const gemm_workload& work) {
    const sm100_product how = sm100_product_of(work.a, work.b);
    if (!how.known) {
        return fail(errc::no_kernel, "no tensor core of Blackwell multiplies ", work.a.type, " with scales of kind ",
                    name_of(work.a.format), " by ", work.b.type, " with scales of kind ", name_of(work.b.format));
    }
    const int rows = tile.rows(), columns = tile.columns();
    const operand_info &of_rows = tile.swap ? work.b : work.a, &of_columns = tile.swap ? work.a : work.b;
    if (!sm100::ctas_fit(tile.ctas))
        return fail(errc::bad_option, tile.ctas, " CTAs multiply together; it must be 1 or 2");
    if (!sm100::parts_fit(tile.split_k, tile.ctas))
        return fail(errc::bad_option, "K has ", tile.split_k, " parts of ", tile.ctas,
                    tile.ctas == 1 ? " CTA" : " CTAs", ", which are one cluster of at most ", sm100::most_cluster_ctas,
                    " CTAs; there must be from 1 to ", sm100::most_cluster_ctas / tile.ctas, " parts");
    if (tile.split_k > 1 && tile.cluster.size() > 1)
        return fail(errc::bad_option, "K has ", tile.split_k, " parts, and ", tile.cluster.size(),
                    " CTAs share tiles; a cluster does one of the two");
    if (rows != sm100::tile_rows)
        return fail(errc::bad_option, "a tile has ", rows, " rows of the multiply; it must be ", sm100::tile_rows,
                    ", the lanes of tensor memory");
    if (const int step = sm100::column_step(tile.ctas); !sm100::columns_fit(columns, step))
        return fail(errc::bad_option, "a tile has ", columns, " columns of the multiply; it must be a multiple of ",
                    step, " up to ", sm100::most_columns);
    if (const int step = sm100::column_step(tile.ctas, how.element_bits, of_columns.contiguous);
        !sm100::columns_fit(columns, step))
        return fail(errc::bad_option, "a tile has ", columns,
                    " columns of 8-bit elements that are not contiguous along K; it must be a multiple of ", step);
    const auto copies = [&](const operand_info& x, int extent) -> result<void> {
        const int copied = sm100::copied_rows(x.type, x.contiguous, how.element_bits, extent);
        if (x.contiguous == major::k || extent % copied == 0) return {};
        return fail(errc::bad_option, "a CTA has ", extent, " rows of ", x.type,
                    " that do not lie along K; TMA copies ", copied, " at a time");
    };
    if (auto ok = copies(of_rows, rows); !ok) return ok;
    if (auto ok = copies(of_columns, columns / tile.ctas); !ok) return ok;
    if (auto ok = detail::check_sm100_results(tile, work); !ok) return ok;
    if (!sm100::accumulators_fit(tile.accumulators))
        return fail(errc::bad_option, "a tile has ", tile.accumulators, " accumulators; it must have from 2 to 16");
    if (!sm100::throttle_fits(tile.tc_util))
        return fail(errc::bad_option, "tensor cores multiply for ", tile.tc_util,
                    " percent of the time; tc_util must be from 1 to 100");
    const int taken = sm100_tmem_columns(tile, how);
    if (taken > int(arch::sm100::tmem_columns))
        return fail(errc::bad_option, "a tile takes ", taken, " columns of tensor memory; there are ",
                    arch::sm100::tmem_columns);
    const i64 bytes =
        sm100_other_bytes(tile, work.d) + max(sm100_stages(tile, how, work.d), 2) * sm100_stage_bytes(tile, how);
    if (bytes > i64(arch::sm100::smem_bytes))
        return fail(errc::bad_option, "a tile takes ", bytes, " bytes of shared memory; there are ",
                    arch::sm100::smem_bytes);
    return {};
}

}  // namespace deepgemm
