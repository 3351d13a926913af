// SPDX-License-Identifier: MIT
// How the contiguous grouped GEMM is planned: which kernel is chosen, what is remembered and explained, what no kernel runs.
#include <deepgemm/host/explain.hpp>

#include <algorithm>

#include "contiguous_gemm_calls.hpp"

namespace contiguous_gemm_plans_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using namespace deepgemm::test::contiguous_calls;

namespace {

/// The kernel that an H200 would get for a workload.
const config& chosen(const gemm_traits& what, i32 groups, i32 rows, i32 n, i32 k) {
    const contiguous_workload work{groups, {groups * rows, n, k}, rows, what.groups, what.a, what.b,
                                   what.d, what.scattered};
    const auto best = choose(work, device_info::h200(), contiguous_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

}  // namespace

TEST_CASE("contiguous gemm: plans are made by the hint, explained, pinned and launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        contiguous_sample sample(random, 264, 300, {{3, 170, 0}, 1, 127}, contiguous_sample::usual(by));
        const auto plan = engine.plan(sample.problem(20));
        REQUIRE(plan);
        const operand_info a = workload_of(sample.problem(20)).a;
        const auto fits = [&](const contiguous_handle& kernel) {
            const gemm_traits& what = kernel.info.traits;
            return what.a == a && what.groups == by && !what.scattered && !what.epilogue.any();
        };
        CHECK(i64(plan->ranked.size()) == std::ranges::count_if(contiguous_kernels(), fits));
        CHECK(plan->workspace_bytes() == 0);
        const std::string text = explain(*plan);
        CAPTURE(text);
        CHECK(
            text.find(concat("300 rows in 3 groups by ", by == grouping::psum ? "its end" : "row",
                             ", usually 20 each, n = 264, k = 300, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 "
                             "by fp32, D bf16")) == 0);
        CHECK(text.find(concat("predicted best of ", plan->ranked.size(), ": config{.block = {64, ")) !=
              std::string::npos);
        REQUIRE(plan->launch(sample.problem(20)));
        CHECK(sample.verdict() == "");
        const auto other = plan->launch(sample.problem(21));
        REQUIRE(!other);
        CHECK(other.failure().code == errc::shape_mismatch);

        const config& last = plan->ranked.back().kernel->info.cfg;
        const auto pinned = engine.plan(sample.problem(20), {.pin = last});
        REQUIRE(pinned);
        CHECK(pinned->chosen_by == choice::pinned);
        CHECK(pinned->kernel()->info.cfg == last);
        CHECK(pinned->kernel()->info.traits.groups == by);
    }
}

TEST_CASE("contiguous gemm: few rows get few rows of tiles, many rows large tiles") {
    for_each_kind([](const gemm_traits& what) {
        if (what.scattered) return;  // one tile serves all
        CHECK(chosen(what, 32, 20, 7168, 3072).block.m == 64);
        CHECK(chosen(what, 4, 8192, 6144, 7168).block.m * chosen(what, 4, 8192, 6144, 7168).block.n >= 192 * 128);
    });
}

TEST_CASE("contiguous gemm: an engine remembers by all that a plan depends on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    contiguous_sample by_end(random, 40, 130, {{3, 70}}, contiguous_sample::usual(grouping::psum)),
        by_row(random, 40, 130, {{3, 70}}, contiguous_sample::usual(grouping::indexed));
    for (const i64 expected : {1, 37, 1, 37, 0}) {  // 0 is as 37, the mean of 73 rows
        CHECK(run(engine, by_end, expected) == "");
        CHECK(run(engine, by_row, expected) == "");
    }
    CHECK(engine.planned() == 4);
    CHECK(hash_of(workload_of(by_end.problem(1))) != hash_of(workload_of(by_end.problem(37))));
    CHECK(hash_of(workload_of(by_end.problem(1))) != hash_of(workload_of(by_row.problem(1))));
}

TEST_CASE("contiguous gemm: what no kernel runs is said, with the kernel to instantiate") {
    const contiguous_engine engine = engine_on_simulator();
    for (contiguous_problem p : {made_up(), made_up_by_row(), made_up_half()}) CHECK(engine.supports(p));
    const auto missing = [&](contiguous_problem p) {
        p.d = row_major(static_cast<float*>(p.d.data), 1024, 512);
        const auto found = engine.supports(p);
        REQUIRE(!found);
        CHECK(found.failure().code == errc::no_kernel);
        return found.failure().message;
    };
    const std::string by_end = missing(made_up()), by_row = missing(made_up_by_row());
    CHECK_MESSAGE(by_end.ends_with("instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "
                                   "operand<e4m3, scale::per_block<scale::fp32>>, store<float>, config{.block = {128, "
                                   "128, 128}}, grouped<tile_shape{128, 128, 128}, cluster_shape{1, 1}, psum_groups>>"),
                  by_end);
    CHECK_MESSAGE(by_row.ends_with("config{.block = {128, 128, 128}}, indexed<tile_shape{128, 128, 128}, "
                                   "cluster_shape{1, 1}, 8>>"),
                  by_row);
}

TEST_CASE("contiguous gemm: kernels say what they do not take") {
    const auto by = [](grouping groups) { return contiguous_sample::usual(groups); };
    const contiguous_workload ends = workload_of(made_up()), rows = workload_of(made_up_by_row());
    CHECK(ops::contiguous_gemm::why_not(by(grouping::psum), ends) == nullptr);
    CHECK(ops::contiguous_gemm::why_not(by(grouping::indexed), rows) == nullptr);
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::indexed), ends)) == "it takes the group of each row");
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::psum), rows)) == "it takes the end of each group");
    CHECK(std::string(ops::contiguous_gemm::why_not(by(grouping::masked), rows)) == "it has no groups of rows");
    CHECK(std::string(ops::gemm::why_not(by(grouping::psum), gemm_workload{})) == "it computes groups of products");
}

TEST_CASE("contiguous gemm: what a product asks of any kernel") {
    const contiguous_workload work = workload_of(made_up());  // 1024 rows in 4 groups
    const double weights = 4 * (512 * 1024 + 4 * 8 * 4), row = 1024 + 8 * 4 + 2 * 512;
    CHECK(work.expected_rows == 256);
    CHECK(demand_of(work).flops == 2.0 * 1024 * 512 * 1024);
    CHECK(demand_of(work).bytes == weights + 1024 * row);
    CHECK(demand_of(work, 7).flops == 2.0 * 7 * 512 * 1024);
    CHECK(demand_of(work, 7).bytes == weights + 7 * row);
    contiguous_problem fewer = made_up(), more = made_up();
    fewer.groups.expected_rows = 10;
    more.groups.expected_rows = 1000;
    CHECK(demand_of(workload_of(fewer)).flops == 2.0 * 40 * 512 * 1024);
    CHECK(demand_of(workload_of(more)).flops == 2.0 * 1024 * 512 * 1024);
}

}  // namespace contiguous_gemm_plans_tests
