// SPDX-License-Identifier: MIT
// One check per scale kernel, for any machine: input with poisoned padding, poisoned output, launch, comparison of every byte
// with the host's reference. The simulator runs small shapes (tests/scale), a GPU the large ones (tests/device).
// A machine has `buffer<T>`, constructed from a pointer and a count, with get() and read(), and `run<K>(arguments)`.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/scale_rules.hpp>
#include <deepgemm/reference/operand.hpp>

namespace scale_cases {

using namespace deepgemm;

/// Validates the arguments of kernel `K`; throws what is wrong with them.
template <class K>
void check_arguments(const typename K::arguments& arguments) {
    or_throw(validate<K>(arguments));
}

/// How a caller's scales lie in memory.
enum class source { contiguous, turned, padded, scattered };

/// The first difference of two arrays as text, or nothing.
template <class T>
std::string difference(const char* what, const std::vector<T>& got, const T* expected, std::size_t count) {
    if (got.size() == count && (count == 0 || std::memcmp(got.data(), expected, count * sizeof(T)) == 0)) return {};
    std::size_t i = 0;
    while (i < count && i < got.size() && std::memcmp(&got[i], &expected[i], sizeof(T)) == 0) ++i;
    u64 a = 0, b = 0;
    if (i < count && i < got.size()) {
        std::memcpy(&a, &got[i], sizeof(T));
        std::memcpy(&b, &expected[i], sizeof(T));
    }
    char text[160];
    std::snprintf(text, sizeof text, "%s: element %zu of %zu is 0x%llx, expected 0x%llx", what, i, count, a, b);
    return text;
}

/// Scales of `groups` operands, `mn` rows, `blocks` blocks of K, transformed on `Machine`. Empty if all is as it should be.
template <class Machine, class Format>
std::string check_transform(i64 groups, i64 mn, i64 blocks, source from, i64 tile_mn = 1, u64 seed = fresh_seed()) {
    const i64 rows = ceil_div(mn, tile_mn);
    reference::raw_scales raw{nullptr, groups, rows, blocks, 0, blocks, 1, tile_mn};
    if (from == source::turned) raw.row_stride = 1, raw.block_stride = rows;
    if (from == source::padded) raw.row_stride = blocks + 3;
    if (from == source::scattered) raw.block_stride = 3, raw.row_stride = 3 * blocks + 2;
    raw.group_stride =
        raw.row_stride * (rows - 1) + raw.block_stride * (blocks - 1) + 1 + (from == source::contiguous ? 0 : 5);
    if (from == source::contiguous || from == source::turned) raw.group_stride = rows * blocks;
    std::vector<float> memory(std::size_t(groups * raw.group_stride));
    if (!memory.empty()) std::memset(memory.data(), 0xff, memory.size() * sizeof(float));
    random_source random(seed);
    for (i64 g = 0; g < groups; ++g) {
        const matrix_view<float> one{memory.data() + g * raw.group_stride, rows, blocks, raw.row_stride,
                                     raw.block_stride};
        if constexpr (Format::kind == scale_kind::ue8m0) {
            random.fill_powers_of_two(one, -126, 127);
        } else {
            random.fill_uniform(one, 0.0f, 1.0f);
        }
    }
    raw.data = memory.data();

    const typename Machine::template buffer<float> in(memory.data(), memory.size());
    const u32 none = 0;
    const typename Machine::template buffer<u32> invalid(&none, 1);
    const auto compare = [&](const auto& expected) {
        const std::vector<u32> poison(expected.data.size(), 0xffffffffu);
        const typename Machine::template buffer<u32> out(poison.data(), poison.size());
        Machine::template run<scale::to_mn_major<Format>>({in.get(), raw.group_stride, raw.row_stride, raw.block_stride,
                                                           i32(groups), i32(mn), i32(blocks), i32(tile_mn), out.get(),
                                                           invalid.get()});
        if (invalid.read()[0] != 0) return std::string("valid scales were counted as invalid");
        return difference("word", out.read(), reinterpret_cast<const u32*>(expected.data.data()), expected.data.size());
    };
    if constexpr (Format::kind == scale_kind::ue8m0) {
        return compare(reference::to_packed(raw, mn));
    } else {
        return compare(reference::to_mn_major(raw, mn));
    }
}

/// Packs powers of two among which lie scales that have no byte, with and without the counter.
template <class Machine>
std::string check_unpackable() {
    constexpr i64 mn = 70, blocks = 37;
    const float unpackable[] = {1.5f,
                                3.0f,
                                -2.0f,
                                -0.0f,
                                0x1p-128f,
                                0x1p-149f,
                                0x1.8p-127f,
                                -3e10f,
                                __builtin_inff(),
                                -__builtin_inff(),
                                __builtin_nanf("")};
    matrix<float> scales(mn, blocks);
    random_source(fresh_seed()).fill_powers_of_two(scales.view(), -127, 127);
    scales(0, 0) = 0.0f;  // has one: that of 2^-127
    auto expected = reference::to_packed(reference::raw(scales.view()), mn);
    for (i64 i = 0; i < 11; ++i) {
        const i64 row = 7 * i % mn, block = (3 * i + 1) % blocks;
        scales(row, block) = unpackable[i];
        expected.at(0, row, block / 4) |= 255u << (8 * (block % 4));
    }
    const typename Machine::template buffer<float> in(scales.data(), scales.size());
    const std::vector<u32> poison(expected.data.size(), 0xffffffffu);
    const typename Machine::template buffer<u32> out(poison.data(), poison.size());
    const u32 none = 0;
    const typename Machine::template buffer<u32> invalid(&none, 1);
    for (u32* const counter : {static_cast<u32*>(nullptr), invalid.get()}) {
        Machine::template run<scale::to_mn_major<scale::ue8m0>>(
            {in.get(), 0, blocks, 1, 1, i32(mn), i32(blocks), 1, out.get(), counter});
        const std::string found = difference("word", out.read(), expected.data.data(), expected.data.size());
        if (!found.empty()) return found;
    }
    return invalid.read()[0] == 11 ? "" : concat(invalid.read()[0], " scales were counted, of 11");
}

/// Data for casts: normal numbers of changing size, zeros, and, if asked for, values that are no finite numbers.
template <class X>
matrix<X> cast_input(i64 rows, i64 columns, i64 pitch, bool special, u64 seed) {
    matrix<X> x(rows, columns, pitch);
    random_source random(seed);
    random.fill_normal(x.view());
    for (i64 i = 0; i < rows; ++i) {
        const float size = std::ldexp(1.0f, int(i % 41) - 20);
        for (i64 j = 0; j < columns; ++j) x(i, j) = from_float<X>(i % 7 == 3 ? 0.0f : float(x(i, j)) * size);
    }
    const float values[] = {
        __builtin_nanf(""), -__builtin_nanf(""), __builtin_inff(), -__builtin_inff(), 3e38f, 1e-40f, -0.0f};
    for (i64 n = 0; special && n < 7 && rows * columns != 0; ++n) {
        x(random.integer(0, rows - 1), random.integer(0, columns - 1)) = from_float<X>(values[n]);
    }
    return x;
}

/// Runs cast `K` on x and compares data and scales with `expected`, whose scale words are `words` at these strides.
template <class Machine, class K, class Q, class X>
std::string check_cast(const matrix<X>& x, const quantize::fp8_matrix<Q>& expected, const u32* words,
                       std::size_t word_count, i64 stride_i, i64 stride_j, bool repeat_rows = false) {
    const typename Machine::template buffer<X> in(x.data(), x.size());
    const std::vector<Q> poison(expected.data.size(), Q{0xff});
    const std::vector<u32> word_poison(word_count, 0xffffffffu);
    const typename Machine::template buffer<Q> out(poison.data(), poison.size());
    const typename Machine::template buffer<u32> scales(word_poison.data(), word_count);
    Machine::template run<K>({in.get(), x.pitch(), out.get(), expected.data.pitch(), i32(x.rows()), i32(x.columns()),
                              scales.get(), stride_i, stride_j, repeat_rows});
    const std::string data = difference("data", out.read(), expected.data.data(), expected.data.size());
    return data.empty() ? difference("scale", scales.read(), words, word_count) : data;
}

constexpr scale_kind kind_of(scale::cast_scales scales) {
    return scales == scale::cast_scales::fp32 ? scale_kind::fp32 : scale_kind::ue8m0;
}

/// Bits of the words of a matrix or of a scale layout.
template <class Container>
const u32* bits(const Container& words) {
    return reinterpret_cast<const u32*>(words.data());
}

/// x (m, k) per token, scales written MN-major, and as floats also row-major.
template <class Machine, class Q, class X, int GranK, scale::cast_scales Scales>
std::string check_per_token(i64 m, i64 k, i64 x_pitch, i64 q_pitch, bool special, u64 seed = fresh_seed()) {
    using kernel = scale::cast_per_token<Q, X, GranK, Scales>;
    const auto x = cast_input<X>(m, k, x_pitch, special, seed);
    const auto expected = quantize::per_token<Q>(x.view(), GranK, kind_of(Scales), q_pitch);
    const auto raw = reference::raw(expected.scales.view());
    if constexpr (Scales == scale::cast_scales::packed) {
        const auto words = reference::to_packed(raw, m);
        return check_cast<Machine, kernel>(x, expected, bits(words.data), words.data.size(), 1, words.pitch);
    } else {
        const auto words = reference::to_mn_major(raw, m);
        const auto first =
            check_cast<Machine, kernel>(x, expected, bits(words.data), words.data.size(), 1, words.pitch);
        if (!first.empty()) return first;
        return check_cast<Machine, kernel>(x, expected, bits(expected.scales), expected.scales.size(),
                                           expected.scales.columns(), 1);
    }
}

/// x (k, mn) per channel, scales written MN-major.
template <class Machine, class Q, class X, int GranK, scale::cast_scales Scales>
std::string check_per_channel(i64 k, i64 mn, i64 x_pitch, i64 q_pitch, bool special, u64 seed = fresh_seed()) {
    using kernel = scale::cast_per_channel<Q, X, GranK, Scales>;
    const auto x = cast_input<X>(k, mn, x_pitch, special, seed);
    const auto expected = quantize::per_channel<Q>(x.view(), GranK, kind_of(Scales), q_pitch);
    const auto raw = reference::raw(matrix_view<const float>(expected.scales.view()).transposed());
    const auto compare = [&](const auto& words) {
        return check_cast<Machine, kernel>(x, expected, bits(words.data), words.data.size(), words.pitch, 1);
    };
    if constexpr (Scales == scale::cast_scales::packed) {
        return compare(reference::to_packed(raw, mn));
    } else {
        return compare(reference::to_mn_major(raw, mn));
    }
}

/// x (n, k) per block: scales along K, scales along N, and packed once more repeated for every row.
template <class Machine, class Q, class X, scale::cast_scales Scales>
std::string check_per_block(i64 n, i64 k, i64 x_pitch, i64 q_pitch, bool special, u64 seed = fresh_seed()) {
    using kernel = scale::cast_per_block<Q, X, Scales>;
    const auto x = cast_input<X>(n, k, x_pitch, special, seed);
    const auto expected = quantize::per_block<Q>(x.view(), 128, kind_of(Scales), q_pitch);
    const i64 down = expected.scales.rows(), across = expected.scales.columns();
    if constexpr (Scales == scale::cast_scales::packed) {
        const auto words = quantize::packed_rows(expected.scales.view(), true);
        matrix<u32> blocks = words;  // absent blocks are byte 0 in a kernel's words
        for (i64 i = 0; across % 4 != 0 && i < down; ++i)
            blocks(i, blocks.columns() - 1) &= (1u << (across % 4 * 8)) - 1;
        const auto first = check_cast<Machine, kernel>(x, expected, blocks.data(), blocks.size(), blocks.columns(), 1);
        if (!first.empty()) return first;
        const auto repeated = reference::to_packed(reference::raw(expected.scales.view(), 128), n);
        return check_cast<Machine, kernel>(x, expected, bits(repeated.data), repeated.data.size(), 1, repeated.pitch,
                                           true);
    } else {
        const auto first =
            check_cast<Machine, kernel>(x, expected, bits(expected.scales), expected.scales.size(), across, 1);
        if (!first.empty()) return first;
        matrix<float> turned(across, down);
        for (i64 i = 0; i < down; ++i) {
            for (i64 j = 0; j < across; ++j) turned(j, i) = expected.scales(i, j);
        }
        return check_cast<Machine, kernel>(x, expected, bits(turned), turned.size(), 1, down);
    }
}

}  // namespace scale_cases
