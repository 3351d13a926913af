// SPDX-License-Identifier: MIT
// The engine where there is no GPU: what it hands out can be planned with, and errors of the CUDA runtime arrive as errors.
// tests/device/rtc.cu runs its kernels on one.
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/rtc/engine.hpp>

#include "../host/fakes.hpp"
#include "support.hpp"

namespace engine_tests {

using namespace deepgemm;

namespace {

using by_token = operand<e4m3, scale::per_token<scale::fp32>>;
using by_block = operand<e4m3, scale::per_block<scale::fp32>>;
using square = gemm<arch::sm90, by_token, by_block, store<bf16>, config{.block = {128, 64, 128}, .stages = 4}>;

}  // namespace

TEST_CASE("handles of run-time kernels are planned with like any others, and compile nothing before they are used") {
    rtc::engine kernels(rtc::test::headers());
    const auto handles = kernels.handles(shipped::weights_bf16_narrow{});
    REQUIRE(handles);
    CHECK(handles->size() == 7);
    const auto made = plan(fakes::work(16, 4096, 7168), device_info::h200(), *handles);
    REQUIRE(made);
    CHECK(made->kernel()->info.cfg.block.m == 64);
    CHECK(kernels.cubins().counts().made == 0);
}

TEST_CASE("extents fixed at run time are part of the handle's configuration, and a plan looks at them") {
    rtc::engine kernels(rtc::test::headers());
    const auto fixed = kernels.handle<square>({0, 4096, 7168});
    REQUIRE(fixed);
    CHECK(fixed->info.cfg.extents == static_extents{0, 4096, 7168});
    const std::array list{*fixed};
    CHECK(plan(fakes::work(300, 4096, 7168), device_info::h200(), list));
    const auto other = plan(fakes::work(300, 4096, 7296), device_info::h200(), list);
    REQUIRE(!other);
    rtc::test::expect(other.failure().message, "its extents are fixed to others");
    // A caller who passes the plan by is told, too.
    dense_arguments arguments{{.shape = {300, 4096, 7296}}};
    const auto outcome = fixed->launch(arguments, {});
    REQUIRE(!outcome);
    CHECK(outcome.failure().code == errc::shape_mismatch);
    rtc::test::expect(outcome.failure().message,
                      "compiled for m = 0, n = 4096, k = 7168 (0: any); the product has m = 300");
}

TEST_CASE("a type that NVRTC cannot name is an error before anything is compiled") {
    struct local : square {};
    rtc::engine kernels(rtc::test::headers());
    const auto handle = kernels.handle<local>();
    REQUIRE(!handle);
    CHECK(handle.failure().code == errc::bad_option);
}

TEST_CASE("errors of a compiler and of a runtime without a GPU are results") {
    rtc::engine kernels(rtc::test::headers());
    const auto wrong = kernels.get(rtc::source{.type = "gemm<arch::sm90>"});
    REQUIRE(!wrong);
    CHECK(wrong.failure().code == errc::compile_failure);
    int devices = 0;
    if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0) return;  // the rest is tests/device/rtc.cu
    const auto loaded = kernels.get<square>({0, 4096, 7168});
    REQUIRE(!loaded);
    CHECK(loaded.failure().code == errc::cuda_failure);
    const auto handle = kernels.handle<square>();
    REQUIRE(handle);
    CHECK(!handle->prepare());
    CHECK(!handle->launch({{.shape = {1, 1, 1}}}, {}));
}

}  // namespace engine_tests
