// SPDX-License-Identifier: MIT
// Rung 6: the same product from the library's parts. A kernel is now a list of its parts, and its arguments follow from a
// description of the matrices. New here: gemm, operands with scales, an epilogue, a configuration.
#include <deepgemm/ops/gemm/rules.hpp>

#include "common/operands.hpp"

// clang-format off
// [parts]
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;
using my_gemm = dg::gemm<dg::arch::sm90,
                         dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,  // A (m, k), scaled 1 x 128
                         dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>,  // B (n, k), scaled 128 x 128
                         dg::store<dg::bf16>,                                           // D (m, n)
                         dg::config{.block = {128, 128, 128}, .stages = 4}>;
// [parts]
// clang-format on

int main() {
    constexpr int m = 200, n = 264, k = 1000;
    dg::random_source random(dg::fresh_seed());
    auto a = backend::normal_operand(random, m, k, {1, 128}), b = backend::normal_operand(random, n, k, {128, 128});
    dg::matrix<dg::bf16> d(m, n);
    backend::array<dg::bf16> d_there(d.size());

    // [use]
    const dg::gemm_problem problem{.a = a.argument(), .b = b.argument(), .d = argument_of(d, d_there.data())};
    dg::or_throw(dg::validate(problem));  // a sentence for everything that a caller can get wrong
    backend::launch<my_gemm>({dg::arguments_of(problem)});
    // [use]
    d_there.read(d);

    std::printf("A (%d, %d) x B (%d, %d)^T from parts on %s: %u threads, %u bytes of shared memory.\n", m, k, n, k,
                backend::name().c_str(), my_gemm::launch.threads, my_gemm::launch.smem_bytes);
    backend::show_timeline();
    return backend::report(
        dg::reference::compare(d.view(), dg::reference::gemm(a.host.view(), b.host.view()), dg::tolerance::hopper_fp8));
}
