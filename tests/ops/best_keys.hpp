// SPDX-License-Identifier: MIT
// The best keys of paged contexts, found by sorting logits.
#pragma once

#include <deepgemm/ops/topk/paged_mqa_topk.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

namespace deepgemm::test {

/// The keys of query `i`, as paged_mqa_logits_problem describes them.
inline i32 context_of(const paged_mqa_logits_problem& p, i64 i) {
    const i32 length = p.lengths[p.per_query || p.indices ? i : i / p.next_n];
    return i32(std::clamp<i64>(length, 0, std::min(p.columns, p.table_columns * p.block)));
}

/// Indices and scores of the best keys, all poisoned.
struct best_keys {
    i64 queries, k;
    std::vector<i32> indices;
    std::vector<float> scores;

    best_keys(i64 rows, i64 most)
        : queries(rows), k(most), indices(std::size_t(rows * most), -7), scores(indices.size(), -7.0f) {}
    mqa_topk_result to() { return {row_major(indices.data(), queries, k), row_major(scores.data(), queries, k)}; }
    bool untouched() const {
        return std::count(indices.begin(), indices.end(), -7) == i64(indices.size()) &&
               std::count(scores.begin(), scores.end(), -7.0f) == i64(scores.size());
    }
    friend bool operator==(const best_keys& a, const best_keys& b) {
        return a.indices == b.indices && std::memcmp(a.scores.data(), b.scores.data(), 4 * a.scores.size()) == 0;
    }
};

/// Sorts the logits of each context; pointers of `p` are to host memory.
template <class T>
best_keys best_of_logits(const paged_mqa_logits_problem& p, i64 queries, i64 k) {
    best_keys made(queries, k);
    for (i64 i = 0; i < queries; ++i) {
        const T* const row = static_cast<const T*>(p.logits) + i * p.logits_stride;
        std::vector<i32> order(std::size_t(context_of(p, i)));
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](i32 a, i32 b) { return float(row[a]) > float(row[b]); });
        for (i64 j = 0; j < k; ++j) {
            const bool exists = j < i64(order.size());
            const i32 at = exists ? order[std::size_t(j)] : -1;
            made.indices[std::size_t(i * k + j)] = at;
            // Adding 0 makes 0 of -0.
            made.scores[std::size_t(i * k + j)] = exists ? float(row[at]) + 0.0f : -HUGE_VALF;
        }
    }
    return made;
}

}  // namespace deepgemm::test
