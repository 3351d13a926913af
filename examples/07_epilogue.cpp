// SPDX-License-Identifier: MIT
// Rung 7: an epilogue of one's own. It adds a bias to each column and applies an activation to the FP32 totals, before they are
// rounded and while the tile is still in registers. That saves a second kernel, which would read and write D once more. New
// here: transform, which applies a function of the user's, and then, which chains.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;

// [functions]
/// Adds bias[n]. The members of a function object are arguments of the kernel; pointers must be to memory that the kernel can
/// read.
struct add_bias {
    const float* bias = nullptr;
    DEEPGEMM_DEVICE float operator()(float value, dg::i32 /*m*/, dg::i32 n) const {
        return value + ptx::ld_global_nc(bias + n);
    }
};

/// x / (1 + e^-x), by the special function unit's reciprocal and power of two.
struct silu {
    DEEPGEMM_DEVICE float operator()(float x, dg::i32, dg::i32) const {
        return x * ptx::rcp_approx(1.0f + ptx::exp2_approx(-1.4426950f * x));
    }
};

using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using fused =
    dg::gemm<dg::arch::sm90, by_token, by_block,
             dg::then<dg::transform<add_bias>, dg::transform<silu>, dg::store<dg::bf16>>,  // from left to right
             dg::config{.block = {64, 96, 128}, .sm90 = {.warpgroups = 1}}>;
// [functions]

int main() {
    constexpr int m = 100, n = 200, k = 512;
    dg::random_source random(dg::fresh_seed());
    auto a = backend::normal_operand(random, m, k, {1, 128}), b = backend::normal_operand(random, n, k, {128, 128});
    dg::matrix<float> bias(1, n);
    random.fill_normal(bias.view(), 20.0f);
    backend::array<float> bias_there(bias);
    dg::matrix<dg::bf16> d(m, n);
    backend::array<dg::bf16> d_there(d.size());

    // [use]
    fused::arguments arguments{
        dg::arguments_of({.a = a.argument(), .b = b.argument(), .d = argument_of(d, d_there.data())})};
    arguments.epilogue.first.bias = bias_there.data();
    backend::launch<fused>(arguments);
    // [use]
    d_there.read(d);

    // The same in double. The error bound of the sum is multiplied by 1.1, the largest slope of silu.
    auto expected = dg::reference::gemm(a.host.view(), b.host.view());
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
            const double x = expected.value(i, j) + bias(0, j);
            expected.value(i, j) = x / (1 + std::exp(-x));
            expected.magnitude(i, j) = 1.1 * (expected.magnitude(i, j) + std::fabs(bias(0, j)));
        }
    }
    std::printf("silu(A x B^T + bias), (%d, %d), in one kernel on %s.\n", m, n, backend::name().c_str());
    return backend::report(dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8));
}
