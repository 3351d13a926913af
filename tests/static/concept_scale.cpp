// SPDX-License-Identifier: MIT
// Truth tables of scale_format, scale_granularity and scaled_operand: what models them, and near misses that each lack one
// thing. docs/concepts/scale_format.md and scale_granularity.md show the tables.
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue4m3.cuh>
#include <deepgemm/scale/ue8m0.cuh>

namespace concept_scale_tests {

using namespace deepgemm;

namespace {

struct whole_format {
    static constexpr scale_kind kind = scale_kind::custom;
    static constexpr int per_word = 1;
    static constexpr float decode(u32 word, int) { return float(word); }
};
// Each hides one member of `whole_format`, or has another in its place.
struct no_kind : whole_format {
private:
    using whole_format::kind;
};
struct no_packing : whole_format {
private:
    using whole_format::per_word;
};
struct no_decode : whole_format {
private:
    using whole_format::decode;
};
struct decodes_word_only : whole_format {
    static constexpr float decode(u32 word) { return float(word); }
};
struct decodes_to_double : whole_format {
    static constexpr double decode(u32 word, int) { return word; }
};

// [format]
//            type                               what it lacks
static_assert(scale_format<scale::fp32>);
static_assert(scale_format<scale::ue8m0>);
static_assert(scale_format<scale::ue4m3>);
static_assert(scale_format<whole_format>);
static_assert(!scale_format<no_kind>);                        // packs_words: kind
static_assert(!scale_format<no_packing>);                     // packs_words: per_word
static_assert(!scale_format<no_decode>);                      // decodes: decode
static_assert(!scale_format<decodes_word_only>);              // decodes: which scale of the word?
static_assert(!scale_format<decodes_to_double>);              // decodes: the way back is to FP32
static_assert(!scale_format<scale::per_token<scale::fp32>>);  // a granularity is no format
static_assert(!scale_format<float>);
// [format]

struct whole {
    using format = scale::fp32;
    static constexpr scale_tile tile{1, 128};
    static constexpr scale::route via = scale::route::stage;
};
struct no_tile : whole {
private:
    using whole::tile;
};
struct rows_only : whole {
    static constexpr int tile = 128;
};
struct no_route : whole {
private:
    using whole::via;
};
struct route_as_flag : whole {
    static constexpr bool via = true;
};
struct no_format {
    static constexpr scale_tile tile{1, 128};
    static constexpr scale::route via = scale::route::stage;
};

// [granularity]
//            type                                                    what it lacks
static_assert(scale_granularity<scale::per_token<scale::fp32>>);
static_assert(scale_granularity<scale::per_token<scale::ue8m0>>);
static_assert(scale_granularity<scale::per_block<scale::fp32>>);
static_assert(scale_granularity<scale::per_block<scale::ue8m0>>);
static_assert(scale_granularity<scale::mx<scale::ue8m0>>);
static_assert(scale_granularity<scale::mx_block<scale::ue8m0>>);
static_assert(scale_granularity<scale::nv<scale::ue4m3>>);
static_assert(scale_granularity<scale::per_row<scale::fp32>>);
static_assert(scale_granularity<scale::per_tensor<scale::fp32>>);
static_assert(scale_granularity<whole>);
static_assert(!scale_granularity<no_tile>);                      // covers_tile: tile
static_assert(!scale_granularity<rows_only>);                    // covers_tile: rows and a length of K
static_assert(!scale_granularity<no_route>);                     // says_route: via
static_assert(!scale_granularity<route_as_flag>);                // says_route: a route
static_assert(!scale_granularity<no_format>);                    // names_format: format
static_assert(!scale_granularity<scale::per_token<no_decode>>);  // scale_format: its format is none
static_assert(!scale_granularity<scale::fp32>);                  // a format is no granularity
// [granularity]

struct no_element : operand<e4m3, whole> {
private:
    using operand<e4m3, whole>::element;
};
struct no_info : operand<e4m3, whole> {
private:
    using operand<e4m3, whole>::info;
};
struct no_order : operand<e4m3, whole> {
private:
    using operand<e4m3, whole>::contiguous;
};
struct no_scales : operand<e4m3, whole> {
private:
    using operand<e4m3, whole>::scale;
};

//            type                                                    what it lacks
static_assert(scaled_operand<operand<e4m3, scale::per_token<scale::fp32>>>);
static_assert(scaled_operand<operand<e5m2, scale::per_block<scale::ue8m0>>>);
static_assert(!scaled_operand<no_element>);  // has_element: element
static_assert(!scaled_operand<no_info>);     // has_element: info
static_assert(!scaled_operand<no_scales>);   // names_scales: scale
static_assert(!scaled_operand<no_order>);    // says_order: contiguous
static_assert(!scaled_operand<e4m3>);
static_assert(!scaled_operand<scale::per_token<scale::fp32>>);

// What Hopper multiplies: an operand says only what it is.
using token = scale::per_token<scale::fp32>;
// [product]
//                             A                                        B
static_assert(sm90::multiplies<operand<e4m3, token>, operand<e5m2, scale::per_block<scale::ue8m0>>>);
static_assert(sm90::multiplies<operand<bf16>, operand<bf16, scale::none, major::mn>>);
static_assert(sm90::multiplies<operand<f16, scale::none, major::mn>, operand<f16>>);
static_assert(sm90::multiplies<operand<e4m3>, operand<e5m2>>);
static_assert(sm90::multiplies<operand<e4m3, token, major::mn>, operand<e4m3, token>>);
static_assert(!sm90::multiplies<operand<float>, operand<float>>);                         // elements of 32 bits
static_assert(!sm90::multiplies<operand<bf16, token>, operand<bf16>>);                    // 16 bits with scales
static_assert(!sm90::multiplies<operand<e4m3, token>, operand<e4m3, token, major::mn>>);  // FP8 of B along N
static_assert(!sm90::multiplies<operand<bf16>, operand<f16>>);                            // two types of 16 bits
static_assert(!sm90::multiplies<operand<bf16>, operand<e4m3, token>>);                    // 16 bits and 8
// [product]

}  // namespace

}  // namespace concept_scale_tests
