// SPDX-License-Identifier: MIT
// Rung 11: BF16. Elements of 16 bits need no scales, so nothing is promoted: the tensor core sums all of K in FP32. They may
// also have either order in memory: here B is a weight matrix (k, n), contiguous along N, which is multiplied without a
// transposition. New here: operands without scales, promotion::never, the memory order of an operand.
#include <deepgemm/ops/gemm/rules.hpp>

#include "common/operands.hpp"

// clang-format off
// [parts]
#include <deepgemm/kernel/gemm.cuh>

namespace dg = deepgemm;
using my_gemm = dg::gemm<dg::arch::sm90,
                         dg::operand<dg::bf16>,                                  // A (m, k), contiguous along K
                         dg::operand<dg::bf16, dg::scale::none, dg::major::mn>,  // B (n, k), contiguous along N
                         dg::store<dg::bf16>,                                    // D (m, n)
                         dg::config{.block = {128, 128, 64}, .sm90 = {.promote = dg::promotion::never}}>;
// [parts]
// clang-format on

int main() {
    constexpr int m = 200, n = 264, k = 1000;
    dg::random_source random(dg::fresh_seed());
    dg::matrix<dg::bf16> a(m, k), b(k, n), d(m, n);  // B as a program has it: rows of n elements
    random.fill_normal(a.view());
    random.fill_normal(b.view());
    backend::array<dg::bf16> a_there(a), b_there(b), d_there(d.size());

    // [use]
    const dg::gemm_problem problem{.a = dg::unscaled(argument_of(std::as_const(a), a_there.data())),
                                   .b = dg::unscaled(transposed(argument_of(std::as_const(b), b_there.data()))),
                                   .d = argument_of(d, d_there.data())};
    dg::or_throw(dg::validate(problem));
    backend::launch<my_gemm>({dg::arguments_of(problem)});
    // [use]
    d_there.read(d);

    std::printf("A (%d, %d) x B (%d, %d) on %s, B read as it lies.\n\n", m, k, k, n, backend::name().c_str());

    // [slab]
    // A tile of B in shared memory: slabs of 64 elements of N, in each a row of 128 bytes for every element of K.
    using tile = my_gemm::b_tile;
    std::printf("tile of B, (%d, %d): %d slabs of %u bytes\n", tile::rows, tile::k, tile::copies, tile::slab_bytes);
    for (const auto& [row, depth] : {std::pair{0, 0}, {1, 0}, {0, 1}, {64, 0}}) {
        std::printf("  element (n = %2d, k = %d) lies at byte %5u\n", row, depth, tile::offset(row, depth));
    }
    // [slab]

    const auto expected = dg::reference::gemm(dg::reference::plain(std::as_const(a).view()),
                                              dg::reference::plain(std::as_const(b).view().transposed()));
    return backend::report(dg::reference::compare(d.view(), expected, dg::tolerance::half));
}
