// SPDX-License-Identifier: MIT
// What the rungs on mixtures of experts share: a router's choices, weights of all experts as a stack, and their products in
// double.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <deepgemm/host/stack.hpp>

#include "operands.hpp"

namespace backend {

/// Which experts a router chose for each token, and how much each of them counts.
struct routing {
    deepgemm::matrix<deepgemm::i32> expert;  ///< (tokens, choices); those of a token differ
    deepgemm::matrix<float> weight;          ///< of the same shape; those of a token sum up to 1
};

/// Chooses the experts with the best scores. Scores are random; experts of low numbers are favourites, since no router is even.
inline routing route(deepgemm::random_source& random, int tokens, int experts, int choices) {
    routing made{{tokens, choices}, {tokens, choices}};
    std::vector<float> score(static_cast<std::size_t>(experts));
    for (int token = 0; token < tokens; ++token) {
        for (int e = 0; e < experts; ++e) score[std::size_t(e)] = random.normal() - 0.5f * float(e);
        float sum = 0;
        for (int c = 0; c < choices; ++c) {
            const auto best = std::max_element(score.begin(), score.end());
            made.expert(token, c) = int(best - score.begin());
            sum += made.weight(token, c) = std::exp(*best);
            *best = -HUGE_VALF;
        }
        for (int c = 0; c < choices; ++c) made.weight(token, c) /= sum;
    }
    return made;
}

/// The matrices of `experts` experts, which lie in `all` one behind the other. Each has a multiple of 128 rows, so that no
/// scale covers rows of two.
inline deepgemm::scaled_stack stack_of(operand& all, int experts) {
    deepgemm::scaled_matrix first = all.argument();
    first.matrix.rows /= experts;
    first.scales.rows /= experts;
    return dense_stack(first, experts);
}

/// Rows `rows` of `a` times the matrix of expert `expert` of `experts` in `all`, in double.
inline deepgemm::reference::product product_of_expert(const deepgemm::reference::operand& a,
                                                      const deepgemm::reference::operand& all, int expert, int experts,
                                                      std::vector<deepgemm::i64> rows) {
    const deepgemm::i64 n = all.rows / experts;
    std::vector<deepgemm::i64> columns(static_cast<std::size_t>(n));
    std::iota(columns.begin(), columns.end(), expert * n);
    deepgemm::reference::product made = deepgemm::reference::gemm_at(a, all, std::move(rows), std::move(columns));
    std::iota(made.columns.begin(), made.columns.end(), 0);
    return made;
}

/// The numbers of `count` rows from `first` on.
inline std::vector<deepgemm::i64> rows_from(deepgemm::i64 first, deepgemm::i64 count) {
    std::vector<deepgemm::i64> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), first);
    return rows;
}

}  // namespace backend
