// SPDX-License-Identifier: MIT
// A scale that is held in registers must cover whole groups of eight columns of a fragment.
// expect: gemm: a scale of B must cover one row, or a multiple of 8 rows if it is held in registers
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
/// One scale for `Rows` rows and `Depth` elements of K.
template <int Rows, int Depth>
struct coarse {
    using format = dg::scale::fp32;
    static constexpr dg::scale_tile tile{Rows, Depth};
    static constexpr dg::scale::route via = dg::scale::route::registers;
};
template <int Rows, int Depth>
using coarse_b = dg::operand<dg::e4m3, coarse<Rows, Depth>>;
#ifdef CORRECT
using kernel = dg::gemm<dg::arch::sm90, a, coarse_b<8, 128>, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}}>;
#else
using kernel = dg::gemm<dg::arch::sm90, a, coarse_b<4, 128>, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}}>;
#endif
constexpr auto size = kernel::launch.smem_bytes;
