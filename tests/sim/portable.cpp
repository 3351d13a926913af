// SPDX-License-Identifier: MIT
// A multiply and a cluster's copies on threads that are switched with ucontext, as on machines other than x86-64. These
// tests and those of the machine are built twice: with the fast switch at hand, and without it (portable_tests).
#include <doctest/doctest.h>

#include "../device/copy_probes.cuh"
#include "wgmma_loop.hpp"

using namespace deepgemm;
using namespace deepgemm::probes;

namespace {

std::vector<sim::options> portable_policies() {
    std::vector<sim::options> all(3);
    for (u32 i = 0; i < 3; ++i) {
        all[i].portable_switch = true;
        all[i].policy = sim::policy(i);
    }
    return all;
}

}  // namespace

TEST_CASE("wgmma on portable threads") {
    using list = probe_list<wgmma_probe<e4m3, e4m3, 64>, rs_probe<bf16, bf16, 40>>;
    for (const sim::options& o : portable_policies()) CHECK(wrong_products(list{}, o) == "");
}

TEST_CASE("a cluster on portable threads gives what it gives on fast ones") {
    const bytes expected = simulate<multicast_probe>();
    for (const sim::options& o : portable_policies()) CHECK((simulate<multicast_probe>(o) == expected));
}
