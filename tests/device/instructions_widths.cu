// SPDX-License-Identifier: MIT
// wgmma on a Hopper GPU at every legal N, of every type and with A in registers, against the simulator.
#include "probe_gpu.cuh"

using namespace deepgemm;
using namespace deepgemm::probes;

TEST_CASE("wgmma of every N agrees: e4m3") { compare(probe_group::widths_e4m3, wgmma_widths<e4m3>{}); }
TEST_CASE("wgmma of every N agrees: e5m2") { compare(probe_group::widths_e5m2, wgmma_widths<e5m2>{}); }
TEST_CASE("wgmma of every N agrees: bf16") { compare(probe_group::widths_bf16, wgmma_widths<bf16>{}); }
TEST_CASE("wgmma of every N agrees: f16") { compare(probe_group::widths_f16, wgmma_widths<f16>{}); }
TEST_CASE("wgmma of every N agrees: tf32") { compare(probe_group::widths_tf32, wgmma_widths<tf32>{}); }
TEST_CASE("wgmma of every N agrees: A in registers") {
    compare(probe_group::widths_registers, wgmma_register_widths{});
}
