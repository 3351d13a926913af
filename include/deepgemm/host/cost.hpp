// SPDX-License-Identifier: MIT
// The measure by which planners compare kernels: a predicted time and its parts. Operations predict (ops/gemm/cost.hpp, say) in
// this form.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What limits a kernel.
enum class bound : u8 {
    tensor_cores,  ///< multiplying, and promotion that is not hidden behind it
    latency,       ///< too few warpgroups to hide the time from one K block to the next
    fill,          ///< copies from L2 to shared memory
    port,          ///< operands that the tensor cores read from shared memory
    epilogue,      ///< rounding, staging and storing D
    memory,        ///< device memory
};

constexpr const char* name_of(bound what) {
    switch (what) {
        case bound::tensor_cores: return "the tensor cores";
        case bound::latency: return "the latency of a K block";
        case bound::fill: return "copies from L2 to shared memory";
        case bound::port: return "operands from shared memory";
        case bound::epilogue: return "the epilogue";
        case bound::memory: return "device memory";
    }
    return "?";
}

/// What a workload demands of any kernel.
struct demand {
    double flops = 0;  ///< two for each product of elements
    double bytes = 0;  ///< through memory: operands and scales once, results once, and C once if there is one
};

/// A prediction and its parts, in microseconds unless they say otherwise. Kernels are ranked by `total_us`. The parts serve
/// explain(), and are 0 if an operation does not distinguish them.
struct cost {
    double total_us = 0;
    double start_us = 0;         ///< launch, first loads, last stores
    double main_loop_us = 0;     ///< all K blocks of all tiles of the busiest CTA
    double epilogue_us = 0;      ///< of the busiest CTA, as far as no main loop hides it
    double memory_us = 0;        ///< moving all bytes through device memory; overlaps most of the two above
    i64 tiles = 0;               ///< tiles of D, counted in whole clusters
    i64 waves = 0;               ///< tiles of the busiest CTA
    double tile_efficiency = 0;  ///< elements of D over elements of all tiles: below 1 if tiles reach beyond D
    double wave_efficiency = 0;  ///< share of the multiprocessors that have a tile, over all waves
    bound limit = bound::tensor_cores;
};

namespace detail {

/// CTAs that run at a time, in clusters of `cluster` CTAs on `sms` multiprocessors. A cluster stays within a GPC, which has 16
/// or 18 multiprocessors; clusters of four or more leave some of 18 unused.
constexpr i64 ctas_at_once(int cluster, int sms) {
    const int usable = cluster > 2 ? sms - sms / 33 : sms;
    return i64(max(usable / cluster, 1)) * cluster;
}

}  // namespace detail

}  // namespace deepgemm
