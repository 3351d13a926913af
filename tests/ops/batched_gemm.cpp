// SPDX-License-Identifier: MIT
// The batched GEMM as an operation on the simulator: through the engine and by every shipped kernel, planned, explained, pinned.
// batched_gemm_einsum.cpp has its einsums, batched_gemm_rules.cpp what is refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/sim/grid.hpp>

#include "../kernel/machines.hpp"
#include "batched_gemm_sample.hpp"

namespace batched_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using batched_engine = engine_of<ops::batched_gemm>;

std::span<const batched_handle> batched_kernels() { return instances::of<ops::batched_gemm>(); }
batched_engine engine_on_simulator() { return {batched_kernels(), device_info::simulator()}; }

/// What the shipped kernels compute, each once.
std::vector<gemm_traits> all_kinds() {
    std::vector<gemm_traits> kinds;
    for (const batched_handle& kernel : batched_kernels()) {
        if (std::ranges::find(kinds, kernel.info.traits) == kinds.end()) kinds.push_back(kernel.info.traits);
    }
    return kinds;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const batched_engine& engine, batched_sample& sample, const batched_options& options = {}) {
    const auto done = run_named(engine, sample.problem(), options);
    return done ? sample.verdict() : done.failure().message;
}

stack_order any_order(random_source& random) {
    return random.integer(0, 1) == 0 ? stack_order::apart : stack_order::among;
}

/// The kernel that an H200 would get for a workload in BF16 whose B is contiguous along `b`.
config chosen(major b, i32 count, problem_shape shape) {
    const operand_info plain{dtype::bf16, scale_kind::none};
    operand_info right = plain;
    right.contiguous = b;
    const auto best = choose(batched_workload{count, {.shape = shape, .a = plain, .b = right}}, device_info::h200(),
                             batched_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

}  // namespace

TEST_CASE("batched gemm: random ragged batches, each on the kernel that an H200 would get") {
    on_machines(4, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const batched_engine engine(batched_kernels(), device);
        for (const gemm_traits& what : all_kinds()) {
            CAPTURE(to_source(what.a));
            CAPTURE(to_source(what.b));
            CAPTURE(name_of(what.d));
            const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, 200)),
                                      i32(random.integer(1, 300))};
            batched_sample sample(random, random.integer(1, 5), shape, what, any_order(random));
            sim::options own = machine;
            CHECK(run(engine, sample, {.stream = &own}) == "");
        }
    });
}

TEST_CASE("batched gemm: every shipped kernel, matrices apart and among each other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const batched_handle& kernel : batched_kernels()) {
        const config& cfg = kernel.info.cfg;
        CAPTURE(to_source(kernel.info));
        for (const stack_order order : {stack_order::apart, stack_order::among}) {
            batched_sample sample(random, 3, {cfg.block.m + 20, cfg.block.n + 12, 330}, kernel.info.traits, order);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
        }
    }
}

TEST_CASE("batched gemm: matrices of B stay in the stages where these hold them, and are loaded again where not") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const batched_handle& kernel : batched_kernels()) {
        const config& cfg = kernel.info.cfg;
        if (!cfg.keeps_b) continue;
        CAPTURE(to_source(kernel.info));
        const i64 row = 128;  // bytes of a row of a tile
        for (const i32 blocks : {cfg.stages, cfg.stages / 2, cfg.stages - 1}) {
            // Each of three CTAs has a column of ragged tiles.
            const i32 rows = i32(random.integer(4, 6)), k = blocks * cfg.block.k - i32(random.integer(0, 7));
            batched_sample sample(random, 3, {rows * cfg.block.m - 10, cfg.block.n - 3, k}, kernel.info.traits,
                                  any_order(random));
            sim::options own{.policy = sim::policy::random, .seed = u64(random.integer(1, 1 << 30)), .num_sms = 3};
            CHECK(run(engine, sample, {.stream = &own, .pin = cfg}) == "");
            const i32 loaded = blocks == cfg.stages ? 1 : blocks == cfg.stages / 2 ? 2 : rows;
            CHECK(i64(sim::last_run().statistics.load_bytes) ==
                  3 * blocks * row * (rows * cfg.block.m + loaded * cfg.block.n));
        }
    }
}

TEST_CASE("batched gemm: normal numbers are within the error of the tensor core") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const gemm_traits& what : all_kinds()) {
        batched_sample sample(random, 2, {70, 90, 400}, what, any_order(random), numbers::normal);
        CHECK(run(engine, sample) == "");
    }
}

TEST_CASE("batched gemm: one product, one row, no K") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const gemm_traits& what : all_kinds()) {
        CAPTURE(to_source(what.a));
        CAPTURE(to_source(what.b));
        for (const auto& [count, shape] : {std::pair<i64, problem_shape>{1, {70, 40, 200}},
                                           {3, {1, 40, 200}},
                                           {2, {70, 1, 200}},
                                           {3, {70, 40, 1}},
                                           {3, {70, 40, 0}},
                                           {1, {1, 1, 1}}}) {
            batched_sample sample(random, count, shape, what);
            CHECK(run(engine, sample) == "");
        }
    }
}

TEST_CASE(
    "batched gemm: sums of many matrices by few and by many multiprocessors, with little workspace and with enough") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        const batched_engine engine = engine_on_simulator();
        for (const batched_handle& kernel : batched_kernels()) {
            if (kernel.info.traits.groups != grouping::summed) continue;
            CAPTURE(to_source(kernel.info));
            const problem_shape shape{i32(random.integer(1, 300)), i32(random.integer(1, 300)),
                                      i32(random.integer(1, 200))};
            for (const int sms : {1, 3, 7, 16}) {
                batched_sample sample(random, random.integer(1, 20), shape, kernel.info.traits, any_order(random));
                sim::options own = machine;
                own.num_sms = sms;
                CHECK(run(engine, sample, {.stream = &own, .pin = kernel.info.cfg}) == "");
            }
            for (const i64 count : {i64(0), i64(1)}) {
                batched_sample sample(random, count, {70, 40, i32(count) * 8}, kernel.info.traits);
                sim::options own = machine;
                CHECK(run(engine, sample, {.stream = &own, .pin = kernel.info.cfg}) == "");
            }
        }
    });
}

TEST_CASE("batched gemm: sums do not depend on timing, and a workspace serves one after the other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    gemm_traits what;
    for (const batched_handle& kernel : batched_kernels()) {
        if (kernel.info.traits.groups == grouping::summed && kernel.info.traits.d == dtype::f32 &&
            !kernel.info.traits.accumulate) {
            what = kernel.info.traits;
        }
    }
    batched_sample sample(random, 9, {130, 70, 200}, what, stack_order::apart, numbers::normal);
    std::vector<u8> first;
    for (u64 seed = 1; seed < 5; ++seed) {
        sim::options machine{.policy = sim::policy::random, .seed = seed, .num_sms = 8};
        CHECK(run(engine, sample, {.stream = &machine}) == "");
        if (first.empty()) first = sample.d().bytes();
        CHECK(sample.d().bytes() == first);
        sample.restore();
    }
}

TEST_CASE("batched gemm: dependent launches wait, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const gemm_traits& what : all_kinds()) {
        batched_sample sample(random, 3, {70, 90, 300}, what);
        CHECK(run(engine_on_simulator(), sample, {.dependent_launch = true}) == "");
    }
}

TEST_CASE("batched gemm: plans are explained, pinned and launched, and remembered by all that they depend on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    const gemm_traits what = batched_kernels()[0].info.traits;
    batched_sample sample(random, 3, {70, 200, 300}, what), larger(random, 4, {70, 200, 300}, what);
    const auto plan = engine.plan(sample.problem());
    REQUIRE(plan);
    CHECK(plan->workspace_bytes() == 0);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("3 products of m = 70, n = 200, k = 300, A bf16 contiguous along K, B bf16 contiguous along K, D "
                    "bf16") == 0);
    REQUIRE(plan->launch(sample.problem()));
    CHECK(sample.verdict() == "");
    const auto other = plan->launch(larger.problem());
    REQUIRE(!other);
    CHECK(other.failure().code == errc::shape_mismatch);
    const config& last = plan->ranked.back().kernel->info.cfg;
    const auto pinned = engine.plan(sample.problem(), {.pin = last});
    REQUIRE(pinned);
    CHECK(pinned->chosen_by == choice::pinned);
    for (int i = 0; i < 2; ++i) {
        CHECK(engine.run(sample.problem()));
        CHECK(engine.run(larger.problem()));
    }
    CHECK(engine.planned() == 2);
}

TEST_CASE("batched gemm: few rows get swapped operands, many rows large tiles or matrices that stay") {
    for (const major b : {major::k, major::mn}) {
        CHECK(chosen(b, 128, {4, 128, 512}).swap);
        CHECK(chosen(b, 8, {4, 1024, 4096}).swap);
        CHECK(chosen(b, 8, {32, 1024, 4096}).block.m == 32);
        const config many = chosen(b, 8, {8192, 1024, 4096});
        CHECK(many.block.m * many.block.n >= 128 * 256);
        CHECK(many.sm90.warpgroups == 2);
        // Matrices of B stay where they fit the stages and have many rows to serve.
        const bool wide = b == major::mn;
        const i32 n = wide ? 512 : 128, k = wide ? 128 : 512;
        CHECK(chosen(b, 128, {4096, n, k}).keeps_b);
        CHECK(chosen(b, 16, {8192, n, k}).keeps_b);
        CHECK(!chosen(b, 128, {64, n, k}).keeps_b);
        CHECK(!many.keeps_b);
    }
    CHECK(chosen(major::mn, 128, {128, 512, 128}).block == tile_shape{128, 128, 64});
}

}  // namespace batched_gemm_tests
