// SPDX-License-Identifier: MIT
// The shipped kernels that claim tiles, as a user has them: through the named operations, all of them pinned in turn, launched
// dependently, beside kernels with numbered tiles, and on part of a device.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_claimed_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = shipped::sm100::half<bf16>;
using claimed_kernels = decltype(shipped::sm100_claimed());
using both_kernels = shipped::join<shipped::sm100_claimed_bf16,
                                   shipped::sm100::kernels_of<half, half, store<bf16>, shipped::sm100::tokens(64, 64),
                                                              shipped::sm100::alone(128, 64)>::type>::type;
std::span<const gemm_handle> claiming() { return handles(claimed_kernels{}); }
using gemm_engine = engine_of<ops::gemm>;

}  // namespace

TEST_CASE("sm100: shipped kernels that claim tiles, through the named operations") {
    random_source random(fresh_seed());
    CHECK(claiming().size() == 8);
    for (const gemm_handle& kernel : claiming()) {
        CHECK(kernel.info.launch.claims);
        const gemm_engine engine(claiming(), device_info::simulated_blackwell());
        const auto [m, n] = cluster_tile(kernel.info);
        const problem_shape shape = shape_for(kernel.info, 2 * m + 3, n + 9, random_extent(random, 500));
        CAPTURE(describe(kernel.info, shape, random.seed()));
        gemm_sample sample(kernel.info, shape, random.bits(), numbers::exact, {.a_pad = 16, .b_pad = 16});
        const auto outcome = run_named(engine, sample.problem(), {.pin = kernel.info.cfg, .dependent_launch = true});
        REQUIRE_MESSAGE(outcome, outcome.failure().message);
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("sm100: numbered tiles are the planner's choice; part of a device rules claimed ones out, with the reason") {
    const gemm_engine engine(handles(both_kernels{}), device_info::simulated_blackwell(8));
    gemm_sample sample(claiming()[0].info, {300, 200, 256}, 3);
    const auto plan = engine.plan(sample.problem());
    REQUIRE(plan);
    CHECK(!plan->kernel()->info.launch.claims);
    CHECK(explain(*plan).find("tile_source::claimed") != std::string::npos);  // the next best one

    const gemm_engine alone(claiming(), device_info::simulated_blackwell(8));
    const auto refused = run_named(alone, sample.problem(), {.num_sms = 4});
    REQUIRE(!refused);
    CAPTURE(refused.failure().message);
    CHECK(refused.failure().message.find(
              "it claims tiles on every multiprocessor that is free, and num_sms keeps some for others") !=
          std::string::npos);
}

}  // namespace sm100_claimed_gemm_tests
