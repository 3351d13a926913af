// SPDX-License-Identifier: MIT
// Rung 23: an indexer. Sparse attention attends to a few keys of many, and finds them by scores that cost little: products in
// FP8, of which the positive ones are summed over heads before anything is stored. A row of logits is minus infinity where its
// token must not look, so that whatever picks the best keys needs no mask. New here: an operation whose result is no product of
// matrices, and ranges of keys in device memory.
#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/ops/mqa_logits/shipped.cuh>

#include <cmath>

#include "common/operands.hpp"

// [kernels]
namespace dg = deepgemm;

/// 32 heads of 64 elements; logits and weights in FP32. Elsewhere minus infinity.
using scores = dg::shipped::mqa_logits_kernel<dg::stored_mqa_traits{{.heads = 32, .depth = 64}}>;
// [kernels]

int main() {
    constexpr int tokens = 40, context = 200, before = context - tokens, heads = 32, depth = 64;
    dg::random_source random(dg::fresh_seed());
    // The last tokens of a prompt. Token i sees itself and all before it; its heads resemble key (7 i) % 160.
    const auto wanted = [](int token) { return 7 * token % before; };
    std::vector<dg::e4m3> q(tokens * heads * depth), key(context * depth);
    std::vector<float> scale(context), weights(tokens * heads), logits(tokens * context);
    std::vector<dg::i32> first(tokens, 0), last(tokens);
    for (dg::e4m3& x : key) x = dg::e4m3::from_float(64 * random.normal());
    for (float& s : scale) s = 1.0f / 64;
    for (float& w : weights) w = float(random.uniform(0.5, 1.5));
    for (int i = 0; i < tokens; ++i) {
        last[i] = before + i + 1;
        for (int x = i * heads * depth; x < (i + 1) * heads * depth; ++x) {
            const float alike = float(key[wanted(i) * depth + x % depth]) / 64;
            q[x] = dg::e4m3::from_float(alike + 0.5f * random.normal());
        }
    }
    backend::array<dg::e4m3> q_there(q), key_there(key);
    backend::array<float> scale_there(scale), weights_there(weights), logits_there(logits.size());
    backend::array<dg::i32> first_there(first), last_there(last);

    // [index]
    const dg::engine_of<dg::ops::mqa_logits> indexer(backend::kernels<scores>(), backend::device());
    const dg::mqa_logits_problem problem{.queries = tokens,
                                         .heads = heads,
                                         .depth = depth,
                                         .keys = context,
                                         .q = q_there.data(),
                                         .key = key_there.data(),
                                         .scale = scale_there.data(),
                                         .weights = weights_there.data(),
                                         .first = first_there.data(),
                                         .last = last_there.data(),
                                         .logits = logits_there.data()};
    dg::or_throw(dg::fp8_mqa_logits(indexer, problem));
    // [index]
    backend::synchronise();
    logits_there.read(logits);

    // Every logit against its definition in double precision, and the best key of each token.
    int wrong = 0, missed = 0;
    for (int i = 0; i < tokens; ++i) {
        int best = 0;
        for (int j = 0; j < context; ++j) {
            const float got = logits[i * context + j];
            if (got > logits[i * context + best]) best = j;
            double sum = 0, allowed = 0;
            for (int h = i * heads; h < (i + 1) * heads; ++h) {
                double dot = 0, magnitude = 0;
                for (int d = 0; d < depth; ++d) {
                    const double product = double(float(q[h * depth + d])) * double(float(key[j * depth + d]));
                    dot += product;
                    magnitude += std::fabs(product);
                }
                sum += std::fmax(dot, 0.0) * weights[h] * scale[j];
                allowed += (dg::tolerance::hopper_fp8 + heads * 0x1p-23) * magnitude * weights[h] * scale[j];
            }
            wrong += j < last[i] ? !(std::fabs(got - sum) <= allowed) : !(std::isinf(got) && got < 0);
        }
        missed += best != wanted(i);
    }
    std::printf("Scores of %d keys for %d tokens of %d heads of %d on %s.\n", context, tokens, heads, depth,
                backend::name().c_str());
    std::printf("%s: %d of %d logits are wrong; of %d tokens %d found the key that they resemble\n",
                wrong + missed == 0 ? "PASS" : "FAIL", wrong, tokens * context, tokens, tokens - missed);
    return wrong + missed == 0 ? 0 : 1;
}
