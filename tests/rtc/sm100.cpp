// SPDX-License-Identifier: MIT
// The kernels of tests/sm100 compile with NVRTC for B200, for B300 and for the family of both; cmake runs nvcc on the same files.
#include <deepgemm/rtc/program.hpp>

#include <filesystem>

#include "support.hpp"

namespace sm100_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

TEST_CASE("kernels with tcgen05 compile with NVRTC for 100a, 103a and 100f") {
    const std::filesystem::path tests = std::filesystem::path(DEEPGEMM_SOURCE_DIR) / "tests";
    header_set headers = test::headers();
    headers.add("../sim/mx_kernel.cuh", test::text_of(tests / "sim/mx_kernel.cuh"));
    std::size_t compiled = 0;
    for (const auto& file : std::filesystem::directory_iterator(tests / "sm100")) {
        if (file.path().extension() != ".cu") continue;
        for (const std::string arch : {"sm_100a", "sm_103a", arch::sm100::name}) {
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

}  // namespace sm100_tests
