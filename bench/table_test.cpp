// SPDX-License-Identifier: MIT
// Tables of measured choices as files, and what else the commands read and plan with: lists of products, names of GPUs.
#include <doctest/doctest.h>

#include <deepgemm/host/parse.hpp>
#include <deepgemm/ops/gemm/tuned.hpp>

#include <cstring>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "needed_kernels.hpp"
#include "page.hpp"
#include "planning.hpp"
#include "products.hpp"
#include "tuned_table.hpp"

namespace table_test_tests {

using namespace deepgemm;
using namespace deepgemm::bench;

namespace {

std::string refusal(const std::string& table) {
    try {
        table_of(parse_json(table));
    } catch (const std::invalid_argument& why) {
        return why.what();
    }
    return "fine";
}

/// A good row with measured times.
gemm_tuned_row measured_row() {
    gemm_tuned_row row = row_of(parse_shape("128,512,1024:1d1d-acc"), {}, true);
    row.us = 8.35f;
    row.model = {.cfg = {.block = {64, 128, 128}}, .in_place = false, .us = 1e6f / 3};
    return row;
}

/// A table with one good row, in which `from` stands as `to`.
std::string edited(const std::string& from, const std::string& to) {
    std::string text = text_of(to_json(tuned_table::of<ops::gemm>("NVIDIA H200", {measured_row()})), 0);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("the library's own rows come back from a file") {
    for (const std::span<const gemm_tuned_row> rows :
         {std::span<const gemm_tuned_row>(tuned_h200), std::span<const gemm_tuned_row>(tuned_h100)}) {
        const auto table = tuned_table::of<ops::gemm>("NVIDIA H200", {rows.begin(), rows.end()});
        const tuned_table read = table_of(parse_json(text_of(to_json(table))));
        CHECK(read.gpu == "NVIDIA H200");
        const auto& same = read.rows<ops::gemm>();
        REQUIRE(same.size() == rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) CHECK(same[i] == rows[i]);
    }
}

TEST_CASE("measured times come back from a file, to the last bit, and rows may have none") {
    const auto again = [](const gemm_tuned_row& row) {
        const tuned_table read =
            table_of(parse_json(text_of(to_json(tuned_table::of<ops::gemm>("NVIDIA H200", {row})))));
        REQUIRE(read.rows<ops::gemm>().size() == 1);
        return read.rows<ops::gemm>()[0];
    };
    gemm_tuned_row row = measured_row();
    CHECK(again(row).us == 8.35f);
    CHECK(again(row).model == measured_loser{{.block = {64, 128, 128}}, false, 1e6f / 3});
    CHECK(again(row) == row);
    row.objective = objective_kind::sustained;
    CHECK(again(row) == row);
    CHECK(again(row).objective == objective_kind::sustained);
    row.objective = objective_kind::latency;
    row.model = {};
    CHECK(again(row) == row);
    row.us = 0;
    CHECK(again(row) == row);
    const std::string text = text_of(to_json(tuned_table::of<ops::gemm>("NVIDIA H200", {row})));
    CHECK(text.find("\"us\"") == std::string::npos);
    CHECK(text.find("\"model\"") == std::string::npos);
}

TEST_CASE("the table that the documentation shows is one, as tune writes it") {
    const std::string shown = drawing("docs/how-to/command-line.md", "tuned_table");
    const tuned_table table = table_of(parse_json(shown));
    REQUIRE(table.rows<ops::gemm>().size() == 1);
    CHECK(text_of(to_json(table), 3) + "\n" == shown);
}

TEST_CASE("every shipped configuration comes back from its text") {
    CHECK(described<ops::gemm>().handles.size() > 200);
    std::size_t described_in_all = 0;
    const auto check = [&]<class O>(const described_kernels_of<O>& of) {
        described_in_all += of.handles.size();
        for (const kernel_handle<O>& kernel : of.handles) {
            const auto read = parse_config<typename O::config>(to_source(kernel.info.cfg));
            CAPTURE(O::source_of(kernel.info));
            REQUIRE(read);
            CHECK(*read == kernel.info.cfg);
        }
    };
    std::apply([&](const auto&... of) { (check(of), ...); }, described_kernels());
    CHECK(kernel_sources().size() == described_in_all);
}

TEST_CASE("no kernel is shipped twice") {
    std::set<std::string> found;
    for (const gemm_handle& kernel : described<ops::gemm>().handles)
        CHECK_MESSAGE(found.insert(to_source(kernel.info)).second, to_source(kernel.info));
}

TEST_CASE("a described kernel cannot be launched") {
    CHECK(!described<ops::gemm>().handles[0].prepare());
    CHECK(!described<ops::gemm>().handles[0].launch({}, {}));
}

TEST_CASE("the row of a case is found for its workload, and decides") {
    for (const char* product : {"128,4096,7168", "128,4096,7168:1d1d-acc", "4096,4096,512:bf16-tn-f32-acc",
                                "64,512,512:f16", "256,512,512:bf16-nn"}) {
        CAPTURE(product);
        const gemm_case measured = parse_shape(product);
        const gemm_workload work = bench::workload_of(measured);
        const auto made = plan(work, device_info::h200(), described<ops::gemm>().handles);
        REQUIRE(made);
        REQUIRE(made->ranked.size() > 1);
        const gemm_info& other = made->ranked.back().kernel->info;
        const gemm_tuned_row rows[] = {row_of(measured, other.cfg, other.traits.in_place)};
        CHECK(find_tuned(rows, work) == &rows[0]);
        const auto overridden =
            choose(work, device_info::h200(), described<ops::gemm>().handles, {}, {.overrides = rows});
        REQUIRE(overridden);
        CHECK(overridden->kernel == made->ranked.back().kernel);
    }
}

#define CHECK_ROW(...) CHECK(to_source(__VA_ARGS__) == #__VA_ARGS__)
TEST_CASE("a row prints as its own source") {
    CHECK_ROW(gemm_tuned_row{.m_max = 1, .n = 7168, .k = 16384, .cfg = config{.block = {64, 96, 128}}});
    CHECK_ROW(gemm_tuned_row{.m_max = 7168,
                             .n = 4096,
                             .k = 16384,
                             .d = dtype::f32,
                             .accumulate = true,
                             .b = {1, 128},
                             .cfg = config{.block = {128, 128, 128}, .cluster = {2, 1}},
                             .type = dtype::bf16,
                             .a_contiguous = major::mn,
                             .b_contiguous = major::mn,
                             .in_place = true});
}

TEST_CASE("a file that is no table is refused with the row") {
    CHECK(refusal(edited("table 1", "table 1")) == "fine");
    CHECK(refusal(edited("table 1", "table 2")) ==
          "\"schema\" is \"deepgemm tuned table 2\"; it must be \"deepgemm tuned table 1\"");
    CHECK(refusal("{}") == "key 'schema' not found");
    CHECK(refusal(edited("\"m_max\": 128", "\"m_max\": 0")) == "row 1: m_max is 0; it must be from 1 to 2147479552");
    CHECK(refusal(edited("\"m_max\": 128", "\"m_max\": 4294967424")) ==
          "row 1: m_max is 4294967424; it must be from 1 to 2147479552");
    CHECK(refusal(edited("\"n\": 512", "\"n\": 5.12e2")) ==
          "row 1: n is \"512.0\"; it must be a whole number from 1 to 2147479552");
    CHECK(refusal(edited("\"n\": 512, ", "")) == "row 1: key 'n' not found");
    CHECK(refusal(edited("\"n\": 512", "\"n\": 512, \"x\": 1")) == "row 1: it has members that a row does not have");
    CHECK(refusal(edited("\"n\": 512", "\"n\": 512, \"objective\": \"speed\"")) ==
          "row 1: \"objective\" is \"speed\"; it must be \"latency\" or \"sustained\"");
    CHECK(refusal(edited("\"e4m3\"", "\"e4m4\"")) ==
          "row 1: \"e4m4\" is no element type; e4m3, e5m2, bf16, f16 and f32 are");
    CHECK(refusal(edited("[1, 128]", "[1]")) == "row 1: \"b_scales\" must be two numbers: rows and elements of K");
    CHECK(refusal(edited("\"a_contiguous\": \"k\"", "\"a_contiguous\": \"m\"")) ==
          "row 1: \"m\" is no order; k and mn are");
    CHECK(refusal(edited("\"accumulate\": true", "\"accumulate\": false")) ==
          "row 1: \"in_place\" is true, but \"accumulate\" is not");
    const std::string positive = "; a time in microseconds must be positive and finite";
    CHECK(refusal(edited("\"us\": 8.35", "\"us\": 0")) == "row 1: \"us\" is 0" + positive);
    CHECK(refusal(edited("\"us\": 8.35", "\"us\": -8.35")) == "row 1: \"us\" is -8.35" + positive);
    CHECK(refusal(edited("\"us\": 8.35", "\"us\": 1e40")) == "row 1: \"us\" is 1e+40" + positive);
    CHECK(refusal(edited("\"us\": 8.35", "\"us\": 1e999")) == "number overflow parsing '1e999'");
    CHECK(refusal(edited("\"us\": 8.35", "\"us\": \"8.35\"")) == "row 1: \"us\" is \"8.35\"" + positive);
    CHECK(refusal(edited("\"us\": 8.35, ", "")) ==
          "row 1: it has \"model\", the time of a kernel that lost, but no \"us\" of the one that won");
    CHECK(refusal(edited("\"us\": 333", "\"us\": -333")).starts_with("row 1: \"us\" is -333"));
    CHECK(refusal(edited("\"us\": 333", "\"x\": 1, \"us\": 333")) ==
          "row 1: \"model\" has members that a measured kernel does not have");
    CHECK(refusal(edited(".block", ".brick")).starts_with("row 1: \"config{.brick = {128, 128, 128}}\" is no "));
}

TEST_CASE("rows of operations without members of their own name a product in words") {
    using rows = std::vector<tuned_row<ops::grouped_gemm>>;
    const auto work = [](const char* text) { return bench::workload_of(parse_groups(text)); };
    const config few{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1}}, wide{.block = {256, 128, 128}};
    tuned_table table = tuned_table::of<ops::grouped_gemm>(
        "NVIDIA H200", rows{{work("32*4096,6144,7168:masked-192"), few, 310.5, objective_kind::sustained},
                            {work("3*64,128,256:masked"), wide}});
    table.rows<ops::gemm>().push_back(measured_row());
    const std::string text = text_of(to_json(table), 0);
    CHECK(text.find(R"("product": "32*4096,6144,7168:masked-192", "config": "config{.block = {64, 64, 128}, )") !=
          text.npos);
    const tuned_table read = table_of(parse_json(text));
    CHECK(read.rows<ops::gemm>() == table.rows<ops::gemm>());
    const auto& same = read.rows<ops::grouped_gemm>();
    REQUIRE(same.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(same[i].at == table.rows<ops::grouped_gemm>()[i].at);
        CHECK(same[i].cfg == table.rows<ops::grouped_gemm>()[i].cfg);
        CHECK(same[i].us == table.rows<ops::grouped_gemm>()[i].us);
        CHECK(same[i].objective == table.rows<ops::grouped_gemm>()[i].objective);
    }
    const auto with = [&](const std::string& row) {
        return refusal(R"({"schema": "deepgemm tuned table 1", "gpu": "", "rows": [)" + row + "]}");
    };
    CHECK(with(R"({"product": "3*64,128,256:masked", "config": "config{.block = {64, 64, 128}}"})") == "fine");
    CHECK(with(R"({"product": "137,24,7168:prenorm", "config": "hc_prenorm_config{.block = {64, 24, 64}}"})") ==
          "fine");
    CHECK(with(R"({"product": "137,24,7168:prenorm", "config": "config{.block = {64, 64, 128}}"})")
              .ends_with("there must be 'hc_prenorm_config'"));
    CHECK(with(R"({"product": "3*64,128,256:masked", "config": "config{}", "x": 1})") ==
          "row 1: it has members that a row does not have");
    CHECK(with(R"({"product": "3*64,128,256:masked", "config": "config{}", "us": -1})")
              .starts_with("row 1: \"us\" is -1"));
    CHECK(with(R"({"product": "3*64,128", "config": "config{}"})").starts_with("row 1: the product '3*64,128': "));
    CHECK(with(R"({"product": "64,128,256", "config": "config{}"})") ==
          "row 1: rows of gemm have members of their own in place of \"product\"");
}

TEST_CASE("kernels that lists of products need, of any operation") {
    const auto lines = parse_products("64,7168,2048\n<=6*2000,6144,7168:masked\n6*2000,6144,7168:masked\n");
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].any_rows);
    const needed_kernels needed = kernels_for(lines, device_info::h200(), {}, true);
    REQUIRE(needed.of_line.size() == 3);
    CHECK(needed.of_line[0].size() == 1);
    CHECK(needed.of_line[1].size() > 1);  // of any number of rows up to 2000
    REQUIRE(needed.of_line[2].size() == 1);
    CHECK(std::count(needed.of_line[1].begin(), needed.of_line[1].end(), needed.of_line[2][0]) == 1);
    for (const std::size_t place : needed.of_line[1]) {
        const needed_kernel& kernel = needed.kernels[place];
        CHECK(kernel.index >= described<ops::grouped_gemm>().first_source);
        CHECK(kernel.index < kernel_sources().size());
        CHECK(kernel.text.find("masked_groups") != std::string::npos);
        CHECK(kernel.cfg.find(".extents = {0, 6144, 7168}") != std::string::npos);
        CHECK(kernel.source().text.extents == static_extents{0, 6144, 7168});
    }
    // A row of a table decides.
    const auto work = bench::workload_of(parse_groups("6*2000,6144,7168:masked-2000"));
    const auto& all = described<ops::grouped_gemm>();
    const config& other = all.handles[0].info.cfg;
    REQUIRE(needed.kernels[needed.of_line[2][0]].index != all.first_source);
    const auto table = tuned_table::of<ops::grouped_gemm>("", {{work, other}});
    CHECK(kernels_for(std::span(lines).subspan(2), device_info::h200(), table, false).kernels.at(0).index ==
          all.first_source);
    // One that was tuned for an objective decides for that alone.
    const auto back_to_back = tuned_table::of<ops::grouped_gemm>("", {{work, other, 1.0, objective_kind::sustained}});
    const auto first = [&](objective_kind objective) {
        return kernels_for(std::span(lines).subspan(2), device_info::h200(), back_to_back, false, objective)
            .kernels.at(0)
            .index;
    };
    CHECK(first(objective_kind::sustained) == all.first_source);
    CHECK(first(objective_kind::latency) != all.first_source);
}

TEST_CASE("lists of products") {
    const auto list = parse_products("# ours\n\n  128,512,1024 # decode\r\n<=4096,512,1024:1d1d\n");
    REQUIRE(list.size() == 2);
    CHECK(list[0].text == "128,512,1024");
    CHECK_FALSE(list[0].any_rows);
    CHECK(list[1].text == "<=4096,512,1024:1d1d");
    CHECK(list[1].any_rows);
    CHECK(std::get<product_of<ops::gemm>>(list[1].product).value.m == 4096);
    CHECK_THROWS_WITH_AS(parse_products("1,8,16\n1,8"), doctest::Contains("line 2: the product '1,8' is not M,N,K"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        parse_products("1,8,16\n\n<=4294967424,128,128"),
        doctest::Contains("line 3: the product '4294967424,128,128': M is 4294967424; it must be from 1"),
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(parse_products("<=1e2,8,16"),
                         doctest::Contains("line 1: the product '1e2,8,16': M is \"1e2\""), std::invalid_argument);
    CHECK_THROWS_WITH_AS(parse_products("<=262145,8,16"), doctest::Contains("is more than <=262144"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parse_products("# nothing\n"), "the list names no product", std::invalid_argument);
}

TEST_CASE("GPUs by name") {
    CHECK(std::strcmp(device_named("h200").name, "NVIDIA H200") == 0);
    CHECK(std::strcmp(device_named("h100").name, "NVIDIA H100") == 0);
    CHECK_THROWS_WITH_AS(device_named("b400"), "'b400' is not one of h200, h100, b200, b300", std::invalid_argument);
}

}  // namespace table_test_tests
