// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM as an operation on a GPU: samples of tests/ops/contiguous_gemm_sample.hpp through the engine over
// the shipped kernels, by every one of these, planned, and captured into a graph that is replayed with other groups.
#include <doctest/doctest.h>

#include <algorithm>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>

#include "../ops/contiguous_gemm_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::contiguous_sample;
using test::run_named;

namespace {

using contiguous_engine = engine_of<ops::contiguous_gemm>;

const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const contiguous_engine& engine, contiguous_sample& sample, i64 expected_rows = 0,
                const grouped_options& options = {}) {
    const device_sample memory(sample);
    const auto done = run_named(engine, memory.problem(expected_rows), options);
    return done ? memory.verdict() : done.failure().message;
}

/// Calls body(what) for each kind of operands and of groups, with names for them.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : contiguous_sample::all_shipped()) {
        INFO(name_of(what.a.type), what.b.contiguous == major::k ? " nt" : " nn",
             what.groups == grouping::psum ? " by end" : " by row",
             what.a.gathered  ? " gathered"
             : what.scattered ? " scattered"
                              : "");
        body(what);
    }
}

/// Random ragged groups by the planner's choice, `count` times.
void random_rows_of_groups(int count) {
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    for (int i = 0; i < count; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const i32 n = i32(random.integer(1, 900)), k = i32(random.integer(1, 1100));
        for_each_kind([&](const gemm_traits& what) {
            contiguous_sample sample(random, n, k, test::random_groups(random, 600), what);
            if (sample.rows() == 0) return;
            CHECK(run(engine, sample, random.integer(0, 700)) == "");
        });
    }
}

}  // namespace

TEST_CASE("contiguous gemm: random ragged groups by the planner's choice") { random_rows_of_groups(12); }

TEST_SUITE("contiguous gemm small") {
    TEST_CASE("contiguous gemm: a few, for compute-sanitizer") { random_rows_of_groups(1); }
}

TEST_CASE("contiguous gemm: every shipped kernel, on some multiprocessors, too, and without K") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    REQUIRE(engine.kernels().size() > 0);
    for (const contiguous_handle& kernel : engine.kernels()) {
        const config& cfg = kernel.info.cfg;
        INFO(to_source(kernel.info));
        for (const i32 alignment : {1, 128}) {
            const test::group_rows rows{{600, 0, 1, 257, 64, 300, 0, 129}, alignment, 77, true};
            contiguous_sample sample(random, 1000, 1032, rows, kernel.info.traits);
            CHECK(run(engine, sample, 0, {.pin = cfg}) == "");
            sample.restore();
            CHECK(run(engine, sample, 100, {.num_sms = 20, .pin = cfg}) == "");
        }
        if (kernel.info.traits.scattered) continue;  // it needs K
        contiguous_sample no_k(random, 200, 0, {{3, 0, 70}, 1, 9}, kernel.info.traits);
        CHECK(run(engine, no_k, 0, {.pin = cfg}) == "");
    }
}

TEST_CASE("contiguous gemm: rows gathered by the kernel have the bits of rows that a copy has gathered before") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i32 n = 520, k = 1040;
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    for_each_kind([&](const gemm_traits& what) {
        if (!what.a.gathered) return;
        contiguous_sample sample(random, n, k, {{300, 0, 17, 129, 1, 64}, 1}, what, test::numbers::normal);
        const device_sample memory(sample);
        contiguous_problem p = memory.problem();
        const i64 m = sample.rows(), size = size_of(what.a.type);
        const test::gathered_operand copy(sample.a()[0], sample.rows_of_a());
        const i64 row_words = copy.view.scale.stride_mn;
        std::vector<u32> scales(std::size_t(row_words * align_up(m, i64(4))));  // side by side for rows
        for (i64 row = 0; row < m; ++row) {
            for (i64 w = 0; w < row_words; ++w)
                scales[std::size_t(w * align_up(m, i64(4)) + row)] = copy.words[std::size_t(row * row_words + w)];
        }
        const device_array<u8> rows(m * k * size);
        const device_array<u32> words(max(i64(scales.size()), i64(1)));
        const device_array<bf16> gathered(m * n), before(m * n);
        check(cudaMemcpy(rows.get(), copy.bytes.data(), copy.bytes.size(), cudaMemcpyHostToDevice));
        check(cudaMemcpy(words.get(), scales.data(), scales.size() * sizeof(u32), cudaMemcpyHostToDevice));
        p.d = row_major(gathered.get(), m, n);
        or_throw(run_named(engine, p));
        p.a_rows = {};
        p.a.matrix = {rows.get(), what.a.type, m, k, k, 1};
        if (row_words != 0) p.a.scales = per_token_scales(words.get(), what.a.format, m, k, align_up(m, i64(4)));
        p.d = row_major(before.get(), m, n);
        or_throw(run_named(engine, p));
        std::vector<u16> one(std::size_t(m * n)), other(std::size_t(m * n));
        check(cudaMemcpy(one.data(), gathered.get(), one.size() * sizeof(u16), cudaMemcpyDeviceToHost));
        check(cudaMemcpy(other.data(), before.get(), other.size() * sizeof(u16), cudaMemcpyDeviceToHost));
        CHECK(one == other);
    });
}

TEST_CASE("contiguous gemm: hundreds of groups, one that has nearly all rows, all empty") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    std::vector<i32> few(300), uneven(64, 0);
    for (i32& count : few) count = i32(random.integer(0, 40));
    uneven.front() = 4001;
    uneven.back() = 224;
    for (const std::vector<i32>& counts : {few, uneven, std::vector<i32>(40, 0)}) {
        for_each_kind([&](const gemm_traits& what) {
            contiguous_sample sample(random, 136, 264, {counts, 1, 5}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("contiguous gemm: a graph is replayed with other groups in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i32 n = 1000, k = 520, rows = 1200;
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    CHECK(engine.prepare());
    const auto sample_of = [&](const gemm_traits& what, const std::vector<i32>& counts) {
        i32 used = 0;
        for (const i32 count : counts) used += count;
        return contiguous_sample(random, n, k, {counts, 1, rows - used}, what);
    };
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample first = sample_of(what, {1, 2, 3, 4, 5, 6});
        device_sample memory(first);
        const contiguous_problem problem = memory.problem(i64(100));
        const auto plan = or_throw(engine.plan(problem));
        const stream on;
        const captured by_engine(on, [&] { or_throw(run_named(engine, problem, {.stream = on.handle})); });
        const captured by_plan(on, [&] { or_throw(plan.launch(problem, on.handle)); });
        for (const std::vector<i32>& counts : {std::vector<i32>{0, 300, 1, 64, 0, 130},
                                               {200, 200, 200, 200, 200, 200},
                                               {0, 0, 0, 0, 0, 0},
                                               {1200, 0, 0, 0, 0, 0},
                                               {0, 3, 17, 255, 0, 3}}) {
            contiguous_sample sample = sample_of(what, counts);
            for (const captured* graph : {&by_engine, &by_plan}) {
                sample.restore();
                memory.load(sample);
                graph->run(on);
                CHECK(memory.verdict() == "");
            }
        }
    });
}

TEST_CASE("contiguous gemm: a thousand launches of every shipped kernel give the same bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    constexpr i64 n = 1024, k = 1024;
    const std::vector<i32> counts{300, 0, 512, 17, 129, 0, 64, 511};
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, n, k, {counts, 1}, what, test::numbers::normal);
        const i64 m = sample.rows();
        const device_sample memory(sample);
        contiguous_problem problem = memory.problem();
        const i64 stored = problem.d.rows;  // where rows are scattered, more than m, of which some stay as they are
        const device_array<bf16> d(stored * n);
        problem.d = row_major(d.get(), stored, n);
        for (const contiguous_handle& kernel : engine.kernels()) {
            const gemm_traits& traits = kernel.info.traits;
            if (!(traits.a == what.a && traits.b == what.b && traits.groups == what.groups &&
                  traits.scattered == what.scattered && traits.epilogue == what.epilogue))
                continue;
            INFO(to_source(kernel.info));
            const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
            CHECK(words_that_change(d, launch) == 0);
            bf16 last{0xffff};  // the last element of the last row: it must have been written
            const bf16* const at = d.get() + (sample.stored_row(m - 1) + 1) * n - 1;
            check(cudaMemcpy(&last, at, sizeof last, cudaMemcpyDeviceToHost));
            CHECK(last.bits != 0xffff);
        }
    });
    for (const contiguous_handle& kernel : engine.kernels()) {
        if (kernel.info.traits.epilogue == epilogue_info{}) continue;
        INFO(to_source(kernel.info));
        contiguous_sample sample(random, n, k, {counts, 1}, kernel.info.traits, test::numbers::normal);
        const device_sample memory(sample);
        const auto problem = memory.problem();
        const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
        CHECK(words_that_change(memory.d(), launch) == 0);
    }
}

TEST_CASE("contiguous gemm: lists in the host's pageable memory are refused where the device cannot read them") {
    int device = 0, reaches = 0;
    check(cudaGetDevice(&device));
    check(cudaDeviceGetAttribute(&reaches, cudaDevAttrPageableMemoryAccess, device));
    if (reaches != 0) return;
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const contiguous_engine engine(instances::of<ops::contiguous_gemm>(), this_device());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, 200, 300, {{3, 0, 70}}, what);
        const device_sample memory(sample);
        contiguous_problem p = memory.problem();
        p.groups.data = sample.list().data();
        const auto done = run_named(engine, p);
        REQUIRE(!done);
        CHECK(done.failure().code == errc::wrong_device);
        CHECK(done.failure().message.starts_with("the sizes of the groups lie in host memory that device "));
        if (!what.a.gathered && !what.scattered) return;
        p = memory.problem();
        const std::vector<i32> rows(std::size_t(sample.rows()), 0);
        (what.a.gathered ? p.a_rows : p.d_rows) = list_of_rows(rows.data(), sample.rows());
        const auto refused = run_named(engine, p);
        REQUIRE(!refused);
        CHECK(refused.failure().message.starts_with("the entries of a list of rows lie in host memory that device "));
    });
}
