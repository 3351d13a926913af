// SPDX-License-Identifier: MIT
// The machine that the demo runs on. The build takes one of two implementations: machine_cuda.cpp or machine_sim.cpp.
#pragma once

#include <span>
#include <string>

#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/reference/operand.hpp>

namespace demo {

/// The machine: its name and properties, the kernels that it can run, and the shape of a product that suits it.
struct machine {
    std::string title;  ///< "on an NVIDIA H200"
    deepgemm::device_info device;
    std::span<const deepgemm::gemm_handle> kernels;
    deepgemm::problem_shape shape;  ///< of the product, unless the user names another
};

/// Finds the machine. Throws with a sentence if there is none.
machine find_machine();

/// Throws std::runtime_error with a sentence if what run() needs for a product, beside `host_bytes` of the caller's own, is not
/// free.
void check_memory(deepgemm::problem_shape shape, double host_bytes);

/// Runs the plan on A and B, fills `d`, and prints the times of it and of a peer, or a timeline.
void run(const deepgemm::gemm_plan& plan, const deepgemm::quantised_operand<>& a,
         const deepgemm::quantised_operand<>& b, deepgemm::matrix<deepgemm::bf16>& d);

}  // namespace demo
