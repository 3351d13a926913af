// SPDX-License-Identifier: MIT
// A user's own pipeline that lacks landed().
// expect: gemm: the pipeline must model smem_pipeline, as tma_pipeline does
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

template <int Stages, int Warps, dg::cluster_shape Cluster, int Producers>
struct quiet_pipeline : dg::tma_pipeline<Stages, Warps, Cluster, Producers> {
    using cursor = dg::ring<Stages>;
#ifndef CORRECT
    DEEPGEMM_DEVICE void landed(cursor) const {}
#endif
};

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config shape{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}};
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, shape, dg::default_tiles<shape>, quiet_pipeline>;
constexpr auto size = kernel::launch.smem_bytes;
