// SPDX-License-Identifier: MIT
// wgmma on the simulator at every legal N, of every type, and with A in registers.
#include <doctest/doctest.h>

#include "wgmma_loop.hpp"

namespace {

using namespace deepgemm;
using namespace deepgemm::probes;

TEST_CASE("wgmma multiplies at every legal N") {
    CHECK(wrong_products(wgmma_widths<e4m3>{}) == "");
    CHECK(wrong_products(wgmma_widths<e5m2>{}) == "");
    CHECK(wrong_products(wgmma_widths<bf16>{}) == "");
    CHECK(wrong_products(wgmma_widths<f16>{}) == "");
    CHECK(wrong_products(wgmma_widths<tf32>{}) == "");
}
TEST_CASE("wgmma multiplies A in registers at every legal N") { CHECK(wrong_products(wgmma_register_widths{}) == ""); }

}  // namespace
