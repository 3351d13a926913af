// SPDX-License-Identifier: MIT
// How hashes of workloads are made: number by number.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// The hash of what was hashed before, followed by `value`. Its lowest bits depend on all bits of both, since an engine picks
/// places by these.
constexpr u64 hashed(u64 before, u64 value) {
    const u64 mixed = (before ^ value) * 0x9e3779b97f4a7c15ull;
    return mixed ^ mixed >> 29 ^ mixed >> 51;
}

}  // namespace deepgemm
