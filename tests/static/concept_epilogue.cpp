// SPDX-License-Identifier: MIT
// Truth tables of epilogue_step, fragment_step and epilogue: what models them, and near misses that each lack one thing.
// docs/concepts/epilogue.md shows the tables.
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/mma/sm100/fragment.cuh>

namespace concept_epilogue_tests {

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
static_assert(epilogue_step<relu> && epilogue_step<silu> && epilogue_step<gelu_tanh>);
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

struct product_of_both {
    DEEPGEMM_DEVICE float operator()(float gate, float up, i32, i32) const { return gate * up; }
};
struct whole_fragments {
    struct arguments {};
    struct params {};
    static constexpr bool accumulates = false, custom = true;
    static params make_params(const gemm_arguments&, const arguments&) { return {}; }
    static constexpr i32 columns_after(i32 n) { return n; }
    template <class Fragment>
    static Fragment apply(const params&, const Fragment& from) {
        return from;
    }
};
struct no_count : whole_fragments {
private:
    using whole_fragments::columns_after;
};
struct counts_in_words : whole_fragments {
    static constexpr i64 columns_after(i32 n) { return n; }
};
struct no_change : whole_fragments {
private:
    using whole_fragments::apply;
};
struct keeps_too_many : whole_fragments {
    static constexpr i32 columns_after(i32 n) { return n / 2; }
};
struct fragments_without_params : whole_fragments {
private:
    using whole_fragments::make_params;
};

// [fragment]
//            type                               what it lacks
static_assert(fragment_step<gated<product_of_both>>);
static_assert(fragment_step<swiglu<>> && fragment_step<alpha> && fragment_step<bias<bf16>>);
static_assert(fragment_step<then<gated<product_of_both>, store<bf16>>>);
static_assert(fragment_step<elementwise<transform<add_one>>>);
static_assert(fragment_step<whole_fragments>);
static_assert(fragment_step<cast_to_fp8<32>>);            // a sink, too
static_assert(!fragment_step<no_count>);                  // counts_columns: columns_after
static_assert(!fragment_step<counts_in_words>);           // counts_columns: an i32
static_assert(!fragment_step<no_change>);                 // changes_fragments: apply
static_assert(!fragment_step<keeps_too_many>);            // changes_fragments: as many columns as it says
static_assert(!fragment_step<fragments_without_params>);  // prepares: make_params
static_assert(!fragment_step<transform<add_one>>);        // over pairs: elementwise makes one of it
// [fragment]
static_assert(same_as<over_fragments<gated<product_of_both>>, gated<product_of_both>>);
static_assert(same_as<over_fragments<store<bf16>>, elementwise<store<bf16>>>);
static_assert(over_fragments<then<gated<product_of_both>, store<bf16>>>::columns_after(64) == 32);

struct whole : whole_step {
    using element = float;
    static constexpr head_splits heads{};
    static constexpr bool in_place = false;
    template <class Shape>
    struct staging {};
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
struct no_staging : whole_step {
    using element = float;
    static constexpr head_splits heads{};
    static constexpr bool in_place = false;
};

// [epilogue]
//            type                               what it lacks
static_assert(epilogue<store<bf16>>);
static_assert(epilogue<store<float>>);
static_assert(epilogue<accumulate<bf16>>);
static_assert(epilogue<add_in_place>);
static_assert(epilogue<store_heads<bf16, 128, 64, 128>>);
static_assert(epilogue<cast_to_fp8<32, scale::cast_scales::packed>>);
static_assert(epilogue<store_stochastic>);
static_assert(epilogue<signal_tiles<store<bf16>>>);
static_assert(epilogue<then<transform<add_one>, store<bf16>>>);
static_assert(epilogue<then<transform<add_one>, whole_step, accumulate<float>>>);
static_assert(epilogue<then<transform<add_one>, gated<product_of_both>, whole_fragments, store<bf16>>>);
static_assert(epilogue<whole>);
static_assert(!epilogue<no_element>);          // writes: element
static_assert(!epilogue<no_heads>);            // writes: heads
static_assert(!epilogue<no_in_place>);         // writes: in_place
static_assert(!epilogue<no_staging>);          // brings_staging: staging
static_assert(!epilogue<counts_heads>);        // writes: heads are head_splits
static_assert(!epilogue<transform<add_one>>);  // writes: a step goes nowhere
static_assert(!epilogue<bf16>);                // an element is no epilogue
// [epilogue]

}  // namespace

}  // namespace concept_epilogue_tests
