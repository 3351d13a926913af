// SPDX-License-Identifier: MIT
// Integer arithmetic of tiles and addresses: constexpr, host and device.
#pragma once

#include <deepgemm/core/macros.cuh>

namespace deepgemm {

/// Smallest integer not below `a / b`; `a >= 0`, `b > 0`.
template <class T>
DEEPGEMM_BOTH constexpr T ceil_div(T a, T b) {
    return (a + b - 1) / b;
}

/// `a` rounded up to a multiple of `b`; `a >= 0`, `b > 0`.
template <class T>
DEEPGEMM_BOTH constexpr T align_up(T a, T b) {
    return ceil_div(a, b) * b;
}

/// The smaller of two values; `a` if they are equal.
template <class T>
DEEPGEMM_BOTH constexpr T min(T a, T b) {
    return b < a ? b : a;
}

/// The larger of two values; `a` if they are equal.
template <class T>
DEEPGEMM_BOTH constexpr T max(T a, T b) {
    return a < b ? b : a;
}

/// Exchanges two values. It is not called swap, since unqualified calls would find the C++ library's function as well.
template <class T>
DEEPGEMM_BOTH constexpr void swap_values(T& a, T& b) {
    const T was = a;
    a = b;
    b = was;
}

/// Greatest common divisor of two positive integers.
template <class T>
DEEPGEMM_BOTH constexpr T gcd(T a, T b) {
    while (b != 0) {
        T remainder = a % b;
        a = b;
        b = remainder;
    }
    return a;
}

/// True for 1, 2, 4, 8 and so on.
DEEPGEMM_BOTH constexpr bool is_power_of_two(unsigned long long x) { return x != 0 && (x & (x - 1)) == 0; }

/// Divides by a fixed number with one multiplication and one shift. Exact for dividends from 0 to 2^31 - 1.
struct fast_divider {
    unsigned divisor, multiplier;
    int shift;

    /// The divider by `divisor`, from 1 to 2^31 - 1.
    DEEPGEMM_BOTH static constexpr fast_divider of(int divisor) {
        const auto d = unsigned(divisor);
        int bits = 0;  // smallest with 2^bits >= d
        while ((1ull << bits) < d) ++bits;
        // ceil(2^(31 + bits) / d) fits 32 bits, and its error is too small to matter below 2^31.
        return {d, unsigned(((1ull << (31 + bits)) + d - 1) / d), 31 + bits};
    }
    /// The quotient of `x`, 0 <= x < 2^31.
    DEEPGEMM_BOTH constexpr int divide(int x) const {
        return int((unsigned long long)(unsigned(x)) * multiplier >> shift);
    }
};

}  // namespace deepgemm
