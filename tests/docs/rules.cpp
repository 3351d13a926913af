// SPDX-License-Identifier: MIT
// The tables of docs/rules.md are what the library says: each rule is broken once and its sentence compared with the page's.
// Every sentence of the headers that check is in a table, and every error code in the list of codes.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "broken_rules.hpp"
#include "page.hpp"

namespace rules_tests {

using namespace deepgemm;

namespace {

constexpr const char* page = "docs/rules.md";

/// The lines of the table after `<!-- rules: name -->`, without its two head lines.
std::vector<std::string> shown(const std::string& name) {
    const auto lines = source_lines(page);
    auto line = std::find(lines.begin(), lines.end(), "<!-- rules: " + name + " -->");
    REQUIRE_MESSAGE(line != lines.end(), page, " has no table called ", name);
    std::vector<std::string> rows;
    for (++line; line != lines.end() && line->starts_with("|"); ++line) rows.push_back(*line);
    REQUIRE(rows.size() > 2);
    return {rows.begin() + 2, rows.end()};
}

/// What the table should hold.
std::vector<std::string> table_of(const std::vector<fakes::broken_rule>& rules) {
    std::vector<std::string> rows;
    for (const auto& [rule, outcome] : rules) {
        CAPTURE(rule);
        REQUIRE(!outcome);
        const error& why = outcome.failure();
        rows.push_back(concat("| ", rule, " | `", name_of(why.code), "` | `", why.message, "` |"));
    }
    return rows;
}

void check_table(const std::string& name, const std::vector<fakes::broken_rule>& rules) {
    const auto have = shown(name), wanted = table_of(rules);
    CHECK(have.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK((i < have.size() ? have[i] : "") == wanted[i]);
}

/// The literals of a header's errors, but for short ones.
std::vector<std::string> sentences(const std::string& header) {
    std::string text;
    for (const std::string& line : source_lines(header)) text += line + '\n';
    text = std::regex_replace(text, std::regex("\"\\s*\n\\s*\""), "");
    const std::regex literal("\"([^\"\n]*)\"");
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), literal), end; at != end; ++at) {
        if (at->length(1) >= 12) found.push_back((*at)[1]);
    }
    return found;
}

}  // namespace

TEST_CASE("the tables of rules hold the sentences of broken rules") {
    check_table("matrices", fakes::rules_of_matrices());
    check_table("scales", fakes::rules_of_scales());
    check_table("small_operands", fakes::rules_of_small_operands());
    check_table("memory", fakes::rules_of_memory());
    check_table("heads", fakes::rules_of_heads());
    check_table("epilogues", fakes::rules_of_epilogues());
    check_table("groups", fakes::rules_of_groups());
    check_table("k_groups", fakes::rules_of_k_groups());
    check_table("batches", fakes::rules_of_batches());
    check_table("prenorms", fakes::rules_of_prenorms());
    check_table("mqa_logits", fakes::rules_of_mqa_logits());
    check_table("clean_logits", fakes::rules_of_clean_logits());
    check_table("paged_mqa_logits", fakes::rules_of_paged_mqa_logits());
    check_table("topk", fakes::rules_of_topk());
    check_table("transpose", fakes::rules_of_transpose());
    check_table("casts", fakes::rules_of_casts());
    check_table("fp4_casts", fakes::rules_of_fp4_casts());
    check_table("transforms", fakes::rules_of_transforms());
    check_table("k_packing", fakes::rules_of_k_packing());
    check_table("plans", fakes::rules_of_plans());
}

TEST_CASE("every sentence that a check can say is in a table") {
    std::string text;
    for (const std::string& line : source_lines(page)) text += line + '\n';
    int sentences_found = 0;
    for (const char* header : {"host/epilogue.hpp",
                               "host/extents.hpp",
                               "host/matrix_rules.hpp",
                               "host/memory.hpp",
                               "host/scale_rules.hpp",
                               "host/stack.hpp",
                               "ops/contiguous_gemm/rules.hpp",
                               "ops/gemm/rules.hpp",
                               "ops/gemm/small_rules.hpp",
                               "ops/grouped_gemm/rules.hpp",
                               "ops/batched_gemm/rules.hpp",
                               "ops/clean_logits/rules.hpp",
                               "ops/hc_prenorm/rules.hpp",
                               "ops/k_grouped_gemm/rules.hpp",
                               "ops/mqa_logits/rules.hpp",
                               "ops/paged_mqa_logits/rules.hpp",
                               "ops/topk/rules.hpp",
                               "ops/topk/chunks.hpp",
                               "ops/topk/paged_mqa_topk.hpp",
                               "ops/gemm/transposing.hpp",
                               "ops/contiguous_gemm/transposing.hpp",
                               "ops/batched_gemm/transposing.hpp",
                               "ops/k_grouped_gemm/transposing.hpp",
                               "ops/transpose/rules.hpp"}) {
        for (const std::string& sentence : sentences("include/deepgemm/" + std::string(header))) {
            CAPTURE(header);
            CAPTURE(sentence);
            ++sentences_found;
            CHECK(text.find(sentence) != std::string::npos);
        }
    }
    CHECK(sentences_found >= 60);
}

TEST_CASE("every error code is in the list of codes, once, with what its declaration says of it") {
    const std::regex declaration(R"(    (\w+),\s+///< (.*))");
    std::set<std::string> codes;
    std::vector<std::string> wanted;
    bool inside = false;
    for (const std::string& line : source_lines("include/deepgemm/host/error.hpp")) {
        inside = line == "enum class errc {" || (inside && line != "};");
        std::smatch found;
        if (inside && std::regex_match(line, found, declaration)) {
            wanted.push_back(concat("| `", found[1].str(), "` | ", found[2].str(), " |"));
            codes.insert(found[1]);
        }
    }
    CHECK(codes.contains(name_of(errc::bad_extent)));
    CHECK(codes.contains(name_of(errc::simulator_failure)));
    CHECK(codes.size() == std::size_t(errc::simulator_failure) + 1);
    const auto have = shown("codes");
    CHECK(have.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        // The page adds who says so.
        const std::string start = wanted[i].substr(0, wanted[i].size() - 1);
        CAPTURE(start);
        CHECK((i < have.size() && have[i].starts_with(start)));
    }
}

}  // namespace rules_tests
