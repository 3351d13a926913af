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

// The number of a scale along K, and the words of a row, by what a scale covers and how many a word holds.
template <class Format>
using token = scale::per_token<Format>;
static_assert(scale::index<token<scale::fp32>>(127) == 0 && scale::index<token<scale::fp32>>(128) == 1);
static_assert(scale::index<scale::mx<scale::ue8m0>>(127) == 3 &&
              scale::index<scale::per_tensor<scale::fp32>>(9999) == 0);
static_assert(scale::index_of_block<token<scale::fp32>, 128>(7) == 7 &&
              scale::index_of_block<token<scale::fp32>, 64>(7) == 3);
static_assert(scale::index_of_block<scale::mx<scale::ue8m0>, 128>(7) == 28);
static_assert(scale::index_of_block<scale::per_row<scale::fp32>, 128>(7) == 0);
static_assert(scale::words<token<scale::fp32>>(0) == 0 && scale::words<token<scale::fp32>>(129) == 2);
static_assert(scale::words<token<scale::ue8m0>>(512) == 1 && scale::words<token<scale::ue8m0>>(513) == 2);
static_assert(scale::words<scale::mx<scale::ue8m0>>(128) == 1 && scale::words<scale::mx<scale::ue8m0>>(129) == 2);
static_assert(scale::words<scale::per_row<scale::fp32>>(4096) == 1);

}  // namespace
