// SPDX-License-Identifier: MIT
// Every shipped kernel of the GPU's architecture, and the named operation on random problems: small integers, whose products
// must be right to the bit, on ragged shapes between NaN padding and guard bytes. The simulator runs the same in
// tests/kernel/shipped_exact.cpp.
#include <doctest/doctest.h>

#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;
using test::gemm_sample;
using test::numbers;
using test::placement;
using test::shape_for;

namespace {

/// Calls action(kernel, m, n) for all shipped kernels of this device and the extents of their cluster tiles.
template <class Action>
void for_each_kernel(Action action) {
    for (const gemm_handle& kernel : instances::dense()) {
        if (!runs_on(kernel.info.launch, this_device())) continue;
        const auto [m, n] = test::cluster_tile(kernel.info);
        action(kernel, m, n);
    }
}

/// Random kinds of products of Hopper's kernels, if this is one; sm100_gemm.cu has those of Blackwell.
bool is_hopper() {
    const bool is = this_device().arch / 10 == arch::sm90::number / 10;
    if (!is) MESSAGE("skipped: ", this_device().name, " is no Hopper");
    return is;
}

}  // namespace

// compute-sanitizer runs this suite: a tile or two of each kernel.
TEST_SUITE_BEGIN("gemm small");

TEST_CASE("gemm: a corner of one tile") {
    for_each_kernel([](const gemm_handle& kernel, i32, i32) {
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 3, 12, 150), 1, {.a_pad = 16, .d_pad = 8}) == "");
    });
}

TEST_CASE("gemm: a few rows and columns more than a tile") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, m + 1, n + 1, 260), 2, {.c_is_d = true}) == "");
    });
}

TEST_SUITE_END();

TEST_CASE("gemm: shapes below, at and above a tile, and K that is no multiple of a block") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        const problem_shape shapes[] = {
            {1, 1, 1},         {1, n, 128},         {m, 1, 129},          {m - 1, n - 1, 127},
            {m, n, 256},       {m + 1, n + 1, 258}, {2, n - 7, 16},       {max(m - 63, 5), n + 8, 384},
            {m + 64, 2, 1000}, {2 * m, 2 * n, 128}, {7, 3 * n + 4, 1440}, {3 * m - 5, n / 2, 65}};
        for (const auto& [rows, columns, k] : shapes) {
            CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, rows, columns, k), u64(rows + columns + k)) == "");
        }
    });
}

TEST_CASE("gemm: rows further apart than they are long, C in D's memory, an empty K") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        const bool blocks = kernel.info.traits.b.tile.mn != 1;
        const placement apart{.a_pad = 48, .b_pad = 16, .c_pad = 24, .d_pad = 8, .scales_along_n = blocks};
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, m + 3, n + 5, 300), 3, apart) == "");
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 2 * m + 3, 2 * n + 5, 700), 4,
                                  {.d_pad = 40, .c_is_d = true}) == "");
        if (kernel.info.traits.heads.any()) return;  // the named operation refuses an empty K
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, m + 3, 2 * n + 2, 0), 5, {.d_pad = 8}) == "");
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, m - 1, n - 1, 0), 6, {.c_is_d = true}) == "");
    });
}

TEST_CASE("gemm: the smallest and the largest exponent of UE8M0") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        if (kernel.info.traits.a.format != scale_kind::ue8m0) return;
        const problem_shape shape = shape_for(kernel.info, m + 1, n + 1, 700);
        CHECK(fault_on_exact_data(kernel, shape, 7, {.extreme_scales = true}) == "");
    });
}

TEST_CASE("gemm: several tiles for each CTA, more K blocks than a warp holds scales, few multiprocessors") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        const launch_options few{.num_sms = kernel.info.cfg.cluster_ctas() + 1};
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 4 * m - 1, 3 * n - 2, 400), 8, {}, few) == "");
        // Tiles of one K block each follow each other fast.
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 8 * m - 1, 5 * n - 1, 100), 8, {.c_is_d = true},
                                  few) == "");
        CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 5, n + 1, 33 * 128 + 16), 9) == "");
        if (kernel.info.traits.b.format == scale_kind::ue8m0) {
            CHECK(fault_on_exact_data(kernel, shape_for(kernel.info, 5, n + 1, 129 * 128 + 16), 10) == "");
        }
    });
}

TEST_CASE("gemm: quantised normal numbers on every kernel, twice the same bits") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for_each_kernel([&](const gemm_handle& kernel, i32 m, i32 n) {
        gemm_sample p(kernel.info, shape_for(kernel.info, m + 70, n + 100, 1536), seed, numbers::normal);
        CHECK_MESSAGE(run(kernel, p) == "", test::describe(kernel.info, p.shape(), seed));
        if (!kernel.info.traits.epilogue.any())
            CHECK_MESSAGE(p.diff_to_unquantised() < test::quantisation_diff(kernel.info),
                          test::describe(kernel.info, p.shape(), seed));
        const auto first = p.d().bytes();
        p.restore();
        CHECK_MESSAGE(run(kernel, p) == "", test::describe(kernel.info, p.shape(), seed));
        CHECK_MESSAGE(p.d().bytes() == first, test::describe(kernel.info, p.shape(), seed));
    });
}

TEST_CASE("gemm: 200 random problems through the named operation") {
    if (!is_hopper()) return;
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    random_source random(seed);
    const engine engine = shipped();
    for (int i = 0; i < 200; ++i) {
        const gemm_info kind = test::random_kind(random);
        const problem_shape shape{test::random_extent(random, 600), test::random_extent(random, 600),
                                  test::random_extent(random, 2500)};
        const numbers data = random.integer(0, 2) == 0 ? numbers::normal : numbers::exact;
        const u64 own_seed = random.bits();
        gemm_sample p(kind, shape, own_seed, data, test::random_placement(random, kind));
        CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, own_seed), ", problem ", i);
    }
}

TEST_CASE("gemm: one row, one column, and nothing at all, through the named operation") {
    if (!is_hopper()) return;
    const engine engine = shipped();
    random_source random(fresh_seed());
    for (int i = 0; i < 16; ++i) {
        const gemm_info kind = test::random_kind(random);
        for (const problem_shape shape :
             {problem_shape{1, 4096, 7168}, {1, 1, 1}, {1000, 1, 300}, {1, 7, 5000}, {40, 30, 0}}) {
            gemm_sample p(kind, shape, 12, numbers::exact);
            CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, 12));
        }
        for (const problem_shape shape : {problem_shape{0, 100, 200}, {100, 0, 200}, {0, 0, 0}}) {
            gemm_sample p(kind, shape, 13, numbers::exact);
            CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, 13));  // no byte is written
        }
    }
}
