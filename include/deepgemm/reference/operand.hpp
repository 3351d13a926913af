// SPDX-License-Identifier: MIT
// A quantised operand for tests, examples and benchmarks: FP8 data, its scales as raw floats and as the words that a kernel
// reads, with poisoned padding, and a view of it for the reference. Copies on a device are up to the caller.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/product.hpp>
#include <deepgemm/reference/quantize.hpp>
#include <deepgemm/reference/random.hpp>
#include <deepgemm/reference/scale_layouts.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// How an operand is scaled and stored.
struct quantisation {
    scale_tile tile{1, 128};  ///< 1 x 128 per token, 128 x 128 per block, 1 x all per row, all x all per tensor
    scale_kind format = scale_kind::fp32;
    i64 pitch = 0;             ///< elements between rows; 0: the columns rounded up to 16, as TMA needs
    major scales = major::mn;  ///< the dimension along which scales of single rows are contiguous
};

/// An operand (mn, k) in FP8. Padding of data and scales is NaN, so a kernel that reads it gives wrong results.
template <fp8_element Q = e4m3>
struct quantised_operand {
    matrix<Q> data;  ///< (mn, k)
    scale_tile tile{};
    scale_kind format = scale_kind::fp32;
    matrix<float>
        scales;  ///< raw, row-major: (ceil(mn / tile.mn), ceil(k / tile.k)), or one along a dimension that a tile covers
    /// What a kernel reads: word (i, kw) at i * stride_mn + kw * stride_k, floats or four UE8M0 exponents. Scales of single
    /// rows are MN-major and TMA-aligned, or K-major. Scales of blocks are contiguous along kw.
    std::vector<u32> words;
    i64 stride_mn = 1, stride_k = 0;

    /// The operand as the reference GEMM reads it. It reads scales through `words`, so that a test checks their layout as well.
    reference::operand view() const {
        return {data.data(),
                Q::type,
                data.rows(),
                data.columns(),
                data.pitch(),
                1,
                {format, tile, words.data(), stride_mn, stride_k}};
    }

    /// Quantises x (mn, k).
    template <class X>
    static quantised_operand of(matrix_view<X> x, const quantisation& how = {}) {
        const i64 pitch = how.pitch != 0 ? how.pitch : align_up(x.columns, i64(16));
        const auto step = [](int tile, i64 extent) {
            return tile == scale_tile::all ? max(extent, i64(1)) : i64(tile);
        };
        auto cast = quantize::tiles<Q>(x, step(how.tile.mn, x.rows), step(how.tile.k, x.columns), how.format, pitch);
        return from_parts(std::move(cast.data), std::move(cast.scales), how.tile, how.format, how.scales);
    }

    /// Small integers with scales 1/2, 1 or 2, so that every sum of up to 2^17 products is exact in FP32 and in the tensor
    /// core.
    static quantised_operand exact(random_source& random, i64 mn, i64 k, const quantisation& how = {}) {
        matrix<Q> values(mn, k, how.pitch != 0 ? how.pitch : align_up(k, i64(16)));
        matrix<float> factors(scales_along(mn, how.tile.mn), scales_along(k, how.tile.k));
        random.fill_integers(values.view(), -3, 3);
        random.fill_powers_of_two(factors.view(), -1, 1);
        return from_parts(std::move(values), std::move(factors), how.tile, how.format, how.scales);
    }

    /// Made from data and raw scales that exist already.
    static quantised_operand from_parts(matrix<Q> data, matrix<float> scales, scale_tile tile, scale_kind format,
                                        major order = major::mn) {
        quantised_operand out{std::move(data), tile, format, std::move(scales), {}, 1, 0};
        out.lay_out(order);
        return out;
    }

private:
    void lay_out(major order) {
        const matrix_view<const float> raw = scales;
        const i64 k_words = format == scale_kind::ue8m0 ? ceil_div(raw.columns, i64(4)) : raw.columns;
        // MN-major scales of rows have padded columns; K-major ones, those of blocks and those for all of K are dense.
        const bool staged = tile.mn == 1 && !tile.all_of_k() && order == major::mn;
        stride_mn = staged ? 1 : max(k_words, i64(1));
        stride_k = staged ? max(reference::tma_aligned(raw.rows), i64(4)) : 1;
        words.assign(std::size_t(staged ? k_words * stride_k : raw.rows * stride_mn), 0xffffffffu);
        for (i64 row = 0; row < raw.rows; ++row) {
            const auto scale = [&](i64 block) { return raw(row, block); };
            for (i64 word = 0; word < k_words; ++word) {
                words[std::size_t(row * stride_mn + word * stride_k)] =
                    format == scale_kind::ue8m0 ? reference::packed_word(scale, 4 * word, raw.columns)
                                                : bit_cast<u32>(raw(row, word));
            }
        }
    }
};

}  // namespace deepgemm
