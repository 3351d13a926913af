// SPDX-License-Identifier: MIT
// The multiplies of tcgen05. Each is issued by one thread (of the pair, with Group 2) and runs asynchronously: multiplies of
// one accumulator run in issue order, and completion is seen through tcgen05_commit of the same thread. D lies in tensor
// memory, B in shared memory, A in either. Descriptors are made in mma/sm100/descriptor.cuh. PTX ISA: "tcgen05.mma",
// "tcgen05.mma.ws".
#pragma once

#include <deepgemm/core/types.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tcgen05.hpp>
#endif

namespace deepgemm::ptx {

/// The kinds of multiply: 16-bit operands; 8-, 6- and 4-bit ones in any mix; TF32. With scales from tensor memory: 8-, 6- and
/// 4-bit operands; FP4 alone with UE8M0 scales; FP4 alone with UE8M0 or UE4M3 scales. And 8-bit integers, on sm_100a alone.
enum class tcgen05_kind { f16, f8f6f4, tf32, mxf8f6f4, mxf4, mxf4nvf4, i8 };

/// What the tensor core does with the buffer that holds A (with .ws: B): nothing that outlasts the multiply; fill it; use what
/// an earlier multiply of the same operand has filled in; the same for the last time. It is a permission: the operand must stay
/// in shared memory until completion all the same.
enum class tcgen05_collector { discard, fill, use, last_use };

namespace detail {

DEEPGEMM_BOTH constexpr bool scaled_kind(tcgen05_kind kind) {
    return kind == tcgen05_kind::mxf8f6f4 || kind == tcgen05_kind::mxf4 || kind == tcgen05_kind::mxf4nvf4;
}
/// Whether this pass of the compiler makes code for B200 itself, or for the simulator.
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM100_ALL)
inline constexpr bool multiplies_integers = false;
#else
inline constexpr bool multiplies_integers = true;
#endif
template <tcgen05_kind Kind>
DEEPGEMM_BOTH constexpr void check_unscaled() {
    static_assert(!scaled_kind(Kind), "this kind needs scales: tcgen05_mma_scaled, which has no .ws form");
    static_assert(Kind != tcgen05_kind::i8 || multiplies_integers,
                  "kind::i8 of tcgen05 needs B200 itself: pass -arch=sm_100a");
}
/// Elements of K to a scale that a kind has if none are named.
DEEPGEMM_BOTH constexpr int usual_block(tcgen05_kind kind) { return kind == tcgen05_kind::mxf4nvf4 ? 16 : 32; }

/// Text of an instruction, by its name's part.
template <tcgen05_kind Kind, int Block>
struct kind_text;
template <>
struct kind_text<tcgen05_kind::f16, 0> {
    static constexpr char value[] = "f16";
};
template <>
struct kind_text<tcgen05_kind::f8f6f4, 0> {
    static constexpr char value[] = "f8f6f4";
};
template <>
struct kind_text<tcgen05_kind::tf32, 0> {
    static constexpr char value[] = "tf32";
};
template <>
struct kind_text<tcgen05_kind::i8, 0> {
    static constexpr char value[] = "i8";
};
// Blocks are spelt so that family targets take them too, which know no .scale_vec; kind::mxf8f6f4 has one size only.
template <>
struct kind_text<tcgen05_kind::mxf8f6f4, 32> {
    static constexpr char value[] = "mxf8f6f4.block_scale";
};
template <>
struct kind_text<tcgen05_kind::mxf4, 32> {
    static constexpr char value[] = "mxf4.block_scale.block32";
};
template <>
struct kind_text<tcgen05_kind::mxf4nvf4, 32> {
    static constexpr char value[] = "mxf4nvf4.block_scale.block32";
};
template <>
struct kind_text<tcgen05_kind::mxf4nvf4, 16> {
    static constexpr char value[] = "mxf4nvf4.block_scale.block16";
};

template <tcgen05_collector Use>
struct collector_text;
template <>
struct collector_text<tcgen05_collector::discard> {
    static constexpr char value[] = "discard";
};
template <>
struct collector_text<tcgen05_collector::fill> {
    static constexpr char value[] = "fill";
};
template <>
struct collector_text<tcgen05_collector::use> {
    static constexpr char value[] = "use";
};
template <>
struct collector_text<tcgen05_collector::last_use> {
    static constexpr char value[] = "lastuse";
};

#if DEEPGEMM_SIMULATED
template <int Group, tcgen05_kind Kind, int Block = 0>
constexpr sim::tcgen05_form simulated_form(bool a_in_tensor_memory, bool weight_stationary = false) {
    constexpr sim::mma_kind kinds[] = {sim::mma_kind::f16,      sim::mma_kind::f8f6f4, sim::mma_kind::tf32,
                                       sim::mma_kind::mxf8f6f4, sim::mma_kind::mxf4,   sim::mma_kind::mxf4nvf4,
                                       sim::mma_kind::i8};
    return {Group, kinds[int(Kind)], a_in_tensor_memory, weight_stationary, Block};
}
#endif

}  // namespace detail

/// Starts D = A x B + (accumulate ? D : 0) with A and B in shared memory.
template <int Group, tcgen05_kind Kind, tcgen05_collector Use = tcgen05_collector::discard>
DEEPGEMM_DEVICE void tcgen05_mma(u32 d, u64 a_descriptor, u64 b_descriptor, u32 instruction, bool accumulate) {
    detail::check_tcgen05<Group>();
    detail::check_unscaled<Kind>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<Group, Kind>(false),
                     {d, a_descriptor, b_descriptor, instruction, accumulate});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.cta_group::%5.kind::%6.collector::a::%7 [%0], %1, %2, %3, "
        "p;}" ::"r"(d),
        "l"(a_descriptor), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)), "n"(Group),
        "C"(detail::kind_text<Kind, 0>::value), "C"(detail::collector_text<Use>::value));
#endif
}

/// The same with A in tensor memory at `a`: K-major rows in the lanes of D's, 32 bytes of K in eight columns.
template <int Group, tcgen05_kind Kind, tcgen05_collector Use = tcgen05_collector::discard>
DEEPGEMM_DEVICE void tcgen05_mma_tensor_a(u32 d, u32 a, u64 b_descriptor, u32 instruction, bool accumulate) {
    detail::check_tcgen05<Group>();
    detail::check_unscaled<Kind>();
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<Group, Kind>(true), {d, a, b_descriptor, instruction, accumulate});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.cta_group::%5.kind::%6.collector::a::%7 [%0], [%1], %2, %3, "
        "p;}" ::"r"(d),
        "r"(a), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)), "n"(Group),
        "C"(detail::kind_text<Kind, 0>::value), "C"(detail::collector_text<Use>::value));
#endif
}

/// The block-scaled multiply: one scale for each `Block` elements of K, in tensor memory at `sa` and `sb`.
template <int Group, tcgen05_kind Kind = tcgen05_kind::mxf8f6f4, int Block = detail::usual_block(Kind),
          tcgen05_collector Use = tcgen05_collector::discard>
DEEPGEMM_DEVICE void tcgen05_mma_scaled(u32 d, u64 a_descriptor, u64 b_descriptor, u32 instruction, u32 sa, u32 sb,
                                        bool accumulate) {
    detail::check_tcgen05<Group>();
    static_assert(detail::scaled_kind(Kind), "this kind has no scales: tcgen05_mma");
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<Group, Kind, Block>(false),
                     {d, a_descriptor, b_descriptor, instruction, accumulate, sa, sb});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.cta_group::%7.kind::%8.collector::a::%9 [%0], %1, %2, %3, "
        "[%5], [%6], p;}" ::"r"(d),
        "l"(a_descriptor), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)), "r"(sa), "r"(sb), "n"(Group),
        "C"(detail::kind_text<Kind, Block>::value), "C"(detail::collector_text<Use>::value));
#endif
}

/// The same with A in tensor memory, see tcgen05_mma_tensor_a().
template <int Group, tcgen05_kind Kind = tcgen05_kind::mxf8f6f4, int Block = detail::usual_block(Kind),
          tcgen05_collector Use = tcgen05_collector::discard>
DEEPGEMM_DEVICE void tcgen05_mma_scaled_tensor_a(u32 d, u32 a, u64 b_descriptor, u32 instruction, u32 sa, u32 sb,
                                                 bool accumulate) {
    detail::check_tcgen05<Group>();
    static_assert(detail::scaled_kind(Kind), "this kind has no scales: tcgen05_mma_tensor_a");
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<Group, Kind, Block>(true),
                     {d, a, b_descriptor, instruction, accumulate, sa, sb});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.cta_group::%7.kind::%8.collector::a::%9 [%0], [%1], %2, %3, "
        "[%5], [%6], p;}" ::"r"(d),
        "r"(a), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)), "r"(sa), "r"(sb), "n"(Group),
        "C"(detail::kind_text<Kind, Block>::value), "C"(detail::collector_text<Use>::value));
#endif
}

/// The weight-stationary multiply: M of 32, 64 or 128, N of 64, 128 or 256, by one CTA. B may stay in collector buffer
/// `Buffer`.
template <tcgen05_kind Kind, tcgen05_collector Use = tcgen05_collector::discard, int Buffer = 0>
DEEPGEMM_DEVICE void tcgen05_mma_ws(u32 d, u64 a_descriptor, u64 b_descriptor, u32 instruction, bool accumulate) {
    detail::check_tcgen05<1>();
    detail::check_unscaled<Kind>();
    static_assert(Buffer >= 0 && Buffer < 4, "tcgen05.mma.ws has collector buffers b0 to b3");
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<1, Kind>(false, true),
                     {d, a_descriptor, b_descriptor, instruction, accumulate});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.ws.cta_group::1.kind::%5.collector::b%7::%6 [%0], %1, %2, "
        "%3, p;}" ::"r"(d),
        "l"(a_descriptor), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)),
        "C"(detail::kind_text<Kind, 0>::value), "C"(detail::collector_text<Use>::value), "n"(Buffer));
#endif
}

/// The same with A in tensor memory, once in all lanes that hold a part of its row of D.
template <tcgen05_kind Kind, tcgen05_collector Use = tcgen05_collector::discard, int Buffer = 0>
DEEPGEMM_DEVICE void tcgen05_mma_ws_tensor_a(u32 d, u32 a, u64 b_descriptor, u32 instruction, bool accumulate) {
    detail::check_tcgen05<1>();
    detail::check_unscaled<Kind>();
    static_assert(Buffer >= 0 && Buffer < 4, "tcgen05.mma.ws has collector buffers b0 to b3");
#if DEEPGEMM_SIMULATED
    sim::tcgen05_mma(detail::simulated_form<1, Kind>(true, true), {d, a, b_descriptor, instruction, accumulate});
#else
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %4, 0; tcgen05.mma.ws.cta_group::1.kind::%5.collector::b%7::%6 [%0], [%1], %2, "
        "%3, p;}" ::"r"(d),
        "r"(a), "l"(b_descriptor), "r"(instruction), "r"(u32(accumulate)), "C"(detail::kind_text<Kind, 0>::value),
        "C"(detail::collector_text<Use>::value), "n"(Buffer));
#endif
}

}  // namespace deepgemm::ptx
