// SPDX-License-Identifier: MIT
// FP4 on the host: quantising to packed E2M1 with MX scales (UE8M0, one for 32 elements) or NV scales (UE4M3, one for 16, and
// a float for the whole tensor), bit-exact with the kernel of scale/cast_fp4.cuh, and back; packing, unpacking, transposing.
// Of two elements in a byte the one of even index is the low nibble.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/small_types.cuh>
#include <deepgemm/reference/quantize.hpp>
#include <deepgemm/reference/scale_layouts.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::quantize {

/// The E2M1 code of x: the number of midpoints that are strictly below |x|, so that a midpoint rounds to the smaller magnitude.
/// There is no negative zero, and NaN becomes 0; its scale is NaN.
inline u8 cast_fp4(float x) {
    constexpr float midpoints[] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f};
    u8 code = 0;
    for (const float midpoint : midpoints) code = u8(code + (std::fabs(x) > midpoint));
    return x < 0 && code != 0 ? u8(code | 8) : code;
}

/// A matrix in packed FP4 with its scales: element (i, j) is data(i, j / 2)[j % 2] * scales(i, j / gran_k) * tensor_scale.
struct fp4_matrix {
    matrix<e2m1x2> data;  ///< (rows, columns / 2)
    matrix<float> scales;
    i64 gran_k = 32;
    /// With ue8m0 and ue4m3 every scale has a code in this format, still stored as a float.
    scale_kind kind = scale_kind::fp32;
    float tensor_scale = 1;  ///< for ue4m3 only
};

namespace detail {

inline void check_fp4(i64 columns, i64 gran_k) {
    if (columns % 2 != 0) {
        throw std::invalid_argument("quantize: packed FP4 needs an even number of columns, not " +
                                    std::to_string(columns));
    }
    if (gran_k < 2 || gran_k % 2 != 0) {
        throw std::invalid_argument("quantize: packed FP4 needs an even gran_k, not " + std::to_string(gran_k));
    }
}

/// The scale of a tile in NV format, as a float.
inline float nv_scale(const amax& largest, float tensor_scale) {
    if (!std::isfinite(largest.value)) return bit_cast<float>(0x7fc00000u);
    const float wanted = largest.value / e2m1x2::largest / tensor_scale;
    return max(float(ue4m3::from_float(wanted)),
               0x1p-9f);  // the smallest code above 0, so that its reciprocal is finite
}

}  // namespace detail

/// x(m, k) with even k, one scale for each row and `gran_k` columns. `tensor_scale` is for ue4m3 only, positive and finite.
template <class X>
fp4_matrix per_token_fp4(matrix_view<X> x, i64 gran_k = 32, scale_kind kind = scale_kind::fp32,
                         float tensor_scale = 1) {
    detail::check_fp4(x.columns, gran_k);
    const bool nv = kind == scale_kind::ue4m3;
    if (kind == scale_kind::none || kind == scale_kind::custom)
        throw std::invalid_argument("quantize: scales of FP4 are fp32, ue8m0 or ue4m3");
    if (!(tensor_scale > 0 && std::isfinite(tensor_scale)) || (!nv && tensor_scale != 1)) {
        throw std::invalid_argument(nv ? "quantize: the scale of a tensor must be positive and finite"
                                       : "quantize: only ue4m3 scales have one of the tensor beside them");
    }
    fp4_matrix out{matrix<e2m1x2>(x.rows, x.columns / 2), matrix<float>(x.rows, ceil_div(x.columns, gran_k)), gran_k,
                   kind, tensor_scale};
    for (i64 i = 0; i < x.rows; ++i) {
        for (i64 group = 0; group < out.scales.columns(); ++group) {
            const i64 first = group * gran_k, last = min(first + gran_k, x.columns);
            amax largest;
            for (i64 j = first; j < last; ++j) largest.add(float(x(i, j)));
            const float scale = nv ? detail::nv_scale(largest, tensor_scale) : largest.scale(e2m1x2::largest, kind);
            const float reciprocal = 1.0f / (scale * tensor_scale);
            out.scales(i, group) = scale;
            for (i64 j = first; j < last; j += 2) {
                const u8 low = cast_fp4(float(x(i, j)) * reciprocal), high = cast_fp4(float(x(i, j + 1)) * reciprocal);
                out.data(i, j / 2) = {u8(low | high << 4)};
            }
        }
    }
    return out;
}

/// x(m, k) with even k in MX format: one power of two, stored in UE8M0, for each row and 32 columns.
template <class X>
fp4_matrix mx_fp4(matrix_view<X> x) {
    return per_token_fp4(x, 32, scale_kind::ue8m0);
}

/// The scale of a tensor with which the largest scale of a tile in NV format is 448: its largest magnitude / (448 * 6). NaN
/// if an element is NaN, infinity if one is infinite.
template <class X>
float nv_tensor_scale(matrix_view<X> x) {
    amax largest;
    for (i64 i = 0; i < x.rows; ++i) {
        for (i64 j = 0; j < x.columns; ++j) largest.add(float(x(i, j)));
    }
    return largest.value / (ue4m3::largest * e2m1x2::largest);
}

/// x(m, k) with even k in NV format: a UE4M3 scale for each row and 16 columns, and `tensor_scale` for all of them
/// (nv_tensor_scale(), say), which is a factor of a product's alpha.
template <class X>
fp4_matrix nv_fp4(matrix_view<X> x, float tensor_scale = 1) {
    return per_token_fp4(x, 16, scale_kind::ue4m3, tensor_scale);
}

/// Codes (rows, columns) of 0 to 15, two to a byte along the rows: (rows, columns / 2). The number of columns must be even.
inline matrix<e2m1x2> pack_fp4(matrix_view<const u8> codes) {
    detail::check_fp4(codes.columns, 2);
    matrix<e2m1x2> out(codes.rows, codes.columns / 2);
    for (i64 i = 0; i < codes.rows; ++i) {
        for (i64 j = 0; j < codes.columns; ++j) {
            if (codes(i, j) > 15) {
                throw std::invalid_argument("quantize: code " + std::to_string(codes(i, j)) + " in row " +
                                            std::to_string(i) + " and column " + std::to_string(j) +
                                            " has more than four bits");
            }
        }
        for (i64 j = 0; j < out.columns(); ++j) out(i, j) = {u8(codes(i, 2 * j) | codes(i, 2 * j + 1) << 4)};
    }
    return out;
}

/// The codes of packed FP4, one to a byte: (rows, columns) bytes to (rows, 2 columns) codes.
inline matrix<u8> unpack_fp4(matrix_view<const e2m1x2> x) {
    matrix<u8> out(x.rows, x.columns * 2);
    for (i64 i = 0; i < x.rows; ++i) {
        for (i64 j = 0; j < out.columns(); ++j) out(i, j) = u8(x(i, j / 2).bits >> (4 * (j % 2)) & 15);
    }
    return out;
}

/// The transpose of packed FP4: (m, n / 2) bytes to (n, m / 2) bytes, so that two elements in a byte are neighbours along m. m
/// must be even.
inline matrix<e2m1x2> transpose_fp4(matrix_view<const e2m1x2> x) {
    if (x.rows % 2 != 0) {
        throw std::invalid_argument("quantize: the transpose of packed FP4 needs an even number of rows, not " +
                                    std::to_string(x.rows));
    }
    matrix<e2m1x2> out(x.columns * 2, x.rows / 2);
    for (i64 j = 0; j < out.rows(); ++j) {
        for (i64 i = 0; i < out.columns(); ++i) {
            const int low = x(2 * i, j / 2).bits >> (4 * (j % 2)) & 15,
                      high = x(2 * i + 1, j / 2).bits >> (4 * (j % 2)) & 15;
            out(j, i) = {u8(low | high << 4)};
        }
    }
    return out;
}

/// The numbers that quantised FP4 stands for. Each product of a code, its scale and the tensor's is formed in double and
/// rounded once.
inline matrix<float> dequantised(const fp4_matrix& x) {
    matrix<float> out(x.data.rows(), x.data.columns() * 2);
    for (i64 i = 0; i < out.rows(); ++i) {
        for (i64 j = 0; j < out.columns(); ++j) {
            const double code = x.data(i, j / 2)[int(j % 2)];
            out(i, j) = float(code * double(x.scales(i, j / x.gran_k)) * double(x.tensor_scale));
        }
    }
    return out;
}

/// The same elements held as FP8, one to a byte: every E2M1 number is one of E4M3 and of E5M2.
template <fp8_element Q = e4m3>
matrix<Q> as_fp8(matrix_view<const e2m1x2> x, i64 pitch = 0) {
    matrix<Q> out(x.rows, x.columns * 2, pitch);
    for (i64 i = 0; i < x.rows; ++i) {
        for (i64 j = 0; j < out.columns(); ++j) out(i, j) = Q::from_float(x(i, j / 2)[int(j % 2)]);
    }
    return out;
}

/// The scales of FP4 as words that kernels read, MN-major and TMA-aligned: word w of a row has the bytes of scales 4 w to 4 w
/// + 3. The kind must be ue8m0 or ue4m3.
inline reference::mn_major<u32> scale_words(const fp4_matrix& x) {
    if (scales_per_word(x.kind) != 4) throw std::invalid_argument("quantize: scales in fp32 are not packed to words");
    return reference::to_packed(reference::raw(x.scales.view()), x.data.rows(), x.kind);
}

}  // namespace deepgemm::quantize
