// SPDX-License-Identifier: MIT
// Cleaning of logits as an operation on the simulator: through an engine and by every shipped kernel, planned, explained,
// refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/clean_logits/clean_logits.hpp>
#include <deepgemm/ops/clean_logits/shipped.cuh>

#include <doctest/doctest.h>

#include "../kernel/machines.hpp"
#include "clean_logits_sample.hpp"

namespace clean_logits_op_tests {

using namespace deepgemm;
using test::clean_logits_sample;

namespace {

using clean_engine = engine_of<ops::clean_logits>;

std::span<const clean_logits_handle> clean_kernels() { return instances::of<ops::clean_logits>(); }
clean_engine engine_on_simulator() { return {clean_kernels(), device_info::simulator()}; }

/// A problem at made-up addresses: D (100, 5000) in FP32.
clean_logits_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.d = row_major(static_cast<float*>(at(1)), 100, 5000),
            .first = static_cast<const i32*>(at(2)),
            .last = static_cast<const i32*>(at(3))};
}

}  // namespace

TEST_CASE("clean_logits: every shipped kernel, random ranges") {
    REQUIRE(clean_kernels().size() == 3);
    for (const clean_logits_handle& kernel : clean_kernels()) {
        CAPTURE(ops::clean_logits::source_of(kernel.info));
        test::on_machines(3, [&](random_source& random, sim::options machine) {
            machine.dependent_launch = random.integer(0, 1) != 0;
            clean_logits_sample sample(
                random, {i32(random.integer(1, 40)), i32(random.integer(1, 10'000)), kernel.info.traits.logits});
            for (int i = 0; i < 2; ++i) {
                const auto done = test::run_named(engine_on_simulator(), sample.problem(), {.stream = &machine});
                CHECK((done ? "" : done.failure().message) == "");
                CHECK(sample.verdict() == "");
                sample.renew(random);
            }
        });
    }
}

TEST_CASE("clean_logits: other configurations, by name") {
    using kernel =
        logits_cleaner<arch::sm90, clean_logits_traits{dtype::f16}, clean_logits_config{.warps = 3, .columns = 512}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    clean_logits_sample sample(random, {50, 2111, dtype::f16});
    const auto done = sim::try_launch<kernel>(ops::clean_logits::arguments_of(sample.problem()), {}, {});
    CHECK((done ? "" : done.failure().message) == "");
    CHECK(sample.verdict() == "");
    CHECK(kernel::grid({.queries = 50, .keys = 2111}, 132) == 84);  // 5 pieces of each row, three warps
    CHECK(kernel::grid({.queries = 50, .keys = 2111}, 2) == 42);
    CHECK(kernel::grid({.queries = 50, .keys = 0}, 132) == 0);
    static_assert(shipped::cleaner<dtype::f32>::grid({.queries = 1, .keys = i32(max_extent)}, 132) == 132 * 8);
}

TEST_CASE("clean_logits: as docs/ops/clean_logits.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    clean_logits_sample sample(random, {20, 300, dtype::f32});
    const clean_engine engine = engine_on_simulator();
    const clean_logits_problem p = sample.problem();
    float* const logits = static_cast<float*>(p.d.data);
    const i32 *const first = p.first, *const last = p.last;
    const i64 queries = p.d.rows, keys = p.d.columns, pitch = p.d.row_stride;
    // [call]
    const auto done = clean_logits(engine, row_major(logits, queries, keys, pitch), first, last);
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("clean_logits: nothing to write needs no memory; refused before anything is launched") {
    const clean_engine engine = engine_on_simulator();
    CHECK(clean_logits(engine, {nullptr, dtype::bf16, 0, 10, 10, 1}, nullptr, nullptr));
    CHECK(clean_logits(engine, {nullptr, dtype::f16, 10, 0, 10, 1}, nullptr, nullptr));
    const auto refused = [&](auto change) {
        clean_logits_problem p = made_up();
        change(p);
        const auto done = test::run_named(engine, p);
        return done ? "" : concat(name_of(done.failure().code), ": ", done.failure().message);
    };
    CHECK(refused([](clean_logits_problem& p) { p.d.type = dtype::e4m3; }) ==
          "unsupported_type: D is e4m3; logits must be f32, bf16 or f16");
    CHECK(refused([](clean_logits_problem& p) { p.last = nullptr; }) ==
          "null_pointer: the last keys have no data: their pointer is null");
    CHECK(ops::clean_logits::check(clean_logits_workload{.queries = -1}).failure().code == errc::bad_extent);
}

TEST_CASE("clean_logits: a plan, and what no kernel runs") {
    const clean_engine engine(clean_kernels(), device_info::h200());
    const auto plan = engine.plan(made_up());
    REQUIRE(plan);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("minus infinity around ranges of 100 queries, 5000 keys, logits f32") != std::string::npos);
    const clean_engine floats(clean_kernels().first(1), device_info::h200());
    clean_logits_problem halves = made_up();
    halves.d.type = dtype::f16;
    const auto none = floats.plan(halves);
    REQUIRE_FALSE(none);
    CAPTURE(none.failure().message);
    CHECK(none.failure().message.find("logits_cleaner<arch::sm90, clean_logits_traits{.logits = dtype::f16}") !=
          std::string::npos);
}

}  // namespace clean_logits_op_tests
