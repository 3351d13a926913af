// SPDX-License-Identifier: MIT
// The compilers' messages in docs/concepts hold what the failing programs of tests/fail say, and every rule of gemm that has
// such a program is on the page about configurations.
#include <doctest/doctest.h>

#include <regex>

#include "page.hpp"

namespace {

/// What a compiler must say of a failing program; `kind` is host or nvcc.
std::vector<std::string> expectations(const std::string& program, const std::string& kind) {
    const std::regex line("// expect( " + kind + ")?: (.*)");
    std::vector<std::string> found;
    for (const std::string& text : source_lines(program)) {
        std::smatch match;
        if (std::regex_match(text, match, line)) found.push_back(match[2]);
    }
    return found;
}

}  // namespace

TEST_CASE("messages shown in the pages are those of the failing programs") {
    const std::regex marker(R"(<!-- message: (\S+) (host|nvcc) -->)");
    int messages = 0;
    for (const auto& page : pages()) {
        CAPTURE(page.string());
        const auto lines = source_lines(page);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::smatch match;
            if (!std::regex_match(lines[i], match, marker)) continue;
            CAPTURE(lines[i]);
            ++messages;
            const auto wanted = expectations(match[1], match[2]);
            CHECK(!wanted.empty());
            const std::string shown = fenced_block(lines, i);
            for (const std::string& text : wanted) {
                CAPTURE(text);
                CHECK(shown.find(text) != std::string::npos);
            }
        }
    }
    CHECK(messages >= 16);
}

TEST_CASE("the page on configurations has every rule that a failing program breaks") {
    std::string page;
    for (const std::string& line : source_lines("docs/concepts/configuration.md")) page += line + '\n';
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    for (const auto& entry : std::filesystem::directory_iterator(root / "tests/fail")) {
        const std::string program = entry.path().lexically_relative(root).generic_string();
        for (const std::string& text : expectations(program, "host")) {
            if (!text.starts_with("gemm: ")) continue;
            CAPTURE(program);
            CAPTURE(text);
            CHECK(page.find(text) != std::string::npos);
        }
    }
}
