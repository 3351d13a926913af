// SPDX-License-Identifier: MIT
// The host's half of the instruction probes: their input bytes, and what the simulator answers (instructions_sim.cpp).
#pragma once

#include <cstring>
#include <vector>

#include "probe.cuh"

namespace deepgemm::probes {

using bytes = std::vector<u8>;

/// A buffer of `size` bytes: small integers as elements of a floating type, hashes as 32-bit integers.
inline bytes make_input(dtype type, u32 size, u32 buffer) {
    bytes result(size);
    const u32 element = size_of(type);
    for (u32 i = 0; i < size / element; ++i) {
        const float x = small_integer(buffer, i);
        u32 bits = hash(buffer * 65536 + i);
        if (type == dtype::e4m3) bits = e4m3::from_float(x).bits;
        if (type == dtype::e5m2) bits = e5m2::from_float(x).bits;
        if (type == dtype::bf16) bits = bf16::from_float(x).bits;
        if (type == dtype::f16) bits = f16::from_float(x).bits;
        if (type == dtype::f32 || type == dtype::tf32) bits = bit_cast<u32>(x);
        std::memcpy(result.data() + i * element, &bits, element);
    }
    return result;
}

/// The lists of probes, which two translation units run: one on the simulator, one on a GPU.
enum class probe_group {
    types,
    registers,
    widths_e4m3,
    widths_e5m2,
    widths_bf16,
    widths_f16,
    widths_tf32,
    widths_registers,
    k_major,
    mn_major,
    tensor_copies,
    other_copies,
    matrices,
    words,
};

/// The simulator's output of every probe of a group, in order.
std::vector<bytes> simulate_group(probe_group group);

}  // namespace deepgemm::probes
