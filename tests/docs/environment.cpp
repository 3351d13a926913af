// SPDX-License-Identifier: MIT
// Holds the tables of docs/how-to/diagnosis.md against the source: every environment variable that is read stands there, and
// every variable of deepgemm's own that stands there is read.
#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "page.hpp"

namespace {

/// The variables in the first column of the tables.
std::set<std::string> documented() {
    const std::regex row(R"(\| (`[^|]*`) \|.*)"), quoted("`([A-Z_]+)`");
    std::set<std::string> names;
    for (const std::string& line : source_lines("docs/how-to/diagnosis.md")) {
        std::smatch found;
        if (!std::regex_match(line, found, row)) continue;
        const std::string first = found[1];
        for (std::sregex_iterator name(first.begin(), first.end(), quoted), end; name != end; ++name)
            names.insert((*name)[1]);
    }
    return names;
}

/// Adds what a pattern finds in the lines of a file.
void add_matches(const std::filesystem::path& file, const std::regex& pattern, std::set<std::string>& names) {
    for (const std::string& line : source_lines(file)) {
        for (std::sregex_iterator found(line.begin(), line.end(), pattern), end; found != end; ++found)
            names.insert((*found)[1]);
    }
}

/// The variables that headers and programs read by name.
std::set<std::string> read_by_source() {
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    const std::regex call(R"re((?:getenv|read_environment)\("(\w+)")re");
    const std::regex in_cmake(R"(ENV\{?\s?(CUDA\w+))"), in_shell(R"(\$\{(CUDA\w+):-)");
    std::set<std::string> names;
    for (const char* const folder : {"include", "examples", "bench"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file()) add_matches(entry.path().lexically_relative(root), call, names);
        }
    }
    add_matches("cmake/cuda.cmake", in_cmake, names);
    add_matches("cmake/nvrtc.cmake", in_cmake, names);
    add_matches("dg", in_shell, names);
    return names;
}

}  // namespace

TEST_CASE("the page on environment variables has all that are read") {
    const auto listed = documented(), read = read_by_source();
    CHECK(read.size() >= 15);
    for (const std::string& name : read) {
        CAPTURE(name);
        CHECK(listed.contains(name));
    }
    for (const std::string& name : listed) {
        CAPTURE(name);
        CHECK((read.contains(name) || !name.starts_with("DEEPGEMM_")));
    }
}
