// SPDX-License-Identifier: MIT
// Layouts of scales on the host: the reference of the kernel in scale/to_mn_major.cuh. Layouts are raw (any strides); MN-major
// with columns of align(mn, 4) words, as TMA needs; the same with four UE8M0 exponents to a word; and the words of K-grouped
// products.
#pragma once

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/matrix.hpp>
#include <deepgemm/reference/quantize.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::reference {

/// Words from one K block to the next in an MN-major, TMA-aligned layout: a multiple of four, which is 16 bytes.
constexpr i64 tma_aligned(i64 mn) { return align_up(mn, i64(4)); }

/// FP32 scales as a caller has them: scale (g, row, block) is at data[g * group_stride + row * row_stride + block *
/// block_stride]. A row covers `tile_mn` rows of the operand.
struct raw_scales {
    const float* data = nullptr;
    i64 groups = 1, rows = 0, blocks = 0;
    i64 group_stride = 0, row_stride = 0, block_stride = 1;
    i64 tile_mn = 1;

    float at(i64 group, i64 mn, i64 block) const {
        return data[group * group_stride + mn / tile_mn * row_stride + block * block_stride];
    }
};

/// One matrix of scales of any strides, as raw_scales.
inline raw_scales raw(matrix_view<const float> scales, i64 tile_mn = 1) {
    return {scales.data, 1, scales.rows, scales.columns, 0, scales.row_stride, scales.column_stride, tile_mn};
}

/// Word (group, mn, kw) is at data[(group * k_words + kw) * pitch + mn]; W is float or u32. Rows from mn to pitch are padding
/// that nobody reads; they hold NaN.
template <class W>
struct mn_major {
    i64 groups = 1, mn = 0, k_words = 0, pitch = 0;
    std::vector<W> data;

    mn_major() = default;
    mn_major(i64 group_count, i64 rows, i64 words)
        : groups(group_count),
          mn(rows),
          k_words(words),
          pitch(tma_aligned(rows)),
          data(std::size_t(groups * k_words * pitch)) {
        if (!data.empty()) std::memset(data.data(), 0xff, data.size() * sizeof(W));
    }
    W& at(i64 group, i64 row, i64 word) { return data[std::size_t((group * k_words + word) * pitch + row)]; }
    const W& at(i64 group, i64 row, i64 word) const {
        return data[std::size_t((group * k_words + word) * pitch + row)];
    }
};

/// Four scales from `block` on as one word, the first in the lowest byte. Blocks from `end` on become byte 0, scales that have
/// no code in the format NaN: byte 255 for ue8m0, 127 for ue4m3. scale(block) gives a scale.
template <class Scale>
u32 packed_word(const Scale& scale, i64 block, i64 end, scale_kind kind = scale_kind::ue8m0) {
    u32 word = 0;
    for (i64 j = 0; j < 4 && block + j < end; ++j) {
        const float s = scale(block + j);
        word |= (kind == scale_kind::ue8m0 ? quantize::exponent_byte(s) : quantize::ue4m3_byte(s)) << (8 * j);
    }
    return word;
}

/// FP32 scales of an operand with `mn` rows, MN-major and TMA-aligned.
inline mn_major<float> to_mn_major(const raw_scales& in, i64 mn) {
    mn_major<float> out(in.groups, mn, in.blocks);
    for (i64 g = 0; g < in.groups; ++g) {
        for (i64 block = 0; block < in.blocks; ++block) {
            for (i64 row = 0; row < mn; ++row) out.at(g, row, block) = in.at(g, row, block);
        }
    }
    return out;
}

/// FP32 scales as packed UE8M0 (quantize::exponent_byte) or UE4M3, MN-major and TMA-aligned.
inline mn_major<u32> to_packed(const raw_scales& in, i64 mn, scale_kind kind = scale_kind::ue8m0) {
    mn_major<u32> out(in.groups, mn, ceil_div(in.blocks, i64(4)));
    for (i64 g = 0; g < in.groups; ++g) {
        for (i64 word = 0; word < out.k_words; ++word) {
            for (i64 row = 0; row < mn; ++row) {
                out.at(g, row, word) =
                    packed_word([&](i64 block) { return in.at(g, row, block); }, 4 * word, in.blocks, kind);
            }
        }
    }
    return out;
}

/// As to_packed(), for the rows of groups that end at `ends[g]` and start at align(ends[g - 1], alignment). Rows between two
/// groups become word 0, and their scales are not read.
inline mn_major<u32> to_packed_psum(const raw_scales& in, i64 mn, const std::vector<i32>& ends, i64 alignment) {
    if (in.groups != 1) throw std::invalid_argument("packed scales of grouped rows need one matrix over all rows");
    mn_major<u32> out(1, mn, ceil_div(in.blocks, i64(4)));
    std::fill(out.data.begin(), out.data.end(), 0u);
    i64 start = 0;
    for (const i32 end : ends) {
        for (i64 row = start; row < min(i64(end), mn); ++row) {
            for (i64 word = 0; word < out.k_words; ++word) {
                out.at(0, row, word) =
                    packed_word([&](i64 block) { return in.at(0, row, block); }, 4 * word, in.blocks);
            }
        }
        start = align_up(i64(end), alignment);
    }
    return out;
}

/// K of each group of a K-grouped layout, which lists sizes or, with `psum`, ends (each group starts at a multiple of
/// `alignment`). One that ends before its start is empty, and so is one of a size below 0.
inline std::vector<i64> k_group_sizes(const std::vector<i32>& layout, bool psum, i64 alignment) {
    std::vector<i64> sizes;
    i64 start = 0;
    for (const i32 entry : layout) {
        sizes.push_back(max(psum ? entry - start : i64(entry), i64(0)));
        if (psum) start = align_up(start + sizes.back(), alignment);
    }
    return sizes;
}

/// Rows of words to allocate for the packed scales of a K-grouped product. It is exact if the host knows the sizes; if `sizes`
/// is empty, it is a bound that follows from the number of scale rows.
inline i64 k_grouped_words(const std::vector<i64>& sizes, i64 scale_rows, i64 groups, i64 gran_k) {
    if (sizes.empty()) return (scale_rows + 3 * groups) / 4;
    i64 words = 0;
    for (const i64 k : sizes) words += ceil_div(k, 4 * gran_k);
    return words;
}

/// Packs the scales of a K-grouped product: `in` (scale rows of all groups without gaps, mn) to `words` rows of mn words. Every
/// group starts with a new word. `words` is k_grouped_words() or larger; surplus rows keep bytes of 0xff.
inline matrix<u32> to_packed_k_grouped(matrix_view<const float> in, const std::vector<i64>& sizes, i64 gran_k,
                                       i64 words) {
    if (in.columns % 4 != 0) throw std::invalid_argument("scales of a K-grouped product need mn to be a multiple of 4");
    if (sizes.size() > 128) throw std::invalid_argument("a K-grouped product has at most 128 groups");
    if (gran_k != 32 && gran_k != 128)
        throw std::invalid_argument("scales of a K-grouped product cover 32 or 128 elements of K");
    matrix<u32> out(words, in.columns);
    i64 first_row = 0, first_word = 0;
    for (std::size_t g = 0; g < sizes.size(); ++g) {
        const i64 rows = ceil_div(sizes[g], gran_k);
        if (first_row + rows > in.rows)
            throw std::invalid_argument("the groups have more scale rows than the matrix of scales");
        for (i64 word = 0; word < ceil_div(rows, i64(4)); ++word) {
            for (i64 mn = 0; mn < in.columns; ++mn) {
                const auto scale = [&](i64 row) { return in(first_row + row, mn); };
                out(first_word + word, mn) = packed_word(scale, 4 * word, rows);
            }
        }
        first_row += rows;
        first_word += ceil_div(rows, i64(4));
    }
    return out;
}

}  // namespace deepgemm::reference
