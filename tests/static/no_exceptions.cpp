// SPDX-License-Identifier: MIT
// The host side without exceptions: this file is compiled with -fno-exceptions. Only host/exception.hpp, the simulator and
// what is made for tests and references need them.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/tensor_map.hpp>
#include <deepgemm/ops.hpp>

#if defined(__cpp_exceptions)
#error "this file is to be compiled with -fno-exceptions"
#endif

namespace deepgemm {

// Each template the host side instantiates at a caller's, used once.
result<int> planned_us(const gemm_problem& problem) {
    const auto made = plan(problem, device_info::h200(), {});
    if (!made) return made.failure();
    return int(made->predicted().total_us) + int(explain(*made).size());
}

result<void> multiply(const engine& engine, const gemm_problem& problem) {
    return fp8_gemm_nt(engine, problem.a, problem.b, problem.d);
}

}  // namespace deepgemm
