// SPDX-License-Identifier: MIT
// How tests of grouped kernels run them on the simulator.
#pragma once

#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include "grouped_products.hpp"
#include "machines.hpp"

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

}  // namespace deepgemm::test
