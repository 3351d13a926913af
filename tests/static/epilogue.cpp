// SPDX-License-Identifier: MIT
// What a chain inherits from its parts, and where head splits send columns.
#include <deepgemm/epilogue/step.cuh>

namespace epilogue_tests {

using namespace deepgemm;

namespace {

struct add_one {
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return value + 1; }
};
// A chain has the element, the head split and the C of its sink, and is custom if a step is.
using chain = then<transform<add_one>, accumulate<float>>;
static_assert(is_same_v<chain::element, float> && chain::accumulates && chain::custom);
static_assert(!then<store<bf16>>::custom && !then<store<bf16>>::accumulates);
static_assert(then<transform<add_one>, store_heads<bf16, 64, 64, 64>>::heads == head_splits{64, 64, 64});

// Heads of 128 + 64 columns with 64 skipped between: column n of the product lands past the gaps before it.
constexpr head_splits heads{128, 64, 64};
static_assert(stored_column<heads>(0) == 0 && stored_column<heads>(127) == 127);
static_assert(stored_column<heads>(128) == 192 && stored_column<heads>(191) == 255);
static_assert(stored_column<heads>(192) == 256 && stored_column<heads>(320) == 448);
static_assert(stored_column<head_splits{}>(191) == 191);

}  // namespace

}  // namespace epilogue_tests
