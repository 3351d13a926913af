// SPDX-License-Identifier: MIT
// Probes of wgmma: TMA brings operands of 64 x 128 bytes and N x 128 bytes into shared memory in every layout, wgmma
// multiplies them twice, every thread writes its accumulator registers out as they are.
#pragma once

#include "probe.cuh"

namespace deepgemm::probes {

using deepgemm::major;

/// One operand of `Rows` rows along M or N and 128 bytes along K, in shared memory as `Major` and `Swizzle` say.
/// In global memory it is K-major (row, k) or MN-major (k, row), rows padded to whole swizzle spans.
template <class T, int Rows, major Major, swizzle_mode Swizzle>
struct probe_operand {
    static constexpr bool k_major = Major == major::k;
    static constexpr u32 span = swizzle_span_bytes(Swizzle), k = 128 / sizeof(T);
    static constexpr u32 rows = k_major ? Rows : align_up(u32(Rows), span / u32(sizeof(T)));
    static constexpr u32 bytes = rows * 128;
    /// Boxes are one span wide; each lies behind the one before it.
    static constexpr u32 box_rows = k_major ? rows : k, boxes = k_major ? 128 / span : rows * sizeof(T) / span;
    static constexpr u32 box_bytes = box_rows * span;

    static tensor_map_request map(const void* base) {
        const u32 columns = k_major ? k : rows;
        return matrix_map(base, T::type, box_rows, columns, columns * sizeof(T), int(box_rows), int(span / sizeof(T)),
                          Swizzle);
    }
    /// Element (row, k) of the global buffer.
    static constexpr u32 index(u32 row, u32 column) { return k_major ? row * k + column : column * rows + row; }

    static DEEPGEMM_DEVICE void load(const tensor_map& m, u32 address, u32 bar) {
        for (u32 box = 0; box < boxes; ++box) {
            ptx::tma_load<2>(m, address + box * box_bytes, bar, {i32(box * span / sizeof(T)), 0});
        }
    }
    /// The descriptor of 32 bytes of K, number `step` of four.
    static DEEPGEMM_DEVICE u64 descriptor(u32 address, u32 step) {
        if constexpr (Swizzle == swizzle_mode::none) {
            // Chunks of 16 bytes are boxes. K-major: two of them are a step; MN-major: 16 rows of each are.
            if constexpr (k_major) {
                return sm90::make_descriptor(address + 2 * step * box_bytes, box_bytes, 128, Swizzle);
            } else {
                return sm90::make_descriptor(address + step * 16 * 16, 128, box_bytes, Swizzle);
            }
        } else if constexpr (k_major) {
            const u32 byte = step * 32;
            return sm90::make_descriptor(address + byte / span * box_bytes + byte % span, 16, 8 * span, Swizzle);
        } else {
            return sm90::make_descriptor(address + step * 16 * span, box_bytes, 8 * span, Swizzle);
        }
    }
};

enum class a_source { shared, registers };

template <class A, class B, int N, major MajorA = major::k, major MajorB = major::k,
          swizzle_mode Swizzle = swizzle_mode::b128, a_source Source = a_source::shared>
struct wgmma_probe {
    using operand_a = probe_operand<A, 64, MajorA, Swizzle>;
    using operand_b = probe_operand<B, N, MajorB, Swizzle>;
    static constexpr dtype a_type = A::type, b_type = B::type, output_type = dtype::f32;
    static constexpr u32 threads = 128, cluster = 1;
    static constexpr u32 a_bytes = operand_a::bytes, b_bytes = operand_b::bytes, output_bytes = 64 * N * 4;
    static constexpr u32 b_offset = 8192, barrier_offset = b_offset + 32768, smem_bytes = barrier_offset + 16;

    static void maps(const void* a, const void* b, void*, tensor_map_request (&requests)[3]) {
        requests[0] = operand_a::map(a);
        requests[1] = operand_b::map(b);
        requests[2] = requests[1];
    }

    /// What is added to accumulator register `i` of thread `t` between the two passes.
    static DEEPGEMM_BOTH constexpr float between(u32 t, u32 i) { return float(t % 5) + float(i % 3); }

    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), bar = smem + barrier_offset, t = ptx::thread_index();
        make_barrier(bar);
        if (t == 0) {
            ptx::mbarrier_arrive_expect_tx(bar, a_bytes + b_bytes);
            operand_a::load(p.map[0], smem, bar);
            operand_b::load(p.map[1], smem + b_offset, bar);
        }
        ptx::mbarrier_wait(bar, 0, "operands");

        u32 fragment[4][4] = {};  // four words per step, straight from global memory
        if constexpr (Source == a_source::registers) {
            DEEPGEMM_UNROLL
            for (u32 i = 0; i < 16; ++i) {
                const u32 step = i / 4, word = i % 4, row = 16 * (t / 32) + t % 32 / 4 + 8 * (word % 2);
                const u32 byte = row * 128 + step * 32 + 4 * (t % 4) + 16 * (word / 2);
                fragment[step][word] = ptx::ld_global(reinterpret_cast<const u32*>(p.a + byte));
            }
        }
        float d[N / 2];
        DEEPGEMM_UNROLL
        for (u32 i = 0; i < N / 2; ++i) d[i] = 1000.0f;  // the first multiply ignores it
        DEEPGEMM_UNROLL
        for (u32 pass = 0; pass < 2; ++pass) {
            ptx::fence_operand(d);
            ptx::wgmma_fence();
            DEEPGEMM_UNROLL
            for (u32 step = 0; step < 4; ++step) {
                const u64 b = operand_b::descriptor(smem + b_offset, step);
                if constexpr (Source == a_source::registers) {
                    ptx::wgmma<A, B, N, MajorB>(d, fragment[step], b, pass + step != 0);
                } else {
                    ptx::wgmma<A, B, N, MajorA, MajorB>(d, operand_a::descriptor(smem, step), b, pass + step != 0);
                }
            }
            ptx::wgmma_commit();
            ptx::wgmma_wait<0>();
            ptx::fence_operand(d);
            DEEPGEMM_UNROLL
            for (u32 i = 0; i < N / 2; ++i) d[i] += pass == 0 ? between(t, i) : 0.0f;
        }
        DEEPGEMM_UNROLL
        for (u32 i = 0; i < N / 2; ++i) ptx::st_global(reinterpret_cast<float*>(p.output) + t * (N / 2) + i, d[i]);
    }
};

template <class T, int N>
using ss_probe = wgmma_probe<T, T, N>;
template <class A, class B, int N, major MajorB = major::k>
using rs_probe = wgmma_probe<A, B, N, major::k, MajorB, swizzle_mode::b128, a_source::registers>;

/// Every pair of types at several N.
using wgmma_types = probe_list<wgmma_probe<e4m3, e4m3, 16>, wgmma_probe<e4m3, e4m3, 192>, wgmma_probe<e4m3, e5m2, 40>,
                               wgmma_probe<e4m3, e5m2, 256>, wgmma_probe<e5m2, e4m3, 8>, wgmma_probe<e5m2, e4m3, 128>,
                               wgmma_probe<e5m2, e5m2, 72>, wgmma_probe<e5m2, e5m2, 224>, ss_probe<bf16, 8>,
                               ss_probe<bf16, 96>, ss_probe<bf16, 256>, ss_probe<f16, 24>, ss_probe<f16, 128>,
                               ss_probe<f16, 248>, ss_probe<tf32, 8>, ss_probe<tf32, 104>, ss_probe<tf32, 256>>;

/// A in registers.
using wgmma_registers =
    probe_list<rs_probe<e4m3, e4m3, 8>, rs_probe<e4m3, e4m3, 128>, rs_probe<e4m3, e5m2, 64>, rs_probe<e5m2, e4m3, 96>,
               rs_probe<e5m2, e5m2, 192>, rs_probe<bf16, bf16, 128>, rs_probe<bf16, bf16, 64, major::mn>,
               rs_probe<f16, f16, 80>, rs_probe<f16, f16, 128, major::mn>, rs_probe<tf32, tf32, 128>,
               rs_probe<tf32, tf32, 16>>;

/// Swizzles of K-major operands of each size.
template <swizzle_mode S>
using k_major_probes =
    probe_list<wgmma_probe<e4m3, e4m3, 64, major::k, major::k, S>, wgmma_probe<e5m2, e5m2, 56, major::k, major::k, S>,
               wgmma_probe<bf16, bf16, 88, major::k, major::k, S>, wgmma_probe<f16, f16, 40, major::k, major::k, S>,
               wgmma_probe<tf32, tf32, 48, major::k, major::k, S>>;

/// Swizzles of MN-major operands, which are 16-bit ones.
template <swizzle_mode S>
using mn_major_probes = probe_list<
    wgmma_probe<bf16, bf16, 128, major::k, major::mn, S>, wgmma_probe<bf16, bf16, 64, major::mn, major::k, S>,
    wgmma_probe<bf16, bf16, 24, major::mn, major::mn, S>, wgmma_probe<f16, f16, 256, major::mn, major::mn, S>,
    wgmma_probe<f16, f16, 72, major::k, major::mn, S>, wgmma_probe<f16, f16, 32, major::mn, major::k, S>>;

/// Every legal N, A in shared memory or in registers.
template <int... I>
struct every_n {
    template <class T>
    using shared = probe_list<ss_probe<T, 8 * I>...>;
    template <class T>
    using registers = probe_list<rs_probe<T, T, 8 * I>...>;
};
using every_width = every_n<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
                            26, 27, 28, 29, 30, 31, 32>;
template <class T>
using wgmma_widths = every_width::shared<T>;
using wgmma_register_widths = every_width::registers<e4m3>;

}  // namespace deepgemm::probes
