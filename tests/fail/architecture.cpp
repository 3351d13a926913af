// SPDX-License-Identifier: MIT
// wgmma exists in sm_90a, not in sm_90: the assertion names the flag. Only nvcc can tell.
// flags nvcc: -arch=sm_90
// expect nvcc: this kernel needs wgmma: compile with -gencode arch=compute_90a,code=sm_90a
#include <deepgemm/kernel/entry.cuh>

struct kernel {
    struct info_type {
        int arch = 90, threads = 128;
    };
    static constexpr info_type info{};
    struct params {};
#ifdef CORRECT
    static constexpr info_type any{};
#endif
    DEEPGEMM_DEVICE static void run(const params&) {}
};
#ifndef CORRECT
template __global__ void deepgemm::entry<kernel>(const __grid_constant__ kernel::params);
#endif
