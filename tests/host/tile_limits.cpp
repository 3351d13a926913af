// SPDX-License-Identifier: MIT
// Limits that a context sets on tiles apply to the model's choice, to rows of tables and to pins.
#include <doctest/doctest.h>

#include "fakes.hpp"

namespace tile_limits_tests {

using namespace deepgemm;
using fakes::kernel;

namespace {

constexpr config narrow{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
constexpr config middle{.block = {64, 128, 128}, .stages = 8, .sm90 = {.warpgroups = 1}};
constexpr config square{.block = {128, 128, 128}, .stages = 5};
constexpr config tall{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}};
constexpr std::array kernels{kernel<narrow>(), kernel<middle>(), kernel<square>(), kernel<tall>()};
const gemm_workload large = fakes::work(4096, 4096, 4096);

std::vector<config> ranked(const context& knobs, const gemm_choices& own = {}) {
    const auto made = plan(large, device_info::h200(), kernels, knobs, own);
    REQUIRE_MESSAGE(made, made.failure().message);
    std::vector<config> all;
    for (const auto& each : made->ranked) all.push_back(each.kernel->info.cfg);
    CHECK(choose(large, device_info::h200(), kernels, knobs, own)->kernel->info.cfg == all[0]);
    return all;
}

std::string refusal(const context& knobs, const gemm_choices& own = {}) {
    const auto made = plan(large, device_info::h200(), kernels, knobs, own);
    return made ? "fine" : concat(name_of(made.failure().code), ": ", made.failure().message);
}

bool all_of(const std::vector<config>& found, std::initializer_list<config> wanted) {
    return found.size() == wanted.size() && std::all_of(wanted.begin(), wanted.end(), [&](const config& each) {
               return std::find(found.begin(), found.end(), each) != found.end();
           });
}

}  // namespace

TEST_CASE("only kernels whose tiles keep to the limits are ranked") {
    CHECK(all_of(ranked({}), {narrow, middle, square, tall}));
    CHECK(all_of(ranked({.tiles = {.largest_m = 64}}), {narrow, middle}));
    CHECK(all_of(ranked({.tiles = {.largest_m = 128}}), {narrow, middle, square}));
    CHECK(all_of(ranked({.tiles = {.largest_n = 127}}), {narrow}));
    CHECK(all_of(ranked({.tiles = {.multiple_of_m = 128}}), {square, tall}));
    CHECK(all_of(ranked({.tiles = {.multiple_of_n = 64}}), {middle, square, tall}));
    CHECK(all_of(ranked({.tiles = {.largest_m = 128, .multiple_of_m = 128, .multiple_of_n = 64}}), {square}));
    CHECK(all_of(ranked({.tiles = {.largest_m = 256, .largest_n = 128, .multiple_of_m = 64, .multiple_of_n = 32}}),
                 {narrow, middle, square, tall}));
}

TEST_CASE("rows of tables and pins keep to the limits, too") {
    const gemm_tuned_row rows[] = {{.m_max = 4096, .n = 4096, .k = 4096, .cfg = middle}};
    CHECK(ranked({}, {.overrides = rows})[0] == middle);
    CHECK(ranked({.tiles = {.multiple_of_m = 128}}, {.overrides = rows})[0] != middle);
    CHECK(ranked({.tiles = {.largest_m = 128}}, {.pin = square})[0] == square);
    CHECK(refusal({.tiles = {.largest_m = 128}}, {.pin = tall})
              .ends_with(concat(to_source(tall), " does not: its tile has more rows than tiles.largest_m")));
}

TEST_CASE("limits that no kernel keeps, and limits that make no sense") {
    CHECK(refusal({.tiles = {.largest_m = 32}}).ends_with("its tile has more rows than tiles.largest_m"));
    CHECK(refusal({.tiles = {.largest_n = 16}}).ends_with("its tile has more columns than tiles.largest_n"));
    CHECK(refusal({.tiles = {.multiple_of_m = 512}})
              .ends_with("the rows of its tile are no multiple of tiles.multiple_of_m"));
    CHECK(refusal({.tiles = {.multiple_of_n = 48}})
              .ends_with("the columns of its tile are no multiple of tiles.multiple_of_n"));
    CHECK(refusal({.tiles = {.largest_m = -1}}) == "bad_option: tiles.largest_m is -1; it must be at least 0");
    CHECK(refusal({.tiles = {.largest_n = -9}}) == "bad_option: tiles.largest_n is -9; it must be at least 0");
    CHECK(refusal({.tiles = {.multiple_of_m = -64}}) ==
          "bad_option: tiles.multiple_of_m is -64; it must be at least 1");
    CHECK(refusal({.tiles = {.multiple_of_n = 0}}) == "bad_option: tiles.multiple_of_n is 0; it must be at least 1");
}

}  // namespace tile_limits_tests
