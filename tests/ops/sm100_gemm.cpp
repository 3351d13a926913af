// SPDX-License-Identifier: MIT
// The dense GEMM through its named operations on a simulated Blackwell: the engine plans the shipped kernels of sm_100, runs
// them, and explains its choice; kernels of another architecture are no candidates.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

#include <algorithm>
#include <vector>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_gemm_operation_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = shipped::sm100::half<bf16>;
using by_token = shipped::sm100::by_token<>;
using hopper = gemm<arch::sm90, operand<bf16>, operand<bf16>, store<bf16>,
                    config{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}}>;
using some =
    shipped::join<shipped::kernels<hopper>, shipped::sm100::few_and_many<half, half, store<bf16>, 64, 256>::type,
                  shipped::sm100::half_turned<bf16, store<float>>::type,
                  shipped::sm100::any<half, half, accumulate<bf16>, 64>::type,
                  shipped::sm100::fp8_weights<store<bf16>>::type, shipped::sm100::fp8_tokens<accumulate<float>>::type,
                  shipped::sm100_heads>::type;

std::span<const gemm_handle> kernels() { return handles(some{}); }
using gemm_engine = engine_of<ops::gemm>;
gemm_engine blackwell(int sms = 4) { return {kernels(), device_info::simulated_blackwell(sms)}; }

/// The kinds of products that these kernels compute.
std::vector<gemm_info> kinds() {
    std::vector<gemm_info> all;
    for (const gemm_handle& kernel : kernels()) {
        if (kernel.info.launch.arch != 100) continue;
        const auto same = [&](const gemm_info& x) { return x.traits == kernel.info.traits; };
        if (std::none_of(all.begin(), all.end(), same)) all.push_back(kernel.info);
    }
    return all;
}

}  // namespace

TEST_CASE("sm100: every kind of product, planned, run and right") {
    random_source random(fresh_seed());
    const gemm_engine engine = blackwell();
    CHECK(kinds().size() == 10);
    for (const gemm_info& kind : kinds()) {
        for (const i32 rows : {3, 40, 300}) {
            const problem_shape shape = shape_for(kind, rows, random_extent(random, 400), random_extent(random, 900));
            CAPTURE(describe(kind, shape, random.seed()));
            gemm_sample sample(kind, shape, random.bits(), numbers::exact, {.a_pad = 16, .b_pad = 16, .c_is_d = true});
            const auto plan = engine.plan(sample.problem());
            REQUIRE_MESSAGE(plan, plan.failure().message);
            REQUIRE(plan->kernel() != nullptr);
            CHECK(plan->kernel()->info.launch.arch == 100);
            const auto outcome = run_named(engine, sample.problem());
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(sample.verdict() == "");
        }
    }
}

TEST_CASE("sm100: few rows take the side of columns, many are multiplied by pairs") {
    const auto work = [](i32 m) {
        return gemm_workload{{m, 4096, 7168}, {dtype::bf16, scale_kind::none, {}}, {dtype::bf16, scale_kind::none, {}}};
    };
    const auto few = plan(work(16), device_info::b200(), kernels()),
               many = plan(work(8192), device_info::b200(), kernels());
    REQUIRE(few);
    REQUIRE(many);
    CHECK(few->kernel()->info.cfg.swap);
    CHECK(many->kernel()->info.cfg.sm100.ctas == 2);
    CHECK(many->predicted().total_us > few->predicted().total_us);
    const std::string text = explain(*many);
    CAPTURE(text);
    CHECK(text.find(".sm100 = {.ctas = 2}") != std::string::npos);
    CHECK(to_source(many->kernel()->info).starts_with("gemm<arch::sm100, operand<bf16>, operand<bf16>, store<bf16>, "));
    CHECK(text.find("NVIDIA B200") != std::string::npos);
}

TEST_CASE("sm100: kernels of another architecture are no candidates") {
    const gemm_info kind{
        .traits = {.a = {dtype::bf16, scale_kind::none, {}}, .b = {dtype::bf16, scale_kind::none, {}}}};
    gemm_sample sample(kind, {70, 50, 100}, 1);
    const gemm_engine on_hopper(kernels(), device_info::simulator());
    const auto plan = on_hopper.plan(sample.problem());
    REQUIRE(plan);
    CHECK(plan->kernel()->info.launch.arch == 90);
    const gemm_engine only_hopper(kernels().subspan(0, 1), device_info::simulated_blackwell());
    const auto refused = only_hopper.plan(sample.problem());
    REQUIRE(!refused);
    CHECK(refused.failure().code == errc::wrong_device);
}

TEST_CASE("sm100: an error names the kernel that is missing, as one that compiles") {
    gemm_info kind;
    kind.traits.a = {dtype::e4m3, scale_kind::ue8m0, {1, 32}};
    kind.traits.b = {dtype::e4m3, scale_kind::ue8m0, {128, 128}};
    gemm_sample sample(kind, {70, 50, 100}, 1);
    const auto refused = blackwell().plan(sample.problem());
    REQUIRE(!refused);
    CAPTURE(refused.failure().message);
    const gemm_workload work = workload_of(sample.problem());
    const auto best = choose_sm100(work, device_info::simulated_blackwell());
    REQUIRE(best);
    CHECK(refused.failure().message.ends_with(
        concat("instantiate gemm<arch::sm100, operand<e4m3, scale::mx<scale::ue8m0>>, "
               "operand<e4m3, scale::per_block<scale::ue8m0>>, store<bf16>, ",
               to_source(config_of(best->best.tile, sm100_product_of(work.a, work.b))), ">")));
}

TEST_CASE("sm100: what no kernel computes is refused with what does, and not with a kernel that does not compile") {
    constexpr operand_info half{dtype::bf16, scale_kind::none, {}}, plain{dtype::e4m3, scale_kind::none, {}},
        token{dtype::e4m3, scale_kind::ue8m0, {1, 128}}, fp4{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}};
    const auto refusal = [](const operand_info& a, const operand_info& b, const device_info& device,
                            bool promoted = false) {
        const gemm_workload work{.shape = {64, 128, 256}, .a = a, .b = b, .promoted = promoted};
        const std::string why = refusal_of(work, device);
        const auto planned = plan(work, device, std::span<const gemm_handle>{});
        REQUIRE(!planned);
        CHECK(planned.failure().code == errc::no_kernel);
        CHECK(planned.failure().message.find(why.empty() ? "; instantiate gemm<" : why) != std::string::npos);
        return why;
    };
    const auto with_scales = [](operand_info x, scale_kind format, scale_tile tile, major order = major::mn) {
        x.format = format;
        x.tile = tile;
        x.scales = order;
        return x;
    };
    const device_info b200 = device_info::b200(), h200 = device_info::h200();
    CHECK(refusal(half, half, b200) == "");
    CHECK(refusal(token, fp4, b200) == "");
    CHECK(refusal(with_scales(token, scale_kind::fp32, {1, 128}), token, b200) ==
          "the scales of A are fp32; tensor cores of Blackwell apply packed ones, which gemm_options::packer "
          "(ops/gemm/packed_scales.hpp) makes of powers of two");
    CHECK(refusal(token, with_scales(token, scale_kind::ue8m0, {1, 128}, major::k), b200) ==
          "the scales of B are contiguous along K; kernels of Blackwell take those of single rows along N");
    CHECK(refusal(with_scales(token, scale_kind::fp32, {1, scale_tile::all}), plain, b200) == "");
    CHECK(refusal(plain, plain, b200, true) ==
          "the sums are to be promoted; kernels of Blackwell leave all sums to the tensor cores");
    CHECK(refusal(half, token, b200) ==
          "no tensor core of Blackwell multiplies bf16 contiguous along K by e4m3 scaled "
          "1x128 by ue8m0");
    CHECK(refusal(token, token, h200) == "");
    CHECK(refusal(token, fp4, h200) == "B is e2m1x2; kernels of Hopper multiply e4m3, e5m2, bf16 and f16");
    CHECK(refusal(with_scales(token, scale_kind::ue8m0, {1, 32}), token, h200) ==
          "a scale of A covers 32 elements of K; kernels of Hopper take scales of 128, or of all");
}

TEST_CASE(
    "sm100: the kernel that is named keeps the rules for tiles, without K, too, or a sentence refuses the product") {
    const device_info b200 = device_info::b200();
    constexpr operand_info half{dtype::bf16, scale_kind::none, {}}, wide{dtype::tf32, scale_kind::none, {}},
        plain{dtype::e4m3, scale_kind::none, {}}, token{dtype::e4m3, scale_kind::ue8m0, {1, 128}},
        block{dtype::e4m3, scale_kind::ue8m0, {128, 128}}, floats{dtype::e4m3, scale_kind::fp32, {1, 128}},
        fp4{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}};
    constexpr std::pair<operand_info, operand_info> operands[] = {{half, half},   {wide, wide}, {plain, plain},
                                                                  {token, block}, {token, fp4}, {floats, fp4},
                                                                  {fp4, fp4},     {half, token}};
    int refused = 0, named = 0;
    for (auto [a, b] : operands) {
        for (int way = 0; way < 4 * 2 * 3 * 4; ++way) {
            a.contiguous = way % 2 == 0 ? major::k : major::mn;
            b.contiguous = way / 2 % 2 == 0 ? major::k : major::mn;
            gemm_workload work{.shape = {300, 512, std::array{0, 1, 256, 4096}[std::size_t(way / 24)]}, .a = a, .b = b};
            if (way / 4 % 2 != 0) work.epilogue.activation = activation_kind::swiglu;
            work.epilogue.cast.columns = std::array{0, 32, 128}[std::size_t(way / 8 % 3)];
            if (work.epilogue.cast.columns != 0) work.d = dtype::e4m3;
            CAPTURE(describe(work));
            if (!refusal_of(work, b200).empty()) {
                CHECK(work.shape.k != 0);
                ++refused;
                continue;
            }
            ++named;
            const gemm_info made = ops::gemm::wanted(work, b200);
            work.a = made.traits.a;
            work.b = made.traits.b;
            CHECK(refusal_of(work, b200) == "");
            CHECK(made.cfg.block.k == sm100_product_of(work.a, work.b).block_k());
            const auto kept = check_sm100_tile(sm100_tile_of(made.cfg), work);
            CHECK_MESSAGE(kept, kept.failure().message);
        }
    }
    CHECK(refused > 0);
    CHECK(named > 0);
    gemm_workload gated{.shape = {128, 512, 256}, .a = token, .b = block, .d = dtype::e4m3};
    gated.a.contiguous = major::mn;
    gated.epilogue.activation = activation_kind::swiglu;
    gated.epilogue.cast.columns = 128;
    CHECK(
        refusal_of(gated, b200) ==
        "D is cast behind swiglu with scales of 128 columns, which takes tiles of 256, and two accumulators of these "
        "fill tensor memory; kernels of Blackwell have room there for scales of A and B along K where those of D cover "
        "32 columns");
    gated.epilogue.cast.columns = 32;
    CHECK(refusal_of(gated, b200) == "");
}

}  // namespace sm100_gemm_operation_tests
