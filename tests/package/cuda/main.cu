// SPDX-License-Identifier: MIT
// Launches a kernel by name on the GPU. This file is compiled for a GPU that cannot run it: if `extern template` did not
// leave the kernel to the library, the compiler would stop. Without a Hopper GPU the launch must say so.
#include <consumer_kernels_extern.hpp>

#include "../multiply.hpp"

using namespace consumer;

int main() {
    int major = 0;
    const bool hopper =
        cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0) == cudaSuccess && major == 9;
    if (!hopper) {
        const auto refused = deepgemm::cuda::prepare<product>();
        std::printf("no Hopper GPU: %s\n", refused ? "the kernel is ready" : refused.failure().message.c_str());
        return refused ? 1 : 0;
    }
    return check("cuda", [](operands& x) {
        operands* there = nullptr;
        if (cudaMalloc(&there, sizeof x) != cudaSuccess) return;
        cudaMemcpy(there, &x, sizeof x, cudaMemcpyHostToDevice);
        product::arguments arguments;
        arguments.shape = {m, n, k};
        arguments.a = {.data = there->a, .pitch = k};
        arguments.b = {.data = there->b, .pitch = k};
        arguments.d = {.data = there->d, .pitch = n};
        const auto done = deepgemm::launch<product>(nullptr, arguments);
        if (!done) std::printf("%s\n", done.failure().message.c_str());
        cudaMemcpy(&x, there, sizeof x, cudaMemcpyDeviceToHost);
        cudaFree(there);
    });
}
