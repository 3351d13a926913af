// SPDX-License-Identifier: MIT
// What the configuration of a GEMM on Blackwell must satisfy, one assertion per rule. Those of any GEMM are in
// kernel/check.cuh.
#pragma once

#include <deepgemm/kernel/check.cuh>
#include <deepgemm/mma/sm100/product.cuh>
#include <deepgemm/mma/sm100/tile_rules.cuh>

namespace deepgemm {

/// The requirements of gemm on Blackwell; a base class without members.
template <class A, class B, class Epilogue, config Config, class Tiles>
struct sm100_requirements : parts_requirements<A, B, Epilogue, Config, Tiles>, sm100::product<A, B> {
    static constexpr int ctas = Config.sm100.ctas;
    static constexpr int staged_bits = sm100::staged_bits<A, B>;
    static_assert(sm100::ctas_fit(ctas), "gemm: sm100.ctas must be 1, or 2 for pairs of CTAs that multiply together");
    static_assert(
        ctas == 1 || Config.cluster == cluster_shape{2, 1},
        "gemm: CTAs that multiply together are a cluster of two along M: config.cluster must be {2, 1}, or {1, 2} with "
        "config.swap");
    static_assert(Config.block.m == sm100::tile_rows,
                  "gemm: block.m must be 128: the lanes of tensor memory; with config.swap that is block.n");
    static_assert(sm100::columns_fit(Config.block.n, sm100::column_step(ctas)),
                  "gemm: block.n must be a multiple of 8 from 8 to 256, or of 16 if two CTAs multiply together; with "
                  "config.swap that is block.m");
    static_assert(
        sm100::columns_fit(Config.block.n, sm100::column_step(ctas, staged_bits, B::contiguous)),
        "gemm: with FP8 contiguous along N, block.n must be a multiple of 16, or of 32 if two CTAs multiply together; "
        "with config.swap these are M and block.m");
    static_assert(
        Config.block.k * staged_bits == 1024,
        "gemm: block.k must be a row of 128 bytes in shared memory: 32 elements of TF32, 64 of BF16 or FP16, 128 of "
        "FP8 and of FP4 in bytes, 256 of FP4 where both operands are FP4 with scales of one row and 32 or 16 elements "
        "of K");
    static_assert(sm100::accumulators_fit(Config.sm100.accumulators),
                  "gemm: sm100.accumulators must be at least 2: one is filled while another one is stored");
    static_assert(
        (Config.sm100.tiles == tile_source::claimed) == claiming_schedule<Tiles>,
        "gemm: sm100.tiles must be tile_source::claimed if the schedule claims tiles, and only then: the default "
        "schedule does as it says, one of your own says it itself");
    static_assert(sm100::throttle_fits(Config.sm100.tc_util),
                  "gemm: sm100.tc_util must be from 1 to 100: a share of the time in percent, 100 without any limit");
    /// Rows of M or N that the smallest copy of a part of a tile brings.
    template <class X>
    DEEPGEMM_BOTH static constexpr int copied(int rows) {
        return sm100::copied_rows(X::info.type, X::contiguous, staged_bits, rows);
    }
    static_assert(Config.block.m % (copied<A>(Config.block.m) * Config.cluster.n) == 0 &&
                      Config.block.n % (copied<B>(Config.block.n / ctas) * Config.cluster.m) == 0,
                  "gemm: each CTA of a cluster must load whole groups of eight rows of a tile, or whole slabs of 128 "
                  "bytes (64 where the tile is no multiple of 128) of an operand that is contiguous along M or N; FP4 "
                  "along M or N comes in slabs of 128 elements, and TF32 in those of 128 bytes");
    static_assert(Config.split_k == 1 || Config.cluster.size() == ctas,
                  "gemm: CTAs that split K share no tiles: config.cluster must be {1, 1}, or that of a pair");
    static_assert(sm100::parts_fit(Config.split_k, ctas),
                  "gemm: the parts of K are CTAs or pairs of one cluster: split_k * sm100.ctas must be at most 8");
    static_assert(
        Config.split_k == 1 || Config.store_rows != 128,
        "gemm: the totals of parts of K meet warp by warp: with split_k, store_rows must be 32, or 0 to choose");
    static_assert(!Config.d_ahead, "gemm: config.d_ahead is Hopper's");
    static_assert(!Config.keeps_b && !keeps_b_of<Tiles>(), "gemm: config.keeps_b is Hopper's");
    static_assert(Config.sm90 == sm90_config{}, "gemm: config.sm90 is Hopper's");
    static_assert(Config.store_rows == 0 || Config.store_rows == 32 || Config.store_rows == 128,
                  "gemm: store_rows must be 32 (a warp's), 128 (a warpgroup's), or 0 to choose");
    static_assert(!A::info.gathered && !B::info.gathered, "gemm: rows are gathered on Hopper only");
    static_assert(!scatters<Epilogue>, "gemm: rows are scattered on Hopper only");
    static_assert(!takes_windows<Tiles>() && maps_of_operand<Tiles>() == 1,
                  "gemm: groups along K are multiplied on Hopper only");
    static_assert(!tabled_schedule<Tiles>, "gemm: tiles are looked up in a table on Hopper only");
};

}  // namespace deepgemm
