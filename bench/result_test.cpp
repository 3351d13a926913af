// SPDX-License-Identifier: MIT
// Results of the benchmark: power, statistics, rows of the file and lines of the table.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "energy.hpp"
#include "result.hpp"

namespace result_test_tests {

using namespace deepgemm::bench;

namespace {

case_result example() {
    case_result r{suite_fp8_42()[22], "config{.stages = 5}", "model", {}, {}};
    r.ours.name = "deepgemm";
    r.ours.us = {100, 90, 130};
    r.ours.diff = 1.5e-6;
    r.ours.sustained_us = 125;
    r.ours.joules = 0.08;
    measurement fast, absent;
    fast.name = "fast";
    fast.us = {80};
    fast.sustained_us = 150;
    fast.joules = 0.09;
    absent.name = "absent";
    absent.failure = "says \"no\"\n";
    r.peers = {fast, absent};
    return r;
}

}  // namespace

TEST_CASE("power is taken between movements of the counter alone") {
    energy_meter meter;
    // 700 W; the counter moves every 0.1 s, from 0.05 s on, and is looked at every 10 ms.
    for (int i = 0; i <= 120; ++i) meter.look(0.01 * i, 1000 + 70 * ((i + 5) / 10));
    CHECK(meter.watts() == doctest::Approx(700));
    // A first look is no movement: at whole steps it would count energy that was spent before.
    energy_meter late;
    late.look(0.09, 70);
    late.look(0.10, 140);
    late.look(0.20, 210);
    late.look(0.29, 210);
    CHECK(late.watts() == doctest::Approx(700));
}

TEST_CASE("power is unknown without a counter, or without two movements that are far enough apart") {
    energy_meter meter;
    CHECK(std::isnan(meter.watts()));
    for (int i = 0; i < 100; ++i) meter.look(i, not_measured);
    CHECK(std::isnan(meter.watts()));
    for (int i = 0; i < 100; ++i) meter.look(i, 5);
    CHECK(std::isnan(meter.watts()));
    meter.look(100, 6);
    CHECK(std::isnan(meter.watts()));
    meter.look(100.05, 7);
    CHECK(std::isnan(meter.watts()));
    meter.look(101, 500);
    CHECK(meter.watts() == doctest::Approx(494));
}

TEST_CASE("statistics ignore what was not measured") {
    CHECK(median({3, 1, 2}) == 2);
    CHECK(median({4, 1, 2, 3}) == 2.5);
    CHECK(std::isnan(median({})));
    CHECK(geometric_mean({2, 8, not_measured}) == doctest::Approx(4));
    CHECK(std::isnan(geometric_mean({})));
}

TEST_CASE("a row of the result file and a line of the table") {
    const case_result r = example();
    CHECK(r.ratio(0) == doctest::Approx(0.8));
    CHECK(r.sustained_ratio(0) == doctest::Approx(1.2));
    const std::string row = text_of(r.row(), 0);
    for (const char* part :
         {R"("op": "fp8_gemm")", R"("m": 2112, "n": 4096, "k": 7168, "groups": 1, "layout": "nt")",
          R"("d_type": "f32", "accumulate": true, "config": "config{.stages = 5}", "chosen_by": "model")",
          R"("chosen_by": "model", "us": 100, "us_mean": 106.666667)", R"("error": 1.5e-06)", R"("joules": 0.08)",
          R"("peers_joules": {"fast": 0.09, "absent": null})", R"("peers": {"fast": 80, "absent": null})",
          R"("failure": "says \"no\"\n")"}) {
        CAPTURE(std::string(part));
        CHECK(row.find(part) != std::string::npos);
    }
    CHECK(r.line().find("0.80  1.20") != std::string::npos);
    const std::string bf16_row = text_of(case_result{suite_bf16_75()[49], "", "", {}, {}}.row(), 0);
    CAPTURE(bf16_row);
    CHECK(bf16_row.starts_with(R"({"op": "bf16_gemm", "pass": "wgrad", "m": 2112, "n": 4096, "k": 7168, "groups": 1, )"
                               R"("layout": "tn", "recipe": "bf16", "d_type": "f32", "accumulate": true, )"));
    CHECK(table_foot({r, r}).find("geometric mean: 0.800 over 2 cases; sustained 1.200 over 2") != std::string::npos);
}

}  // namespace result_test_tests
