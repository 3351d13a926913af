// SPDX-License-Identifier: MIT
// Another library as a choice: it is asked only where a caller allows it and it was measured beside the very kernel that the
// planner would use; and the table of such measurements of cuBLASLt. The library is a stand-in that notes its calls.
#include <doctest/doctest.h>

#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops/gemm/cublaslt_times.hpp>

#include "shipped_kernels.hpp"

namespace library_tests {

using namespace deepgemm;

namespace {

constexpr config square{.block = {128, 128, 128}, .stages = 5}, tall{.block = {256, 128, 128}, .stages = 3};
constexpr std::array kernels{fakes::kernel<square>(), fakes::kernel<tall>()};
constexpr device_info h200 = device_info::h200();

/// What the stand-in was asked for.
struct calls {
    int launches = 0;
    const void* d = nullptr;
    launch_options options{};
};

/// A library that was measured at 4096 rows: for latency faster than `square`, back to back slower than `tall` by little.
other_library<ops::gemm> stand_in(calls& to) {
    const auto measured = [](const gemm_workload& work, const device_info&,
                             objective_kind objective) -> std::optional<side_by_side<ops::gemm>> {
        if (work.shape.m != 4096) return {};
        if (objective == objective_kind::latency) return side_by_side<ops::gemm>{{.block = {128, 128, 128}}, 100, 90};
        return side_by_side<ops::gemm>{tall, 100, 98.5};
    };
    const auto launch = [](const void* of, const gemm_problem& problem, const launch_options& options) -> result<void> {
        calls& noted = *const_cast<calls*>(static_cast<const calls*>(of));
        ++noted.launches;
        noted.d = problem.d.data;
        noted.options = options;
        return {};
    };
    return {"another library", measured, {&to, launch}};
}

gemm_plan planned(const other_library<ops::gemm>* library, const config& wanted, context knobs = {},
                  gemm_choices own = {}) {
    own.library = library;
    auto made = plan(fakes::work(4096, 4096, 7168), h200, std::span(wanted == square ? &kernels[0] : &kernels[1], 1),
                     knobs, own);
    REQUIRE(made);
    return *made;
}

std::string ruled_out(const gemm_plan& made) {
    REQUIRE(made.library);
    CHECK(!made.library->is_used());
    return made.library->ruled_out == nullptr ? "" : made.library->ruled_out;
}

bool has(const gemm_plan& made, const std::string& line) {
    const std::string text = explain(made);
    INFO(text);
    const bool found = text.find("\n    " + line + "\n") != std::string::npos;
    CHECK_MESSAGE(found, line);
    return found;
}

}  // namespace

TEST_CASE("a library that nobody allows is not asked") {
    const gemm_plan made = planned(nullptr, square);
    CHECK(!made.library);
    CHECK(explain(made).find("librar") == std::string::npos);
}

TEST_CASE("a library is used where it was measured to be faster than the kernel that was chosen") {
    calls noted;
    const auto library = stand_in(noted);
    const gemm_plan wins = planned(&library, square);
    REQUIRE(wins.library);
    CHECK(wins.library->is_used());
    has(wins, "another library is used in its place: measured 90.0 us, this kernel 100.0 us in the same run");

    const gemm_plan other_kernel = planned(&library, tall);
    CHECK(ruled_out(other_kernel) == "");
    has(other_kernel, "another library is not used: it was not measured beside this kernel on this product");
    // Within the noise of such measurements ours stays.
    const gemm_plan near = planned(&library, tall, {.objective = objective_kind::sustained});
    CHECK(ruled_out(near) == "");
    has(near, "another library is not used: measured 98.5 us, this kernel 100.0 us in the same run");
}

TEST_CASE("a library keeps no pins, tables, rules, or limits, and so is not used under any") {
    calls noted;
    const auto library = stand_in(noted);
    const gemm_tuned_row rows[] = {{.m_max = 4096, .n = 4096, .k = 7168, .cfg = square}};
    CHECK(ruled_out(planned(&library, square, {}, {.pin = square})) == "a configuration is pinned");
    CHECK(ruled_out(planned(&library, square, {}, {.overrides = rows})) == "the caller's table decides");
    CHECK(ruled_out(planned(&library, square, {.num_sms = 131})) == "it was measured with all multiprocessors only");
    CHECK(ruled_out(planned(&library, square, {.split = split_rule::never})) == "it keeps no rule for split_k");
    const gemm_plan limited = planned(&library, square, {.tiles = {.largest_m = 128}});
    CHECK(ruled_out(limited) == "it keeps no limits on tiles");
    has(limited, "another library is not used: it keeps no limits on tiles");
    CHECK(planned(&library, square, {.num_sms = 132}).library->is_used());
}

TEST_CASE("plans and engines launch the library, and remember it") {
    calls noted;
    const auto library = stand_in(noted);
    const std::span<const gemm_handle> ours(&kernels[0], 1);
    const gemm_problem large = fakes::problem(4096, 4096, 7168), small = fakes::problem(64, 4096, 7168);
    const engine engine(ours, h200, {.dependent_launch = true}, {.library = &library});
    int stream = 0;
    const int before = fakes::last().launches;
    for (int i = 1; i <= 3; ++i) {
        REQUIRE(engine.run(large, &stream));
        CHECK(noted.launches == i);
        CHECK(noted.d == large.d.data);
        CHECK(noted.options.stream == &stream);
        CHECK(noted.options.dependent_launch);
    }
    CHECK(engine.planned() == 1);
    CHECK(fakes::last().launches == before);
    // A call with a pin, or with fewer multiprocessors, takes our kernel, also if the workload is remembered.
    REQUIRE(engine.run(large, &stream, {.num_sms = 100}));
    REQUIRE(engine.run(large, &stream, {.pin = square}));
    REQUIRE(engine.run(small, &stream));
    CHECK(fakes::last().launches == before + 3);
    CHECK(noted.launches == 3);
    const auto made = engine.plan(large);
    REQUIRE(made);
    REQUIRE(made->launch(large, &stream));
    CHECK(noted.launches == 4);
    // What is refused reaches no library.
    gemm_problem broken = large;
    broken.a.matrix.data = nullptr;
    CHECK(!engine.run(broken, &stream));
    CHECK(!made->launch(broken, &stream));
    CHECK(noted.launches == 4);
}

TEST_CASE("a problem that the library does not take runs on our kernel, though its workload was measured") {
    calls noted;
    auto library = stand_in(noted);
    library.takes = [](const gemm_problem& p) { return p.a.scales.column_stride != 8192; };
    const gemm_problem taken = fakes::problem(4096, 4096, 7168);
    gemm_problem other = taken;
    other.a.scales.column_stride = 8192;
    const std::span<const gemm_handle> ours(&kernels[0], 1);
    const engine engine(ours, h200, {}, {.library = &library});
    const auto made = engine.plan(taken);
    REQUIRE(made);
    REQUIRE(made->library->is_used());
    const int before = fakes::last().launches;
    REQUIRE(engine.run(other));
    REQUIRE(made->launch(other));
    CHECK(noted.launches == 0);
    CHECK(fakes::last().launches == before + 2);
    REQUIRE(engine.run(taken));
    REQUIRE(made->launch(taken));
    CHECK(noted.launches == 2);
    CHECK(fakes::last().launches == before + 2);
}

TEST_CASE("cuBLASLt is known to be faster on products that were measured, and on no others") {
    CHECK(!measured_beside_cublaslt(fakes::work(4096, 7168, 16384), h200, objective_kind::latency));  // FP8
    int used = 0, of_fp8 = 0;
    for (const beside_cublaslt& row : beside_cublaslt_h200) {
        gemm_workload work = fakes::work(row.shape.m, row.shape.n, row.shape.k, row.d, row.accumulate);
        work.a = row.a;
        work.b = row.b;
        work.in_place = row.accumulate;
        CAPTURE(describe(work));
        const auto times = measured_beside_cublaslt(work, h200, row.objective);
        REQUIRE(times);
        CHECK(times->other_wins());
        CHECK(times->ours == row.times.ours);
        CHECK(!measured_beside_cublaslt(work, device_info::h100(), row.objective));
        const bool fp8 = row.a.type == dtype::e4m3;
        CHECK((fp8 || row.a.type == dtype::bf16));
        of_fp8 += fp8;
        gemm_workload others[6] = {work, work, work, work, work, work};
        others[0].shape.m += 1;
        others[1].d = row.d == dtype::bf16 ? dtype::f32 : dtype::f16;
        others[2].a.type = others[2].b.type = dtype::f16;
        others[3].in_place = !row.accumulate;
        others[4].heads = {128, 64, 128};
        fp8 ? void(others[5].promoted = true)
            : void(others[5].a.contiguous = others[5].b.contiguous = major(!int(row.a.contiguous)));
        for (const gemm_workload& other : others) {
            const auto found = measured_beside_cublaslt(other, h200, row.objective);
            CHECK(!found);
        }
        const other_library<ops::gemm> cublaslt{"cuBLASLt", measured_beside_cublaslt, {}};
        const auto made = plan(work, h200, fakes::kernels(), {.objective = row.objective}, {.library = &cublaslt});
        REQUIRE(made);
        REQUIRE(made->library);
        used += made->library->is_used();
    }
    // Rows that were measured beside kernels which are not chosen any more say nothing; if they are many, the
    // benchmark wants a new run.
    CHECK(used > int(beside_cublaslt_h200.size()) / 2);
    CHECK(of_fp8 > 0);
}

}  // namespace library_tests
