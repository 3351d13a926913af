// SPDX-License-Identifier: MIT
// How tests of grouped kernels run them on the simulator.
#pragma once

#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include "grouped_products.hpp"

namespace deepgemm::test {

/// Runs kernel `K` on a product in host memory: "", the machine's error or what is wrong with the result.
template <class K>
std::string outcome(grouped_product<K>& product, const sim::options& machine) {
    const launch_options wishes{.dependent_launch = machine.dependent_launch};
    const auto done = sim::try_launch<K>(product.arguments(product.here()), wishes, machine);
    return done ? product.d.verdict() : done.failure().message;
}
template <class K>
std::string outcome(grouped_product<K>&& product, const sim::options& machine) {
    return outcome(product, machine);
}

/// The machines that a test runs on, each of another policy, with a few multiprocessors and data of another seed.
template <class Test>
void on_machines(int runs, const Test& test) {
    for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (int i = 0; i < runs; ++i) {
            random_source random(fresh_seed());
            CAPTURE(random.seed());
            sim::options machine{.policy = policy, .seed = random.seed()};
            machine.num_sms = int(random.integer(2, 6));
            test(random, machine);
        }
    }
}

}  // namespace deepgemm::test
