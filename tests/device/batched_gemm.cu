// SPDX-License-Identifier: MIT
// The batched GEMM as an operation on a GPU: samples of tests/ops/batched_gemm_sample.hpp through the engine over the shipped
// kernels, by every one of these, planned, captured into a graph, and a thousand times over;
// FP8 einsums whose operands are transposed first.
#include <doctest/doctest.h>

#include <algorithm>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include "../ops/batched_gemm_sample.hpp"
#include "../ops/einsum_fp8_sample.hpp"
#include "device_sample.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::batched_sample;
using test::einsum_fp8_sample;
using test::run_named;
using test::stack_order;

namespace {

using batched_engine = engine_of<ops::batched_gemm>;
using layouts_engine = engine_of<ops::batched_gemm, ops::transpose>;

const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const batched_engine& engine, batched_sample& sample, const batched_options& options = {}) {
    const device_sample memory(sample);
    const auto done = run_named(engine, memory.problem(), options);
    return done ? memory.verdict() : done.failure().message;
}

/// What the shipped kernels compute, each once.
std::vector<gemm_traits> all_kinds(const batched_engine& engine) {
    std::vector<gemm_traits> kinds;
    for (const batched_handle& kernel : engine.kernels()) {
        if (std::find(kinds.begin(), kinds.end(), kernel.info.traits) == kinds.end())
            kinds.push_back(kernel.info.traits);
    }
    return kinds;
}

layouts_engine engine_of_layouts() {
    layouts_engine made(instances::of<ops::batched_gemm>(), this_device());
    made.with(instances::of<ops::transpose>());
    return made;
}

/// An FP8 einsum in device memory, with the smallest workspace.
struct einsum_on_device {
    explicit einsum_on_device(einsum_fp8_sample& sample)
        : memory(sample), call(memory.problem()), workspace(i64(test::workspace_of(call))) {
        workspace.fill_bytes(0xff);
    }
    void launch(const layouts_engine& engine, batched_options options = {}) const {
        options.workspace = {workspace.get(), u64(workspace.bytes())};
        or_throw(run_named(engine, call, options));
    }

    device_sample<test::einsum_fp8> memory;
    test::einsum_call call;
    device_array<u8> workspace;
};

/// Random ragged batches by the planner's choice, `count` times.
void random_batches(int count) {
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    REQUIRE(engine.kernels().size() > 0);
    for (int i = 0; i < count; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const problem_shape shape{i32(random.integer(1, 600)), i32(random.integer(1, 900)),
                                  i32(random.integer(1, 900))};
        const i64 count = random.integer(1, 9);
        for (const gemm_traits& what : all_kinds(engine)) {
            INFO(to_source(what.a), " ", to_source(what.b), " ", name_of(what.d));
            batched_sample sample(random, count, shape, what, i % 2 == 0 ? stack_order::apart : stack_order::among);
            CHECK(run(engine, sample) == "");
        }
    }
}

}  // namespace

TEST_CASE("batched gemm: random ragged batches by the planner's choice, apart and among each other") {
    random_batches(12);
}

TEST_SUITE("batched gemm small") {
    TEST_CASE("batched gemm: a few, for compute-sanitizer") { random_batches(1); }
}

TEST_CASE("batched gemm: every shipped kernel, on some multiprocessors, too, and without K") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    for (const batched_handle& kernel : engine.kernels()) {
        const config& cfg = kernel.info.cfg;
        INFO(to_source(kernel.info));
        for (const stack_order order : {stack_order::apart, stack_order::among}) {
            batched_sample sample(random, 7, {300, 530, 520}, kernel.info.traits, order);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 20, .pin = cfg}) == "");
        }
        for (const problem_shape shape : {problem_shape{1, 40, 200}, {70, 1, 200}, {70, 40, 1}, {70, 200, 0}}) {
            batched_sample sample(random, 3, shape, kernel.info.traits);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
        }
        if (!cfg.keeps_b) continue;
        for (const i32 blocks :
             {cfg.stages, cfg.stages / 2, 1}) {  // all stages hold one matrix, or the same several times
            const problem_shape shape{500, cfg.block.n + 20, blocks * cfg.block.k - 5};
            batched_sample sample(random, 9, shape, kernel.info.traits, stack_order::among);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 20, .pin = cfg}) == "");
        }
    }
}

TEST_CASE("batched gemm: normal numbers are within the error of the tensor core") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    for (const gemm_traits& what : all_kinds(engine)) {
        batched_sample sample(random, 5, {200, 330, 1000}, what, stack_order::among, test::numbers::normal);
        CHECK(run(engine, sample) == "");
    }
}

TEST_CASE("batched gemm: more than a hundred heads, as attention has them") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    for (const i32 rows : {4, 32, 130}) {
        for (const gemm_traits& what : all_kinds(engine)) {
            batched_sample sample(random, 128, {rows, 128, 256}, what, stack_order::among);
            CHECK(run(engine, sample) == "");
        }
    }
}

TEST_CASE("batched gemm: a graph is replayed, and a dependent launch follows another kernel") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    CHECK(engine.prepare());
    for (const gemm_traits& what : all_kinds(engine)) {
        INFO(to_source(what.a), " ", to_source(what.b), " ", name_of(what.d));
        batched_sample sample(random, 5, {130, 200, 300}, what);
        device_sample memory(sample);
        const batched_problem problem = memory.problem();
        const stream on;
        const captured graph(on, [&] { or_throw(run_named(engine, problem, {.stream = on.handle})); });
        for (int i = 0; i < 3; ++i) {
            sample.restore();
            memory.load(sample);
            graph.run(on);
            CHECK(memory.verdict() == "");
        }
        sample.restore();
        memory.load(sample);
        or_throw(run_named(engine, problem, {.stream = on.handle, .dependent_launch = true}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("batched gemm: a thousand launches of every shipped kernel give the same bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    for (const batched_handle& kernel : engine.kernels()) {
        if (kernel.info.traits.accumulate) continue;  // D would grow
        INFO(to_source(kernel.info));
        batched_sample sample(random, 9, {256, 384, 640}, kernel.info.traits, stack_order::apart,
                              test::numbers::normal);
        const device_sample memory(sample);
        const batched_problem problem = memory.problem();
        const auto launch = [&] { or_throw(run_named(engine, problem, {.pin = kernel.info.cfg})); };
        CHECK(words_that_change(memory.d(), launch) == 0);
    }
}

TEST_CASE("batched gemm: sums with workspaces of any size, and many matrices") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    for (const batched_handle& kernel : engine.kernels()) {
        if (kernel.info.traits.groups != grouping::summed) continue;
        INFO(to_source(kernel.info));
        for (const i64 count : {i64(0), i64(1), i64(129), i64(300)}) {
            batched_sample sample(random, count, {128, 384, 64}, kernel.info.traits);
            sample.enlarge_workspace(this_device().sm_count);
            CHECK(run(engine, sample, {.pin = kernel.info.cfg}) == "");
            sample.restore();
            CHECK(run(engine, sample, {.num_sms = 50, .pin = kernel.info.cfg}) == "");
        }
    }
}

TEST_CASE("batched gemm: a stack with an offset beyond 2^31 elements") {
    // A of 4.3 GB: 520 matrices of 4096 x 1024, of which the last is that of the sample.
    constexpr i64 count = 520, m = 4096, n = 64, k = 1024;
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const batched_engine engine(instances::of<ops::batched_gemm>(), this_device());
    const operand_info plain{dtype::bf16, scale_kind::none};
    batched_sample one(random, 1, {m, n, k}, {.a = plain, .b = plain});
    const batched_problem here = one.problem();
    const device_array<bf16> a(count * m * k), b(count * n * k), d(count * m * n);
    a.fill_bytes(0);
    b.fill_bytes(0);
    d.fill_bytes(0xff);
    const auto copy = [&](bf16* to, const input_matrix& x) {
        check(cudaMemcpy2D(to, k * 2, x.data, std::size_t(x.row_stride) * 2, k * 2, std::size_t(x.rows),
                           cudaMemcpyHostToDevice));
    };
    copy(a.get() + (count - 1) * m * k, here.a.first.matrix);
    copy(b.get() + (count - 1) * n * k, here.b.first.matrix);
    or_throw(bf16_batched_gemm_nt(engine, dense_stack(row_major(static_cast<const bf16*>(a.get()), m, k), count),
                                  dense_stack(row_major(static_cast<const bf16*>(b.get()), n, k), count),
                                  dense_stack(row_major(d.get(), m, n), count)));
    check(cudaDeviceSynchronize());
    const output_matrix& to = here.d.first;
    check(cudaMemcpy2D(to.data, std::size_t(to.row_stride) * 2, d.get() + (count - 1) * m * n, n * 2, n * 2, m,
                       cudaMemcpyDeviceToHost));
    CHECK(one.verdict() == "");
}

TEST_CASE("batched gemm: FP8 einsums of weights along r, and gradients, random and exact") {
    const layouts_engine engine = engine_of_layouts();
    for (int i = 0; i < 60; ++i) {
        random_source random(fresh_seed());
        const test::einsum_shape what = test::random_einsum(random, 300);
        INFO("DEEPGEMM_SEED=", random.seed(), " form ", int(what.form), " b ", what.b, " h ", what.h, " d ", what.d,
             " r ", what.r);
        einsum_fp8_sample sample(random, what);
        for (const bool dependent : {false, true}) {
            const einsum_on_device on_device(sample);
            on_device.launch(engine, {.dependent_launch = dependent});
            CHECK(on_device.memory.verdict() == "");
            sample.restore();
        }
    }
}

TEST_CASE("batched gemm: FP8 of tiles and ragged ends in every order, by every kernel for it") {
    const layouts_engine engine = engine_of_layouts();
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    for (const batched_handle& kernel : engine.kernels<ops::batched_gemm>()) {
        gemm_traits what = kernel.info.traits;
        if (what.a.type != dtype::e4m3 || what.b.contiguous == major::mn) continue;
        INFO(to_source(kernel.info));
        for (const int which : {1, 2, 3}) {
            what.a.contiguous = (which & 1) != 0 ? major::mn : major::k;
            what.b.contiguous = (which & 2) != 0 ? major::mn : major::k;
            batched_sample sample(random, 3, {300, 530, 520}, what,
                                  which == 1 ? stack_order::apart : stack_order::among);
            const device_sample memory(sample);
            const batched_problem p = memory.problem();
            const device_array<u8> workspace{i64(fp8_batched_gemm_workspace_bytes(p.a, p.b))};
            workspace.fill_bytes(0xff);
            or_throw(
                run_named(engine, p, {.workspace = {workspace.get(), u64(workspace.bytes())}, .pin = kernel.info.cfg}));
            CHECK(memory.verdict() == "");
        }
    }
}

TEST_CASE("batched gemm: a thousand dependent FP8 einsums share a workspace") {
    const layouts_engine engine = engine_of_layouts();
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    using test::einsum_form;
    einsum_fp8_sample up(random, {.form = einsum_form::up, .b = 200, .h = 3, .d = 176, .r = 300}),
        gradient(random, {.form = einsum_form::gradient, .b = 300, .h = 2, .d = 130, .r = 250, .f32 = true});
    const einsum_on_device one(up), other(gradient);
    const device_array<u8> shared{i64(max(one.workspace.bytes(), other.workspace.bytes()))};
    const stream on;
    for (int i = 0; i < 1000; ++i) {
        or_throw(run_named(
            engine, i % 2 == 0 ? one.call : other.call,
            {.stream = on.handle, .workspace = {shared.get(), u64(shared.bytes())}, .dependent_launch = true}));
    }
    CHECK(one.memory.verdict() == "");
    CHECK(other.memory.verdict() == "");
}

TEST_CASE("batched gemm: a graph of FP8 einsums is replayed with other operands in the same memory") {
    const layouts_engine engine = engine_of_layouts();
    CHECK(engine.prepare());
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    using test::einsum_form;
    for (const einsum_form form : {einsum_form::up, einsum_form::gradient}) {
        const bool is_gradient = form == einsum_form::gradient;
        const test::einsum_shape what{.form = form, .b = 272, .h = 3, .d = 144, .r = 208, .f32 = is_gradient};
        random_source random(seed);
        einsum_fp8_sample first(random, what);
        einsum_on_device on_device(first);
        const stream on;
        const captured graph(on, [&] { on_device.launch(engine, {.stream = on.handle}); });
        CHECK(graph.nodes() == (is_gradient ? 3 : 2));
        graph.run(on);
        CHECK(on_device.memory.verdict() == "");
        for (int i = 0; i < 3; ++i) {
            first.renew(random);
            on_device.memory.load(first);
            graph.run(on);
            CHECK(on_device.memory.verdict() == "");
        }
    }
}
