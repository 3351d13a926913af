// SPDX-License-Identifier: MIT
// A kernel that compiles in no time, as a user writes one: its host side is plain functions. Compiled by the host compiler and,
// from its text, by NVRTC.
#pragma once

#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/thread.cuh>

namespace tiny {

/// Writes `Value` + thread index to 32 places.
template <int Value>
struct kernel {
    static constexpr deepgemm::launch_info launch{.threads = 32, .smem_bytes = 64};
    struct arguments {
        deepgemm::i32* out;
    };
    using params = arguments;
    static constexpr int map_count = 0;
    static params make_params(const arguments& a) { return a; }
    static int grid(const arguments&, int) { return 1; }
    DEEPGEMM_DEVICE static void run(const params& p) {
        const deepgemm::u32 thread = deepgemm::ptx::thread_index();
        deepgemm::ptx::st_global(p.out + thread, deepgemm::i32(Value + int(thread)));
    }
};

}  // namespace tiny
