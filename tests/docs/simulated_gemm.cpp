// SPDX-License-Identifier: MIT
// A GEMM on the simulator with its timeline, and what a kernel with a fault says; docs/how-to/simulator.md shows this code.
#include <doctest/doctest.h>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/word.cuh>
#include <deepgemm/reference/operand.hpp>
#include <deepgemm/sim/launch.hpp>

#include "page.hpp"

namespace simulated_gemm_tests {

namespace dg = deepgemm;

namespace {

// [kernel]
using by_token = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using by_block = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
using my_gemm = dg::gemm<dg::arch::sm90, by_token, by_block, dg::store<dg::bf16>,
                         dg::config{.block = {128, 128, 128}, .stages = 4}>;
// [kernel]

}  // namespace

TEST_CASE("a GEMM runs on the simulator") {
    // [run]
    constexpr int m = 200, n = 136, k = 640;
    dg::random_source random(dg::fresh_seed());
    const auto a = dg::quantised_operand<>::exact(random, m, k, {.tile = {1, 128}});
    const auto b = dg::quantised_operand<>::exact(random, n, k, {.tile = {128, 128}});
    dg::matrix<dg::bf16> d(m, n);

    my_gemm::arguments arguments;
    arguments.shape = {m, n, k};
    arguments.a = {.data = a.data.data(), .pitch = a.data.pitch(), .scales = {a.words.data(), a.stride_mn, a.stride_k}};
    arguments.b = {.data = b.data.data(), .pitch = b.data.pitch(), .scales = {b.words.data(), b.stride_mn, b.stride_k}};
    arguments.d = {d.data(), d.pitch()};
    dg::sim::launch<my_gemm>(arguments, {.num_sms = 1, .trace = true});
    // [run]

    const auto expected = dg::reference::gemm(a.view(), b.view());
    const auto result = dg::reference::compare_exact(d.view(), expected);
    CAPTURE(random.seed());
    CHECK_MESSAGE(result.wrong == 0, result.text());

    // [timeline]
    const dg::sim::run_report& run = dg::sim::last_run();
    const std::string picture = dg::sim::timeline(run) + dg::sim::role_table(run);
    // [timeline]
    CAPTURE(picture);
    CHECK(picture.find("producer") != std::string::npos);
    CHECK(picture.find("math") != std::string::npos);
}

namespace {

// [deadlock]
void forgets_to_load() {
    const dg::u32 bar = dg::ptx::dynamic_smem();
    if (dg::ptx::thread_index() == 0) dg::ptx::mbarrier_init(bar, 1);
    dg::ptx::sync_cta();
    if (dg::ptx::warp_index() == 0) {
        dg::ptx::role("producer");
        if (dg::ptx::lane_index() == 0) dg::ptx::mbarrier_arrive_expect_tx(bar, 1024);  // and issues no copy
    } else {
        dg::ptx::role("math");
        dg::ptx::mbarrier_wait(bar, 0, "full stage");
    }
}
// [deadlock]

}  // namespace

TEST_CASE("a kernel that waits for bytes nobody copies is named") {
    std::string said;
    try {
        dg::sim::launch({}, {.threads = 64, .smem_bytes = 1024}, forgets_to_load);
    } catch (const dg::sim::error& error) {
        said = error.what();
    }
    CHECK(said == drawing("docs/how-to/simulator.md", "deadlock"));
}

namespace {

// [race]
void passes_a_message(float* message, dg::u32* flag) {
    if (dg::ptx::lane_index() != 0) return;
    if (dg::ptx::cta_index() == 0) {
        dg::ptx::role("writer");
        dg::ptx::st_global(message, 42.0f);
        dg::ptx::st_relaxed<dg::memory_scope::gpu>(flag, 1);  // and releases nothing
    } else {
        dg::ptx::role("reader");
        while (dg::ptx::ld_acquire<dg::memory_scope::gpu>(flag) == 0) {
        }
        dg::ptx::ld_global(message);
    }
}
// [race]

}  // namespace

TEST_CASE("a kernel that reads what has not been released is named, and the memory, too") {
    std::string said;
    try {
        // [regions]
        float message = 0;
        dg::u32 flag = 0;
        const dg::sim::memory_region regions[] = {{"message", &message, sizeof message}, {"flag", &flag, sizeof flag}};
        dg::sim::launch({.resident_clusters = 0, .regions = regions}, {.grid = {2}, .threads = 32},
                        [&] { passes_a_message(&message, &flag); });
        // [regions]
    } catch (const dg::sim::error& error) {
        said = error.what();
    }
    CHECK(said + "\n" == drawing("docs/how-to/simulator.md", "race"));
}

}  // namespace simulated_gemm_tests
