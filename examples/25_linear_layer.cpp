// SPDX-License-Identifier: MIT
// Rung 25: a linear layer in FP8, forward and backward. Each of its three products sums along another dimension: Y = X W^T
// along inputs, dX = dY W along outputs, dW += dY^T X along tokens. FP8 has scales along what is summed, so X and dY are
// quantised twice, by token and by channel; W is scaled by blocks, which serve both ways. No operand is stored a second time:
// of those that are not contiguous along what is summed, a launch before the product transposes the bytes into a workspace. New
// here: FP8 in every order.
#include <deepgemm/host/engine.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/transpose.cuh>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/transposing.hpp>
#include <deepgemm/ops/transpose/operation.hpp>

#include <cmath>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
/// Y = X W^T, and dX = dY W once W is transposed: one operand scaled by token, weights by block.
using with_weights =
    dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>, dg::config{.block = {128, 128, 128}}>;
/// dW += dY^T X: both operands scaled along tokens. L2 adds to dW.
using of_weights = dg::gemm<dg::arch::sm90, by_token, by_token, dg::add_in_place,
                            dg::config{.block = {128, 128, 128}, .store_columns = 32, .store_buffers = 1}>;
using turning = dg::transposer<dg::arch::sm90, dg::transpose_traits{1}, dg::transpose_config{}>;
// [kernels]

// Host code from here on.

/// A matrix (tokens, channels) in FP8 whose scales each cover 128 tokens of one channel.
struct by_channel {
    dg::quantize::fp8_matrix<dg::e4m3> host;
    backend::array<dg::e4m3> data;
    backend::array<float> scales;

    explicit by_channel(const dg::matrix<dg::bf16>& x)
        : host(dg::quantize::per_channel<>(x.view())), data(host.data), scales(host.scales) {}
    int tokens() const { return int(host.data.rows()); }
    int channels() const { return int(host.data.columns()); }
    /// As it is stored: an operand (k, m) whose scales are at (k / 128, m).
    dg::scaled_matrix argument() {
        return {dg::row_major<const dg::e4m3>(data.data(), tokens(), channels()),
                dg::transposed(
                    dg::per_token_scales(scales.data(), dg::scale_kind::fp32, channels(), tokens(), channels()))};
    }
    /// The same for the reference, which sums along columns.
    dg::reference::operand turned() const {
        return {host.data.data(),
                dg::dtype::e4m3,
                channels(),
                tokens(),
                1,
                host.data.pitch(),
                {dg::scale_kind::fp32, {1, 128}, host.scales.data(), 1, host.scales.pitch()}};
    }
};

/// Weights as the reference needs them for dX: with rows and columns exchanged, and those of scales.
dg::reference::operand turned(const dg::reference::operand& w) {
    dg::reference::operand made = w;
    std::swap(made.rows, made.k);
    std::swap(made.row_stride, made.k_stride);
    std::swap(made.scale.stride_mn, made.scale.stride_k);
    return made;
}

dg::matrix<dg::bf16> normal(dg::random_source& random, int rows, int columns) {
    dg::matrix<dg::bf16> made(rows, columns);
    random.fill_normal(made.view());
    return made;
}

int main() {
    constexpr int tokens = 200, inputs = 256, outputs = 384;
    dg::random_source random(dg::fresh_seed());
    const auto x = normal(random, tokens, inputs), w = normal(random, outputs, inputs),
               dy = normal(random, tokens, outputs);

    // Quantised as training does it: once along what each product sums.
    backend::operand x_by_token(dg::quantised_operand<>::of(x.view())),
        dy_by_token(dg::quantised_operand<>::of(dy.view())),
        weights(dg::quantised_operand<>::of(w.view(), {.tile = {128, 128}}));
    by_channel x_by_channel(x), dy_by_channel(dy);

    dg::matrix<dg::bf16> y(tokens, outputs), dx(tokens, inputs);
    dg::matrix<float> dw(outputs, inputs), before(outputs, inputs);
    for (int i = 0; i < outputs; ++i) {
        for (int j = 0; j < inputs; ++j) before(i, j) = float(random.integer(-8, 8));  // of a micro-batch before
    }
    backend::array<dg::bf16> y_there(y.size()), dx_there(dx.size());
    backend::array<float> dw_there(before);

    // [layer]
    dg::engine_of<dg::ops::gemm, dg::ops::transpose> engine(backend::kernels<with_weights, of_weights>(),
                                                            backend::device());
    engine.with(backend::kernels<turning>());
    const dg::scaled_matrix a = dy_by_channel.argument(), b = x_by_channel.argument();
    const dg::u64 bytes =
        std::max(dg::fp8_gemm_workspace_bytes(dy_by_token.argument().matrix, dg::transposed(weights.argument().matrix)),
                 dg::fp8_gemm_workspace_bytes(dg::transposed(a.matrix), dg::transposed(b.matrix)));
    backend::array<dg::u8> space(bytes);
    const dg::workspace_memory workspace{space.data(), bytes};
    const dg::output_matrix gradient = argument_of(dw, dw_there.data());

    dg::or_throw(dg::fp8_gemm_nt(engine, x_by_token.argument(), weights.argument(), argument_of(y, y_there.data())));
    dg::or_throw(dg::fp8_gemm_nn(engine, dy_by_token.argument(), weights.argument(), argument_of(dx, dx_there.data()),
                                 {.workspace = workspace}));
    dg::or_throw(dg::fp8_gemm_tn(engine, a, b, gradient, {.c = gradient, .workspace = workspace}));
    // [layer]
    backend::synchronise();
    y_there.read(y);
    dx_there.read(dx);
    dw_there.read(dw);

    // Each product against its definition over the quantised operands, and against the layer that was not quantised.
    int failed = 0;
    const auto judge = [&](const char* name, const auto& made, const dg::reference::product& expected,
                           const dg::reference::product& unquantised) {
        double error = 0, size = 0;
        for (dg::i64 i = 0; i < made.rows(); ++i) {
            for (dg::i64 j = 0; j < made.columns(); ++j) {
                const double exact = unquantised.value(i, j), off = double(float(made(i, j))) - exact;
                error += off * off;
                size += exact * exact;
            }
        }
        const double share = std::sqrt(error / size);
        std::printf("%s: %.1f %% off the layer in BF16. ", name, 100 * share);
        failed += backend::report(dg::reference::compare(made.view(), expected, dg::tolerance::hopper_fp8));
        failed += !(share < 0.06);  // E4M3 rounds each of two factors by up to 6 %, and 2.6 % on average
    };
    const auto plain = [](const dg::matrix<dg::bf16>& m) { return dg::reference::plain(m.view()); };
    const auto added = [&](dg::reference::product sum) {  // to the gradient of the micro-batch before
        for (int i = 0; i < outputs; ++i) {
            for (int j = 0; j < inputs; ++j) {
                sum.value(i, j) += before(i, j);
                sum.magnitude(i, j) += std::fabs(before(i, j));
            }
        }
        return sum;
    };
    std::printf("A linear layer of %d inputs and %d outputs on %d tokens, in FP8 on %s.\n", inputs, outputs, tokens,
                backend::name().c_str());
    judge("Y", y, dg::reference::gemm(x_by_token.host.view(), weights.host.view()),
          dg::reference::gemm(plain(x), plain(w)));
    judge("dX", dx, dg::reference::gemm(dy_by_token.host.view(), turned(weights.host.view())),
          dg::reference::gemm(plain(dy), turned(plain(w))));
    judge("dW", dw, added(dg::reference::gemm(dy_by_channel.turned(), x_by_channel.turned())),
          added(dg::reference::gemm(turned(plain(dy)), turned(plain(x)))));
    return failed;
}
