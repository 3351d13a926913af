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
        for (const std::string& line : source_lines(page)) {
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
