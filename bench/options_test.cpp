// SPDX-License-Identifier: MIT
// Options of the benchmark, and what is refused before anything is measured.
#include <doctest/doctest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "memory.hpp"
#include "options.hpp"
#include "refusal_test.hpp"

namespace options_test_tests {

using namespace deepgemm::bench;

namespace {

options parsed(const std::vector<std::string>& arguments) {
    options o;
    std::ostringstream help;
    parse(arguments, o, help);
    return o;
}

}  // namespace

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
    CHECK(
        o.command ==
        "./dg bench --filter dgrad --shape 1,8,16 --shape 2,8,16:1d1d --reps 5 --flush 1e9 --no-sustained --peers off");
    CHECK_THROWS_WITH_AS(parsed({"--rep"}), "unknown option '--rep'; did you mean --reps? --help lists them",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps"}), "--reps: 1 required N missing", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"4096,8,16"}), "'4096,8,16' is one argument too many; --help tells what is taken",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--table", "x"}), "--table is for --tune, which makes it", std::invalid_argument);
    CHECK(parsed({"--tune", "--table", "x"}).command == "./dg bench --tune");
    CHECK(parsed({}).objective == deepgemm::objective_kind::latency);
    CHECK(parsed({"--tune", "--objective", "sustained"}).objective == deepgemm::objective_kind::sustained);
    CHECK(parsed({"--tune", "--objective", "sustained"}).command == "./dg bench --tune --objective sustained");
    CHECK_THROWS_WITH_AS(parsed({"--objective", "both"}), "--objective: 'both' is not one of latency, sustained",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune", "--objective", "sustained", "--no-sustained"}),
                         "--objective sustained with --tune times kernels back to back, for longer than 0 s",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune=1"}), "tune was given a disallowed flag override", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--tune", "--sim"}), doctest::Contains("--sim is for 'bench'"), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        parsed({"--suite", "x"}),
        "--suite: 'x' is not one of fp8_42, fp8_25, fp8, fp8_layouts, fp8_row_scales, sustained, bf16_75, all, fp8_63, "
        "fp4, masked, "
        "masked_bf16, contiguous, contiguous_bf16, router, lists, k_grouped, k_grouped_bf16, einsum, einsum_bf16, "
        "einsum_bmk, "
        "einsum_fp8, hc_prenorm, mqa_logits, clean_logits, paged_mqa_logits, topk, topk_logits, transpose",
        std::invalid_argument);
}

TEST_CASE("numbers of options: digits, in a range, or a sentence") {
    const auto refusal = [](const std::string& option, const std::string& value) {
        return refusal_of([&] { parsed({option, value}); });
    };
    for (const char* text : {"two", "1e2", "12x", "0x10", " 5", "5 ", "+5", "", "-5", "0", "1.0", "1000001",
                             "4294967297", "99999999999999999999"})
        CHECK(refusal("--reps", text) == std::string("--reps: '") + text + "' is not a whole number from 1 to 1000000");
    for (const char* text : {"", "inf", "nan", "0x1p3", "-1", "+1", " 1", "1 ", "1e400", "1e13", "1e9x", "e9"})
        CHECK(refusal("--flush", text) == std::string("--flush: '") + text + "' is not a number from 0 to 1e+12");
    CHECK_THROWS_WITH_AS(parsed({"--reps=", "5"}), "--reps: '' is no value", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parsed({"--reps", "5", "--reps", "6"}), doctest::Contains("--reps: "), std::invalid_argument);
    CHECK(parsed({"--reps", "010"}).reps == 10);
    CHECK(parsed({"--warmups", "0"}).warmups == 0);
    CHECK(parsed({"--sustained", "0.25"}).sustained_seconds == 0.25);
}

TEST_CASE("a misspelt word is answered with the nearest that is known") {
    CHECK(nearest("--resp", {"--help", "--reps", "--results"}) == "--reps");
    CHECK(nearest("explian", {"bench", "explain"}) == "explain");
    CHECK(nearest("--frobnicate", {"--help", "--reps"}) == "");
}

TEST_CASE("memory that is not free is refused before it is taken") {
    CHECK(free_host_bytes() > 1e6);
    CHECK_NOTHROW(check_memory("the product", 1e9, 1e9, "on the host"));
    CHECK_THROWS_WITH_AS(check_memory("the product", 2.5e9, 1e9, "on the host"),
                         "the product needs 2.5 GB of memory on the host; 1.0 GB are free", std::runtime_error);
}

}  // namespace options_test_tests
