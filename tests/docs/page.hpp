// SPDX-License-Identifier: MIT
// Reads marked blocks of the documentation, so that tests can compare them with what the library computes.
// A block is a fenced block right after a comment line `<!-- kind: name -->`.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// The lines of a file of the source tree; `path` is relative to its root. Empty if there is no such file.
inline std::vector<std::string> source_lines(const std::filesystem::path& path) {
    std::ifstream in(std::filesystem::path(DEEPGEMM_SOURCE_DIR) / path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// The fenced block that follows line `first`, without its fences.
inline std::string fenced_block(const std::vector<std::string>& lines, std::size_t first) {
    std::string text;
    bool inside = false;
    for (std::size_t i = first + 1; i < lines.size(); ++i) {
        if (lines[i].starts_with("```")) {
            if (inside) return text;
            inside = true;
        } else if (inside) {
            text += lines[i] + '\n';
        }
    }
    return text;
}

/// The drawing `name` of a page: the block after `<!-- drawing: name -->`.
inline std::string drawing(const std::string& page, const std::string& name) {
    const auto lines = source_lines(page);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] == "<!-- drawing: " + name + " -->") return fenced_block(lines, i);
    }
    FAIL(page, " has no drawing called ", name);
    return {};
}

/// Holds the lines of a page between `<!-- name:begin -->` and `<!-- name:end -->` against those that were made for it. Where
/// the environment has DEEPGEMM_WRITE_PAGES they are written first.
inline void check_made_lines(const std::string& page, const std::string& name, const std::vector<std::string>& made) {
    CAPTURE(page);
    std::vector<std::string> lines = source_lines(page);
    auto begin = std::find(lines.begin(), lines.end(), "<!-- " + name + ":begin -->");
    const auto end = std::find(begin, lines.end(), "<!-- " + name + ":end -->");
    REQUIRE(end != lines.end());
    std::vector<std::string> shown(++begin, end);
    if (std::getenv("DEEPGEMM_WRITE_PAGES") != nullptr) {
        lines.insert(lines.erase(begin, end), made.begin(), made.end());
        std::ofstream out(std::filesystem::path(DEEPGEMM_SOURCE_DIR) / page);
        for (const std::string& line : lines) out << line << '\n';
        shown = made;
    }
    CHECK(shown.size() == made.size());
    for (std::size_t i = 0; i < made.size(); ++i) CHECK((i < shown.size() ? shown[i] : "") == made[i]);
}

/// All pages: README.md and docs/**/*.md, relative to the source tree.
inline std::vector<std::filesystem::path> pages() {
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    std::vector<std::filesystem::path> found{"README.md"};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "docs")) {
        if (entry.path().extension() == ".md") found.push_back(entry.path().lexically_relative(root));
    }
    return found;
}

/// printf into a string; for drawings made of columns.
template <class... Arguments>
std::string format(const char* how, Arguments... arguments) {
    char text[256];
    std::snprintf(text, sizeof text, how, arguments...);
    return text;
}

/// A line without the blanks at its end.
inline std::string trimmed(std::string line) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}
