// SPDX-License-Identifier: MIT
// The macros of deepgemm: all of them, and what each means under nvcc, NVRTC and a plain host compiler.
// A plain host compiler builds the same kernel bodies for the simulator (sim/); DEEPGEMM_SIMULATED says so.
#pragma once

// Compilers go on after #error and would print hundreds of messages about C++20 code. They stop at an #include of a file that
// does not exist, so an older standard meets both.
#if __cplusplus < 202002L
#error "deepgemm needs C++20: compile with -std=c++20, by g++ 11, clang 14, nvcc 12.9 or newer"
#include "deepgemm needs C++20"
#endif

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
/// 1 where kernel bodies run on the CPU simulator (plain host compiler), 0 under nvcc and NVRTC.
#define DEEPGEMM_SIMULATED 0
/// A function that runs inside a kernel.
#define DEEPGEMM_DEVICE __device__ __forceinline__
/// A function of host and device alike; mostly constexpr arithmetic.
#define DEEPGEMM_BOTH __host__ __device__ __forceinline__
#define DEEPGEMM_GLOBAL __global__
#define DEEPGEMM_GRID_CONSTANT __grid_constant__
#define DEEPGEMM_LAUNCH_BOUNDS(...) __launch_bounds__(__VA_ARGS__)
#define DEEPGEMM_UNROLL _Pragma("unroll")
#define DEEPGEMM_NO_UNROLL _Pragma("unroll 1")
#else
#define DEEPGEMM_SIMULATED 1
#define DEEPGEMM_DEVICE inline
#define DEEPGEMM_BOTH inline
#define DEEPGEMM_GLOBAL
#define DEEPGEMM_GRID_CONSTANT
#define DEEPGEMM_LAUNCH_BOUNDS(...)
#define DEEPGEMM_UNROLL
#define DEEPGEMM_NO_UNROLL
#endif

/// Stands once in a header of host functions, after its includes. Programs that g++ compiles with -DDEEPGEMM_COMPILED_LIBRARY
/// take those functions from one library, in which cmake/compiled.cmake compiles them, and not from each of their files; that
/// halves the time which files for the simulator need. Without that definition, and for other compilers, it is nothing. g++
/// leaves defaulted comparisons out of the library, so a header whose users compare does without.
#if defined(DEEPGEMM_COMPILED_LIBRARY) && defined(__GNUC__) && !defined(__clang__) && DEEPGEMM_SIMULATED
#define DEEPGEMM_LIBRARY_HEADER _Pragma("interface")
#else
#define DEEPGEMM_LIBRARY_HEADER
#endif

/// 1 in debug builds: every device-side wait is bounded and reports role, barrier and parity before it traps.
#if !defined(DEEPGEMM_DEBUG)
#define DEEPGEMM_DEBUG 0
#endif

/// 0 in device code for a GPU without wgmma (anything but sm_90a), else 1: in sm_90a code, in host passes, on the simulator.
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define DEEPGEMM_HAS_SM90A 0
#else
#define DEEPGEMM_HAS_SM90A 1
#endif
/// Likewise 0 in device code for a GPU without tcgen05. B200 (10.0) and B300 (10.3) have it, in code for one of them (100a,
/// 103a) and in code for the family (100f, 103f); compilers define the family's macro in both.
#if defined(__CUDA_ARCH__)
#if defined(__CUDA_ARCH_FAMILY_SPECIFIC__)
#define DEEPGEMM_HAS_SM100A (__CUDA_ARCH_FAMILY_SPECIFIC__ >= 1000 && __CUDA_ARCH_FAMILY_SPECIFIC__ < 1100)
#elif defined(__CUDA_ARCH_FEAT_SM100_ALL) || defined(__CUDA_ARCH_FEAT_SM103_ALL)
#define DEEPGEMM_HAS_SM100A 1
#else
#define DEEPGEMM_HAS_SM100A 0
#endif
#else
#define DEEPGEMM_HAS_SM100A 1
#endif
/// nvcc's options that compile for an architecture. They are macros because a static_assert takes literals only; core/arch.cuh
/// has the other facts.
#define DEEPGEMM_SM90_FLAG "-gencode arch=compute_90a,code=sm_90a"
#define DEEPGEMM_SM100_FLAG "-gencode arch=compute_100f,code=sm_100f"
