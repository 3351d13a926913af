// SPDX-License-Identifier: MIT
// A per-block scale of A must cover whole fragments of 64 rows.
// expect: gemm: a scale of A must cover one row, or a multiple of 64 rows if it is held in registers
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

/// One scale for `Rows` rows and 128 elements of K.
template <int Rows>
struct coarse {
    using format = dg::scale::fp32;
    static constexpr dg::scale_tile tile{Rows, 128};
    static constexpr dg::scale::route via = dg::scale::route::registers;
};
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
#ifdef CORRECT
using a = dg::operand<dg::e4m3, coarse<64>>;
#else
using a = dg::operand<dg::e4m3, coarse<32>>;
#endif
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}, .stages = 4}>;
constexpr auto size = kernel::launch.smem_bytes;
