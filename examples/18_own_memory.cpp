// SPDX-License-Identifier: MIT
// Rung 18: products on memory that a program already has. It describes pointers, sizes and strides; the library copies nothing
// and owns nothing. docs/how-to/first-product.md tells the sizes and alignments that arrays must have.
// New here: row_major, scales as a program stores them, the current device, supports, streams.
#include "common/operands.hpp"

// [headers]
#if defined(__CUDACC__)
#include <deepgemm/cuda.hpp>
#else
#include <deepgemm/sim.hpp>
#endif
namespace dg = deepgemm;
// [headers]

// [kernels]
template <class AScale, class BScale>
using scaled_gemm = dg::gemm<dg::arch::sm90, dg::operand<dg::e4m3, AScale>, dg::operand<dg::e4m3, BScale>,
                             dg::store<dg::bf16>, dg::config{.block = {128, 64, 128}}>;

using by_token = scaled_gemm<dg::scale::per_token<dg::scale::fp32>, dg::scale::per_block<dg::scale::fp32>>;
using by_token_k_major =
    scaled_gemm<dg::scale::per_token_k_major<dg::scale::fp32>, dg::scale::per_block<dg::scale::fp32>>;
using by_powers_of_two = scaled_gemm<dg::scale::per_token<dg::scale::ue8m0>, dg::scale::per_block<dg::scale::ue8m0>>;
// [kernels]

// [describe]
/// A (m, k), rows `pitch` elements apart. FP32 scales: that of row i and K block kb is scales[kb * align_up(m, 4) + i].
dg::scaled_matrix tokens(const dg::e4m3* values, dg::i64 pitch, const void* scales, dg::i64 m, dg::i64 k) {
    return {dg::row_major(values, m, k, pitch), dg::per_token_scales(scales, dg::scale_kind::fp32, m, k)};
}

/// The same with scales as a row-major matrix: that of row i and K block kb is scales[i * ceil_div(k, 128) + kb].
dg::scaled_matrix tokens_k_major(const dg::e4m3* values, dg::i64 pitch, const void* scales, dg::i64 m, dg::i64 k) {
    return {dg::row_major(values, m, k, pitch), dg::k_major_scales(scales, dg::scale_kind::fp32, m, k)};
}

/// The same with UE8M0 scales, four exponents to a word: that of K block kb is byte kb % 4 of words[kb / 4 * align_up(m, 4) +
/// i].
dg::scaled_matrix tokens_ue8m0(const dg::e4m3* values, dg::i64 pitch, const void* words, dg::i64 m, dg::i64 k) {
    return {dg::row_major(values, m, k, pitch), dg::per_token_scales(words, dg::scale_kind::ue8m0, m, k)};
}

/// B (n, k), rows `pitch` elements apart. Scales of either kind as a row-major matrix: word [j / 128 * columns + kb], where
/// `columns` is ceil_div(k, 128) for FP32, and [j / 128 * columns + kb / 4], where it is ceil_div(k, 512), for UE8M0.
dg::scaled_matrix weights(const dg::e4m3* values, dg::i64 pitch, const void* scales, dg::scale_kind kind, dg::i64 n,
                          dg::i64 k) {
    return {dg::row_major(values, n, k, pitch), dg::per_block_scales(scales, kind, n, k)};
}
// [describe]

namespace {

/// Small integers times powers of two, so that the product is exact: (mn, k), with rows `pitch` elements apart.
backend::operand exact_operand(dg::random_source& random, int mn, int k, const dg::quantisation& how) {
    return backend::operand(dg::quantised_operand<>::exact(random, mn, k, how));
}

}  // namespace

int main() {
#if defined(__CUDACC__)
    // [engine]
    const dg::device_info device = dg::or_throw(dg::cuda::describe_current_device());
    const dg::engine engine(dg::cuda::kernel_list<by_token, by_token_k_major, by_powers_of_two>, device);
    cudaStream_t stream = nullptr;  // or one of your own
    // [engine]
#else
    const dg::engine engine(dg::sim::kernel_list<by_token, by_token_k_major, by_powers_of_two>,
                            dg::device_info::simulator());
    void* const stream = nullptr;
#endif
    constexpr int m = 70, n = 200, k = 600, pitch = 640;
    dg::random_source random(dg::fresh_seed());
    const dg::scale_tile row{1, 128}, block{128, 128};
    const auto ue8m0 = dg::scale_kind::ue8m0;
    auto a_there = exact_operand(random, m, k, {.tile = row, .pitch = pitch}),
         a_k_there = exact_operand(random, m, k, {.tile = row, .pitch = pitch, .scales = dg::major::k}),
         a_ue_there = exact_operand(random, m, k, {.tile = row, .format = ue8m0, .pitch = pitch}),
         b_there = exact_operand(random, n, k, {.tile = block, .pitch = pitch}),
         b_ue_there = exact_operand(random, n, k, {.tile = block, .format = ue8m0, .pitch = pitch});
    dg::matrix<dg::bf16> result(m, n);
    int failed = 0;

    const auto multiply = [&](const char* name, const dg::scaled_matrix& a, const dg::scaled_matrix& b, dg::bf16* d) {
        // [multiply]
        // D = A x B^T: checked, a kernel chosen, the launch put into the stream. Nothing is copied, allocated or waited for.
        const dg::result<void> launched = dg::fp8_gemm_nt(engine, a, b, dg::row_major(d, m, n), {.stream = stream});
        if (!launched) std::printf("%s: %s\n", name_of(launched.failure().code), launched.failure().message.c_str());
        // [multiply]
        std::printf("%s: ", name);
        return bool(launched);
    };
    const auto check = [&](const char* name, const dg::scaled_matrix& a, const dg::scaled_matrix& b,
                           const backend::operand& a_host, const backend::operand& b_host) {
        backend::array<dg::bf16> d(result.size());
        failed |= !multiply(name, a, b, d.data());
        backend::synchronise();
        d.read(result);
        failed |= backend::report(
            dg::reference::compare_exact(result.view(), dg::reference::gemm(a_host.host.view(), b_host.host.view())));
    };
    const auto fp32_weights = weights(b_there.data.data(), pitch, b_there.words.data(), dg::scale_kind::fp32, n, k);
    check("scales of A contiguous along M", tokens(a_there.data.data(), pitch, a_there.words.data(), m, k),
          fp32_weights, a_there, b_there);
    check("scales of A contiguous along K", tokens_k_major(a_k_there.data.data(), pitch, a_k_there.words.data(), m, k),
          fp32_weights, a_k_there, b_there);
    check("packed powers of two", tokens_ue8m0(a_ue_there.data.data(), pitch, a_ue_there.words.data(), m, k),
          weights(b_ue_there.data.data(), pitch, b_ue_there.words.data(), ue8m0, n, k), a_ue_there, b_ue_there);

    backend::array<dg::bf16> d(result.size());
    // [supports]
    // Before there is data: can this engine do it? Pointers are checked, memory is not read.
    dg::scaled_matrix a = tokens(a_there.data.data(), pitch, a_there.words.data(), m, k);
    a.matrix.row_stride = 601;  // no multiple of 16 bytes
    const dg::result<void> can = engine.supports({.a = a, .b = fp32_weights, .d = dg::row_major(d.data(), m, n)});
    if (!can) std::printf("%s: %s\n", name_of(can.failure().code), can.failure().message.c_str());
    // [supports]
    return failed | (can ? 1 : 0);
}
