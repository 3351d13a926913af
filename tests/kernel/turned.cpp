// SPDX-License-Identifier: MIT
// FP8 operands that are contiguous along M, or exchanged along N, on the simulator: transposed on the way to the registers of a
// multiply. Tiles of one slab and of several, of 64 and of 128 bytes a line; one and several fragments of a warpgroup; both FP8
// types; both ways to promote; sums that come back in order before any epilogue sees them.
#include <deepgemm/epilogue/activation.cuh>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/operation.hpp>

#include <doctest/doctest.h>

#include "../ops/gemm_sample.hpp"
#include "machines.hpp"

namespace turned_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

template <class Element>
using tokens = operand<Element, scale::per_token<scale::fp32>>;
template <class Element, class Format = scale::fp32>
using turned_tokens = operand<Element, scale::per_token<Format>, major::mn>;
template <class Element, class Format = scale::fp32>
using blocks = operand<Element, scale::per_block<Format>>;
template <class Element>
using turned_blocks = operand<Element, scale::per_block<scale::fp32>, major::mn>;

/// Random products of `Kernel`, exact or normal, on machines of every policy.
template <class Kernel>
void check_products() {
    on_machines(2, [&](random_source& random, sim::options machine) {
        const problem_shape shape{random_extent(random, 300), random_extent(random, 300), random_extent(random, 900)};
        const u64 seed = random.bits();
        CAPTURE(describe(Kernel::info, shape, seed));
        gemm_sample sample(Kernel::info, shape, seed, random.integer(0, 2) == 0 ? numbers::normal : numbers::exact,
                           random_placement(random, Kernel::info));
        const gemm_problem problem = sample.problem();
        const auto valid = validate(problem);
        CHECK((valid ? "" : valid.failure().message) == "");
        const auto done = sim::try_launch<Kernel>(Kernel::arguments_of(arguments_of(problem)), {}, machine);
        CHECK((done ? "" : done.failure().message) == "");
        CHECK(sample.verdict() == "");
    });
}

}  // namespace

static_assert(keeps_fragment_promises<sm90::wgmma_row_pairs, 8>() &&
              keeps_fragment_promises<sm90::wgmma_row_pairs, 136>());

TEST_CASE("turned: a slab of 128 bytes for two warpgroups, steps before the store") {
    check_products<gemm<arch::sm90, turned_tokens<e4m3>, blocks<e4m3>, then<relu, store<bf16>>,
                        config{.block = {128, 64, 128}}>>();
}

TEST_CASE("turned: lines of 64 bytes, deferred promotion, e5m2, UE8M0") {
    check_products<gemm<arch::sm90, turned_tokens<e5m2, scale::ue8m0>, blocks<e4m3, scale::ue8m0>, store<float>,
                        config{.block = {64, 64, 128}, .sm90 = {.warpgroups = 1, .promote = promotion::deferred}}>>();
}

TEST_CASE("turned: three slabs of 64 rows, scales by token on both sides, C") {
    check_products<gemm<arch::sm90, turned_tokens<e4m3>, tokens<e4m3>, accumulate<float>,
                        config{.block = {192, 32, 128}, .sm90 = {.warpgroups = 3}}>>();
}

TEST_CASE("turned: two fragments in a slab of 128 bytes") {
    check_products<gemm<arch::sm90, turned_tokens<e4m3>, blocks<e4m3>, store<bf16>, config{.block = {256, 32, 128}}>>();
}

TEST_CASE("turned: operands exchanged, so that B comes by registers, and K in parts") {
    check_products<gemm<arch::sm90, tokens<e4m3>, turned_blocks<e4m3>, store<bf16>,
                        config{.block = {16, 128, 128},
                               .stages = 4,
                               .swap = true,
                               .split_k = 2,
                               .sm90 = {.warpgroups = 2, .promote = promotion::deferred}}>>();
}

}  // namespace turned_tests
