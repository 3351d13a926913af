// SPDX-License-Identifier: MIT
// The contiguous grouped GEMM as an operation on the simulator: through the engine and by every shipped kernel.
#include <tuple>
#include <vector>

#include "../kernel/machines.hpp"
#include "contiguous_gemm_calls.hpp"

namespace contiguous_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using namespace deepgemm::test::contiguous_calls;

TEST_CASE("contiguous gemm: random ragged groups, each on the kernel that an H200 would get") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const contiguous_engine engine(contiguous_kernels(), device);
        for_each_kind([&](const gemm_traits& what) {
            const i32 n = i32(random.integer(1, 300)), k = i32(random.integer(1, 500));
            contiguous_sample sample(random, n, k, random_groups(random, 320), what);
            if (sample.rows() == 0) return;
            sim::options own = machine;
            CHECK(run(engine, sample, random.integer(0, 400), {.stream = &own}) == "");
        });
    });
}

TEST_CASE("contiguous gemm: every shipped kernel, whatever the hint says") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_handle& kernel : contiguous_kernels()) {
        const config& cfg = kernel.info.cfg;
        CAPTURE(to_source(kernel.info));
        const group_rows rows{.counts = {5, cfg.block.m + 9, 0, 64, 3}, .alignment = 1, .more = 5};
        contiguous_sample sample(random, 2 * cfg.block.n + 8, 600, rows, kernel.info.traits);
        const i64 hints[] = {0, 1, 5000};
        CHECK(run(engine, sample, hints[random.integer(0, 2)], {.pin = cfg}) == "");
    }
}

TEST_CASE("contiguous gemm: empty groups at both ends and in the middle, all empty, one, hundreds") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    std::vector<i32> many(300);
    for (i32& count : many) count = i32(random.integer(0, 2));
    many[7] = 260;
    std::vector<i32> uneven(40, 0);
    uneven.front() = 4001;
    uneven.back() = 224;
    for (const auto& counts : {std::vector<i32>{0, 70, 0, 0, 200, 0}, {0, 0, 0}, {70}, {0}, many, uneven}) {
        for_each_kind([&](const gemm_traits& what) {
            const bool large = counts.size() > 10;
            contiguous_sample sample(random, large ? 16 : 200, large ? 130 : 300, {counts, 1, 3}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("contiguous gemm: every alignment that is usual") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const i32 alignment : {128, 64, 32, 16, 8, 4, 1}) {
        CAPTURE(alignment);
        for_each_kind([&](const gemm_traits& what) {
            contiguous_sample sample(random, 72, 136, {{130, 0, 1, 63, 257}, alignment, 0, true}, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("contiguous gemm: as docs/ops/contiguous_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 n = 72, k = 500;
    const group_rows rows{.counts = {5, 0, 40}, .alignment = 8};
    contiguous_sample sample(random, n, k, rows, contiguous_sample::usual(grouping::psum));
    const contiguous_problem here = sample.problem();
    const contiguous_engine engine = engine_on_simulator();
    const i64 m = sample.rows(), a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].row_stride,
              d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.first.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.first.scales.data;
    const i64 a_stride = here.a.scales.column_stride;
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const ends = here.groups.data;
    // [call]
    const scaled_matrix a{row_major(a_data, m, k, a_pitch),                               // (m, k), rows of all groups
                          per_token_scales(a_scales, scale_kind::fp32, m, k, a_stride)},  // 1 x 128, along rows
        b{row_major(b_data, n, k, b_pitch),                                               // (n, k), of the first group
          per_block_scales(b_scales, scale_kind::fp32, n, k)};                            // 128 x 128
    const output_matrix d = row_major(d_data, m, n, d_pitch);                             // (m, n)
    const auto done = m_grouped_fp8_gemm_nt_contiguous(engine, a, dense_stack(b, 3), d,
                                                       groups_by_end(ends, 8));  // (3), in device memory; every group
                                                                                 // starts at a multiple of 8 rows
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("contiguous gemm: BF16 by row, as docs/ops/contiguous_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 n = 72, k = 500;
    contiguous_sample sample(random, n, k, {.counts = {5, 0, 40}},
                             contiguous_sample::half(grouping::indexed, major::mn));
    const contiguous_problem here = sample.problem();
    const contiguous_engine engine = engine_on_simulator();
    const i64 m = sample.rows(), a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].k_stride,
              d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const bf16*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const bf16*>(here.b.first.matrix.data);
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const of_row = here.groups.data;
    // [half]
    const input_matrix a = row_major(a_data, m, k, a_pitch),  // (m, k)
        b = row_major(b_data, k, n, b_pitch);                 // (k, n), of the first group
    const output_matrix d = row_major(d_data, m, n, d_pitch);
    const auto done = m_grouped_bf16_gemm_nn_contiguous(engine, a, dense_stack(b, 3), d,
                                                        groups_by_row(of_row, 1));  // (m): a group, or -1
    // [half]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("contiguous gemm: no K makes zeros of the rows of groups") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, 200, 0, {{3, 0, 70}, 8, 5}, what);
        if (what.scattered) {
            CHECK(run(engine_on_simulator(), sample) == "K is 0; if rows of D are scattered it must be positive");
            return;
        }
        CHECK(run(engine_on_simulator(), sample) == "");
    });
}

TEST_CASE("contiguous gemm: nothing to do needs no memory") {
    const contiguous_engine engine = engine_on_simulator();
    for (const auto& [groups, m, n] : {std::tuple<i64, i64, i64>{0, 64, 64}, {3, 0, 64}, {3, 64, 0}}) {
        for (contiguous_problem p : {made_up(), made_up_by_row()}) {
            p.a.matrix.rows = p.d.rows = m;
            p.b.first.matrix.rows = p.d.columns = n;
            p.b.count = groups;
            p.groups.data = nullptr;
            p.a.matrix.data = p.b.first.matrix.data = p.d.data = nullptr;
            CHECK(engine.run(p));
            const auto plan = engine.plan(p);
            REQUIRE(plan);
            CHECK(plan->kernel() == nullptr);
            CHECK(plan->launch(p));
            CHECK(engine.supports(p));
        }
    }
}

TEST_CASE(
    "contiguous gemm: by row, tiles of 64 rows take more groups than a table holds, and taller ones up to as many") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for_each_kind([&](const gemm_traits& what) {
        if (what.groups != grouping::indexed) return;
        const operand_info& b = what.b;
        CAPTURE(b.type);
        for (const i32 more : {0, 1}) {
            std::vector<i32> counts(std::size_t(row_groups::most_tabled + more), 1);
            counts[1] = 0;
            counts.back() = 90;
            contiguous_sample sample(random, 16, 128, {counts, 1, 1}, what);
            const auto plan = engine.plan(sample.problem());
            REQUIRE_MESSAGE(plan, (plan ? "" : plan.failure().message));
            const contiguous_handle* tall = nullptr;  // of those that take the operands
            for (const contiguous_handle& kernel : contiguous_kernels()) {
                if (kernel.info.cfg.block.m <= 64 || ops::contiguous_gemm::why_not(kernel.info.traits, plan->work))
                    continue;
                const char* const why = ops::contiguous_gemm::why_not(kernel.info.cfg, plan->work);
                CHECK((why == nullptr) == (more == 0));
                tall = &kernel;
            }
            for (const auto& candidate : plan->ranked) CHECK((more == 0 || candidate.kernel->info.cfg.block.m <= 64));
            CHECK(run(engine, sample) == "");
            if (tall == nullptr) continue;
            const auto pinned = run_named(engine, sample.problem(), {.pin = tall->info.cfg});
            CHECK(bool(pinned) == (more == 0));
            if (more == 0) {
                CHECK(sample.verdict() == "");
            } else {
                CHECK_MESSAGE(pinned.failure().message.find("it takes up to 256 groups by the group of each row") !=
                                  std::string::npos,
                              pinned.failure().message);
            }
        }
    });
}

TEST_CASE("contiguous gemm: matrices of B may lie row by row among each other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 groups = 3, n = 64, k = 304;
    for (const grouping by : {grouping::psum, grouping::indexed}) {
        contiguous_sample sample(random, n, k, {{70, 0, 5}, 1, 2}, contiguous_sample::half(by));
        contiguous_problem p = sample.problem();
        std::vector<bf16> mixed(std::size_t(n * groups * k));  // (n, group, k)
        for (i64 g = 0; g < groups; ++g) {
            for (i64 row = 0; row < n; ++row) {
                const auto* const from = static_cast<const bf16*>(sample.b()[g].data) + row * sample.b()[g].row_stride;
                std::copy_n(from, k, mixed.begin() + (row * groups + g) * k);
            }
        }
        p.b = unscaled(input_stack{row_major(std::as_const(mixed).data(), n, k, groups * k), groups, k});
        REQUIRE(run_named(engine_on_simulator(), p));
        CHECK(sample.verdict() == "");
    }
}

TEST_CASE("contiguous gemm: dependent launches wait for the kernel that makes the list, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        contiguous_sample sample(random, 200, 300, {{3, 70, 0, 140}, 1, 9}, what);
        CHECK(run(engine_on_simulator(), sample, 0, {.ready = {true, true}, .dependent_launch = true}) == "");
    });
}

}  // namespace contiguous_gemm_tests
