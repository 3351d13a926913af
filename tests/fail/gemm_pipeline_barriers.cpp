// SPDX-License-Identifier: MIT
// A user's own pipeline that needs a third barrier for each stage; gemm sets aside room for two.
// expect: gemm: a pipeline has two barriers a stage
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

template <int Stages, int Warps, dg::cluster_shape Cluster, int Producers>
struct logging_pipeline : dg::tma_pipeline<Stages, Warps, Cluster, Producers> {
#ifndef CORRECT
    static constexpr dg::u32 barrier_bytes = 3 * 8 * Stages;
#endif
};

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config shape{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}};
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, shape, dg::default_tiles<shape>, logging_pipeline>;
constexpr auto size = kernel::launch.smem_bytes;
