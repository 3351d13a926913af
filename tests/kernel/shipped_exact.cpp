// SPDX-License-Identifier: MIT
// Every shipped kernel on shapes around its own tiles, with data whose results are exact: every bit must be right and no byte
// written elsewhere. The machine is lazy: copies and multiplies take effect as late as they may.
#include <deepgemm/host/instances.hpp>

#include "launching.hpp"

namespace shipped_exact_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// Calls action(kernel, m, n) for all shipped kernels and the extents of their cluster tiles.
template <class Action>
void for_each_kernel(Action action) {
    for (const gemm_handle& kernel : instances::dense()) {
        const auto [m, n] = cluster_tile(kernel.info);
        action(kernel, m, n);
    }
}

}  // namespace

TEST_CASE("shapes below, at and above a tile, and K that is no multiple of a block") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        const problem_shape shapes[] = {
            {1, 1, 1},         {1, n, 128},         {m, 1, 129},         {m - 1, n - 1, 127},
            {m, n, 256},       {m + 1, n + 1, 258}, {2, n - 7, 16},      {max(m - 63, 5), n + 8, 384},
            {m + 64, 2, 1000}, {2 * m, 2 * n, 128}, {7, 3 * n + 4, 144}, {3 * m - 5, n / 2, 65}};
        for (const auto& [rows, columns, k] : shapes) expect_exact(kernel, shape_for(kernel.info, rows, columns, k));
    });
}

TEST_CASE("rows further apart than they are long, the gaps full of NaN") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        const placement apart{
            .a_pad = 48, .b_pad = 16, .c_pad = 24, .d_pad = 8, .scales_along_n = kernel.info.traits.b.tile.mn != 1};
        expect_exact(kernel, shape_for(kernel.info, m + 3, n + 5, 300), apart);
        expect_exact(kernel, shape_for(kernel.info, 17, 2 * n - 9, 520), {.b_pad = 128, .d_pad = 200});
    });
}

TEST_CASE("C is D's own memory") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        if (!kernel.info.traits.accumulate) return;
        expect_exact(kernel, shape_for(kernel.info, m + 2, n + 3, 200), {.c_is_d = true});
        expect_exact(kernel, shape_for(kernel.info, 3 * m, 3 * n - 1, 130), {.d_pad = 16, .c_is_d = true});
        expect_exact(kernel, shape_for(kernel.info, 1, 9, 20), {.c_is_d = true});
    });
}

TEST_CASE("an empty K gives zeros, or C") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        if (kernel.info.traits.heads.any()) return;  // the named operation refuses it
        expect_exact(kernel, shape_for(kernel.info, m + 3, 2 * n + 2, 0), {.d_pad = 8});
        expect_exact(kernel, shape_for(kernel.info, m - 1, n - 1, 0), {.c_is_d = true});
    });
}

TEST_CASE("the smallest and the largest exponent of UE8M0") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        if (kernel.info.traits.a.format != scale_kind::ue8m0 || kernel.info.traits.b.format != scale_kind::ue8m0)
            return;
        expect_exact(kernel, shape_for(kernel.info, m + 1, n + 1, 700), {.extreme_scales = true});
    });
}

TEST_CASE("more K blocks than a warp holds scales") {
    for_each_kernel([](const gemm_handle& kernel, i32 /*m*/, i32 n) {
        if (kernel.info.traits.b.tile.mn == 1) return;
        const i32 held = kernel.info.traits.b.format == scale_kind::ue8m0 ? 128 : 32;  // K blocks
        expect_exact(kernel, shape_for(kernel.info, 5, n - 1, held * 128));
        expect_exact(kernel, shape_for(kernel.info, 5, n + 1, (held + 1) * 128 + 16), {.scales_along_n = true});
    });
}

TEST_CASE("many tiles on few, on all and on more multiprocessors than there are tiles") {
    for_each_kernel([](const gemm_handle& kernel, i32 m, i32 n) {
        sim::options machine;
        machine.num_sms = 16;
        const int cluster = kernel.info.cfg.cluster_ctas();
        for (const int sms : {cluster, max(5, cluster), 16}) {
            expect_exact(kernel, shape_for(kernel.info, 3 * m - 1, 3 * n - 2, 144), {}, machine, sms);
        }
        // Tiles of one K block each follow each other fast.
        const problem_shape flat = shape_for(kernel.info, 3 * m - 1, 3 * n - 1, 100);
        expect_exact(kernel, flat, {.c_is_d = true}, random_machine(1), kernel.info.cfg.cluster_ctas());
    });
}

}  // namespace shipped_exact_tests
