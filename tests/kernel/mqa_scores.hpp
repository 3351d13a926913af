// SPDX-License-Identifier: MIT
// Queries with ragged ranges of keys in host memory, and a judge of their logits in double precision.
#pragma once

#include <deepgemm/kernel/mqa_logits.cuh>
#include <deepgemm/reference/compare.hpp>
#include <deepgemm/reference/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace deepgemm::test {

/// The bits of an element of logits.
template <class T>
u32 bits_of(T x) {
    if constexpr (sizeof(T) == 4) {
        return bit_cast<u32>(x);
    } else {
        return x.bits;
    }
}

/// What a sample's numbers and ranges are like.
struct mqa_sample {
    i32 queries = 0, keys = 0;
    bool whole = false;  ///< small whole numbers, whose scores are exact
    bool causal =
        false;  ///< query i ends at key i + keys - queries; else ranges are random, some empty and some inverted
};

/// Tensors in host memory. What no score depends on is NaN: padding, keys in no range, queries without keys. Logits are
/// poisoned. `T` and `W` are the types of logits and of weights.
template <class T, class W>
struct mqa_scores {
    mqa_logits_traits traits;
    logits_form form;
    mqa_sample size;
    i64 key_pitch, weights_pitch, pitch;
    i32 columns;
    std::vector<e4m3> q, key;
    std::vector<float> scale;
    std::vector<W> weights;
    std::vector<i32> first, last;
    std::vector<T> logits;

    mqa_scores(random_source& random, mqa_logits_traits what, logits_form to, mqa_sample sample)
        : traits(what),
          form(to),
          size(sample),
          key_pitch(traits.depth + 16 * random.integer(0, 2)),
          weights_pitch(traits.heads + random.integer(0, 5)),
          q(std::size_t(i64(size.queries) * traits.heads * traits.depth)),
          key(std::size_t(size.keys * key_pitch)),
          scale(std::size_t(size.keys)),
          weights(std::size_t(size.queries * weights_pitch)),
          first(std::size_t(size.queries)),
          last(std::size_t(size.queries)) {
        const i32 longest = fill(random);
        // Compressed rows may be too short for the longest ranges.
        columns = form == logits_form::compressed ? max(1, longest - i32(random.integer(-3, 3))) : size.keys;
        pitch = columns + random.integer(0, 9);
        logits.resize(std::size_t(size.queries * pitch));
        poison();
    }

    /// Makes other numbers and ranges in the same memory; returns the length of the longest range.
    i32 fill(random_source& random) {
        std::fill(key.begin(), key.end(), e4m3(u8(0x7f)));
        std::fill(scale.begin(), scale.end(), std::numeric_limits<float>::quiet_NaN());
        std::fill(weights.begin(), weights.end(), of<W>(std::numeric_limits<float>::quiet_NaN()));
        i32 longest = 0;
        std::vector<bool> used(std::size_t(size.keys), false);
        for (i32 i = 0; i < size.queries; ++i) {
            choose_range(random, i);
            const auto [from, to_key] = range(i);
            longest = max(longest, to_key - from);
            for (i32 j = from; j < to_key; ++j) used[std::size_t(j)] = true;
        }
        const auto element = [&] {
            return e4m3::from_float(size.whole ? float(random.integer(-2, 2)) : 8 * random.normal());
        };
        for (i32 i = 0; i < size.queries; ++i) {
            const bool scored = range(i).first < range(i).last;
            for (i64 h = 0; h < traits.heads; ++h) {
                if (scored)
                    weights[std::size_t(i * weights_pitch + h)] =
                        of<W>(size.whole ? float(random.integer(-3, 3)) : random.normal());
                for (i64 d = 0; d < traits.depth; ++d)
                    q[std::size_t((i * i64(traits.heads) + h) * traits.depth + d)] =
                        scored ? element() : e4m3(u8(0x7f));
            }
        }
        for (i32 j = 0; j < size.keys; ++j) {
            if (!used[std::size_t(j)]) continue;
            scale[std::size_t(j)] = size.whole ? 0x1p-5f : float(random.uniform(1e-4, 1e-3));
            for (i64 d = 0; d < traits.depth; ++d) key[std::size_t(j * key_pitch + d)] = element();
        }
        return longest;
    }
    /// Makes all of the logits what no kernel writes.
    void poison() { std::memset(static_cast<void*>(logits.data()), 0x5b, logits.size() * sizeof(T)); }

    template <class Arguments>
    Arguments arguments() {
        return arguments<Arguments>(q.data(), key.data(), scale.data(), weights.data(), first.data(), last.data(),
                                    logits.data());
    }
    /// The same for copies of the tensors.
    template <class Arguments>
    Arguments arguments(const void* of_q, const void* of_key, const float* of_scale, const void* of_weights,
                        const i32* of_first, const i32* of_last, T* of_logits) const {
        return {.in = {.queries = size.queries,
                       .keys = size.keys,
                       .q = of_q,
                       .key = of_key,
                       .key_pitch = key_pitch,
                       .scale = of_scale,
                       .weights = of_weights,
                       .weights_pitch = weights_pitch,
                       .first = of_first,
                       .last = of_last},
                .out = {.logits = of_logits, .pitch = pitch, .columns = columns}};
    }

    /// "" or the first element of the buffer that is wrong. A dot product may be off by `error` times its sum of magnitudes;
    /// what follows adds in FP32, in any order, and rounds once.
    std::string verdict(double error) const {
        const numbers known{decoded(q), decoded(key)};
        for (i64 i = 0; i < size.queries; ++i) {
            const auto [from, to] = range(i32(i));
            for (i64 c = 0; c < pitch; ++c) {
                const T got = logits[std::size_t(i * pitch + c)];
                const i64 j = form == logits_form::compressed ? from + c : c;
                std::string bad;
                if (from <= j && j < to && c < columns) {
                    bad = judge(known, i, j, got, error);
                } else if (form == logits_form::full && c < size.keys) {
                    if (float(got) != -HUGE_VALF) bad = "minus infinity";
                } else {
                    if (bits_of(got) != (sizeof(T) == 4 ? 0x5b5b5b5bu : 0x5b5bu)) bad = "untouched";
                }
                if (!bad.empty())
                    return "logit (" + std::to_string(i) + ", " + std::to_string(c) + ") of range [" +
                           std::to_string(from) + ", " + std::to_string(to) + ") is " + std::to_string(float(got)) +
                           ", not " + bad;
            }
        }
        return "";
    }

    /// The keys of query `i`, cut to those that there are.
    key_range range(i32 i) const {
        const i32 from = max(first[std::size_t(i)], 0), to = min(last[std::size_t(i)], size.keys);
        return from < to ? key_range{from, to} : key_range{};
    }

private:
    template <class X>
    static X of(float value) {
        if constexpr (same_as<X, float>) {
            return value;
        } else {
            return X::from_float(value);
        }
    }
    void choose_range(random_source& random, i32 i) {
        auto& from = first[std::size_t(i)];
        auto& to = last[std::size_t(i)];
        if (size.causal) {
            to = i + 1 + size.keys - size.queries;
            return;
        }
        from = i32(random.integer(0, size.keys));
        to = i32(random.integer(0, size.keys));  // inverted half of the time
        const i64 kind = random.integer(0, 9);
        if (kind < 5 && from > to) swap_values(from, to);
        if (kind == 5) to = from;
        if (kind == 6) from = 0, to = size.keys;
        if (kind == 7) to = from + i32(random.integer(0, 5));  // it may end after the last key
        if (kind == 8 && form != logits_form::compressed) from = -i32(random.integer(0, 5));
    }
    /// Queries and keys as floats.
    struct numbers {
        std::vector<float> q, key;
    };
    static std::vector<float> decoded(const std::vector<e4m3>& codes) {
        std::vector<float> made(codes.size());
        std::transform(codes.begin(), codes.end(), made.begin(), [](e4m3 x) { return float(x); });
        return made;
    }
    /// "" or what the logit of query `i` and key `j` should be.
    std::string judge(const numbers& known, i64 i, i64 j, T got, double error) const {
        double sum = 0, allowed = 0;
        for (i64 h = 0; h < traits.heads; ++h) {
            double dot = 0, magnitude = 0;
            for (i64 d = 0; d < traits.depth; ++d) {
                const double product = double(known.q[std::size_t((i * traits.heads + h) * traits.depth + d)]) *
                                       double(known.key[std::size_t(j * key_pitch + d)]);
                dot += product;
                magnitude += std::abs(product);
            }
            const double weight = double(float(weights[std::size_t(i * weights_pitch + h)]));
            sum += std::max(dot, 0.0) * weight;
            allowed += std::abs(weight) * (error * magnitude + (traits.heads + 4) * 0x1p-24 * std::max(dot, 0.0));
        }
        const double by = double(scale[std::size_t(j)]), want = sum * by;
        const T nearest = of<T>(float(want));
        if (size.whole) return float(got) == float(nearest) ? "" : std::to_string(want);  // zeros may differ in sign
        const double rounding = rounding_error(dtype_of<T>) * std::abs(want) + 0x1p-25;
        return std::abs(double(float(got)) - want) <= allowed * by * 1.01 + rounding ? "" : std::to_string(want);
    }
};

}  // namespace deepgemm::test
