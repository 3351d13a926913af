// SPDX-License-Identifier: MIT
// What all consumer programs do: multiply small integers with a given function, on the simulator, and look whether the
// product is exact. Does without exceptions, so that a program compiled with -fno-exceptions may include it.
#pragma once

#include <cstdio>

#include <deepgemm/core/types.cuh>

namespace consumer {

inline constexpr int m = 24, n = 40, k = 72;

/// A (m,k), B (n,k) and D (m,n), row-major.
struct operands {
    alignas(16) deepgemm::bf16 a[m * k], b[n * k];
    alignas(16) float d[m * n];
};

/// Calls multiply(operands) and checks D = A x B^T. Returns the exit code of a program.
template <class Multiply>
int check(const char* program, Multiply multiply) {
    static operands given;
    for (int i = 0; i < m * k; ++i) given.a[i] = deepgemm::bf16::from_float(float(i % 7 - 3));
    for (int i = 0; i < n * k; ++i) given.b[i] = deepgemm::bf16::from_float(float(i % 5 - 2));
    for (float& element : given.d) element = -1e30f;
    multiply(given);
    for (int row = 0; row < m; ++row) {
        for (int column = 0; column < n; ++column) {
            float sum = 0;
            for (int i = 0; i < k; ++i) sum += float(given.a[row * k + i]) * float(given.b[column * k + i]);
            if (given.d[row * n + column] == sum) continue;
            std::printf("%s: D(%d, %d) is %g, not %g\n", program, row, column, given.d[row * n + column], sum);
            return 1;
        }
    }
    return 0;
}

}  // namespace consumer
