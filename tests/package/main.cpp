// SPDX-License-Identifier: MIT
// The program of the consumer project: proves that the headers are found and are those of this version.
#include <deepgemm/core/types.cuh>
#include <deepgemm/version.cuh>

int main() {
    static_assert(deepgemm::version >= 100);
    return float(deepgemm::e4m3::from_float(1000.0f)) == 448.0f ? 0 : 1;
}
