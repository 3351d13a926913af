// SPDX-License-Identifier: MIT
// One of the libraries: FUNCTION multiplies with its copy of deepgemm and says what device that copy sees.
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops.hpp>

#include <string>

#include "../kernels.hpp"
#include "../multiply.hpp"

namespace dg = deepgemm;
using namespace consumer;

/// The name of the simulated device; empty if the product is wrong.
std::string FUNCTION();

std::string FUNCTION() {
    const dg::engine engine(dg::sim::kernel_list<product>, dg::device_info::simulator());
    const int failed = check("two_copies", [&engine](operands& x) {
        const auto done =
            dg::bf16_gemm_nt(engine, dg::row_major(x.a, m, k), dg::row_major(x.b, n, k), dg::row_major(x.d, m, n));
        if (!done) std::fprintf(stderr, "%s\n", done.failure().message.c_str());
    });
    return failed ? std::string() : engine.device().name;
}
