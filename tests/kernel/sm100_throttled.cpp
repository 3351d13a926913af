// SPDX-License-Identifier: MIT
// The throttle of Blackwell's tensor cores: no K block is multiplied before the one before it has had its share of the time,
// each pauses once, D is bit by bit the same, and without a limit nothing pauses. The simulator's clock stands for that of a
// multiprocessor.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/mma/sm100/pace.cuh>
#include <deepgemm/ops/gemm/sm100_plan.hpp>
#include <deepgemm/sim/grid.hpp>

#include <vector>

#include "sm100_runs.hpp"

namespace sm100_throttled_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using plain = operand<bf16>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;

constexpr config limited(config made, int percent) {
    made.sm100.tc_util = percent;
    return made;
}
constexpr config alone{.block = {128, 64, 64}, .stages = 3};
constexpr config pair{.block = {128, 96, 128}, .stages = 3, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
constexpr config tokens{.block = {32, 128, 64}, .stages = 3, .swap = true};

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;
template <config Alone, config Pair, config Tokens>
using all_of =
    shipped::kernels<kernel_of<plain, plain, store<bf16>, Alone>, kernel_of<by_128, by_block, store<float>, Pair>,
                     kernel_of<plain, plain, accumulate<float>, Tokens>>;
std::span<const gemm_handle> free_kernels() { return handles(all_of<alone, pair, tokens>{}); }
std::span<const gemm_handle> half_kernels() {
    return handles(all_of<limited(alone, 50), limited(pair, 50), limited(tokens, 50)>{});
}
std::span<const gemm_handle> slow_kernels() {
    return handles(all_of<limited(alone, 7), limited(pair, 7), limited(tokens, 7)>{});
}

/// When the first multiply of each K block began, in the CTA that multiplies, and how many multiplies it has.
struct block_start {
    u64 tick;
    u32 steps;
};
/// A product of `tiles` cluster tiles and `k` elements of K, by one cluster; the starts of its K blocks.
std::vector<block_start> starts_of(const gemm_handle& kernel, problem_shape shape, sim::options machine,
                                   std::vector<u8>& d) {
    machine.trace = true;
    gemm_sample sample(kernel.info, shape, 5, numbers::normal);
    CHECK(run_kernel(kernel, sample, machine, kernel.info.cfg.cluster_ctas()) == "");
    d = sample.d().bytes();
    const config& cfg = kernel.info.cfg;
    const i32 step = cfg.block.k / 4, blocks = ceil_div(shape.k, cfg.block.k);
    std::vector<block_start> made;
    u32 seen = 0;
    for (const sim::span& one : sim::last_run().trace) {
        if (one.kind != sim::activity::multiply || one.cta != 0) continue;
        const i32 in_tile = i32(made.size()) % blocks;
        const u32 steps = u32(ceil_div(min(shape.k - in_tile * cfg.block.k, cfg.block.k), step));
        if (seen++ == 0) made.push_back({one.begin, steps});
        if (seen == made.back().steps) seen = 0;
    }
    CHECK(seen == 0);
    return made;
}

/// Multiplies of a step take half a clock for each of their columns.
u64 clocks_of(const block_start& block, const config& cfg) {
    return u64(block.steps) * u64(cfg.swap ? cfg.block.m : cfg.block.n) / 2;
}

}  // namespace

TEST_CASE("pace: so many clocks from one start to the next") {
    CHECK(sm100::pace<50>::period(128) == 256);
    CHECK(sm100::pace<99>::period(512) == 518);  // 517.2, rounded up
    CHECK(sm100::pace<1>::period(4) == 400);
    static_assert(__is_empty(sm100::pace<100>));
    for (const u32 clocks : {4u, 100u, 512u}) {
        CHECK(sm100::pace<7>::period(clocks) * 7 >= clocks * 100);
        CHECK((sm100::pace<7>::period(clocks) - 1) * 7 < clocks * 100);
    }
}

TEST_CASE("sm100: a limit spaces K blocks and leaves the bits of D") {
    const struct {
        std::span<const gemm_handle> kernels;
        u64 percent;
    } limits[] = {{half_kernels(), 50}, {slow_kernels(), 7}};
    on_machines(1, [&](random_source&, const sim::options& machine) {
        for (std::size_t i = 0; i < free_kernels().size(); ++i) {
            const gemm_handle& unlimited = free_kernels()[i];
            const auto [m, n] = cluster_tile(unlimited.info);
            const i32 k =
                4 * unlimited.info.cfg.block.k + unlimited.info.cfg.block.k / 4;  // the last block is one step
            const problem_shape shape{m + 5, n, k};
            const std::size_t blocks = 2 * 5;
            CAPTURE(describe(unlimited.info, shape, 5));
            std::vector<u8> expected;
            CHECK(starts_of(unlimited, shape, machine, expected).size() == blocks);
            CHECK(sim::last_run().statistics.pauses == 0);
            for (const auto& [kernels, percent] : limits) {
                const config& cfg = kernels[i].info.cfg;
                CAPTURE(percent);
                CHECK(u64(cfg.sm100.tc_util) == percent);
                std::vector<u8> d;
                const auto starts = starts_of(kernels[i], shape, machine, d);
                const sim::statistics counted = sim::last_run().statistics;
                CHECK(d == expected);
                REQUIRE(starts.size() == blocks);
                CHECK(counted.pauses == blocks);
                u64 busy = 0, paused_at_most = 0;
                for (std::size_t j = 1; j < starts.size(); ++j) {
                    const u64 gap = starts[j].tick - starts[j - 1].tick, clocks = clocks_of(starts[j - 1], cfg);
                    CHECK(gap * percent >= clocks * 100);
                    busy += clocks;
                    paused_at_most += (clocks * 100 + percent - 1) / percent;
                }
                CHECK(busy * 100 <= percent * (starts.back().tick - starts.front().tick));
                CHECK(counted.paused > 0);
                CHECK(counted.paused <= paused_at_most);
            }
        }
    });
}

TEST_CASE("sm100: kernels with a limit, exact data with tails") { expect_exact_everywhere(half_kernels()); }

TEST_CASE("sm100: the model knows a limit") {
    const gemm_info info = half_kernels()[0].info;
    const gemm_workload work{.shape = {8192, 8192, 8192}, .a = info.traits.a, .b = info.traits.b, .d = info.traits.d};
    sm100_tile tile = sm100_tile_of(info.cfg);
    CHECK(tile.tc_util == 50);
    CHECK(config_of(tile, sm100_product_of(work.a, work.b)).sm100 == info.cfg.sm100);
    tile.n = 256;  // of pairs, where a limit binds
    tile.ctas = 2;
    tile.stages = 0;
    const double half = clocks_of(tile, work).multiply;
    const double half_us = predict(tile, work, device_info::b200(), 148).total_us;
    tile.tc_util = 100;
    CHECK(half == 2 * clocks_of(tile, work).multiply);
    CHECK(half_us > 1.5 * predict(tile, work, device_info::b200(), 148).total_us);
    for (const int percent : {0, -3, 101}) {
        tile.tc_util = percent;
        const auto refused = check_sm100_tile(tile, work);
        REQUIRE(!refused);
        CHECK(refused.failure().message == "tensor cores multiply for " + std::to_string(percent) +
                                               " percent of the time; tc_util must be from 1 to 100");
    }
}

}  // namespace sm100_throttled_tests
