// SPDX-License-Identifier: MIT
// Products of the HyperConnection prenorm in host memory, and their judge in double precision.
#pragma once

#include <deepgemm/kernel/hc_prenorm.cuh>
#include <deepgemm/reference/random.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace deepgemm::test {

inline constexpr float untouched = -7.75e30f;

/// A product in host memory, in rows with padding of NaN; D and q are poisoned.
struct prenorm_product {
    problem_shape shape;
    i32 parts;
    i64 a_pitch, b_pitch, d_pitch, squares_pitch;
    std::vector<bf16> a;
    std::vector<float> b, d, squares;

    prenorm_product(random_source& random, problem_shape size, i32 count, bool whole)
        : shape(size),
          parts(count),
          a_pitch(align_up(shape.k, 8) + 8 * random.integer(0, 2)),
          b_pitch(align_up(shape.k, 4) + 4 * random.integer(0, 2)),
          d_pitch(shape.n + random.integer(0, 5)),
          squares_pitch(shape.m + random.integer(0, 5)),
          a(std::size_t(shape.m * a_pitch), bf16::from_float(std::numeric_limits<float>::quiet_NaN())),
          b(std::size_t(shape.n * b_pitch), std::numeric_limits<float>::quiet_NaN()),
          d(std::size_t(parts * shape.m * d_pitch), untouched),
          squares(std::size_t(parts * squares_pitch), untouched) {
        fill(random, whole);
    }

    /// Makes new operands: whole numbers, whose sums are exact, or normal ones.
    void fill(random_source& random, bool whole) {
        const auto value = [&] { return whole ? float(random.integer(-6, 6)) : float(random.normal()); };
        for (i64 m = 0; m < shape.m; ++m)
            for (i64 k = 0; k < shape.k; ++k) a[std::size_t(m * a_pitch + k)] = bf16::from_float(value());
        for (i64 n = 0; n < shape.n; ++n)
            for (i64 k = 0; k < shape.k; ++k) b[std::size_t(n * b_pitch + k)] = value();
    }

    hc_prenorm_arguments arguments() { return arguments(a.data(), b.data(), d.data(), squares.data()); }
    /// The same for copies of the tensors.
    hc_prenorm_arguments arguments(const void* of_a, const float* of_b, float* of_d, float* of_squares) const {
        return {.shape = shape,
                .a = of_a,
                .a_pitch = a_pitch,
                .b = of_b,
                .b_pitch = b_pitch,
                .d = of_d,
                .d_pitch = d_pitch,
                .d_part_pitch = shape.m * d_pitch,
                .squares = of_squares,
                .squares_pitch = squares_pitch,
                .parts = parts};
    }

    /// "" or the first element that is wrong. Sums may differ by `tolerance` times the sum of magnitudes.
    std::string verdict(double tolerance) const {
        std::string bad;
        const auto judge = [&](const char* what, i64 part, i64 m, i64 n, float got, double want, double magnitude) {
            if (bad.empty() && !(std::abs(got - want) <= tolerance * magnitude))
                bad = std::string(what) + " of part " + std::to_string(part) + " at (" + std::to_string(m) + ", " +
                      std::to_string(n) + ") is " + std::to_string(got) + ", not " + std::to_string(want);
        };
        for (i64 part = 0; part < parts; ++part) {
            // Blocks of 64, of which the first parts have one more than the others.
            const i64 blocks = ceil_div(shape.k, 64), each = blocks / parts, longer = blocks % parts;
            const i64 first = 64 * (part * each + std::min(part, longer)),
                      last = min(first + 64 * (each + (part < longer)), i64(shape.k));
            for (i64 m = 0; m < shape.m; ++m) {
                double square = 0;
                for (i64 k = first; k < last; ++k) {
                    const double x = float(a[std::size_t(m * a_pitch + k)]);
                    square += x * x;
                }
                judge("q", part, m, 0, squares[std::size_t(part * squares_pitch + m)], square, square);
                for (i64 n = 0; n < d_pitch; ++n) {
                    const float got = d[std::size_t((part * shape.m + m) * d_pitch + n)];
                    double sum = n < shape.n ? 0 : untouched, magnitude = 0;
                    for (i64 k = first; n < shape.n && k < last; ++k) {
                        const double x = double(float(a[std::size_t(m * a_pitch + k)])) *
                                         float(tf32::from_float(b[std::size_t(n * b_pitch + k)]));
                        sum += x;
                        magnitude += std::abs(x);
                    }
                    judge("D", part, m, n, got, sum, magnitude);
                }
            }
            for (i64 m = shape.m; m < squares_pitch; ++m)
                judge("padding of q", part, m, 0, squares[std::size_t(part * squares_pitch + m)], untouched, 0);
        }
        return bad;
    }
};

}  // namespace deepgemm::test
