// SPDX-License-Identifier: MIT
// How long L2 should keep what an access brings or stores, for instructions with the qualifier .L2::cache_hint. The simulated
// machine has no caches.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm::ptx {

/// An L2 cache policy, by its encoding. createpolicy.fractional makes the same values for all of the data at run time.
enum class cache_hint : u64 {
    evict_normal = 0x1000000000000000ull,  ///< as without a hint
    evict_first = 0x12f0000000000000ull,   ///< makes room first: for what is read once
    evict_last = 0x14f0000000000000ull,    ///< makes room last: for what is read again soon
};

}  // namespace deepgemm::ptx
