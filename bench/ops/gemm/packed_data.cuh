// SPDX-License-Identifier: MIT
// An operand as Blackwell's tensor cores take it, in device memory: FP8 or FP4 with packed scales, of normal random values.
// Elements and scales are kept apart as well, unpacked, for the reference.
#pragma once

#include <deepgemm/host/matrix.hpp>
#include <deepgemm/kernel/info.cuh>

#include "cuda_check.hpp"

namespace deepgemm::bench {

/// What the reference reads of such an operand: a code of E4M3 or E2M1 a byte, element (row, kk) at row * k + kk, and scales as
/// floats, that of (row, kk) at row / tile.mn * columns + kk / tile.k.
struct unpacked_operand {
    const u8* codes = nullptr;
    bool fp4 = false;
    const float* scales = nullptr;
    scale_tile tile{};
    i64 columns = 0;
};

/// One such operand at a time; grows to the largest and is reused.
class packed_operand {
public:
    /// Host: makes an operand (rows, k) on the default stream, as `info` describes it. A scale is the largest magnitude of its
    /// tile over the largest element, rounded up to a power of two, or to nearest in UE4M3. FP4: the contiguous extent is even.
    void generate(const operand_info& info, int rows, int k, u64 seed);
    /// The operand as the named operations take it.
    scaled_matrix argument() const { return argument_; }
    unpacked_operand unpacked() const { return unpacked_; }

private:
    device_buffer codes_, stored_, scales_, words_;
    scaled_matrix argument_{};
    unpacked_operand unpacked_{};
};

}  // namespace deepgemm::bench
