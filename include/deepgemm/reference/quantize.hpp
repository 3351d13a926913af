// SPDX-License-Identifier: MIT
// Reference casts on the host, bit-exact with the kernels of scale/cast.cuh: BF16 or FP32 matrices to FP8 with one scale per
// token, channel, block or row; reference/quantize_fp4.hpp has those to FP4. Scales are plain row-major floats;
// reference/scale_layouts.hpp and reference/operand.hpp bring them into the layouts that kernels read.
#pragma once

#include <cmath>
#include <stdexcept>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/matrix.hpp>
#include <deepgemm/scale/kind.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::quantize {

/// The smallest magnitude from which a scale is computed, so that a tile of zeros has a finite reciprocal.
inline constexpr float smallest_amax = 1e-4f;

/// The smallest power of two that is not below |scale|, with an exponent of 1 to 254 in UE8M0; NaN for NaN and infinity.
inline float round_up_to_power_of_two(float scale) {
    const u32 bits = bit_cast<u32>(scale) & 0x7fffffffu;
    const u32 exponent = (bits >> 23) + ((bits & 0x7fffffu) != 0 ? 1 : 0);
    return bit_cast<float>(bits >= 0x7f800000u ? 0x7fc00000u : min(max(exponent, 1u), 254u) << 23);
}

/// The UE8M0 byte of a scale: powers of two from 2^-127 to 2^127 have one, and +0 takes that of 2^-127. Every other value
/// becomes 255 (NaN), because packing never rounds and a wrong scale must show in the product.
inline u32 exponent_byte(float scale) {
    int exponent = 0;
    const bool power = std::frexp(scale, &exponent) == 0.5f && exponent >= -126 && exponent <= 128;
    if (scale == 0 && !std::signbit(scale)) return 0;
    return power ? u32(exponent + 126) : 255;
}

/// The UE4M3 byte of a scale, from +0 to 448, that is a number of E4M3. Every other value becomes 127 (NaN).
inline u32 ue4m3_byte(float scale) {
    if (std::signbit(scale) || !(scale <= 448)) return 127;
    const e4m3 code = e4m3::from_float(scale);
    return float(code) == scale ? code.bits : 127;
}

/// The largest magnitude among elements, at least smallest_amax; NaN once an element is NaN.
struct amax {
    float value = smallest_amax;
    void add(float x) {
        const float magnitude = std::fabs(x);
        if (magnitude > value || std::isnan(magnitude)) value = std::isnan(value) ? value : magnitude;
    }
    /// The scale that maps the largest magnitude to `largest`.
    float scale(float largest, scale_kind kind) const {
        const float s = std::isnan(value) ? bit_cast<float>(0x7fc00000u) : value / largest;
        return kind == scale_kind::ue8m0 ? round_up_to_power_of_two(s) : s;
    }
};

/// Rounds x * reciprocal to nearest even. A NaN becomes 0x7f whatever its sign, as in the hardware's conversion.
template <fp8_element Q>
Q cast_fp8(float x, float reciprocal) {
    const float scaled = x * reciprocal;
    return std::isnan(scaled) ? Q{0x7f} : Q::from_float(scaled);
}

/// A matrix in FP8 with its scales: the real value of (i, j) is data(i, j) * scales(i / tile_rows, j / tile_columns).
template <fp8_element Q>
struct fp8_matrix {
    matrix<Q> data;
    matrix<float> scales;
    i64 tile_rows = 1, tile_columns = 1;
    scale_kind kind = scale_kind::fp32;  ///< ue8m0: every scale is a power of two, still stored as a float
};

/// Casts with one scale per tile of `tile_rows` x `tile_columns`; tiles at the edges are padded with zeros. All FP8 casts with
/// scales call this one. Rows of the result are `pitch` elements apart (0: no padding).
template <fp8_element Q, class X>
fp8_matrix<Q> tiles(matrix_view<X> x, i64 tile_rows, i64 tile_columns, scale_kind kind = scale_kind::fp32,
                    i64 pitch = 0) {
    if (tile_rows < 1 || tile_columns < 1) throw std::invalid_argument("quantize: a tile needs at least one element");
    const i64 down = ceil_div(x.rows, tile_rows), across = ceil_div(x.columns, tile_columns);
    fp8_matrix<Q> out{matrix<Q>(x.rows, x.columns, pitch), matrix<float>(down, across), tile_rows, tile_columns, kind};
    parallel_ranges(down, tile_rows * x.columns * 4, [&](i64 first, i64 last) {
        for (i64 t = first * across; t < last * across; ++t) {
            const i64 row = t / across * tile_rows, row_end = min(row + tile_rows, x.rows);
            const i64 column = t % across * tile_columns, column_end = min(column + tile_columns, x.columns);
            amax largest;
            for (i64 i = row; i < row_end; ++i) {
                for (i64 j = column; j < column_end; ++j) largest.add(float(x(i, j)));
            }
            const float scale = largest.scale(Q::largest, kind), reciprocal = 1.0f / scale;
            out.scales(t / across, t % across) = scale;
            for (i64 i = row; i < row_end; ++i) {
                for (i64 j = column; j < column_end; ++j) out.data(i, j) = cast_fp8<Q>(float(x(i, j)), reciprocal);
            }
        }
    });
    return out;
}

/// x(m, k), one scale for each row and `gran_k` columns: activations.
template <fp8_element Q = e4m3, class X>
fp8_matrix<Q> per_token(matrix_view<X> x, i64 gran_k = 128, scale_kind kind = scale_kind::fp32, i64 pitch = 0) {
    return tiles<Q>(x, 1, gran_k, kind, pitch);
}

/// x(k, mn), one scale for each `gran_k` rows and one column: operands whose reduction runs down the columns.
template <fp8_element Q = e4m3, class X>
fp8_matrix<Q> per_channel(matrix_view<X> x, i64 gran_k = 128, scale_kind kind = scale_kind::fp32, i64 pitch = 0) {
    return tiles<Q>(x, gran_k, 1, kind, pitch);
}

/// x(n, k), one scale for each `gran` x `gran` block: weights.
template <fp8_element Q = e4m3, class X>
fp8_matrix<Q> per_block(matrix_view<X> x, i64 gran = 128, scale_kind kind = scale_kind::fp32, i64 pitch = 0) {
    return tiles<Q>(x, gran, gran, kind, pitch);
}

/// x(tokens, d), one scale for each row of any length: keys and values.
template <fp8_element Q = e4m3, class X>
fp8_matrix<Q> per_row(matrix_view<X> x, scale_kind kind = scale_kind::fp32, i64 pitch = 0) {
    return tiles<Q>(x, 1, max(x.columns, i64(1)), kind, pitch);
}

/// A plain cast without scales: queries.
template <fp8_element Q = e4m3, class X>
matrix<Q> unscaled(matrix_view<X> x, i64 pitch = 0) {
    matrix<Q> out(x.rows, x.columns, pitch);
    for (i64 i = 0; i < x.rows; ++i) {
        for (i64 j = 0; j < x.columns; ++j) out(i, j) = cast_fp8<Q>(float(x(i, j)), 1.0f);
    }
    return out;
}

/// Four scales along each row to a word, row-major: byte j of word (i, w) is the exponent of scale (i, 4 w + j), or NaN if that
/// is no power of two. FP8 needs a multiple of four scales in a row. `pad` (for FP4) completes a row with scales of 1.
inline matrix<u32> packed_rows(matrix_view<const float> scales, bool pad = false) {
    if (!pad && scales.columns % 4 != 0) {
        throw std::invalid_argument("quantize: packed scales need a multiple of four scales in each row");
    }
    matrix<u32> out(scales.rows, ceil_div(scales.columns, i64(4)));
    for (i64 i = 0; i < scales.rows; ++i) {
        for (i64 w = 0; w < out.columns(); ++w) {
            u32 word = 0;
            for (i64 j = 0; j < 4; ++j) {
                const float scale = 4 * w + j < scales.columns ? scales(i, 4 * w + j) : 1.0f;
                word |= exponent_byte(scale) << (8 * j);
            }
            out(i, w) = word;
        }
    }
    return out;
}

}  // namespace deepgemm::quantize
