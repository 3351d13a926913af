// SPDX-License-Identifier: MIT
// The table of words in docs/architecture.md names only what exists: each concept and each model is declared in a header. And
// it names every operation.
#include <doctest/doctest.h>

#include <regex>

#include "page.hpp"

namespace words_tests {

namespace {

/// All headers in one string.
std::string all_headers() {
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    std::string text;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "include")) {
        if (!entry.is_regular_file()) continue;
        for (const std::string& line : source_lines(entry.path().lexically_relative(root))) text += line + '\n';
    }
    return text;
}

/// The names between backticks in `text`, without their namespaces.
std::vector<std::string> quoted_names(const std::string& text) {
    const std::regex quoted(R"(`(?:\w+::)*(\w+)`)");
    std::vector<std::string> names;
    for (std::sregex_iterator found(text.begin(), text.end(), quoted), end; found != end; ++found) {
        names.push_back((*found)[1]);
    }
    return names;
}

}  // namespace

TEST_CASE("the words of the architecture page exist") {
    const std::string headers = all_headers();
    const std::regex row(R"(\| `(\w+)` \|[^|]*\|([^|]*)\|)");
    int concepts = 0;
    bool inside = false;
    for (const std::string& line : source_lines("docs/architecture.md")) {
        if (line.starts_with("#")) inside = line == "## Words";
        std::smatch found;
        if (!inside || !std::regex_match(line, found, row)) continue;
        ++concepts;
        CAPTURE(line);
        CHECK(headers.find("concept " + found[1].str() + " =") != std::string::npos);
        for (const std::string& model : quoted_names(found[2])) {
            CAPTURE(model);
            CHECK(headers.find("struct " + model) != std::string::npos);
        }
    }
    CHECK(concepts >= 8);
}

TEST_CASE("the architecture page names every operation of the library") {
    std::vector<std::string> named, found;
    for (const std::string& line : source_lines("docs/architecture.md")) {
        if (line.starts_with("| `operation` |")) named = quoted_names(line.substr(line.rfind("| ", line.size() - 2)));
    }
    for (const auto& entry : std::filesystem::directory_iterator(DEEPGEMM_SOURCE_DIR "/include/deepgemm/ops"))
        found.push_back(entry.path().filename().string());
    std::sort(named.begin(), named.end());
    std::sort(found.begin(), found.end());
    CHECK(found.size() > 10);
    CHECK(named == found);
}

}  // namespace words_tests
