// SPDX-License-Identifier: MIT
// K-major scales of A, which warps copy into stages, and a user's own pipeline that lacks stored().
// expect: gemm: K-major scales need a pipeline with stored(), as tma_pipeline has
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

template <int Stages, int Warps, dg::cluster_shape Cluster, int Producers>
struct plain_pipeline : dg::tma_pipeline<Stages, Warps, Cluster, Producers> {
#ifndef CORRECT
    void stored(typename dg::tma_pipeline<Stages, Warps, Cluster, Producers>::cursor) const = delete;
#endif
};

using a = dg::operand<dg::e4m3, dg::scale::per_token_k_major<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config shape{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}};
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, shape, dg::default_tiles<shape>, plain_pipeline>;
constexpr auto size = kernel::launch.smem_bytes;
