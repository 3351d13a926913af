// SPDX-License-Identifier: MIT
// Every device-capable header compiles alone with NVRTC for sm_90a, without a warning.
#include <deepgemm/rtc/program.hpp>

#include <optional>

#include "support.hpp"
#include "workers.hpp"

namespace headers_alone_tests {

using namespace deepgemm;
using namespace deepgemm::rtc;

TEST_CASE("every device-capable header compiles alone with NVRTC") {
    const auto names = test::headers().names();
    REQUIRE(names.size() > 10);

    std::vector<std::optional<result<binary>>> results(names.size());
    test::on_two_threads(results.size(), [&](std::size_t i) {
        const std::string include = concat("#include <", names[i], ">\n");
        results[i] = compile({include + include}, test::headers());
    });

    for (std::size_t i = 0; i < results.size(); ++i) {
        CAPTURE(names[i]);
        const result<binary>& made = *results[i];
        CHECK_MESSAGE(made, (made ? "" : made.failure().message));
        if (made) CHECK(made->log == "");
    }
}

}  // namespace headers_alone_tests
