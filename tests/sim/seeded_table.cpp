// SPDX-License-Identifier: MIT
// The page of seeded bugs shows each of them, with the sentence by which the simulator names it, and their number.
#include "../docs/page.hpp"
#include "seeded.hpp"

namespace seeded_table_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// The part of a message that a table shows: of a deadlock its cycle, else all of it, which is one line.
std::string sentence_of(const std::string& message) {
    const std::size_t at = message.find("  CYCLE: ");
    const std::size_t first = at == std::string::npos ? 0 : at + 2;
    return message.substr(first, message.find('\n', first) - first);
}

/// A line without its hexadecimal numbers: compilers lay memory out in different ways.
std::string without_addresses(const std::string& line) {
    std::string out;
    for (std::size_t i = 0; i < line.size();) {
        if (!line.substr(i).starts_with("0x")) {
            out += line[i++];
            continue;
        }
        out += "0x.";
        for (i += 2; i < line.size() && std::isxdigit(u8(line[i])) != 0;) ++i;
    }
    return out;
}

}  // namespace

TEST_CASE("docs/how-to/seeded-bugs.md has a row for each bug, and counts them") {
    std::vector<bug_table> tables;
    for (const auto& make : bug_tables()) tables.push_back(make());
    std::sort(tables.begin(), tables.end(),
              [](const bug_table& a, const bug_table& b) { return std::string_view(a.title) < b.title; });
    std::string expected;
    int bugs = 0;
    for (const bug_table& table : tables) {
        expected += "\n## " + std::string(table.title) + "\n\n| the line | what the simulator says |\n|---|---|\n";
        for (const auto& row : table.rows) {
            CAPTURE(row.line);
            CHECK(row.message != "");
            expected += "| " + row.line + " | " + sentence_of(row.message) + " |\n";
            ++bugs;
        }
    }
    CHECK(bugs >= 25);

    std::string page;
    for (const std::string& line : source_lines("docs/how-to/seeded-bugs.md")) page += line + "\n";
    CHECK(page.find(" " + std::to_string(bugs) + " bugs") != std::string::npos);
    const std::string shown = page.substr(std::min(page.find("\n## "), page.size()));
    const bool same = without_addresses(shown) == without_addresses(expected);
    CHECK_MESSAGE(same, "from its first table on the page ought to be:\n", expected);
}

}  // namespace seeded_table_tests
