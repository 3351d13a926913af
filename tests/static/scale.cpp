// SPDX-License-Identifier: MIT
// The exact values of the scale formats.
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>

using namespace deepgemm;

namespace {

// Byte j of a UE8M0 word belongs to K block j of the word and stands for 2^(byte - 127).
static_assert(scale::ue8m0::decode(0x807f7e01u, 0) == 0x1p-126f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 1) == 0.5f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 2) == 1.0f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 3) == 2.0f);
static_assert(scale::ue8m0::decode(0x807f7e01u, 5) == 0.5f);  // K block 5 of a row is block 1 of its word
static_assert(scale::ue8m0::decode(0, 0) == 0x1p-127f);
static_assert(scale::ue8m0::decode(254, 0) == 0x1p127f);
static_assert(scale::ue8m0::decode(255, 0) != scale::ue8m0::decode(255, 0));  // NaN
// The way back is exact for powers of two, and for nothing else.
static_assert(scale::ue8m0::encode(1.0f) == 127 && scale::ue8m0::encode(0.5f) == 126);
static_assert(scale::ue8m0::encode(0x1p127f) == 254 && scale::ue8m0::encode(0x1p-126f) == 1);
static_assert(scale::ue8m0::encode(0x1p-127f) == 0 && scale::ue8m0::encode(0.0f) == 0);
static_assert(scale::ue8m0::encode(1.5f) == 255 && scale::ue8m0::encode(3.0f) == 255);
static_assert(scale::ue8m0::encode(-2.0f) == 255 && scale::ue8m0::encode(-0.0f) == 255);
static_assert(scale::ue8m0::encode(0x1p-128f) == 255 && scale::ue8m0::encode(0x1.8p-127f) == 255);
static_assert(scale::ue8m0::encode(bit_cast<float>(0x7f800000u)) == 255);  // infinity
static_assert(scale::ue8m0::encode(bit_cast<float>(0x7fc00000u)) == 255);  // NaN
static_assert(scale::fp32::decode(0x3fc00000u, 7) == 1.5f);

}  // namespace
