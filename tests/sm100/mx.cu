// SPDX-License-Identifier: MIT
// A kernel with tcgen05 must compile to code for B200, for B300 and for the family of both; cmake runs nvcc on this file for
// each. tests/rtc/sm100.cpp does the same with NVRTC.
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/launch_info.cuh>

#include "../sim/mx_kernel.cuh"

namespace sm100_mx_tests {

template <int Group>
struct kernel {
    using params = deepgemm::mx::kernel_params;
    static constexpr deepgemm::launch_info launch{.arch = 100, .threads = deepgemm::mx::kernel<Group>::threads};
    static DEEPGEMM_DEVICE void run(const params& p) { deepgemm::mx::kernel<Group>::run(p); }
};

}  // namespace sm100_mx_tests

template __global__ void deepgemm::entry<sm100_mx_tests::kernel<1>>(
    const __grid_constant__ deepgemm::mx::kernel_params);
template __global__ void deepgemm::entry<sm100_mx_tests::kernel<2>>(
    const __grid_constant__ deepgemm::mx::kernel_params);
