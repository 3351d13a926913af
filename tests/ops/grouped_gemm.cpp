// SPDX-License-Identifier: MIT
// The grouped GEMM as an operation on the simulator: through the engine and by every shipped kernel, planned, explained,
// refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/grouped_gemm/grouped_gemm.hpp>

#include <limits>

#include "../host/fakes.hpp"
#include "../kernel/grouped_runs.hpp"
#include "grouped_gemm_sample.hpp"

namespace grouped_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using fakes::moved;

namespace {

using grouped_engine = engine_of<ops::grouped_gemm>;

/// All shipped kernels of groups.
std::span<const grouped_handle> grouped_kernels() { return instances::of<ops::grouped_gemm>(); }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const grouped_engine& engine, grouped_sample& sample, i64 expected_rows = 0,
                const grouped_options& options = {}) {
    const auto done = run_named(engine, sample.problem(expected_rows), options);
    return done ? sample.verdict() : done.failure().message;
}

grouped_engine engine_on_simulator() { return {grouped_kernels(), device_info::simulator()}; }

problem_shape random_shape(random_source& random) {
    return {i32(random.integer(1, 320)), i32(random.integer(1, 300)), i32(random.integer(1, 500))};
}

/// A problem at made-up addresses: 4 groups of A (256, 1024), B (512, 1024) and D (256, 512).
grouped_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const scaled_matrix a{row_major(static_cast<const e4m3*>(at(1)), 256, 1024),
                          per_token_scales(at(2), scale_kind::fp32, 256, 1024)},
        b{row_major(static_cast<const e4m3*>(at(3)), 512, 1024), per_block_scales(at(4), scale_kind::fp32, 512, 1024)};
    return {.a = dense_stack(a, 4),
            .b = dense_stack(b, 4),
            .d = dense_stack(row_major(static_cast<bf16*>(at(5)), 256, 512), 4),
            .counts = static_cast<const i32*>(at(6)),
            .expected_rows = 100};
}

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change, grouped_problem p = made_up()) {
    change(p);
    const auto found = checked<ops::grouped_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

/// The same problem of BF16.
grouped_problem made_up_half() {
    grouped_problem p = made_up();
    for (scaled_stack* operand : {&p.a, &p.b}) {
        operand->first = unscaled(operand->first.matrix);
        operand->first.matrix.type = dtype::bf16;
    }
    return p;
}

/// Calls body(what) for each kind of operands, with a name for it.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : grouped_sample::all_shipped()) {
        CAPTURE(name_of(what.a.type));
        body(what);
    }
}

/// The kernel that an H200 would get for a workload.
const config& chosen(const gemm_traits& what, i32 groups, i32 expected_rows, i32 n, i32 k) {
    const grouped_workload work{groups, {4096, n, k}, expected_rows, what.a, what.b};
    const auto best = choose(work, device_info::h200(), grouped_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

}  // namespace

TEST_CASE("grouped gemm: random ragged groups, each on the kernel that an H200 would get") {
    on_machines(6, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const grouped_engine engine(grouped_kernels(), device);
        for_each_kind([&](const gemm_traits& what) {
            const problem_shape shape = random_shape(random);
            grouped_sample sample(random, shape, random_counts(random, shape.m), what);
            sim::options own = machine;
            CHECK(run(engine, sample, random.integer(0, 2 * shape.m), {.stream = &own}) == "");
        });
    });
}

TEST_CASE("grouped gemm: every shipped kernel, whatever the hint says") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const grouped_engine engine = engine_on_simulator();
    for (const grouped_handle& kernel : grouped_kernels()) {
        const config& cfg = kernel.info.cfg;
        CAPTURE(to_source(cfg));
        grouped_sample sample(random, {cfg.block.m + 20, 2 * cfg.block.n + 8, 600}, {5, cfg.block.m + 9, 0, 64},
                              kernel.info.traits);
        for (const i64 expected : {0, 1, 5000}) {
            CHECK(run(engine, sample, expected, {.pin = cfg}) == "");
            sample.restore();
        }
    }
}

TEST_CASE("grouped gemm: counts out of range, empty groups in the middle, all empty") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const grouped_engine engine = engine_on_simulator();
    for (const std::vector<i32>& counts : {std::vector<i32>{-3, 70, 0, 200, -2147483647}, {0, 0, 0}, {70}, {0}}) {
        for_each_kind([&](const gemm_traits& what) {
            grouped_sample sample(random, {70, 200, 300}, counts, what);
            CHECK(run(engine, sample) == "");
        });
    }
}

TEST_CASE("grouped gemm: as docs/ops/grouped_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const problem_shape shape{40, 72, 500};
    grouped_sample sample(random, shape, {5, 0, 40});
    const auto& [slot, n, k] = shape;
    const grouped_problem here = sample.problem();
    const grouped_engine engine = engine_on_simulator();
    const i64 a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].row_stride, d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const e4m3*>(here.a.first.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.first.matrix.data);
    const void *const a_scales = here.a.first.scales.data, *const b_scales = here.b.first.scales.data;
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const counts = here.counts;
    // [call]
    // Of the first of 3 groups; dense_stack() says that the others follow without gaps.
    const scaled_matrix a{row_major(a_data, slot, k, a_pitch),                                    // (slot, k)
                          per_token_scales(a_scales, scale_kind::fp32, slot, k)},                 // 1 x 128, along rows
        b{row_major(b_data, n, k, b_pitch), per_block_scales(b_scales, scale_kind::fp32, n, k)};  // 128 x 128
    const output_matrix d = row_major(d_data, slot, n, d_pitch);                                  // (slot, n)
    const auto done = m_grouped_fp8_gemm_nt_masked(engine, dense_stack(a, 3), dense_stack(b, 3), dense_stack(d, 3),
                                                   counts,  // (3), in device memory
                                                   20);     // rows that a group usually has
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("grouped gemm: BF16 as docs/ops/grouped_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const problem_shape shape{40, 72, 500};
    grouped_sample sample(random, shape, {5, 0, 40}, grouped_sample::half());
    const auto& [slot, n, k] = shape;
    const grouped_problem here = sample.problem();
    const grouped_engine engine = engine_on_simulator();
    const i64 a_pitch = sample.a()[0].row_stride, b_pitch = sample.b()[0].row_stride, d_pitch = sample.d().pitch();
    const auto* const a_data = static_cast<const bf16*>(here.a.first.matrix.data);
    const auto* const b_data = static_cast<const bf16*>(here.b.first.matrix.data);
    auto* const d_data = sample.d().view<bf16>().data;
    const i32* const counts = here.counts;
    // [half]
    const input_matrix a = row_major(a_data, slot, k, a_pitch),  // (slot, k)
        b = row_major(b_data, n, k, b_pitch);                    // (n, k)
    const output_matrix d = row_major(d_data, slot, n, d_pitch);
    const auto done =
        m_grouped_bf16_gemm_nt_masked(engine, dense_stack(a, 3), dense_stack(b, 3), dense_stack(d, 3), counts, 20);
    // [half]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("grouped gemm: no K makes zeros of the rows that count, and of no others") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        grouped_sample sample(random, {70, 200, 0}, {3, 0, 70}, what);
        CHECK(run(engine_on_simulator(), sample) == "");
    });
}

TEST_CASE("grouped gemm: nothing to do needs no memory") {
    const grouped_engine engine = engine_on_simulator();
    for (const auto& [groups, m, n] : {std::tuple<i64, i64, i64>{0, 64, 64}, {3, 0, 64}, {3, 64, 0}}) {
        grouped_problem p = made_up();
        p.a.first.matrix.rows = p.d.first.rows = m;
        p.b.first.matrix.rows = p.d.first.columns = n;
        p.a.count = p.b.count = p.d.count = groups;
        p.counts = nullptr;
        p.a.first.matrix.data = p.b.first.matrix.data = p.d.first.data = nullptr;
        CHECK(engine.run(p));
        const auto plan = engine.plan(p);
        REQUIRE(plan);
        CHECK(plan->kernel() == nullptr);
        CHECK(plan->launch(p));
        CHECK(engine.supports(p));
    }
}

TEST_CASE("grouped gemm: matrices of a stack may lie row by row among each other, and apart") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 groups = 3, m = 70, n = 64;
    for_each_kind([&](const gemm_traits& what) {
        grouped_sample sample(random, {m, n, 300}, {70, 5, 0}, what);
        grouped_problem p = sample.problem();
        std::vector<bf16> mixed(std::size_t(m * groups * n), bf16{0xffff});  // (m, group, n)
        p.d = {row_major(mixed.data(), m, n, groups * n), groups, n};
        REQUIRE(run_named(engine_on_simulator(), p));
        const matrix_view<bf16> d = sample.d().view<bf16>();  // group behind group
        for (i64 g = 0; g < groups; ++g) {
            for (i64 row = 0; row < m; ++row) {
                for (i64 column = 0; column < n; ++column)
                    d(g * m + row, column) = mixed[std::size_t((row * groups + g) * n + column)];
            }
        }
        CHECK(sample.verdict() == "");
    });
}

TEST_CASE("grouped gemm: scales that are a column, as many words apart as a slot has rows, are taken as K-major ones") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 groups = 3, m = 70, k = 100;
    grouped_sample sample(random, {i32(m), 72, i32(k)}, {70, 5, 0});
    grouped_problem p = sample.problem();
    std::vector<u32> words(std::size_t(groups * m));  // (group, m, 1)
    for (i64 g = 0; g < groups; ++g) {
        const auto& from = sample.a()[g].scale;
        for (i64 row = 0; row < m; ++row)
            words[std::size_t(g * m + row)] = static_cast<const u32*>(from.words)[row * from.stride_mn];
    }
    p.a.first.scales = k_major_scales(words.data(), scale_kind::fp32, m, k);
    p.a.scale_stride = m;
    CHECK(workload_of(p).a.scales == major::k);
    const auto done = run_named(engine_on_simulator(), p);
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
    p.a.scale_stride = m + 2;  // TMA could load these
    CHECK(workload_of(p).a.scales == major::mn);
}

TEST_CASE("grouped gemm: dependent launches wait for the kernel that counts, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        grouped_sample sample(random, {140, 200, 300}, {3, 70, 0, 140}, what);
        CHECK(run(engine_on_simulator(), sample, 0, {.ready = {true, true}, .dependent_launch = true}) == "");
    });
}

TEST_CASE("grouped gemm: plans are made by the hint, explained, pinned and launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const grouped_engine engine = engine_on_simulator();
    grouped_sample sample(random, {300, 264, 300}, {3, 170, 0});
    const auto plan = engine.plan(sample.problem(20));
    REQUIRE(plan);
    const operand_info a = workload_of(sample.problem(20)).a;
    const auto takes_it = [&](const grouped_handle& kernel) {
        return kernel.info.traits.a == a && !kernel.info.traits.epilogue.any();
    };
    CHECK(i64(plan->ranked.size()) == std::ranges::count_if(grouped_kernels(), takes_it));
    CHECK(plan->workspace_bytes() == 0);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find(
              "3 groups of up to 300 rows, usually 20, n = 264, k = 300, A e4m3 scaled 1x128 by fp32, B e4m3 scaled "
              "128x128 by fp32, D bf16") == 0);
    CHECK(text.find(concat("predicted best of ", plan->ranked.size(), ": ", to_source(plan->kernel()->info.cfg))) !=
          std::string::npos);
    CHECK(plan->kernel()->info.cfg.block.m <= 64);
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
}

TEST_CASE("grouped gemm: few rows get few rows of tiles, many rows large tiles") {
    for_each_kind([](const gemm_traits& what) {
        CHECK(chosen(what, 32, 20, 7168, 3072).block.m <= 64);
        CHECK(chosen(what, 6, 20, 4096, 2048).block.m == 32);
        CHECK(chosen(what, 32, 60, 7168, 3072).block.m >= 64);
        CHECK(chosen(what, 6, 1024, 6144, 7168).block.m * chosen(what, 6, 1024, 6144, 7168).block.n >= 192 * 128);
        CHECK(chosen(what, 32, 192, 6144, 7168).block.m >= 128);
    });
    CHECK(chosen(grouped_sample::usual(), 6, 1024, 6144, 7168).block.m >= 192);
}

TEST_CASE("grouped gemm: an engine remembers by all that a plan depends on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const grouped_engine engine = engine_on_simulator();
    grouped_sample sample(random, {70, 40, 130}, {3, 70});
    for (const i64 expected : {1, 70, 1, 70, 0}) CHECK(engine.run(sample.problem(expected)));  // 0 is as 70
    CHECK(engine.planned() == 2);
    CHECK(hash_of(workload_of(sample.problem(1))) != hash_of(workload_of(sample.problem(70))));
}

TEST_CASE("grouped gemm: an engine alternates between FP8 and BF16 groups of one shape") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const grouped_engine engine = engine_on_simulator();
    grouped_sample fp8(random, {70, 40, 130}, {3, 0, 70}),
        half(random, {70, 40, 130}, {70, 2, 0}, grouped_sample::half());
    for (int i = 0; i < 3; ++i) {
        for (grouped_sample* sample : {&fp8, &half}) {
            sample->restore();
            CHECK(run(engine, *sample, 20) == "");
        }
    }
    CHECK(engine.planned() == 2);
    const auto plan = engine.plan(half.problem(20));
    REQUIRE(plan);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("3 groups of up to 70 rows, usually 20, n = 40, k = 130, A bf16 contiguous along K, B bf16 "
                    "contiguous along K, D bf16") == 0);
    CHECK(!plan->launch(fp8.problem(20)));
}

TEST_CASE("grouped gemm: operands without scales may be given as matrices that are written elsewhere") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    grouped_sample sample(random, {40, 72, 500}, {5, 0, 40}, grouped_sample::half());
    const grouped_problem p = sample.problem();
    const auto written = [](const scaled_stack& x) {
        const auto& [data, type, rows, columns, row_stride, column_stride] = x.first.matrix;
        return output_stack{
            {const_cast<void*>(data), type, rows, columns, row_stride, column_stride}, x.count, x.matrix_stride};
    };
    REQUIRE(m_grouped_bf16_gemm_nt_masked(engine_on_simulator(), written(p.a), written(p.b), p.d, p.counts));
    CHECK(sample.verdict() == "");
}

TEST_CASE("grouped gemm: what no kernel runs is said, with the kernel to instantiate") {
    const grouped_engine engine = engine_on_simulator();
    grouped_problem p = made_up();
    p.d = dense_stack(row_major(static_cast<float*>(p.d.first.data), 256, 512), 4);
    const auto missing = engine.supports(p);
    REQUIRE(!missing);
    CHECK(missing.failure().code == errc::no_kernel);
    const std::string wanted =
        "instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, operand<e4m3, "
        "scale::per_block<scale::fp32>>, store<float>, config{.block = {128, 128, 128}}, "
        "grouped<tile_shape{128, 128, 128}, cluster_shape{1, 1}, masked_groups>>";
    CHECK_MESSAGE(missing.failure().message.ends_with(wanted), missing.failure().message);
    CHECK(engine.supports(made_up()));
    CHECK(engine.supports(made_up_half()));
    p = made_up_half();
    p.d = dense_stack(row_major(static_cast<float*>(p.d.first.data), 256, 512), 4);
    const auto missing_half = engine.supports(p);
    REQUIRE(!missing_half);
    const std::string wanted_half =
        "instantiate gemm<arch::sm90, operand<bf16>, operand<bf16>, store<float>, config{.block = {128, 128, 64}, "
        ".sm90 = {.promote = promotion::never}}, grouped<tile_shape{128, 128, 64}, cluster_shape{1, 1}, "
        "masked_groups>>";
    CHECK_MESSAGE(missing_half.failure().message.ends_with(wanted_half), missing_half.failure().message);
}

TEST_CASE("grouped gemm: each named operation refuses the types of the others") {
    const grouped_engine engine = engine_on_simulator();
    grouped_problem p = made_up();
    p.a.first.matrix.type = dtype::bf16;
    const auto fp8 = m_grouped_fp8_gemm_nt_masked(engine, p.a, p.b, p.d, p.counts);
    REQUIRE(!fp8);
    CHECK(fp8.failure().code == errc::unsupported_type);
    CHECK(fp8.failure().message == "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    const auto half = [&](dtype a, dtype b) {
        input_stack left{p.a.first.matrix, 4, p.a.matrix_stride}, right{p.b.first.matrix, 4, p.b.matrix_stride};
        left.first.type = a, right.first.type = b;
        const auto done = m_grouped_bf16_gemm_nt_masked(engine, left, right, p.d, p.counts);
        REQUIRE(!done);
        CHECK(done.failure().code == errc::unsupported_type);
        return done.failure().message;
    };
    CHECK(half(dtype::e4m3, dtype::bf16) == "A is e4m3; a BF16 GEMM takes bf16");
    CHECK(half(dtype::bf16, dtype::f16) == "B is f16; a BF16 GEMM takes bf16");
    CHECK(half(dtype::f32, dtype::f32) == "A is f32; a BF16 GEMM takes bf16");
}

TEST_CASE("grouped gemm: a kernel of groups is none for single products") {
    const gemm_info& info = grouped_kernels()[0].info;
    CHECK(std::string(ops::gemm::why_not(info.traits, gemm_workload{})) == "it computes groups of products");
    gemm_traits dense = info.traits;
    dense.groups = grouping::none;
    CHECK(std::string(ops::grouped_gemm::why_not(dense, grouped_workload{})) == "its groups have no slots of rows");
}

TEST_CASE("grouped gemm: every rule broken once") {
    using p_ = grouped_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_& p) { p.a.count = -1; }) ==
          "bad_extent: the number of groups is -1; it must be from 0 to 2147479552");
    CHECK(refused([](p_& p) { p.b.count = 3; }) ==
          "shape_mismatch: A has 4 matrices, B 3 and D 4; each must have one for every group");
    CHECK(refused([](p_& p) { p.d.count = 5; }) ==
          "shape_mismatch: A has 4 matrices, B 4 and D 5; each must have one for every group");
    CHECK(refused([](p_& p) { p.expected_rows = -1; }) ==
          "bad_option: expected_rows is -1; it must be 0, which says nothing, or the rows that a group usually has");
    CHECK(refused([](p_& p) { p.d.first.rows = 255; }) ==
          "shape_mismatch: D is 255 x 512; A with 256 rows and B with 512 rows need 256 x 512");
    CHECK(refused([](p_& p) { p.a.count = p.b.count = p.d.count = i64(1) << 26; }) ==
          "bad_extent: 67108864 groups of 256 x 512 have more than 2147483647 tiles of 8 x 8; tiles are counted in 31 "
          "bits");
    CHECK(
        refused([](p_& p) { p.a.matrix_stride = 256 * 1024 - 1; }) ==
        "bad_layout: A has matrix stride 262143; its 4 matrices must lie apart, which takes at least 262144 elements");
    CHECK(refused([](p_& p) { p.b.matrix_stride = 0; }) ==
          "bad_layout: B has matrix stride 0; its 4 matrices must lie apart, which takes at least 524288 elements");
    CHECK(refused([](p_& p) { p.d.matrix_stride = -512; }) ==
          "bad_layout: D has matrix stride -512; its 4 matrices must lie apart, which takes at least 131072 elements");
    // 2^80 elements are more than 64 bits count; no rule lets what they do count pass.
    static_assert(
        dense_stack(row_major(static_cast<const e4m3*>(nullptr), i64(1) << 40, 16, i64(1) << 40), 2).matrix_stride ==
        std::numeric_limits<i64>::max());
    CHECK(refused([](p_& p) { p.a.matrix_stride += 8; }) ==
          "misaligned: A has matrix stride 262152; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    CHECK(refused([](p_& p) { p.d.matrix_stride = i64(1) << 39; }) ==
          "bad_layout: D has matrix stride 549755813888; TMA takes less than 2^40 bytes");
    CHECK(
        refused([](p_& p) { p.a.scale_stride += 2; }) ==
        "bad_scales: the scales of A have matrix stride 2050; TMA needs a multiple of 4 words, less than 2^38 of them");
    CHECK(refused([](p_& p) { p.b.scale_stride = -1; }) ==
          "bad_scales: the scales of B have matrix stride -1; it must not be negative");
    CHECK(refused([](p_& p) { p.counts = nullptr; }) == "null_pointer: the counts have no data: their pointer is null");
    CHECK(refused([&](p_& p) { p.counts = reinterpret_cast<const i32*>(moved(p.counts, 2)); }) ==
          "misaligned: the counts start 2 bytes past a multiple of 4; they are 4-byte integers");
    CHECK(refused([&](p_& p) { p.counts = reinterpret_cast<const i32*>(moved(p.d.first.data, 2 * 256 * 512)); }) ==
          "bad_alias: D overlaps the counts in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.a.first.matrix.data = moved(p.d.first.data, 2 * 3 * 256 * 512); }) ==
          "bad_alias: D overlaps A in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.b.first.scales.data = moved(p.d.first.data, 64); }) ==
          "bad_alias: D overlaps the scales of B in memory; the result would be undefined");
    CHECK(refused([](p_& p) {
              p.a.first.scales.tile = {128, 128};
          }) == "bad_scales: a scale of A covers 128 x 128 elements; it must cover 1 x 128 (rows x K)");
    CHECK(refused([](p_& p) { p.b.matrix_stride += 4; }, made_up_half()) ==
          "misaligned: B has matrix stride 524292; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(refused([](p_&) {}, made_up_half()) == "");
    // One group needs no strides, and scales of blocks may lie anywhere, even be shared.
    CHECK(refused([](p_& p) {
              p.a.count = p.b.count = p.d.count = 1;
              p.a.matrix_stride = p.b.matrix_stride = p.d.matrix_stride = p.a.scale_stride = -7;
          }) == "");
    CHECK(refused([](p_& p) { p.b.scale_stride = 0; }) == "");
}

TEST_CASE("grouped gemm: what a product asks of any kernel") {
    const grouped_workload work = workload_of(made_up());  // 4 groups of usually 100 rows
    const double weights = 4 * (512 * 1024 + 4 * 8 * 4), row = 1024 + 8 * 4 + 2 * 512;
    CHECK(demand_of(work).flops == 2.0 * 400 * 512 * 1024);
    CHECK(demand_of(work).bytes == weights + 400 * row);
    CHECK(demand_of(work, 7).flops == 2.0 * 7 * 512 * 1024);
    CHECK(demand_of(work, 7).bytes == weights + 7 * row);
    CHECK(demand_of(workload_of(made_up_half())).bytes == 2 * (4.0 * 512 * 1024 + 400 * (1024 + 512)));
}

TEST_CASE("grouped gemm: a workload is checked as a problem is") {
    grouped_workload work = workload_of(made_up());
    CHECK(work.groups == 4);
    CHECK(work.expected_rows == 100);
    CHECK(validate(work));
    work.groups = -1;
    CHECK(validate(work).failure().message == "the number of groups is -1; it must be from 0 to 2147479552");
    work.groups = 1048575;  // 32 x 64 tiles each
    CHECK(validate(work));
    work.groups = 1048576;
    CHECK(validate(work).failure().message ==
          "1048576 groups of 256 x 512 have more than 2147483647 tiles of 8 x 8; tiles are counted in 31 bits");
    work.shape = {2147479552, 2147479552, 128};
    work.groups = 1;
    CHECK(!validate(work));
    work.shape = {256, 512, 1024};
    work.groups = 4;
    work.shape.k = -5;
    CHECK(validate(work).failure().message == "K is -5; it must be from 0 to 2147479552");
}

}  // namespace grouped_gemm_tests
