// SPDX-License-Identifier: MIT
// The simulator's half of instructions.cu and instructions_widths.cu: the same probes, compiled by the host compiler.
#include "probe_groups.cuh"
#include "simulate.hpp"

namespace deepgemm::probes {

std::vector<bytes> simulate_group(probe_group group) {
    switch (group) {
        case probe_group::types: return simulate_list(wgmma_types{});
        case probe_group::registers: return simulate_list(wgmma_registers{});
        case probe_group::widths_e4m3: return simulate_list(wgmma_widths<e4m3>{});
        case probe_group::widths_e5m2: return simulate_list(wgmma_widths<e5m2>{});
        case probe_group::widths_bf16: return simulate_list(wgmma_widths<bf16>{});
        case probe_group::widths_f16: return simulate_list(wgmma_widths<f16>{});
        case probe_group::widths_tf32: return simulate_list(wgmma_widths<tf32>{});
        case probe_group::widths_registers: return simulate_list(wgmma_register_widths{});
        case probe_group::k_major: return simulate_list(all_k_major_probes{});
        case probe_group::mn_major: return simulate_list(all_mn_major_probes{});
        case probe_group::tensor_copies: return simulate_list(all_tensor_copy_probes{});
        case probe_group::other_copies: return simulate_list(other_copy_probes{});
        case probe_group::matrices: return simulate_list(matrix_probes{});
        case probe_group::words: return simulate_list(word_probes{});
    }
    return {};
}

}  // namespace deepgemm::probes
