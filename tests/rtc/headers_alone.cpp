// SPDX-License-Identifier: MIT
// Every device-capable header compiles alone with NVRTC for sm_90a, without a warning.
#include <doctest/doctest.h>
#include <nvrtc.h>

#include <atomic>
#include <iterator>
#include <thread>

#include "headers.hpp"

namespace {

/// The compiler's log of a unit that includes only `name`, twice; empty if there is nothing to say.
std::string compile_alone(const header_set& headers, const std::string& name) {
    const std::string unit = "#include <" + name + ">\n#include <" + name + ">\n";
    nvrtcProgram program{};
    if (nvrtcCreateProgram(&program, unit.c_str(), "unit.cu", int(headers.names.size()), headers.text_pointers.data(),
                           headers.name_pointers.data()) != NVRTC_SUCCESS) {
        return "nvrtcCreateProgram failed";
    }
    const char* options[] = {"-std=c++20", "-arch=sm_90a"};
    const nvrtcResult result = nvrtcCompileProgram(program, int(std::size(options)), options);
    std::size_t length = 0;
    nvrtcGetProgramLogSize(program, &length);
    std::string log(length, '\0');
    nvrtcGetProgramLog(program, log.data());
    nvrtcDestroyProgram(&program);
    if (length > 1) return log;  // more than the terminating zero
    return result == NVRTC_SUCCESS ? "" : nvrtcGetErrorString(result);
}

}  // namespace

TEST_CASE("every device-capable header compiles alone with NVRTC") {
    const header_set headers(DEEPGEMM_SOURCE_DIR "/include");
    REQUIRE(headers.names.size() > 10);

    std::vector<std::string> logs(headers.names.size());
    std::atomic<std::size_t> next{0};
    auto work = [&] {
        for (std::size_t i; (i = next++) < logs.size();) logs[i] = compile_alone(headers, headers.names[i]);
    };
    std::thread other(work);
    work();
    other.join();

    for (std::size_t i = 0; i < logs.size(); ++i) {
        CAPTURE(headers.names[i]);
        CHECK(logs[i] == "");
    }
}
