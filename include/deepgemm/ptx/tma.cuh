// SPDX-License-Identifier: MIT
// TMA: bulk copies between global and shared memory, of boxes of a tensor (1 to 5 dimensions) or of plain byte ranges.
// One thread issues a copy. Loads complete on an mbarrier; stores complete in bulk groups of the issuing thread.
// PTX ISA, "Data Movement and Conversion Instructions: cp.async.bulk". SM90 and later.
#pragma once

#include <deepgemm/layout/tensor_map.cuh>
#include <deepgemm/ptx/cache_hint.cuh>
#include <deepgemm/ptx/tcgen05_group.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/tma.hpp>
#endif

namespace deepgemm::ptx {

#if !DEEPGEMM_SIMULATED
namespace detail {

/// Clears the low bit of the rank in a shared::cluster address: that of the leader of a pair.
inline constexpr u32 leader_bits = 0xfeffffff;

/// Coordinate `i`, or 0 beyond the rank.
template <int Rank>
DEEPGEMM_DEVICE i32 coordinate(const i32 (&coord)[Rank], int i) {
    return i < Rank ? coord[i] : 0;
}

}  // namespace detail

// One instruction for every rank. Operands: %0 shared address, %1 tensor map, %2 to %6 coordinates, then the caller's.
#define DEEPGEMM_TENSOR_COPY_OF(DIGIT, COORDINATES, HEAD, MIDDLE, TAIL, SHARED, ...)                                 \
    asm volatile(HEAD DIGIT "d" MIDDLE COORDINATES TAIL ::"r"(SHARED), "l"(&map), "r"(detail::coordinate(coord, 0)), \
                 "r"(detail::coordinate(coord, 1)), "r"(detail::coordinate(coord, 2)),                               \
                 "r"(detail::coordinate(coord, 3)), "r"(detail::coordinate(coord, 4))__VA_OPT__(, ) __VA_ARGS__      \
                 : "memory")
#define DEEPGEMM_TENSOR_COPY(...)                                          \
    if constexpr (Rank == 1) {                                             \
        DEEPGEMM_TENSOR_COPY_OF("1", "{%2}", __VA_ARGS__);                 \
    } else if constexpr (Rank == 2) {                                      \
        DEEPGEMM_TENSOR_COPY_OF("2", "{%2, %3}", __VA_ARGS__);             \
    } else if constexpr (Rank == 3) {                                      \
        DEEPGEMM_TENSOR_COPY_OF("3", "{%2, %3, %4}", __VA_ARGS__);         \
    } else if constexpr (Rank == 4) {                                      \
        DEEPGEMM_TENSOR_COPY_OF("4", "{%2, %3, %4, %5}", __VA_ARGS__);     \
    } else {                                                               \
        DEEPGEMM_TENSOR_COPY_OF("5", "{%2, %3, %4, %5, %6}", __VA_ARGS__); \
    }
#endif

/// Loads the box at `coord` to `dst` in the own CTA, 128-byte aligned, and counts all its bytes on `bar`. `dst` must not be
/// read before the phase of `bar` completes. Coordinates are in elements, the contiguous dimension first; elements out of
/// bounds become zeros. `coord[0]` must lie at a multiple of 16 bytes: otherwise Hopper raises an illegal instruction, which
/// the PTX ISA does not mention.
template <int Rank>
DEEPGEMM_DEVICE void tma_load(const tensor_map& map, u32 dst, u32 bar, const i32 (&coord)[Rank],
                              [[maybe_unused]] cache_hint hint = cache_hint::evict_normal) {
    static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
    sim::tma_load(map, dst, bar, coord, Rank, 0);
#else
    DEEPGEMM_TENSOR_COPY("cp.async.bulk.tensor.",
                         ".shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, ",
                         "], [%7], %8;", dst, "r"(bar), "l"(u64(hint)));
#endif
}

/// As tma_load(), to the same offset of every CTA in `cta_mask` (bit = rank); each gets the bytes counted on its own
/// barrier at the offset of `bar`.
template <int Rank>
DEEPGEMM_DEVICE void tma_load_multicast(const tensor_map& map, u32 dst, u32 bar, const i32 (&coord)[Rank], u16 cta_mask,
                                        [[maybe_unused]] cache_hint hint = cache_hint::evict_normal) {
    static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
    sim::tma_load(map, dst, bar, coord, Rank, cta_mask);
#else
    DEEPGEMM_TENSOR_COPY(
        "cp.async.bulk.tensor.",
        ".shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster.L2::cache_hint [%0], [%1, ",
        "], [%7], %8, %9;", dst, "r"(bar), "h"(cta_mask), "l"(u64(hint)));
#endif
}

/// As tma_load() on Blackwell (sm_100f), for CTAs of cta_group `Group`: with 2 the bytes count on the barrier at the offset of
/// `bar` in the leader of the pair, the CTA of the even rank.
template <int Group, int Rank>
DEEPGEMM_DEVICE void tma_load_pair(const tensor_map& map, u32 dst, u32 bar, const i32 (&coord)[Rank],
                                   [[maybe_unused]] cache_hint hint = cache_hint::evict_normal) {
    detail::check_tcgen05<Group>();
    if constexpr (Group == 1) {
        tma_load(map, dst, bar, coord, hint);
    } else {
        static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
        sim::tma_load_pair(map, dst, bar, coord, Rank, 0);
#else
        DEEPGEMM_TENSOR_COPY(
            "cp.async.bulk.tensor.",
            ".cta_group::2.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1, ",
            "], [%7], %8;", dst, "r"(bar & detail::leader_bits), "l"(u64(hint)));
#endif
    }
}

/// The same to the same offset of every CTA in `cta_mask`; with Group 2 each pair counts its bytes on the barrier of its own
/// leader.
template <int Group, int Rank>
DEEPGEMM_DEVICE void tma_load_pair_multicast(const tensor_map& map, u32 dst, u32 bar, const i32 (&coord)[Rank],
                                             u16 cta_mask,
                                             [[maybe_unused]] cache_hint hint = cache_hint::evict_normal) {
    detail::check_tcgen05<Group>();
    if constexpr (Group == 1) {
        tma_load_multicast(map, dst, bar, coord, cta_mask, hint);
    } else {
        static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
        sim::tma_load_pair(map, dst, bar, coord, Rank, cta_mask);
#else
        DEEPGEMM_TENSOR_COPY("cp.async.bulk.tensor.",
                             ".cta_group::2.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster."
                             "L2::cache_hint [%0], [%1, ",
                             "], [%7], %8, %9;", dst, "r"(bar & detail::leader_bits), "h"(cta_mask), "l"(u64(hint)));
#endif
    }
}

/// Stores the box at `src` (shared, 128-byte aligned, fenced with fence_proxy_async) to the tensor and joins the thread's
/// current bulk group. Elements beyond the tensor's end are dropped, but along the contiguous dimension only in whole units of
/// 16 bytes: if the tensor ends inside a unit, the rest of the unit is overwritten. No coordinate may be negative. (Both were
/// observed on an H200.)
template <int Rank>
DEEPGEMM_DEVICE void tma_store(const tensor_map& map, u32 src, const i32 (&coord)[Rank]) {
    static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
    sim::tma_store(map, src, coord, Rank, false);
#else
    DEEPGEMM_TENSOR_COPY("cp.async.bulk.tensor.", ".global.shared::cta.bulk_group [%1, ", "], [%0];", src);
#endif
}

/// As tma_store(), adding to what the tensor holds (f32, or bf16 rounded to nearest). Order among CTAs is not defined.
template <int Rank>
DEEPGEMM_DEVICE void tma_reduce_add(const tensor_map& map, u32 src, const i32 (&coord)[Rank]) {
    static_assert(Rank >= 1 && Rank <= 5, "a tensor map has 1 to 5 dimensions");
#if DEEPGEMM_SIMULATED
    sim::tma_store(map, src, coord, Rank, true);
#else
    DEEPGEMM_TENSOR_COPY("cp.reduce.async.bulk.tensor.", ".global.shared::cta.add.bulk_group [%1, ", "], [%0];", src);
#endif
}

#if !DEEPGEMM_SIMULATED
#undef DEEPGEMM_TENSOR_COPY
#undef DEEPGEMM_TENSOR_COPY_OF
#endif

/// Loads `bytes` (a multiple of 16) from `src` to `dst` in the own CTA, both 16-byte aligned; counted on `bar`.
DEEPGEMM_DEVICE void bulk_load(u32 dst, const void* src, u32 bytes, u32 bar,
                               [[maybe_unused]] cache_hint hint = cache_hint::evict_normal) {
#if DEEPGEMM_SIMULATED
    sim::bulk_load(dst, src, bytes, bar, 0);
#else
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], "
        "%4;" ::"r"(dst),
        "l"(src), "r"(bytes), "r"(bar), "l"(u64(hint))
        : "memory");
#endif
}

/// As bulk_load(), to the same offset of every CTA in `cta_mask`, counted on the barrier of each.
DEEPGEMM_DEVICE void bulk_load_multicast(u32 dst, const void* src, u32 bytes, u32 bar, u16 cta_mask) {
#if DEEPGEMM_SIMULATED
    sim::bulk_load(dst, src, bytes, bar, cta_mask);
#else
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1], %2, [%3], "
        "%4;" ::"r"(dst),
        "l"(src), "r"(bytes), "r"(bar), "h"(cta_mask)
        : "memory");
#endif
}

/// Stores `bytes` (a multiple of 16) from shared `src` to global `dst`, both 16-byte aligned. Joins the bulk group.
DEEPGEMM_DEVICE void bulk_store(void* dst, u32 src, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::bulk_store(dst, src, bytes);
#else
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(dst), "r"(src), "r"(bytes)
                 : "memory");
#endif
}

/// As bulk_store(), adding floats to what global memory holds.
DEEPGEMM_DEVICE void bulk_reduce_add_f32(void* dst, u32 src, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::bulk_reduce_add(dst, src, bytes, dtype::f32);
#else
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;" ::"l"(dst), "r"(src),
                 "r"(bytes)
                 : "memory");
#endif
}

/// As bulk_store(), adding bf16 elements to what global memory holds, each sum rounded to nearest even.
DEEPGEMM_DEVICE void bulk_reduce_add_bf16(void* dst, u32 src, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::bulk_reduce_add(dst, src, bytes, dtype::bf16);
#else
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.noftz.bf16 [%0], [%1], %2;" ::"l"(dst),
                 "r"(src), "r"(bytes)
                 : "memory");
#endif
}

/// Closes the thread's current bulk group of stores.
DEEPGEMM_DEVICE void bulk_commit() {
#if DEEPGEMM_SIMULATED
    sim::bulk_commit();
#else
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
#endif
}

/// Waits until all but the newest N bulk groups of the thread are written to global memory.
template <int N>
DEEPGEMM_DEVICE void bulk_wait() {
#if DEEPGEMM_SIMULATED
    sim::bulk_wait(N, false);
#else
    asm volatile("cp.async.bulk.wait_group %0;" ::"n"(N) : "memory");
#endif
}

/// Waits until all but the newest N bulk groups of the thread have read their shared memory, which may then be reused.
template <int N>
DEEPGEMM_DEVICE void bulk_wait_read() {
#if DEEPGEMM_SIMULATED
    sim::bulk_wait(N, true);
#else
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
#endif
}

/// Fetches a tensor map ahead of its first use. Called by one thread.
DEEPGEMM_DEVICE void prefetch_tensor_map(const tensor_map& map) {
#if DEEPGEMM_SIMULATED
    sim::prefetch_tensor_map(map);
#else
    asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
#endif
}

/// Brings a box of a tensor to L2, without waiting. Any thread; no barrier hears of it.
template <int Rank>
DEEPGEMM_DEVICE void tma_prefetch(const tensor_map& map, const i32 (&coord)[Rank]) {
    static_assert(Rank == 2 || Rank == 3, "tma_prefetch: tensors have two or three dimensions");
#if DEEPGEMM_SIMULATED
    sim::tma_prefetch(map, coord, Rank);
#else
    if constexpr (Rank == 2) {
        asm volatile("cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%0, {%1, %2}];" ::"l"(&map), "r"(coord[0]),
                     "r"(coord[1])
                     : "memory");
    } else {
        asm volatile("cp.async.bulk.prefetch.tensor.3d.L2.global.tile [%0, {%1, %2, %3}];" ::"l"(&map), "r"(coord[0]),
                     "r"(coord[1]), "r"(coord[2])
                     : "memory");
    }
#endif
}

/// Brings `bytes` bytes of global memory to L2, both multiples of 16, without waiting. Any thread.
DEEPGEMM_DEVICE void prefetch_l2(const void* address, u32 bytes) {
#if DEEPGEMM_SIMULATED
    sim::prefetch_l2(address, bytes);
#else
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(address), "r"(bytes) : "memory");
#endif
}

}  // namespace deepgemm::ptx
