// SPDX-License-Identifier: MIT
// Products of FP4, of block scales that only Blackwell applies, and of TF32 through the operation on a simulated Blackwell:
// what its kernels take passes the rules, is planned, runs and is right. What is broken is told before anything runs.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/gemm.hpp>

#include <algorithm>
#include <vector>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_small_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;
using turned_mx4 = operand<e2m1, scale::mx<scale::ue8m0>, major::mn>;
template <class Scale, major Order = major::k>
using fp8 = operand<e4m3, Scale, Order>;
using fine = scale::mx<scale::ue8m0>;
using by_token = scale::per_token<scale::ue8m0>;
using by_block = scale::per_block<scale::ue8m0>;
using squares = scale::mx_block<scale::ue8m0>;
using single = operand<tf32, scale::none>;

constexpr config tile(int n, int k) { return {.block = {128, n, k}, .stages = 3}; }
constexpr config tokens(int m, int k) { return {.block = {m, 128, k}, .stages = 3, .swap = true}; }

template <class A, class B, class Epilogue, config... Configs>
struct kernels_of {
    using type = shipped::kernels<gemm<arch::sm100, A, B, Epilogue, Configs>...>;
};
using all =
    shipped::join<typename kernels_of<mx4, mx4, store<bf16>, tile(64, 256), tokens(16, 256)>::type,
                  typename kernels_of<nv4, nv4, store<float>, tile(64, 256)>::type,
                  typename kernels_of<fp8<by_token>, mx4, store<bf16>, tile(64, 128), tokens(16, 128)>::type,
                  typename kernels_of<fp8<by_token>, turned_mx4, store<bf16>, tile(128, 128)>::type,
                  typename kernels_of<fp8<fine>, fp8<by_token>, accumulate<float>, tile(64, 128)>::type,
                  typename kernels_of<fp8<by_block>, fp8<squares>, store<bf16>, tile(64, 128)>::type,
                  typename kernels_of<fp8<fine, major::mn>, fp8<fine, major::mn>, store<bf16>, tile(64, 128)>::type,
                  typename kernels_of<single, single, store<float>, tile(64, 32)>::type>::type;

std::span<const gemm_handle> kernels() { return handles(all{}); }
engine_of<ops::gemm> blackwell() { return {kernels(), device_info::simulated_blackwell()}; }

}  // namespace

TEST_CASE("sm100: FP4, block scales and TF32 pass the rules, are planned, run and are right") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto engine = blackwell();
    for (const gemm_handle& kernel : kernels()) {
        for (const i32 rows : {1, 20, 150}) {
            const i32 m = kernel.info.traits.a.contiguous == major::mn ? align_up(rows, 16) : rows,
                      n = kernel.info.traits.b.contiguous == major::mn ? 128 * i32(random.integer(1, 2)) : 72,
                      k = 128 * i32(random.integer(1, 5));
            const problem_shape shape{m, n, k};
            CAPTURE(describe(kernel.info, shape, random.seed()));
            const bool exact = random.integer(0, 1) == 0;
            gemm_sample sample(kernel.info, shape, random.bits(), exact ? numbers::exact : numbers::normal,
                               {.c_is_d = true});
            const gemm_problem problem = sample.problem();
            const auto verdict = validate(problem);
            REQUIRE_MESSAGE(verdict, verdict.failure().message);
            const auto plan = engine.plan(problem);
            REQUIRE_MESSAGE(plan, plan.failure().message);
            CHECK(plan->kernel()->info.traits == kernel.info.traits);
            const auto outcome = run_named(engine, problem);
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(sample.verdict() == "");
        }
    }
}

TEST_CASE("sm100: without K, operands of any kind are not looked at") {
    const auto engine = blackwell();
    for (const gemm_handle& kernel : kernels()) {
        gemm_sample sample(kernel.info, {40, 128, 0}, 3, numbers::exact, {.c_is_d = true});
        const auto outcome = engine.run<ops::gemm>(sample.problem());
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("sm100: FP4 and FP8 to the right of A, with what is wrong told before anything runs") {
    const auto engine = blackwell();
    const gemm_info& kind = kernels()[3].info;  // FP8 x FP4
    gemm_sample sample(kind, {20, 72, 256}, 5);
    gemm_problem problem = sample.problem();
    problem.b.scales.tile = {1, 16};
    auto outcome = run_named(engine, problem);
    REQUIRE(!outcome);
    CHECK(
        outcome.failure().message ==
        "a scale of B covers 1 x 16 elements; in ue8m0 it must cover 1 x 32, 1 x 128, 32 x 32 or 128 x 128 (rows x K)");
    problem = sample.problem();
    problem.a.matrix.columns = problem.b.matrix.columns = 250;
    outcome = run_named(engine, problem);
    REQUIRE(!outcome);
    CHECK(
        outcome.failure().message ==
        "B has 250 columns of e2m1x2; TMA spreads 128 at a time over bytes, so their number must be a multiple of 128");
    CHECK(sample.d().trespass([](i64, i64) { return false; }) == "");
    // A Hopper has no kernel for it, and says so.
    const engine_of<ops::gemm> hopper(kernels(), device_info::simulator());
    outcome = run_named(hopper, sample.problem());
    REQUIRE(!outcome);
    CHECK(outcome.failure().code == errc::wrong_device);
}

}  // namespace sm100_small_gemm_tests
