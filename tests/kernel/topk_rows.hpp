// SPDX-License-Identifier: MIT
// Rows whose largest elements are wanted, in host memory, of every kind that is hard to select from, and a judge that sorts
// them.
#pragma once

#include <deepgemm/kernel/topk_info.cuh>
#include <deepgemm/reference/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace deepgemm::test {

/// What the elements of a row are like.
enum class row_kind {
    normal,
    equal,
    two_values,
    few_values,
    ascending,
    descending,
    half_infinite,  ///< half are minus infinity, some infinity
    all_nan,
    some_nan,     ///< of both signs and many payloads
    zeros,        ///< of both signs, and a few others
    outliers,     ///< a few huge ones
    tiny,         ///< subnormal
    low_sample,   ///< high, but for one of sixteen pieces of 16 bytes
    high_sample,  ///< low, but for these
    count,
};
inline row_kind any_kind(random_source& random) { return row_kind(random.integer(0, i64(row_kind::count) - 1)); }

/// How large a sample is.
struct topk_size {
    i32 rows = 1, columns = 1, k = 1;
    bool ranges = false;  ///< random ones, some empty, inverted or beyond the columns
    bool scores = true;
    i32 rows_of_range = 1;  ///< neighbours that share a range
};

/// Tensors in host memory. What is in no range is NaN, the largest of all; results are poisoned.
template <class T>
struct topk_rows {
    topk_size size;
    i64 pitch, indices_pitch, scores_pitch;
    std::vector<T> logits;
    std::vector<i32> first, last, indices;
    std::vector<float> scores;
    static constexpr i32 untouched = 0x5b5b5b5b;

    topk_rows(random_source& random, topk_size wanted, row_kind kind)
        : size(wanted),
          pitch(size.columns + random.integer(0, 9)),
          indices_pitch(size.k + random.integer(0, 3)),
          scores_pitch(size.k + random.integer(0, 3)),
          logits(std::size_t(size.rows * pitch)),
          first(size.ranges ? std::size_t(ceil_div(size.rows, size.rows_of_range)) : 0),
          last(first.size()),
          indices(std::size_t(size.rows * indices_pitch)),
          scores(std::size_t(size.rows * scores_pitch)) {
        fill(random, kind);
    }
    /// Other rows and ranges in the same memory.
    void fill(random_source& random, row_kind kind) {
        std::fill(logits.begin(), logits.end(), of(std::numeric_limits<float>::quiet_NaN()));
        for (std::size_t i = 0; i < first.size(); ++i) choose_range(random, i);
        for (i32 i = 0; i < size.rows; ++i) {
            const auto [from, to] = range(i);
            for (i32 j = from; j < to; ++j) logits[std::size_t(i * pitch + j)] = element(random, kind, j, to - from);
        }
        poison();
    }
    void poison() {
        std::memset(indices.data(), 0x5b, indices.size() * sizeof(i32));
        std::memset(scores.data(), 0x5b, scores.size() * sizeof(float));
    }

    /// The arguments of a kernel, for copies of the tensors if they are given.
    topk_arguments arguments() {
        return arguments(logits.data(), first.data(), last.data(), indices.data(), scores.data());
    }
    topk_arguments arguments(const T* from, const i32* firsts, const i32* lasts, i32* to, float* values) const {
        return {.rows = size.rows,
                .columns = size.columns,
                .k = size.k,
                .logits = from,
                .pitch = pitch,
                .first = size.ranges ? firsts : nullptr,
                .last = size.ranges ? lasts : nullptr,
                .rows_of_range = size.rows_of_range,
                .indices = to,
                .indices_pitch = indices_pitch,
                .scores = size.scores ? values : nullptr,
                .scores_pitch = scores_pitch};
    }

    struct bounds {
        i32 from, to;
    };
    /// The columns of row `i` that count.
    bounds range(i32 i) const {
        if (!size.ranges) return {0, size.columns};
        const auto at = std::size_t(i / size.rows_of_range);
        const i32 from = std::max(first[at], 0), to = std::min(last[at], size.columns);
        return from < to ? bounds{from, to} : bounds{0, 0};
    }

    /// "" or the first word of the results that is wrong.
    std::string verdict() const {
        for (i32 i = 0; i < size.rows; ++i) {
            const std::vector<i32> order = sorted(i);
            for (i64 j = 0; j < indices_pitch; ++j) {
                const i32 got = indices[std::size_t(i * indices_pitch + j)];
                const i32 want = j >= size.k ? untouched : j < i64(order.size()) ? order[std::size_t(j)] : -1;
                if (got != want) return at("index", i, j) + std::to_string(got) + ", not " + std::to_string(want);
            }
            for (i64 j = 0; j < scores_pitch; ++j) {
                const u32 got = bit_cast<u32>(scores[std::size_t(i * scores_pitch + j)]);
                const u32 want = j >= size.k || !size.scores ? u32(untouched)
                                 : j < i64(order.size())     ? score(i, order[std::size_t(j)])
                                                             : 0xff800000u;
                if (got != want) return at("score", i, j) + std::to_string(got) + ", not " + std::to_string(want);
            }
        }
        return "";
    }

private:
    static T of(float value) {
        if constexpr (same_as<T, float>) {
            return value;
        } else {
            return T::from_float(value);
        }
    }
    static std::string at(const char* what, i64 i, i64 j) {
        return std::string(what) + " (" + std::to_string(i) + ", " + std::to_string(j) + ") is ";
    }
    float value(i32 i, i32 j) const { return float(logits[std::size_t(i * pitch + j)]); }
    /// The bits of a score: -0 becomes 0, and any NaN the one of all ones.
    u32 score(i32 i, i32 j) const {
        const float x = value(i, j);
        return x != x ? 0x7fffffffu : x == 0 ? 0 : bit_cast<u32>(x);
    }
    /// The columns of a row in the order in which they are wanted.
    std::vector<i32> sorted(i32 i) const {
        const auto [from, to] = range(i);
        std::vector<i32> order(std::size_t(to - from));
        std::iota(order.begin(), order.end(), from);
        std::stable_sort(order.begin(), order.end(), [&](i32 x, i32 y) {
            const float a = value(i, x), b = value(i, y);
            return a != a ? b == b : a > b;  // false where b is NaN
        });
        return order;
    }
    void choose_range(random_source& random, std::size_t i) {
        i32 from = i32(random.integer(0, size.columns)), to = i32(random.integer(0, size.columns));
        const i64 kind = random.integer(0, 9);
        if (kind < 5 && from > to) std::swap(from, to);
        if (kind == 5) to = from;
        if (kind == 6) from = 0, to = size.columns;
        if (kind == 7) to = from + i32(random.integer(0, 50));
        if (kind == 8) from = -5, to = size.columns + 100;
        first[i] = from;
        last[i] = to;
    }
    static T element(random_source& random, row_kind kind, i32 j, i32 count) {
        const bool sampled = j / i32(16 / sizeof(T)) % 16 == 0;
        const float normal = random.normal();
        switch (kind) {
            case row_kind::equal: return of(-1.5f);
            case row_kind::two_values: return of(normal > 0 ? 2.0f : 1.0f);
            case row_kind::few_values: return of(std::floor(4 * normal));
            case row_kind::ascending: return of(float(j - count / 2));
            case row_kind::descending: return of(float(count / 2 - j));
            case row_kind::half_infinite: return of(normal < 0 ? -HUGE_VALF : normal > 3 ? HUGE_VALF : normal);
            case row_kind::all_nan:
            case row_kind::some_nan: {
                if (kind == row_kind::some_nan && normal < 1) return of(normal);
                const u32 bits = 0x7f800001u | u32(random.integer(0, 1)) << 31 | u32(random.integer(0, 0x3fffff));
                if constexpr (sizeof(T) == 4) {
                    return bit_cast<T>(bits);
                } else {
                    return T(u16((bits >> 16 & 0x8000u) | 0x7fc0u | (bits & 0x3f)));  // a NaN of either type
                }
            }
            case row_kind::zeros:
                return of(normal > 2.5f ? normal : normal < -2.5f ? -1.0f : random.integer(0, 1) != 0 ? 0.0f : -0.0f);
            case row_kind::outliers: return of(random.integer(0, 499) == 0 ? 3e4f * std::abs(normal) : normal);
            case row_kind::tiny: return of(normal * (sizeof(T) == 2 && !same_as<T, bf16> ? 1e-6f : 1e-39f));
            case row_kind::low_sample: return of(sampled ? -std::abs(normal) : std::abs(normal));
            case row_kind::high_sample: return of(sampled ? std::abs(normal) : -std::abs(normal));
            default: return of(normal);
        }
    }
};

}  // namespace deepgemm::test
