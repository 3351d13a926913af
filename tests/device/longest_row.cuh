// SPDX-License-Identifier: MIT
// The longest row of logits that a kernel takes, some 2^31 elements in BF16, in device memory: where 32-bit signed steps would
// wrap around. Filled and checked on the GPU.
#pragma once

#include "runtime.hpp"

namespace deepgemm::device_tests {

/// Counts the elements of `from` that are not `value`.
static __global__ void count_others(const u16* from, i64 count, u16 value, unsigned long long* others) {
    unsigned long long found = 0;
    for (i64 i = blockIdx.x * i64(blockDim.x) + threadIdx.x; i < count; i += i64(gridDim.x) * blockDim.x) {
        if (from[i] != value) ++found;
    }
    if (found > 0) atomicAdd(others, found);
}

/// A row whose elements are 0, between stretches that nobody may write.
class longest_row {
public:
    const i64 keys;

    explicit longest_row(i64 keys_) : keys(keys_), memory_(around + keys_ + around) { memory_.fill_bytes(0); }

    bf16* get() const { return memory_.get() + around; }
    /// How many elements are not minus infinity, or, around the row, not 0.
    unsigned long long wrong() const {
        const device_array<unsigned long long> others(1);
        others.fill_bytes(0);
        const auto count = [&](i64 from, i64 elements, u16 value) {
            count_others<<<264, 512>>>(reinterpret_cast<const u16*>(memory_.get() + from), elements, value,
                                       others.get());
        };
        count(0, around, 0);
        count(around, keys, 0xff80);
        count(around + keys, around, 0);
        check(cudaGetLastError());
        unsigned long long found = 1;
        others.read(&found);
        return found;
    }

private:
    static constexpr i64 around = 1 << 20;
    device_array<bf16> memory_;
};

}  // namespace deepgemm::device_tests
