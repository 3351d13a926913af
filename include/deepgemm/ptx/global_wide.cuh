// SPDX-License-Identifier: MIT
// Loads and stores of 32 bytes of global memory by one thread (sm_100 and later; Hopper's are of 16 bytes).
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/ptx/vector.cuh>
#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/global.hpp>
#endif

namespace deepgemm::ptx {

/// A type that one such load or store moves: 32 bytes, trivially copyable.
template <class T>
concept wide_movable = __is_trivially_copyable(T) && sizeof(T) == 32;

namespace detail {

template <class T>
DEEPGEMM_BOTH constexpr void check_wide() {
    static_assert(arch::sm100::compiled_here && sizeof(T) == 32,
                  "moves of 32 bytes need Blackwell: pass " DEEPGEMM_SM100_FLAG);
}

#if DEEPGEMM_SIMULATED
/// The halves of a value: the simulator keeps account of 16 bytes at a time.
struct wide_halves {
    vec4<u32> half[2];
};
#endif

}  // namespace detail

/// Loads a T of 32 bytes, aligned to 32.
template <wide_movable T>
DEEPGEMM_DEVICE T ld_global_wide(const T* address) {
    detail::check_wide<T>();
#if DEEPGEMM_SIMULATED
    sim::check_global(address, 32, "ld.global.v8");
    const auto* halves = reinterpret_cast<const vec4<u32>*>(address);
    return bit_cast<T>(detail::wide_halves{{sim::ld_global(halves), sim::ld_global(halves + 1)}});
#else
    detail::words<T> v;
    asm volatile("ld.global.v8.b32 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8];"
                 : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3]), "=r"(v.w[4]), "=r"(v.w[5]), "=r"(v.w[6]),
                   "=r"(v.w[7])
                 : "l"(address)
                 : "memory");
    return bit_cast<T>(v);
#endif
}

/// The same through the read-only data path: no thread may write the value while the kernel runs.
template <wide_movable T>
DEEPGEMM_DEVICE T ld_global_nc_wide(const T* address) {
    detail::check_wide<T>();
#if DEEPGEMM_SIMULATED
    sim::check_global(address, 32, "ld.global.nc.v8");
    const auto* halves = reinterpret_cast<const vec4<u32>*>(address);
    return bit_cast<T>(detail::wide_halves{{sim::ld_global_nc(halves), sim::ld_global_nc(halves + 1)}});
#else
    detail::words<T> v;
    asm("ld.global.nc.v8.b32 {%0, %1, %2, %3, %4, %5, %6, %7}, [%8];"
        : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3]), "=r"(v.w[4]), "=r"(v.w[5]), "=r"(v.w[6]), "=r"(v.w[7])
        : "l"(address));
    return bit_cast<T>(v);
#endif
}

/// Stores a T of 32 bytes, aligned to 32.
template <wide_movable T>
DEEPGEMM_DEVICE void st_global_wide(T* address, const T& value) {
    detail::check_wide<T>();
#if DEEPGEMM_SIMULATED
    sim::check_global(address, 32, "st.global.v8");
    const auto from = bit_cast<detail::wide_halves>(value);
    auto* halves = reinterpret_cast<vec4<u32>*>(address);
    sim::st_global(halves, from.half[0]);
    sim::st_global(halves + 1, from.half[1]);
#else
    const auto v = bit_cast<detail::words<T>>(value);
    asm volatile("st.global.v8.b32 [%0], {%1, %2, %3, %4, %5, %6, %7, %8};" ::"l"(address), "r"(v.w[0]), "r"(v.w[1]),
                 "r"(v.w[2]), "r"(v.w[3]), "r"(v.w[4]), "r"(v.w[5]), "r"(v.w[6]), "r"(v.w[7])
                 : "memory");
#endif
}

}  // namespace deepgemm::ptx
