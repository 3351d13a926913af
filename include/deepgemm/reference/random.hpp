// SPDX-License-Identifier: MIT
// Random numbers that repeat, for tests, examples and benchmarks. Element i of a filled matrix depends on the seed and on i
// only, so all cores fill it and the result is always the same. Not for cryptography.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/matrix.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A sequence of random numbers, and a factory of filled matrices.
class random_source {
public:
    explicit random_source(u64 seed) : seed_(seed), state_(mix(seed)) {}

    /// The seed from which this source started; print it when a test fails.
    u64 seed() const { return seed_; }

    /// 64 random bits.
    u64 bits() { return mix(state_ += step); }
    /// A double in [0, 1).
    double uniform() { return unit(bits()); }
    /// A double in [low, high).
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// An integer in [low, high], both included.
    i64 integer(i64 low, i64 high) { return low + i64(bits() % u64(high - low + 1)); }
    /// A standard normal number.
    float normal() { return normal_of(bits()); }

    /// Fills `out` with normal numbers of standard deviation `sigma`, rounded to T.
    template <class T>
    void fill_normal(matrix_view<T> out, float sigma = 1.0f) {
        fill(out, [sigma](u64 random) { return sigma * normal_of(random); });
    }
    /// Fills `out` with numbers from [low, high), rounded to T.
    template <class T>
    void fill_uniform(matrix_view<T> out, float low, float high) {
        fill(out, [=](u64 random) { return low + (high - low) * float(unit(random)); });
    }
    /// Fills `out` with integers from [low, high], so that sums of few enough products are exact in FP32.
    template <class T>
    void fill_integers(matrix_view<T> out, int low, int high) {
        fill(out, [=](u64 random) { return float(low + i64((random >> 16) % u64(high - low + 1))); });
    }
    /// Fills `out` with powers of two 2^e, e from [low, high].
    template <class T>
    void fill_powers_of_two(matrix_view<T> out, int low, int high) {
        fill(out, [=](u64 random) { return std::ldexp(1.0f, low + int((random >> 16) % u64(high - low + 1))); });
    }

private:
    static constexpr u64 step = 0x9e3779b97f4a7c15ull;

    /// A bijection of 64 bits; its outputs for consecutive multiples of `step` pass as random (Steele, Lea, Flood 2014).
    static u64 mix(u64 z) {
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        return z ^ z >> 31;
    }
    static double unit(u64 random) { return double(random >> 11) * 0x1p-53; }
    /// Box and Muller: the upper bits give a radius, the lower bits an angle.
    static float normal_of(u64 random) {
        const float radius = float((random >> 40) + 1) * 0x1p-24f;  // (0, 1]
        const float angle = float(random & 0xffffff) * (0x1p-24f * 6.2831853f);
        return std::sqrt(-2.0f * std::log(radius)) * std::cos(angle);
    }

    template <class T, class Function>
    void fill(matrix_view<T> out, Function value) {
        const u64 base = bits();
        parallel_ranges(out.rows, out.columns * 8, [&](i64 first, i64 last) {
            for (i64 row = first; row < last; ++row) {
                for (i64 column = 0; column < out.columns; ++column) {
                    out(row, column) = from_float<T>(value(mix(base + step * u64(row * out.columns + column + 1))));
                }
            }
        });
    }

    u64 seed_, state_;
};

/// A seed for this run: the environment variable DEEPGEMM_SEED if it is set, to repeat a failure, else a new random one. Throws
/// std::invalid_argument if the variable is no number.
inline u64 fresh_seed() {
    const char* const given = std::getenv("DEEPGEMM_SEED");
    if (given == nullptr || *given == '\0') return std::random_device{}();
    u64 seed = 0;
    const char* const end = given + std::strlen(given);
    const auto [stop, status] = std::from_chars(given, end, seed);
    if (status == std::errc{} && stop == end) return seed;
    throw std::invalid_argument(std::string("the environment variable DEEPGEMM_SEED is \"") + given +
                                "\"; it must be a number from 0 to 18446744073709551615");
}

}  // namespace deepgemm
