// SPDX-License-Identifier: MIT
// The compilers' messages in docs/concepts hold what the failing programs of tests/fail say; every rule of gemm and of operands
// has such a program, and those of gemm are on the page about configurations.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

#include "page.hpp"

namespace messages_tests {

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

/// All programs that must not compile, relative to the source tree.
std::vector<std::string> failing_programs() {
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(root / "tests/fail")) {
        found.push_back(entry.path().lexically_relative(root).generic_string());
    }
    return found;
}

/// The sentences of a header's assertions that begin with a name and a colon; literals side by side are one.
std::vector<std::string> sentences(const std::string& header) {
    std::string text;
    for (const std::string& line : source_lines(header)) text += line + '\n';
    text = std::regex_replace(text, std::regex("\"\\s*\n\\s*\""), "");
    const std::regex sentence("\"(\\w+: [^\"]+)\"");
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), sentence), end; at != end; ++at) found.push_back((*at)[1]);
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
    for (const std::string& program : failing_programs()) {
        for (const std::string& text : expectations(program, "host")) {
            if (!text.starts_with("gemm: ") && !text.starts_with("sm90: ") && !text.starts_with("sm100: ")) continue;
            CAPTURE(program);
            CAPTURE(text);
            CHECK(page.find(text) != std::string::npos);
        }
    }
}

TEST_CASE("every rule of gemm and of operands has a failing program") {
    std::vector<std::string> wanted;
    for (const std::string& program : failing_programs()) {
        for (const std::string& text : expectations(program, "host")) wanted.push_back(text);
    }
    int rules = 0;
    for (const char* header : {"include/deepgemm/kernel/check.cuh", "include/deepgemm/kernel/clean_logits.cuh",
                               "include/deepgemm/kernel/gemm.cuh", "include/deepgemm/kernel/hc_prenorm.cuh",
                               "include/deepgemm/kernel/mqa_logits.cuh", "include/deepgemm/kernel/paged_mqa_logits.cuh",
                               "include/deepgemm/kernel/storage.cuh", "include/deepgemm/kernel/swapped.cuh",
                               "include/deepgemm/kernel/topk.cuh", "include/deepgemm/kernel/transpose.cuh",
                               "include/deepgemm/kernel/operand.cuh", "include/deepgemm/mma/sm90/product.cuh",
                               "include/deepgemm/kernel/sm100_check.cuh", "include/deepgemm/kernel/sm100_gemm.cuh",
                               "include/deepgemm/kernel/sm100_storage.cuh", "include/deepgemm/mma/sm100/product.cuh"}) {
        for (const std::string& sentence : sentences(header)) {
            CAPTURE(sentence);
            ++rules;
            CHECK(std::any_of(wanted.begin(), wanted.end(),
                              [&](const std::string& text) { return sentence.find(text) != std::string::npos; }));
        }
    }
    CHECK(rules >= 30);
}

}  // namespace messages_tests
