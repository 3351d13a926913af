// SPDX-License-Identifier: MIT
// The arithmetic of the simulated tensor cores: C(M,N) += A(M,K) x B(K,N) on floats, in FP32, with SIMD.
// Compiled for AVX-512, AVX2 and the baseline and picked at run time, so that neither -march nor -O is needed for speed.
// It rounds like FP32 (with or without FMA), which is more exact than the tensor cores themselves. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

#if defined(__x86_64__) && defined(__GNUC__)
#define DEEPGEMM_SIM_MULTIVERSION 1
#if defined(__clang__)
#define DEEPGEMM_SIM_TARGET(isa) __attribute__((target(isa)))
#else
#define DEEPGEMM_SIM_TARGET(isa) __attribute__((target(isa), optimize("O3")))
#endif
#else
#define DEEPGEMM_SIM_MULTIVERSION 0
#endif

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Floats by which the rows of B and C are padded, so that one loop serves every N. Padding columns are scratch.
constexpr u32 mma_column_padding = 32;

/// The row pitch of B and C, in floats, for `n` columns.
constexpr u32 mma_pitch(u32 n) { return (n + mma_column_padding - 1) / mma_column_padding * mma_column_padding; }

/// A product of `m` x `k` (row-major) with `k` x `n`; B and C have pitch mma_pitch(n).
struct mma_problem {
    float* c;
    const float* a;
    const float* b;
    u32 m, n, k;      ///< m is a multiple of 8
    u32 a_pitch = k;  ///< from a row of A to the next
};

namespace detail {

/// Keeps a block of `Rows` x `Vectors` vectors of C in registers and runs over K.
template <int Width, int Vectors, int Rows>
[[gnu::always_inline]] inline void mma_blocks(const mma_problem& p) {
    // g++ drops a dependent vector_size from an alias; and g++ 11 a dependent `aligned`, so that vectors are copied from
    // and to floats, which takes one unaligned instruction. NOLINTNEXTLINE(modernize-use-using)
    typedef float vector __attribute__((vector_size(Width * 4)));
    const u32 pitch = mma_pitch(p.n);
    for (u32 n = 0; n < p.n; n += Width * Vectors) {
        for (u32 m = 0; m < p.m; m += Rows) {
            float* c = p.c + m * pitch + n;
            const float* a = p.a + m * p.a_pitch;
            const float* b = p.b + n;
            vector sum[Rows][Vectors];
#pragma GCC unroll 8
            for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
                for (int j = 0; j < Vectors; ++j)
                    __builtin_memcpy(&sum[i][j], c + i * pitch + j * Width, sizeof(vector));
            }
            for (u32 k = 0; k < p.k; ++k) {
                vector row[Vectors];
#pragma GCC unroll 2
                for (int j = 0; j < Vectors; ++j) __builtin_memcpy(&row[j], b + k * pitch + j * Width, sizeof(vector));
#pragma GCC unroll 8
                for (int i = 0; i < Rows; ++i) {
                    const float x = a[i * p.a_pitch + k];
#pragma GCC unroll 2
                    for (int j = 0; j < Vectors; ++j) sum[i][j] += x * row[j];
                }
            }
#pragma GCC unroll 8
            for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
                for (int j = 0; j < Vectors; ++j)
                    __builtin_memcpy(c + i * pitch + j * Width, &sum[i][j], sizeof(vector));
            }
        }
    }
}

/// c[i] += part[i] * (row * column[i]), in double.
[[gnu::always_inline]] inline void add_scaled_row(float* c, const float* part, double row, const double* column,
                                                  u32 n) {
    for (u32 i = 0; i < n; ++i) c[i] = float(double(c[i]) + double(part[i]) * (row * column[i]));
}

inline void mma_baseline(const mma_problem& p) { mma_blocks<4, 2, 4>(p); }
inline void add_scaled_baseline(float* c, const float* part, double row, const double* column, u32 n) {
    add_scaled_row(c, part, row, column, n);
}
#if DEEPGEMM_SIM_MULTIVERSION
DEEPGEMM_SIM_TARGET("avx2,fma") inline void mma_avx2(const mma_problem& p) { mma_blocks<8, 2, 4>(p); }
DEEPGEMM_SIM_TARGET("avx512f") inline void mma_avx512(const mma_problem& p) { mma_blocks<16, 2, 8>(p); }
DEEPGEMM_SIM_TARGET("avx2,fma")
inline void add_scaled_avx2(float* c, const float* part, double row, const double* column, u32 n) {
    add_scaled_row(c, part, row, column, n);
}
#endif

}  // namespace detail

namespace detail {
#if DEEPGEMM_SIM_MULTIVERSION
/// 2 where this processor has AVX-512, 1 where it has AVX2.
inline int vector_level() {
    static const int level = __builtin_cpu_supports("avx512f")                                 ? 2
                             : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1
                                                                                               : 0;
    return level;
}
#endif
}  // namespace detail

/// Runs the product with the widest vectors this processor has.
inline void multiply_accumulate(const mma_problem& problem) {
#if DEEPGEMM_SIM_MULTIVERSION
    if (detail::vector_level() == 2) return detail::mma_avx512(problem);
    if (detail::vector_level() == 1) return detail::mma_avx2(problem);
#endif
    detail::mma_baseline(problem);
}

/// c[i] += part[i] * (row * column[i]) for `n` elements: sums with scales of a row and of columns. Only c is rounded, to FP32.
inline void add_scaled(float* c, const float* part, double row, const double* column, u32 n) {
#if DEEPGEMM_SIM_MULTIVERSION
    if (detail::vector_level() != 0) return detail::add_scaled_avx2(c, part, row, column, n);
#endif
    detail::add_scaled_baseline(c, part, row, column, n);
}

}  // namespace deepgemm::sim
