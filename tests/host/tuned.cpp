// SPDX-License-Identifier: MIT
// The shipped kernels, planned for an H200 that need not be there: the tuned table names kernels that exist and is
// honoured, and the cost model's choices are sane for shapes that nobody measured. No kernel is compiled, only described.
#include <doctest/doctest.h>

#include <deepgemm/kernel/shipped.cuh>

#include "fakes.hpp"

using namespace deepgemm;

namespace {

constexpr device_info h200 = device_info::h200();

template <class... Kernels>
void append(std::vector<kernel_handle>& all, shipped::kernels<Kernels...>) {
    (all.push_back({Kernels::info, [] { return result<void>{}; },
                    [](const gemm_arguments&, const launch_options&) { return result<void>{}; }}),
     ...);
}

/// The kernels of the tuned families, as handles that launch nothing.
const std::vector<kernel_handle>& kernels() {
    static const std::vector<kernel_handle> all = [] {
        std::vector<kernel_handle> made;
        append(made, shipped::weights_bf16_narrow{});
        append(made, shipped::weights_bf16_short{});
        append(made, shipped::weights_bf16_medium{});
        append(made, shipped::weights_bf16_wide{});
        append(made, shipped::gradients{});
        append(made, shipped::weights_f32{});
        return made;
    }();
    return all;
}

workload work_of(const tuned_row& row) {
    workload work = fakes::work(row.m_max, row.n, row.k, row.d, row.accumulate);
    work.b.tile = row.b;
    return work;
}

/// What the model chooses, and its prediction; the table is not asked, since one multiprocessor is left out.
candidate modelled(const workload& work) {
    const auto chosen = choose(work, h200, kernels(), {.num_sms = 131});
    REQUIRE_MESSAGE(chosen, chosen.failure().message);
    return *chosen;
}

tile_shape block_for(const workload& work) { return modelled(work).kernel->info.cfg.block; }

}  // namespace

TEST_CASE("each row of the table names a shipped kernel and is honoured") {
    for (const tuned_row& row : tuned_h200) {
        const workload work = work_of(row);
        CAPTURE(describe(work));
        CAPTURE(to_source(row.cfg));
        REQUIRE(find_tuned(tuned_h200, work) == &row);
        const auto made = plan(work, h200, kernels());
        REQUIRE(made);
        CHECK(made->chosen_by == choice::tuned);
        CHECK(agrees(row.cfg, made->kernel()->info.cfg));
        CHECK(choose(work, h200, kernels())->kernel == made->kernel());
        // On part of the device the model decides.
        CHECK(plan(work, h200, kernels(), {.num_sms = 131})->chosen_by == choice::model);
    }
}

TEST_CASE("a row whose kernel is not instantiated is passed over") {
    for (const tuned_row& row : tuned_h200) {
        const workload work = work_of(row);
        std::vector<kernel_handle> others;
        for (const kernel_handle& kernel : kernels()) {
            if (!agrees(row.cfg, kernel.info.cfg)) others.push_back(kernel);
        }
        const auto made = plan(work, h200, others);
        REQUIRE(made);
        CHECK(made->chosen_by == choice::model);
        CHECK(made->predicted().total_us <= made->ranked[1].predicted.total_us);
    }
}

TEST_CASE("the model's tiles grow with M") {
    for (const auto& [n, k] : {std::pair{4096, 7168}, {7168, 2048}, {2112, 7168}, {24576, 1536}}) {
        const i32 columns = n;  // clang 14 captures no structured binding
        CAPTURE(columns);
        CHECK(block_for(fakes::work(1, n, k)).m == 64);
        CHECK(block_for(fakes::work(16, n, k)).m == 64);
        CHECK(block_for(fakes::work(64, n, k)).m == 64);
        CHECK(block_for(fakes::work(1000, n, k)).m >= 128);
        CHECK(block_for(fakes::work(8192, n, k)).m >= 128);
        CHECK(block_for(fakes::work(8192, n, k)).n >= 96);
    }
    // Few columns: a narrow tile gives work to more multiprocessors.
    CHECK(block_for(fakes::work(64, 576, 7168)).n <= 32);
    CHECK(block_for(fakes::work(64, 32768, 512)).n >= 64);
    // Three wide tiles of M = 192 fit 576 rows better than five of 128.
    CHECK(block_for(fakes::work(576, 4096, 7168)).m == 192);
    // A family with three kernels.
    CHECK(block_for(fakes::work(16, 512, 4096, dtype::f32)).n == 32);
    CHECK(block_for(fakes::work(4096, 4096, 4096, dtype::f32)).m == 128);
}

TEST_CASE("the best kernel's time does not jump") {
    for (const auto& [n, k] : {std::pair{4096, 7168}, {7168, 2048}, {576, 7168}, {24576, 1536}, {512, 256}}) {
        const i32 columns = n;  // clang 14 captures no structured binding
        CAPTURE(columns);
        double before = 0, most = 0;
        for (i32 m = 1; m <= 2048; m += m < 256 ? 1 : 8) {
            const double now = modelled(fakes::work(m, n, k)).predicted.total_us;
            CAPTURE(m);
            // One row more opens a row of tiles at most: twice the time. More rows take less only by filling tiles.
            if (before != 0) CHECK(now < 2 * before);
            CHECK(now > 0.6 * most);
            before = now;
            most = std::max(most, now);
        }
    }
}

TEST_CASE("a product takes longer on fewer multiprocessors") {
    for (const i32 m : {64, 4096}) {
        double before = 1e9;
        for (const int sms : {8, 16, 33, 66, 132}) {
            const auto chosen = choose(fakes::work(m, 7168, 2048), h200, kernels(), {.num_sms = sms});
            REQUIRE(chosen);
            CHECK(chosen->predicted.total_us < before);
            before = chosen->predicted.total_us;
        }
    }
}

TEST_CASE("predictions without K or with one block are finite and short") {
    for (const i32 k : {0, 1, 128}) {
        for (const kernel_handle& kernel : kernels()) {
            const cost made = predict(kernel.info, fakes::work(64, 64, k), h200, 132);
            CHECK(made.total_us > 2);
            CHECK(made.total_us < 10);
        }
    }
}
