// SPDX-License-Identifier: MIT
// The device side of a user's own operation: its groups, a step of its epilogue, a pipeline, and kernels that combine them with
// the library's parts.
#pragma once

#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace own {

namespace dg = deepgemm;
using dg::i32;

/// Requests of `rows` rows each, one after another in A and D. Request r is multiplied by the adapter of_request[r], a matrix
/// of B.
struct requests {
    static constexpr dg::stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true;

    i32 count = 0, rows = 0;
    const i32* of_request = nullptr;  ///< (count), device memory

    DEEPGEMM_DEVICE dg::group_extent after(dg::group_extent before, dg::problem_shape shape) const {
        const i32 r = before.index + 1;
        if (r >= count) return {r, 0, 0, 0, 0, 0};
        return {r, dg::ptx::ld_global(of_request + r), r * rows, dg::min((r + 1) * rows, shape.m), 0, shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(dg::problem_shape, i32 block_m) const {
        return count * dg::ceil_div(rows, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(dg::problem_shape) const { return rows; }
};

/// Squares what is positive.
struct squared_relu {
    DEEPGEMM_DEVICE float operator()(float x, i32, i32) const { return x > 0 ? x * x : 0; }
};

/// The library's pipeline without the early test of the next stage's barrier.
template <int Stages, int Warps, dg::cluster_shape Cluster, int Producers>
struct patient : dg::tma_pipeline<Stages, Warps, Cluster, Producers> {
    DEEPGEMM_DEVICE bool landed(dg::ring<Stages>) const { return false; }
};

struct adapters;  // the operation, own_operation.cpp

/// D[r] = squared_relu(A[r] x B[of_request[r]]^T) in BF16.
template <dg::config Config>
struct kernel : dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>,
                         dg::then<dg::transform<squared_relu>, dg::store<dg::bf16>>, Config,
                         dg::grouped<Config.block, Config.cluster, requests>, patient> {
    using operation = adapters;
};
constexpr dg::config narrow{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = dg::promotion::never}};
using small = kernel<narrow>;
using large = kernel<dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
/// A kernel of the library's operation.
using theirs = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>, dg::store<dg::bf16>, narrow>;

}  // namespace own
