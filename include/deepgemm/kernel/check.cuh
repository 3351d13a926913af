// SPDX-License-Identifier: MIT
// What a GEMM configuration must satisfy, one assertion per rule, each with the sentence a user sees.
// The rules stand in a base class, so that they are checked when the kernel type is completed, before its body.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/kernel/gemm_template.cuh>
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/mma/sm90/product.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Complete if the parts of gemm model their concepts; see `explains`.
template <scaled_operand A, scaled_operand B, epilogue Epilogue, schedule Tiles>
struct gemm_parts {};

/// Fragments of a tile that one math warpgroup accumulates.
DEEPGEMM_BOTH constexpr int fragments_per_warpgroup(config c) {
    return c.block.m / (sm90::wgmma_rows::rows * (c.sm90.alternate ? 1 : max(c.sm90.warpgroups, 1)));
}
/// Accumulators of one thread: the totals of its warpgroup's rows, and the partial sums of the multiplies in flight.
DEEPGEMM_BOTH constexpr int accumulator_registers(config c) {
    const int sets = c.sm90.promote == promotion::never ? 0 : c.sm90.promote == promotion::at_once ? 1 : 2;
    const int registers = fragment_registers<sm90::wgmma_rows>(c.block.n);
    return fragments_per_warpgroup(c) * registers + sets * registers / max(c.sm90.column_parts, 1);
}
/// Registers of a math thread for accumulators, scales and their products: all but a few for addresses.
DEEPGEMM_BOTH constexpr int accumulator_budget(int math_warpgroups) {
    const int share = register_shares::of(math_warpgroups).math;
    return (share != 0 ? share : launch_registers(128 * (1 + math_warpgroups))) - 16;
}

/// True if a kernel has registers for its accumulators; `staged` says that the scales of B are in stages, one for each column.
/// The numbers are what nvcc 13 makes of kernels with FP32 scales and store<bf16>: a tile of eight more columns spills, or does
/// not compile. Packed scales, K-major scales of A and longer epilogues need a few registers more, so some kernels near the
/// limit spill these; ptxas -v tells which.
DEEPGEMM_BOTH constexpr bool accumulators_fit(config c, bool staged) {
    constexpr int by_block[] = {192, 192, 128, 80}, by_token[] = {192, 192, 120, 72}, in_place[] = {224, 216, 96, 68};
    const auto& most = c.sm90.promote == promotion::never ? in_place : staged ? by_token : by_block;
    return accumulator_registers(c) <= most[min(max(c.sm90.warpgroups, 1), 4) - 1];
}

/// Rows of M or N that the smallest copy of a tile of `rows` rows brings.
DEEPGEMM_BOTH constexpr int copied_rows(major contiguous, int rows) {
    return contiguous == major::k ? 8 : rows % 64 == 0 ? 64 : 32;
}

/// The requirements of gemm on FP8, whatever its scales; a base class.
template <config Config>
struct fp8_requirements {
    static_assert(Config.block.k == 128, "gemm: block.k must be 128: one 128-byte row of FP8");
    static_assert(Config.sm90.promote != promotion::deferred || fragments_per_warpgroup(Config) == 1,
                  "gemm: deferred promotion needs 64 rows for each math warpgroup");
};
/// The same on operands with scales that change along K; on 16-bit operands, which have none; and on FP8 operands whose scales
/// hold for all of K, or that have none. Base classes.
template <class A, class B, config Config>
struct scale_requirements : fp8_requirements<Config> {
    template <class Scale>
    static constexpr bool in_registers = Scale::via == scale::route::registers;
    template <class Scale>
    static constexpr bool served = in_registers<Scale> || scale::in_stage(Scale::via);
    static_assert(served<typename A::scale> && served<typename B::scale>,
                  "gemm: Hopper's scales travel in stages, to registers, or to the epilogue if both operands' hold for "
                  "all of K or are none; tensor memory is Blackwell's");
    static_assert(A::scale::tile.k == 128 && B::scale::tile.k == 128, "gemm: a scale must cover 128 elements of K");
    static_assert(in_registers<typename A::scale> ? A::scale::tile.mn % sm90::wgmma_rows::rows == 0
                                                  : A::scale::tile.mn == 1,
                  "gemm: a scale of A must cover one row, or a multiple of 64 rows if it is held in registers");
    static_assert(in_registers<typename B::scale> ? B::scale::tile.mn % 8 == 0 : B::scale::tile.mn == 1,
                  "gemm: a scale of B must cover one row, or a multiple of 8 rows if it is held in registers");
    static_assert(
        Config.sm90.promote != promotion::never,
        "gemm: promotion::never is for operands without scales along K; these are promoted at_once or deferred");
    static_assert(
        Config.sm90.column_parts >= 1 &&
            (Config.sm90.column_parts == 1 ||
             (Config.sm90.promote == promotion::at_once && in_registers<typename B::scale> &&
              Config.block.n % (8 * Config.sm90.column_parts) == 0 &&
              scale::zones_of<typename B::scale, Config.block.n> % Config.sm90.column_parts == 0)),
        "gemm: sm90.column_parts, where it is not 1, must divide block.n into parts of whole zones of scales of B: "
        "promoted at once, scales by block");
};
template <class A, class B, config Config>
    requires(half_element<typename A::element> || half_element<typename B::element>)
struct scale_requirements<A, B, Config> {
    static_assert(Config.block.k == 64, "gemm: block.k must be 64: one 128-byte row of 16-bit elements");
    static_assert(
        Config.sm90.promote == promotion::never,
        "gemm: without scales nothing is promoted; the configuration must say .sm90 = {.promote = promotion::never}");
    static_assert(Config.sm90.column_parts == 1,
                  "gemm: without scales along K a multiply covers all columns of a tile; sm90.column_parts must be 1");
};
template <class A, class B, config Config>
    requires(fp8_element<typename A::element>&& fp8_element<typename B::element>&& scale::all_of_k(A::scale::via) &&
             scale::all_of_k(B::scale::via))
struct scale_requirements<A, B, Config> : fp8_requirements<Config> {
    template <class Scale>
    static constexpr bool in_fp32 = Scale::via == scale::route::none || Scale::format::kind == scale_kind::fp32;
    static_assert(in_fp32<typename A::scale> && in_fp32<typename B::scale>,
                  "gemm: scales that hold for all of K must be floats, scale::fp32");
    static_assert(Config.sm90.column_parts == 1,
                  "gemm: without scales along K a multiply covers all columns of a tile; sm90.column_parts must be 1");
};

/// The requirements of gemm on any architecture; a base class without members.
template <class A, class B, class Epilogue, config Config, class Tiles>
struct parts_requirements {
    static_assert(scaled_operand<A>, "gemm: A must be an operand: operand<e4m3, scale::per_token<scale::fp32>>, say");
    static_assert(scaled_operand<B>, "gemm: B must be an operand: operand<e4m3, scale::per_block<scale::fp32>>, say");
    static_assert(epilogue<Epilogue>, "gemm: the epilogue must end in a sink: store<bf16>, say");
    static_assert(schedule<Tiles>, "gemm: the schedule must model schedule, as persistent does");
    static_assert(explains<gemm_parts<A, B, Epilogue, Tiles>>);
    static_assert(!Config.swap, "gemm: config.swap needs the header deepgemm/kernel/swapped.cuh");
    static_assert(schedule_concept::fits<Tiles>(Config.block, Config.cluster),
                  "gemm: the schedule's tiles and clusters must be those of the configuration");
    static_assert(Config.stages == 0 || (Config.stages >= 2 && Config.stages <= 32),
                  "gemm: stages must be from 2 to 32, or 0 for as many as fit");
    static_assert(Config.cluster.m >= 1 && Config.cluster.n >= 1 && Config.cluster.size() <= 8,
                  "gemm: a cluster has 1 to 8 CTAs");
    static_assert(Config.store_buffers >= 0 && Config.store_columns >= 0,
                  "gemm: store_buffers and store_columns are counts; 0 chooses");
    static_assert(Config.split_k >= 1 && Config.split_k <= 8, "gemm: split_k must be from 1 to 8");
    static_assert(Config.split_k == 1 || same_as<Tiles, default_tiles<Config>>,
                  "gemm: split_k is for the default schedule, which gives all parts of a tile to one cluster");
    static_assert(Config.raster_rows >= 1, "gemm: raster_rows must be positive");
    static_assert(Config.extents.m >= 0 && Config.extents.n >= 0 && Config.extents.k >= 0,
                  "gemm: static extents are lengths; 0 leaves one to run time");
};

/// The requirements of gemm on Hopper; a base class without members.
template <class A, class B, class Epilogue, config Config, class Tiles>
struct gemm_requirements : parts_requirements<A, B, Epilogue, Config, Tiles>,
                           sm90::product<A, B>,
                           scale_requirements<A, B, Config> {
    static_assert(grouping_of<Tiles>() != grouping::k_parts || !(Epilogue::custom || epilogue_info_of<Epilogue>.any() ||
                                                                 Epilogue::accumulates || Epilogue::in_place),
                  "gemm: the results of parts of K are added later, so their epilogue must be store<...> or "
                  "store_heads<...> alone");
    static_assert(grouping_of<Tiles>() != grouping::summed ||
                      (same_as<typename A::scale, scale::none> && same_as<typename B::scale, scale::none> &&
                       !Epilogue::custom && !epilogue_info_of<Epilogue>.any() && !Epilogue::heads.any() &&
                       (!Epilogue::accumulates || Epilogue::in_place)),
                  "gemm: the sum of a batch has operands without scales, and an epilogue that is store<...> or "
                  "add_in_place alone");
    static_assert(A::scale::tile.mn == 1 || Tiles::stacked.a || !Tiles::bounded,
                  "gemm: groups that may start at any row of A need scales of single rows");
    static_assert(
        Config.keeps_b == keeps_b_of<Tiles>() &&
            (!Config.keeps_b || (same_as<typename A::scale, scale::none> && same_as<typename B::scale, scale::none>)),
        "gemm: config.keeps_b is for the schedule columnwise<...>, which needs it, and for operands without scales");
    static_assert(!claiming_schedule<Tiles>,
                  "gemm: tiles are claimed on Blackwell only: Hopper has no cluster launch control");
    /// Elements of K of a word of an operand's scales, if several share it.
    template <class X>
    static constexpr int packed_word =
        X::scale::format::per_word == 1 ? 0 : X::scale::format::per_word* X::scale::tile.k;
    static_assert((grouping_of<Tiles>() != grouping::along_k && grouping_of<Tiles>() != grouping::k_concatenated) ||
                      (packed_word<A> == word_of_packed_scales<Tiles>() &&
                       packed_word<B> == word_of_packed_scales<Tiles>()),
                  "gemm: groups of K whose scales are packed need a policy with_packed_scales<...>, and packed scales "
                  "of both operands; other groups of K need neither");
    static_assert(word_of_packed_scales<Tiles>() == 0 ||
                      (scale::by_copies<typename A::scale> && scale::by_copies<typename B::scale>),
                  "gemm: packed scales of groups of K are those of single rows, MN-major, which TMA copies to stages");
    static_assert(!A::info.gathered || Config.cluster.n == 1,
                  "gemm: gathered rows of A reach one CTA, so CTAs of a cluster must lie along M");
    static_assert(!A::info.gathered || B::scale::via != scale::route::copied,
                  "gemm: the warps that copy gathered rows of A cannot copy K-major scales of B, too");
    static_assert(!B::info.gathered, "gemm: rows of A may be gathered, those of B may not");
    static_assert(!(A::info.gathered && Tiles::stacked.a) && !(scatters<Epilogue> && Tiles::stacked.d),
                  "gemm: gathered rows of A, and scattered rows of D, are those of one matrix and not of a stack");
    static_assert(Config.block.n >= 8 && Config.block.n <= 256 && Config.block.n % 8 == 0,
                  "gemm: block.n must be a multiple of 8 from 8 to 256");
    static_assert(Config.sm90.warpgroups >= 1 && Config.sm90.warpgroups <= 4,
                  "gemm: sm90.warpgroups must be from 1 to 4");
    static_assert(
        Config.block.m >= sm90::wgmma_rows::rows && Config.block.m <= 256 &&
            Config.block.m % (sm90::wgmma_rows::rows * (Config.sm90.alternate ? 1 : max(Config.sm90.warpgroups, 1))) ==
                0,
        "gemm: block.m must be at most 256 and a multiple of 64 rows for each math warpgroup, or of 64 rows if "
        "they alternate");
    static_assert(!Config.sm90.alternate || Config.sm90.warpgroups > 1,
                  "gemm: warpgroups that alternate must be at least two");
    static_assert(
        accumulators_fit(Config, scale::in_stage(B::scale::via)),
        "gemm: a tile this large does not fit the registers: the accumulators of a thread, (rows of its warpgroup / "
        "64 + 1, or 2 if deferred, 0 without promotion) * block.n / 2, may be 192, 192, 128 or 80 on 1, 2, 3 or "
        "4 math warpgroups, 192, 192, 120 or 72 with scales of B by token, and 224, 216, 96 or 68 without promotion");
    static_assert(
        Config.block.m % (copied_rows(A::contiguous, Config.block.m) * max(Config.cluster.n, 1)) == 0 &&
            Config.block.n % (copied_rows(B::contiguous, Config.block.n) * max(Config.cluster.m, 1)) == 0,
        "gemm: each CTA of a cluster must load whole groups of eight rows of a shared tile, "
        "or of 64 rows (32 where the tile is no multiple of 64) of an operand that is contiguous along M or N");
    static_assert(Config.split_k == 1 || (Config.cluster.size() == 1 && !Config.sm90.alternate),
                  "gemm: CTAs that split K share no tiles, and their warpgroups do not alternate");
    static_assert(
        !Config.sm90.shares_fragment ||
            (Tiles::bounded && Config.block.m == 256 && Config.sm90.warpgroups == 2 && !Config.sm90.alternate &&
             Config.sm90.promote == promotion::at_once && Config.sm90.column_parts == 1 && Config.block.n % 16 == 0 &&
             A::contiguous == major::k && B::contiguous == major::k && B::scale::via == scale::route::registers &&
             scale::zones_of<typename B::scale, Config.block.n> == 1 && !Epilogue::accumulates && !Epilogue::in_place),
        "gemm: sm90.shares_fragment is for groups that end anywhere, with tiles of 256 rows on two warpgroups "
        "that promote at once, one scale of B for all columns of a tile, and an epilogue that adds nothing");
    static_assert(
        Config.sm90.row_unit == 0 ||
            (Tiles::bounded && A::contiguous == major::k &&
             (Config.sm90.row_unit == 8 || Config.sm90.row_unit == 16 || Config.sm90.row_unit == 32)),
        "gemm: sm90.row_unit is for groups that end anywhere, in an A that is contiguous along K: 8, 16 or 32 "
        "rows, or 0 for whole fragments");
    static_assert(Config.store_rows == 0 || Config.store_rows == sm90::wgmma_rows::warp_rows ||
                      Config.store_rows == sm90::wgmma_rows::rows,
                  "gemm: store_rows must be 16 (a warp's), 64 (a warpgroup's), or 0 to choose by D's type");
};

}  // namespace deepgemm
