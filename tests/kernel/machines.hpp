// SPDX-License-Identifier: MIT
// Simulated machines of every policy, for tests that run on some of each.
#pragma once

#include <deepgemm/reference/random.hpp>
#include <deepgemm/sim/options.hpp>

#include <doctest/doctest.h>

namespace deepgemm::test {

/// The machines that a test runs on, `runs` of each policy, each with a few multiprocessors and data of another seed. There are
/// half as many where tests take a sample.
template <class Test>
void on_machines(int runs, const Test& test) {
    if (DEEPGEMM_TEST_SAMPLE > 1) runs = (runs + 1) / 2;
    u64 seed = fresh_seed();
    for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (int i = 0; i < runs; ++i) {
            random_source random(seed++);
            CAPTURE(random.seed());
            sim::options machine{.policy = policy, .seed = random.seed()};
            machine.num_sms = int(random.integer(2, 6));
            test(random, machine);
        }
    }
}

}  // namespace deepgemm::test
