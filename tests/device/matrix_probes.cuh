// SPDX-License-Identifier: MIT
// Probes of ldmatrix, stmatrix and movmatrix: rows of a swizzled-looking order of addresses, registers written out. And of
// permutations of bytes, and a multiply of one warp.
#pragma once

#include <deepgemm/ptx/bytes.cuh>

#include "probe.cuh"

namespace deepgemm::probes {

/// The shared-memory row (of 16 bytes) that lane `lane` points at: a permutation, so that order matters.
DEEPGEMM_BOTH constexpr u32 matrix_row(u32 lane) { return lane * 13 % 32; }

template <int N, bool Transposed>
struct ldmatrix_probe {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 32, cluster = 1, smem_bytes = 512;
    static constexpr u32 a_bytes = 512, b_bytes = 16, output_bytes = 32 * N * 4;

    static void maps(const void* a, const void*, void*, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = matrix_map(a, dtype::f32, 8, 16, 64, 8, 16, swizzle_mode::none);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), lane = ptx::lane_index();
        for (u32 i = lane; i < 128; i += 32) {
            ptx::st_shared<u32>(smem + i * 4, ptx::ld_global(reinterpret_cast<const u32*>(p.a) + i));
        }
        ptx::sync_cta();
        u32 r[N];
        if constexpr (Transposed) {
            ptx::ldmatrix_trans(r, smem + matrix_row(lane) * 16);
        } else {
            ptx::ldmatrix(r, smem + matrix_row(lane) * 16);
        }
        for (u32 i = 0; i < N; ++i) ptx::st_global(reinterpret_cast<u32*>(p.output) + lane * N + i, r[i]);
    }
};

template <int N, bool Transposed>
struct stmatrix_probe {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 32, cluster = 1, smem_bytes = 512;
    static constexpr u32 a_bytes = 512, b_bytes = 16, output_bytes = 512;

    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        ldmatrix_probe<N, Transposed>::maps(a, b, output, requests);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), lane = ptx::lane_index();
        for (u32 i = lane; i < 128; i += 32) ptx::st_shared<u32>(smem + i * 4, i);
        ptx::sync_cta();
        u32 r[N];
        for (u32 i = 0; i < N; ++i) r[i] = ptx::ld_global(reinterpret_cast<const u32*>(p.a) + lane * N + i);
        if constexpr (Transposed) {
            ptx::stmatrix_trans(smem + matrix_row(lane) * 16, r);
        } else {
            ptx::stmatrix(smem + matrix_row(lane) * 16, r);
        }
        ptx::sync_cta();
        dump_shared(p.output, smem, 512);
    }
};

struct movmatrix_probe {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 64, cluster = 1, smem_bytes = 16;
    static constexpr u32 a_bytes = 512, b_bytes = 16, output_bytes = 256;

    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        ldmatrix_probe<1, false>::maps(a, b, output, requests);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 t = ptx::thread_index();
        const u32 word = ptx::ld_global(reinterpret_cast<const u32*>(p.a) + t);
        ptx::st_global(reinterpret_cast<u32*>(p.output) + t, ptx::movmatrix(word));
    }
};

/// Bytes of a thread's four words in another order: by selectors of every kind, and four rows transposed.
struct bytes_probe {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 32, cluster = 1, smem_bytes = 16;
    static constexpr u32 a_bytes = 512, b_bytes = 16, output_bytes = 1024;

    static void maps(const void* a, const void* b, void* output, tensor_map_request (&requests)[3]) {
        ldmatrix_probe<1, false>::maps(a, b, output, requests);
    }
    /// The selector of lane `lane`: any four of eight bytes.
    DEEPGEMM_BOTH static constexpr u32 selector(u32 lane) { return (lane * 0x9e3779b9u >> 8) & 0x7777; }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 lane = ptx::lane_index();
        u32 row[4];
        for (u32 i = 0; i < 4; ++i) row[i] = ptx::ld_global(reinterpret_cast<const u32*>(p.a) + 4 * lane + i);
        u32* const to = reinterpret_cast<u32*>(p.output) + 8 * lane;
        for (u32 i = 0; i < 4; ++i)
            ptx::st_global(to + i, ptx::permute_bytes(row[i], row[(i + 1) % 4], selector(lane + i)));
        ptx::transpose_bytes(row[0], row[1], row[2], row[3]);
        for (u32 i = 0; i < 4; ++i) ptx::st_global(to + 4 + i, row[i]);
    }
};

/// A warp's multiply in TF32: operands as lanes hold them, with bits that it ignores, added to what D held before.
struct mma_tf32_probe {
    static constexpr dtype a_type = dtype::f32, b_type = dtype::f32, output_type = dtype::f32;
    static constexpr u32 threads = 32, cluster = 1, smem_bytes = 16;
    static constexpr u32 a_bytes = 512, b_bytes = 256, output_bytes = 512;

    static void maps(const void* a, const void*, void*, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = matrix_map(a, dtype::f32, 8, 16, 64, 8, 16, swizzle_mode::none);
    }
    DEEPGEMM_BOTH static constexpr float before(u32 lane, u32 i) { return float(3 * lane + i); }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 lane = ptx::lane_index();
        u32 a[4], b[2];
        float d[4];
        for (u32 i = 0; i < 4; ++i) {
            a[i] = ptx::ld_global(reinterpret_cast<const u32*>(p.a) + 4 * lane + i) | 0x1fff;
            d[i] = before(lane, i);
        }
        for (u32 i = 0; i < 2; ++i) b[i] = ptx::ld_global(reinterpret_cast<const u32*>(p.b) + 2 * lane + i) | 0xabc;
        ptx::mma_tf32(d, a, b);
        for (u32 i = 0; i < 4; ++i) ptx::st_global(reinterpret_cast<float*>(p.output) + 4 * lane + i, d[i]);
    }
};

using matrix_probes =
    probe_list<ldmatrix_probe<1, false>, ldmatrix_probe<2, false>, ldmatrix_probe<4, false>, ldmatrix_probe<1, true>,
               ldmatrix_probe<2, true>, ldmatrix_probe<4, true>, stmatrix_probe<1, false>, stmatrix_probe<2, false>,
               stmatrix_probe<4, false>, stmatrix_probe<1, true>, stmatrix_probe<2, true>, stmatrix_probe<4, true>,
               movmatrix_probe, bytes_probe, mma_tf32_probe>;

}  // namespace deepgemm::probes
