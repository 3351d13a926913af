// SPDX-License-Identifier: MIT
// Kernels of the GEMM of Blackwell, one of every way to multiply and to store, for the compilers; tests/kernel/sm100_*.cpp run
// them.
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/swapped.cuh>

namespace sm100_gemm_tests {

using namespace deepgemm;

using by_32 = operand<e4m3, scale::mx<scale::ue8m0>>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using mx4_along_n = operand<e2m1, scale::mx<scale::ue8m0>, major::mn>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;
using single = operand<tf32>;
using along_n = operand<bf16, scale::none, major::mn>;

constexpr config one{.block = {128, 256, 64}};
constexpr config scaled{.block = {128, 128, 128}};
constexpr config both{.block = {128, 224, 128}, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
constexpr config few{.block = {16, 128, 64}, .cluster = {2, 1}, .swap = true};
constexpr config tokens{.block = {240, 128, 128}, .swap = true};
constexpr config both_tokens{.block = {224, 128, 128}, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}};

constexpr config fp4{.block = {128, 192, 256}, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
constexpr config tf32s{.block = {128, 128, 32}};

using plain = gemm<arch::sm100, operand<bf16>, along_n, store<bf16>, one>;
using adding = gemm<arch::sm100, by_32, by_32, accumulate<float>, scaled>;
using heads = gemm<arch::sm100, by_128, by_block, then<alpha, store_heads<bf16, 128, 64, 128>>, scaled>;
using pair = gemm<arch::sm100, by_128, by_block, store<bf16>, both>;
using swapped = gemm<arch::sm100, operand<bf16>, operand<bf16>, store<bf16>, few>;
using swapped_tokens = gemm<arch::sm100, by_128, by_block, store<float>, tokens>;
using swapped_pair = gemm<arch::sm100, by_128, by_block, accumulate<bf16>, both_tokens>;

using packed = gemm<arch::sm100, mx4, mx4, store<bf16>, fp4>;
using packed_nv = gemm<arch::sm100, nv4, nv4, then<alpha, store<bf16>>, fp4>;
using spread = gemm<arch::sm100, by_128, mx4_along_n, accumulate<float>, scaled>;
using singles = gemm<arch::sm100, single, single, store<float>, tf32s>;

constexpr config claimed_alone{.block = {128, 128, 64}, .sm100 = {.tiles = tile_source::claimed}};
constexpr config claimed_pair{
    .block = {128, 224, 128}, .cluster = {2, 1}, .sm100 = {.ctas = 2, .tiles = tile_source::claimed}};
constexpr config claimed_tokens{
    .block = {32, 128, 64}, .cluster = {2, 1}, .swap = true, .sm100 = {.tiles = tile_source::claimed}};
constexpr config throttled_pair{.block = {128, 256, 64}, .cluster = {2, 1}, .sm100 = {.ctas = 2, .tc_util = 70}};

using claiming = gemm<arch::sm100, operand<bf16>, operand<bf16>, store<bf16>, claimed_alone>;
using claiming_pair = gemm<arch::sm100, by_128, by_block, accumulate<float>, claimed_pair>;
using claiming_tokens = gemm<arch::sm100, operand<bf16>, operand<bf16>, store<bf16>, claimed_tokens>;
constexpr config parts{.block = {128, 256, 64}, .split_k = 8};
constexpr config token_parts{
    .block = {64, 128, 128}, .cluster = {1, 2}, .swap = true, .split_k = 4, .sm100 = {.ctas = 2}};
constexpr config claimed_parts{
    .block = {128, 96, 64}, .split_k = 3, .sm100 = {.accumulators = 3, .tiles = tile_source::claimed}};

using throttled = gemm<arch::sm100, operand<bf16>, operand<bf16>, store<bf16>, throttled_pair>;
using in_parts = gemm<arch::sm100, operand<bf16>, along_n, then<alpha, store<float>>, parts>;
using tokens_in_parts = gemm<arch::sm100, by_128, by_block, accumulate<bf16>, token_parts>;
using claiming_parts = gemm<arch::sm100, operand<bf16>, operand<bf16>, accumulate<bf16>, claimed_parts>;

}  // namespace sm100_gemm_tests

template __global__ void deepgemm::entry<sm100_gemm_tests::plain>(
    const __grid_constant__ sm100_gemm_tests::plain::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::adding>(
    const __grid_constant__ sm100_gemm_tests::adding::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::heads>(
    const __grid_constant__ sm100_gemm_tests::heads::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::pair>(
    const __grid_constant__ sm100_gemm_tests::pair::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::swapped>(
    const __grid_constant__ sm100_gemm_tests::swapped::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::swapped_tokens>(
    const __grid_constant__ sm100_gemm_tests::swapped_tokens::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::swapped_pair>(
    const __grid_constant__ sm100_gemm_tests::swapped_pair::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::packed>(
    const __grid_constant__ sm100_gemm_tests::packed::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::packed_nv>(
    const __grid_constant__ sm100_gemm_tests::packed_nv::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::spread>(
    const __grid_constant__ sm100_gemm_tests::spread::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::singles>(
    const __grid_constant__ sm100_gemm_tests::singles::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::claiming>(
    const __grid_constant__ sm100_gemm_tests::claiming::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::claiming_pair>(
    const __grid_constant__ sm100_gemm_tests::claiming_pair::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::claiming_tokens>(
    const __grid_constant__ sm100_gemm_tests::claiming_tokens::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::throttled>(
    const __grid_constant__ sm100_gemm_tests::throttled::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::in_parts>(
    const __grid_constant__ sm100_gemm_tests::in_parts::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::tokens_in_parts>(
    const __grid_constant__ sm100_gemm_tests::tokens_in_parts::params);
template __global__ void deepgemm::entry<sm100_gemm_tests::claiming_parts>(
    const __grid_constant__ sm100_gemm_tests::claiming_parts::params);
