// SPDX-License-Identifier: MIT
// Truth tables of epilogue_step and epilogue, what a chain inherits from its parts, and where head splits send columns.
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

namespace {

struct add_one {
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return value + 1; }
};
/// Knows how to change a pair but not how its parameters come about.
struct no_params {
    struct arguments {};
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    static element_pair apply(const params&, element_pair pair, pair_place) { return pair; }
};
struct own_step : no_params {
    static params make_params(const gemm_arguments&, const arguments&) { return {}; }
};

//            model                                             epilogue_step
static_assert(epilogue_step<transform<add_one>>);
static_assert(epilogue_step<own_step>);
static_assert(epilogue_step<store<bf16>>);  // a sink is a step that changes nothing
static_assert(!epilogue_step<no_params>);
static_assert(!epilogue_step<add_one>);

//            model                                             epilogue
static_assert(epilogue<store<bf16>>);
static_assert(epilogue<store<float>>);
static_assert(epilogue<accumulate<bf16>>);
static_assert(epilogue<store_heads<bf16, 128, 64, 128>>);
static_assert(epilogue<then<transform<add_one>, store<bf16>>>);
static_assert(epilogue<then<transform<add_one>, own_step, accumulate<float>>>);
static_assert(!epilogue<transform<add_one>>);  // goes nowhere
static_assert(!epilogue<own_step>);
static_assert(!epilogue<bf16>);

// A chain has the element, the head split and the C of its sink, and is custom if a step is.
using chain = then<transform<add_one>, accumulate<float>>;
static_assert(is_same_v<chain::element, float> && chain::accumulates && chain::custom);
static_assert(!then<store<bf16>>::custom && !then<store<bf16>>::accumulates);
static_assert(then<own_step, store_heads<bf16, 64, 64, 64>>::heads == head_splits{64, 64, 64});

// Heads of 128 + 64 columns with 64 skipped between: column n of the product lands past the gaps before it.
constexpr head_splits heads{128, 64, 64};
static_assert(stored_column<heads>(0) == 0 && stored_column<heads>(127) == 127);
static_assert(stored_column<heads>(128) == 192 && stored_column<heads>(191) == 255);
static_assert(stored_column<heads>(192) == 256 && stored_column<heads>(320) == 448);
static_assert(stored_column<head_splits{}>(191) == 191);

}  // namespace
