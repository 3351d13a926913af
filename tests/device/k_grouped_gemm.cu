// SPDX-License-Identifier: MIT
// The GEMM in groups of K as an operation on a GPU: samples of tests/ops/k_grouped_gemm_sample.hpp through the engine over the
// shipped kernels, by every one of these, planned, and captured into a graph that is replayed with other groups.
#include <doctest/doctest.h>

#include <algorithm>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/k_grouped_gemm/transposing.hpp>

#include "../ops/k_grouped_gemm_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::k_grouped_sample;
using test::run_named;

namespace {

using k_grouped_engine = engine_of<ops::k_grouped_gemm>;

const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const k_grouped_engine& engine, k_grouped_sample& sample, const k_grouped_options& options = {}) {
    const device_sample memory(sample);
    const auto done = run_named(engine, memory.problem(), options);
    return done ? memory.verdict() : done.failure().message;
}

/// Calls body(what) for each kind of operands, groups and results, with a name for it.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : k_grouped_sample::all_shipped()) {
        INFO(name_of(what.a.type), what.groups == grouping::along_k ? " one pitch " : " concatenated ", name_of(what.d),
             what.in_place     ? " +="
             : what.accumulate ? " = C +"
                               : "");
        body(what);
    }
}

/// Random ragged groups of K by the planner's choice, `count` times.
void random_groups_of_k(int count) {
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    for (int i = 0; i < count; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const i32 m = i32(random.integer(1, 700)), n = i32(random.integer(1, 700));
        for_each_kind([&](const gemm_traits& what) {
            k_grouped_sample sample(random, m, n, test::random_k_groups(random, what, 900), what);
            CHECK(run(engine, sample) == "");
        });
    }
}

}  // namespace

TEST_CASE("k-grouped gemm: random ragged groups by the planner's choice") { random_groups_of_k(12); }

TEST_SUITE("k-grouped gemm small") {
    TEST_CASE("k-grouped gemm: a few, for compute-sanitizer") { random_groups_of_k(1); }
}

TEST_CASE("k-grouped gemm: every shipped kernel, on some multiprocessors, too, and without K") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    REQUIRE(engine.kernels().size() > 0);
    for (const k_grouped_handle& kernel : engine.kernels()) {
        const auto& [launch, what, cfg] = kernel.info;
        INFO(to_source(kernel.info));
        const bool apart = what.groups == grouping::k_concatenated, scaled = what.a.format != scale_kind::none;
        const std::vector<i32> sizes = apart    ? std::vector<i32>{384, 0, 128, 1024}
                                       : scaled ? std::vector<i32>{304, 0, 16, 640, 80, 1008}
                                                : std::vector<i32>{303, 0, 1, 640, 77, 1000};
        for (const i32 alignment : {scaled ? 128 : 1, 256}) {
            if (apart && alignment != 128) continue;
            k_grouped_sample sample(random, 600, 1000, {sizes, alignment, apart ? 0 : 80}, what);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 20, .pin = cfg}) == "");
        }
        k_grouped_sample no_k(random, 70, 200, {{0, 0, 0}}, what);
        CHECK(run(engine, no_k, {.pin = cfg}) == "");
    }
}

TEST_CASE("k-grouped gemm: a hundred groups, one that has nearly all of K, all empty") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    std::vector<i32> few(100), uneven(32, 0);
    for (i32& size : few) size = 128 * i32(random.integer(0, 3));
    uneven.front() = 128 * 60;
    uneven.back() = 256;
    for (const std::vector<i32>& sizes : {few, uneven, std::vector<i32>(40, 0)}) {
        for_each_kind([&](const gemm_traits& what) {
            k_grouped_sample sample(random, 136, 264, {sizes}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("k-grouped gemm: a graph is replayed with other groups in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i32 m = 300, n = 520, k = 2048;
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    CHECK(engine.prepare());
    const auto sample_of = [&](const gemm_traits& what, const std::vector<i32>& sizes) {
        test::group_sizes groups{.sizes = sizes, .words = most_k_group_words(k, i64(sizes.size()))};
        groups.more = k - groups.k();
        return k_grouped_sample(random, m, n, groups, what);
    };
    for_each_kind([&](const gemm_traits& what) {
        if (what.groups != grouping::along_k) return;  // the maps of concatenated operands are for their sizes
        k_grouped_sample first = sample_of(what, {16, 32, 48, 64, 80});
        device_sample memory(first);
        const k_grouped_problem problem = memory.problem();
        const auto plan = or_throw(engine.plan(problem));
        const stream on;
        const captured by_engine(on, [&] { or_throw(run_named(engine, problem, {.stream = on.handle})); });
        const captured by_plan(on, [&] { or_throw(plan.launch(problem, on.handle)); });
        for (const std::vector<i32>& sizes : {std::vector<i32>{0, 304, 16, 64, 128},
                                              {384, 384, 384, 384, 384},
                                              {0, 0, 0, 0, 0},
                                              {2048, 0, 0, 0, 0},
                                              {0, 3 * 16, 272, 256, 0}}) {
            k_grouped_sample sample = sample_of(what, sizes);
            for (const captured* graph : {&by_engine, &by_plan}) {
                sample.restore();
                memory.load(sample);
                graph->run(on);
                CHECK(memory.verdict() == "");
            }
        }
    });
}

TEST_CASE("k-grouped gemm: a captured launch of concatenated operands is replayed") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    CHECK(engine.prepare());
    k_grouped_sample sample(random, 300, 520, {{384, 0, 128, 640}}, k_grouped_sample::usual(grouping::k_concatenated));
    device_sample memory(sample);
    const stream on;
    const captured graph(on, [&] { or_throw(run_named(engine, memory.problem(), {.stream = on.handle})); });
    for (int i = 0; i < 3; ++i) {
        sample.restore();
        memory.load(sample);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("k-grouped gemm: FP8 with a row for each token, transposed first, and captured") {
    engine_of<ops::k_grouped_gemm, ops::transpose> engine(instances::of<ops::k_grouped_gemm>(), this_device());
    engine.with(instances::of<ops::transpose>());
    CHECK(engine.prepare());
    for (int i = 0; i < 8; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        gemm_traits what =
            k_grouped_sample::usual(grouping::along_k, i % 2 == 0 ? scale_kind::fp32 : scale_kind::ue8m0);
        if (i % 4 != 1) what.a.contiguous = major::mn;
        if (i % 4 != 2) what.b.contiguous = major::mn;
        k_grouped_sample sample(random, i32(random.integer(1, 700)), i32(random.integer(1, 700)),
                                test::random_k_groups(random, what, 900), what);
        device_sample memory(sample);
        const k_grouped_problem p = memory.problem();
        const scaled_matrix a = transposed(p.a), b = transposed(p.b);
        const device_array<u8> workspace{i64(k_grouped_fp8_gemm_tn_workspace_bytes(a.matrix, b.matrix))};
        const stream on;
        const auto launch = [&] {
            or_throw(k_grouped_fp8_gemm_tn_contiguous(engine, a, b, p.d, p.groups,
                                                      {workspace.get(), u64(workspace.bytes())},
                                                      {.c = p.c, .stream = on.handle}));
        };
        launch();
        check(cudaStreamSynchronize(on.handle));
        CHECK(memory.verdict() == "");
        const captured graph(on, launch);
        sample.restore();
        memory.load(sample);
        workspace.fill_bytes(0xff);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("k-grouped gemm: a thousand launches of every shipped kernel give the same bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    for (const k_grouped_handle& kernel : engine.kernels()) {
        INFO(to_source(kernel.info));
        const gemm_traits& what = kernel.info.traits;
        k_grouped_sample sample(random, 520, 1032, {{384, 0, 1024, 128, 512}}, what, test::numbers::normal);
        const device_sample memory(sample);
        const auto problem = memory.problem();
        const auto launch = [&] {
            if (what.in_place) check(cudaMemset(memory.d().get(), 0, memory.d().bytes()));  // each adds to zeros
            or_throw(run_named(engine, problem, {.pin = kernel.info.cfg}));
        };
        CHECK(words_that_change(memory.d(), launch) == 0);
        float last = 0;  // the last element of the last row: it must have been written
        const std::size_t size = std::size_t(size_of(what.d));
        const std::size_t end = std::size_t(problem.d.count - 1) * std::size_t(problem.d.matrix_stride) +
                                std::size_t(519 * problem.d.first.row_stride + 1032);
        check(cudaMemcpy(&last, memory.d().get() + end * size - size, size, cudaMemcpyDeviceToHost));
        CHECK(std::memcmp(&last, what.in_place ? "\0\0\0\0" : "\xff\xff\xff\xff", size) != 0);
    }
}

TEST_CASE("k-grouped gemm: a list in the host's pageable memory is refused where the device cannot read it") {
    int device = 0, reaches = 0;
    check(cudaGetDevice(&device));
    check(cudaDeviceGetAttribute(&reaches, cudaDevAttrPageableMemoryAccess, device));
    if (reaches != 0) return;
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const k_grouped_engine engine(instances::of<ops::k_grouped_gemm>(), this_device());
    for_each_kind([&](const gemm_traits& what) {
        k_grouped_sample sample(random, 200, 300, {{128, 0, 256}}, what);
        const device_sample memory(sample);
        k_grouped_problem p = memory.problem();
        p.groups.data = sample.list().data();
        const auto done = run_named(engine, p);
        REQUIRE(!done);
        CHECK(done.failure().code == errc::wrong_device);
        CHECK(done.failure().message.starts_with("the sizes of the groups lie in host memory that device "));
    });
}
