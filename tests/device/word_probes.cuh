// SPDX-License-Identifier: MIT
// Probes of what threads do with single words: atomic additions in shared memory, the largest of a word in global memory, bits
// of numbers, sums over lanes. What is written does not depend on the order of threads.
#pragma once

#include <deepgemm/ptx/warp.cuh>

#include "probe.cuh"

namespace deepgemm::probes {

struct words_probe {
    static constexpr dtype a_type = dtype::i32, b_type = dtype::i32, output_type = dtype::i32;
    static constexpr u32 threads = 64, cluster = 1, smem_bytes = 4 * 96;
    static constexpr u32 a_bytes = 4 * threads, b_bytes = 16, output_bytes = 4 * (96 + 5 * threads + 4);

    static void maps(const void* a, const void*, void*, tensor_map_request (&requests)[3]) {
        for (auto& r : requests) r = matrix_map(a, dtype::f32, 8, 8, 32, 8, 8, swizzle_mode::none);
    }
    static DEEPGEMM_DEVICE void run(const probe_params& p) {
        const u32 smem = ptx::dynamic_smem(), thread = ptx::thread_index();
        const u32 number = hash(thread), few_bits = number >> hash(thread + 100) % 32;
        for (u32 i = thread; i < 96; i += threads) ptx::st_shared<u32>(smem + 4 * i, 0);
        ptx::sync_cta();
        // 16 counts, a sum of threes in the next word, and a mark for each value that the sum had.
        ptx::increment_shared(smem + 4 * (number % 16));
        const u32 before = ptx::fetch_add_shared(smem + 4 * 16, 3);
        ptx::increment_shared(smem + 4 * (32 + before / 3 % threads));
        ptx::sync_cta();
        dump_shared(p.output, smem, 4 * 96);
        u32* const own = reinterpret_cast<u32*>(p.output) + 96 + 5 * thread;
        ptx::st_global(own, ptx::count_bits(few_bits));
        ptx::st_global(own + 1, ptx::bit_length(few_bits));
        ptx::st_global(own + 2, ptx::bit_length(u64(few_bits) << 32 | number));
        ptx::st_global(own + 3, ptx::count_bits(number));
        ptx::st_global(own + 4, ptx::inclusive_sum(few_bits));
        u32* const largest = reinterpret_cast<u32*>(p.output) + 96 + 5 * threads;
        if (thread < 4) ptx::st_global(largest + thread, 7u);
        ptx::sync_cta();
        ptx::atomic_max(largest + thread % 4, thread % 4 == 0 ? 3 : number);
    }
};

using word_probes = probe_list<words_probe>;

}  // namespace deepgemm::probes
