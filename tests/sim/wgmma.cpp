// SPDX-License-Identifier: MIT
// wgmma on the simulator against a plain triple loop: every type, major, swizzle, A in shared memory or registers; every N
// is in wgmma_widths.cpp. The same probes run on a GPU in tests/device.
#include <doctest/doctest.h>

#include "wgmma_loop.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::probes;

TEST_CASE("wgmma multiplies every pair of types") { CHECK(wrong_products(wgmma_types{}) == ""); }
TEST_CASE("wgmma takes A from registers") { CHECK(wrong_products(wgmma_registers{}) == ""); }
TEST_CASE("wgmma reads K-major operands of every swizzle") {
    CHECK(wrong_products(k_major_probes<swizzle_mode::none>{}) == "");
    CHECK(wrong_products(k_major_probes<swizzle_mode::b32>{}) == "");
    CHECK(wrong_products(k_major_probes<swizzle_mode::b64>{}) == "");
    CHECK(wrong_products(k_major_probes<swizzle_mode::b128>{}) == "");
}
TEST_CASE("wgmma reads MN-major operands of every swizzle") {
    CHECK(wrong_products(mn_major_probes<swizzle_mode::none>{}) == "");
    CHECK(wrong_products(mn_major_probes<swizzle_mode::b32>{}) == "");
    CHECK(wrong_products(mn_major_probes<swizzle_mode::b64>{}) == "");
    CHECK(wrong_products(mn_major_probes<swizzle_mode::b128>{}) == "");
}

TEST_CASE("wgmma gives the same under every policy") {
    for (sim::policy policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
        for (u64 seed = 1; seed <= 5; ++seed) {
            sim::options options;
            options.policy = policy;
            options.seed = seed;
            CHECK(wrong_products(probe_list<wgmma_probe<e4m3, e4m3, 64>>{}, options) == "");
        }
    }
}

}  // namespace
