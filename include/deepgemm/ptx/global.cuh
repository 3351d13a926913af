// SPDX-License-Identifier: MIT
// Global memory: weak and read-only loads, weak stores, atomic additions of floats and largest numbers. Accesses that
// synchronise threads are in word.cuh.
#pragma once

#include <deepgemm/ptx/cache_hint.cuh>
#include <deepgemm/ptx/vector.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/global.hpp>
#endif

namespace deepgemm::ptx {

/// Loads a T of 1, 2, 4, 8 or 16 bytes, aligned to its size.
template <movable T>
DEEPGEMM_DEVICE T ld_global(const T* address) {
#if DEEPGEMM_SIMULATED
    return sim::ld_global(address);
#else
    if constexpr (sizeof(T) == 1) {
        u32 v;
        asm volatile("ld.global.u8 %0, [%1];" : "=r"(v) : "l"(address) : "memory");
        return bit_cast<T>(u8(v));
    } else if constexpr (sizeof(T) == 2) {
        u16 v;
        asm volatile("ld.global.b16 %0, [%1];" : "=h"(v) : "l"(address) : "memory");
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 4) {
        u32 v;
        asm volatile("ld.global.b32 %0, [%1];" : "=r"(v) : "l"(address) : "memory");
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 8) {
        detail::words<T> v;
        asm volatile("ld.global.v2.b32 {%0, %1}, [%2];" : "=r"(v.w[0]), "=r"(v.w[1]) : "l"(address) : "memory");
        return bit_cast<T>(v);
    } else {
        detail::words<T> v;
        asm volatile("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
                     : "l"(address)
                     : "memory");
        return bit_cast<T>(v);
    }
#endif
}

/// Brings the 32 bytes around an address to L2, without waiting. Any thread; addresses need no alignment. The simulated machine
/// has no caches.
DEEPGEMM_DEVICE void prefetch_l2(const void* address) {
#if DEEPGEMM_SIMULATED
    static_cast<void>(address);
#else
    asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
#endif
}

/// As ld_global(), through the read-only data path: no thread may write the value while the kernel runs. The compiler may move
/// it across other accesses.
template <movable T>
DEEPGEMM_DEVICE T ld_global_nc(const T* address) {
#if DEEPGEMM_SIMULATED
    return sim::ld_global_nc(address);
#else
    if constexpr (sizeof(T) == 1) {
        u32 v;
        asm("ld.global.nc.u8 %0, [%1];" : "=r"(v) : "l"(address));
        return bit_cast<T>(u8(v));
    } else if constexpr (sizeof(T) == 2) {
        u16 v;
        asm("ld.global.nc.b16 %0, [%1];" : "=h"(v) : "l"(address));
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 4) {
        u32 v;
        asm("ld.global.nc.b32 %0, [%1];" : "=r"(v) : "l"(address));
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 8) {
        detail::words<T> v;
        asm("ld.global.nc.v2.b32 {%0, %1}, [%2];" : "=r"(v.w[0]), "=r"(v.w[1]) : "l"(address));
        return bit_cast<T>(v);
    } else {
        detail::words<T> v;
        asm("ld.global.nc.v4.b32 {%0, %1, %2, %3}, [%4];"
            : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
            : "l"(address));
        return bit_cast<T>(v);
    }
#endif
}

/// As ld_global_nc(), of 16 bytes that are read once: they stay in no L1, and in L2 they make room first, so that they displace
/// little of what others have there. Lines that were written would have to go back to memory.
template <movable T>
DEEPGEMM_DEVICE T ld_global_once(const T* address) {
    static_assert(sizeof(T) == 16, "ld_global_once loads 16 bytes");
#if DEEPGEMM_SIMULATED
    return sim::ld_global_nc(address);
#else
    detail::words<T> v;
    asm("ld.global.nc.L1::no_allocate.L2::cache_hint.v4.b32 {%0, %1, %2, %3}, [%4], %5;"
        : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
        : "l"(address), "l"(u64(cache_hint::evict_first)));
    return bit_cast<T>(v);
#endif
}

/// Stores a T of 1, 2, 4, 8 or 16 bytes, aligned to its size.
template <movable T>
DEEPGEMM_DEVICE void st_global(T* address, const T& value) {
#if DEEPGEMM_SIMULATED
    sim::st_global(address, value);
#else
    if constexpr (sizeof(T) == 1) {
        asm volatile("st.global.u8 [%0], %1;" ::"l"(address), "r"(u32(bit_cast<u8>(value))) : "memory");
    } else if constexpr (sizeof(T) == 2) {
        asm volatile("st.global.b16 [%0], %1;" ::"l"(address), "h"(bit_cast<u16>(value)) : "memory");
    } else if constexpr (sizeof(T) == 4) {
        asm volatile("st.global.b32 [%0], %1;" ::"l"(address), "r"(bit_cast<u32>(value)) : "memory");
    } else if constexpr (sizeof(T) == 8) {
        const auto v = bit_cast<detail::words<T>>(value);
        asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(address), "r"(v.w[0]), "r"(v.w[1]) : "memory");
    } else {
        const auto v = bit_cast<detail::words<T>>(value);
        asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(address), "r"(v.w[0]), "r"(v.w[1]), "r"(v.w[2]),
                     "r"(v.w[3])
                     : "memory");
    }
#endif
}

/// Stores a T of 2 or 4 bytes, aligned to its size, if `wanted`; else it does not touch `address`. A predicate, not a branch.
template <movable T>
DEEPGEMM_DEVICE void st_global_if(bool wanted, T* address, const T& value) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "st_global_if stores 2 or 4 bytes");
#if DEEPGEMM_SIMULATED
    if (wanted) sim::st_global(address, value);
#else
    if constexpr (sizeof(T) == 2) {
        asm volatile("{\n .reg .pred p;\n setp.ne.b32 p, %2, 0;\n @p st.global.b16 [%0], %1;\n}" ::"l"(address),
                     "h"(bit_cast<u16>(value)), "r"(u32(wanted))
                     : "memory");
    } else {
        asm volatile("{\n .reg .pred p;\n setp.ne.b32 p, %2, 0;\n @p st.global.b32 [%0], %1;\n}" ::"l"(address),
                     "r"(bit_cast<u32>(value)), "r"(u32(wanted))
                     : "memory");
    }
#endif
}

/// The same, with how long L2 should keep it.
template <movable T>
DEEPGEMM_DEVICE void st_global_if(bool wanted, T* address, const T& value, [[maybe_unused]] cache_hint hint) {
    static_assert(sizeof(T) == 2 || sizeof(T) == 4, "st_global_if stores 2 or 4 bytes");
#if DEEPGEMM_SIMULATED
    if (wanted) sim::st_global(address, value);
#else
    if constexpr (sizeof(T) == 2) {
        asm volatile(
            "{\n .reg .pred p;\n setp.ne.b32 p, %2, 0;\n @p st.global.L2::cache_hint.b16 [%0], %1, %3;\n}" ::"l"(
                address),
            "h"(bit_cast<u16>(value)), "r"(u32(wanted)), "l"(u64(hint))
            : "memory");
    } else {
        asm volatile(
            "{\n .reg .pred p;\n setp.ne.b32 p, %2, 0;\n @p st.global.L2::cache_hint.b32 [%0], %1, %3;\n}" ::"l"(
                address),
            "r"(bit_cast<u32>(value)), "r"(u32(wanted)), "l"(u64(hint))
            : "memory");
    }
#endif
}

/// Adds to a float atomically (relaxed, GPU scope). The order of the additions, and so the rounding, is not defined.
DEEPGEMM_DEVICE void atomic_add(float* address, float value) {
#if DEEPGEMM_SIMULATED
    sim::atomic_add(address, value, memory_scope::gpu, false);
#else
    asm volatile("red.relaxed.gpu.global.add.f32 [%0], %1;" ::"l"(address), "f"(value) : "memory");
#endif
}

/// Replaces a number by `value` if that is larger, atomically (relaxed, GPU scope). The order of such calls makes no
/// difference.
DEEPGEMM_DEVICE void atomic_max(u32* address, u32 value) {
#if DEEPGEMM_SIMULATED
    sim::atomic_max(address, value, memory_scope::gpu);
#else
    asm volatile("red.relaxed.gpu.global.max.u32 [%0], %1;" ::"l"(address), "r"(value) : "memory");
#endif
}

}  // namespace deepgemm::ptx
