// SPDX-License-Identifier: MIT
// What docs/ladder.md shows of rung 20: the order in which the library's schedule of groups hands out tiles, computed by that
// schedule; and the rungs that the page lists.
#include <deepgemm/schedule/grouped.cuh>

#include "../../examples/common/walk.hpp"
#include "page.hpp"

#include <algorithm>

namespace ladder_drawings_tests {

using namespace deepgemm;

TEST_CASE("docs/ladder.md: tiles of groups in the library's order") {
    constexpr tile_shape block{128, 64, 128};
    constexpr i32 n = 384, ends[] = {190, 190, 490, 560, 1080, 1210};
    const auto tiles = backend::tiles_of<grouped<block, cluster_shape{}, psum_groups, 2>>(
        {ends[5], n, 128}, {.count = 6, .list = ends, .alignment = 1});
    CHECK(drawing("docs/ladder.md", "ordered_tiles") == backend::picture<block>(tiles, 4, ends[3], 520, n));
    const std::string costs = backend::costs<block>("the same in the library's order", tiles, n);
    CHECK(drawing("docs/ladder.md", "costs_of_orders").find(costs) != std::string::npos);
}

namespace {

/// The names of all rungs in examples/, in order.
std::vector<std::string> rungs() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(DEEPGEMM_SOURCE_DIR "/examples")) {
        const std::string name = entry.path().stem().string();
        if (name[0] >= '0' && name[0] <= '9') found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// A number from 20 to 39 in words, without its first letter, which may be a capital.
std::string in_words(std::size_t number) {
    const char* const units[] = {"", "-one", "-two", "-three", "-four", "-five", "-six", "-seven", "-eight", "-nine"};
    REQUIRE((number >= 20 && number < 40));
    return std::string(number < 30 ? "wenty" : "hirty") + units[number % 10];
}

}  // namespace

TEST_CASE("docs/ladder.md: the table has every rung, in order") {
    const std::vector<std::string> found = rungs();
    std::vector<std::string> listed;
    for (const std::string& line : source_lines("docs/ladder.md")) {
        if (line.starts_with("| `")) listed.push_back(line.substr(3, line.find('`', 3) - 3));
    }
    CHECK(found.size() > 20);
    CHECK(listed == found);
}

TEST_CASE("pages that say how many rungs the ladder has are right") {
    for (const char* const page : {"README.md", "docs/index.md", "docs/ladder.md"}) {
        CAPTURE(page);
        const auto says = [](const std::string& line) {
            return line.find(in_words(rungs().size()) + " small programs") != line.npos;
        };
        const auto lines = source_lines(page);
        CHECK(std::any_of(lines.begin(), lines.end(), says));
    }
}

}  // namespace ladder_drawings_tests
