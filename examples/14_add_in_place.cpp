// SPDX-License-Identifier: MIT
// Rung 14: gradients that add up. A weight gradient is a sum over all micro-batches, D += dY^T X, in FP32. The kernel need not
// read D for that: TMA sends the products of a tile to L2, which adds them. New here: add_in_place, and operands that are both
// contiguous along M and N, as activations are for this product.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/gemm/rules.hpp>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernel]
// K counts tokens. The features of a token are contiguous in memory.
using features = dg::operand<dg::bf16, dg::scale::none, dg::major::mn>;
using gradient = dg::gemm<dg::arch::sm90, features, features, dg::add_in_place,
                          dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
static_assert(gradient::info.traits.accumulate && gradient::info.traits.in_place);
// [kernel]

int main() {
    constexpr int outputs = 200, inputs = 264, tokens = 192, batches = 3;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> dy(batches * tokens, outputs), x(batches * tokens, inputs);
    random.fill_integers(dy.view(), -3, 3);  // small integers: the sums are exact, in whatever order
    random.fill_integers(x.view(), -3, 3);
    backend::array<dg::bf16> dy_there(dy), x_there(x);
    dg::matrix<float> d(outputs, inputs);
    d.fill_bytes(0);
    backend::array<float> d_there(d);

    for (int batch = 0; batch < batches; ++batch) {
        // [use]
        const auto rows = [&](const auto& all, const dg::bf16* there) {  // the tokens of this batch
            return dg::row_major(there + batch * tokens * all.pitch(), tokens, all.columns(), all.pitch());
        };
        const dg::output_matrix sum = argument_of(d, d_there.data());
        const dg::gemm_problem problem{.a = dg::unscaled(transposed(rows(dy, dy_there.data()))),
                                       .b = dg::unscaled(transposed(rows(x, x_there.data()))),
                                       .d = sum,
                                       .c = sum};  // C is D itself
        dg::or_throw(dg::validate(problem));
        backend::launch<gradient>({dg::arguments_of(problem)});
        // [use]
    }
    d_there.read(d);

    std::printf("dW (%d, %d) += dY^T X over %d batches of %d tokens on %s.\n", outputs, inputs, batches, tokens,
                backend::name().c_str());
    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(dy).view().transposed()),
                                              dg::reference::plain(std::as_const(x).view().transposed()));
    return backend::report(dg::reference::compare_exact(d.view(), expected));
}
