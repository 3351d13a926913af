// SPDX-License-Identifier: MIT
// Copies from shared memory to tensor memory (tcgen05.cp, sm_100f). One thread issues them; they run by themselves, in order
// with the multiplies that the same thread issues, and a commit completes them. PTX ISA: "tcgen05.cp". The source is a K-major
// matrix, which a descriptor of mma/sm100/descriptor.cuh describes.
#pragma once

#include <deepgemm/layout/tensor_memory.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tensor_copy.hpp>
#endif

namespace deepgemm::ptx {

namespace detail {

// The parts of the instruction that name the shape and the unpacking.
template <tmem_copy_shape Shape>
struct tmem_copy_text;
template <>
struct tmem_copy_text<tmem_copy_shape::s128x256b> {
    static constexpr char shape[] = "128x256b";
};
template <>
struct tmem_copy_text<tmem_copy_shape::s128x128b> {
    static constexpr char shape[] = "128x128b";
};
template <>
struct tmem_copy_text<tmem_copy_shape::s64x128b_02_13> {
    static constexpr char shape[] = "64x128b.warpx2::02_13";
};
template <>
struct tmem_copy_text<tmem_copy_shape::s64x128b_01_23> {
    static constexpr char shape[] = "64x128b.warpx2::01_23";
};
template <>
struct tmem_copy_text<tmem_copy_shape::s32x128b_warpx4> {
    static constexpr char shape[] = "32x128b.warpx4";
};
template <>
struct tmem_copy_text<tmem_copy_shape::s4x256b> {
    static constexpr char shape[] = "4x256b";
};

template <tmem_unpacking Unpacking>
struct tmem_unpacking_text {
    static constexpr char formats[] = "";
};
template <>
struct tmem_unpacking_text<tmem_unpacking::b4x16_p64> {
    static constexpr char formats[] = ".b8x16.b4x16_p64";
};
template <>
struct tmem_unpacking_text<tmem_unpacking::b6x16_p32> {
    static constexpr char formats[] = ".b8x16.b6x16_p32";
};

}  // namespace detail

/// Copies a matrix of shared memory to the columns at `address`, with Group 2 in both CTAs of the pair, each from its own
/// shared memory. Called by one thread; the source must be visible to the async proxy, and stays as it is until a commit
/// arrives.
template <int Group, tmem_copy_shape Shape, tmem_unpacking Unpacking = tmem_unpacking::none>
DEEPGEMM_DEVICE void tcgen05_copy(u32 address, u64 descriptor) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_copy(Group, Shape, Unpacking, address, descriptor);
#else
    asm volatile("tcgen05.cp.cta_group::%2.%3%4 [%0], %1;" ::"r"(address), "l"(descriptor), "n"(Group),
                 "C"(detail::tmem_copy_text<Shape>::shape), "C"(detail::tmem_unpacking_text<Unpacking>::formats));
#endif
}

/// Copies 32 rows of 16 bytes (the scales of 128 rows, four K groups) to four columns of all four lane quarters.
/// Called by one thread; ordered with the multiplies it issues.
template <int Group>
DEEPGEMM_DEVICE void tcgen05_copy_scales(u32 address, u64 descriptor) {
    tcgen05_copy<Group, tmem_copy_shape::s32x128b_warpx4>(address, descriptor);
}

}  // namespace deepgemm::ptx
