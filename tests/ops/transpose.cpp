// SPDX-License-Identifier: MIT
// Transposition as an operation on the simulator: through an engine and by every shipped kernel, planned, explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops/transpose/shipped.cuh>
#include <deepgemm/ops/transpose/transpose.hpp>

#include <doctest/doctest.h>

#include "../kernel/machines.hpp"
#include "transpose_sample.hpp"

namespace transpose_op_tests {

using namespace deepgemm;
using test::transpose_sample;

namespace {

using transposing_engine = engine_of<ops::transpose>;

std::span<const transpose_handle> transposers() { return instances::of<ops::transpose>(); }
transposing_engine engine_on_simulator() { return {transposers(), device_info::simulator()}; }

/// A workload of any shape: a few bytes, a tail of 16, several pieces.
transpose_workload random_size(random_source& random, i64 most) {
    const auto extent = [&] { return i32(random.integer(1, most >> random.integer(0, 5))); };
    return {extent(), extent(), i32(random.integer(1, 3)), random.integer(0, 1) == 0 ? dtype::e4m3 : dtype::e5m2};
}

/// A problem at made-up addresses: X (100, 5000) at row stride 5008.
transpose_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.x = {{at(1), dtype::e4m3, 100, 5000, 5008, 1}, 1, 0},
            .y = {{at(2), dtype::e4m3, 5000, 100, 112, 1}, 1, 0}};
}

}  // namespace

TEST_CASE("transpose: every shipped kernel, random stacks") {
    REQUIRE(transposers().size() == 3);
    for (const transpose_handle& kernel : transposers()) {
        CAPTURE(ops::transpose::source_of(kernel.info));
        test::on_machines(3, [&](random_source& random, sim::options machine) {
            machine.dependent_launch = random.integer(0, 1) != 0;
            transpose_sample sample(random, random_size(random, 600));
            for (int i = 0; i < 2; ++i) {
                const auto done = test::run_named(engine_on_simulator(), sample.problem(),
                                                  {.stream = &machine, .pin = kernel.info.cfg});
                CHECK((done ? "" : done.failure().message) == "");
                CHECK(sample.verdict() == "");
                sample.renew(random);
            }
        });
    }
}

TEST_CASE("transpose: other configurations, by name") {
    using kernel = transposer<arch::sm90, transpose_traits{1}, transpose_config{.warps = 3, .across = 1}>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    transpose_sample sample(random, {50, 211, 2});
    const auto done = sim::try_launch<kernel>(ops::transpose::arguments_of(sample.problem()), {}, {});
    CHECK((done ? "" : done.failure().message) == "");
    CHECK(sample.verdict() == "");
    CHECK(kernel::grid({.rows = 513, .columns = 211}, 132) ==
          10);  // 2 pieces of 512 rows by 14 of 16 columns, three warps
    CHECK(kernel::grid({.rows = 513, .columns = 211}, 1) == 5);
    CHECK(kernel::grid({.rows = 0, .columns = 211}, 132) == 0);
}

TEST_CASE("transpose: as docs/ops/transpose.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const transposing_engine engine = engine_on_simulator();
    constexpr i64 rows = 100, columns = 208;
    std::vector<e4m3> from(std::size_t(rows * columns)), to(std::size_t(columns * 112));
    for (e4m3& x : from) x.bits = u8(random.integer(0, 255));
    e4m3 *const x = from.data(), *const y = to.data();
    // [call]
    const auto done = transpose(engine, row_major(x, rows, columns), row_major(y, columns, rows, 112));
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    for (i64 i = 0; i < rows; ++i) {
        for (i64 j = 0; j < columns; ++j) REQUIRE(y[j * 112 + i].bits == x[i * columns + j].bits);
    }
}

TEST_CASE("transpose: nothing to do needs no memory; refused before anything is launched") {
    const transposing_engine engine = engine_on_simulator();
    CHECK(transpose(engine, input_matrix{nullptr, dtype::e4m3, 0, 10, 16, 1},
                    output_matrix{nullptr, dtype::e4m3, 10, 0, 16, 1}));
    CHECK(transpose(engine, input_stack{{nullptr, dtype::e5m2, 3, 10, 16, 1}, 0, 0},
                    output_stack{{nullptr, dtype::e5m2, 10, 3, 16, 1}, 0, 0}));
    const auto refused = [&](auto change) {
        transpose_problem p = made_up();
        change(p);
        const auto done = test::run_named(engine, p);
        return done ? "" : concat(name_of(done.failure().code), ": ", done.failure().message);
    };
    CHECK(refused([](transpose_problem& p) { p.x.first.type = p.y.first.type = dtype::bf16; }) ==
          "unsupported_type: X is bf16; transpose takes e4m3 or e5m2");
    CHECK(refused([](transpose_problem& p) { p.y.first.data = nullptr; }) ==
          "null_pointer: Y has no data: its pointer is null");
    CHECK(ops::transpose::check(transpose_workload{.rows = -1}).failure().code == errc::bad_extent);
}

TEST_CASE("transpose: a plan, and what no kernel runs") {
    const transposing_engine engine(transposers(), device_info::h200());
    const auto plan = engine.plan(made_up());
    REQUIRE(plan);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("1 matrix of 100 x 5000 e4m3, transposed") != std::string::npos);
    const auto none = transposing_engine(transposers().first(0), device_info::h200()).plan(made_up());
    REQUIRE_FALSE(none);
    CAPTURE(none.failure().message);
    CHECK(none.failure().message.find("transposer<arch::sm90, transpose_traits{.element_bytes = 1}") !=
          std::string::npos);
}

}  // namespace transpose_op_tests
