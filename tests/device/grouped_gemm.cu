// SPDX-License-Identifier: MIT
// The grouped GEMM as an operation on a GPU: samples of tests/ops/grouped_gemm_sample.hpp through the engine over the shipped
// kernels, by every one of these, planned, and captured into a graph that is replayed with other counts.
#include <doctest/doctest.h>

#include <algorithm>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/grouped_gemm/grouped_gemm.hpp>

#include "../ops/grouped_gemm_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::grouped_sample;
using test::run_named;

namespace {

using grouped_engine = engine_of<ops::grouped_gemm>;

const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const grouped_engine& engine, grouped_sample& sample, i64 expected_rows = 0,
                const grouped_options& options = {}) {
    const device_sample memory(sample);
    const auto done = run_named(engine, memory.problem(expected_rows), options);
    return done ? memory.verdict() : done.failure().message;
}

/// Random ragged groups by the planner's choice, `count` times.
void random_groups(int count) {
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    for (int i = 0; i < count; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const problem_shape shape{i32(random.integer(1, 600)), i32(random.integer(1, 900)),
                                  i32(random.integer(1, 1100))};
        for (const gemm_traits& what : grouped_sample::all_shipped()) {
            INFO(name_of(what.a.type));
            grouped_sample sample(random, shape, test::random_counts(random, shape.m), what);
            CHECK(run(engine, sample, random.integer(0, 2 * shape.m)) == "");
        }
    }
}

}  // namespace

TEST_CASE("grouped gemm: random ragged groups by the planner's choice") { random_groups(12); }

TEST_SUITE("grouped gemm small") {
    TEST_CASE("grouped gemm: a few, for compute-sanitizer") { random_groups(1); }
}

TEST_CASE("grouped gemm: every shipped kernel, on some multiprocessors, too, and without K") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    REQUIRE(engine.kernels().size() > 0);
    for (const grouped_handle& kernel : engine.kernels()) {
        const config& cfg = kernel.info.cfg;
        INFO(to_source(cfg));
        grouped_sample sample(random, {600, 1000, 1032}, {600, 0, 1, 257, 64, 300, 0, 129}, kernel.info.traits);
        CHECK(run(engine, sample, 0, {.pin = cfg}) == "");
        sample.restore();
        CHECK(run(engine, sample, 100, {.num_sms = 20, .pin = cfg}) == "");
        grouped_sample no_k(random, {70, 200, 0}, {3, 0, 70}, kernel.info.traits);
        CHECK(run(engine, no_k, 0, {.pin = cfg}) == "");
    }
}

TEST_CASE("grouped gemm: a graph is replayed with other counts in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr problem_shape shape{300, 1000, 520};
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    CHECK(engine.prepare());
    for (const gemm_traits& what : grouped_sample::all_shipped()) {
        INFO(name_of(what.a.type));
        grouped_sample first(random, shape, {1, 2, 3, 4, 5, 6}, what);
        device_sample memory(first);
        const grouped_problem problem = memory.problem(i64(100));
        const auto plan = or_throw(engine.plan(problem));
        const stream on;
        const captured by_engine(on, [&] { or_throw(run_named(engine, problem, {.stream = on.handle})); });
        const captured by_plan(on, [&] { or_throw(plan.launch(problem, on.handle)); });
        for (const std::vector<i32>& counts : {std::vector<i32>{0, 300, 1, 64, 0, 130},
                                               {300, 300, 300, 300, 300, 300},
                                               {0, 0, 0, 0, 0, 0},
                                               {-5, 301, 17, 255, 0, 3}}) {
            grouped_sample sample(random, shape, counts, what);
            for (const captured* graph : {&by_engine, &by_plan}) {
                sample.restore();
                memory.load(sample);
                graph->run(on);
                CHECK(memory.verdict() == "");
            }
        }
    }
}

TEST_CASE("grouped gemm: a thousand launches of every shipped kernel give the same bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i64 m = 512, n = 1024, k = 1024;
    const std::vector<i32> counts{300, 0, 512, 17, 129, 0, 64, 511};
    const i64 groups = i64(counts.size());
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    for (const gemm_traits& what : grouped_sample::all_shipped()) {
        grouped_sample sample(random, {m, n, k}, counts, what, test::numbers::normal);
        const device_sample memory(sample);
        const device_array<bf16> d(groups * m * n);
        grouped_problem problem = memory.problem();
        problem.d = dense_stack(row_major(d.get(), m, n), groups);
        for (const grouped_handle& kernel : engine.kernels()) {
            if (!(kernel.info.traits.a == what.a && kernel.info.traits.epilogue == what.epilogue)) continue;
            INFO(to_source(kernel.info));
            const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
            CHECK(words_that_change(d, launch) == 0);
            bf16 last{0xffff};  // the last element that counts: it must have been written
            check(cudaMemcpy(&last, d.get() + ((groups - 1) * m + counts.back()) * n - 1, sizeof last,
                             cudaMemcpyDeviceToHost));
            CHECK(last.bits != 0xffff);
        }
    }
    for (const grouped_handle& kernel : engine.kernels()) {
        if (kernel.info.traits.epilogue == epilogue_info{}) continue;
        INFO(to_source(kernel.info));
        grouped_sample sample(random, {m, n, k}, counts, kernel.info.traits, test::numbers::normal);
        const device_sample memory(sample);
        const auto problem = memory.problem();
        const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
        CHECK(words_that_change(memory.d(), launch) == 0);
    }
}

TEST_CASE("grouped gemm: counts in the host's pageable memory are refused where the device cannot read them") {
    int device = 0, reaches = 0;
    check(cudaGetDevice(&device));
    check(cudaDeviceGetAttribute(&reaches, cudaDevAttrPageableMemoryAccess, device));
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    grouped_sample sample(random, {70, 200, 300}, {3, 0, 70});
    const device_sample memory(sample);
    grouped_problem p = memory.problem();
    const std::vector<i32> counts{3, 0, 70};
    p.counts = counts.data();
    const auto done = run_named(engine, p);
    if (reaches != 0) {
        CHECK(done);
        CHECK(memory.verdict() == "");
    } else {
        REQUIRE(!done);
        CHECK(done.failure().code == errc::wrong_device);
        CHECK(done.failure().message.starts_with("the sizes of the groups lie in host memory that device "));
    }
    i32* pinned = nullptr;  // which every device reads
    check(cudaMallocHost(&pinned, counts.size() * sizeof(i32)));
    std::copy(counts.begin(), counts.end(), pinned);
    p.counts = pinned;
    CHECK(run_named(engine, p));
    CHECK(memory.verdict() == "");
    check(cudaFreeHost(pinned));
}

TEST_CASE("grouped gemm: large groups with an offset beyond 2^31 elements, of which few rows count") {
    // A of 2.3 GB: 600 slots of 4096 x 1024. Only the last group has rows.
    constexpr i64 groups = 600, m = 4096, n = 64, k = 1024;
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    grouped_sample one(random, {m, n, k}, {3});  // its slot is the last
    const device_array<u8> a(groups * m * k), b(groups * n * k);
    const i64 a_words = k / 128 * m, b_words = k / 128;
    const device_array<u32> sa(groups * a_words), sb(groups * b_words);
    const device_array<bf16> d(groups * m * n);
    std::vector<i32> counts(groups, 0);
    counts.back() = 3;
    const device_array<i32> counts_there(counts);
    d.fill_bytes(0xff);
    // Rows of the sample have padding; those here have none.
    const reference::operand left = one.a()[0], right = one.b()[0];
    const auto copy = [&](u8* to, const reference::operand& x, i64 rows) {
        check(cudaMemcpy2D(to, k, x.data, std::size_t(x.row_stride), k, rows, cudaMemcpyHostToDevice));
    };
    copy(a.get() + (groups - 1) * m * k, left, m);
    copy(b.get() + (groups - 1) * n * k, right, n);
    const auto scales = [](u32* to, const reference::scales& from, i64 rows, i64 blocks, i64 stride_mn, i64 stride_k) {
        std::vector<u32> words(std::size_t(rows * blocks));
        for (i64 row = 0; row < rows; ++row) {
            for (i64 block = 0; block < blocks; ++block)
                words[std::size_t(row * stride_mn + block * stride_k)] =
                    static_cast<const u32*>(from.words)[row * from.stride_mn + block * from.stride_k];
        }
        check(cudaMemcpy(to, words.data(), words.size() * 4, cudaMemcpyHostToDevice));
    };
    scales(sa.get() + (groups - 1) * a_words, left.scale, m, k / 128, 1, m);
    scales(sb.get() + (groups - 1) * b_words, right.scale, 1, k / 128, k / 128, 1);
    const scaled_matrix a_first{row_major(reinterpret_cast<const e4m3*>(a.get()), m, k),
                                per_token_scales(sa.get(), scale_kind::fp32, m, k)},
        b_first{row_major(reinterpret_cast<const e4m3*>(b.get()), n, k),
                per_block_scales(sb.get(), scale_kind::fp32, n, k)};
    const grouped_engine engine(instances::of<ops::grouped_gemm>(), this_device());
    or_throw(m_grouped_fp8_gemm_nt_masked(engine, dense_stack(a_first, groups), dense_stack(b_first, groups),
                                          dense_stack(row_major(d.get(), m, n), groups), counts_there.get(), 1));
    check(cudaDeviceSynchronize());
    matrix_view<bf16> result = one.d().view<bf16>();
    check(cudaMemcpy2D(result.data, std::size_t(result.row_stride) * 2, d.get() + (groups - 1) * m * n, n * 2, n * 2, m,
                       cudaMemcpyDeviceToHost));
    CHECK(one.verdict() == "");
}
