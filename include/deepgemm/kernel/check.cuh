// SPDX-License-Identifier: MIT
// What a GEMM configuration must satisfy, one assertion per rule, each with the sentence a user sees.
// The rules stand in a base class, so that they are checked when the kernel type is completed, before its body.
#pragma once

#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/scale/granularity.cuh>

namespace deepgemm {

/// True for an operand: an element type with scales.
template <class T>
concept scaled_operand = requires {
    typename T::element;
    requires scale_granularity<typename T::scale>;
    { T::info } -> converts_to<operand_info>;
};

/// The requirements of gemm; a base class without members.
template <class A, class B, class Epilogue, config Config>
struct gemm_requirements {
    static_assert(scaled_operand<A>, "gemm: A must be an operand: operand<e4m3, scale::per_token<scale::fp32>>, say");
    static_assert(scaled_operand<B>, "gemm: B must be an operand: operand<e4m3, scale::per_block<scale::fp32>>, say");
    static_assert(epilogue<Epilogue>, "gemm: the epilogue must end in a store");
    static_assert(A::scale::staged, "gemm: A must have per-token scales");
    static_assert(Config.block.k == 128, "gemm: block.k must be 128: one 128-byte row of FP8 and one scale");
    static_assert(Config.block.n >= 8 && Config.block.n <= 256 && Config.block.n % 8 == 0,
                  "gemm: block.n must be a multiple of 8 from 8 to 256");
    static_assert(Config.block.m >= 64 && Config.block.m <= 256 && Config.block.m % (64 * Config.math_warpgroups) == 0,
                  "gemm: block.m must be at most 256 and a multiple of 64 rows for each math warpgroup");
    static_assert(Config.stages == 0 || (Config.stages >= 2 && Config.stages <= 32),
                  "gemm: stages must be from 2 to 32, or 0 for as many as fit");
    static_assert(Config.cluster.m >= 1 && Config.cluster.n >= 1 && Config.cluster.size() <= 8,
                  "gemm: a cluster has 1 to 8 CTAs");
    static_assert(Config.block.m % (8 * Config.cluster.n) == 0 && Config.block.n % (8 * Config.cluster.m) == 0,
                  "gemm: each CTA of a cluster must load whole groups of eight rows of a shared tile");
    static_assert(Config.store_buffers >= 0 && Config.store_columns >= 0, "gemm: store_buffers and store_columns are counts; 0 chooses");
    static_assert(Config.raster_rows >= 1, "gemm: raster_rows must be positive");
};

}  // namespace deepgemm
