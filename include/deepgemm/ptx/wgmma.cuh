// SPDX-License-Identifier: MIT
// Warpgroup matrix multiply of Hopper (sm_90a): D(64,N) += A(64,K) x B(N,K) by 128 threads, asynchronously. One instruction
// takes 32 bytes of K: 32 FP8, 16 BF16 or F16, 8 TF32 elements. mma/sm90/descriptor.cuh makes descriptors.
// PTX ISA: "Asynchronous Warpgroup Level Matrix Instructions". The text of each N is in generated/wgmma_shapes.cuh.
#pragma once

#include <deepgemm/core/arch.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/wgmma.hpp>
#else
#include <deepgemm/ptx/generated/wgmma_shapes.cuh>
#endif

namespace deepgemm::ptx {

/// The element types wgmma multiplies: two FP8 types in any mix, else one type on both sides. FP32 accumulators.
template <class A, class B>
concept wgmma_types = (fp8_element<A> && fp8_element<B>) || (same_as<A, B> && one_of<A, bf16, f16, tf32>);

/// The widths wgmma multiplies.
template <int N>
concept wgmma_width = N >= 8 && N <= 256 && N % 8 == 0;

namespace detail {

/// Only 16-bit operands may be MN-major in shared memory.
template <class A, major Major>
concept wgmma_major = Major == major::k || sizeof(A) == 2;

// The part of the instruction that names types: K, accumulator, A, B.
template <class A, class B>
struct wgmma_type_text;
template <>
struct wgmma_type_text<e4m3, e4m3> {
    static constexpr char types[] = "k32.f32.e4m3.e4m3";
};
template <>
struct wgmma_type_text<e4m3, e5m2> {
    static constexpr char types[] = "k32.f32.e4m3.e5m2";
};
template <>
struct wgmma_type_text<e5m2, e4m3> {
    static constexpr char types[] = "k32.f32.e5m2.e4m3";
};
template <>
struct wgmma_type_text<e5m2, e5m2> {
    static constexpr char types[] = "k32.f32.e5m2.e5m2";
};
template <>
struct wgmma_type_text<bf16, bf16> {
    static constexpr char types[] = "k16.f32.bf16.bf16";
};
template <>
struct wgmma_type_text<f16, f16> {
    static constexpr char types[] = "k16.f32.f16.f16";
};
template <>
struct wgmma_type_text<tf32, tf32> {
    static constexpr char types[] = "k8.f32.tf32.tf32";
};

// The part that names majors: absent for 8- and 32-bit types, one digit per operand in shared memory for 16-bit ones.
struct wgmma_no_major_text {
    static constexpr char majors[] = "";
};
template <major... Majors>
struct wgmma_major_text;
template <major MajorB>
struct wgmma_major_text<MajorB> {
    static constexpr char majors[] = {',', ' ', MajorB == major::k ? '0' : '1', '\0'};
};
template <major MajorA, major MajorB>
struct wgmma_major_text<MajorA, MajorB> {
    static constexpr char majors[] = {
        ',', ' ', MajorA == major::k ? '0' : '1', ',', ' ', MajorB == major::k ? '0' : '1', '\0'};
};

template <class A, class B, major... Majors>
struct wgmma_text : wgmma_type_text<A, B>,
                    conditional<sizeof(A) == 2, wgmma_major_text<Majors...>, wgmma_no_major_text>::type {};

template <class A, class B, int N>
DEEPGEMM_BOTH constexpr void check_wgmma() {
    static_assert(wgmma_types<A, B>, "wgmma multiplies e4m3 and e5m2 in any mix, or bf16, f16, tf32 with itself");
    static_assert(wgmma_width<N>, "the N of wgmma is a multiple of 8 from 8 to 256");
    static_assert(arch::sm90::compiled_here, "wgmma needs sm_90a: pass " DEEPGEMM_SM90_FLAG);
}

}  // namespace detail

/// Starts D(64,N) = A(64,K) x B(N,K) + (scale_d ? D : 0), A and B read from shared memory by the async proxy.
/// Called by all 128 threads of a warpgroup, converged. `d` belongs to the instruction until a wgmma_wait covers it;
/// register i of thread t is row 16*(t/32) + t%32/4 + 8*(i/2%2), column 8*(i/4) + 2*(t%4) + i%2.
template <class A, class B, int N, major MajorA = major::k, major MajorB = major::k>
DEEPGEMM_DEVICE void wgmma(float (&d)[N / 2], u64 a_descriptor, u64 b_descriptor, bool scale_d) {
    detail::check_wgmma<A, B, N>();
    static_assert(detail::wgmma_major<A, MajorA> && detail::wgmma_major<B, MajorB>,
                  "only 16-bit operands of wgmma may be MN-major");
#if DEEPGEMM_SIMULATED
    sim::wgmma({A::type, B::type, N, MajorA == major::mn, MajorB == major::mn}, d, a_descriptor, b_descriptor, scale_d);
#else
    detail::wgmma_shape<N>::template ss<detail::wgmma_text<A, B, MajorA, MajorB>>(d, a_descriptor, b_descriptor,
                                                                                  scale_d);
#endif
}

/// The same with A in registers, four words per thread: word w of thread t holds row 16*(t/32) + t%32/4 + 8*(w%2) and
/// the K elements of bytes 4*(t%4) + 16*(w/2) and the three after it. `a` must stay in scope, unchanged, until the wait:
/// keep one set of registers per step of K in flight.
template <class A, class B, int N, major MajorB = major::k>
DEEPGEMM_DEVICE void wgmma(float (&d)[N / 2], const u32 (&a)[4], u64 b_descriptor, bool scale_d) {
    detail::check_wgmma<A, B, N>();
    static_assert(detail::wgmma_major<B, MajorB>, "only 16-bit operands of wgmma may be MN-major");
#if DEEPGEMM_SIMULATED
    sim::wgmma({A::type, B::type, N, false, MajorB == major::mn}, d, a, b_descriptor, scale_d);
#else
    detail::wgmma_shape<N>::template rs<detail::wgmma_text<A, B, MajorB>>(d, a, b_descriptor, scale_d);
#endif
}

/// Orders register accesses of this warpgroup before its next wgmma. Needed before the first wgmma of a kernel and
/// whenever accumulators or A registers were touched since; not between wgmmas on one accumulator.
DEEPGEMM_DEVICE void wgmma_fence() {
#if DEEPGEMM_SIMULATED
    sim::wgmma_fence();
#else
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Closes a group of all wgmmas issued so far by this warpgroup and not yet in a group.
DEEPGEMM_DEVICE void wgmma_commit() {
#if DEEPGEMM_SIMULATED
    sim::wgmma_commit();
#else
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Waits until at most the `Pending` latest groups of this warpgroup are unfinished. Accumulators and A registers of
/// finished groups are the thread's again, and their shared memory may be released.
template <int Pending>
DEEPGEMM_DEVICE void wgmma_wait() {
    static_assert(Pending >= 0 && Pending <= 7, "wgmma_wait takes 0 to 7 pending groups");
#if DEEPGEMM_SIMULATED
    sim::wgmma_wait(Pending);
#else
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
#endif
}

/// Pins registers against reordering by the compiler: call it on accumulators before wgmma_fence and after wgmma_wait,
/// or arithmetic on them may move across. Costs no instruction.
template <int Registers>
DEEPGEMM_DEVICE void fence_operand([[maybe_unused]] float (&d)[Registers]) {
#if !DEEPGEMM_SIMULATED
    DEEPGEMM_UNROLL
    for (int i = 0; i < Registers; ++i) asm volatile("" : "+f"(d[i])::"memory");
#endif
}

/// The same for A registers.
template <int Registers>
DEEPGEMM_DEVICE void fence_operand([[maybe_unused]] u32 (&a)[Registers]) {
#if !DEEPGEMM_SIMULATED
    DEEPGEMM_UNROLL
    for (int i = 0; i < Registers; ++i) asm volatile("" : "+r"(a[i])::"memory");
#endif
}

}  // namespace deepgemm::ptx
