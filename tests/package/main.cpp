// SPDX-License-Identifier: MIT
// A consumer that is compiled without exceptions: its kernels come from a library that deepgemm_instantiate() made, and
// errors are values.
#include <consumer_kernels.hpp>
#include <deepgemm/ops.hpp>
#include <deepgemm/version.cuh>

#include "multiply.hpp"

#if defined(__cpp_exceptions)
#error "this program is to be compiled with -fno-exceptions"
#endif

namespace dg = deepgemm;
using namespace consumer;

int main() {
    static_assert(dg::version >= 100);
    // [engine]
    const dg::engine engine(dg::instances::consumer_kernels(), dg::device_info::simulator());
    // [engine]
    const auto multiply = [&engine](operands& x) {
        // [result]
        const dg::result<void> done =
            dg::bf16_gemm_nt(engine, dg::row_major(x.a, m, k), dg::row_major(x.b, n, k), dg::row_major(x.d, m, n));
        if (!done) std::fprintf(stderr, "%s\n", done.failure().message.c_str());
        // [result]
    };
    if (check("consumer", multiply) != 0) return 1;

    // A product that no kernel of the library computes is an error, not an exception.
    alignas(16) static dg::bf16 d[m * n];
    static operands x;
    const auto refused =
        dg::bf16_gemm_nt(engine, dg::row_major(x.a, m, k), dg::row_major(x.b, n, k), dg::row_major(d, m, n));
    return !refused && refused.failure().code == dg::errc::no_kernel ? 0 : 1;
}
