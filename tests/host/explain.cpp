// SPDX-License-Identifier: MIT
// What a plan says about itself.
#include <doctest/doctest.h>

#include "fakes.hpp"

#include <deepgemm/host/explain.hpp>

using namespace deepgemm;

namespace {

constexpr config square{.block = {128, 128, 128}, .stages = 5};
constexpr config tall{.block = {256, 128, 128}, .stages = 3, .cluster = {1, 2}};
constexpr std::array kernels{fakes::kernel<square>(), fakes::kernel<tall>()};

std::string explained(const workload& work, const context& knobs = {}) {
    return explain(*plan(work, device_info::h200(), kernels, knobs));
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
    has(text, " us: 896 tiles in 7 waves, 97 % of the computed elements needed; start ");
    has(text, "bound by the tensor cores; 3 stages, ");
    has(text, " KiB of shared memory\n");
    has(text, "next: config{.block = {128, 128, 128}, .stages = 5}\n");
    has(text, " % slower: its main loop takes ");
    has(text, " us longer (14 waves against 7)\n");
}

TEST_CASE("an explanation says when a caller decided") {
    const std::string text = explained(fakes::work(4096, 7168, 16384), {.num_sms = 64, .pin = square});
    has(text, "on 64 of 132 SMs of NVIDIA H200\n");
    has(text, "pinned of 2: config{.block = {128, 128, 128}, .stages = 5}\n");
    has(text, "the model prefers it; the choice was pinned\n");
}

TEST_CASE("an explanation of nothing") {
    CHECK(explained(fakes::work(0, 512, 512)).ends_with("nothing to do: D has no elements\n"));
}
