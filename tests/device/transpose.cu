// SPDX-License-Identifier: MIT
// Transposition on a GPU: samples of tests/ops/transpose_sample.hpp by every shipped kernel, on some multiprocessors, too, and
// in a graph that is replayed with other bytes.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>

#include "../ops/transpose_sample.hpp"
#include "device_sample.hpp"

using namespace deepgemm;
using namespace device_tests;
using test::transpose_sample;

namespace {

engine_of<ops::transpose> transposing_engine() {
    return {instances::of<ops::transpose>(), or_throw(cuda::describe_current_device())};
}

}  // namespace

TEST_CASE("transpose: every shipped kernel, on some multiprocessors, too") {
    const auto engine = transposing_engine();
    REQUIRE(engine.kernels().size() == 3);
    for (const transpose_handle& kernel : engine.kernels()) {
        for (int i = 0; i < 8; ++i) {
            random_source random(fresh_seed());
            INFO("DEEPGEMM_SEED=", random.seed(), " ", ops::transpose::source_of(kernel.info));
            const i32 rows = i32(random.integer(1, 3000)), columns = i32(random.integer(1, 3000)),
                      matrices = i32(random.integer(1, 3));
            INFO(rows, " x ", columns);
            transpose_sample sample(random, {rows, columns, matrices});
            for (const int sms : {0, 7}) {
                const device_sample memory(sample);
                or_throw(test::run_named(engine, memory.problem(), {.num_sms = sms, .pin = kernel.info.cfg}));
                CHECK(memory.verdict() == "");
                sample.restore();
            }
        }
    }
}

TEST_CASE("transpose: a graph is replayed with other bytes in the same memory") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const auto engine = transposing_engine();
    CHECK(engine.prepare());
    transpose_sample sample(random, {300, 5001, 2, dtype::e5m2});
    device_sample memory(sample);
    const transpose_problem problem = memory.problem();
    const stream on;
    const captured graph(on, [&] { or_throw(test::run_named(engine, problem, {.stream = on.handle})); });
    for (int i = 0; i < 3; ++i) {
        sample.renew(random);
        memory.load(sample);
        graph.run(on);
        CHECK(memory.verdict() == "");
    }
}
