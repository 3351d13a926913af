// SPDX-License-Identifier: MIT
// Rung 24: an indexer in decode. Requests have two new tokens a step, and their keys are in pages of a cache. Which keys each
// token should attend to is found by two launches: scores, and the best of each context. Both read lengths and block table in
// device memory, so they are captured once, into a CUDA graph that is replayed while contexts grow, pages are added and
// requests come and go. The simulator has no graphs: there each step makes the same calls again. New here: a paged cache, and a
// selection.
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/paged_mqa_topk.hpp>
#include <deepgemm/ops/topk/shipped.cuh>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common/operands.hpp"

namespace dg = deepgemm;
using dg::i32;

// [kernels]
constexpr int requests = 5, tokens = 2, heads = 32, depth = 64, block = 64, best = 40;
/// Scores of two queries of a request, for as many keys as their contexts have and no others.
using scores = dg::shipped::paged_mqa_logits_kernel<
    dg::paged_mqa_traits{{{.heads = heads, .depth = depth}, dg::dtype::f32, dg::logits_form::unclean}, block},
    dg::paged_mqa_config::of(heads, tokens)>;
using selection = dg::shipped::selector<dg::dtype::f32>;
// [kernels]

// Host code from here on.

/// The keys of all requests, in host memory, as a server keeps track of them.
struct paged_cache {
    static constexpr int pages = 24, columns = 400, table_columns = (columns + block - 1) / block,
                         page_bytes = block * (depth + 4);
    std::vector<dg::u8> bytes = std::vector<dg::u8>(pages * page_bytes, 0x7f);  // NaN
    std::vector<i32> table = std::vector<i32>(requests * table_columns, -1), keys = std::vector<i32>(requests, 0),
                     free = std::vector<i32>(pages);

    paged_cache() { std::iota(free.begin(), free.end(), 0); }
    dg::u8* page_of(int request, int key) {
        return &bytes[std::size_t(table[std::size_t(request * table_columns + key / block)] * page_bytes)];
    }
    const dg::e4m3* key(int request, int at) {
        return reinterpret_cast<const dg::e4m3*>(page_of(request, at) + at % block * depth);
    }
    float scale(int request, int at) {
        float read;
        std::memcpy(&read, page_of(request, at) + block * depth + at % block * 4, 4);
        return read;
    }
    /// Adds a key of small whole numbers, in a free page where the last one is full.
    void add(dg::random_source& random, int request) {
        const int at = keys[std::size_t(request)]++;
        if (at % block == 0) {
            std::swap(free[std::size_t(random.integer(0, dg::i64(free.size()) - 1))], free.back());
            table[std::size_t(request * table_columns + at / block)] = free.back();
            free.pop_back();
        }
        for (int d = 0; d < depth; ++d)
            page_of(request, at)[at % block * depth + d] = dg::e4m3::from_float(float(random.integer(-2, 2))).bits;
        const float power = random.integer(0, 1) != 0 ? 0.5f : 0.25f;
        std::memcpy(page_of(request, at) + block * depth + at % block * 4, &power, 4);
    }
    /// Ends a request.
    void clear(int request) {
        for (int i = 0; i < (keys[std::size_t(request)] + block - 1) / block; ++i) {
            i32& page = table[std::size_t(request * table_columns + i)];
            free.push_back(page);
            page = -1;
        }
        keys[std::size_t(request)] = 0;
    }
};

int main() {
    constexpr int queries = requests * tokens;
    dg::random_source random(dg::fresh_seed());
    paged_cache cache;
    for (int r = 0; r < requests; ++r) {
        for (int prompt = 25 + 34 * r; prompt > 0; --prompt) cache.add(random, r);
    }
    std::vector<dg::e4m3> q(queries * heads * depth);
    std::vector<float> weights(queries * heads);
    std::vector<i32> lengths(queries), found(queries * best);

    // [capture]
    dg::engine_of<dg::ops::paged_mqa_logits, dg::ops::topk> indexer(backend::kernels<scores>(), backend::device());
    indexer.with(backend::kernels<selection>());
    dg::or_throw(indexer.prepare());  // loads the kernels, so that no launch does

    backend::array<dg::e4m3> q_there(q.size());
    backend::array<float> weights_there(weights.size());
    backend::array<dg::u8> cache_there(cache.bytes.size());
    backend::array<i32> lengths_there(lengths.size()), table_there(cache.table.size()), found_there(found.size());
    const dg::paged_mqa_logits_problem problem{.requests = requests,
                                               .next_n = tokens,
                                               .heads = heads,
                                               .depth = depth,
                                               .columns = paged_cache::columns,  // the longest context that may be
                                               .block = block,
                                               .pages = paged_cache::pages,
                                               .q = q_there.data(),
                                               .cache = cache_there.data(),
                                               .weights = weights_there.data(),
                                               .lengths = lengths_there.data(),
                                               .per_query = true,  // a token sees one key less than the one after it
                                               .block_table = table_there.data()};
    const dg::u64 bytes = requests * dg::paged_mqa_topk_workspace_bytes(problem);
    backend::array<dg::u8> workspace(bytes);
    const dg::mqa_topk_result to{dg::row_major(found_there.data(), queries, best)};
    backend::graph step([&](void* stream) {
        dg::or_throw(dg::fp8_paged_mqa_topk(indexer, problem, to, {workspace.data(), bytes}, {.stream = stream}));
    });
    // [capture]

    std::printf("A graph of two launches on %s%s.\n", backend::name().c_str(),
                backend::simulated ? ", which has no graphs: each step makes the calls again" : "");
    int wrong = 0;
    for (int at = 0; at < 5; ++at) {
        if (at == 2) {  // another request takes the place of the longest
            cache.clear(requests - 1);
            for (int prompt = 10; prompt > 0; --prompt) cache.add(random, requests - 1);
        }
        for (int i = 0; i < queries; ++i) {
            cache.add(random, i / tokens);
            lengths[std::size_t(i)] = cache.keys[std::size_t(i / tokens)];
        }
        for (dg::e4m3& x : q) x = dg::e4m3::from_float(float(random.integer(-2, 2)));
        for (float& w : weights) w = float(random.integer(1, 3));

        // [replay]
        q_there.write(q);  // what kernels of a model write
        weights_there.write(weights);
        cache_there.write(cache.bytes);
        lengths_there.write(lengths);  // and its scheduler
        table_there.write(cache.table);
        step.replay();
        // [replay]
        found_there.read(found);

        // All scores by their definition. Whole numbers have exact ones, so that the order is known to the last key.
        std::printf("step %d, contexts of", at);
        int differ = 0;
        for (int i = 0; i < queries; ++i) {
            const int length = lengths[std::size_t(i)];
            std::printf(" %d", length);
            std::vector<double> score(std::size_t(length), 0.0);
            for (int j = 0; j < length; ++j) {
                const dg::e4m3* const key = cache.key(i / tokens, j);
                for (int h = i * heads; h < (i + 1) * heads; ++h) {
                    double dot = 0;
                    for (int d = 0; d < depth; ++d) dot += double(float(q[h * depth + d])) * double(float(key[d]));
                    score[std::size_t(j)] += std::max(dot, 0.0) * weights[h] * cache.scale(i / tokens, j);
                }
            }
            std::vector<int> order(score.size());
            std::iota(order.begin(), order.end(), 0);
            std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return score[a] > score[b]; });
            order.resize(best, -1);  // behind a short context
            for (int j = 0; j < best; ++j) differ += found[i * best + j] != order[j];
        }
        std::printf(": %d of %d keys are others\n", differ, queries * best);
        wrong += differ;
    }
    std::printf("%s\n", wrong == 0 ? "PASS" : "FAIL");
    return wrong == 0 ? 0 : 1;
}
