// SPDX-License-Identifier: MIT
// Epilogues through operations on the simulator: every kind that is shipped, planned by its steps, with values for each; what is
// remembered, refused and said. Chains of a caller's own types are in tests/kernel, what each step does in tests/kernel/steps.cpp.
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/schedule/grouped.cuh>

#include <doctest/doctest.h>

#include "contiguous_gemm_sample.hpp"
#include "gemm_sample.hpp"
#include "grouped_gemm_sample.hpp"

namespace epilogue_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// The kinds of kernels of operation `O` for a device that have steps, each once.
template <class O>
std::vector<gemm_traits> kinds(const device_info& device = device_info::simulator()) {
    std::vector<gemm_traits> found;
    for (const kernel_handle<O>& kernel : instances::of<O>()) {
        const gemm_traits& what = kernel.info.traits;
        if (!runs_on(kernel.info.launch, device)) continue;
        if (what.epilogue.any() && std::find(found.begin(), found.end(), what) == found.end()) found.push_back(what);
    }
    return found;
}

engine engine_on_simulator(const device_info& device = device_info::simulator()) {
    engine made(device);
    made.with(instances::of<ops::gemm>());
    made.with(instances::of<ops::grouped_gemm>());
    made.with(instances::of<ops::contiguous_gemm>());
    return made;
}

/// "", the error, or what is wrong with the results.
template <class Sample>
std::string run(const engine& on, Sample& sample) {
    const auto done = run_named(on, sample.problem());
    return done ? sample.verdict() : done.failure().message;
}

gemm_info kind_of(const gemm_traits& what) {
    gemm_info made;
    made.traits = what;
    return made;
}

constexpr gemm_traits fp8_to(dtype d, const epilogue_info& epilogue) {
    return {.a = {dtype::e4m3, scale_kind::fp32, {1, 128}},
            .b = {dtype::e4m3, scale_kind::fp32, {128, 128}},
            .d = d,
            .epilogue = epilogue};
}

}  // namespace

TEST_CASE("epilogues: every shipped kind, through the named operations") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const device_info& device : {device_info::simulator(), device_info::simulated_blackwell()}) {
        const engine on = engine_on_simulator(device);
        for (const gemm_traits& what : kinds<ops::gemm>(device)) {
            for (const numbers data : {numbers::exact, numbers::normal}) {
                const gemm_info kind = kind_of(what);
                const problem_shape shape =
                    shape_for(kind, random_extent(random, 300), random_extent(random, 400), random_extent(random, 700));
                const u64 seed = random.bits();
                gemm_sample sample(kind, shape, seed, data, random_placement(random, kind));
                CHECK_MESSAGE(run(on, sample) == "", describe(kind, shape, seed));
            }
        }
    }
    const engine on = engine_on_simulator();
    for (const gemm_traits& what : kinds<ops::grouped_gemm>()) {
        CAPTURE(epilogue_source(what));
        grouped_sample sample(random, {70, 300, 400}, random_counts(random, 70), what);
        CHECK(run(on, sample) == "");
        grouped_sample no_k(random, {70, 300, 0}, {70, 0, 3}, what);
        CHECK(run(on, no_k) == "");
    }
    for (const gemm_traits& what : kinds<ops::contiguous_gemm>()) {
        CAPTURE(epilogue_source(what));
        contiguous_sample sample(random, 300, 400, random_groups(random, 150), what);
        CHECK(run(on, sample) == "");
        contiguous_sample no_k(random, 300, 0, {{70, 0, 3}, 1, 5}, what);
        CHECK(run(on, no_k) == "");
    }
}

TEST_CASE("epilogues: as docs/concepts/epilogue.md shows them") {
    random_source random(fresh_seed());
    const gemm_traits what = [] {
        gemm_traits made = fp8_to(dtype::e4m3, {.activation = activation_kind::swiglu, .cast = {128}});
        made.groups = grouping::psum;
        return made;
    }();
    contiguous_sample sample(random, 288, 256, {{70, 0, 5}, 1, 2}, what);
    const contiguous_problem here = sample.problem();
    const engine engine = engine_on_simulator();
    const scaled_matrix& x = here.a;
    const scaled_stack& w1 = here.b;
    const output_matrix& h = here.d;
    const i32* const ends = here.groups.data;
    std::vector<float> scales(2 * 80);
    float* const h_scales = scales.data();
    const i64 stride = 80;
    // [call]
    grouped_options options;
    options.epilogue.activation =
        activation_kind::swiglu;  // rows of B: eight of the gate, eight of the up-projection, and so on
    options.epilogue.swiglu.clamp = 10;
    options.epilogue.cast = cast_argument{{h_scales, 1, stride}};  // 1 x 128 in FP32, as the next product reads its A
    const auto done = m_grouped_fp8_gemm_nt_contiguous(engine, x, w1, h, groups_by_end(ends, 1), options);
    // [call]
    if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    for (int row = 0; row < 75; ++row) CHECK((scales[std::size_t(row)] > 0 && scales[std::size_t(80 + row)] > 0));
}

TEST_CASE("epilogues: samples notice what is wrong") {
    const gemm_info kind = kind_of(fp8_to(dtype::e4m3, {.activation = activation_kind::swiglu, .cast = {128}}));
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    // The results are made here, so that no kernel is needed.
    gemm_sample sample(kind, {3, 288, 40}, 5);
    const epilogue_argument made = sample.problem().epilogue;
    const auto d = sample.d().view<e4m3>();
    const auto ought = sample.steps().after(sample.expected(), 0, 0, 0, 0);
    auto* const scales = static_cast<float*>(made.cast->scales.data);
    const auto scale = [&](i64 row, i64 group) -> float& {
        return scales[row * made.cast->scales.stride_mn + group * made.cast->scales.stride_k];
    };
    for (i64 row = 0; row < 3; ++row) {
        for (i64 group = 0; group < 2; ++group) {
            double largest = 1e-4;
            for (i64 j = group * 128; j < min(i64(144), (group + 1) * 128); ++j)
                largest = std::fmax(largest, std::fabs(ought.value(row, j)));
            scale(row, group) = float(largest / 448);
            for (i64 j = group * 128; j < min(i64(144), (group + 1) * 128); ++j)
                d(row, j) = e4m3::from_float(float(ought.value(row, j) / scale(row, group)));
        }
    }
    CHECK(sample.verdict() == "");
    const e4m3 right = d(1, 130);
    d(1, 130) = e4m3(u8(right.bits ^ 0x08));  // twice or half as large
    CHECK(sample.verdict().find("row 1, column 130") == 0);
    d(1, 130) = right;
    scale(2, 0) *= 1.01f;
    CHECK(sample.verdict().find("row 2, columns from 0 on: the scale is") == 0);
    scale(2, 0) /= 1.01f;
    scales[3 * made.cast->scales.stride_mn] = 1;  // there are three rows
    CHECK(sample.verdict().find("the scales of row 3") == 0);
}

TEST_CASE("epilogues: an engine remembers products of other steps apart, and plans say them") {
    random_source random(fresh_seed());
    const engine on = engine_on_simulator();
    const gemm_info plain = kind_of(fp8_to(dtype::bf16, {})), scaled = kind_of(fp8_to(dtype::bf16, {.alpha = true}));
    gemm_sample without(plain, {70, 264, 300}, 1), with(scaled, {70, 264, 300}, 1);
    CHECK(hash_of(workload_of(without.problem())) != hash_of(workload_of(with.problem())));
    const auto plan = on.plan(with.problem());
    const auto other = on.plan(without.problem());
    if (DEEPGEMM_TEST_SAMPLE > 1 && (!plan || !other)) return;
    REQUIRE(plan);
    REQUIRE(other);
    for (int i = 0; i < 2; ++i) {
        with.restore(), without.restore();
        CHECK(run(on, with) == "");
        CHECK(run(on, without) == "");
    }
    CHECK(explain(*plan).find("D bf16, times alpha") != std::string::npos);
    CHECK(to_source(plan->kernel()->info).find("then<alpha, store<bf16>>") != std::string::npos);
    CHECK(plan->kernel()->info.traits.epilogue.alpha);
    CHECK(!other->kernel()->info.traits.epilogue.any());
}

TEST_CASE("epilogues: a kernel that is not there is named") {
    const engine on = engine_on_simulator();
    const gemm_info rare = kind_of(fp8_to(
        dtype::bf16, {.alpha = true, .bias = true, .bias_type = dtype::f16, .activation = activation_kind::gelu_tanh}));
    gemm_sample sample(rare, {70, 264, 300}, 1);
    const auto plan = on.plan(sample.problem());
    REQUIRE(!plan);
    CHECK(plan.failure().code == errc::no_kernel);
    CHECK(plan.failure().message.find("then<alpha, bias<f16>, gelu_tanh, store<bf16>>") != std::string::npos);
}

/// Kernels that are named where none is there: with all columns under a scale of D in one tile behind a gate.
using named_fp8 =
    gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, operand<e4m3, scale::per_block<scale::fp32>>,
         then<swiglu<>, cast_to_fp8<128, scale::cast_scales::packed, float, e4m3>>,
         config{.block = {128, 256, 128}, .sm90 = {.column_parts = 2}}>;
using named_half = gemm<arch::sm90, operand<bf16>, operand<bf16>,
                        then<bias<f16>, swiglu<>, cast_to_fp8<128, scale::cast_scales::fp32, float, e5m2>>,
                        config{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}},
                        grouped<tile_shape{128, 256, 64}, cluster_shape{1, 1}, masked_groups>>;
static_assert(kernel<named_fp8> && kernel<named_half>);

TEST_CASE("epilogues: what is named where no kernel is there can be instantiated, or there is a sentence why not") {
    const device_info h200 = device_info::h200();
    const epilogue_info gate{.activation = activation_kind::swiglu, .cast = {128, scale::cast_scales::packed}};
    const auto missing = [&](const gemm_traits& what) {
        const gemm_workload work{
            .shape = {70, 512, 512}, .a = what.a, .b = what.b, .d = what.d, .epilogue = what.epilogue};
        const auto found = choose(work, h200, std::span<const gemm_handle>{});
        REQUIRE(!found);
        CHECK(found.failure().code == errc::no_kernel);
        return found.failure().message;
    };
    const std::string fp8 = missing(fp8_to(dtype::e4m3, gate));
    CHECK_MESSAGE(fp8.ends_with("then<swiglu<>, cast_to_fp8<128, scale::cast_scales::packed, float, e4m3>>, "
                                "config{.block = {128, 256, 128}, .sm90 = {.column_parts = 2}}>"),
                  fp8);
    grouped_workload slots{4, {70, 512, 512}, 70, named_half::traits.a, named_half::traits.b, dtype::e5m2};
    slots.epilogue = named_half::traits.epilogue;
    const auto half = choose(slots, h200, std::span<const grouped_handle>{});
    REQUIRE(!half);
    CHECK_MESSAGE(half.failure().message.ends_with(
                      "config{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}}, grouped<tile_shape{128, "
                      "256, 64}, cluster_shape{1, 1}, masked_groups>>"),
                  half.failure().message);
    // No tile of 256 columns has registers for scales of B by token.
    gemm_traits by_token = fp8_to(dtype::e4m3, gate);
    by_token.b.tile = {1, 128};
    CHECK(
        missing(by_token).ends_with("D is cast behind swiglu with scales of 128 columns, which takes tiles of 256; "
                                    "kernels of Hopper have registers "
                                    "for these where scales of B cover 128 x 128, or nothing is promoted"));
    // B along N is read on the way by exchanged operands, which take no steps.
    gemm_traits turned = fp8_to(dtype::bf16, {.alpha = true});
    turned.b.contiguous = major::mn;
    CHECK(missing(turned).find("swap") == std::string::npos);
    turned.epilogue = {};
    CHECK(missing(turned).find(".swap = true") != std::string::npos);
    gemm_traits small = fp8_to(dtype::bf16, {});
    small.a.format = scale_kind::ue4m3;
    grouped_workload of_small{4, {70, 512, 512}, 70, small.a, small.b, dtype::bf16};
    const auto refused = choose(of_small, h200, std::span<const grouped_handle>{});
    REQUIRE(!refused);
    CHECK(refused.failure().message.ends_with("the scales of A are ue4m3; kernels of Hopper take fp32 or ue8m0"));
    // Blackwell has no kernels of groups, whatever their tile.
    const contiguous_workload rows{4, {280, 512, 512}, 70, grouping::psum, small.b, small.b};
    const auto on_b200 = choose(rows, device_info::b200(), std::span<const contiguous_handle>{});
    REQUIRE(!on_b200);
    CHECK(on_b200.failure().message.ends_with(
        "kernels of Blackwell multiply single products, and none multiplies batches or groups"));
}

TEST_CASE("epilogues: what a product with a gate asks of memory") {
    const gemm_info kind = kind_of(fp8_to(dtype::e4m3, {.activation = activation_kind::swiglu, .cast = {128}}));
    gemm_sample sample(kind, {40, 288, 512}, 1);
    CHECK(demand_of(workload_of(sample.problem())).bytes ==
          40 * 512 + 40 * 4 * 4 + 288 * 512 + 3 * 4 * 4 + 40 * 144);  // A, scales, B, scales, D
}

}  // namespace epilogue_tests
