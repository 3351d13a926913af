// SPDX-License-Identifier: MIT
// What the GEMM tests on a GPU share: device memory, the engine over the shipped kernels, and products of
// tests/ops/gemm_sample.hpp copied to the device. Everything runs in the default stream.
#pragma once

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops.hpp>

#include "../ops/gemm_sample.hpp"
#include "device_sample.hpp"

namespace deepgemm::gemm_tests {

using namespace device_tests;

/// The current device.
inline const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// What a user has: all shipped kernels on this device, and a context.
inline engine shipped(const context& knobs = {}) { return engine(instances::dense(), this_device(), knobs); }

/// A product of the host with copies of its matrices on the device.
using device_product = device_sample<ops::gemm>;

/// Runs a kernel on a product. Returns what went wrong, "" if nothing did.
inline std::string run(const gemm_handle& kernel, test::gemm_sample& p, const launch_options& options = {}) {
    const device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    if (const auto ok = validate(problem); !ok) return ok.failure().message;
    const auto outcome = kernel.launch(arguments_of(problem), options);
    return outcome ? on_device.verdict() : outcome.failure().message;
}

/// What differs between two kernels on one product of normal numbers; "" if every byte of D is the same and right.
inline std::string difference(const gemm_handle& one, const gemm_handle& other, problem_shape shape, u64 seed) {
    test::gemm_sample p(one.info, shape, seed, test::numbers::normal);
    if (const std::string wrong = run(one, p); !wrong.empty()) return "the first: " + wrong;
    const auto first = p.d().bytes();
    p.restore();
    if (const std::string wrong = run(other, p); !wrong.empty()) return "the second: " + wrong;
    return p.d().bytes() == first ? "" : "their bytes differ";
}

/// Runs a product through the named operation of an engine.
inline std::string run(const engine& engine, test::gemm_sample& p) {
    const device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    const auto outcome = test::run_named(engine, problem);
    return outcome ? on_device.verdict() : outcome.failure().message;
}

/// What is wrong with a kernel's result on small integers, with kernel and shape; "" if nothing is.
inline std::string fault_on_exact_data(const gemm_handle& kernel, problem_shape shape, u64 seed,
                                       const test::placement& how = {}, const launch_options& options = {}) {
    test::gemm_sample p(kernel.info, shape, seed, test::numbers::exact, how);
    const std::string wrong = run(kernel, p, options);
    return wrong.empty() ? "" : test::describe(kernel.info, shape, seed) + ": " + wrong;
}

}  // namespace deepgemm::gemm_tests
