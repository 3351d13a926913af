// SPDX-License-Identifier: MIT
// Top-k on a GPU: samples of tests/ops/topk_sample.hpp by every shipped kernel, rows of every kind, a thousand repeats, a graph
// that is replayed with other ranges, chunks of fp8_mqa_topk, and fp8_paged_mqa_topk in graphs whose contexts change.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/mqa_logits/shipped.cuh>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/mqa_topk.hpp>
#include <deepgemm/ops/topk/paged_mqa_topk.hpp>
#include <deepgemm/ops/topk/shipped.cuh>

#include "../kernel/mqa_scores.hpp"
#include "../ops/best_keys.hpp"
#include "../ops/paged_mqa_logits_sample.hpp"
#include "../ops/topk_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::row_kind;
using test::topk_rows;
using test::topk_sample;

namespace topk_device_test {

// Structs, as in grouped.cu.
struct of_f32 : topk_selector<arch::sm90, topk_traits{}> {};
struct of_bf16 : topk_selector<arch::sm90, topk_traits{dtype::bf16}> {};
struct of_f16 : topk_selector<arch::sm90, topk_traits{dtype::f16}> {};
struct scores_f32 : shipped::mqa_logits_kernel<stored_mqa_traits{{64, 128}, dtype::f32, logits_form::unclean}> {};
constexpr paged_mqa_traits paged_traits{{{64, 128}, dtype::f32, logits_form::unclean}, 64};
struct paged_f32 : shipped::paged_mqa_logits_kernel<paged_traits, paged_mqa_config::of(64, 2)> {};
using paged_engine = engine_of<ops::paged_mqa_logits, ops::topk>;

using both_engine = engine_of<ops::mqa_logits, ops::topk>;

both_engine engine_here() {
    both_engine made(cuda::kernel_list<of_f32, of_bf16, of_f16>, or_throw(cuda::describe_current_device()));
    made.with(cuda::kernel_list<scores_f32>);
    return made;
}

/// Rows of one kind without ranges, by kernel `K`: "" or what is wrong.
template <class K, class T>
std::string outcome(random_source& random, test::topk_size size, row_kind kind) {
    topk_rows<T> rows(random, size, kind);
    const device_array<T> logits(rows.logits);
    const device_array<i32> indices(rows.indices);
    const device_array<float> scores(rows.scores);
    const auto done = cuda::launch<K>(rows.arguments(logits.get(), nullptr, nullptr, indices.get(), scores.get()));
    if (!done) return done.failure().message;
    check(cudaDeviceSynchronize());
    indices.read(rows.indices.data());
    scores.read(rows.scores.data());
    return rows.verdict();
}

}  // namespace topk_device_test

using namespace topk_device_test;

TEST_CASE("topk: every kind of row") {
    for (int kind = 0; kind < int(row_kind::count); ++kind) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " kind ", kind);
        for (const i32 columns : {100, 2500, 8192, 70001}) {
            const test::topk_size size{5, columns, i32(random.integer(1, 2048))};
            CHECK(outcome<of_f32, float>(random, size, row_kind(kind)) == "");
            CHECK(outcome<of_bf16, bf16>(random, size, row_kind(kind)) == "");
            CHECK(outcome<of_f16, f16>(random, size, row_kind(kind)) == "");
        }
    }
}

TEST_CASE("topk: every shipped kernel, random ranges, on some multiprocessors, too") {
    const auto engine = engine_here();
    for (const topk_handle& kernel : engine.kernels<ops::topk>()) {
        for (int i = 0; i < 8; ++i) {
            random_source random(fresh_seed());
            INFO("DEEPGEMM_SEED=", random.seed(), " ", ops::topk::source_of(kernel.info));
            topk_sample sample(random, {i32(random.integer(1, 600)), i32(random.integer(1, 20'000)),
                                        i32(random.integer(1, 2048)), kernel.info.traits.logits});
            for (const int sms : {0, 7}) {
                const device_sample memory(sample);
                or_throw(test::run_named(engine, memory.problem(), {.num_sms = sms}));
                CHECK(memory.verdict() == "");
                sample.restore();
            }
        }
    }
}

TEST_CASE("topk: a thousand repeats") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto engine = engine_here();
    topk_sample sample(random, {300, 30'000, 2048, dtype::f32});
    const device_sample memory(sample);
    const topk_problem problem = memory.problem();
    CHECK(words_that_change(memory.d(), [&] { or_throw(test::run_named(engine, problem)); }) == 0);
}

TEST_CASE("topk: a graph is replayed with other logits and ranges in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto engine = engine_here();
    CHECK(engine.prepare());
    topk_sample sample(random, {300, 5001, 77, dtype::bf16});
    device_sample memory(sample);
    const topk_problem problem = memory.problem();
    const stream on;
    const captured graph(on, [&] { or_throw(test::run_named(engine, problem, {.stream = on.handle})); });
    for (int i = 0; i < 3; ++i) {
        sample.renew(random);
        memory.load(sample);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("fp8_mqa_topk: chunks and dependent launches give the bits of the two operations") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto engine = engine_here();
    const i32 queries = 300, keys = 9000, k = 512;
    test::mqa_scores<float, float> made(random, {}, logits_form::unclean, {queries, keys, false, true});
    const device_array<e4m3> q(made.q), key(made.key);
    const device_array<float> scale(made.scale), weights(made.weights), logits(made.logits), memory(made.logits);
    const device_array<i32> first(made.first), last(made.last), wanted(queries * k), got(queries * k);
    mqa_logits_problem problem{.queries = queries,
                               .heads = 64,
                               .depth = 128,
                               .keys = keys,
                               .q = q.get(),
                               .key = key.get(),
                               .key_stride = made.key_pitch,
                               .scale = scale.get(),
                               .weights = weights.get(),
                               .weights_stride = made.weights_pitch,
                               .first = first.get(),
                               .last = last.get(),
                               .logits = logits.get(),
                               .logits_stride = made.pitch,
                               .form = logits_form::unclean};
    or_throw(fp8_mqa_logits(engine, problem));
    or_throw(topk(engine, {.logits = row_major(static_cast<const float*>(logits.get()), queries, keys, made.pitch),
                           .indices = row_major(wanted.get(), queries, k),
                           .first = first.get(),
                           .last = last.get()}));
    std::vector<i32> expected(std::size_t(queries) * k), found(expected.size());
    check(cudaDeviceSynchronize());
    wanted.read(expected.data());
    const u64 least = mqa_topk_workspace_bytes(problem);
    for (const u64 bytes : {least, 3 * least, u64(memory.bytes())}) {
        for (const bool dependent : {false, true}) {
            got.fill_bytes(0xff);
            or_throw(fp8_mqa_topk(engine, problem, {row_major(got.get(), queries, k)}, {memory.get(), bytes},
                                  {.dependent_launch = dependent}));
            check(cudaDeviceSynchronize());
            got.read(found.data());
            CHECK(found == expected);
        }
    }
}

namespace {

/// A graph of fp8_paged_mqa_topk, replayed while contexts and pages change, in workspaces for one request and for all.
void replay_paged(test::paged_sample size, bool dependent) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed(), " per query ", size.per_query, " varlen ", size.varlen);
    paged_engine engine(cuda::kernel_list<paged_f32>, or_throw(cuda::describe_current_device()));
    engine.with(cuda::kernel_list<of_f32>);
    CHECK(engine.prepare());
    test::paged_mqa_logits_sample sample(random, paged_traits, size);
    device_sample memory(sample);
    const paged_mqa_logits_problem problem = memory.problem();
    const i64 queries = detail::paged_queries(problem), k = 2048;
    const u64 least = paged_mqa_topk_workspace_bytes(problem);
    for (const u64 bytes : {least, least * u64(problem.indices ? 1 : problem.requests)}) {
        const device_array<u8> workspace{i64(bytes)};
        const device_array<i32> indices(queries * k);
        const device_array<float> scores(queries * k);
        const stream on;
        const captured graph(on, [&] {
            or_throw(fp8_paged_mqa_topk(
                engine, problem, {row_major(indices.get(), queries, k), row_major(scores.get(), queries, k)},
                {workspace.get(), bytes}, {.stream = on.handle, .dependent_launch = dependent}));
        });
        for (int i = 0; i < 3; ++i) {
            sample.restore();
            sample.renew(random);
            memory.load(sample);
            workspace.fill_bytes(0xff);  // NaN
            indices.fill_bytes(0xff);
            scores.fill_bytes(0xff);
            check(cudaDeviceSynchronize());
            graph.run(on);
            or_throw(fp8_paged_mqa_logits(engine, problem));
            CHECK(memory.verdict() == "");
            test::best_keys got(queries, k);
            indices.read(got.indices.data());
            scores.read(got.scores.data());
            const bool same = got == test::best_of_logits<float>(sample.problem(), queries, k);
            CHECK(same);
        }
    }
}

}  // namespace

TEST_CASE("fp8_paged_mqa_topk: graphs are replayed while contexts and pages change") {
    for (const bool dependent : {false, true}) {
        replay_paged({.requests = 9, .next_n = 2, .columns = 9000}, dependent);
        replay_paged({.requests = 7, .next_n = 3, .columns = 5000, .per_query = true}, dependent);
        replay_paged({.requests = 12, .columns = 6000, .varlen = 4}, dependent);
    }
}
