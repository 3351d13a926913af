// SPDX-License-Identifier: MIT
// Warp-wide moves of 8x8 matrices of 16-bit elements between shared memory and registers (sm_75 and later, stmatrix sm_90). In
// registers lane l holds the elements (l/4, 2*(l%4)) and (l/4, 2*(l%4)+1) of each matrix in one word. PTX ISA: "Warp-level
// matrix load/store instructions". Elements of 8 bits move in pairs, and an element of 32 bits as two halves.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/types.cuh>

#if DEEPGEMM_SIMULATED
#include <deepgemm/sim/matrix.hpp>
#endif

namespace deepgemm::ptx {

/// How many 8x8 matrices one instruction moves.
template <int N>
concept matrix_count = N == 1 || N == 2 || N == 4;

/// Loads `N` matrices. Lane 8*j + i gives the 16-byte aligned shared address of row i of matrix j, which goes to r[j];
/// addresses of lanes beyond 8*N are ignored. Called by a whole warp, converged. The reads are of the generic proxy.
template <int N>
requires matrix_count<N> DEEPGEMM_DEVICE void ldmatrix(u32 (&r)[N], u32 address) {
#if DEEPGEMM_SIMULATED
    sim::ldmatrix(r, N, false, address);
#else
    if constexpr (N == 1) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r[0]) : "r"(address) : "memory");
    } else if constexpr (N == 2) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                     : "=r"(r[0]), "=r"(r[1])
                     : "r"(address)
                     : "memory");
    } else {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
    }
#endif
}

/// ldmatrix with each matrix transposed: lane l receives elements (2*(l%4), l/4) and (2*(l%4)+1, l/4).
template <int N>
requires matrix_count<N> DEEPGEMM_DEVICE void ldmatrix_trans(u32 (&r)[N], u32 address) {
#if DEEPGEMM_SIMULATED
    sim::ldmatrix(r, N, true, address);
#else
    if constexpr (N == 1) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                     : "=r"(r[0])
                     : "r"(address)
                     : "memory");
    } else if constexpr (N == 2) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                     : "=r"(r[0]), "=r"(r[1])
                     : "r"(address)
                     : "memory");
    } else {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
    }
#endif
}

/// Stores `N` matrices; addresses as in ldmatrix. A generic-proxy write: TMA and wgmma see it after fence_proxy_async.
template <int N>
requires matrix_count<N> DEEPGEMM_DEVICE void stmatrix(u32 address, const u32 (&r)[N]) {
#if DEEPGEMM_SIMULATED
    sim::stmatrix(address, r, N, false);
#else
    if constexpr (N == 1) {
        asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};" ::"r"(address), "r"(r[0]) : "memory");
    } else if constexpr (N == 2) {
        asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(address), "r"(r[0]), "r"(r[1])
                     : "memory");
    } else {
        asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(r[0]),
                     "r"(r[1]), "r"(r[2]), "r"(r[3])
                     : "memory");
    }
#endif
}

/// stmatrix with each matrix transposed.
template <int N>
requires matrix_count<N> DEEPGEMM_DEVICE void stmatrix_trans(u32 address, const u32 (&r)[N]) {
#if DEEPGEMM_SIMULATED
    sim::stmatrix(address, r, N, true);
#else
    if constexpr (N == 1) {
        asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::"r"(address), "r"(r[0]) : "memory");
    } else if constexpr (N == 2) {
        asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};" ::"r"(address), "r"(r[0]),
                     "r"(r[1])
                     : "memory");
    } else {
        asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(r[0]),
                     "r"(r[1]), "r"(r[2]), "r"(r[3])
                     : "memory");
    }
#endif
}

/// Stores `N` matrices of 16 x 8 bytes transposed (Blackwell, sm_100f). Byte b of lane l's word is the element (l/4 + 8*(b/2),
/// 2*(l%4) + b%2) of a matrix. Lane 8*j + i gives the shared address of column i of matrix j, whose 16 elements become 16
/// bytes.
template <int N>
requires matrix_count<N> DEEPGEMM_DEVICE void stmatrix_bytes_trans(u32 address, const u32 (&r)[N]) {
    static_assert(arch::sm100::compiled_here && N > 0, "stmatrix of bytes needs Blackwell: pass " DEEPGEMM_SM100_FLAG);
#if DEEPGEMM_SIMULATED
    sim::stmatrix_bytes(address, r, N);
#else
    if constexpr (N == 1) {
        asm volatile("stmatrix.sync.aligned.m16n8.x1.trans.shared.b8 [%0], {%1};" ::"r"(address), "r"(r[0]) : "memory");
    } else if constexpr (N == 2) {
        asm volatile("stmatrix.sync.aligned.m16n8.x2.trans.shared.b8 [%0], {%1, %2};" ::"r"(address), "r"(r[0]),
                     "r"(r[1])
                     : "memory");
    } else {
        asm volatile("stmatrix.sync.aligned.m16n8.x4.trans.shared.b8 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(r[0]),
                     "r"(r[1]), "r"(r[2]), "r"(r[3])
                     : "memory");
    }
#endif
}

/// Transposes one 8x8 matrix held across the warp: gives lane l the elements (2*(l%4), l/4) and (2*(l%4)+1, l/4).
DEEPGEMM_DEVICE u32 movmatrix(u32 a) {
#if DEEPGEMM_SIMULATED
    return sim::movmatrix(a);
#else
    u32 d;
    asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(d) : "r"(a));
    return d;
#endif
}

}  // namespace deepgemm::ptx
