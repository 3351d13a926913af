// SPDX-License-Identifier: MIT
// Truth tables of epilogue_step and epilogue: what models them, and near misses that each lack one thing.
// docs/concepts/epilogue.md shows the tables.
#include <deepgemm/epilogue/step.cuh>

using namespace deepgemm;

namespace {

struct add_one {
    DEEPGEMM_DEVICE float operator()(float value, i32, i32) const { return value + 1; }
};
struct whole_step {
    struct arguments {};
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    static params make_params(const gemm_arguments&, const arguments&) { return {}; }
    static element_pair apply(const params&, element_pair pair, pair_place) { return pair; }
};
// Each hides one member of `whole_step`, or has another in its place.
struct no_arguments : whole_step {
private:
    using whole_step::arguments;
};
struct no_params : whole_step {
private:
    using whole_step::params;
};
struct no_c : whole_step {
private:
    using whole_step::accumulates;
};
struct no_custom : whole_step {
private:
    using whole_step::custom;
};
struct no_make_params : whole_step {
private:
    using whole_step::make_params;
};
struct makes_others : whole_step {
    static int make_params(const gemm_arguments&, const arguments&) { return 0; }
};
struct no_apply : whole_step {
private:
    using whole_step::apply;
};
struct applies_to_one : whole_step {
    static float apply(const params&, float value, pair_place) { return value; }
};

// [step]
//            type                               what it lacks
static_assert(epilogue_step<transform<add_one>>);
static_assert(epilogue_step<store<bf16>>);  // a sink is a step that changes nothing
static_assert(epilogue_step<whole_step>);
static_assert(!epilogue_step<no_arguments>);    // describes: arguments
static_assert(!epilogue_step<no_params>);       // describes: params
static_assert(!epilogue_step<no_c>);            // describes: accumulates
static_assert(!epilogue_step<no_custom>);       // describes: custom
static_assert(!epilogue_step<no_make_params>);  // prepares: make_params
static_assert(!epilogue_step<makes_others>);    // prepares: make_params returns params
static_assert(!epilogue_step<no_apply>);        // changes_pairs: apply
static_assert(!epilogue_step<applies_to_one>);  // changes_pairs: a pair for a pair
static_assert(!epilogue_step<add_one>);         // a function is no step: transform makes one of it
// [step]

struct whole : whole_step {
    using element = float;
    static constexpr head_splits heads{};
    static constexpr bool in_place = false, transposes = false;
};
struct no_element : whole {
private:
    using whole::element;
};
struct counts_heads : whole {
    static constexpr int heads = 0;
};
struct no_heads : whole {
private:
    using whole::heads;
};
struct no_in_place : whole {
private:
    using whole::in_place;
};
struct no_transposes : whole {
private:
    using whole::transposes;
};

// [epilogue]
//            type                               what it lacks
static_assert(epilogue<store<bf16>>);
static_assert(epilogue<store<float>>);
static_assert(epilogue<accumulate<bf16>>);
static_assert(epilogue<add_in_place>);
static_assert(epilogue<store_heads<bf16, 128, 64, 128>>);
static_assert(epilogue<then<transform<add_one>, store<bf16>>>);
static_assert(epilogue<then<transform<add_one>, whole_step, accumulate<float>>>);
static_assert(epilogue<whole>);
static_assert(!epilogue<no_element>);          // writes: element
static_assert(!epilogue<no_heads>);            // writes: heads
static_assert(!epilogue<no_in_place>);         // writes: in_place
static_assert(!epilogue<no_transposes>);       // writes: transposes
static_assert(!epilogue<counts_heads>);        // writes: heads are head_splits
static_assert(!epilogue<transform<add_one>>);  // writes: a step goes nowhere
static_assert(!epilogue<bf16>);                // an element is no epilogue
// [epilogue]

}  // namespace
