// SPDX-License-Identifier: MIT
// The text of a plan.
#include <doctest/doctest.h>

#include "fakes.hpp"

#include <deepgemm/host/explain.hpp>

namespace explain_tests {

using namespace deepgemm;

namespace {

constexpr config square{.block = {128, 128, 128}, .stages = 5};
constexpr config tall{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}};
constexpr std::array kernels{fakes::kernel<square>(), fakes::kernel<tall>()};

std::string explained(const gemm_workload& work, const context& knobs = {}, const gemm_choices& own = {}) {
    return explain(*plan(work, device_info::h200(), kernels, knobs, own));
}

bool has(const std::string& text, const char* part) {
    INFO(text);
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
    return true;
}

}  // namespace

TEST_CASE("an explanation names the problem, the choice, its cost, and why the next one lost") {
    const std::string text = explained(fakes::work(4096, 7168, 16384));
    has(text, "m = 4096, n = 7168, k = 16384, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 by fp32, D bf16\n");
    has(text, "on 132 of 132 SMs of NVIDIA H200\n");
    has(text, "predicted best of 2: config{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}}\n");
    has(text, "    predicted ");
    has(text, " us: 896 tiles in 7 waves, 100 % of the tiles' elements needed, 97 % of the SMs busy; start ");
    has(text, "bound by the tensor cores; 3 stages, ");
    has(text, " KiB of shared memory\n");
    has(text, "next: config{.block = {128, 128, 128}, .stages = 5}\n");
    has(text, "    predicted ");
    has(text, " % slower: its main loop takes ");
    has(text, " us longer (14 waves against 7)\n");
}

TEST_CASE("an explanation of a kernel without stages does not count them") {
    std::array without{fakes::kernel<square>()};
    without[0].info.cfg.stages = 0;
    const std::string text = explain(*plan(fakes::work(4096, 7168, 16384), device_info::h200(), without));
    CHECK(text.find("stages") == std::string::npos);
    has(text, " KiB of shared memory\n");
}

TEST_CASE("an explanation says when a caller decided") {
    const std::string text = explained(fakes::work(4096, 7168, 16384), {.num_sms = 64}, {.pin = square});
    has(text, "on 64 of 132 SMs of NVIDIA H200\n");
    has(text, "pinned of 2: config{.block = {128, 128, 128}, .stages = 5}\n");
    has(text, " % faster, but the choice is pinned\n");
}

TEST_CASE("an explanation says how an objective came to its kernel") {
    const gemm_workload work = fakes::work(4096, 7168, 16384);
    const context back_to_back{.objective = objective_kind::sustained};
    const gemm_tuned_row rows[] = {
        {.m_max = 4096, .n = 7168, .k = 16384, .cfg = square, .us = 814.5f, .objective = objective_kind::sustained}};
    CHECK(explained(work).find("objective") == std::string::npos);
    has(explained(work, back_to_back),
        "\n    objective sustained: no row of a table was tuned for it; the model, which predicts single launches, "
        "decides\n");
    const std::string tuned = explained(work, back_to_back, {.overrides = rows});
    has(tuned, "measured 814.5 us with m = 4096, back to back; predicted ");
    has(tuned, "\n    objective sustained: the caller's table has a row that was tuned for it\n");
    has(explained(work, back_to_back, {.pin = tall, .overrides = rows}),
        "\n    objective sustained: the pin decides before it\n");
}

TEST_CASE("an explanation of nothing") {
    CHECK(explained(fakes::work(0, 512, 512)).ends_with("nothing to do: D has no elements\n"));
}

TEST_CASE("an explanation tells tiles that reach beyond D from multiprocessors without a tile") {
    has(explained(fakes::work(64, 128, 1024), {.num_sms = 4}, {.pin = square}),
        " us: 1 tile in 1 wave, 50 % of the tiles' elements needed, 25 % of the SMs busy; start ");
}

TEST_CASE("measured times answer why the next best lost, where a row has them") {
    const gemm_workload work = fakes::work(4096, 7168, 16384);  // of which the model thinks that `tall` is the fastest
    gemm_tuned_row row{
        .m_max = 4096, .n = 7168, .k = 16384, .cfg = square, .us = 92.3f, .model = {.cfg = tall, .us = 94.4f}};
    const std::string both = explained(work, {}, {.overrides = std::span(&row, 1)});
    has(both, "the caller's table's choice of 2: config{.block = {128, 128, 128}, .stages = 5}\n");
    has(both, "\n    measured 92.3 us with m = 4096; predicted ");
    has(both, "\n    measured 94.4 us with m = 4096; predicted ");
    CHECK(both.ends_with("\n    measured 2.3 % slower\n"));
    // The measured loser is no kernel of this program.
    row.model.cfg.block.n = 96;
    const std::string one = explained(work, {}, {.overrides = std::span(&row, 1)});
    has(one, "\n    measured 92.3 us with m = 4096; predicted ");
    CHECK(one.find("measured 94.4") == std::string::npos);
    CHECK(one.ends_with(" % faster, but the caller's table decides\n"));
    row.us = 0;
    CHECK(explained(work, {}, {.overrides = std::span(&row, 1)}).find("measured 9") == std::string::npos);
}

TEST_CASE("nothing is 0.0 % slower") {
    CHECK(detail::slower(100, 103.4) == "3.4 % slower");
    CHECK(detail::slower(100, 100.06) == "0.1 % slower");
    CHECK(detail::slower(100, 100.04) == "as fast");
    CHECK(detail::slower(100, 100) == "as fast");
    CHECK(detail::slower(100, 99.96) == "as fast");
    CHECK(detail::slower(100, 90) == "10.0 % faster");
    const std::array twins{fakes::kernel<square>(), fakes::kernel<square>()};
    const std::string text = explain(*plan(fakes::work(4096, 7168, 16384), device_info::h200(), twins));
    CHECK(text.ends_with("\n    predicted as fast: no part of it is predicted to be slower\n"));
}

TEST_CASE("what a rule of splits costs is a whole sentence, equal times included") {
    gemm_plan made = *plan(fakes::work(4096, 7168, 16384), device_info::h200(), kernels);
    made.split = split_rule::never;
    CHECK(detail::price_of_rule(made).ends_with(": split_k is 1 for every m; the fastest kernel is no other"));
    made.if_split_by_speed = made.ranked[1];
    const auto told = [&](double percent) {
        made.if_split_by_speed->predicted.total_us = made.predicted().total_us / (1 + percent / 100);
        return detail::price_of_rule(made);
    };
    has(told(0), "; predicted as fast as config{.block = {128, 128, 128}, .stages = 5}, ");
    has(told(0.04), "; predicted as fast as config{");
    has(told(3.4), "; predicted 3.4 % slower than config{");
}

TEST_CASE("the reason why the next best lost is never nothing") {
    cost winner, loser;
    winner.main_loop_us = loser.main_loop_us = 5;
    winner.epilogue_us = 1;
    loser.epilogue_us = 1.02;
    CHECK(detail::main_difference(winner, loser) == "its epilogue takes 20 ns longer");
    loser.epilogue_us = 1.2;
    CHECK(detail::main_difference(winner, loser) == "its epilogue takes 0.2 us longer");
    loser.epilogue_us = 1.0004;
    CHECK(detail::main_difference(winner, loser) == "no part of it is predicted to be slower");
}

}  // namespace explain_tests
