// SPDX-License-Identifier: MIT
// FP8 products in every order on a GPU: random ones exact, dependent launches one after another in one workspace, and graphs.
#include <doctest/doctest.h>

#include <deepgemm/ops/contiguous_gemm/transposing.hpp>
#include <deepgemm/ops/gemm/explain_fp8.hpp>

#include "../ops/contiguous_gemm_sample.hpp"
#include "../ops/gemm_layouts_sample.hpp"
#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;
using test::gemm_sample;
using test::numbers;

namespace {

engine layouts_engine() {
    engine made = shipped();
    made.with(instances::of<ops::transpose>());
    return made;
}

/// An FP8 kind of which operands are contiguous along M or N as the bits of `which` say.
gemm_info in_layout(gemm_info kind, i64 which) {
    if ((which & 1) != 0) kind.traits.a.contiguous = major::mn;
    if ((which & 2) != 0) kind.traits.b.contiguous = major::mn;
    return kind;
}

u64 workspace_of(const gemm_problem& p) { return fp8_gemm_workspace_bytes(p.a.matrix, p.b.matrix); }

/// FP8 as weights are stored: A scaled by token, B by block, D in BF16.
gemm_info usual() {
    gemm_info made;
    made.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
    made.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}};
    return made;
}

/// Random products in other orders, exact and normal, in the smallest workspace, `count` times.
void random_products(int count) {
    const engine engine = layouts_engine();
    for (int i = 0; i < count; ++i) {
        random_source random(fresh_seed());
        const gemm_info kind = in_layout(test::random_kind(random), random.integer(1, 3));
        const problem_shape shape{test::random_extent(random, 1500), test::random_extent(random, 1500),
                                  test::random_extent(random, 3000)};
        const u64 seed = random.bits();
        INFO("DEEPGEMM_SEED=", random.seed(), " ", test::describe(kind, shape, seed));
        gemm_sample sample(kind, shape, seed, random.integer(0, 2) == 0 ? numbers::normal : numbers::exact,
                           test::random_placement(random, kind));
        for (const bool dependent : {false, true}) {
            const device_product on_device(sample);
            const gemm_problem problem = on_device.problem();
            CHECK(explain_fp8_gemm(engine, problem));
            const device_array<u8> workspace{i64(workspace_of(problem))};
            workspace.fill_bytes(0xff);
            or_throw(test::run_in_layout(
                engine, problem,
                {.workspace = {workspace.get(), u64(workspace.bytes())}, .dependent_launch = dependent}));
            CHECK(on_device.verdict() == "");
            sample.restore();
        }
    }
}

}  // namespace

TEST_CASE("gemm layouts: random products, exact and normal, in the smallest workspace") { random_products(60); }

TEST_SUITE("gemm layouts small") {
    TEST_CASE("gemm layouts: a few, for compute-sanitizer") { random_products(3); }
}

TEST_CASE("gemm layouts: a thousand dependent products share a workspace") {
    const engine engine = layouts_engine();
    for (const i64 which : {1, 2, 3}) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed(), " orders ", which);
        gemm_sample first(in_layout(usual(), which), {300, 500, 1000}, random.bits()),
            second(in_layout(usual(), which), {500, 300, 700}, random.bits());
        const device_product one(first), other(second);
        const gemm_problem problems[] = {one.problem(), other.problem()};
        const device_array<u8> memory{i64(max(workspace_of(problems[0]), workspace_of(problems[1])))};
        const stream on;
        for (int i = 0; i < 1000; ++i) {
            or_throw(test::run_in_layout(
                engine, problems[i % 2],
                {.stream = on.handle, .workspace = {memory.get(), u64(memory.bytes())}, .dependent_launch = true}));
        }
        CHECK(one.verdict() == "");
        CHECK(other.verdict() == "");
    }
}

TEST_CASE("gemm layouts: a graph is replayed with other operands in the same memory") {
    const engine engine = layouts_engine();
    CHECK(engine.prepare());
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const problem_shape shape{272, 400, 900};
    gemm_sample first(in_layout(usual(), 3), shape, seed);
    device_product memory(first);
    const gemm_problem problem = memory.problem();
    const device_array<u8> workspace{i64(workspace_of(problem))};
    const stream on;
    const captured graph(on, [&] {
        or_throw(test::run_in_layout(engine, problem,
                                     {.stream = on.handle, .workspace = {workspace.get(), u64(workspace.bytes())}}));
    });
    CHECK(graph.nodes() == 3);
    graph.run(on);
    CHECK(memory.verdict() == "");
    for (u64 i = 1; i < 4; ++i) {
        gemm_sample next(in_layout(usual(), 3), shape, seed + i);
        memory.load(next);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("gemm layouts: groups of rows by a stack of matrices along N") {
    engine_of<ops::contiguous_gemm, ops::transpose> engine(instances::of<ops::contiguous_gemm>(), this_device());
    engine.with(instances::of<ops::transpose>());
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        gemm_traits what = in_layout(usual(), 2).traits;
        what.groups = by;
        test::contiguous_sample sample(random, 400, 900, {.counts = {100, 0, 513, 30}, .alignment = 128, .more = 128},
                                       what);
        const device_sample<ops::contiguous_gemm> on_device(sample);
        const contiguous_problem p = on_device.problem();
        const scaled_stack b{transposed(p.b.first), p.b.count, p.b.matrix_stride, p.b.scale_stride};
        const device_array<u8> workspace{i64(m_grouped_fp8_gemm_nn_workspace_bytes(b))};
        or_throw(
            m_grouped_fp8_gemm_nn_contiguous(engine, p.a, b, p.d, p.groups, {workspace.get(), u64(workspace.bytes())}));
        CHECK(on_device.verdict() == "");
    }
}
