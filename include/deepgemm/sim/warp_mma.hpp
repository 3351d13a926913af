// SPDX-License-Identifier: MIT
// mma.sync on the simulated machine. Products are exact, and their sum is rounded once to FP32, which is more exact than the
// tensor core. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/sim/warp.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

/// What a lane brings to a multiply of a warp, and takes away.
struct mma_lane {
    float* d;
    const u32 *a, *b;
};

/// The TF32 number in a word.
inline double tf32_of(u32 word) { return double(bit_cast<float>(word & ~0x1fffu)); }

}  // namespace detail

/// d(16, 8) += a(16, 8) b(8, 8); how lanes hold them: ptx::mma_tf32().
inline void mma_tf32(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    detail::mma_lane mine{d, a, b};
    collective("mma.sync.m16n8k8.tf32", reinterpret_cast<u64>(&mine), [](const u64* argument, u64*) {
        const detail::mma_lane* lanes[32];
        for (u32 lane = 0; lane < 32; ++lane) lanes[lane] = reinterpret_cast<const detail::mma_lane*>(argument[lane]);
        for (u32 lane = 0; lane < 32; ++lane) {
            for (u32 i = 0; i < 4; ++i) {
                const u32 row = lane / 4, column = lane % 4 * 2 + i % 2;
                double sum = double(lanes[lane]->d[i]);
                for (u32 k = 0; k < 8; ++k) {
                    const double x = detail::tf32_of(lanes[row * 4 + k % 4]->a[i / 2 + k / 4 * 2]);
                    sum += x * detail::tf32_of(lanes[column * 4 + k % 4]->b[k / 4]);
                }
                lanes[lane]->d[i] = float(sum);
            }
        }
    });
}

}  // namespace deepgemm::sim
