// SPDX-License-Identifier: MIT
// A consumer without CMake: one file, one command line. It instantiates the kernel itself.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops.hpp>

#include "kernels.hpp"
#include "multiply.hpp"

namespace dg = deepgemm;
using namespace consumer;

int main() {
    const dg::engine engine(dg::sim::kernel_list<product>, dg::device_info::simulator());
    return check("by_hand", [&engine](operands& x) {
        const auto done =
            dg::bf16_gemm_nt(engine, dg::row_major(x.a, m, k), dg::row_major(x.b, n, k), dg::row_major(x.d, m, n));
        if (!done) std::fprintf(stderr, "%s\n", done.failure().message.c_str());
    });
}
