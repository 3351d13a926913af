// SPDX-License-Identifier: MIT
// The shipped kernels, described and not compiled: what planning needs of them.
#pragma once

#include <deepgemm/kernel/shipped.cuh>
#include <deepgemm/kernel/shipped_half.cuh>

#include "fakes.hpp"

namespace deepgemm::fakes {

/// Adds a list of kernels, described, not compiled.
template <class... Kernels>
void append(std::vector<kernel_handle>& all, shipped::kernels<Kernels...>) {
    (all.push_back({Kernels::info, [] { return result<void>{}; },
                    [](const gemm_arguments&, const launch_options&) { return result<void>{}; }}),
     ...);
}

/// The kernels of the tuned families, as handles that launch nothing.
inline const std::vector<kernel_handle>& kernels() {
    static const std::vector<kernel_handle> all = [] {
        std::vector<kernel_handle> made;
        append(made, shipped::weights_bf16_few{});
        append(made, shipped::weights_bf16_few_split{});
        append(made, shipped::weights_bf16_narrow{});
        append(made, shipped::weights_bf16_split{});
        append(made, shipped::weights_bf16_short{});
        append(made, shipped::weights_bf16_medium{});
        append(made, shipped::weights_bf16_wide{});
        append(made, shipped::weights_bf16_widest{});
        append(made, shipped::gradients{});
        append(made, shipped::gradients_in_place{});
        append(made, shipped::weights_f32{});
        append(made, shipped::weights_k_major_few{});
        append(made, shipped::weights_k_major_narrow{});
        append(made, shipped::weights_k_major_wide{});
        append(made, shipped::bf16_nt_few{});
        append(made, shipped::bf16_nt{});
        append(made, shipped::bf16_nt_split{});
        append(made, shipped::bf16_nt_wide{});
        append(made, shipped::bf16_nn{});
        append(made, shipped::bf16_nn_wide{});
        append(made, shipped::bf16_tn_wide{});
        append(made, shipped::bf16_nt_acc_few{});
        append(made, shipped::bf16_nt_acc{});
        append(made, shipped::bf16_nt_acc_split{});
        append(made, shipped::bf16_nt_acc_wide{});
        append(made, shipped::bf16_nt_f32_few{});
        append(made, shipped::bf16_nt_f32{});
        append(made, shipped::bf16_nt_f32_split{});
        append(made, shipped::bf16_nt_f32_wide{});
        append(made, shipped::bf16_tn_f32_acc_wide{});
        append(made, shipped::bf16_tn_f32_in_place{});
        append(made, shipped::f16_half{});
        return made;
    }();
    return all;
}

}  // namespace deepgemm::fakes
