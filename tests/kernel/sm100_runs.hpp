// SPDX-License-Identifier: MIT
// How tests run kernels of Blackwell on the simulator, and the shapes that they choose.
#pragma once

#include <deepgemm/kernel/sm100_gemm.cuh>

#include "launching.hpp"
#include "machines.hpp"
#include "sim_handles.hpp"

namespace deepgemm::test {

/// As run(), without the rules of the named operations: these do not know yet all that kernels of Blackwell take.
inline std::string run_kernel(const gemm_handle& kernel, gemm_sample& p, sim::options machine = {}, int num_sms = 0) {
    machine.num_sms = max(machine.num_sms, kernel.info.cfg.cluster_ctas());
    const auto outcome = kernel.launch(arguments_of(p.problem()), {.stream = &machine, .num_sms = num_sms});
    return outcome ? p.verdict() : outcome.failure().message;
}

/// A shape that the operands of a kernel can have.
inline problem_shape even_shape(const gemm_info& info, problem_shape shape) {
    return shape_for(info, shape.m, shape.n, shape.k);
}

/// True for every case of a long list, or for one in three where tests take a sample; `number` counts the cases, from the seed
/// on.
constexpr bool in_sample(unsigned& number) {
    constexpr unsigned one_in = DEEPGEMM_TEST_SAMPLE == 1 ? 1 : 3;
    return number++ % one_in == 0;
}

/// Shapes with tails in each dimension, without K, with K beyond the stages by two blocks, and with several tiles for each of
/// `num_sms` CTAs, the fewest that a cluster needs if there are none. Exact data must come out bit by bit.
inline void expect_exact_everywhere(std::span<const gemm_handle> kernels, int num_sms = 0) {
    unsigned number = DEEPGEMM_TEST_SEED;
    for (const gemm_handle& kernel : kernels) {
        ++number;  // kernels take different shapes
        const auto [m, n] = cluster_tile(kernel.info);
        const int sms = num_sms != 0 ? num_sms : kernel.info.cfg.cluster_ctas();
        const i32 step = kernel.info.cfg.block.k, k = (kernel.info.cfg.stages + 2) * step;
        for (const problem_shape& shape : {problem_shape{1, 1, 1},
                                           {m - 1, n - 3, step + 8},
                                           {m, n, k},
                                           {2 * m + 1, n + 1, k - step / 2 - 8},
                                           {3 * m - 7, 2 * n + 9, min(k, 3 * step + 16)},
                                           {m + 9, n + 9, 0}}) {
            if ((kernel.info.traits.heads.any() && shape.k == 0) || !in_sample(number)) continue;
            const problem_shape fitted = even_shape(kernel.info, shape);
            for (int i = 0; i < 2; ++i) {
                const placement how =
                    i == 0 ? placement{.a_pad = 16, .b_pad = 8, .c_pad = 8, .d_pad = 24}
                           : placement{.c_is_d = true, .scales_along_n = kernel.info.traits.b.tile.mn > 1};
                sim::options machine = i == 0 ? sim::options{} : random_machine(seed_of(fitted));
                machine.num_sms = sms;
                gemm_sample p(kernel.info, fitted, seed_of(fitted), numbers::exact, how);
                const std::string wrong = run_kernel(kernel, p, machine, sms);
                CHECK_MESSAGE(wrong == "", describe(kernel.info, fitted, seed_of(fitted)));
            }
        }
    }
}

/// Random numbers, on machines of every policy.
inline void expect_close(std::span<const gemm_handle> kernels, int runs = 1) {
    unsigned number = DEEPGEMM_TEST_SEED;
    on_machines(runs, [&](random_source& random, const sim::options& machine) {
        ++number;
        for (const gemm_handle& kernel : kernels) {
            if (!in_sample(number)) continue;
            const problem_shape shape = even_shape(
                kernel.info, {i32(random.integer(1, 400)), i32(random.integer(1, 300)), i32(random.integer(1, 900))});
            CAPTURE(describe(kernel.info, shape, random.seed()));
            gemm_sample sample(kernel.info, shape, random.bits(), numbers::normal);
            CHECK(run_kernel(kernel, sample, machine) == "");
        }
    });
}

}  // namespace deepgemm::test
