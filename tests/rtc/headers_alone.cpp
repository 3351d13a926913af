// SPDX-License-Identifier: MIT
// Every device-capable header compiles alone with NVRTC for sm_90a, without a warning.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "program.hpp"

TEST_CASE("every device-capable header compiles alone with NVRTC") {
    const header_set headers(DEEPGEMM_SOURCE_DIR "/include");
    REQUIRE(headers.names.size() > 10);

    std::vector<compiled> results(headers.names.size());
    std::atomic<std::size_t> next{0};
    auto work = [&] {
        for (std::size_t i; (i = next++) < results.size();) {
            const std::string include = "#include <" + headers.names[i] + ">\n";
            results[i] = compile(headers, include + include);
        }
    };
    std::thread other(work);
    work();
    other.join();

    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(headers.names[i]);
        CHECK(results[i].succeeded);
        CHECK(results[i].log == "");
    }
}
