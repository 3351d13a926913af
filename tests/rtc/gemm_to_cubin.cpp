// SPDX-License-Identifier: MIT
// A whole GEMM kernel, from headers in memory to a cubin for sm_90a, with NVRTC alone. Needs no GPU and does not run
// the kernel. docs/how-to/nvrtc.md shows this code.
#include <doctest/doctest.h>
#include <nvrtc.h>

#include "headers.hpp"

namespace {

// [unit]
/// A translation unit names the parts of a kernel and asks for its entry function.
constexpr const char* unit = R"(
    // [parts]
    #include <deepgemm/kernel/entry.cuh>
    #include <deepgemm/kernel/gemm.cuh>

    namespace dg = deepgemm;
    using my_gemm = dg::gemm<dg::arch::sm90,
                             dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>,
                             dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>,
                             dg::store<dg::bf16>,
                             dg::config{.block = {128, 128, 128}, .stages = 4}>;
    // [parts]
)";
constexpr const char* kernel_name = "deepgemm::entry<my_gemm>";
// [unit]

void require(nvrtcResult result) { REQUIRE(nvrtcGetErrorString(result) == std::string("NVRTC_SUCCESS")); }

}  // namespace

TEST_CASE("NVRTC compiles a GEMM to a cubin") {
    // [compile]
    const header_set headers(DEEPGEMM_SOURCE_DIR "/include");
    nvrtcProgram program;
    require(nvrtcCreateProgram(&program, unit, "my_gemm.cu", int(headers.names.size()), headers.text_pointers.data(),
                               headers.name_pointers.data()));
    require(nvrtcAddNameExpression(program, kernel_name));  // instantiates the kernel

    const char* options[] = {"-std=c++20", "-arch=sm_90a"};
    const nvrtcResult result = nvrtcCompileProgram(program, 2, options);
    std::size_t log_size = 0;
    require(nvrtcGetProgramLogSize(program, &log_size));
    std::string log(log_size, '\0');
    require(nvrtcGetProgramLog(program, log.data()));
    INFO(log);
    require(result);

    const char* mangled_name = nullptr;  // to find the kernel in the cubin, with cuLibraryGetKernel
    require(nvrtcGetLoweredName(program, kernel_name, &mangled_name));
    std::size_t cubin_size = 0;
    require(nvrtcGetCUBINSize(program, &cubin_size));
    std::string cubin(cubin_size, '\0');
    require(nvrtcGetCUBIN(program, cubin.data()));
    // [compile]

    CHECK(std::string(mangled_name).starts_with("_ZN8deepgemm5entry"));
    CHECK(cubin.find(mangled_name) != std::string::npos);
    CHECK(log.find("serializ") == std::string::npos);  // ptxas had no reason to serialise the multiplies
    nvrtcDestroyProgram(&program);
}
