// SPDX-License-Identifier: MIT
// Checks of casts to FP4, for any machine as in kernel_cases.hpp: every byte of data and scales against the host's reference.
#pragma once

#include <deepgemm/reference/quantize_fp4.hpp>

#include "kernel_cases.hpp"

namespace scale_cases {

/// x (m, k) cast to FP4, its rows `q_padding` bytes apart, with scales MN-major and then K-major. A format with UE4M3 scales
/// takes `tensor_scale`; 0 stands for none.
template <class Machine, class X, class Format>
std::string check_fp4(i64 m, i64 k, i64 x_pitch, i64 q_padding, float tensor_scale, bool special,
                      u64 seed = fresh_seed()) {
    using kernel = scale::cast_to_fp4<X, Format>;
    const auto x = cast_input<X>(m, k, x_pitch, special, seed);
    const auto expected =
        quantize::per_token_fp4(x.view(), kernel::gran_k, Format::kind, tensor_scale == 0 ? 1 : tensor_scale);
    matrix<e2m1x2> data(m, k / 2, k / 2 + q_padding);
    for (i64 i = 0; i < m; ++i) {
        for (i64 j = 0; j < k / 2; ++j) data(i, j) = expected.data(i, j);
    }
    const auto words = quantize::scale_words(expected);
    std::vector<u32> k_major(std::size_t(m * words.k_words));
    for (i64 i = 0; i < m; ++i) {
        for (i64 w = 0; w < words.k_words; ++w) k_major[std::size_t(i * words.k_words + w)] = words.at(0, i, w);
    }
    const typename Machine::template buffer<X> in(x.data(), x.size());
    const typename Machine::template buffer<float> factor(&tensor_scale, 1);
    for (const bool mn_major : {true, false}) {
        const std::vector<u32>& wanted = mn_major ? words.data : k_major;
        const std::vector<u8> poison(data.size(), u8{0xff});
        const std::vector<u32> word_poison(wanted.size(), 0xffffffffu);
        const typename Machine::template buffer<u8> out(poison.data(), poison.size());
        const typename Machine::template buffer<u32> scales(word_poison.data(), word_poison.size());
        Machine::template run<kernel>({.x = in.get(),
                                       .x_pitch = x.pitch(),
                                       .q = out.get(),
                                       .q_pitch = data.pitch(),
                                       .rows = i32(m),
                                       .columns = i32(k),
                                       .scales = scales.get(),
                                       .scale_stride_mn = mn_major ? 1 : words.k_words,
                                       .scale_stride_k = mn_major ? words.pitch : 1,
                                       .tensor_scale = tensor_scale == 0 ? nullptr : factor.get()});
        std::string found = difference("byte", out.read(), reinterpret_cast<const u8*>(data.data()), data.size());
        if (found.empty()) found = difference("word", scales.read(), wanted.data(), wanted.size());
        if (!found.empty()) return found;
    }
    return "";
}

/// x (k, mn) cast to FP4 per channel. What is expected is the cast of its transpose, transposed.
template <class Machine, class X, class Format>
std::string check_fp4_per_channel(i64 k, i64 mn, i64 x_pitch, i64 q_padding, float tensor_scale, bool special,
                                  u64 seed = fresh_seed()) {
    using kernel = scale::cast_to_fp4_per_channel<X, Format>;
    const auto x = cast_input<X>(k, mn, x_pitch, special, seed);
    matrix<X> even(k + k % 2, mn);  // packed along K, which needs an even number; a row of zeros changes nothing
    even.fill_bytes(0);
    for (i64 i = 0; i < k; ++i) {
        for (i64 j = 0; j < mn; ++j) even(i, j) = x(i, j);
    }
    const auto expected = quantize::per_token_fp4(even.view().transposed(), kernel::gran_k, Format::kind,
                                                  tensor_scale == 0 ? 1 : tensor_scale);
    const auto turned = quantize::transpose_fp4(expected.data);
    matrix<e2m1x2> data(k, mn / 2, mn / 2 + q_padding);
    for (i64 i = 0; i < k; ++i) {
        for (i64 j = 0; j < mn / 2; ++j) data(i, j) = turned(i, j);
    }
    const auto words = quantize::scale_words(expected);
    const std::vector<u8> poison(data.size(), u8{0xff});
    const std::vector<u32> word_poison(words.data.size(), 0xffffffffu);
    const typename Machine::template buffer<X> in(x.data(), x.size());
    const typename Machine::template buffer<float> factor(&tensor_scale, 1);
    const typename Machine::template buffer<u8> out(poison.data(), poison.size());
    const typename Machine::template buffer<u32> scales(word_poison.data(), word_poison.size());
    Machine::template run<kernel>({.x = in.get(),
                                   .x_pitch = x.pitch(),
                                   .q = out.get(),
                                   .q_pitch = data.pitch(),
                                   .rows = i32(k),
                                   .columns = i32(mn),
                                   .scales = scales.get(),
                                   .scale_stride_mn = 1,
                                   .scale_stride_k = words.pitch,
                                   .tensor_scale = tensor_scale == 0 ? nullptr : factor.get()});
    std::string found = difference("byte", out.read(), reinterpret_cast<const u8*>(data.data()), data.size());
    return found.empty() ? difference("word", scales.read(), words.data.data(), words.data.size()) : found;
}

}  // namespace scale_cases
