// SPDX-License-Identifier: MIT
// FP8 products of operands that are contiguous along M or N: transposed into a workspace, then multiplied. On the simulator,
// through the engine over all shipped kernels.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/gemm/explain_fp8.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "../kernel/machines.hpp"
#include "gemm_layouts_sample.hpp"
#include "guarded_workspace.hpp"

namespace gemm_layouts_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using layouts_engine = engine_of<ops::gemm, ops::transpose>;

layouts_engine engine_on_simulator(int sms = device_info::simulator().sm_count) {
    layouts_engine made(instances::of<ops::gemm>(), device_info::simulator(sms));
    made.with(instances::of<ops::transpose>());
    return made;
}

std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }

/// `kind` with any of the two operands turned.
gemm_info turned(gemm_info kind, random_source& random) {
    const i64 which = random.integer(1, 3);
    if ((which & 1) != 0) kind.traits.a.contiguous = major::mn;
    if ((which & 2) != 0) kind.traits.b.contiguous = major::mn;
    return kind;
}

}  // namespace

TEST_CASE("gemm: FP8 in every order, exact, in the smallest workspace; scaled along K, for all of it, or not at all") {
    int served = 0;
    const auto one = [&](random_source& random, sim::options machine) {
        const layouts_engine engine = engine_on_simulator(machine.num_sms);
        const bool at_end = random.integer(0, 1) == 0;
        const gemm_info kind = turned(at_end ? random_end_kind(random) : random_kind(random), random);
        const problem_shape shape{random_extent(random, 400), random_extent(random, 400), random_extent(random, 700)};
        const u64 seed = random.bits();
        CAPTURE(describe(kind, shape, seed));
        placement how = random_placement(random, kind);
        gemm_sample sample(kind, shape, seed, random.integer(0, 2) == 0 ? numbers::normal : numbers::exact, how);
        const gemm_problem problem = sample.problem();
        const u64 bytes = fp8_gemm_workspace_bytes(problem.a.matrix, problem.b.matrix);
        CHECK(bytes == transposed_bytes(kind.traits.a.contiguous, shape.m, shape.k) +
                           transposed_bytes(kind.traits.b.contiguous, shape.n, shape.k));
        guarded_workspace workspace(bytes);
        for (int i = 0; i < 2; ++i) {
            const auto done = run_in_layout(
                engine, problem, {.stream = &machine, .workspace = workspace.argument(), .dependent_launch = i == 1});
            if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return false;
            ++served;
            CHECK(message_of(done) == "");
            CHECK(sample.verdict() == "");
            CHECK(workspace.trespass() == "");
            sample.restore();
            workspace.fill();
        }
        return true;
    };
    on_machines(8, [&](random_source& random, sim::options machine) {
        // A sample of the kernels serves some kinds only.
        for (int tries = DEEPGEMM_TEST_SAMPLE > 1 ? 60 : 1; tries > 0 && !one(random, machine);) --tries;
    });
    CHECK(served >= 48 / DEEPGEMM_TEST_SAMPLE);
}

TEST_CASE("gemm: FP8 in every order as docs/ops/gemm.md shows it") {
    constexpr i64 m = 48, n = 80, k = 400;
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}, major::mn};
    kind.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    gemm_sample sample(kind, {m, n, k}, fresh_seed());
    const gemm_problem here = sample.problem();
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.scales.data;
    const output_matrix d = here.d;
    const i64 a_pitch = here.a.matrix.column_stride, b_pitch = here.b.matrix.column_stride;
    const layouts_engine engine = engine_on_simulator();
    guarded_workspace memory(fp8_gemm_workspace_bytes(here.a.matrix, here.b.matrix));
    const auto allocate = [&](u64 bytes) {
        REQUIRE(memory.argument().bytes == bytes);
        return memory.argument().data;
    };
    // [call]
    const scaled_matrix a{row_major(a_data, k, m, a_pitch),                                 // (k, m)
                          transposed(per_token_scales(a_scales, scale_kind::fp32, m, k))},  // (k / 128, m)
        b{row_major(b_data, k, n, b_pitch),                                                 // (k, n)
          transposed(per_block_scales(b_scales, scale_kind::fp32, n, k))};                  // (k / 128, n / 128)
    const u64 bytes = fp8_gemm_workspace_bytes(transposed(a.matrix), transposed(b.matrix));
    void* const workspace = allocate(bytes);  // device memory
    const auto done = fp8_gemm_tn(engine, a, b, d, {.workspace = {workspace, bytes}});
    // [call]
    if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
    CHECK(message_of(done) == "");
    CHECK(sample.verdict() == "");
}

TEST_CASE("gemm: what is refused of FP8 in other orders, before anything is launched") {
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
    kind.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    gemm_sample sample(kind, {140, 64, 300}, fresh_seed());
    const gemm_problem given = sample.problem();
    const layouts_engine engine = engine_on_simulator();
    const u64 least = fp8_gemm_workspace_bytes(given.a.matrix, given.b.matrix);
    CHECK(least == 64 * 384);
    guarded_workspace memory(least);
    const std::vector<u8> before = sample.d().bytes();
    const auto refused = [&](const gemm_problem& p, const workspace_memory& workspace, const layouts_engine& by) {
        const auto done = run_in_layout(by, p, {.workspace = workspace});
        CHECK_FALSE(done);
        CHECK(sample.d().bytes() == before);
        CHECK(static_cast<const u8*>(memory.argument().data)[0] == 0xff);
        return message_of(done);
    };
    const workspace_memory whole = memory.argument();
    CHECK(refused(given, {}, engine) ==
          "the workspace has 0 bytes; it must have at least 24576 to transpose B, which is not contiguous along K");
    CHECK(refused(given, {whole.data, least - 1}, engine) ==
          "the workspace has 24575 bytes; it must have at least 24576 to transpose B, which is not contiguous along K");
    CHECK(refused(given, {nullptr, least}, engine) == "the workspace has no data: its pointer is null");
    CHECK(refused(given, {static_cast<u8*>(whole.data) + 8, least}, engine) ==
          "the workspace starts 8 bytes past a multiple of 16; operands in it must start at one");
    CHECK(refused(given, {given.d.data, least}, engine).find(" in memory; the result would be undefined") !=
          std::string::npos);
    gemm_problem other = given;
    other.b.matrix.column_stride = 72;
    CHECK(refused(other, whole, engine) ==
          "B has column stride 72; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    other = given;
    other.b.scales.columns = 2;
    CHECK(refused(other, whole, engine).find("the scales of B are 1 x 2") != std::string::npos);
    layouts_engine none(instances::of<ops::gemm>(), device_info::simulator());
    CHECK(refused(given, whole, none).find("transpose") != std::string::npos);
}

TEST_CASE(
    "gemm: FP8 in other orders, with few rows on the other side, is transposed on the way and needs no workspace") {
    const auto run_without = [](bool a_turned, problem_shape shape, u64 bytes) {
        gemm_info kind;
        kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}, a_turned ? major::mn : major::k};
        kind.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, a_turned && bytes == 0 ? major::k : major::mn};
        gemm_sample sample(kind, shape, fresh_seed());
        const layouts_engine engine = engine_on_simulator();
        guarded_workspace workspace(bytes);
        const auto done = run_in_layout(engine, sample.problem(), {.workspace = workspace.argument()});
        if (DEEPGEMM_TEST_SAMPLE > 1 && !done) return std::string();
        const auto text = explain_fp8_gemm(engine, sample.problem());
        REQUIRE(text);
        CHECK(text->find("is transposed on the way to the tensor cores\n") != std::string::npos);
        CHECK((text->find("A is transposed first: ") != std::string::npos) == (bytes != 0));
        return done ? sample.verdict() : done.failure().message;
    };
    CHECK(run_without(false, {100, 500, 700}, 0) == "");
    CHECK(run_without(true, {500, 100, 700}, 0) == "");
    CHECK(run_without(true, {100, 500, 700}, 100 * 768) == "");  // A alone is transposed first
}

TEST_CASE("gemm: the text for FP8 in other orders says what is transposed first") {
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}, major::mn};
    kind.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    gemm_sample sample(kind, {300, 400, 100}, fresh_seed());
    layouts_engine engine(instances::of<ops::gemm>(), device_info::h200());
    engine.with(instances::of<ops::transpose>());
    const auto text = explain_fp8_gemm(engine, sample.problem());
    if (DEEPGEMM_TEST_SAMPLE > 1 && !text) return;
    REQUIRE(text);
    CAPTURE(*text);
    CHECK(text->find("A is transposed first: 1 matrix of 100 x 300 e4m3, transposed") == 0);
    CHECK(text->find("B is transposed first: 1 matrix of 100 x 400 e4m3, transposed") != std::string::npos);
    CHECK(text->find("m = 300, n = 400, k = 100, A e4m3 scaled 1x128 by fp32, B") != std::string::npos);
}

TEST_CASE("gemm: FP8 in other orders without rows, columns or K needs no workspace") {
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}, major::mn};
    kind.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
    const layouts_engine engine = engine_on_simulator();
    for (const problem_shape shape : {problem_shape{0, 32, 128}, {32, 0, 128}, {32, 32, 0}}) {
        gemm_sample sample(kind, shape, fresh_seed());
        const gemm_problem p = sample.problem();
        const auto done = run_in_layout(engine, p, {});
        if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) continue;
        CHECK(message_of(done) == "");
        CHECK(sample.verdict() == "");
    }
}

}  // namespace gemm_layouts_tests
