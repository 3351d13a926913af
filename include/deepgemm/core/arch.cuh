// SPDX-License-Identifier: MIT
// The architectures that kernels are written for, and the facts about each that launchers, kernels, messages and the simulator
// share. Which operands an architecture multiplies is stated in mma/.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::arch {

/// Hopper: warpgroups multiply (wgmma) and keep the sums in their registers.
struct sm90 {
    static constexpr int number = 90;                        ///< 10 * major + minor of the compute capability
    static constexpr const char* name = "sm_90a";            ///< as compilers spell it
    static constexpr const char* flag = DEEPGEMM_SM90_FLAG;  ///< nvcc's option that compiles for it
    static constexpr u32 smem_bytes = 232448;                ///< most shared memory of a CTA, 227 KB
    static constexpr u32 tmem_columns = 0;  ///< columns of tensor memory, 32 bits wide; Hopper has none
    static constexpr bool compiled_here = DEEPGEMM_HAS_SM90A;  ///< in this pass of the compiler, or on the simulator
};

/// Blackwell, B200 and B300: one thread multiplies (tcgen05), and the sums lie in tensor memory. Code for the family runs on
/// both.
struct sm100 {
    static constexpr int number = 100;
    static constexpr const char* name = "sm_100f";
    static constexpr const char* flag = DEEPGEMM_SM100_FLAG;
    static constexpr u32 smem_bytes = 232448;
    static constexpr u32 tmem_columns = 512;
    static constexpr bool compiled_here = DEEPGEMM_HAS_SM100A;
};

/// True if this pass of the compiler makes code for one of the architectures.
inline constexpr bool any_compiled_here = sm90::compiled_here || sm100::compiled_here;

/// True if this pass of the compiler makes code for architecture `number`; 0 stands for any architecture.
DEEPGEMM_BOTH constexpr bool compiled_here(int number) {
    return number == 0 || (number == sm90::number && sm90::compiled_here) ||
           (number == sm100::number && sm100::compiled_here);
}

/// nvcc's option that compiles for a GPU of compute capability `number` / 10; null if no kernel is written for it. 103 is B300.
DEEPGEMM_BOTH constexpr const char* flag_of(int number) {
    return number == sm90::number ? sm90::flag : number == sm100::number || number == 103 ? sm100::flag : nullptr;
}

}  // namespace deepgemm::arch
