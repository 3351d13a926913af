// SPDX-License-Identifier: MIT
// Rung 8: let the library choose. A program instantiates a few kernels; for each problem a cost model picks one, can
// say why, and the named operation does all of it in one call.
// New here: engine, plan, explain, fp8_gemm_nt, and errors as values.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using d_type = dg::store<dg::bf16>;

using few_rows =
    dg::gemm<dg::arch::sm90, by_token, by_block, d_type, dg::config{.block = {64, 32, 128}, .sm90 = {.warpgroups = 1}}>;
using some_rows = dg::gemm<dg::arch::sm90, by_token, by_block, d_type, dg::config{.block = {128, 64, 128}}>;
using many_rows =
    dg::gemm<dg::arch::sm90, by_token, by_block, d_type, dg::config{.block = {128, 128, 128}, .cluster = {2, 1}}>;
// [kernels]

int main() {
    const dg::engine engine(backend::kernels<few_rows, some_rows, many_rows>(), backend::device());
    dg::random_source random(dg::fresh_seed());
    constexpr int n = 384, k = 512;
    auto b = backend::normal_operand(random, n, k, {128, 128});
    int wrong = 0;
    for (const int m : {8, 300}) {
        auto a = backend::normal_operand(random, m, k, {1, 128});
        dg::matrix<dg::bf16> d(m, n);
        backend::array<dg::bf16> d_there(d.size());

        // [use]
        // One call: validate, choose, launch. It allocates nothing and waits for nothing.
        dg::or_throw(dg::fp8_gemm_nt(engine, a.argument(), b.argument(), argument_of(d, d_there.data())));

        // The same in steps. A plan is a value: it can be explained, prepared, and launched any number of times.
        const dg::gemm_problem problem{.a = a.argument(), .b = b.argument(), .d = argument_of(d, d_there.data())};
        const dg::gemm_plan plan = dg::or_throw(engine.plan(problem));
        dg::or_throw(plan.prepare());  // loads the kernel now, not in the first launch
        dg::or_throw(plan.launch(problem));
        std::printf("%s", explain(plan).c_str());
        // [use]

        backend::synchronise();
        d_there.read(d);
        const auto expected = dg::reference::gemm(a.host.view(), b.host.view());
        wrong |= backend::report(dg::reference::compare(d.view(), expected, dg::tolerance::hopper_fp8));
        std::printf("\n");
    }

    // [error]
    // An invalid call returns an error with a sentence and launches nothing.
    auto a = backend::normal_operand(random, 8, k - 128, {1, 128});
    const auto outcome = dg::fp8_gemm_nt(engine, a.argument(), b.argument(), {nullptr, dg::dtype::bf16, 8, n, n, 1});
    std::printf("%s: %s\n", name_of(outcome.failure().code), outcome.failure().message.c_str());
    // [error]
    return wrong;
}
