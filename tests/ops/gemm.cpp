// SPDX-License-Identifier: MIT
// The dense GEMM as an operation on the simulator: through the engine over all shipped kernels, planned, explained, pinned. Its
// rules, each broken once, are in tests/host/validate.cpp; its kernels, each alone, in tests/kernel.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>

#include <doctest/doctest.h>

#include "gemm_sample.hpp"

namespace gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using gemm_engine = engine_of<ops::gemm>;

std::span<const gemm_handle> gemm_kernels() { return instances::of<ops::gemm>(); }

gemm_engine engine_on_simulator() { return {gemm_kernels(), device_info::simulator()}; }

/// Runs samples through the named operation of their types.
struct runner {
    const gemm_engine& engine;
    int served = 0;  ///< samples that a kernel took: a selection of the kernels need not take every kind

    /// "", the error or what is wrong.
    std::string operator()(gemm_sample& sample, const gemm_options& options = {}) {
        const auto done = run_named(engine, sample.problem(), options);
        if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return "";
        ++served;
        return done ? sample.verdict() : done.failure().message;
    }
};

/// A kind of product that is shipped: FP8 scaled along K or at the end, BF16 or FP16.
gemm_info random_shipped_kind(random_source& random) {
    const i64 type = random.integer(0, 5);
    if (type >= 4) return random_end_kind(random);
    return type < 2 ? random_kind(random) : random_half_kind(random, type == 2 ? dtype::bf16 : dtype::f16);
}

/// FP8 as weights are stored: A scaled by token, B by block, D in BF16.
gemm_info usual() {
    gemm_info made;
    made.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
    made.traits.b = {dtype::e4m3, scale_kind::fp32, {128, 128}};
    return made;
}

}  // namespace

TEST_CASE("gemm: every kind of problem, with and without K, rows and columns") {
    const gemm_engine engine = engine_on_simulator();
    runner run{engine};
    for (const scale_kind format : {scale_kind::fp32, scale_kind::ue8m0}) {
        for (const int tile : {1, 128}) {
            for (const dtype d : {dtype::bf16, dtype::f32}) {
                for (const bool accumulate : {false, true}) {
                    gemm_info kind;
                    kind.traits.a = {dtype::e4m3, format, {1, 128}};
                    kind.traits.b = {dtype::e4m3, format, {tile, 128}};
                    kind.traits.d = d;
                    kind.traits.accumulate = accumulate;
                    for (const problem_shape shape : {problem_shape{40, 30, 0},
                                                      {1, 1, 0},
                                                      {1, 1, 1},
                                                      {1, 300, 700},
                                                      {200, 1, 130},
                                                      {0, 30, 40},
                                                      {30, 0, 40},
                                                      {0, 0, 0}}) {
                        for (const bool in_place : {false, true}) {
                            gemm_sample sample(kind, shape, 31, numbers::exact, {.c_is_d = in_place});
                            CHECK_MESSAGE(run(sample) == "", describe(kind, shape, 31));
                        }
                    }
                }
            }
        }
    }
    CHECK(run.served >= 256 / DEEPGEMM_TEST_SAMPLE);
}

TEST_CASE("gemm: random problems of all types, each on the kernel that the planner of an H200 would choose") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    device_info device = device_info::h200();
    device.sm_count = device_info::simulator().sm_count;
    const gemm_engine engine(gemm_kernels(), device);
    runner run{engine};
    for (int i = 0; i < 200; ++i) {
        const gemm_info kind = random_shipped_kind(random);
        const problem_shape shape{random_extent(random, 500), random_extent(random, 500), random_extent(random, 1500)};
        const numbers data = random.integer(0, 2) == 0 ? numbers::normal : numbers::exact;
        const u64 seed = random.bits();
        gemm_sample sample(kind, shape, seed, data, random_placement(random, kind));
        CHECK_MESSAGE(run(sample) == "", describe(kind, shape, seed));
    }
    CHECK(run.served >= 200 / DEEPGEMM_TEST_SAMPLE);
}

TEST_CASE("gemm: as docs/ops/gemm.md shows it") {
    constexpr i64 m = 40, n = 72, k = 500;
    gemm_info kind = usual();
    kind.traits.b.tile = {1, 128};
    kind.traits.d = dtype::f32;
    kind.traits.accumulate = true;
    gemm_sample sample(kind, {m, n, k}, fresh_seed());
    const gemm_problem here = sample.problem();
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.scales.data;
    const auto* const c_data = static_cast<const float*>(here.c->data);
    auto* const d_data = static_cast<float*>(here.d.data);
    const i64 a_pitch = here.a.matrix.row_stride, b_pitch = here.b.matrix.row_stride, c_pitch = here.c->row_stride,
              d_pitch = here.d.row_stride;
    const gemm_engine engine = engine_on_simulator();
    // [call]
    const scaled_matrix a{row_major(a_data, m, k, a_pitch),                     // (m, k)
                          per_token_scales(a_scales, scale_kind::fp32, m, k)},  // 1 x 128, along rows
        b{row_major(b_data, n, k, b_pitch),                                     // (n, k)
          per_token_scales(b_scales, scale_kind::fp32, n, k)};                  // 1 x 128, along rows
    const output_matrix d = row_major(d_data, m, n, d_pitch);                   // (m, n)
    const input_matrix c = row_major(c_data, m, n, c_pitch);                    // (m, n), or D itself
    const auto done = fp8_gemm_nt(engine, a, b, d, {.c = c});                   // without .c nothing is added
    // [call]
    if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("gemm: FP8 with scales that hold for all of K, or without, on every side and promoted or not") {
    const gemm_engine engine = engine_on_simulator();
    runner run{engine};
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr operand_info sides[] = {
        {.tile = {1, scale_tile::all}}, {.tile = {scale_tile::all, scale_tile::all}}, {.format = scale_kind::none}};
    for (const operand_info& a : sides) {
        for (const operand_info& b : sides) {
            for (const bool promoted : {false, true}) {
                for (const problem_shape shape :
                     {problem_shape{1, 300, 700}, {200, 40, 130}, {33, 30, 0}, {0, 8, 40}}) {
                    gemm_info kind;
                    kind.traits.a = a;
                    kind.traits.b = b;
                    kind.traits.promoted = promoted;
                    const u64 seed = random.bits();
                    gemm_sample sample(kind, shape, seed, numbers::exact, {.a_pad = 16, .d_pad = 8});
                    CHECK_MESSAGE(run(sample) == "", describe(kind, shape, seed));
                    gemm_sample rounded(kind, shape, seed, numbers::normal);
                    CHECK_MESSAGE(run(rounded) == "", describe(kind, shape, seed));
                }
            }
        }
    }
    CHECK(run.served >= 144 / DEEPGEMM_TEST_SAMPLE);
}

TEST_CASE("gemm: dynamic quantisation as docs/ops/gemm.md shows it") {
    constexpr i64 m = 40, n = 72, k = 500;
    gemm_info kind;
    kind.traits.a.tile = {1, scale_tile::all};
    kind.traits.b.tile = {scale_tile::all, scale_tile::all};
    gemm_sample sample(kind, {m, n, k}, fresh_seed());
    const gemm_problem here = sample.problem();
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scale = here.b.scales.data;
    const i64 a_pitch = here.a.matrix.row_stride, b_pitch = here.b.matrix.row_stride;
    const output_matrix d = here.d;
    const gemm_engine engine = engine_on_simulator();
    // [end_scales]
    const scaled_matrix a{row_major(a_data, m, k, a_pitch), per_row_scales(a_scales, m)},  // a float for each token
        b{row_major(b_data, n, k, b_pitch), per_tensor_scale(b_scale)};                    // one float on the device
    const auto done = fp8_gemm_nt(engine, a, b, d);                                        // summed by the tensor core
    const auto promoted = fp8_gemm_nt(engine, a, b, d, {.promoted = true});                // each 128 of K in FP32
    // [end_scales]
    if (DEEPGEMM_TEST_SAMPLE > 1 && (!done || !promoted)) return;
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK_MESSAGE(promoted, (promoted ? "" : promoted.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("gemm: plans are explained, pinned and launched") {
    const gemm_engine engine = engine_on_simulator();
    gemm_sample sample(usual(), {70, 264, 300}, fresh_seed());
    const auto plan = engine.plan(sample.problem());
    if (DEEPGEMM_TEST_SAMPLE > 1 && !plan) return;
    REQUIRE(plan);
    CHECK(plan->workspace_bytes() == 0);
    CHECK(
        explain(*plan).starts_with("m = 70, n = 264, k = 300, A e4m3 scaled 1x128 by fp32, B e4m3 scaled 128x128 by "
                                   "fp32, D bf16"));
    REQUIRE(plan->launch(sample.problem()));
    CHECK(sample.verdict() == "");
    gemm_sample larger(usual(), {71, 264, 300}, fresh_seed());
    const auto other = plan->launch(larger.problem());
    REQUIRE(!other);
    CHECK(other.failure().code == errc::shape_mismatch);

    runner run{engine};
    for (const auto& ranked : plan->ranked) {  // every kernel that can, by its configuration
        const config& cfg = ranked.kernel->info.cfg;
        CAPTURE(to_source(cfg));
        const auto pinned = engine.plan(sample.problem(), {.pin = cfg});
        REQUIRE(pinned);
        CHECK(pinned->chosen_by == choice::pinned);
        CHECK(pinned->kernel()->info.cfg == cfg);
        sample.restore();
        CHECK(run(sample, {.pin = cfg}) == "");
    }
}

TEST_CASE("gemm: what a product asks of any kernel") {
    gemm_info kind = usual();
    gemm_sample fp8(kind, {40, 300, 500}, 1);
    const demand plain = demand_of(workload_of(fp8.problem()));
    CHECK(plain.flops == 2.0 * 40 * 300 * 500);
    CHECK(plain.bytes == 40 * 500 + 40 * 4 * 4 + 300 * 500 + 3 * 4 * 4 + 40 * 300 * 2);  // A, scales, B, scales, D
    kind.traits.a.format = kind.traits.b.format = scale_kind::ue8m0;                     // a word for 512 of K
    kind.traits.b.tile.mn = 1;
    kind.traits.d = dtype::f32;
    kind.traits.accumulate = true;
    gemm_sample added(kind, {40, 300, 600}, 1);
    CHECK(demand_of(workload_of(added.problem())).bytes ==
          40 * 600 + 40 * 2 * 4 + 300 * 600 + 300 * 2 * 4 + 40 * 300 * 4 * 2);
    gemm_info half;
    half.traits.a = half.traits.b = {dtype::bf16, scale_kind::none, {}, major::mn};
    gemm_sample wide(half, {8, 16, 24}, 1);
    CHECK(demand_of(workload_of(wide.problem())).bytes == 2 * (8 * 24 + 16 * 24 + 8 * 16));
}

}  // namespace gemm_tests
