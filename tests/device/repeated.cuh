// SPDX-License-Identifier: MIT
// Many launches of one kernel on the same operands, which must give the same bits.
#pragma once

#include "gemm_judge.cuh"
#include "runtime.hpp"

namespace deepgemm::device_tests {

/// Launches a thousand times and one; `d` is all ones before each launch. How many 32-bit words of it differ from those after
/// the first launch, in all others together. `launch` may throw.
template <class T, class Launch>
unsigned long long words_that_change(const device_array<T>& d, const Launch& launch) {
    const auto fresh = [&] {
        d.fill_bytes(0xff);
        launch();
    };
    fresh();
    const device_array<T> bits(d.count());
    check(cudaMemcpy(bits.get(), d.get(), d.bytes(), cudaMemcpyDeviceToDevice));
    const device_array<unsigned long long> differences(1);
    differences.fill_bytes(0);
    for (int i = 0; i < 1000; ++i) {
        fresh();
        gemm_tests::count_differences<<<264, 256>>>(reinterpret_cast<const u32*>(bits.get()),
                                                    reinterpret_cast<const u32*>(d.get()), i64(d.bytes() / 4),
                                                    differences.get());
    }
    unsigned long long found = 1;
    differences.read(&found);
    return found;
}

}  // namespace deepgemm::device_tests
