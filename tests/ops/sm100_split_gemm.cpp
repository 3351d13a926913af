// SPDX-License-Identifier: MIT
// Products of few tiles on a simulated Blackwell, through their named operation: the engine plans kernels that split K, unless
// the context forbids it or no such cluster would run.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_split_operation_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = shipped::sm100::half<bf16>;
constexpr config few = shipped::sm100::tokens(16, 64), many = shipped::sm100::pair(64, 64);
using some = shipped::sm100::kernels_of<half, half, store<bf16>, few, many, shipped::sm100::in_parts(few, 8),
                                        shipped::sm100::in_parts(few, 2), shipped::sm100::in_parts(many, 2)>::type;
using gemm_engine = engine_of<ops::gemm>;
gemm_engine blackwell(int sms, split_rule rule = split_rule::fastest) {
    return {handles(some{}), device_info::simulated_blackwell(sms), {.split = rule}};
}

}  // namespace

TEST_CASE("sm100: a cluster shares K where tiles are few, unless a context forbids it") {
    const gemm_info kind{
        .traits = {.a = {dtype::bf16, scale_kind::none, {}}, .b = {dtype::bf16, scale_kind::none, {}}}};
    struct expectation {
        i32 rows;
        int sms, parts;
        split_rule rule = split_rule::fastest;
    };
    double whole_us = 0;
    for (const auto& [rows, sms, parts, rule] : {expectation{13, 8, 1, split_rule::never},
                                                 {13, 8, 8},
                                                 {13, 7, 2},
                                                 {250, 8, 1},
                                                 {250, 8, 8, split_rule::as_one_row}}) {
        CAPTURE(rows);
        CAPTURE(sms);
        CAPTURE(name_of(rule));
        gemm_sample sample(kind, {rows, 120, 3000}, 7 + u64(rows));
        const gemm_engine engine = blackwell(sms, rule);
        const auto made = engine.plan(sample.problem());
        REQUIRE_MESSAGE(made, made.failure().message);
        REQUIRE(made->kernel() != nullptr);
        CHECK(made->kernel()->info.cfg.split_k == parts);
        sim::options machine{.num_sms = sms};
        const auto outcome = run_named(engine, sample.problem(), {.stream = &machine});
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        CHECK(sample.verdict() == "");
        if (rule == split_rule::never) whole_us = made->predicted().total_us;
        if (parts > 1 && rule == split_rule::fastest) CHECK(made->predicted().total_us < whole_us);
    }
}

}  // namespace sm100_split_operation_tests
