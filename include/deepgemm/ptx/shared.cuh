// SPDX-License-Identifier: MIT
// Dynamic shared memory of the own CTA through 32-bit window addresses: generic-proxy loads, stores and atomic additions.
// TMA and wgmma read through the async proxy: a store here is visible to them only after fence_proxy_async().
#pragma once

#include <deepgemm/ptx/vector.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/memory.hpp>
#endif

namespace deepgemm::ptx {

/// Address of the dynamic shared memory, aligned to 1024 bytes (the repeat of the 128-byte swizzle).
DEEPGEMM_DEVICE u32 dynamic_smem() {
#if DEEPGEMM_SIMULATED
    return sim::dynamic_smem();
#else
    extern __shared__ __align__(1024) u8 deepgemm_dynamic_smem[];
    return u32(__cvta_generic_to_shared(deepgemm_dynamic_smem));
#endif
}

/// Loads a T of 1, 2, 4, 8 or 16 bytes from shared memory. `address` is a multiple of its size.
template <movable T>
DEEPGEMM_DEVICE T ld_shared(u32 address) {
#if DEEPGEMM_SIMULATED
    return sim::ld_shared<T>(address, "ld.shared");
#else
    if constexpr (sizeof(T) == 1) {
        u32 v;
        asm volatile("ld.shared.u8 %0, [%1];" : "=r"(v) : "r"(address) : "memory");
        return bit_cast<T>(u8(v));
    } else if constexpr (sizeof(T) == 2) {
        u16 v;
        asm volatile("ld.shared.b16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 4) {
        u32 v;
        asm volatile("ld.shared.b32 %0, [%1];" : "=r"(v) : "r"(address) : "memory");
        return bit_cast<T>(v);
    } else if constexpr (sizeof(T) == 8) {
        detail::words<T> v;
        asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];" : "=r"(v.w[0]), "=r"(v.w[1]) : "r"(address) : "memory");
        return bit_cast<T>(v);
    } else {
        detail::words<T> v;
        asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3])
                     : "r"(address)
                     : "memory");
        return bit_cast<T>(v);
    }
#endif
}

/// Stores a T of 1, 2, 4, 8 or 16 bytes to shared memory. `address` is a multiple of its size.
template <movable T>
DEEPGEMM_DEVICE void st_shared(u32 address, const T& value) {
#if DEEPGEMM_SIMULATED
    sim::st_shared(address, value, "st.shared");
#else
    if constexpr (sizeof(T) == 1) {
        asm volatile("st.shared.u8 [%0], %1;" ::"r"(address), "r"(u32(bit_cast<u8>(value))) : "memory");
    } else if constexpr (sizeof(T) == 2) {
        asm volatile("st.shared.b16 [%0], %1;" ::"r"(address), "h"(bit_cast<u16>(value)) : "memory");
    } else if constexpr (sizeof(T) == 4) {
        asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(bit_cast<u32>(value)) : "memory");
    } else if constexpr (sizeof(T) == 8) {
        const auto v = bit_cast<detail::words<T>>(value);
        asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(address), "r"(v.w[0]), "r"(v.w[1]) : "memory");
    } else {
        const auto v = bit_cast<detail::words<T>>(value);
        asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(v.w[0]), "r"(v.w[1]), "r"(v.w[2]),
                     "r"(v.w[3])
                     : "memory");
    }
#endif
}

/// Adds one to the word at `address` atomically (relaxed, CTA scope). Lanes of a warp that count at one address cost no more
/// than one of them.
DEEPGEMM_DEVICE void increment_shared(u32 address) {
#if DEEPGEMM_SIMULATED
    sim::atomic_add_shared(address, 1, false, "red.shared.add");
#else
    asm volatile("red.relaxed.cta.shared.add.u32 [%0], 1;" ::"r"(address) : "memory");
#endif
}

/// Adds to the word at `address` atomically (relaxed, CTA scope), modulo 2^32, and returns what it was before.
DEEPGEMM_DEVICE u32 fetch_add_shared(u32 address, u32 value) {
#if DEEPGEMM_SIMULATED
    return sim::atomic_add_shared(address, value, true, "atom.shared.add");
#else
    u32 before;
    asm volatile("atom.relaxed.cta.shared.add.u32 %0, [%1], %2;" : "=r"(before) : "r"(address), "r"(value) : "memory");
    return before;
#endif
}

}  // namespace deepgemm::ptx
