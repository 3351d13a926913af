// SPDX-License-Identifier: MIT
// Requests with paged keys in host memory, and a judge of their logits in double precision.
#pragma once

#include <deepgemm/kernel/paged_mqa_logits.cuh>

#include <numeric>

#include "mqa_scores.hpp"

namespace deepgemm::test {

/// What a sample's requests are like.
struct paged_sample {
    i32 requests = 0, next_n = 1;
    i32 columns = 0;         ///< of a row of logits; the longest contexts are about as long
    bool whole = false;      ///< small whole numbers, whose scores are exact
    bool per_query = false;  ///< each query has a context of its own
    i32 varlen = 0;  ///< not 0: requests have from 1 to so many queries, and `requests` is the number of queries of all
};

/// Tensors in host memory. What no score depends on is NaN or names no page: pages of no request, keys after a context, entries
/// of the block table after it, queries without keys. Logits are poisoned. `T` and `W` are the types of logits and of weights.
template <class T, class W>
struct paged_scores {
    mqa_logits_traits traits;
    int block;
    logits_form form;
    paged_sample size;
    i32 queries, pages = 0, table_columns;
    i64 page_bytes, weights_pitch, pitch, table_pitch;
    std::vector<e4m3> q;
    std::vector<u8> cache;
    std::vector<W> weights;
    std::vector<i32> lengths, indices, table;
    std::vector<T> logits;
    std::vector<i32> schedule;

    paged_scores(random_source& random, mqa_logits_traits what, int keys_of_page, logits_form to, paged_sample sample)
        : traits(what),
          block(keys_of_page),
          form(to),
          size(sample),
          queries(size.requests * size.next_n),
          table_columns(ceil_div(size.columns, block) + i32(random.integer(0, 3))),
          page_bytes(block * (traits.depth + 4) + 16 * random.integer(0, 2)),
          weights_pitch(traits.heads + random.integer(0, 5)),
          pitch(size.columns + random.integer(0, 9)),
          table_pitch(table_columns + random.integer(0, 5)),
          q(std::size_t(i64(queries) * traits.heads * traits.depth)),
          weights(std::size_t(queries * weights_pitch)),
          logits(std::size_t(queries * pitch)) {
        if (size.varlen != 0) choose_indices(random);
        const i32 rows = size.varlen ? queries : size.requests;
        table.resize(std::size_t(rows * table_pitch));
        // As many as could be needed, and a few.
        pages = rows * ceil_div(size.columns, block) + i32(random.integer(1, 5));
        cache.resize(std::size_t(pages * page_bytes));
        fill(random);
        poison();
    }

    /// Makes other numbers, lengths and pages in the same memory.
    void fill(random_source& random) {
        std::fill(q.begin(), q.end(), e4m3(u8(0x7f)));
        std::fill(weights.begin(), weights.end(), as_element<W>(std::numeric_limits<float>::quiet_NaN()));
        choose_lengths(random);
        choose_pages(random);
        const auto element = [&] {
            return e4m3::from_float(size.whole ? float(random.integer(-2, 2)) : 8 * random.normal());
        };
        for (i32 i = 0; i < queries; ++i) {
            if (context(i) == 0) continue;
            for (i64 h = 0; h < traits.heads; ++h)
                weights[std::size_t(i * weights_pitch + h)] =
                    as_element<W>(size.whole ? float(random.integer(-3, 3)) : random.normal());
            for (i64 n = 0; n < i64(traits.heads) * traits.depth; ++n)
                q[std::size_t(i * i64(traits.heads) * traits.depth + n)] = element();
        }
        for (i32 i = 0; i < queries; ++i) {
            if (first_of_request(i) != i) continue;
            for (i32 j = 0; j < longest_of_request(i); ++j) {
                for (i32 d = 0; d < traits.depth; ++d) cache[key_at(i, j) + std::size_t(d)] = element().bits;
                const float scale = size.whole ? 0x1p-5f : float(random.uniform(1e-4, 1e-3));
                std::memcpy(&cache[scale_at(i, j)], &scale, 4);
            }
        }
    }
    /// Logits as they were before the first run.
    void poison() { std::memset(static_cast<void*>(logits.data()), 0x5b, logits.size() * sizeof(T)); }

    template <class Arguments>
    Arguments arguments() {
        return arguments<Arguments>(q.data(), cache.data(), weights.data(), lengths.data(), indices.data(),
                                    table.data(), logits.data());
    }
    /// The same for copies of the tensors.
    template <class Arguments>
    Arguments arguments(const void* of_q, const void* of_cache, const void* of_weights, const i32* of_lengths,
                        const i32* of_indices, const i32* of_table, T* of_logits) const {
        return {.in = {.requests = size.requests,
                       .next_n = size.next_n,
                       .pages = pages,
                       .columns = size.columns,
                       .longest = size.columns,
                       .q = of_q,
                       .cache = of_cache,
                       .page_bytes = page_bytes,
                       .weights = of_weights,
                       .weights_pitch = weights_pitch,
                       .lengths = of_lengths,
                       .per_query = size.per_query,
                       .indices = indices.empty() ? nullptr : of_indices,
                       .table = of_table,
                       .table_pitch = table_pitch},
                .out = {.logits = of_logits, .pitch = pitch, .columns = size.columns}};
    }

    /// "" or the first element of the buffer that is wrong; `error` is that of judge_score().
    std::string verdict(double error) const {
        const std::vector<float> known = decoded(q);
        std::vector<float> key(std::size_t(traits.depth));
        for (i32 i = 0; i < queries; ++i) {
            const i32 keys = context(i);
            for (i64 c = 0; c < pitch; ++c) {
                const T got = logits[std::size_t(i * pitch + c)];
                std::string bad;
                if (c < keys) {
                    const i32 owner = first_of_request(i), j = i32(c);
                    for (i32 d = 0; d < traits.depth; ++d)
                        key[std::size_t(d)] = float(e4m3(cache[key_at(owner, j) + std::size_t(d)]));
                    float scale;
                    std::memcpy(&scale, &cache[scale_at(owner, j)], 4);
                    bad =
                        judge_score<T, W>(traits, &known[std::size_t(i64(i) * traits.heads * traits.depth)], key.data(),
                                          &weights[std::size_t(i * weights_pitch)], scale, got, size.whole, error);
                } else if (form == logits_form::full && c < size.columns) {
                    if (float(got) != -HUGE_VALF) bad = "minus infinity";
                } else {
                    if (bits_of(got) != (sizeof(T) == 4 ? 0x5b5b5b5bu : 0x5b5bu)) bad = "untouched";
                }
                if (!bad.empty())
                    return "logit (" + std::to_string(i) + ", " + std::to_string(c) + ") of a context of " +
                           std::to_string(keys) + " is " + std::to_string(float(got)) + ", not " + bad;
            }
        }
        return "";
    }

    /// The keys of query `i`, cut to the columns.
    i32 context(i32 i) const {
        return min(max(lengths[std::size_t(size.per_query ? i : i / size.next_n)], 0), size.columns);
    }

private:
    i32 first_of_request(i32 i) const {
        if (size.varlen == 0) return i / size.next_n * size.next_n;
        while (i > 0 && indices[std::size_t(i - 1)] == indices[std::size_t(i)]) --i;
        return i;
    }
    i32 longest_of_request(i32 first) const {
        i32 most = 0;
        for (i32 i = first; i < queries && first_of_request(i) == first; ++i) most = max(most, context(i));
        return most;
    }
    std::size_t page_at(i32 owner, i32 key) const {
        const i64 row = size.varlen ? owner : owner / size.next_n;
        return std::size_t(table[std::size_t(row * table_pitch + key / block)] * page_bytes);
    }
    std::size_t key_at(i32 owner, i32 key) const {
        return page_at(owner, key) + std::size_t(key % block * traits.depth);
    }
    std::size_t scale_at(i32 owner, i32 key) const {
        return page_at(owner, key) + std::size_t(block * traits.depth + key % block * 4);
    }
    void choose_indices(random_source& random) {
        i32 index = 0, left = 0;
        for (i32 i = 0; i < queries; ++i, --left) {
            if (left == 0) {
                left = i32(random.integer(1, size.varlen));
                index = index == 7 ? 3 : 7 + i32(random.integer(0, 1));  // neighbours differ; others may be equal
                if (!indices.empty() && indices.back() == index) index = 5;
            }
            indices.push_back(index);
        }
    }
    void choose_lengths(random_source& random) {
        lengths.resize(std::size_t(size.per_query || size.varlen ? queries : size.requests));
        for (i32& length : lengths) {
            const i64 kind = random.integer(0, 9);
            length = i32(random.integer(0, size.columns));
            if (kind == 0) length = 0;
            if (kind == 1) length = -i32(random.integer(0, 5));
            if (kind == 2) length = size.columns + i32(random.integer(0, 1000));
            if (kind == 3) length = min(length, 5);
        }
    }
    void choose_pages(random_source& random) {
        const i32 garbage[] = {-1, -2147483647, 2147483647, 1 << 20};
        for (i32& entry : table) entry = garbage[random.integer(0, 3)];
        std::vector<i32> free(std::size_t(pages), 0);
        std::iota(free.begin(), free.end(), 0);
        for (i32 row = 0; row < i32(i64(table.size()) / table_pitch); ++row) {
            const i32 query = size.varlen ? row : row * size.next_n, owner = first_of_request(query);
            for (i32 i = 0; i < ceil_div(longest_of_request(owner), block); ++i) {
                i32& entry = table[std::size_t(row * table_pitch + i)];
                if (owner != query) {
                    entry = table[std::size_t(owner * table_pitch + i)];  // rows of one request are equal
                    continue;
                }
                swap_values(free[std::size_t(random.integer(0, i64(free.size()) - 1))], free.back());
                entry = free.back();
                free.pop_back();
            }
        }
        // Keys and scales of nobody are NaN.
        std::fill(cache.begin(), cache.end(), u8(0x7f));
        const float nan = std::numeric_limits<float>::quiet_NaN();
        for (i64 page = 0; page < pages; ++page) {
            for (i64 i = 0; i < block; ++i)
                std::memcpy(&cache[std::size_t(page * page_bytes + block * traits.depth + 4 * i)], &nan, 4);
        }
    }
};

}  // namespace deepgemm::test
