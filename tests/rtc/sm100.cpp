// SPDX-License-Identifier: MIT
// Kernels of Blackwell compile with NVRTC for B200, for B300 and for the family of both: those of tests/sm100, on which cmake
// runs nvcc, and shipped ones by type and by text, as an engine asks for them.
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/rtc/compiler.hpp>
#include <deepgemm/rtc/program.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "support.hpp"

namespace sm100_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

namespace {

/// The three architectures, or one of them where tests take a sample, another one for each `number`.
std::vector<std::string> architectures(unsigned number = 0) {
    std::vector<std::string> all{arch_of(device_info::b200()), arch_of(device_info::b300()),
                                 std::string(arch::sm100::name)};
    if (DEEPGEMM_TEST_SAMPLE > 1) all = {all[(DEEPGEMM_TEST_SEED + number) % all.size()]};
    return all;
}

}  // namespace

TEST_CASE("kernels with tcgen05 compile with NVRTC for 100a, 103a and 100f") {
    const std::filesystem::path tests = std::filesystem::path(DEEPGEMM_SOURCE_DIR) / "tests";
    header_set headers = test::headers();
    headers.add("../sim/mx_kernel.cuh", test::text_of(tests / "sim/mx_kernel.cuh"));
    std::size_t compiled = 0;
    for (const auto& file : std::filesystem::directory_iterator(tests / "sm100")) {
        if (file.path().extension() != ".cu") continue;
        for (const std::string& arch : architectures(unsigned(compiled))) {
            CAPTURE(file.path().string());
            CAPTURE(arch);
            const auto made =
                compile({.text = test::text_of(file.path()), .arch = arch, .options = {"-default-device"}}, headers);
            CHECK_MESSAGE(made, (made ? "" : made.failure().message));
            if (!made) continue;
            CHECK(made->log == "");
            CHECK(made->cubin.size() > 1000);
            ++compiled;
        }
    }
    CHECK(compiled >= 3);

    const auto plain = compile({.text = test::text_of(tests / "sm100/mx.cu"), .arch = "sm_100"}, headers);
    REQUIRE(!plain);
    test::expect(plain.failure().message, "needs tcgen05: compile with -gencode arch=compute_100f,code=sm_100f");
}

namespace {

using mx4 = shipped::sm100::mx4<>;
using packed = gemm<arch::sm100, mx4, mx4, store<bf16>, shipped::sm100::pair(224, 256)>;
using hopper = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
                    config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>;

}  // namespace

TEST_CASE("a kernel of Blackwell is compiled by type and by text for the architecture of the device") {
    CHECK(arch_of(device_info::b200()) == "sm_100a");
    CHECK(arch_of(device_info::b300()) == "sm_103a");
    for (const std::string& arch : architectures()) {
        CAPTURE(arch);
        const compiler made(test::headers(), {.arch = arch});
        const auto by_type = made.get<packed>();
        REQUIRE_MESSAGE(by_type, (by_type ? "" : by_type.failure().message));
        CHECK(by_type->launch.arch == arch::sm100::number);
        CHECK(by_type->launch == packed::launch);
        const auto by_text = made.get({.type = to_source(packed::info)});
        REQUIRE_MESSAGE(by_text, (by_text ? "" : by_text.failure().message));
        CHECK(by_text->launch == packed::launch);
        CHECK(by_text->params_bytes == sizeof(packed::params));
    }
}

TEST_CASE("a kernel for another architecture than the compiler's does not compile, and the message says why") {
    constexpr const char* sentence = "the kernel is for another architecture than the compiler's";
    const auto on_hopper = compiler(test::headers()).get<packed>();
    REQUIRE(!on_hopper);
    test::expect(on_hopper.failure().message, sentence);
    const auto on_blackwell = compiler(test::headers(), {.arch = arch::sm100::name}).get<hopper>();
    REQUIRE(!on_blackwell);
    test::expect(on_blackwell.failure().message, sentence);
    const auto right = compiler(test::headers()).get<hopper>();
    CHECK_MESSAGE(right, (right ? "" : right.failure().message));
}

}  // namespace sm100_tests
