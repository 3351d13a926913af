// SPDX-License-Identifier: MIT
// Compiles a unit by NVRTC, which needs no GPU, beside a library of kernels from nvcc.
#include <consumer_kernels.hpp>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/program.hpp>

#include <cstdio>

int main() {
    const auto built =
        deepgemm::rtc::compile({.text = "#include <deepgemm/core/types.cuh>\n__global__ void empty() {}\n"},
                               deepgemm::rtc::embedded_headers());
    if (!built) std::printf("%s\n", built.failure().message.c_str());
    return built && deepgemm::instances::consumer_kernels().size() == 1 ? 0 : 1;
}
