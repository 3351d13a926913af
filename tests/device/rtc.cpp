// SPDX-License-Identifier: MIT
// Kernels compiled at run time beside those compiled ahead of time, on a GPU: the same bits, from plans, under graph capture,
// with extents fixed late, by text, from several threads, and while another kernel serves. No nvcc compiles this file.
#include <doctest/doctest.h>

#include <deepgemm/ops/batched_gemm/shipped.cuh>
#include <deepgemm/ops/contiguous_gemm/shipped.cuh>
#include <deepgemm/ops/gemm/shipped.cuh>
#include <deepgemm/ops/grouped_gemm/shipped.cuh>
#include <deepgemm/ops/hc_prenorm/shipped.cuh>
#include <deepgemm/ops/k_grouped_gemm/shipped.cuh>
#include <deepgemm/ops/mqa_logits/shipped.cuh>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include <fstream>
#include <iterator>
#include <thread>

#include "../ops/batched_gemm_sample.hpp"
#include "../ops/contiguous_gemm_sample.hpp"
#include "../ops/grouped_gemm_sample.hpp"
#include "../ops/hc_prenorm_sample.hpp"
#include "../ops/k_grouped_gemm_sample.hpp"
#include "../ops/mqa_logits_sample.hpp"
#include "../ops/paged_mqa_logits_sample.hpp"
#include "../rtc/tiny.cuh"
#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;
using test::gemm_sample;
using test::numbers;
using test::shape_for;

namespace rtc_device_test {

using by_token = operand<e4m3, scale::per_token<scale::fp32>>;
using by_block = operand<e4m3, scale::per_block<scale::fp32>>;
using square = gemm<arch::sm90, by_token, by_block, store<float>, config{.block = {128, 64, 128}, .stages = 4}>;
using paired =
    gemm<arch::sm90, by_token, by_block, store<float>, config{.block = {128, 64, 128}, .stages = 4, .cluster = {2, 1}}>;

/// The kernels of the tests, compiled once for all of them; memory only.
rtc::engine& kernels() {
    static rtc::engine engine(rtc::embedded_headers());
    return engine;
}

/// The shipped kernel of that description which nvcc compiled; null if there is none.
const gemm_handle* ahead_of_time(const gemm_info& info) {
    for (const gemm_handle& kernel : instances::dense()) {
        if (to_source(kernel.info) == to_source(info)) return &kernel;
    }
    return nullptr;
}

/// Compares every kernel of a list with the one that nvcc made of it.
template <class List>
void compare_list(const char* name) {
    const auto handles = or_throw(kernels().handles(List{}));
    CAPTURE(name);
    REQUIRE(!handles.empty());
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const gemm_handle& kernel : handles) {
        const gemm_handle* const same = ahead_of_time(kernel.info);
        REQUIRE(same != nullptr);
        const auto [m, n] = test::cluster_tile(kernel.info);
        for (const problem_shape shape :
             {shape_for(kernel.info, m + 70, n + 100, 1536), shape_for(kernel.info, 3, 2 * n, 300)})
            CHECK_MESSAGE(difference(*same, kernel, shape, seed) == "", test::describe(kernel.info, shape, seed));
    }
}

}  // namespace rtc_device_test

using namespace rtc_device_test;

TEST_CASE("rtc: kernels of NVRTC and of nvcc give the same bits") {
    compare_list<shipped::weights_bf16_narrow>("weights_bf16_narrow");
    compare_list<shipped::weights_bf16_split>("weights_bf16_split");
    compare_list<shipped::weights_bf16_wide>("weights_bf16_wide");
    compare_list<shipped::gradients>("gradients");
    compare_list<shipped::tokens_ue8m0_f32>("tokens_ue8m0_f32");
    compare_list<shipped::heads>("heads");
    compare_list<shipped::bf16_nt>("bf16_nt");
    compare_list<shipped::bf16_tn_wide>("bf16_tn_wide");
    compare_list<shipped::f16_half_acc>("f16_half_acc");
}

TEST_CASE("rtc: products in groups by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::grouped_gemm>()));
    const engine_of<ops::grouped_gemm> engine(handles, this_device());
    for (const grouped_handle& kernel : handles) {
        INFO(to_source(kernel.info));
        test::grouped_sample sample(random, {600, 500, 520}, {600, 0, 1, 257, 64, 129}, kernel.info.traits);
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: products in groups of rows by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::contiguous_gemm>()));
    const engine_of<ops::contiguous_gemm> engine(handles, this_device());
    for (const contiguous_handle& kernel : handles) {
        INFO(to_source(kernel.info));
        test::contiguous_sample sample(random, 504, 520, {{600, 0, 1, 257, 64, 129}, 1, 7}, kernel.info.traits);
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: products in groups of K by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::k_grouped_gemm>()));
    const engine_of<ops::k_grouped_gemm> engine(handles, this_device());
    for (const k_grouped_handle& kernel : handles) {
        INFO(to_source(kernel.info));
        test::k_grouped_sample sample(random, 504, 520, {{384, 0, 128, 256}}, kernel.info.traits);
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: batches by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::batched_gemm>()));
    const engine_of<ops::batched_gemm> engine(handles, this_device());
    for (const batched_handle& kernel : handles) {
        INFO(to_source(kernel.info));
        test::batched_sample sample(random, 5, {200, 300, 520}, kernel.info.traits);
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: prenorms by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::hc_prenorm>()));
    const engine_of<ops::hc_prenorm> engine(handles, this_device());
    for (const hc_prenorm_handle& kernel : handles) {
        INFO(to_source(kernel.info));
        const i32 parts = kernel.info.traits.sums == partial_sums::apart ? 7 : 1;
        test::hc_prenorm_sample sample(random, {300, kernel.info.cfg.block.n - 3, 1999}, parts);
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: scores of an indexer by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::mqa_logits>()));
    const engine_of<ops::mqa_logits> engine(handles, this_device());
    for (const mqa_logits_handle& kernel : handles) {
        INFO(ops::mqa_logits::source_of(kernel.info));
        test::mqa_logits_sample sample(random, kernel.info.traits, {130, 1500, true, false});
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem(), {.pin = kernel.info.cfg}));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: scores of paged keys by every kernel as NVRTC compiles it") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto handles = or_throw(kernels().handles(shipped::all_of<ops::paged_mqa_logits>()));
    for (const paged_mqa_logits_handle& kernel : handles) {
        INFO(ops::paged_mqa_logits::source_of(kernel.info));
        const engine_of<ops::paged_mqa_logits> engine(std::span(&kernel, 1), this_device());
        test::paged_mqa_logits_sample sample(random, kernel.info.traits, {40, 3, 1500, true, true, 0});
        const device_tests::device_sample memory(sample);
        or_throw(test::run_named(engine, memory.problem()));
        CHECK(memory.verdict() == "");
    }
}

TEST_CASE("rtc: extents fixed at run time give the same bits as extents passed") {
    random_source random(fresh_seed());
    for (int i = 0; i < 4; ++i) {
        const int n = 8 * random.integer(1, 60), k = 16 * random.integer(1, 80), m = random.integer(1, 400);
        CAPTURE(n);
        CAPTURE(k);
        const gemm_handle any = or_throw(kernels().handle<paired>()),
                          fixed = or_throw(kernels().handle<paired>({0, n, k}));
        CHECK(difference(any, fixed, {m, n, k}, random.bits()) == "");
        gemm_sample other(any.info, {m, n + 8, k}, 1, numbers::exact);
        CHECK(run(fixed, other).find("compiled for m = 0, n = " + std::to_string(n)) != std::string::npos);
    }
}

TEST_CASE("rtc: the named operation over an engine of run-time kernels") {
    const auto handles = or_throw(kernels().handles(shipped::weights_bf16_narrow{}));
    const engine engine(handles, this_device());
    for (const i32 m : {1, 64, 130}) {
        gemm_sample p(handles.front().info, {m, 576, 1024}, u64(m), numbers::exact);
        CHECK(run(engine, p) == "");
    }
}

TEST_CASE("rtc: a launch under graph capture loads nothing, and replays") {
    const auto kernel = or_throw(kernels().get<square>());
    gemm_sample p(kernel.info(), {200, 192, 512}, 3, numbers::exact);
    device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    const stream s;
    const captured graph(s, [&] { CHECK(kernel.launch(s.handle, {arguments_of(problem)})); });
    graph.run(s);
    CHECK(on_device.verdict() == "");
}

TEST_CASE("rtc: a kernel that is first launched under graph capture") {
    rtc::engine fresh(rtc::embedded_headers());
    const gemm_handle kernel = or_throw(fresh.handle<square>());
    gemm_sample p(kernel.info, {130, 64, 256}, 4, numbers::exact);
    device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    const stream s;
    const captured graph(s, [&] {
        const auto outcome = kernel.launch(arguments_of(problem), {.stream = s.handle});
        CHECK_MESSAGE(outcome, (outcome ? "" : outcome.failure().message));
    });
    CHECK(graph.nodes() == 1);
}

TEST_CASE("rtc: kernels of a user's own header, by type, and by text with parameters as bytes") {
    std::ifstream in(DEEPGEMM_SOURCE_DIR "/tests/rtc/tiny.cuh");
    rtc::header_set headers = rtc::embedded_headers();
    headers.add("tiny.cuh", {std::istreambuf_iterator<char>(in), {}});
    rtc::engine own(headers);
    const device_array<i32> out(32);
    const auto expect_from = [&](i32 first) {
        check(cudaDeviceSynchronize());
        std::vector<i32> values(32);
        out.read(values.data());
        for (i32 i = 0; i < 32; ++i) CHECK(values[std::size_t(i)] == first + i);
    };
    const auto typed = or_throw(own.get<tiny::kernel<7>>({}, {"tiny.cuh"}));
    CHECK(typed.launch(nullptr, {out.get()}));
    expect_from(7);

    const rtc::source text{.include = {"tiny.cuh"}, .type = "tiny::kernel<-40>"};
    const rtc::runtime_kernel* const by_text = or_throw(own.get(text));
    CHECK(by_text->geometry().threads == 32);
    const i32* const address = out.get();
    CHECK(by_text->launch(1, &address, sizeof address, {}));
    expect_from(-40);
    CHECK(!by_text->launch(1, &address, 4, {}));
    CHECK(or_throw(own.get<tiny::kernel<-40>>(text)).launch(nullptr, {out.get()}));
    expect_from(-40);
}

TEST_CASE("rtc: threads that launch a kernel for the first time at once") {
    rtc::engine fresh(rtc::embedded_headers());
    const gemm_handle kernel = or_throw(fresh.handle<square>());
    std::vector<std::string> wrong(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        threads.emplace_back([&, i] { wrong[i] = fault_on_exact_data(kernel, {130, 64, 256}, u64(i)); });
    }
    for (auto& thread : threads) thread.join();
    for (const std::string& each : wrong) CHECK(each == "");
    CHECK(fresh.cubins().counts().made == 1);
}

TEST_CASE("rtc: a kernel built ahead of time serves until the one compiled in the background is ready") {
    rtc::engine fresh(rtc::embedded_headers());
    rtc::background threads;
    const auto same_types = [](const gemm_handle& kernel) {
        return kernel.info.traits.a == square::info.traits.a && kernel.info.traits.b == square::info.traits.b &&
               kernel.info.traits.d == dtype::f32 && !kernel.info.traits.accumulate;
    };
    const auto kernels_at_hand = instances::dense();
    const auto serving = std::find_if(kernels_at_hand.begin(), kernels_at_hand.end(), same_types);
    REQUIRE(serving != kernels_at_hand.end());
    const auto handle = or_throw(fresh.replace<square>(*serving, threads));
    gemm_sample p(handle.info, {300, 192, 700}, 5, numbers::exact);
    CHECK(run(handle, p) == "");  // most probably by the one ahead of time
    threads.wait();
    CHECK(threads.failures().empty());
    CHECK(fresh.cubins().counts().made == 1);
    p.restore();
    CHECK(run(handle, p) == "");
}

TEST_CASE("rtc: plans are warmed up side by side, each kernel once") {
    rtc::engine fresh(rtc::embedded_headers());
    const auto handles = or_throw(fresh.handles(shipped::weights_bf16_narrow{}));
    std::vector<gemm_plan> plans;
    for (const i32 m : {1, 16, 64, 1}) {
        gemm_sample p(handles.front().info, {m, 576, 1024}, 6, numbers::exact);
        plans.push_back(or_throw(plan(p.problem(), this_device(), handles)));
    }
    std::size_t reports = 0;
    CHECK(rtc::engine::warm_up(plans, {.report = [&](const rtc::warm_up_progress&) { ++reports; }}));
    CHECK(reports >= 1);
    CHECK(fresh.cubins().counts().made == reports);
    gemm_sample p(handles.front().info, {16, 576, 1024}, 7, numbers::exact);
    CHECK(run(*plans[1].kernel(), p) == "");
    CHECK(fresh.cubins().counts().made == reports);
}
