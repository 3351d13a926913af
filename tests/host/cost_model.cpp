// SPDX-License-Identifier: MIT
// The cost model against times that were measured on an H100, and how its predictions change with work, kernel and machine.
#include <doctest/doctest.h>

#include "plan_kernels.hpp"

namespace cost_model_tests {

using namespace deepgemm;
using namespace deepgemm::fakes::planned_with;
using fakes::kernel;

namespace {

double predicted(const config& cfg, const gemm_workload& work, const device_info& device = device_info::h100(),
                 bool in_place = false) {
    const gemm_info info{
        .traits = {.a = work.a, .b = work.b, .d = work.d, .accumulate = work.accumulate, .in_place = in_place},
        .cfg = cfg};
    return predict(info, work, device, 132).total_us;
}

constexpr config part(int parts) {
    return {.block = {64, 32, 128},
            .stages = 16,
            .split_k = parts,
            .sm90 = {.warpgroups = 1, .promote = promotion::deferred}};
}

}  // namespace

TEST_CASE("predictions lie near times measured on an H100") {
    constexpr auto deferred = [](int m, int n, int stages) {
        return config{
            .block = {m, n, 128}, .stages = stages, .sm90 = {.warpgroups = m / 64, .promote = promotion::deferred}};
    };
    constexpr std::array usual{kernel<deferred(64, 32, 16)>(), kernel<deferred(64, 64, 13)>(),
                               kernel<deferred(64, 128, 8)>(), kernel<deferred(128, 128, 5)>(), kernel<tall>()};
    // Microseconds of kernels with these tiles, caches flushed. The model need not be exact: it ranks.
    const struct {
        i32 m, n, k;
        double us;
    } measured[] = {{1, 7168, 16384, 53},     {128, 24576, 1536, 22},  {128, 32768, 512, 13},
                    {128, 4096, 7168, 19},    {128, 7168, 2048, 11},   {4096, 2112, 7168, 101},
                    {4096, 24576, 1536, 246}, {4096, 32768, 512, 148}, {4096, 7168, 16384, 650},
                    {4096, 4096, 7168, 171},  {4096, 7168, 2048, 95},  {4096, 7168, 576, 46}};
    for (const auto& row : measured) {
        const double predicted =
            choose(fakes::work(row.m, row.n, row.k), device_info::h100(), usual, {.num_sms = 131})->predicted.total_us;
        CAPTURE(row.m);
        CAPTURE(row.n);
        CAPTURE(row.k);
        CHECK(predicted > row.us / 1.25);
        CHECK(predicted < row.us * 1.25);
    }
}

TEST_CASE("parts of K pay where tiles are few, and only there") {
    const gemm_workload few = fakes::work(64, 512, 8192), enough = fakes::work(64, 8192, 8192);
    CHECK(predicted(part(2), few) < predicted(part(1), few));
    CHECK(predicted(part(4), few) < predicted(part(1), few));
    CHECK(predicted(part(1), enough) < predicted(part(2), enough));
    CHECK(predicted(part(2), enough) < predicted(part(4), enough));
    // Clusters of four do not find room for all of 132 CTAs: the last one makes a second wave.
    CHECK(predicted(part(4), fakes::work(64, 33 * 32, 8192)) >
          1.3 * predicted(part(4), fakes::work(64, 32 * 32, 8192)));
}

TEST_CASE("adding in place saves epilogues and costs memory") {
    gemm_workload deep = fakes::work(4096, 4096, 7168, dtype::f32, true);
    deep.b.tile = {1, 128};
    gemm_workload shallow = deep;
    shallow.shape = {32768, 4096, 512};
    CHECK(predicted(square, deep, h200, true) < predicted(square, deep, h200, false));
    CHECK(predicted(square, shallow, device_info::h100(), false) <
          predicted(square, shallow, device_info::h100(), true));
}

TEST_CASE("what makes copies longer") {
    // Rows of K elements that begin inside a line of L2, here every other one.
    CHECK(predicted(square, fakes::work(8192, 8192, 8256)) > 1.1 * predicted(square, fakes::work(8192, 8192, 8320)));
    // The same bytes take longer where memory is slower.
    const gemm_workload few = fakes::work(1, 7168, 16384);
    CHECK(predicted(middle, few, device_info::h100()) > 1.1 * predicted(middle, few, h200));
}

TEST_CASE("predictions grow with the work") {
    for (const gemm_handle& kernel : kernels) {
        // Rows of a tile beyond M cost time of their own, so that only whole tiles compare.
        double before = 0;
        for (i32 m = kernel.info.cfg.block.m; m <= 1 << 15; m *= 2) {
            gemm_workload work = fakes::work(m, 4096, 7168, kernel.info.traits.d, kernel.info.traits.accumulate);
            const double now = predict(kernel.info, work, h200, 132).total_us;
            CHECK(now >= before);
            before = now;
        }
        before = 0;
        for (i32 k = 128; k <= 1 << 15; k += 128) {
            const double now = predict(kernel.info, fakes::work(4096, 4096, k), h200, 132).total_us;
            CHECK(now > before);
            before = now;
        }
        before = 0;
        for (i32 n = 1 << 15; n >= 64; n /= 2) {
            const double now = predict(kernel.info, fakes::work(4096, n, 7168), h200, 132).total_us;
            CHECK((before == 0 || now <= before));
            before = now;
        }
    }
}

}  // namespace cost_model_tests
