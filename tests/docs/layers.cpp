// SPDX-License-Identifier: MIT
// Holds the table of layers in docs/architecture.md against the headers: a header includes only its own layer and those
// above it in the table. And the umbrella against them: it leaves out what it says.
#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "page.hpp"

namespace {

/// The first column of the table of layers, one entry per name in backticks: path prefixes with the number of their row.
std::vector<std::pair<std::string, int>> table_of_layers() {
    const std::regex row(R"(\| (`[^|]*`) \|.*)"), quoted("`([^`]+)`");
    std::vector<std::pair<std::string, int>> layers;
    bool inside = false;
    int number = 0;
    for (const std::string& line : source_lines("docs/architecture.md")) {
        if (line.starts_with("#")) inside = line == "## Layers";
        std::smatch found;
        if (!inside || !std::regex_match(line, found, row)) continue;
        const std::string names = found[1];
        for (std::sregex_iterator name(names.begin(), names.end(), quoted), end; name != end; ++name) {
            layers.emplace_back((*name)[1], number);
        }
        ++number;
    }
    return layers;
}

/// The row of a header, `path` being relative to include/deepgemm: that of the longest prefix; -1 if it is in no layer.
int layer_of(const std::string& path, const std::vector<std::pair<std::string, int>>& layers) {
    std::size_t longest = 0;
    int layer = -1;
    for (const auto& [prefix, number] : layers) {
        if (path.starts_with(prefix) && prefix.size() > longest) {
            longest = prefix.size();
            layer = number;
        }
    }
    return layer;
}

/// Adds a header, relative to include/, and all that it includes.
void add_with_includes(const std::string& header, std::set<std::string>& found) {
    if (!found.insert(header).second) return;
    const std::regex include("#include <(deepgemm/[^>]+)>.*");
    for (const std::string& line : source_lines("include/" + header)) {
        std::smatch match;
        if (std::regex_match(line, match, include)) add_with_includes(match[1], found);
    }
}

/// True for the lists of shipped kernels, ops/*/shipped*.cuh.
bool is_shipped_list(const std::string& header) { return header.find("/shipped") != std::string::npos; }

}  // namespace

TEST_CASE("the umbrella has every device-capable header but the lists of shipped kernels") {
    std::set<std::string> reached;
    add_with_includes("deepgemm/deepgemm.cuh", reached);
    const std::filesystem::path base = std::filesystem::path(DEEPGEMM_SOURCE_DIR) / "include";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(base)) {
        const std::string header = entry.path().lexically_relative(base).generic_string();
        if (entry.path().extension() != ".cuh") continue;
        CAPTURE(header);
        CHECK(reached.contains(header) != is_shipped_list(header));
    }
}

TEST_CASE("includes go up the table of layers only") {
    const auto layers = table_of_layers();
    REQUIRE(layers.size() >= 11);
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR, base = root / "include/deepgemm";
    const std::regex include("#include <deepgemm/([^>]+)>.*");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(base)) {
        const std::string header = entry.path().lexically_relative(base).generic_string();
        if (!entry.is_regular_file() || header.find('/') == std::string::npos) continue;  // umbrellas stand outside
        const int own = layer_of(header, layers);
        CAPTURE(header);
        CHECK(own >= 0);
        for (const std::string& line : source_lines(entry.path().lexically_relative(root))) {
            std::smatch found;
            if (!std::regex_match(line, found, include)) continue;
            const std::string included = found[1];
            if (included == "version.cuh") continue;
            CAPTURE(included);
            CHECK(layer_of(included, layers) >= 0);
            CHECK(layer_of(included, layers) <= own);
        }
    }
}
