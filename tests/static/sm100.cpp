// SPDX-License-Identifier: MIT
// The descriptors of tcgen05, bit by bit; the values that kernels on hardware use among them.
#include <deepgemm/mma/sm100/descriptor.cuh>

using namespace deepgemm;

namespace {

// A shared-memory descriptor: the swizzle is in bits 61-63, and bit 46 is set.
static_assert(sm100::make_descriptor(16, 0, 0, swizzle_mode::none) == (u64(1) | u64(1) << 46));
static_assert(sm100::make_descriptor(0, 16, 32, swizzle_mode::b128) ==
              (u64(1) << 16 | u64(2) << 32 | u64(1) << 46 | u64(2) << 61));
static_assert(sm100::make_descriptor(0, 0, 0, swizzle_mode::b64) == (u64(1) << 46 | u64(4) << 61));
static_assert(sm100::make_descriptor(0, 0, 0, swizzle_mode::b32) == (u64(1) << 46 | u64(6) << 61));
static_assert(sm100::make_descriptor(0, 0, 0, swizzle_mode::b128_atom32) == (u64(1) << 46 | u64(1) << 61));
static_assert(sm100::make_descriptor(0x01000010, 0, 0, swizzle_mode::none) ==
              (u64(1) | u64(1) << 46));  // without the rank

// Of a tile it says what its order asks for.
static_assert(sm100::descriptor_of<operand_tile<bf16, 64, 16>>(0) ==
              sm100::make_descriptor(0, 16, 8 * 32, swizzle_mode::b32));
static_assert(sm100::descriptor_of<operand_tile<e4m3, 128, 64, major::mn>>(0) ==
              sm100::make_descriptor(0, 64 * 128, 8 * 128, swizzle_mode::b128));
static_assert(sm100::descriptor_of<operand_tile<tf32, 64, 32, major::mn>>(0) ==
              sm100::make_descriptor(0, 32 * 128, 4 * 128, swizzle_mode::b128_atom32));
static_assert(sm100::step_bytes<operand_tile<e4m3, 128, 128>> == 32);
static_assert(sm100::step_bytes<operand_tile<e4m3, 128, 128, major::mn>> == 4096);
static_assert(sm100::step_bytes<operand_tile<bf16, 128, 64, major::mn>> == 2048);
static_assert(sm100::step_bytes<operand_tile<tf32, 128, 32, major::mn>> == 1024);

// Instruction descriptors.
static_assert(sm100::instruction<bf16, bf16>(128, 128) == 0x08200490);
static_assert(sm100::scaled_instruction<e4m3, e4m3>(128, 128, 0) == 0x08a00000);
static_assert(sm100::instruction<bf16, bf16, major::mn>(128, 64) ==
              (1u << 4 | 1u << 7 | 1u << 10 | 1u << 15 | 8u << 17 | 8u << 24));
static_assert(sm100::instruction<f16, f16, major::k, major::mn>(64, 8) == (1u << 4 | 1u << 16 | 1u << 17 | 4u << 24));
static_assert(sm100::instruction<f16, f16, major::k, major::k, f16>(256, 256) == (32u << 17 | 16u << 24));
static_assert(sm100::instruction<f16, bf16>(128, 32) == (1u << 4 | 1u << 10 | 4u << 17 | 8u << 24));
static_assert(sm100::instruction<tf32, tf32>(64, 24) == (1u << 4 | 2u << 7 | 2u << 10 | 3u << 17 | 4u << 24));
static_assert(sm100::instruction<e2m3, e3m2>(128, 32) == (1u << 4 | 3u << 7 | 4u << 10 | 4u << 17 | 8u << 24));
static_assert(sm100::instruction<e5m2, e2m1, major::k, major::k, f16>(128, 32) ==
              (1u << 7 | 5u << 10 | 4u << 17 | 8u << 24));
static_assert(sm100::instruction<i8, u8, major::k, major::mn, i32>(64, 32) ==
              (2u << 4 | 1u << 7 | 1u << 16 | 4u << 17 | 4u << 24));
static_assert(sm100::saturating(sm100::instruction<u8, u8, major::k, major::k, i32>(128, 16)) ==
              (1u << 3 | 2u << 4 | 2u << 17 | 8u << 24));
static_assert(sm100::scaled_instruction<e4m3, e5m2>(128, 256, 3) ==
              (3u << 4 | 1u << 10 | 32u << 17 | 1u << 23 | 8u << 24 | 3u << 29));
static_assert(sm100::scaled_instruction<e2m1, e4m3>(256, 64, 1, 2) ==
              (2u << 4 | 5u << 7 | 8u << 17 | 1u << 23 | 16u << 24 | 1u << 29));
static_assert(sm100::fp4_instruction<sm100::fp4_scales::ue8m0>(128, 128, 2, 0) ==
              (1u << 7 | 1u << 10 | 16u << 17 | 1u << 23 | 8u << 24 | 2u << 29));
static_assert(sm100::fp4_instruction<sm100::fp4_scales::ue8m0>(128, 128, 0, 2) ==
              (2u << 4 | 1u << 7 | 1u << 10 | 16u << 17 | 1u << 23 | 8u << 24));
static_assert(sm100::fp4_instruction<sm100::fp4_scales::ue4m3>(256, 256) ==
              (1u << 7 | 1u << 10 | 32u << 17 | 16u << 24));

}  // namespace
