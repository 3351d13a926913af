// SPDX-License-Identifier: MIT
// An independent reference of the scaled GEMM, which shares no code with the kernels. Operands and scales are decoded to double
// once and multiplied in double by plain loops: whole products, or chosen rows and columns of large ones. Like the kernels it
// multiplies the sum of each K block by the product of its scales; that matters for infinite or very large scales.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/epilogue/head_splits.cuh>
#include <deepgemm/reference/compare.hpp>
#include <deepgemm/scale/kind.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::reference {

/// The scales of an operand, in any layout: word (i, kw) is at words + i * stride_mn + kw * stride_k, where i counts tiles of
/// tile.mn rows and kw counts words along K (tile.k elements each in FP32, four times as many in UE8M0 and UE4M3). Strides
/// are in words. A tile that covers all rows, or all of K, has one word along them.
struct scales {
    scale_kind kind = scale_kind::none;
    scale_tile tile{};
    const void* words = nullptr;
    i64 stride_mn = 0, stride_k = 0;

    /// The scale of element (mn, k).
    double at(i64 mn, i64 k) const {
        if (kind == scale_kind::none) return 1;
        const i64 block = tile.all_of_k() ? 0 : k / tile.k, row = tile.mn == scale_tile::all ? 0 : mn / tile.mn,
                  word = kind == scale_kind::fp32 ? block : block / 4;
        u32 bits;
        std::memcpy(&bits, static_cast<const char*>(words) + 4 * (row * stride_mn + word * stride_k), 4);
        if (kind == scale_kind::fp32) return bit_cast<float>(bits);
        const int byte = int(bits >> (8 * (block % 4)) & 255);
        if (kind == scale_kind::ue8m0) return byte == 255 ? std::nan("") : std::ldexp(1.0, byte - 127);
        if (byte >= 127)
            return std::nan("");  // UE4M3: 3 bits of mantissa, and exponents with bias 7 of which 0 means 1
        const int exponent = byte / 8, mantissa = byte % 8;
        return std::ldexp(exponent == 0 ? mantissa : 8 + mantissa, std::max(exponent, 1) - 10);
    }
};

/// One operand: element (row, k) is at data[row * row_stride + k * k_stride], in elements. Packed FP4 counts half bytes, two to
/// a byte along the axis with stride 1.
struct operand {
    const void* data = nullptr;
    dtype type = dtype::e4m3;
    i64 rows = 0, k = 0;
    i64 row_stride = 0, k_stride = 1;
    reference::scales scale{};

    /// The values of one row, without scales.
    void decode(i64 row, double* out) const {
        const double* const table = code_values();
        for (i64 i = 0; i < k; ++i) {
            const i64 at = row * row_stride + i * k_stride;
            out[i] = table != nullptr ? table[static_cast<const u8*>(data)[at]] : wide_value(at);
        }
    }

private:
    /// The values of all codes of an 8-bit type, or null.
    const double* code_values() const {
        static const auto make = [](auto zero) {
            std::vector<double> values(256);
            for (int code = 0; code < 256; ++code) values[std::size_t(code)] = to_double(decltype(zero){u8(code)});
            return values;
        };
        static const std::vector<double> e4m3_values = make(e4m3{}), e5m2_values = make(e5m2{});
        return type == dtype::e4m3 ? e4m3_values.data() : type == dtype::e5m2 ? e5m2_values.data() : nullptr;
    }
    double wide_value(i64 at) const {
        switch (type) {
            case dtype::e2m1x2: return static_cast<const e2m1x2*>(data)[at / 2][int(at % 2)];
            case dtype::bf16: return float(static_cast<const bf16*>(data)[at]);
            case dtype::f16: return float(static_cast<const f16*>(data)[at]);
            case dtype::f32:
            case dtype::tf32: return static_cast<const float*>(data)[at];
            default: throw std::invalid_argument("reference: an operand of an unknown element type");
        }
    }
};

/// A matrix of BF16, half or float as an operand without scales.
template <class T>
operand plain(matrix_view<const T> x) {
    return {x.data, dtype_of<T>, x.rows, x.columns, x.row_stride, x.column_stride, {}};
}

/// Rows `rows` and columns `columns` of a product, and for each element the sum of the magnitudes of its products.
struct product {
    std::vector<i64> rows, columns;
    matrix<double> value, magnitude;

    /// The values rounded once to D's type.
    template <class D>
    matrix<D> rounded() const {
        matrix<D> out(value.rows(), value.columns());
        for (i64 i = 0; i < value.rows(); ++i) {
            for (i64 j = 0; j < value.columns(); ++j) out(i, j) = from_float<D>(float(value(i, j)));
        }
        return out;
    }
};

namespace detail {

/// Rows of values without scales. Blocks of `Lanes` rows are interleaved along K, so that the multiply reads memory in order;
/// the last block is filled up with zeros.
template <int Lanes>
std::vector<double> decode_rows(const operand& x, const std::vector<i64>& rows) {
    const i64 blocks = ceil_div(i64(rows.size()), i64(Lanes));
    std::vector<double> out(std::size_t(blocks * Lanes * x.k), 0.0);
    parallel_ranges(blocks, Lanes * x.k, [&](i64 first, i64 last) {
        std::vector<double> row(std::size_t(x.k), 0.0);
        for (i64 i = first * Lanes; i < min(last * Lanes, i64(rows.size())); ++i) {
            x.decode(rows[std::size_t(i)], row.data());
            double* const block = out.data() + i / Lanes * Lanes * x.k + i % Lanes;
            for (i64 k = 0; k < x.k; ++k) block[k * Lanes] = row[std::size_t(k)];
        }
    });
    return out;
}

/// 2 x 4 dot products of length k. So few sums fit the registers of any 64-bit machine.
inline void dot_2x4(const double* a, const double* b, i64 k, double (&sum)[2][4], double (&magnitude)[2][4]) {
    double s[2][4] = {}, m[2][4] = {};
    for (i64 i = 0; i < k; ++i) {
        for (int r = 0; r < 2; ++r) {
            for (int c = 0; c < 4; ++c) {
                const double p = a[i * 2 + r] * b[i * 4 + c];
                s[r][c] += p;
                m[r][c] += std::fabs(p);
            }
        }
    }
    std::memcpy(sum, s, sizeof s);
    std::memcpy(magnitude, m, sizeof m);
}

/// The product of two scales as kernels see it, since they form it in FP32. It is exact if FP32 can hold it as a normal number,
/// else it is what FP32 makes of it: infinity, NaN, a subnormal number or zero.
inline double scale_product(double x, double y) {
    const float product = float(x) * float(y);
    return std::isnormal(product) ? x * y : double(product);
}

/// The number of elements of K, from each of its multiples on, over which no scale of either operand changes.
inline i64 block_k(const operand& a, const operand& b) {
    const auto tile_k = [](const operand& x) {
        return x.scale.kind == scale_kind::none ? i64(0) : i64(x.scale.tile.k);
    };
    const i64 shared = gcd(tile_k(a), tile_k(b));
    return shared == 0 ? max(a.k, i64(1)) : shared;
}

/// The scales of the given rows, as a matrix (row, K block of `step` elements).
inline matrix<double> decode_scales(const operand& x, const std::vector<i64>& rows, i64 step) {
    matrix<double> out(i64(rows.size()), ceil_div(x.k, step));
    for (i64 i = 0; i < out.rows(); ++i) {
        for (i64 block = 0; block < out.columns(); ++block)
            out(i, block) = x.scale.at(rows[std::size_t(i)], block * step);
    }
    return out;
}

inline std::vector<i64> first_indices(i64 count) {
    std::vector<i64> all(std::size_t(count), 0);
    for (i64 i = 0; i < count; ++i) all[std::size_t(i)] = i;
    return all;
}

}  // namespace detail

/// Chosen `rows` and `columns` of A(m,k) x B(n,k)^T with all scales applied, in double.
inline product gemm_at(const operand& a, const operand& b, std::vector<i64> rows, std::vector<i64> columns) {
    if (a.k != b.k) throw std::invalid_argument("reference: A and B have different K");
    product out{std::move(rows), std::move(columns), {}, {}};
    const i64 m = i64(out.rows.size()), n = i64(out.columns.size());
    out.value = matrix<double>(m, n);
    out.magnitude = matrix<double>(m, n);
    const std::vector<double> wide_a = detail::decode_rows<2>(a, out.rows),
                              wide_b = detail::decode_rows<4>(b, out.columns);
    const i64 step = detail::block_k(a, b);
    const matrix<double> scales_a = detail::decode_scales(a, out.rows, step),
                         scales_b = detail::decode_scales(b, out.columns, step);
    parallel_ranges(ceil_div(m, i64(2)), n * a.k * 2, [&](i64 first, i64 last) {
        for (i64 j = 0; j < n; j += 4) {  // four columns of B stay in the first cache while A streams
            for (i64 pair = first; pair < last; ++pair) {
                const i64 height = min(i64(2), m - pair * 2), width = min(i64(4), n - j);
                for (i64 r = 0; r < height; ++r) {
                    for (i64 c = 0; c < width; ++c)
                        out.value(pair * 2 + r, j + c) = out.magnitude(pair * 2 + r, j + c) = 0;
                }
                for (i64 k = 0; k < a.k; k += step) {
                    double sum[2][4], magnitude[2][4];
                    detail::dot_2x4(wide_a.data() + (pair * a.k + k) * 2, wide_b.data() + j * a.k + k * 4,
                                    min(step, a.k - k), sum, magnitude);
                    for (i64 r = 0; r < height; ++r) {
                        for (i64 c = 0; c < width; ++c) {
                            const i64 row = pair * 2 + r, column = j + c;
                            const double scale =
                                detail::scale_product(scales_a(row, k / step), scales_b(column, k / step));
                            out.value(row, column) += scale * sum[r][c];
                            out.magnitude(row, column) += std::fabs(scale) * magnitude[r][c];
                        }
                    }
                }
            }
        }
    });
    return out;
}

/// The whole product A(m,k) x B(n,k)^T with all scales applied, in double.
inline product gemm(const operand& a, const operand& b) {
    return gemm_at(a, b, detail::first_indices(a.rows), detail::first_indices(b.rows));
}

/// Column of D in memory at which column `n` of the product is stored. The middle columns of each head are skipped.
constexpr i64 stored_column(i64 n, const head_splits& heads) {
    return heads.any() ? n + (n + heads.right) / (heads.left + heads.right) * heads.middle : n;
}

/// Adds C(m,n), a whole matrix, to a product: `D = C + A B^T` with one rounding at the end.
template <class C>
void add(product& p, matrix_view<C> c) {
    for (i64 i = 0; i < p.value.rows(); ++i) {
        for (i64 j = 0; j < p.value.columns(); ++j) {
            const double x = to_double(c(p.rows[std::size_t(i)], p.columns[std::size_t(j)]));
            p.value(i, j) += x;
            p.magnitude(i, j) += std::fabs(x);
        }
    }
}

/// The elements of D(m, stored n) that a product computed, in its order.
template <class D>
matrix<typename remove_const<D>::type> gather(matrix_view<D> d, const product& p, const head_splits& heads = {}) {
    matrix<typename remove_const<D>::type> out(p.value.rows(), p.value.columns());
    for (i64 i = 0; i < p.value.rows(); ++i) {
        for (i64 j = 0; j < p.value.columns(); ++j) {
            out(i, j) = d(p.rows[std::size_t(i)], stored_column(p.columns[std::size_t(j)], heads));
        }
    }
    return out;
}

/// Compares D with a product element by element; see compare_elements(). The report gives row and column of D.
template <class D>
comparison compare(matrix_view<D> d, const product& p, double accumulation, const head_splits& heads = {}) {
    const auto got = gather(d, p, heads);
    comparison found = compare_elements(got.view(), p.value.view(), p.magnitude.view(), accumulation);
    if (found.row >= 0) {
        found.row = p.rows[std::size_t(found.row)];
        found.column = stored_column(p.columns[std::size_t(found.column)], heads);
    }
    return found;
}

/// Compares D bit by bit with a product rounded to D's type, for data whose intermediate sums are all exact in FP32.
template <class D>
comparison compare_exact(matrix_view<D> d, const product& p, const head_splits& heads = {}) {
    comparison found =
        compare_bits(gather(d, p, heads).view(), p.template rounded<typename remove_const<D>::type>().view());
    if (found.row >= 0) {
        found.row = p.rows[std::size_t(found.row)];
        found.column = stored_column(p.columns[std::size_t(found.column)], heads);
    }
    return found;
}

/// calc_diff() of D and a product rounded to D's type.
template <class D>
double diff(matrix_view<D> d, const product& p, const head_splits& heads = {}) {
    return calc_diff(gather(d, p, heads).view(), p.template rounded<typename remove_const<D>::type>().view());
}

}  // namespace deepgemm::reference
