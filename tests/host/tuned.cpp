// SPDX-License-Identifier: MIT
// The shipped kernels, planned for GPUs that need not be there: the tuned tables name kernels that exist and are honoured,
// and the cost model's choices are sane for shapes that nobody measured. No kernel is compiled, only described.
#include <doctest/doctest.h>

#include <deepgemm/host/explain.hpp>

#include "shipped_kernels.hpp"

namespace tuned_tests {

using namespace deepgemm;
using fakes::kernels;

namespace {

constexpr device_info h100 = device_info::h100(), h200 = device_info::h200();

/// The workload that a row was measured on: C, if there is one, is D.
gemm_workload work_of(const gemm_tuned_row& row) {
    gemm_workload work = fakes::work(row.m_max, row.n, row.k, row.d, row.accumulate);
    work.b.tile = row.b;
    if (row.b.all_of_k()) work.a.tile = row.b;
    work.in_place = row.accumulate;
    if (row.type == dtype::e4m3) return work;
    work.a = fakes::half(row.a_contiguous, row.type);
    work.b = fakes::half(row.b_contiguous, row.type);
    return work;
}

/// Whether a kernel is the one that a row names.
bool is_named(const gemm_info& info, const gemm_tuned_row& row) {
    return agrees(row.cfg, info.cfg) && info.traits.in_place == row.in_place;
}

/// What the model chooses, and its prediction; the table is not asked, since one multiprocessor is left out.
candidate<ops::gemm> modelled(const gemm_workload& work) {
    const auto chosen = choose(work, h200, kernels(), {.num_sms = 131});
    REQUIRE_MESSAGE(chosen, chosen.failure().message);
    return *chosen;
}

tile_shape block_for(const gemm_workload& work) { return modelled(work).kernel->info.cfg.block; }

}  // namespace

TEST_CASE("each row of a table names a shipped kernel and is honoured") {
    for (const device_info& device : {h100, h200}) {
        for (const gemm_tuned_row& row : tuned_rows(device)) {
            const gemm_workload work = work_of(row);
            CAPTURE(device.name);
            CAPTURE(describe(work));
            CAPTURE(to_source(row.cfg));
            REQUIRE(find_tuned(tuned_rows(device), work, row.objective) == &row);
            const auto made = plan(work, device, kernels(), {.objective = row.objective});
            REQUIRE(made);
            CHECK(made->chosen_by == choice::tuned);
            CHECK(is_named(made->kernel()->info, row));
            CHECK(choose(work, device, kernels(), {.objective = row.objective})->kernel == made->kernel());
            // On part of the device the model decides.
            CHECK(plan(work, device, kernels(), {.num_sms = 131, .objective = row.objective})->chosen_by ==
                  choice::model);
        }
    }
}

TEST_CASE("a row of a GPU's own keeps the times of its kernel and of the model's choice, which explain shows") {
    const auto check_times = [](const device_info& device, const gemm_tuned_row& row) {
        const gemm_workload work = work_of(row);
        CAPTURE(describe(work));
        CHECK(row.us > 0);
        CHECK(row.model.us > 1.01f * row.us);
        const auto made = plan(work, device, kernels(), {.objective = row.objective});
        REQUIRE(made);
        CHECK(measured_us(*made, made->ranked[0]) == row.us);
        const std::string text = explain(*made);
        CHECK(text.find(concat(detail::formatted("\n    measured %.1f us with ", row.model.us), row.measured_with(),
                               "; predicted ")) != std::string::npos);
        CHECK(text.ends_with(concat("\n    measured ", detail::slower(row.us, row.model.us), "\n")));
    };
    for (const gemm_tuned_row& row : tuned_h200) check_times(h200, row);
    for (const gemm_tuned_row& row : tuned_h100) check_times(h100, row);
    for (const gemm_tuned_row& row : tuned_rows(h100).subspan(tuned_h100.size())) {  // measured on another GPU
        CHECK(row.us == 0);
        const auto made = plan(work_of(row), h100, kernels());
        CHECK(measured_us(*made, made->ranked[0]) == 0);
    }
}

TEST_CASE("an H100 takes over what its memory does not decide, of products that it has no races of") {
    const auto rows = tuned_rows(h100);
    const auto same = [](const gemm_tuned_row& x, const gemm_tuned_row& y) {
        return x.m_max == y.m_max && x.n == y.n && x.k == y.k && x.cfg == y.cfg && x.in_place == y.in_place;
    };
    REQUIRE(rows.size() >= tuned_h100.size());
    CHECK(std::equal(tuned_h100.begin(), tuned_h100.end(), rows.begin(), same));
    for (const gemm_tuned_row& row : tuned_h200) {
        const gemm_workload work = work_of(row);
        CAPTURE(describe(work));
        if (row.objective == objective_kind::sustained) {
            CHECK(find_tuned(rows, work, objective_kind::sustained) == nullptr);
            continue;
        }
        const gemm_tuned_row* const taken = find_tuned(rows, work);
        const bool own = find_tuned(tuned_h100, work) != nullptr;
        CHECK((taken != nullptr) == (own || (row.type == dtype::e4m3 && detail::bound_by_multiplying(row))));
        if (taken != nullptr && !own) CHECK(same(*taken, row));
    }
    CHECK(tuned_rows(h200).data() == tuned_h200.data());
    constexpr gemm_tuned_row few{.m_max = 128, .n = 7168, .k = 16384}, many{.m_max = 4096, .n = 7168, .k = 16384};
    constexpr gemm_tuned_row shallow{.m_max = 32768, .n = 4096, .k = 512, .d = dtype::f32, .accumulate = true};
    static_assert(!detail::bound_by_multiplying(few) && detail::bound_by_multiplying(many));
    static_assert(!detail::bound_by_multiplying(shallow));
    gemm_tuned_row back_to_back = many;
    CHECK(detail::holds_on_h100(back_to_back));
    back_to_back.objective = objective_kind::sustained;
    CHECK(!detail::holds_on_h100(back_to_back));
}

TEST_CASE("rows tuned back to back decide for that objective alone, those of scales of rows for one an operand, too") {
    constexpr objective_kind sustained = objective_kind::sustained;
    for (const scale_tile tile : {scale_tile{128, 128}, {1, scale_tile::all}, {scale_tile::all, scale_tile::all}}) {
        gemm_workload work = fakes::work(8192, 8192, 4096);
        if (tile.all_of_k()) work.a.tile = work.b.tile = tile;
        CAPTURE(describe(work));
        const auto modelled = plan(work, h200, kernels(), {.objective = sustained});
        REQUIRE(modelled);
        REQUIRE(modelled->ranked.size() > 2);
        const gemm_info &first = modelled->ranked[0].kernel->info, &second = modelled->ranked[1].kernel->info,
                        &third = modelled->ranked[2].kernel->info;
        gemm_tuned_row single{.m_max = 8192, .n = 8192, .k = 4096, .b = detail::tile_of(work.b), .cfg = third.cfg};
        gemm_tuned_row many = single;
        many.cfg = second.cfg;
        many.us = 500;
        many.model = {first.cfg, false, 600};
        many.objective = sustained;
        const gemm_tuned_row rows[] = {single, many};
        CHECK(find_tuned(rows, work, sustained) == &rows[1]);
        CHECK(find_tuned(rows, work) == &rows[0]);
        const auto made = plan(work, h200, kernels(), {.objective = sustained}, {.overrides = rows});
        REQUIRE(made);
        CHECK(made->chosen_by == choice::overridden);
        CHECK(made->kernel()->info.cfg == second.cfg);
        CHECK(measured_us(*made, made->ranked[0]) == 500);
        CHECK(explain(*made).find("measured 600.0 us with m = 8192, back to back") != std::string::npos);
        CHECK(choose(work, h200, kernels(), {}, {.overrides = rows})->kernel->info.cfg == third.cfg);
        CHECK(choose(work, h200, kernels(), {.objective = sustained}, {.overrides = std::span(rows, 1)})->kernel ==
              modelled->kernel());
        work.promoted = tile.all_of_k();  // which other kernels do
        CHECK((find_tuned(rows, work, sustained) == nullptr) == tile.all_of_k());
    }
}

TEST_CASE("a row chooses between a kernel that reads C and one that adds in place") {
    for (const device_info& device : {h100, h200}) {
        for (gemm_tuned_row row : tuned_rows(device)) {
            const auto made = choose(work_of(row), device, kernels(), {.objective = row.objective});
            REQUIRE(made);
            CHECK(made->kernel->info.traits.in_place == row.in_place);
        }
    }
    // A row that leaves stages and staging open names both of such kernels; it says which of them it means.
    gemm_tuned_row row{.m_max = 4096, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .b = {1, 128}};
    const gemm_workload work = work_of(row);
    int twins = 0;
    for (const gemm_handle& kernel : kernels()) {
        row.cfg = kernel.info.cfg;
        row.cfg.stages = config{}.stages;
        row.cfg.store_columns = config{}.store_columns;
        row.cfg.store_buffers = config{}.store_buffers;
        const auto runs = [&](const gemm_handle& x) { return why_not(x, work, h200, 132, {}) == nullptr; };
        const auto mates = std::count_if(kernels().begin(), kernels().end(),
                                         [&](const gemm_handle& x) { return agrees(row.cfg, x.info.cfg) && runs(x); });
        if (!runs(kernel) || mates < 2) continue;
        ++twins;
        row.in_place = kernel.info.traits.in_place;
        const auto made = choose(work, h200, kernels(), {}, {.overrides = std::span(&row, 1)});
        REQUIRE(made);
        CHECK(made->kernel == &kernel);
    }
    CHECK(twins > 0);
}

TEST_CASE("a row whose kernel is not instantiated is passed over") {
    for (const gemm_tuned_row& row : tuned_rows(h100)) {
        const gemm_workload work = work_of(row);
        std::vector<gemm_handle> others;
        for (const gemm_handle& kernel : kernels()) {
            if (!agrees(row.cfg, kernel.info.cfg)) others.push_back(kernel);
        }
        const auto made = plan(work, h100, others);
        REQUIRE(made);
        CHECK(made->chosen_by == choice::model);
        CHECK(made->predicted().total_us <= made->ranked[1].predicted.total_us);
    }
}

TEST_CASE("the model's tiles grow with M") {
    for (const auto& [n, k] : {std::pair{4096, 7168}, {7168, 2048}, {2112, 7168}, {24576, 1536}}) {
        const i32 columns = n;  // clang 14 captures no structured binding
        CAPTURE(columns);
        CHECK(block_for(fakes::work(1, n, k)).m <= 16);
        CHECK(block_for(fakes::work(16, n, k)).m <= 64);
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
        for (const gemm_handle& kernel : kernels()) {
            const cost made = predict(kernel.info, fakes::work(64, 64, k), h200, 132);
            CHECK(made.total_us > 2);
            CHECK(made.total_us < 15);
        }
    }
}

}  // namespace tuned_tests
