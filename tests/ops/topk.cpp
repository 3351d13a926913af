// SPDX-License-Identifier: MIT
// topk as an operation on the simulator: through an engine and by every shipped kernel, planned, explained, refused; and
// fp8_mqa_topk, which is the same bits as its two operations.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/mqa_topk.hpp>
#include <deepgemm/ops/topk/shipped.cuh>

#include <doctest/doctest.h>

#include "../kernel/machines.hpp"
#include "../kernel/mqa_scores.hpp"
#include "topk_sample.hpp"

namespace topk_op_tests {

using namespace deepgemm;
using test::mqa_scores;
using test::topk_sample;

namespace {

using topk_engine = engine_of<ops::topk>;

template <class... Kernels>
std::span<const topk_handle> handles_of(shipped::kernels<Kernels...>) {
    return sim::kernel_list<Kernels...>;
}
std::span<const topk_handle> topk_kernels() { return handles_of(shipped::all_of<ops::topk>()); }
topk_engine engine_on_simulator() { return {topk_kernels(), device_info::simulator()}; }

/// A problem at made-up addresses: the 10 largest of 5000 FP32 in each of 100 rows, with scores.
topk_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.logits = row_major(static_cast<const float*>(at(1)), 100, 5000),
            .indices = row_major(static_cast<i32*>(at(2)), 100, 10),
            .scores = row_major(static_cast<float*>(at(3)), 100, 10),
            .first = static_cast<const i32*>(at(4)),
            .last = static_cast<const i32*>(at(5))};
}

std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }

}  // namespace

TEST_CASE("topk: every shipped kernel, random rows and ranges") {
    REQUIRE(topk_kernels().size() == 3);
    for (const topk_handle& kernel : topk_kernels()) {
        CAPTURE(ops::topk::source_of(kernel.info));
        test::on_machines(1, [&](random_source& random, sim::options machine) {
            machine.dependent_launch = random.integer(0, 1) != 0;
            topk_sample sample(random, {i32(random.integer(1, 5)), i32(random.integer(1, 7000)),
                                        i32(random.integer(1, 2048)), kernel.info.traits.logits});
            for (int i = 0; i < 2; ++i) {
                CHECK(message_of(test::run_named(engine_on_simulator(), sample.problem(), {.stream = &machine})) == "");
                CHECK(sample.verdict() == "");
                sample.renew(random);
            }
        });
    }
}

TEST_CASE("topk: no rows, no columns, no scores, no ranges") {
    CHECK(topk(engine_on_simulator(),
               {.logits = {nullptr, dtype::f32, 0, 10, 10, 1}, .indices = {nullptr, dtype::i32, 0, 3, 3, 1}}));
    std::vector<i32> indices(6, 7);
    const auto none = topk(engine_on_simulator(),
                           {.logits = {nullptr, dtype::bf16, 2, 0, 0, 1}, .indices = row_major(indices.data(), 2, 3)});
    CHECK(message_of(none) == "");
    CHECK(indices == std::vector<i32>(6, -1));
    const std::vector<float> five{0.5f, 3.0f, -1.0f, 3.0f, 2.0f};
    std::vector<i32> best(3);
    const topk_engine engine = engine_on_simulator();
    const float* const logits = five.data();
    i32* const found = best.data();
    const i64 rows = 1, columns = 5, pitch = 5, k = 3;
    const i32 beginning[] = {-1}, end[] = {99};
    const i32 *const first = beginning, *const last = end;
    // [call]
    const auto done = topk(engine, {.logits = row_major(logits, rows, columns, pitch),
                                    .indices = row_major(found, rows, k),  // int32
                                    .first = first,                        // (rows)
                                    .last = last});
    // [call]
    CHECK(message_of(done) == "");
    CHECK(best == std::vector<i32>{1, 3, 4});
}

TEST_CASE("topk: refused before anything is launched; tests/docs/rules.cpp has all sentences") {
    const topk_engine engine = engine_on_simulator();
    const auto refused = [&](auto change) {
        topk_problem p = made_up();
        change(p);
        return message_of(topk(engine, p));
    };
    CHECK(refused([](topk_problem& p) { p.indices.columns = 2049; }) == "k is 2049; it must be from 1 to 2048");
    CHECK(refused([](topk_problem& p) { p.scores.rows = 99; }) ==
          "scores are 99 x 10; 100 rows of logits and k = 10 need 100 x 10");
    CHECK(refused([](topk_problem& p) { p.rows_of_range = 0; }) ==
          "rows_of_range is 0; it must be from 1 to 2147479552");
    CHECK(ops::topk::check(topk_workload{.rows = -1}).failure().code == errc::bad_extent);
}

TEST_CASE("topk: a plan, and what no kernel runs") {
    topk_engine engine(topk_kernels(), device_info::h200());
    const auto plan = engine.plan(made_up());
    REQUIRE(plan);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("the 10 largest of 5000 logits f32 in each of 100 rows") != std::string::npos);
    engine.with(topk_kernels().subspan(1));
    const auto none = engine.plan(made_up());
    REQUIRE_FALSE(none);
    CAPTURE(none.failure().message);
    CHECK(none.failure().code == errc::no_kernel);
    CHECK(none.failure().message.find("topk_selector<arch::sm90, topk_traits{.logits = dtype::f32}") !=
          std::string::npos);
}

namespace {

using both_engine = engine_of<ops::mqa_logits, ops::topk>;

template <int Heads, dtype Logits = dtype::f32>
using scores_kernel = shipped::mqa_logits_kernel<stored_mqa_traits{{Heads, 32}, Logits, logits_form::unclean}>;

both_engine both_on_simulator() {
    static constexpr auto scoring =
        sim::kernel_list<scores_kernel<64>, scores_kernel<20>, scores_kernel<32, dtype::bf16>>;
    both_engine made(scoring, device_info::simulator());
    made.with(topk_kernels());
    return made;
}

template <class T>
mqa_logits_problem problem_of(mqa_scores<T, float>& made) {
    return {.queries = made.size.queries,
            .heads = made.traits.heads,
            .depth = made.traits.depth,
            .keys = made.size.keys,
            .q = made.q.data(),
            .key = made.key.data(),
            .key_stride = made.key_pitch,
            .scale = made.scale.data(),
            .weights = made.weights.data(),
            .weights_stride = made.weights_pitch,
            .first = made.first.data(),
            .last = made.last.data(),
            .logits_type = dtype_of<T>};
}

/// Chunks of several lengths against the two operations one after the other, for `fewest` queries and more; if these are many,
/// the order of additions shows.
template <class T>
void check_chunks(const both_engine& engine, int heads, i32 fewest = 1) {
    test::on_machines(1, [&](random_source& random, sim::options machine) {
        const i32 queries = i32(random.integer(fewest, 70)), keys = i32(random.integer(1, 600)),
                  k = i32(random.integer(1, 100));
        CAPTURE(queries);
        CAPTURE(keys);
        CAPTURE(k);
        mqa_scores<T, float> made(random, {.heads = heads, .depth = 32}, logits_form::unclean,
                                  {queries, keys, fewest == 1 && random.integer(0, 1) != 0, random.integer(0, 1) != 0});
        mqa_logits_problem whole = problem_of(made);
        whole.logits = made.logits.data();
        whole.logits_stride = made.pitch;
        whole.form = logits_form::unclean;
        std::vector<i32> wanted(std::size_t(queries * k)), got(wanted.size());
        std::vector<float> wanted_scores(wanted.size()), got_scores(wanted.size());
        REQUIRE(message_of(fp8_mqa_logits(engine, whole, {.stream = &machine})) == "");
        REQUIRE(message_of(topk(engine,
                                {.logits = {made.logits.data(), dtype_of<T>, queries, keys, made.pitch, 1},
                                 .indices = row_major(wanted.data(), queries, k),
                                 .scores = row_major(wanted_scores.data(), queries, k),
                                 .first = made.first.data(),
                                 .last = made.last.data()},
                                {.stream = &machine})) == "");
        const u64 least = mqa_topk_workspace_bytes(problem_of(made));
        for (const u64 bytes : {least, 2 * least + 16, 20 * least}) {
            std::vector<float> memory(bytes / 4, std::numeric_limits<float>::quiet_NaN());
            std::fill(got.begin(), got.end(), -7);
            std::fill(got_scores.begin(), got_scores.end(), -7.0f);
            const mqa_logits_problem problem = problem_of(made);
            void *const workspace = memory.data(), *const stream = &machine;
            // [chunks]
            const auto done = fp8_mqa_topk(
                engine, problem,
                {.indices = row_major(got.data(), queries, k), .scores = row_major(got_scores.data(), queries, k)},
                {workspace, bytes}, {.stream = stream});
            // [chunks]
            CHECK(message_of(done) == "");
            CHECK(got == wanted);
            CHECK(std::memcmp(got_scores.data(), wanted_scores.data(), 4 * got_scores.size()) == 0);
        }
    });
}

}  // namespace

TEST_CASE("fp8_mqa_topk: any chunking gives the bits of the two operations") {
    const both_engine engine = both_on_simulator();
    check_chunks<float>(engine, 64);
    check_chunks<float>(engine, 20);
    check_chunks<bf16>(engine, 32);
}

TEST_CASE("fp8_mqa_topk: any chunking gives these bits with kernels of one's own, too") {
    // 20 heads of even and odd queries of a warpgroup are added up in other orders, and this kernel's tiles are no multiple of
    // usual ones.
    constexpr stored_mqa_traits traits{{20, 32}, dtype::f32, logits_form::unclean};
    static constexpr auto scoring =
        sim::kernel_list<shipped::mqa_logits_kernel<traits, mqa_logits_config{.warpgroups = 1, .queries = 5}>>;
    both_engine engine(scoring, device_info::simulator());
    check_chunks<float>(engine.with(topk_kernels()), 20, 60);
}

TEST_CASE("fp8_mqa_topk: what no call takes needs no workspace") {
    const auto bytes = [](auto change) {
        mqa_logits_problem p{.queries = 40, .heads = 64, .depth = 32, .keys = 100};
        change(p);
        return mqa_topk_workspace_bytes(p);
    };
    CHECK(bytes([](auto&) {}) == 8 * 512);
    CHECK(bytes([](auto& p) { p.heads = 30; }) == 0);
    CHECK(bytes([](auto& p) { p.keys = -100; }) == 0);
    CHECK(bytes([](auto& p) { p.keys = i64(1) << 62; }) == 0);
    CHECK(bytes([](auto& p) { p.queries = i64(1) << 62; }) == 0);
}

TEST_CASE("fp8_mqa_topk: what is refused, and nothing to do") {
    random_source random(fresh_seed());
    mqa_scores<float, float> made(random, {.heads = 64, .depth = 32}, logits_form::unclean, {40, 100, false, false});
    const both_engine engine = both_on_simulator();
    std::vector<i32> indices(40 * 5, -7);
    const mqa_topk_result to{row_major(indices.data(), 40, 5)};
    const u64 least = mqa_topk_workspace_bytes(problem_of(made));
    CHECK(least == 8 * 512);
    std::vector<float> memory(least / 4);
    const auto refused = [&](const mqa_logits_problem& p, const mqa_topk_result& r, const workspace_memory& w) {
        const auto done = fp8_mqa_topk(engine, p, r, w);
        CHECK_FALSE(done);
        CHECK(indices == std::vector<i32>(40 * 5, -7));
        return message_of(done);
    };
    CHECK(refused(problem_of(made), to, {memory.data(), least - 1}) ==
          "the workspace has 4095 bytes; it must have at least 4096 for 8 queries of 100 keys");
    CHECK(refused(problem_of(made), to, {nullptr, least}) == "the workspace has no data: its pointer is null");
    CHECK(refused(problem_of(made), to, {made.key.data(), least}).find("the workspace overlaps") != std::string::npos);
    CHECK(refused(problem_of(made), {row_major(indices.data(), 39, 5)}, {memory.data(), least}) ==
          "indices are 39 x 5; 40 rows of logits and k = 5 need 40 x 5");
    mqa_logits_problem other = problem_of(made);
    other.heads = 30;
    CHECK(refused(other, to, {memory.data(), least}).find("30 heads") != std::string::npos);
    both_engine without(device_info::simulator());
    CHECK_FALSE(fp8_mqa_topk(without, problem_of(made), to, {memory.data(), least}));
    CHECK(indices == std::vector<i32>(40 * 5, -7));

    other = problem_of(made);
    other.keys = 0;
    CHECK(message_of(fp8_mqa_topk(engine, other, to, {})) == "");
    CHECK(indices == std::vector<i32>(40 * 5, -1));
    other.queries = 0;
    CHECK(message_of(fp8_mqa_topk(engine, other, {{nullptr, dtype::i32, 0, 5, 5, 1}}, {})) == "");
}

}  // namespace topk_op_tests
