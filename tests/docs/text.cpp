// SPDX-License-Identifier: MIT
// Checks of the documentation's text: links lead to files that exist, and code shown in a page is code that is compiled.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

#include "page.hpp"

TEST_CASE("relative links of all pages lead somewhere") {
    const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");  // [text](path#anchor); addresses with a scheme have a colon
    for (const auto& page : pages()) {
        CAPTURE(page.string());
        bool is_code = false;  // where a lambda looks like a link
        for (const std::string& line : source_lines(page)) {
            is_code ^= line.starts_with("```");
            if (is_code) continue;
            CHECK(line.find("](#") == line.npos);  // Doxygen 1.9 finds headings only by their page
            for (std::sregex_iterator found(line.begin(), line.end(), link), end; found != end; ++found) {
                const std::string target = (*found)[1];
                CAPTURE(target);
                CHECK(std::filesystem::exists(DEEPGEMM_SOURCE_DIR / page.parent_path() / target));
            }
        }
    }
}

namespace {

/// The lines of `path` between two marker lines `// [name]` or `# [name]`, without the indentation they share, blank lines
/// around them and markers of other regions.
std::string region(const std::string& path, const std::string& name) {
    const std::regex marker(R"(\s*(//|#) \[(\w+)\])");
    std::vector<std::string> lines;
    bool inside = false;
    for (const std::string& line : source_lines(path)) {
        std::smatch found;
        if (std::regex_match(line, found, marker)) {
            inside ^= found[2] == name;
        } else if (inside) {
            lines.push_back(line);
        }
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    while (!lines.empty() && lines.front().empty()) lines.erase(lines.begin());
    std::size_t shared = std::string::npos;
    for (const std::string& line : lines) shared = std::min(shared, line.find_first_not_of(' '));
    std::string text;
    for (const std::string& line : lines) text += (line.empty() ? line : line.substr(shared)) + '\n';
    return text;
}

}  // namespace

// `<!-- code: path name -->` before a fenced block: the block equals the region `[name]` of the file.
// docs/update_code.py makes it so.
TEST_CASE("code shown in the pages is the code that is compiled") {
    const std::regex marker(R"(<!-- code: (\S+) (\S+) -->)");
    for (const auto& page : pages()) {
        CAPTURE(page.string());
        const auto lines = source_lines(page);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::smatch found;
            if (!std::regex_match(lines[i], found, marker)) continue;
            CAPTURE(lines[i]);
            const std::string expected = region(found[1], found[2]);
            CHECK(!expected.empty());
            CHECK(fenced_block(lines, i) == expected);
        }
    }
}

TEST_CASE("the index has every page once") {
    const std::regex entry(R"(- \[[^\]]+\]\(([^)#:]+)\): .+)");
    std::vector<std::filesystem::path> listed{"README.md", "docs/index.md"};
    for (const std::string& line : source_lines("docs/index.md")) {
        std::smatch found;
        if (std::regex_match(line, found, entry)) listed.push_back(std::filesystem::path("docs") / found[1].str());
    }
    auto wanted = pages();
    std::sort(wanted.begin(), wanted.end());
    std::sort(listed.begin(), listed.end());
    CHECK(wanted.size() > 30);
    CHECK(listed.size() == wanted.size());
    for (const auto& page : wanted) {
        CAPTURE(page.string());
        CHECK(std::count(listed.begin(), listed.end(), page) == 1);
    }
}

TEST_CASE("titles of pages are plain text, since the site shows the tags of anything else") {
    for (const auto& page : pages()) {
        CAPTURE(page.string());
        const std::string title = source_lines(page).at(0);
        CHECK(title.starts_with("# "));
        CHECK(title.find_first_of("`*<>") == std::string::npos);
    }
}

TEST_CASE("files that the contributing page names exist") {
    const std::regex quoted("`([^`]+)`"), path(R"((include|cmake|bench|tests|docs|examples)/[\w./-]+)");
    int found_paths = 0;
    for (const std::string& line : source_lines("docs/CONTRIBUTING.md")) {
        for (std::sregex_iterator found(line.begin(), line.end(), quoted), end; found != end; ++found) {
            const std::string name = (*found)[1];
            if (!std::regex_match(name, path)) continue;
            ++found_paths;
            CAPTURE(name);
            CHECK(std::filesystem::exists(std::filesystem::path(DEEPGEMM_SOURCE_DIR) / name));
        }
    }
    CHECK(found_paths >= 30);
}
