// SPDX-License-Identifier: MIT
// The table of epilogues and operations: the columns of products of two matrices; and the sentences with which cells refuse.
#include "epilogue_table.hpp"

#include <regex>

using namespace deepgemm::test;

TEST_CASE("epilogues of dense products are what the table says") {
    epilogue_outcomes outcomes;
    run_columns<columns::dense_fp8, columns::dense_half, columns::split>(outcomes);
    run_cell<rows::cast_gated, columns::dense_fp8>(outcomes);
    run_cell<rows::cast_gated, columns::dense_half>(outcomes);
    run_cell<rows::cast_gated, columns::split>(outcomes);
    run_cell<rows::stored, columns::exchanged_operands>(outcomes);
    run_cell<rows::accumulated, columns::exchanged_operands>(outcomes);
    check_columns(outcomes);
}

TEST_CASE("a cell that does not say yes names the sentence with which a program of tests/fail is refused") {
    std::set<std::string> refusals;
    const std::filesystem::path root = DEEPGEMM_SOURCE_DIR;
    for (const auto& entry : std::filesystem::directory_iterator(root / "tests/fail")) {
        for (const std::string& line : source_lines(entry.path().lexically_relative(root)))
            if (line.starts_with("// expect: ")) refusals.insert(line.substr(11));
    }
    std::map<std::string, std::string> notes;
    const std::regex note(R"(- \((\d)\) .*`([^`]+)`)");
    for (const std::string& line : source_lines("docs/concepts/epilogue.md")) {
        std::smatch found;
        if (std::regex_match(line, found, note)) notes["no (" + found[1].str() + ")"] = found[2];
    }
    CHECK(!notes.empty());
    for (const auto& [number, sentence] : notes) {
        CAPTURE(number);
        CHECK(refusals.contains(sentence));
    }
    int refused = 0;
    for (const auto& [cell, text] : cells_of_page()) {
        if (text == "yes") continue;
        CAPTURE(cell.first);
        CAPTURE(cell.second);
        CHECK(notes.contains(text));
        ++refused;
    }
    CHECK(refused > 0);
}
