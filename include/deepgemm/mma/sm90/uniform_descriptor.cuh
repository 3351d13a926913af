// SPDX-License-Identifier: MIT
// A descriptor of wgmma in uniform registers, where the instruction wants it.
#pragma once

#include <deepgemm/mma/sm90/descriptor.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm::sm90 {

/// As descriptor_of(), for a kernel that holds a descriptor and moves it with advance(). Converged warps, all of which have the
/// same address. The lower half passes through a shuffle: otherwise nvcc computes it again for each multiply. The upper half is
/// a constant.
template <class Tile>
DEEPGEMM_DEVICE u64 uniform_descriptor_of(u32 address) {
    const u64 descriptor = descriptor_of<Tile>(address);
    return descriptor >> 32 << 32 | ptx::uniform(u32(descriptor));
}

/// Converged warps: the same descriptor, in uniform registers from here on. nvcc may move one of uniform_descriptor_of() to other
/// registers, and then brings it back for each multiply.
DEEPGEMM_DEVICE u64 in_uniform_registers(u64 descriptor) {
    return descriptor >> 32 << 32 | ptx::in_uniform_register(u32(descriptor));
}

}  // namespace deepgemm::sm90
