// SPDX-License-Identifier: MIT
// The shapes on which kernels of Blackwell that split K are tested.
#pragma once

#include "sm100_runs.hpp"

namespace deepgemm::test {

/// Beside the shapes of every kernel: parts of which each exceeds the stages by two blocks; K with fewer blocks than there are
/// parts, so that some parts are empty; and parts of unequal length, each under another policy. One cluster has several tiles,
/// with tails along each axis. Exact data must come out bit by bit.
inline void expect_exact_parts(std::span<const gemm_handle> kernels) {
    expect_exact_everywhere(kernels);
    u32 turn = 0;
    unsigned number = DEEPGEMM_TEST_SEED;
    for (const gemm_handle& kernel : kernels) {
        const auto [m, n] = cluster_tile(kernel.info);
        ++number;
        const config& cfg = kernel.info.cfg;
        const i32 step = cfg.block.k, parts = cfg.split_k;
        for (const problem_shape& shape : {problem_shape{m + 1, n - 3, parts * (cfg.stages + 2) * step - step / 2 - 8},
                                           {2 * m + 1, n + 9, (parts - 1) * step},
                                           {m - 3, 2 * n + 1, (parts + 1) * step + 8}}) {
            constexpr sim::policy policies[] = {sim::policy::random, sim::policy::eager, sim::policy::lazy};
            const sim::policy policy = policies[turn++ % 3];
            if (!in_sample(number)) continue;
            const problem_shape fitted = even_shape(kernel.info, shape);
            const u64 seed = seed_of(fitted);
            gemm_sample p(kernel.info, fitted, seed, numbers::exact,
                          {.a_pad = 8, .b_pad = 16, .c_pad = 24, .d_pad = 8});
            const sim::options machine{.policy = policy, .seed = seed, .num_sms = cfg.cluster_ctas()};
            CHECK_MESSAGE(run_kernel(kernel, p, machine, machine.num_sms) == "", describe(kernel.info, fitted, seed));
        }
        ++turn;
    }
}

}  // namespace deepgemm::test
