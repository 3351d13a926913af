// SPDX-License-Identifier: MIT
// wgmma exists in sm_90a, not in sm_90: the assertion names the flag. Only nvcc can tell. A program for Blackwell, too, is right,
// though the kernel has no body in its code for that.
// flags nvcc: -arch=sm_90
// expect nvcc: this kernel needs wgmma: compile with -gencode arch=compute_90a,code=sm_90a
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/launch_info.cuh>

struct kernel {
#ifdef CORRECT
    static constexpr deepgemm::launch_info launch{.arch = 0, .threads = 128};
#else
    static constexpr deepgemm::launch_info launch{.arch = 90, .threads = 128};
#endif
    struct params {};
    DEEPGEMM_DEVICE static void run(const params&) {}
};
template __global__ void deepgemm::entry<kernel>(const __grid_constant__ kernel::params);
