// SPDX-License-Identifier: MIT
// The split of D's columns into heads, as a plain value for the host. store_heads in epilogue/store.cuh writes such a D.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// Columns of every head of D: `left` written, `middle` skipped, `right` written. All zero: no split.
struct head_splits {
    int left = 0, middle = 0, right = 0;
    DEEPGEMM_BOTH constexpr bool any() const { return (left | middle | right) != 0; }
    DEEPGEMM_BOTH friend constexpr bool operator==(const head_splits&, const head_splits&) = default;
};

}  // namespace deepgemm
