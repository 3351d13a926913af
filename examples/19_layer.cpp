// SPDX-License-Identifier: MIT
// Rung 19: a gated layer in two kernels. The first multiplies tokens by both projections of the layer at once; its epilogue
// forms SwiGLU of the totals and casts it to FP8, with the scales in the layout in which the second kernel reads its A. So
// nothing runs between the two products, and what lies between them is written once, in a quarter of the bytes of FP32. New
// here: the steps and sinks that the library brings.
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/gemm/rules.hpp>

#include <cmath>

#include "common/operands.hpp"

// [kernels]
namespace dg = deepgemm;

/// h = swiglu(x * w1), in FP8 with one scale for each token and 128 columns. A scale's columns lie in one tile: 256 columns of
/// the product are 128 of h.
using gate_and_up = dg::gemm<dg::arch::sm90, dg::operand<dg::bf16>, dg::operand<dg::bf16>,  // x (m, k), w1 (2 i, k)
                             dg::then<dg::swiglu<>, dg::cast_to_fp8<>>,                     // h (m, i) and its scales
                             dg::config{.block = {128, 256, 64}, .sm90 = {.promote = dg::promotion::never}}>;
/// y = h * w2.
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;  // h (m, i)
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;  // w2 (n, i)
using down = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}}>;
// [kernels]

/// Row of w1 that makes column j of the gate; that of the up-projection is eight further down.
constexpr int gate_row(int j) { return j / 8 * 16 + j % 8; }

int main() {
    constexpr int m = 100, model = 256, inner = 384, groups = inner / 128, stride = (m + 3) / 4 * 4;
    constexpr float clamp = 10;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> x(m, model),
        w1(2 * inner, model);  // rows of w1: eight of the gate, eight of the up-projection
    random.fill_normal(x.view());
    random.fill_normal(w1.view(), 0.2f);
    auto w2 = backend::normal_operand(random, model, inner, {128, 128});
    dg::matrix<dg::e4m3> h(m, inner);
    dg::matrix<float> h_scales(groups, m, stride);  // MN-major: the scales of all tokens for one group of columns
    dg::matrix<dg::bf16> y(m, model);
    backend::array<dg::bf16> x_there(x), w1_there(w1), y_there(y.size());
    backend::array<dg::e4m3> h_there(h.size());
    backend::array<float> scales_there(h_scales.size());

    // [layer]
    gate_and_up::arguments first{{.shape = {m, 2 * inner, model}}};
    first.a = {.data = x_there.data(), .pitch = model};
    first.b = {.data = w1_there.data(), .pitch = model};
    first.d = {h_there.data(), inner};
    first.epilogue.first.clamp = clamp;
    first.epilogue.rest = {scales_there.data(), 1, stride};  // word (token, group) at token + group * stride
    backend::launch<gate_and_up>(first);

    const dg::scaled_matrix h_in_fp8{dg::row_major<const dg::e4m3>(h_there.data(), m, inner),
                                     dg::per_token_scales(scales_there.data(), dg::scale_kind::fp32, m, inner)};
    const dg::gemm_problem second{.a = h_in_fp8, .b = w2.argument(), .d = argument_of(y, y_there.data())};
    dg::or_throw(dg::validate(second));
    backend::launch<down>({dg::arguments_of(second)});
    // [layer]
    h_there.read(h);
    scales_there.read(h_scales);
    y_there.read(y);

    // h against its definition in double precision. E4M3 has relative steps of 1/8, below 2^-6 of the scale absolute ones of
    // 2^-9.
    const auto products = dg::reference::gemm(dg::reference::plain(std::as_const(x).view()),
                                              dg::reference::plain(std::as_const(w1).view()));
    int wrong = 0;
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < inner; ++j) {
            const double gate = std::fmin(products.value(i, gate_row(j)), clamp);
            const double up = std::fmax(std::fmin(products.value(i, gate_row(j) + 8), clamp), -clamp);
            const double exact = gate / (1 + std::exp(-gate)) * up;
            const double scale = h_scales(j / 128, i);
            wrong += !(std::fabs(float(h(i, j)) * scale - exact) <= 0.075 * std::fabs(exact) + scale / 512);
        }
    }
    std::printf("SwiGLU of (%d, %d) x (%d, %d), in FP8, then x (%d, %d): two kernels on %s.\n", m, model, 2 * inner,
                model, model, inner, backend::name().c_str());
    std::printf("h: %d of %d elements differ from SwiGLU by more than FP8 does\n", wrong, m * inner);

    // y against the product of the h that was stored.
    const dg::reference::operand stored{
        h.data(), dg::dtype::e4m3, m, inner, inner, 1, {dg::scale_kind::fp32, {1, 128}, h_scales.data(), 1, stride}};
    const auto expected = dg::reference::gemm(stored, w2.host.view());
    const int failed = backend::report(dg::reference::compare(y.view(), expected, dg::tolerance::hopper_fp8));
    return wrong != 0 ? 1 : failed;
}
