// SPDX-License-Identifier: MIT
// Tests of what the benchmark does without a GPU: its cases, command line, statistics, table and JSON.
#include <doctest/doctest.h>

#include <map>
#include <stdexcept>

#include "options.hpp"
#include "result.hpp"

using namespace deepgemm::bench;

namespace {

options parsed(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    arguments.insert(arguments.begin(), "deepgemm_bench");
    for (std::string& a : arguments) argv.push_back(a.data());
    options o;
    parse(int(argv.size()), argv.data(), o);
    return o;
}

case_result example() {
    case_result r{suite_fp8_42()[22], "config{.stages = 5}", "model", {}, {}};
    r.ours.name = "deepgemm";
    r.ours.us = {100, 90, 130};
    r.ours.diff = 1.5e-6;
    r.ours.sustained_us = 125;
    measurement fast, absent;
    fast.name = "fast";
    fast.us = {80};
    fast.sustained_us = 150;
    absent.name = "absent";
    absent.failure = "says \"no\"\n";
    r.peers = {fast, absent};
    return r;
}

}  // namespace

TEST_CASE("the suite is 21 forward, 7 dgrad and 14 wgrad cases") {
    const auto cases = suite_fp8_42();
    CHECK(cases.size() == 42);
    std::map<std::string, int> passes;
    for (const gemm_case& c : cases) ++passes[c.pass];
    CHECK(passes == std::map<std::string, int>{{"forward", 21}, {"dgrad", 7}, {"wgrad", 14}});
    CHECK(cases[0].name() == "forward 1x2112x7168 1d2d bf16");
    CHECK(cases[21].name() == "dgrad 4096x7168x2112 1d2d bf16");
    CHECK(cases[22].name() == "wgrad 2112x4096x7168 1d1d f32 acc");
    CHECK(cases[41].name() == "wgrad 7168x4096x2048 1d2d bf16");
    CHECK(suite_fp8_25().size() == 25);
    CHECK(filtered(cases, "acc").size() == 7);
}

TEST_CASE("work and traffic of a case") {
    const gemm_case plain{"-", 256, 384, 200}, added{"-", 256, 384, 200, b_scales::token, output::f32, true};
    CHECK(plain.flops() == 2.0 * 256 * 384 * 200);
    CHECK(plain.bytes() == 256 * 200 + 384 * 200 + 4 * 2 * (256 + 3) + 256 * 384 * 2);
    CHECK(added.bytes() == 256 * 200 + 384 * 200 + 4 * 2 * (256 + 384) + 256 * 384 * 8);
}

TEST_CASE("the command line") {
    CHECK(parsed({}).reps == 30);
    const options o = parsed({"--reps=5", "--filter", "dgrad", "--no-sustained", "--peers", "off", "--flush", "1e9",
                              "--out", "somewhere.json", "--shape", "1,8,16", "--shape", "2,8,16:1d1d"});
    CHECK(o.reps == 5);
    CHECK(o.filter == "dgrad");
    CHECK(o.sustained_seconds == 0);
    CHECK_FALSE(o.peers);
    CHECK(o.flush_bytes == 1'000'000'000);
    CHECK(o.shapes.size() == 2);
    CHECK(o.command ==
          "./dg bench --reps=5 --filter dgrad --no-sustained --peers off --flush 1e9 --shape 1,8,16 --shape "
          "2,8,16:1d1d");
    CHECK_THROWS_WITH_AS(parsed({"--rep"}), "unknown option '--rep'; --help lists them", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps"}), "--reps needs a value: N", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps", "two"}), "--reps: 'two' is not a number that may stand here",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune=1"}), "--tune takes no value", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--suite", "x"}), "--suite: 'x' is not one of fp8_42, fp8_25, both",
                         std::invalid_argument);
}

TEST_CASE("statistics ignore what was not measured") {
    CHECK(median({3, 1, 2}) == 2);
    CHECK(median({4, 1, 2, 3}) == 2.5);
    CHECK(std::isnan(median({})));
    CHECK(geometric_mean({2, 8, not_measured}) == doctest::Approx(4));
    CHECK(std::isnan(geometric_mean({})));
}

TEST_CASE("JSON") {
    json inner = json::array();
    inner.push(1).push(not_measured).push("a\"b\\\n");
    const json file = json::object().add("x", true).add("list", inner).add("none", json());
    CHECK(file.dump(0) == R"({"x": true, "list": [1, null, "a\"b\\\u000a"], "none": null})");
    CHECK(file.dump(1) == "{\n  \"x\": true,\n  \"list\": [1, null, \"a\\\"b\\\\\\u000a\"],\n  \"none\": null\n}");
    CHECK(json::array().dump() == "[]");
}

TEST_CASE("a row of the result file and a line of the table") {
    const case_result r = example();
    CHECK(r.ratio(0) == doctest::Approx(0.8));
    CHECK(r.sustained_ratio(0) == doctest::Approx(1.2));
    const std::string row = r.row().dump(0);
    for (
        const char* part :
        {R"("op": "fp8_gemm")", R"("m": 2112, "n": 4096, "k": 7168, "groups": 1, "layout": "nt")",
         R"("d_type": "f32", "accumulate": true, "config": "config{.stages = 5}", "chosen_by": "model", "us": 100, "us_mean": 106.6667)",
         R"("error": 1.5e-06)", R"("peers": {"fast": 80, "absent": null})", R"("failure": "says \"no\"\u000a")"}) {
        CAPTURE(part);
        CHECK(row.find(part) != std::string::npos);
    }
    CHECK(r.line().find("0.80  1.20") != std::string::npos);
    CHECK(table_foot({r, r}).find("geometric mean: 0.800 over 2 cases; sustained 1.200 over 2") != std::string::npos);
}
