// SPDX-License-Identifier: MIT
// What NVRTC says of types that fall short of a concept: the sentence of the assertion, and the name of the requirement.
#include <doctest/doctest.h>
#include <nvrtc.h>

#include <iterator>

#include "headers.hpp"

namespace {

/// The compiler's log of a unit that must not compile.
std::string log_of(const std::string& unit) {
    const header_set headers(DEEPGEMM_SOURCE_DIR "/include");
    nvrtcProgram program{};
    REQUIRE(nvrtcCreateProgram(&program, unit.c_str(), "unit.cu", int(headers.names.size()),
                               headers.text_pointers.data(), headers.name_pointers.data()) == NVRTC_SUCCESS);
    const char* options[] = {"-std=c++20", "-arch=sm_90a"};
    CHECK(nvrtcCompileProgram(program, int(std::size(options)), options) == NVRTC_ERROR_COMPILATION);
    std::size_t length = 0;
    nvrtcGetProgramLogSize(program, &length);
    std::string log(length, '\0');
    nvrtcGetProgramLog(program, log.data());
    nvrtcDestroyProgram(&program);
    return log;
}

void expect(const std::string& log, const std::string& text) {
    INFO(log);
    CAPTURE(text);
    CHECK(log.find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("NVRTC names the configuration rule that is broken") {
    const std::string log = log_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        using a = operand<e4m3, scale::per_token<scale::fp32>>;
        using b = operand<e4m3, scale::per_block<scale::fp32>>;
        constexpr auto size = gemm<arch::sm90, a, b, store<bf16>, config{.block = {128, 264, 128}}>::info.smem_bytes;
    )");
    expect(log, "gemm: block.n must be a multiple of 8 from 8 to 256");
}

TEST_CASE("NVRTC names the requirement that a part lacks") {
    const std::string log = log_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        struct no_decode {
            static constexpr scale_kind kind = scale_kind::custom;
            static constexpr int blocks_per_word = 1;
        };
        constexpr auto type = operand<e4m3, scale::per_token<no_decode>>::info.type;
    )");
    expect(log, "operand: the scales must model scale_granularity");
    expect(log, "concept decodes = ");
}

TEST_CASE("NVRTC names the requirement that an epilogue lacks") {
    const std::string log = log_of(R"(
        #include <deepgemm/kernel/gemm.cuh>
        using namespace deepgemm;
        struct twice {
            __device__ float operator()(float value, i32, i32) const { return 2 * value; }
        };
        constexpr bool custom = then<transform<twice>, transform<twice>>::custom;
    )");
    expect(log, "then: the last part must be a sink");
    expect(log, "concept writes = ");
}
