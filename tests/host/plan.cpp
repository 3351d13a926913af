// SPDX-License-Identifier: MIT
// Which kernel a problem gets: filters, ranking, pins and tuned rows.
#include <doctest/doctest.h>

#include "plan_kernels.hpp"

namespace plan_tests {

using namespace deepgemm;
using namespace deepgemm::fakes::planned_with;
using fakes::kernel;

namespace {

gemm_plan planned(const gemm_workload& work, const context& knobs = {}, const gemm_choices& own = {}) {
    auto made = plan(work, h200, kernels, knobs, own);
    REQUIRE_MESSAGE(made, made.failure().message);
    return *std::move(made);
}

std::string refusal(const gemm_workload& work, const context& knobs = {}, const gemm_choices& own = {}) {
    const auto made = plan(work, h200, kernels, knobs, own);
    return made ? "fine" : concat(name_of(made.failure().code), ": ", made.failure().message);
}

}  // namespace

TEST_CASE("small M gets small tiles, large products get large ones") {
    CHECK(planned(fakes::work(1, 4096, 7168)).kernel()->info.cfg.block.m == 64);
    CHECK(planned(fakes::work(64, 7168, 2048)).kernel()->info.cfg.block.m == 64);
    CHECK(planned(fakes::work(8192, 8192, 8192)).kernel()->info.cfg.block.m >= 128);
    CHECK(planned(fakes::work(4096, 7168, 16384)).kernel()->info.cfg == tall);
}

TEST_CASE("only kernels that can run the problem are ranked, each once, fastest first") {
    const auto made = planned(fakes::work(4096, 7168, 2048));
    CHECK(made.ranked.size() == 5);
    CHECK(made.chosen_by == choice::model);
    for (std::size_t i = 1; i < made.ranked.size(); ++i) {
        CHECK(made.ranked[i - 1].predicted.total_us <= made.ranked[i].predicted.total_us);
    }
    CHECK(planned(fakes::work(4096, 4096, 7168)).ranked.size() == 6);  // the one with fixed extents as well
    CHECK(planned(fakes::work(300, 400, 500, dtype::f32)).ranked.size() == 1);
    gemm_workload heads = fakes::work(128, 512, 1024);
    heads.heads = {128, 64, 128};
    CHECK(planned(heads).kernel()->info.traits.heads == heads.heads);
}

TEST_CASE("choose and plan agree") {
    for (const i32 m : {1, 7, 64, 65, 128, 500, 4096, 20000}) {
        for (const i32 n : {8, 576, 4096, 24576}) {
            const auto work = fakes::work(m, n, 7168);
            CHECK(choose(work, h200, kernels)->kernel == planned(work).kernel());
        }
    }
}

TEST_CASE("what a plan tells") {
    const auto made = planned(fakes::work(4096, 4096, 4096), {}, {.pin = square});
    CHECK(made.chosen_by == choice::pinned);
    CHECK(made.stages() == 5);
    CHECK(made.smem_bytes() == kernels[2].info.launch.smem_bytes);
    CHECK(made.predicted().tiles == 1024);
    CHECK(made.predicted().waves == 8);
    CHECK(made.predicted().tile_efficiency == 1);
    CHECK(made.predicted().wave_efficiency == doctest::Approx(1024.0 / (8 * 132)));
    const cost ragged = planned(fakes::work(100, 200, 4096), {.num_sms = 66}, {.pin = square}).predicted();
    CHECK(ragged.tile_efficiency == doctest::Approx(100.0 * 200 / (128 * 256)));
    CHECK(made.predicted().limit == bound::tensor_cores);
    CHECK(made.workspace_bytes() == 0);
    CHECK(planned(fakes::work(64, 24576, 7168)).predicted().limit == bound::memory);
}

TEST_CASE("an empty product has a plan with nothing to do") {
    for (const auto& work : {fakes::work(0, 512, 512), fakes::work(512, 0, 512)}) {
        const auto made = planned(work);
        CHECK(made.kernel() == nullptr);
        CHECK(made.predicted().total_us == 0);
        CHECK(made.stages() == 0);
        CHECK(made.smem_bytes() == 0);
        CHECK(made.prepare());
    }
}

TEST_CASE("without K any kernel of the right D will do") {
    gemm_workload work = fakes::work(100, 200, 0);
    work.a = work.b = {};
    CHECK(planned(work).ranked.size() == 5);
}

TEST_CASE("num_sms") {
    CHECK(planned(fakes::work(4096, 4096, 4096), {.num_sms = 131}).num_sms == 131);
    CHECK(planned(fakes::work(4096, 4096, 4096)).num_sms == 132);
    CHECK(planned(fakes::work(4096, 4096, 4096), {.num_sms = 33}).predicted().total_us >
          planned(fakes::work(4096, 4096, 4096)).predicted().total_us);
    for (const auto& c : planned(fakes::work(4096, 4096, 4096), {.num_sms = 1}).ranked) {
        CHECK(c.kernel->info.cfg.cluster.size() == 1);
    }
    CHECK(refusal(fakes::work(8, 8, 8), {.num_sms = 133}) ==
          "bad_option: num_sms is 133; NVIDIA H200 takes 0 (all) to 132");
    CHECK(refusal(fakes::work(8, 8, 8), {.num_sms = -1}) ==
          "bad_option: num_sms is -1; NVIDIA H200 takes 0 (all) to 132");
}

TEST_CASE("pinned configurations") {
    for (const config& cfg : {narrow, paired, tall}) {
        const auto made = planned(fakes::work(333, 4096, 512), {}, {.pin = cfg});
        CHECK(made.kernel()->info.cfg == cfg);
        CHECK(made.chosen_by == choice::pinned);
        CHECK(made.ranked.size() == 5);
    }
    CHECK(refusal(fakes::work(333, 4096, 512), {}, {.pin = fixed}) ==
          "no_kernel: none of 9 kernels runs m = 333, n = 4096, k = 512, A e4m3 scaled 1x128 by fp32, "
          "B e4m3 scaled 128x128 by fp32, D bf16; "
          "config{.block = {128, 128, 128}, .stages = 5, .extents = {0, 4096, 7168}} does not: "
          "its extents are fixed to others");
    CHECK(refusal(fakes::work(333, 4096, 512), {}, {.pin = config{.block = {128, 96, 128}, .stages = 6}}) ==
          "no_kernel: none of 9 kernels runs m = 333, n = 4096, k = 512, A e4m3 scaled 1x128 by fp32, "
          "B e4m3 scaled 128x128 by fp32, D bf16 with the pinned config{.block = {128, 96, 128}, .stages = 6}; "
          "instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "
          "operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, config{.block = {128, 96, 128}, .stages = 6}>");
}

TEST_CASE("a pin may leave stages and staging buffers open") {
    CHECK(agrees({.block = {128, 128, 128}}, square));
    CHECK(agrees(square, square));
    CHECK(!agrees({.block = {128, 128, 128}, .stages = 4}, square));
    CHECK(!agrees({.block = {128, 128, 128}}, paired));
    CHECK(agrees({.block = {64, 64, 128}},
                 config{.block = {64, 64, 128}, .stages = 3, .store_columns = 32, .store_buffers = 2}));
    const auto made = planned(fakes::work(1, 4096, 512), {}, {.pin = config{.block = {128, 128, 128}}});
    CHECK(made.kernel()->info.cfg == square);
    CHECK(made.chosen_by == choice::pinned);
}

TEST_CASE("a problem that no kernel runs says what to instantiate") {
    CHECK(refusal(fakes::work(64, 64, 64, dtype::f32, true)) ==
          "no_kernel: none of 9 kernels runs m = 64, n = 64, k = 64, A e4m3 scaled 1x128 by fp32, "
          "B e4m3 scaled 128x128 by fp32, D f32 with C; "
          "instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, "
          "operand<e4m3, scale::per_block<scale::fp32>>, accumulate<float>, config{.block = {128, 128, 128}}>");
    const auto none = plan(fakes::work(64, 64, 64), h200, std::span<const gemm_handle>());
    CHECK(none.failure().message.starts_with("none of 0 kernels runs m = 64"));
}

TEST_CASE("why a kernel does not fit") {
    const auto reason = [](gemm_info info, const gemm_workload& work, device_info device = h200, int sms = 132,
                           context knobs = {}) {
        const char* const text = why_not<ops::gemm>(info, work, device, sms, knobs);
        return std::string(text == nullptr ? "fits" : text);
    };
    const gemm_workload work = fakes::work(64, 4096, 7168);
    gemm_info info = kernel<paired>().info;
    CHECK(reason(info, work) == "fits");
    CHECK(reason(info, fakes::work(64, 4096, 7168, dtype::f32)) == "it writes another type");
    CHECK(reason(info, fakes::work(64, 4096, 7168, dtype::bf16, true)) == "it does not add C");
    CHECK(reason(kernel<square, dtype::bf16, true>().info, work) == "it adds C");
    CHECK(reason(info, work, h200, 1) == "its clusters are larger than num_sms");
    CHECK(reason(kernel<fixed>().info, work) == "fits");
    CHECK(reason(kernel<fixed>().info, work, h200, 132, {.ignore_static_extents = true}) ==
          "its extents are fixed, and ignore_static_extents is set");
    CHECK(reason(kernel<fixed>().info, fakes::work(64, 4096, 7000)) == "its extents are fixed to others");
    info.traits.custom_epilogue = true;
    CHECK(reason(info, work) == "it has an epilogue of its own");
    info = kernel<square>().info;
    info.traits.groups = grouping::custom;
    CHECK(reason(info, work) == "it has a schedule of its own");
    info.traits.groups = grouping::masked;
    CHECK(reason(info, work) == "it computes groups of products");
    info = kernel<square>().info;
    info.traits.b.tile = {1, 128};
    CHECK(reason(info, work) == "it takes another B");
    info.traits.a.format = scale_kind::ue8m0;
    CHECK(reason(info, work) == "it takes another A");
    info.traits.heads = {64, 64, 64};
    CHECK(reason(info, work) == "its head splits differ");
    info.launch.arch = 100;
    CHECK(reason(info, work) == "it is for another architecture");
    info = kernel<square>().info;
    device_info small = h200;
    small.smem_bytes_per_cta = 101376;
    CHECK(reason(info, work, small) == "it needs more shared memory than the device has");
}

TEST_CASE("tuned rows") {
    const gemm_tuned_row rows[] = {
        {.m_max = 128, .n = 4096, .k = 7168, .cfg = middle},
        {.m_max = 64, .n = 4096, .k = 7168, .cfg = narrow},
        {.m_max = 128, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .cfg = square}};
    CHECK(find_tuned(rows, fakes::work(59, 4096, 7168)) == nullptr);  // too far below any row's m_max
    CHECK(find_tuned(rows, fakes::work(60, 4096, 7168)) == &rows[1]);
    CHECK(find_tuned(rows, fakes::work(64, 4096, 7168)) == &rows[1]);
    CHECK(find_tuned(rows, fakes::work(65, 4096, 7168)) == nullptr);
    CHECK(find_tuned(rows, fakes::work(120, 4096, 7168)) == &rows[0]);
    CHECK(find_tuned(rows, fakes::work(128, 4096, 7168)) == &rows[0]);
    CHECK(find_tuned(rows, fakes::work(129, 4096, 7168)) == nullptr);
    CHECK(find_tuned(rows, fakes::work(64, 4096, 7169)) == nullptr);
    CHECK(find_tuned(rows, fakes::work(64, 4096, 7168, dtype::f32)) == nullptr);
    CHECK(find_tuned(rows, fakes::work(125, 4096, 7168, dtype::f32, true)) == &rows[2]);
    gemm_workload tokens = fakes::work(64, 4096, 7168);
    tokens.b.tile = {1, 128};
    CHECK(find_tuned(rows, tokens) == nullptr);
    const gemm_tuned_row single[] = {{.m_max = 128, .n = 64, .k = 128, .cfg = square},
                                     {.m_max = 125, .n = 64, .k = 128, .cfg = middle},
                                     {.m_max = 1, .n = 64, .k = 128, .cfg = narrow}};
    CHECK(find_tuned(single, fakes::work(1, 64, 128)) == &single[2]);
    CHECK(find_tuned(single, fakes::work(2, 64, 128)) == nullptr);
    CHECK(find_tuned(single, fakes::work(124, 64, 128)) == &single[1]);  // the smaller m_max counts
    CHECK(find_tuned(single, fakes::work(126, 64, 128)) == &single[0]);
    CHECK(tuned_rows(h200).data() == tuned_h200.data());
    const auto rows_of = [](const char* name, int sms) {
        device_info device = device_info::h100();
        std::snprintf(device.name, sizeof device.name, "%s", name);
        device.sm_count = sms;
        return tuned_rows(device).data();
    };
    CHECK(rows_of("NVIDIA H100 80GB HBM3", 132) == tuned_rows(device_info::h100()).data());
    CHECK(rows_of("NVIDIA H200", 132) == tuned_rows(h200).data());
    CHECK(rows_of("NVIDIA H100 PCIe", 114) == nullptr);
    CHECK(rows_of("NVIDIA GH200 480GB", 132) == nullptr);
    CHECK(tuned_rows(device_info::simulator()).empty());
}

TEST_CASE("an objective looks at its own rows and at no others") {
    using enum objective_kind;
    const gemm_workload work = fakes::work(128, 4096, 7168);
    const gemm_tuned_row rows[] = {
        {.m_max = 128, .n = 4096, .k = 7168, .cfg = middle, .us = 7},
        {.m_max = 128, .n = 4096, .k = 7168, .cfg = narrow, .us = 9, .objective = sustained}};
    CHECK(find_tuned(rows, work) == &rows[0]);
    CHECK(find_tuned(rows, work, latency) == &rows[0]);
    CHECK(find_tuned(rows, work, sustained) == &rows[1]);
    CHECK(find_tuned(std::span(rows, 1), work, sustained) == nullptr);
    const auto chosen = [&](objective_kind objective, std::span<const gemm_tuned_row> own) {
        return *plan(work, h200, kernels, {.objective = objective}, {.overrides = own});
    };
    CHECK(chosen(latency, rows).kernel()->info.cfg == middle);
    const gemm_plan back_to_back = chosen(sustained, rows);
    CHECK(back_to_back.kernel()->info.cfg == narrow);
    CHECK(back_to_back.chosen_by == choice::overridden);
    CHECK(back_to_back.objective == sustained);
    CHECK(choose(work, h200, kernels, {.objective = sustained}, {.overrides = rows})->kernel == back_to_back.kernel());
    // Where no row was tuned for it, the model decides, although there is one for the other objective.
    CHECK(chosen(sustained, std::span(rows, 1)).chosen_by == choice::model);
    CHECK(chosen(latency, std::span(rows + 1, 1)).chosen_by == choice::model);
}

TEST_CASE("a tuned row whose kernel adds in place is for products whose C is D") {
    const gemm_tuned_row rows[] = {
        {.m_max = 128, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .cfg = square, .in_place = true},
        {.m_max = 64, .n = 4096, .k = 7168, .d = dtype::f32, .accumulate = true, .cfg = square}};
    gemm_workload work = fakes::work(128, 4096, 7168, dtype::f32, true);
    CHECK(find_tuned(rows, work) == nullptr);
    work.in_place = true;
    CHECK(find_tuned(rows, work) == &rows[0]);
    // A kernel that reads C was measured to be the best, although others may add in place.
    work.shape.m = 64;
    CHECK(find_tuned(rows, work) == &rows[1]);
    work.in_place = false;
    CHECK(find_tuned(rows, work) == &rows[1]);
}

TEST_CASE("a tuned row says which epilogue it means, a pin does not") {
    gemm_workload work = fakes::work(128, 4096, 7168, dtype::f32, true);
    work.b.tile = {1, 128};
    work.in_place = true;
    gemm_handle reads = kernel<square, dtype::f32, true, fakes::per_token>(), adds = reads;
    adds.info.traits.in_place = true;
    for (const bool in_place : {false, true}) {
        const gemm_tuned_row measured{.m_max = 128, .n = 4096, .k = 7168, .cfg = square, .in_place = in_place};
        const detail::preference<ops::gemm> row{.row = &measured, .by = choice::tuned},
            pin{.pin = &square, .by = choice::pinned};
        CHECK(row.is_for(adds.info) == in_place);
        CHECK(row.is_for(reads.info) != in_place);
        CHECK(pin.is_for(adds.info));
        CHECK(pin.is_for(reads.info));
    }
    CHECK(!detail::preference<ops::gemm>{}.is_for(reads.info));
    // Of two kernels with the pinned configuration the model's favourite is taken; one that adds in place only if C is D.
    const std::array twins{reads, adds};
    const auto pinned = plan(work, h200, twins, {}, {.pin = square});
    REQUIRE(pinned);
    CHECK(pinned->ranked.size() == 2);
    CHECK(pinned->ranked[0].predicted.total_us <= pinned->ranked[1].predicted.total_us);
    work.in_place = false;
    CHECK(plan(work, h200, twins, {}, {.pin = square})->kernel() == &twins[0]);
}

TEST_CASE("a family of products needs few kernels") {
    const auto needed = enumerate(fakes::work(1, 7168, 2048), 4096, h200, kernels);
    REQUIRE(needed);
    CHECK(needed->size() >= 2);
    CHECK(needed->size() <= 5);
    CHECK(needed->front() == choose(fakes::work(1, 7168, 2048), h200, kernels)->kernel);
    for (const gemm_handle* kernel : *needed) CHECK(kernel->info.traits.d == dtype::bf16);
    CHECK(!enumerate(fakes::work(1, 7168, 2048, dtype::f32, true), 4, h200, kernels));
}

TEST_CASE("planning a problem validates it") {
    gemm_problem problem = fakes::problem(256, 512, 1024);
    const auto made = plan(problem, h200, kernels);
    REQUIRE(made);
    problem.a.matrix.data = nullptr;
    CHECK(plan(problem, h200, kernels).failure().code == errc::null_pointer);
    SUBCASE("and a plan launches problems of its workload only") {
        problem = fakes::problem(256, 512, 1024);
        const int before = fakes::last().launches;
        CHECK(made->launch(problem));
        CHECK(fakes::last().launches == before + 1);
        CHECK(fakes::last().options.num_sms == 132);
        problem = fakes::problem(257, 512, 1024);
        CHECK(made->launch(problem).failure().message ==
              "the plan was made for m = 256, n = 512, k = 1024, A e4m3 scaled 1x128 by fp32, "
              "B e4m3 scaled 128x128 by fp32, D bf16; "
              "the problem is m = 257, n = 512, k = 1024, A e4m3 scaled 1x128 by fp32, "
              "B e4m3 scaled 128x128 by fp32, D bf16");
        CHECK(fakes::last().launches == before + 1);
    }
}

}  // namespace plan_tests
