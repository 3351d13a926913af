// SPDX-License-Identifier: MIT
// How tests of grouped kernels run them on the simulator.
#pragma once

#include <deepgemm/host/sim_launch.hpp>

#include <doctest/doctest.h>

#include "grouped_products.hpp"
#include "machines.hpp"

namespace deepgemm::test {

/// Columns of D: any number, and half of the time one at which rows of D are whole units of 16 bytes.
inline i32 random_columns(random_source& random) {
    return i32(random.integer(0, 1) == 0 ? random.integer(1, 150) : 8 * random.integer(1, 18));
}

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
