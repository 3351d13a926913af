// SPDX-License-Identifier: MIT
// The epilogue of a sample: values for the steps that a kernel has, what these make of a product in double precision, and
// whether a D is that. Written from the definitions in docs/concepts/epilogue.md, not from the kernels.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <span>

#include <deepgemm/host/epilogue.hpp>
#include <deepgemm/reference/product.hpp>
#include <deepgemm/reference/random.hpp>

#include "sample.hpp"

namespace deepgemm::test {

/// What the steps make of a product: values, and how far off the elements of a D may be before they are rounded.
struct stepped_product {
    matrix<double> value, error;
};

/// `n` columns of a product, or more where steps take whole groups of them.
constexpr i32 whole_columns(const epilogue_info& info, i32 n) {
    return info.activation == activation_kind::swiglu ? align_up(n, 16) : n;
}

/// Values for the steps of an epilogue. Where no step is an approximation, exact products stay exact.
class sample_epilogue {
public:
    sample_epilogue() = default;
    /// For a product of `n` columns; D is `of_d` matrices of `rows` rows, and B `of_b` matrices.
    sample_epilogue(const epilogue_info& info, i64 of_b, i64 of_d, i64 rows, i64 n, random_source& random)
        : info_(info), n_(n), rows_(rows), of_d_(of_d) {
        if (!info.any()) return;
        factors_at_ = 8;  // behind the seed
        bias_at_ = factors_at_ + align_up(4 * of_b, i64(8));
        bias_stride_ = align_up(n, i64(2));
        weights_at_ = bias_at_ + align_up(i64(size_of(info.bias_type)) * bias_stride_ * of_b, i64(8));
        inputs_.assign(std::size_t(weights_at_ + 4 * rows * of_d), 0);
        const u64 more = 5;
        std::memcpy(inputs_.data(), &more, sizeof more);
        factors_ = matrix<double>(1, of_b);
        bias_ = matrix<double>(of_b, n);
        weights_ = matrix<double>(of_d, rows);
        const float powers[] = {0.25f, 0.5f, -1.0f, 2.0f};
        for (i64 b = 0; b < of_b; ++b) {
            const float factor = powers[random.integer(0, 3)];
            put(factors_at_ + 4 * b, factor);
            factors_(0, b) = factor * 0.5;  // of the host
            for (i64 column = 0; column < n; ++column) {
                const float added = float(random.integer(-8, 8));
                bias_(b, column) = added;
                const i64 at = bias_at_ + (b * bias_stride_ + column) * i64(size_of(info.bias_type));
                if (info.bias_type == dtype::bf16) put(at, bf16::from_float(added));
                if (info.bias_type == dtype::f16) put(at, f16::from_float(added));
                if (info.bias_type == dtype::f32) put(at, added);
            }
        }
        for (i64 d = 0; d < of_d; ++d) {
            for (i64 row = 0; row < rows; ++row) {
                const float weight = powers[random.integer(0, 3)];
                put(weights_at_ + 4 * (d * rows + row), weight);
                weights_(d, row) = weight;
            }
        }
        if (info.cast.columns == 0) return;
        k_major_ = random.integer(0, 1) == 0;
        scales_.assign(std::size_t(of_d * scale_rows() * scale_words()), poison);
    }

    const epilogue_info& info() const { return info_; }
    i64 columns() const { return info_.columns_after(n_); }

    /// What steps read, and the scales of D.
    std::array<sample_memory, 2> memory() {
        return {sample_memory{inputs_.data(), inputs_.size()},
                sample_memory{scales_.data(), scales_.size() * sizeof(u32), true}};
    }
    /// As an argument; the two say where copies of memory() lie, null means here.
    epilogue_argument argument(void* inputs = nullptr, void* scales = nullptr) {
        epilogue_argument made{.activation = info_.activation};
        u8* const from = inputs == nullptr ? inputs_.data() : static_cast<u8*>(inputs);
        if (info_.alpha) made.alpha = {0.5f, reinterpret_cast<const float*>(from + factors_at_), 1};
        if (info_.bias) made.bias = {from + bias_at_, info_.bias_type, bias_stride_};
        if (info_.activation == activation_kind::swiglu)
            made.swiglu = {clamp, reinterpret_cast<const float*>(from + weights_at_), rows_};
        if (info_.stochastic) made.stochastic = {77, reinterpret_cast<const u64*>(from)};
        if (info_.cast.columns != 0) {
            const i64 words = scale_words(), rows = scale_rows();
            made.cast = {
                {scales == nullptr ? scales_.data() : scales, k_major_ ? words : 1, k_major_ ? 1 : rows, words * rows},
                info_.cast.scales,
                info_.cast.columns,
                info_.cast.of_bf16};
        }
        return made;
    }
    void restore() { std::fill(scales_.begin(), scales_.end(), poison); }
    /// Rows `first` to `end` - 1 of matrix `d` of D have no group: their weights may hold anything, NaN here.
    void poison_weights(i64 d, i64 first, i64 end) {
        if (!info_.any()) return;
        for (i64 row = first; row < end; ++row)
            put(weights_at_ + 4 * (d * rows_ + row), std::numeric_limits<float>::quiet_NaN());
    }

    /// The steps of rows from `first` on of matrix `d` of D, given their product with matrix `b` of B, of which each element is
    /// known to `accumulation` times its sum of magnitudes.
    stepped_product after(const reference::product& product, double accumulation, i64 d, i64 first, i64 b) const {
        const i64 rows = product.value.rows();
        stepped_product made{matrix<double>(rows, columns()), matrix<double>(rows, columns())};
        for (i64 i = 0; i < rows; ++i) {
            for (i64 j = 0; j < columns(); ++j) {
                const bool gated = info_.activation == activation_kind::swiglu;
                const i64 column = gated ? j / 8 * 16 + j % 8 : j;
                const auto sum = [&](i64 n) {
                    double value = product.value(i, n), error = accumulation * product.magnitude(i, n);
                    if (info_.alpha) value *= factors_(0, b), error *= std::fabs(factors_(0, b));
                    if (info_.bias) value += bias_(b, n);
                    return std::pair{value, error};
                };
                const auto [x, x_error] = sum(column);
                double &value = made.value(i, j), &error = made.error(i, j);
                constexpr double slope = 1.13, approximate = 2e-5;  // of silu and gelu
                switch (info_.activation) {
                    case activation_kind::none: value = x, error = x_error; break;
                    case activation_kind::relu: value = std::fmax(x, 0), error = x_error; break;
                    case activation_kind::silu:
                        value = x / (1 + std::exp(-x)), error = slope * x_error + approximate * std::fabs(value);
                        break;
                    case activation_kind::gelu_tanh:
                        value = 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
                        error = slope * x_error + approximate * std::fabs(value) + 1e-6;
                        break;
                    case activation_kind::swiglu: {
                        const auto [u, u_error] = sum(column + 8);
                        const double weight = weights_(d, first + i);
                        const double gate = std::fmin(to_bf16(x), clamp),
                                     up = std::fmax(std::fmin(to_bf16(u), clamp), -clamp);
                        const double active = gate / (1 + std::exp(-gate));
                        // A sum that is not exact may round to another number of BF16.
                        const auto off = [](double value, double error) {
                            return error == 0 ? 0 : error + (std::fabs(value) + error) * 0x1p-7;
                        };
                        value = active * up * weight;
                        error = std::fabs(weight) * (slope * off(x, x_error) * (std::fabs(up) + off(u, u_error)) +
                                                     std::fabs(active) * off(u, u_error)) +
                                approximate * std::fabs(value) + 1e-30;
                        break;
                    }
                }
            }
        }
        return made;
    }

    /// What is wrong with rows from `first` on of matrix `d` of D and with their scales; "" if nothing is.
    template <class T>
    std::string verdict(matrix_view<const T> found, const stepped_product& ought, i64 d, i64 first) const {
        for (i64 i = 0; i < found.rows; ++i) {
            for (i64 j = 0; j < columns(); ++j) {
                double scale = 1;
                if (info_.cast.columns != 0) {
                    if (j % info_.cast.columns == 0) {
                        const std::string wrong = scale_verdict<T>(ought, i, j, scale_at(d, first + i, j));
                        if (!wrong.empty()) return concat("row ", first + i, ", columns from ", j, " on: ", wrong);
                    }
                    scale = scale_at(d, first + i, j);
                }
                const double value = ought.value(i, j), error = ought.error(i, j), got = to_double(found(i, j)) * scale;
                if (fits<T>(got, value, error, scale)) continue;
                return concat("row ", first + i, ", column ", j, ": ", got, " instead of ", value, " within ", error);
            }
        }
        return "";
    }

    /// The first word of scales that was written although `belongs(matrix of D, row)` is false; "" if none was.
    template <class Belongs>
    std::string trespass(const Belongs& belongs) const {
        if (scales_.empty()) return "";
        for (i64 d = 0; d < of_d_; ++d) {
            for (i64 row = 0; row < scale_rows(); ++row) {
                for (i64 word = 0; word < scale_words(); ++word) {
                    if (scales_[word_at(d, row, word)] == poison || (row < rows_ && belongs(d, row))) continue;
                    return concat("the scales of row ", row, " of matrix ", d, " were written");
                }
            }
        }
        return "";
    }

private:
    static constexpr u32 poison = 0xfefefefeu;
    static constexpr float clamp = 200;

    template <class T>
    void put(i64 at, T value) {
        std::memcpy(inputs_.data() + at, &value, sizeof value);
    }
    static double to_bf16(double x) { return to_double(bf16::from_float(float(x))); }

    bool packed() const { return info_.cast.scales == scale::cast_scales::packed; }
    i64 scale_words() const {
        const i64 scales = ceil_div(columns(), i64(info_.cast.columns));
        return packed() ? ceil_div(scales, i64(4)) : scales;
    }
    i64 scale_rows() const { return align_up(rows_, i64(4)); }
    std::size_t word_at(i64 d, i64 row, i64 word) const {
        const i64 matrix = d * scale_rows() * scale_words();
        return std::size_t(matrix + (k_major_ ? row * scale_words() + word : row + word * scale_rows()));
    }
    /// The scale of column `column`.
    double scale_at(i64 d, i64 row, i64 column) const {
        const i64 number = column / info_.cast.columns;
        const u32 word = scales_[word_at(d, row, packed() ? number / 4 : number)];
        if (!packed()) return bit_cast<float>(word);
        return std::ldexp(1.0, int(word >> (8 * (number % 4)) & 255) - 127);
    }
    /// True if `got` is `value`, known within `error`, as D rounds it.
    template <class T>
    bool fits(double got, double value, double error, double scale) const {
        const double most = std::fabs(value) + error;
        if (info_.cast.columns != 0) {
            const double smallest =
                scale * (same_as<T, e4m3> ? 0x1p-10 : 0x1p-17);  // half of the smallest number's distance
            const double before = info_.cast.of_bf16 ? most * 0x1p-8 : 0;
            return std::fabs(got - value) <=
                   error + before + (most + before) * 1.001 * rounding_error(dtype_of<T>) + smallest;
        }
        if (info_.stochastic) {
            const double below = to_double(bf16(u16(bit_cast<u32>(float(value)) >> 16))),
                         next = 0x1p-7 * std::fabs(below) + 0x1p-133;
            if (error == 0)
                return got == below ||
                       (below != value && std::fabs(got) > std::fabs(below) && std::fabs(got - below) <= next);
            return std::fabs(got - value) <= error + most * 0x1p-7;
        }
        if (error == 0) return got == to_double(from_float<T>(float(value)));
        return std::fabs(got - value) <= error + most * rounding_error(dtype_of<T>);
    }
    /// What is wrong with the scale of a row's columns from `first` on.
    template <class T>
    std::string scale_verdict(const stepped_product& ought, i64 row, i64 first, double scale) const {
        double low = 1e-4, high = 1e-4;
        for (i64 j = first; j < min(first + info_.cast.columns, columns()); ++j) {
            const double value = std::fabs(ought.value(row, j)), error = ought.error(row, j) + 1e-6 * value;
            const double rounding = info_.cast.of_bf16 ? 0x1p-8 * value : 0;
            low = std::fmax(low, value - error - rounding);
            high = std::fmax(high, value + error + rounding);
        }
        const double largest = same_as<T, e4m3> ? 448 : 57344;
        low = low * (1 - 1e-6) / largest, high = high * (1 + 1e-6) / largest;
        if (info_.cast.scales != scale::cast_scales::fp32) {
            low = std::exp2(std::ceil(std::log2(low))), high = std::exp2(std::ceil(std::log2(high)));
            if (std::exp2(std::round(std::log2(scale))) != scale)
                return concat("the scale ", scale, " is no power of two");
        }
        if (scale >= low && scale <= high) return "";
        return concat("the scale is ", scale, " instead of ", low, " to ", high);
    }

    epilogue_info info_{};
    i64 n_ = 0, rows_ = 0, of_d_ = 0;
    i64 factors_at_ = 0, bias_at_ = 0, bias_stride_ = 0, weights_at_ = 0;  ///< bytes; elements
    bool k_major_ = false;
    std::vector<u8> inputs_;
    std::vector<u32> scales_;
    matrix<double> factors_, bias_, weights_;  ///< by (0, matrix of B), (matrix of B, column), (matrix of D, row)
};

}  // namespace deepgemm::test
