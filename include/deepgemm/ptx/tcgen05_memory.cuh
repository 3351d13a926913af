// SPDX-License-Identifier: MIT
// Tensor memory of Blackwell (sm_100f): its allocation, and its moves to registers and back. Whole warps call all of this. Warp
// w reaches lanes 32 (w % 4) to 32 (w % 4) + 31, whatever those bits of an address say. PTX ISA: "Tensor Memory Allocation and
// Management", "Tensor Memory and Register Load/Store". layout/tensor_memory.cuh says which register is which lane and column.
#pragma once

#include <deepgemm/layout/tensor_memory.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tensor_access.hpp>
#else
#include <deepgemm/ptx/generated/tmem_registers.cuh>
#endif

namespace deepgemm::ptx {

/// Whether a register of a load or store is a column, or the low halves of two adjacent ones (pack::16b, unpack::16b).
enum class tmem_packing : u8 { columns, halves };

namespace detail {

// The parts of the instruction that name the shape, the packing and the distance of the two parts of 16x32bx2.
template <tmem_shape Shape>
struct tmem_shape_text;
template <>
struct tmem_shape_text<tmem_shape::s32x32b> {
    static constexpr char shape[] = "32x32b";
};
template <>
struct tmem_shape_text<tmem_shape::s16x64b> {
    static constexpr char shape[] = "16x64b";
};
template <>
struct tmem_shape_text<tmem_shape::s16x128b> {
    static constexpr char shape[] = "16x128b";
};
template <>
struct tmem_shape_text<tmem_shape::s16x256b> {
    static constexpr char shape[] = "16x256b";
};
template <>
struct tmem_shape_text<tmem_shape::s16x32bx2> {
    static constexpr char shape[] = "16x32bx2";
};

template <tmem_packing Packing>
struct tmem_packing_text {
    static constexpr char pack[] = "", unpack[] = "";
};
template <>
struct tmem_packing_text<tmem_packing::halves> {
    static constexpr char pack[] = ".pack::16b", unpack[] = ".unpack::16b";
};

DEEPGEMM_BOTH constexpr char hex_digit(int value) { return char(value < 10 ? '0' + value : 'a' + value - 10); }
template <tmem_shape Shape, int Split>
struct tmem_split_text {
    static constexpr char split[] = "";
};
template <int Split>
struct tmem_split_text<tmem_shape::s16x32bx2, Split> {
    static constexpr char split[] = {
        ',', ' ', '0', 'x', hex_digit(Split / 256), hex_digit(Split / 16 % 16), hex_digit(Split % 16), '\0'};
};

template <tmem_shape Shape, int Repeat, tmem_packing Packing, int Split>
struct tmem_text : tmem_shape_text<Shape>, tmem_packing_text<Packing>, tmem_split_text<Shape, Split> {
    static constexpr int repeat = Repeat;
};

template <tmem_shape Shape, int Repeat, tmem_packing Packing, int Split>
DEEPGEMM_BOTH constexpr void check_tmem_move() {
    check_tcgen05<1>();
    static_assert(tmem_repeats(Shape, Repeat),
                  "tcgen05.ld and st repeat 1, 2, 4, ... times, with at most 128 registers of a thread");
    static_assert(Split >= 0 && Split < 512, "the parts of 16x32bx2 are less than 512 columns apart");
}

#if DEEPGEMM_SIMULATED
template <tmem_shape Shape, int Repeat, tmem_packing Packing, int Split>
inline constexpr sim::tensor_move tmem_move{Shape, u32(Repeat), Shape == tmem_shape::s16x32bx2 ? u32(Split) : 0u,
                                            Packing == tmem_packing::halves};
#endif

/// Columns between the parts of 16x32bx2 that make them one.
template <int Repeat, tmem_packing Packing>
inline constexpr int tmem_adjacent = Packing == tmem_packing::halves ? 2 * Repeat : Repeat;

}  // namespace detail

/// Allocates `columns` (a power of two, 32 to 512, no more than the CTA's allocation before) of tensor memory and writes its
/// address to shared memory. Called by one whole warp, with Group 2 of each CTA of the pair, with the same operands; blocks
/// while there is no room. Others read the address after a barrier.
template <int Group>
DEEPGEMM_DEVICE void tmem_allocate(u32 destination, u32 columns) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_allocate(Group, destination, columns);
#else
    asm volatile("tcgen05.alloc.cta_group::%2.sync.aligned.shared::cta.b32 [%0], %1;" ::"r"(destination), "r"(columns),
                 "n"(Group)
                 : "memory");
#endif
}

/// Frees an allocation. Called as tmem_allocate(), before the kernel ends and behind a barrier after all uses have completed,
/// with Group 2 those of both CTAs.
template <int Group>
DEEPGEMM_DEVICE void tmem_free(u32 address, u32 columns) {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_free(Group, address, columns);
#else
    asm volatile("tcgen05.dealloc.cta_group::%2.sync.aligned.b32 %0, %1;" ::"r"(address), "r"(columns), "n"(Group));
#endif
}

/// Declares that this CTA allocates no more, so that another CTA on the SM may. Called as tmem_allocate().
template <int Group>
DEEPGEMM_DEVICE void tmem_relinquish() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tmem_relinquish(Group);
#else
    asm volatile("tcgen05.relinquish_alloc_permit.cta_group::%0.sync.aligned;" ::"n"(Group));
#endif
}

/// Loads `Repeat` repetitions of `Shape` at `address`; register i of a thread is lane tmem_lane() and column tmem_column() of
/// it. The values may be used at once, but other threads and later instructions see the load complete after tcgen05_wait_load()
/// alone.
template <tmem_shape Shape, int Repeat, tmem_packing Packing = tmem_packing::columns,
          int Split = detail::tmem_adjacent<Repeat, Packing>>
DEEPGEMM_DEVICE void tcgen05_load(u32 (&r)[tmem_registers(Shape, Repeat)], u32 address) {
    detail::check_tmem_move<Shape, Repeat, Packing, Split>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_load(r, address, detail::tmem_move<Shape, Repeat, Packing, Split>);
#else
    detail::tmem_registers_of<tmem_registers(
        Shape, Repeat)>::template load<detail::tmem_text<Shape, Repeat, Packing, Split>>(r, address);
#endif
}

/// Loads as many columns of the warp's 32 lanes as `r` has registers, a power of two up to 128: one lane per thread.
template <int Group = 1, int Columns>
DEEPGEMM_DEVICE void tcgen05_load(u32 (&r)[Columns], u32 address) {
    detail::check_tcgen05<Group>();
    tcgen05_load<tmem_shape::s32x32b, Columns>(r, address);
}

/// Stores registers, which are the same lanes and columns as those of tcgen05_load(). Complete after tcgen05_wait_store(); a
/// multiply by another thread reads them after that, tcgen05_fence_before(), a barrier and tcgen05_fence_after().
template <tmem_shape Shape, int Repeat, tmem_packing Packing = tmem_packing::columns,
          int Split = detail::tmem_adjacent<Repeat, Packing>>
DEEPGEMM_DEVICE void tcgen05_store(u32 address, const u32 (&r)[tmem_registers(Shape, Repeat)]) {
    detail::check_tmem_move<Shape, Repeat, Packing, Split>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_store(address, r, detail::tmem_move<Shape, Repeat, Packing, Split>);
#else
    detail::tmem_registers_of<tmem_registers(
        Shape, Repeat)>::template store<detail::tmem_text<Shape, Repeat, Packing, Split>>(address, r);
#endif
}

/// Stores as many columns of the warp's 32 lanes as `r` has registers.
template <int Group = 1, int Columns>
DEEPGEMM_DEVICE void tcgen05_store(u32 address, const u32 (&r)[Columns]) {
    detail::check_tcgen05<Group>();
    tcgen05_store<tmem_shape::s32x32b, Columns>(address, r);
}

/// Waits until all tcgen05_load of this warp are complete.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_wait_load() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_wait_load();
#else
    asm volatile("tcgen05.wait::ld.sync.aligned;" ::: "memory");
#endif
}

/// Waits until all tcgen05_store of this warp are complete.
template <int Group = 1>
DEEPGEMM_DEVICE void tcgen05_wait_store() {
    detail::check_tcgen05<Group>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_wait_store();
#else
    asm volatile("tcgen05.wait::st.sync.aligned;" ::: "memory");
#endif
}

}  // namespace deepgemm::ptx
