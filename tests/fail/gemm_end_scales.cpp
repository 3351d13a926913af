// SPDX-License-Identifier: MIT
// The epilogue reads scales that hold for all of K as floats; four exponents in a word are for four K blocks.
// expect: gemm: scales that hold for all of K must be floats, scale::fp32
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;

using a = dg::operand<dg::e4m3>;
#ifdef CORRECT
using b = dg::operand<dg::e4m3, dg::scale::per_row<dg::scale::fp32>>;
#else
using b = dg::operand<dg::e4m3, dg::scale::per_row<dg::scale::ue8m0>>;
#endif
using kernel = dg::gemm<dg::arch::sm90, a, b, dg::store<dg::bf16>,
                        dg::config{.block = {128, 128, 128}, .sm90 = {.promote = dg::promotion::never}}>;
constexpr auto size = kernel::launch.smem_bytes;
