// SPDX-License-Identifier: MIT
// The kernels of the HyperConnection prenorm as plain values: what they compute, how they are configured and launched. The kernel
// is in kernel/hc_prenorm.cuh, the operation in ops/hc_prenorm.
#pragma once

#include <deepgemm/core/shape.cuh>

namespace deepgemm {

/// What a kernel does with its partial sums over K.
enum class partial_sums : u8 {
    added,  ///< one D and one sum of squares for each row
    apart,  ///< as many of both as the caller asks for, each over a part of K; he adds them
};

/// What a kernel computes. Kernels with equal traits can replace each other: any of them takes any M, N and K.
struct hc_prenorm_traits {
    dtype a = dtype::bf16;  ///< of A, multiplied as TF32, exactly
    dtype b = dtype::f32;   ///< of B, rounded to TF32
    dtype d = dtype::f32;   ///< of D and of the sums of squares
    partial_sums sums = partial_sums::added;
    DEEPGEMM_BOTH friend constexpr bool operator==(const hc_prenorm_traits&, const hc_prenorm_traits&) = default;
};

/// What may change the speed of a kernel but not its results. Only block.m, warpgroups and split_k may change their last bits.
struct hc_prenorm_config {
    /// 64 rows of D, or 16, for few rows; 64 of K; 8 to 128 columns in steps of 8, or to 32 for 16 rows. A wider D reads A again.
    tile_shape block{64, 32, 64};
    int stages = 0;  ///< K blocks in flight, 2 to 24; 0: as many as fit, at most 24. None for 16 rows
    /// 1, 2 or 4, which take the K blocks of a tile in turn, or for 16 rows each of their warps; the first adds up in order.
    int warpgroups = 1;
    /// CTAs of a cluster, 1 to 8, or to 16 for 16 rows, that share the K blocks of a tile; the first adds up in order.
    int split_k = 1;
    DEEPGEMM_BOTH friend constexpr bool operator==(const hc_prenorm_config&, const hc_prenorm_config&) = default;

    /// Kernels with the same number add up along K in the same order, if they have the same warpgroups; 1: K is not split.
    DEEPGEMM_BOTH constexpr int order_along_k() const { return block.m == 16 ? 16 * split_k : split_k; }
};
template <>
struct fields_of<hc_prenorm_config> {
    static constexpr const char* name = "hc_prenorm_config";
    static constexpr auto all =
        field_list{field{"block", &hc_prenorm_config::block, by_default::written},
                   field{"stages", &hc_prenorm_config::stages, by_default::open},
                   field{"warpgroups", &hc_prenorm_config::warpgroups}, field{"split_k", &hc_prenorm_config::split_k}};
};

/// What a kernel is launched with. Pointers are to device memory, or to host memory for the simulator; lengths in elements.
struct hc_prenorm_arguments {
    problem_shape shape{};
    const void* a = nullptr;  ///< BF16 (m, k), rows `a_pitch` apart, a multiple of 8
    i64 a_pitch = 0;
    const float* b = nullptr;  ///< (n, k), rows `b_pitch` apart, a multiple of 4
    i64 b_pitch = 0;
    float* d = nullptr;  ///< (m, n), or (parts, m, n); rows `d_pitch` apart, parts `d_part_pitch`
    i64 d_pitch = 0, d_part_pitch = 0;
    float* squares = nullptr;  ///< (m), or (parts, m), `squares_pitch` apart
    i64 squares_pitch = 0;
    i32 parts = 1;  ///< of K, for partial_sums::apart; those beyond the K blocks become zero
};

}  // namespace deepgemm
