// SPDX-License-Identifier: MIT
// The host side without exceptions: this file is compiled with -fno-exceptions. Only host/exception.hpp, launches on the
// simulator and what is made for tests and references need them. Kernels may be named, for a run-time compiler or a launch on
// a GPU.
#include <deepgemm/deepgemm.cuh>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/tensor_map_rules.hpp>
#include <deepgemm/ops.hpp>

#if defined(__cpp_exceptions)
#error "this file is to be compiled with -fno-exceptions"
#endif

namespace deepgemm {

// Each template the host side instantiates at a caller's, used once.
result<int> planned_us(const gemm_problem& problem) {
    const auto made = plan(problem, device_info::h200(), std::span<const gemm_handle>());
    if (!made) return made.failure();
    return int(made->predicted().total_us) + int(explain(*made).size());
}

result<void> multiply(const engine& engine, const gemm_problem& problem) {
    return fp8_gemm_nt(engine, problem.a, problem.b, problem.d);
}

using named = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
                   config{.block = {64, 32, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>;
static_assert(kernel<named>);

// What a launch on a GPU instantiates of a kernel.
u32 launched_threads(const named::arguments& arguments) {
    return named::launch.threads * u32(named::grid(arguments, 132));
}

}  // namespace deepgemm
