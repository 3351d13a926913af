// SPDX-License-Identifier: MIT
// The simulator's half of instructions.cu: the same probes, compiled by the host compiler.
#include "probe_groups.cuh"
#include "simulate.hpp"

namespace deepgemm::probes {

std::vector<bytes> simulate_group(probe_group group) {
    switch (group) {
        case probe_group::types: return simulate_list(wgmma_types{});
        case probe_group::registers: return simulate_list(wgmma_registers{});
        case probe_group::widths: return simulate_list(wgmma_widths{});
        case probe_group::k_major: return simulate_list(all_k_major_probes{});
        case probe_group::mn_major: return simulate_list(all_mn_major_probes{});
        case probe_group::tensor_copies: return simulate_list(all_tensor_copy_probes{});
        case probe_group::other_copies: return simulate_list(other_copy_probes{});
        case probe_group::matrices: return simulate_list(matrix_probes{});
    }
    return {};
}

}  // namespace deepgemm::probes
