// SPDX-License-Identifier: MIT
// How results are compared: one number for the whole matrix (calc_diff), element by element against a bound that follows from
// the sum of |products|, and bit by bit. Each comparison reports the worst element, its place, and both values.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/matrix.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// An element of any type as a double, exactly.
template <class T>
double to_double(const T& x) {
    if constexpr (is_same_v<T, double>) {
        return x;
    } else {
        return double(float(x));
    }
}

/// 1 - 2 sum(x y) / sum(x^2 + y^2) in double: 0 for equal matrices, about half the squared relative error for close ones.
/// A NaN anywhere makes it NaN, so compare with `<`. 0 if both matrices are zero or empty.
template <class X, class Y>
double calc_diff(matrix_view<X> x, matrix_view<Y> y) {
    if (x.rows != y.rows || x.columns != y.columns) throw std::invalid_argument("calc_diff: the shapes differ");
    double products = 0, squares = 0;
    for (i64 row = 0; row < x.rows; ++row) {
        for (i64 column = 0; column < x.columns; ++column) {
            const double a = to_double(x(row, column)), b = to_double(y(row, column));
            products += a * b;
            squares += a * a + b * b;
        }
    }
    return squares == 0 ? 0 : 1 - 2 * products / squares;
}

/// The outcome of a comparison.
struct comparison {
    i64 elements = 0;                         ///< number of elements compared
    i64 wrong = 0;                            ///< number of elements beyond their bound
    i64 row = -1, column = -1;                ///< of the worst element
    double got = 0, expected = 0, bound = 0;  ///< of the worst element
    double worst = 0;                         ///< error of the worst element, divided by its bound

    explicit operator bool() const { return wrong == 0; }

    /// One sentence for a test's message.
    std::string text() const {
        char line[240];
        if (elements == 0) return "nothing to compare";
        if (row < 0) return "all elements are equal";
        std::snprintf(
            line, sizeof line,
            "%lld of %lld elements are wrong; worst at (%lld, %lld): got %.9g, expected %.9g, error %.3g, allowed %.3g",
            wrong, elements, row, column, got, expected, std::fabs(got - expected), bound);
        return line;
    }

    /// Counts one element.
    void add(i64 at_row, i64 at_column, double got_value, double expected_value, double allowed) {
        ++elements;
        const bool same = got_value == expected_value || (std::isnan(got_value) && std::isnan(expected_value));
        const double error = std::fabs(got_value - expected_value);
        const bool fine =
            same || (error <= allowed && std::isfinite(expected_value));  // false for NaN got or expected alone
        double ratio = same ? 0 : error / allowed;
        if (std::isnan(ratio)) ratio = HUGE_VAL;
        if (!fine) ++wrong;
        if (row < 0 || ratio > worst) {
            worst = ratio;
            row = at_row;
            column = at_column;
            got = got_value;
            expected = expected_value;
            bound = allowed;
        }
    }

    /// Counts all elements of another comparison; rows and columns of both should be of one matrix.
    void add(const comparison& other) {
        const i64 all = elements + other.elements, all_wrong = wrong + other.wrong;
        if (row < 0 || (other.row >= 0 && other.worst > worst)) *this = other;
        elements = all;
        wrong = all_wrong;
    }
};

/// Half a unit in the last place, relative: the error of one rounding to `type`.
constexpr double rounding_error(dtype type) {
    switch (type) {
        case dtype::bf16: return 0x1p-8;
        case dtype::f16:
        case dtype::tf32: return 0x1p-11;
        case dtype::e4m3: return 0x1p-4;
        case dtype::e5m2: return 0x1p-3;
        default: return 0x1p-24;
    }
}

/// The error of accumulation that a comparison allows, relative to an element's sum of |products|, including C.
namespace tolerance {
/// Sums in FP32, in any order.
inline constexpr double fp32 = 0x1p-19;
/// Hopper's FP8 tensor core, which keeps about 14 bits of what it adds, on random data of both signs: promoted, or summed over
/// all of K, up to 32768.
inline constexpr double hopper_fp8 = 0x1p-10;
/// Hopper's tensor core on BF16 or FP16 with K up to 16384. After each 16 products it truncates the sum to FP32, which loses up
/// to 2^-23 of the sum, 1024 times. If all products have one sign, the sum grows evenly, so it is half of its last value on
/// average: hence 2^-14.
inline constexpr double half = 0x1p-14;

/// A bound that no product over `k` elements exceeds, if its operands are of type `operand` and all sums are finite. FP8 sums
/// of 128 elements are promoted; see worst_in_place. docs/numerics.md derives both.
constexpr double worst(dtype operand, i64 k) {
    const bool fp8 = operand == dtype::e4m3 || operand == dtype::e5m2;
    const double blocks = double(ceil_div(k, i64(128))), multiplies = double(ceil_div(k, i64(16)));
    return fp8 ? 131 * 0x1p-13 + (blocks + 2) * 0x1p-24 : 18 * multiplies * 0x1p-23 + 0x1p-24;
}
/// The same of FP8 without promotion: from 1 on it says nothing.
constexpr double worst_in_place(i64 k) { return 33 * double(ceil_div(k, i64(32))) * 0x1p-13 + 3 * 0x1p-24; }
}  // namespace tolerance

/// Compares each element of `got` with `expected`. The bound is `accumulation` times the element's `magnitude` (its sum of
/// |products|), plus one rounding to D. All three matrices have one shape.
template <class D>
comparison compare_elements(matrix_view<D> got, matrix_view<const double> expected, matrix_view<const double> magnitude,
                            double accumulation) {
    using element = typename remove_const<D>::type;
    comparison found;
    for (i64 row = 0; row < got.rows; ++row) {
        for (i64 column = 0; column < got.columns; ++column) {
            const double drift = accumulation * magnitude(row, column), value = expected(row, column);
            const double bound = drift + (std::fabs(value) + drift) * rounding_error(dtype_of<element>);
            const double nearest = to_double(from_float<element>(float(value)));  // infinite beyond the range of D
            found.add(row, column, to_double(got(row, column)), std::isinf(nearest) ? nearest : value, bound);
        }
    }
    return found;
}

/// Compares the bits of each element. So NaNs with equal payload are equal, and -0 and +0 are not.
template <class X, class Y>
comparison compare_bits(matrix_view<X> got, matrix_view<Y> expected) {
    static_assert(sizeof(X) == sizeof(Y));
    if (got.rows != expected.rows || got.columns != expected.columns) {
        throw std::invalid_argument("compare_bits: the shapes differ");
    }
    comparison found;
    for (i64 row = 0; row < got.rows; ++row) {
        for (i64 column = 0; column < got.columns; ++column) {
            const auto &x = got(row, column), &y = expected(row, column);
            ++found.elements;
            if (std::memcmp(&x, &y, sizeof x) == 0) continue;
            if (found.wrong++ == 0) {  // the first one, since no bit is worse than another
                found.row = row;
                found.column = column;
                found.worst = HUGE_VAL;
                if constexpr (requires { float(x); }) {
                    found.got = to_double(x);
                    found.expected = to_double(y);
                }
            }
        }
    }
    return found;
}

}  // namespace deepgemm
