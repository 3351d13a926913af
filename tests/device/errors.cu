// SPDX-License-Identifier: MIT
// What the host side says when the CUDA driver refuses a kernel or a tensor map. No program of ours makes it refuse either: a
// kernel that is none is one of them, and for the rest the answer of a driver stands for the driver.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>

using namespace deepgemm;

namespace {

void no_kernel() {}

std::string not_compiled(int device) {
    const auto info = cuda::describe(device);
    REQUIRE(info);
    return concat("the kernel was not compiled for device ", device, " (", info->name, ", compute capability ",
                  info->arch / 10, ".", info->arch % 10, "); compile with -gencode arch=compute_90a,code=sm_90a");
}

}  // namespace

TEST_CASE("errors: a kernel without code for the device") {
    const auto device = cuda::current_device();
    REQUIRE(device);
    const std::string expected = not_compiled(*device);
    cuda::detail::loaded_kernel none{reinterpret_cast<const void*>(&no_kernel)};
    const auto prepared = cuda::detail::prepare(none, {.threads = 32, .smem_bytes = 1024}, *device);
    REQUIRE(!prepared);
    CHECK(prepared.failure().message.find("cudaFuncSetAttribute") != std::string::npos);
    CHECK(none.ready == 0);
    const auto missing = cuda::detail::check_kernel("cudaLaunchKernelExC", cudaErrorNoKernelImageForDevice, *device);
    REQUIRE(!missing);
    CHECK(missing.failure().code == errc::wrong_device);
    CHECK(missing.failure().message == expected);
    CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("errors: a kernel for another architecture") {
    const auto device = cuda::current_device();
    REQUIRE(device);
    cuda::detail::loaded_kernel none{reinterpret_cast<const void*>(&no_kernel)};
    const auto prepared = cuda::detail::prepare(none, {.arch = 10, .threads = 32, .smem_bytes = 1024}, *device);
    REQUIRE(!prepared);
    CHECK(prepared.failure().code == errc::wrong_device);
    CHECK(prepared.failure().message.starts_with("the kernel is for compute capability 1.0, device "));
    CHECK(none.ready == 0);
}

TEST_CASE("errors: a tensor map that the driver refuses") {
    const error refused = cuda::detail::refused(
        CUDA_ERROR_INVALID_VALUE,
        matrix_map(reinterpret_cast<const void*>(4096), dtype::bf16, 1000, 500, 1024, 64, 32, swizzle_mode::b64));
    CHECK(refused.code == errc::cuda_failure);
    CHECK(refused.message ==
          "the driver refused a tensor map (CUresult 1): rank 2, bf16, extents 500 x 1000, row stride 1024 bytes, box "
          "32 x 64, swizzle over 64 bytes");
}
