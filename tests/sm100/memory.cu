// SPDX-License-Identifier: MIT
// All moves between tensor memory, registers and shared memory must compile for B200, for B300 and for the family of both.
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

namespace sm100_memory_tests {

using namespace deepgemm;

struct params {
    u32* out;
    u64 descriptor;
};

/// Loads a shape, adds to it so that registers cannot be left out, stores it.
template <tmem_shape Shape, int Repeat, ptx::tmem_packing Packing>
DEEPGEMM_DEVICE void move(u32 address) {
    u32 r[tmem_registers(Shape, Repeat)];
    ptx::tcgen05_load<Shape, Repeat, Packing>(r, address);
    ptx::tcgen05_wait_load();
    DEEPGEMM_UNROLL
    for (u32& x : r) x += address;
    ptx::tcgen05_store<Shape, Repeat, Packing>(address, r);
    ptx::tcgen05_wait_store();
}

template <tmem_shape Shape, int Repeat>
DEEPGEMM_DEVICE void move_all(u32 address) {
    if constexpr (tmem_repeats(Shape, Repeat)) {
        move<Shape, Repeat, ptx::tmem_packing::columns>(address);
        move<Shape, Repeat, ptx::tmem_packing::halves>(address);
        move_all<Shape, 2 * Repeat>(address);
    }
}

template <tmem_shape Shape>
struct moves {
    using params = sm100_memory_tests::params;
    static constexpr launch_info launch{.arch = 100, .threads = 128};
    static DEEPGEMM_DEVICE void run(const params& p) { move_all<Shape, 1>(p.out[0]); }
};

template <int Group>
struct copies {
    using params = sm100_memory_tests::params;
    static constexpr launch_info launch{.arch = 100, .threads = 128};

    template <tmem_copy_shape Shape>
    static DEEPGEMM_DEVICE void copy(const params& p) {
        ptx::tcgen05_copy<Group, Shape>(p.out[0], p.descriptor);
        ptx::tcgen05_copy<Group, Shape, tmem_unpacking::b4x16_p64>(p.out[0], p.descriptor);
        ptx::tcgen05_copy<Group, Shape, tmem_unpacking::b6x16_p32>(p.out[0], p.descriptor);
    }
    static DEEPGEMM_DEVICE void run(const params& p) {
        copy<tmem_copy_shape::s128x256b>(p);
        copy<tmem_copy_shape::s128x128b>(p);
        copy<tmem_copy_shape::s64x128b_02_13>(p);
        copy<tmem_copy_shape::s64x128b_01_23>(p);
        copy<tmem_copy_shape::s32x128b_warpx4>(p);
        copy<tmem_copy_shape::s4x256b>(p);
        ptx::tcgen05_copy_scales<Group>(p.out[0], p.descriptor);
    }
};

using m32x32b = moves<tmem_shape::s32x32b>;
using m16x64b = moves<tmem_shape::s16x64b>;
using m16x128b = moves<tmem_shape::s16x128b>;
using m16x256b = moves<tmem_shape::s16x256b>;
using m16x32bx2 = moves<tmem_shape::s16x32bx2>;

}  // namespace sm100_memory_tests

using deepgemm::entry;
using sm100_memory_tests::params;
template __global__ void entry<sm100_memory_tests::m32x32b>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::m16x64b>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::m16x128b>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::m16x256b>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::m16x32bx2>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::copies<1>>(const __grid_constant__ params);
template __global__ void entry<sm100_memory_tests::copies<2>>(const __grid_constant__ params);
