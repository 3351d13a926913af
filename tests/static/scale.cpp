// SPDX-License-Identifier: MIT
// Truth tables of scale_format, scale_granularity and scaled_operand, and the exact values of the formats.
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>

using namespace deepgemm;

namespace {

struct no_decode {
    static constexpr scale_kind kind = scale_kind::fp32;
    static constexpr int blocks_per_word = 1;
};
struct no_packing {
    static float decode(u32, int) { return 1; }
};
template <class Format>
struct no_route {
    using format = Format;
    static constexpr scale_tile tile{1, 128};
};
/// One scale for each row and 32 elements of K, as a user might add it.
template <class Format>
struct own_granularity {
    using format = Format;
    static constexpr scale_tile tile{1, 32};
    static constexpr bool staged = true;
};

//            model                       scale_format
static_assert(scale_format<scale::fp32>);
static_assert(scale_format<scale::ue8m0>);
static_assert(!scale_format<no_decode>);
static_assert(!scale_format<no_packing>);
static_assert(!scale_format<float>);
static_assert(!scale_format<scale::per_token<scale::fp32>>);

//            model                                        scale_granularity
static_assert(scale_granularity<scale::per_token<scale::fp32>>);
static_assert(scale_granularity<scale::per_token<scale::ue8m0>>);
static_assert(scale_granularity<scale::per_block<scale::fp32>>);
static_assert(scale_granularity<scale::per_block<scale::ue8m0>>);
static_assert(scale_granularity<own_granularity<scale::ue8m0>>);
static_assert(!scale_granularity<scale::per_token<no_decode>>);
static_assert(!scale_granularity<no_route<scale::fp32>>);
static_assert(!scale_granularity<scale::fp32>);

//            model                                        scaled_operand
static_assert(scaled_operand<operand<e4m3, scale::per_token<scale::fp32>>>);
static_assert(scaled_operand<operand<e5m2, scale::per_block<scale::ue8m0>>>);
static_assert(!scaled_operand<e4m3>);
static_assert(!scaled_operand<scale::per_token<scale::fp32>>);

// Byte j of a UE8M0 word belongs to K block j of the word and stands for 2^(byte - 127).
static_assert(scale::ue8m0::decode(0x807f7e01u, 0) == 0x1p-126f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 1) == 0.5f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 2) == 1.0f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 3) == 2.0f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 5) == 0.5f);  // K block 5 of a row is block 1 of its word
static_assert(scale::ue8m0::decode(0, 0) == 0x1p-127f);
static_assert(scale::ue8m0::decode(254, 0) == 0x1p127f);
static_assert(scale::ue8m0::decode(255, 0) != scale::ue8m0::decode(255, 0));  // NaN
static_assert(scale::fp32::decode(0x3fc00000u, 7) == 1.5f);

}  // namespace
