// SPDX-License-Identifier: MIT
// How the tests of this folder run kernels on the simulator, and the shapes they choose for a kernel.
#pragma once

#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/sim/options.hpp>

#include <doctest/doctest.h>

#include "../ops/gemm_sample.hpp"

namespace deepgemm::test {

/// The seed of a shape's data, unless a test has one of its own: another one for each shape and each run.
inline u64 seed_of(problem_shape shape) {
    return fresh_seed() + u64(shape.m) * 1000003 + u64(shape.n) * 1009 + u64(shape.k);
}

/// Runs a kernel on a product in host memory and judges the result: "" or what is wrong. The machine gets as many
/// multiprocessors as a cluster of the kernel needs.
inline std::string run(const gemm_handle& kernel, gemm_sample& p, sim::options machine = {}, int num_sms = 0) {
    const gemm_problem problem = p.problem();
    if (const auto ok = validate(problem); !ok) return ok.failure().message;
    machine.num_sms = max(machine.num_sms, kernel.info.cfg.cluster_ctas());
    const launch_options wishes{.stream = &machine, .num_sms = num_sms};
    const auto outcome = kernel.launch(arguments_of(problem), wishes);
    return outcome ? p.verdict() : outcome.failure().message;
}

/// Runs a kernel on small integers and expects every bit right.
inline void expect_exact(const gemm_handle& kernel, problem_shape shape, const placement& how = {},
                         const sim::options& machine = {}, int num_sms = 0) {
    gemm_sample p(kernel.info, shape, seed_of(shape), numbers::exact, how);
    const std::string wrong = run(kernel, p, machine, num_sms);
    CHECK_MESSAGE(wrong == "", describe(kernel.info, shape, seed_of(shape)));
}

/// A machine whose copies overtake each other and whose warps run in random order.
inline sim::options random_machine(u64 seed) {
    sim::options machine;
    machine.policy = sim::policy::random;
    machine.seed = seed;
    return machine;
}

}  // namespace deepgemm::test
