// SPDX-License-Identifier: MIT
// A consumer that names its kernels and launches them. Their bodies are in libraries: the headers say `extern template` for
// them, so that this file compiles none.
#include <consumer_kernels_extern.hpp>
#include <scale_kernels.hpp>
#include <scale_kernels_extern.hpp>

#include "multiply.hpp"

using namespace consumer;

namespace {

int multiply() {
    return check("direct", [](operands& x) {
        product::arguments arguments;
        arguments.shape = {m, n, k};
        arguments.a = {.data = x.a, .pitch = k};
        arguments.b = {.data = x.b, .pitch = k};
        arguments.d = {.data = x.d, .pitch = n};
        // [launch]
        deepgemm::sim::launch<product>(arguments);  // on a GPU: deepgemm::launch<product>(stream, arguments)
        // [launch]
    });
}

/// Transposes scales (rows, blocks); columns of four words each.
int transpose() {
    constexpr int rows = 3, blocks = 2;
    const float in[rows * blocks] = {1, 2, 3, 4, 5, 6};
    float out[4 * blocks] = {};
    deepgemm::scale::to_mn_major_arguments arguments;
    arguments.in = in;
    arguments.row_stride = blocks;
    arguments.mn = rows;
    arguments.blocks = blocks;
    arguments.out = out;
    deepgemm::sim::launch<deepgemm::scale::to_mn_major<deepgemm::scale::fp32>>(arguments);
    const float expected[4 * blocks] = {1, 3, 5, 0, 2, 4, 6, 0};
    for (int i = 0; i < 4 * blocks; ++i) {
        if (out[i] != expected[i]) {
            std::printf("direct: scale %d is %g, not %g\n", i, out[i], expected[i]);
            return 1;
        }
    }
    return 0;
}

}  // namespace

// A kernel that is no GEMM has no handle.
int main() { return multiply() | transpose() | int(deepgemm::instances::scale_kernels().size()); }
