// SPDX-License-Identifier: MIT
// What rungs 3 to 5 share: one block multiplies A (64, k) by B (N, k), both FP8 and K-major, and writes D (64, N) as floats.
// Here are arguments, tensor maps and helpers; the bodies of the kernels are in the programs.
#pragma once

#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/layout/smem_tile.cuh>
#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/wgmma.cuh>

#include "operands.hpp"

namespace backend {

/// Nothing more than the operands.
struct no_more {};

/// A kernel without a body; `More` is what it takes besides the operands.
template <int N, deepgemm::u32 Threads, deepgemm::u32 SmemBytes, class More = no_more>
struct one_tile {
    static constexpr int m = 64, n = N;
    // One K block: rows of 128 bytes, 128 elements of FP8, under the 128-byte swizzle that the tensor core reads.
    static constexpr int block_k = 128;
    using a_tile = deepgemm::smem_tile<deepgemm::e4m3, m, block_k>;
    using b_tile = deepgemm::smem_tile<deepgemm::e4m3, n, block_k>;

    static constexpr deepgemm::launch_info launch{.arch = 90, .threads = Threads, .smem_bytes = SmemBytes};
    struct arguments {
        const deepgemm::e4m3 *a, *b;
        deepgemm::i32 k;
        deepgemm::i64 pitch;  ///< of A and of B, in elements
        float* d;
        More more{};
    };
    struct params {
        deepgemm::tensor_map a, b;
        deepgemm::i32 k_blocks;
        float* d;
        More more;
    };
    static constexpr int map_count = 2;
    static void tensor_maps(const arguments& args, deepgemm::tensor_map_request (&maps)[map_count]) {
        const auto type = deepgemm::dtype::e4m3;
        maps[0] = deepgemm::matrix_map(args.a, type, m, args.k, args.pitch, m, block_k, a_tile::swizzle);
        maps[1] = deepgemm::matrix_map(args.b, type, n, args.k, args.pitch, n, block_k, b_tile::swizzle);
    }
    static params make_params(const arguments& args, const deepgemm::tensor_map (&maps)[map_count]) {
        return {maps[0], maps[1], deepgemm::ceil_div(args.k, block_k), args.d, args.more};
    }
    static int grid(const arguments&, int /*num_sms*/) { return 1; }

    /// The multiply of rung 4: one K block of the tiles at `a` and `b`, added to `d` or overwriting it; returns when
    /// done.
    DEEPGEMM_DEVICE static void multiply_block(float (&d)[n / 2], deepgemm::u32 a, deepgemm::u32 b, bool add) {
        namespace sm90 = deepgemm::sm90;
        namespace ptx = deepgemm::ptx;
        const deepgemm::u64 a_rows = sm90::k_major_descriptor(a, a_tile::swizzle);
        const deepgemm::u64 b_rows = sm90::k_major_descriptor(b, b_tile::swizzle);
        ptx::fence_operand(d);
        ptx::wgmma_fence();
        DEEPGEMM_UNROLL
        for (int step = 0; step < 4; ++step) {
            ptx::wgmma<deepgemm::e4m3, deepgemm::e4m3, n>(d, sm90::advance(a_rows, 32 * step),
                                                          sm90::advance(b_rows, 32 * step), add || step != 0);
        }
        ptx::wgmma_commit();
        ptx::wgmma_wait<0>();
        ptx::fence_operand(d);
    }

    /// Writes a fragment, 64 x N floats spread over 128 threads, to D; each thread knows which elements are its own.
    DEEPGEMM_DEVICE static void write(float* d, const float (&fragment)[n / 2]) {
        const int thread = int(deepgemm::ptx::thread_index() % 128);
        for (int i = 0; i < n / 2; ++i) {
            const int row = deepgemm::sm90::wgmma_rows::row(thread, i),
                      column = deepgemm::sm90::wgmma_rows::column(thread, i);
            deepgemm::ptx::st_global(d + row * n + column, fragment[i]);
        }
    }
};

}  // namespace backend
