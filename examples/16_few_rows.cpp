// SPDX-License-Identifier: MIT
// Rung 16: one token. A multiply has 64 rows, and A has one. So the operands change places: B's thousands of rows become the
// rows of the multiply, and A's few rows become its columns, of which eight are enough. New here: config.swap. The same kernel
// runs, and its epilogue transposes D, of which no bit changes.
#include <deepgemm/kernel/swapped.cuh>

#include "common/operands.hpp"

namespace dg = deepgemm;

// [kernels]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using as_they_are = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
                             dg::config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}>;
using exchanged = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
                           dg::config{.block = {8, 64, 128}, .swap = true, .sm90 = {.warpgroups = 1}}>;
// [kernels]

/// The product by one kernel, which tells what its multiplies look like.
template <class Kernel>
dg::matrix<dg::bf16> product(backend::operand& a, backend::operand& b) {
    constexpr dg::config c = Kernel::info.cfg;
    dg::matrix<dg::bf16> d(a.host.data.rows(), b.host.data.rows());
    backend::array<dg::bf16> d_there(d.size());
    // [use]
    const int rows = c.swap ? c.block.n : c.block.m, columns = c.swap ? c.block.m : c.block.n;
    std::printf("a multiply has %d rows of %c and %d columns, rows of %c; %d stages in %d KiB\n", rows,
                c.swap ? 'B' : 'A', columns, c.swap ? 'A' : 'B', c.stages, int(Kernel::launch.smem_bytes >> 10));
    backend::launch<Kernel>(
        {dg::arguments_of({.a = a.argument(), .b = b.argument(), .d = argument_of(d, d_there.data())})});
    // [use]
    d_there.read(d);
    return d;
}

int main() {
    constexpr int m = 3, n = 200, k = 1000;
    dg::random_source random(dg::fresh_seed());
    auto a = backend::normal_operand(random, m, k, {1, 128}), b = backend::normal_operand(random, n, k, {128, 128});
    std::printf("A (%d, %d) x B (%d, %d)^T on %s.\n", m, k, n, k, backend::name().c_str());
    const auto expected = dg::reference::gemm(a.host.view(), b.host.view());

    auto plain = product<as_they_are>(a, b), turned = product<exchanged>(a, b);
    // Each element is the same sum in the same order, whichever operand provides the rows.
    const bool equal = std::memcmp(plain.data(), turned.data(), plain.bytes()) == 0;
    std::printf("%s\n", equal ? "Both agree bit by bit." : "FAIL: the two kernels differ");
    return backend::report(dg::reference::compare(turned.view(), expected, dg::tolerance::hopper_fp8)) |
           (equal ? 0 : 1);
}
