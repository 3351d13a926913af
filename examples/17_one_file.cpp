// SPDX-License-Identifier: MIT
// Rung 17: the kernel of rung 6 as a whole program in one file, which needs nothing but the library's headers: no CMake, none
// of the examples' own. README.md shows it with the commands that build it. New here: the two umbrella headers, and how each
// host side launches.
// clang-format off
// [program]
#include <algorithm>
#include <cstdio>
#include <string>

#if defined(__CUDACC__)  // nvcc: for a Hopper GPU
#include <deepgemm/cuda.hpp>
#define MANAGED __managed__  // memory that host and GPU both reach
std::string machine() { return deepgemm::or_throw(deepgemm::cuda::describe_current_device()).name; }
#else  // g++ or clang: for the simulator
#include <deepgemm/sim.hpp>
#define MANAGED
std::string machine() { return "the simulator"; }
#endif

namespace dg = deepgemm;
using my_gemm = dg::gemm<dg::arch::sm90,
                         dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,  // A (m, k), scaled 1 x 128
                         dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>,  // B (n, k), scaled 128 x 128
                         dg::store<dg::bf16>,                                           // D (m, n) = A x B^T
                         dg::config{.block = {128, 128, 128}, .stages = 4}>;

constexpr int m = 64, n = 256, k = 512;
alignas(16) MANAGED dg::e4m3 a[m][k], b[n][k];
alignas(16) MANAGED float a_scales[k / 128 * m], b_scales[n / 128 * (k / 128)];
alignas(16) MANAGED dg::bf16 d[m][n];

int main() {
    std::printf("on %s: ", machine().c_str());
    for (int i = 0; i < m; ++i) std::fill_n(a[i], k, dg::e4m3::from_float(float(i % 4)));
    for (int j = 0; j < n; ++j) std::fill_n(b[j], k, dg::e4m3::from_float(float(j % 3 - 1)));
    for (float& scale : a_scales) scale = 0.5f;
    for (float& scale : b_scales) scale = 2;
    const dg::gemm_problem problem{
        .a = {dg::row_major(a[0], m, k), dg::per_token_scales(a_scales, dg::scale_kind::fp32, m, k)},
        .b = {dg::row_major(b[0], n, k), dg::per_block_scales(b_scales, dg::scale_kind::fp32, n, k)},
        .d = dg::row_major(d[0], m, n)};
    dg::or_throw(dg::validate(problem));  // throws a sentence for everything that a caller can get wrong
#if defined(__CUDACC__)
    dg::or_throw(dg::launch<my_gemm>(nullptr, {dg::arguments_of(problem)}));  // in the default stream
    dg::or_throw(dg::cuda::check("cudaDeviceSynchronize", cudaDeviceSynchronize()));
#else
    dg::sim::launch<my_gemm>({dg::arguments_of(problem)});
#endif
    int wrong = 0;
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) wrong += float(d[i][j]) != float(k * (i % 4) * (j % 3 - 1));
    }
    std::printf("%d of %d elements are wrong\n", wrong, m * n);
    return wrong != 0;
}
// [program]
// clang-format on
