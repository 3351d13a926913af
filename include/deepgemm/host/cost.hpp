// SPDX-License-Identifier: MIT
// What planners compare kernels by: a predicted time and its parts. An operation predicts (ops/gemm/cost.hpp, say); this is the
// form in which it tells.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What limits a kernel.
enum class bound : u8 {
    tensor_cores,  ///< multiplying, and the promotion that is not hidden behind it
    latency,       ///< too few warpgroups to hide the time from one K block to the next
    fill,          ///< copies from L2 to shared memory
    epilogue,      ///< rounding, staging and storing D
    memory,        ///< device memory
};

constexpr const char* name_of(bound what) {
    switch (what) {
        case bound::tensor_cores: return "the tensor cores";
        case bound::latency: return "the latency of a K block";
        case bound::fill: return "copies from L2 to shared memory";
        case bound::epilogue: return "the epilogue";
        case bound::memory: return "device memory";
    }
    return "?";
}

/// What a workload asks of any kernel, however that goes about it.
struct demand {
    double flops = 0;  ///< two for each product of elements
    double bytes = 0;  ///< through memory: operands and their scales once, results once, and what they are added to
};

/// A prediction and its parts. `total_us` is what kernels are ranked by; the parts are for explain(), and 0 where an operation does
/// not tell them apart.
struct cost {
    double total_us = 0;
    double start_us = 0;         ///< launch, first loads, last stores
    double main_loop_us = 0;     ///< all K blocks of all tiles of the busiest CTA
    double epilogue_us = 0;      ///< of the busiest CTA, where no main loop hides it
    double memory_us = 0;        ///< to move what must be moved through device memory; overlaps most of the two above
    i64 tiles = 0;               ///< of D, whole clusters counted
    i64 waves = 0;               ///< tiles of the busiest CTA
    double tile_efficiency = 0;  ///< elements of D over elements of all tiles: less than 1 where tiles reach beyond D
    double wave_efficiency = 0;  ///< share of the multiprocessors that have a tile, over all waves
    bound limit = bound::tensor_cores;
};

}  // namespace deepgemm
