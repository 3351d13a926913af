// SPDX-License-Identifier: MIT
// Which kernel a product of 16-bit operands gets: filters by type and order, tuned rows, and predictions for kernels that
// promote nothing.
#include <doctest/doctest.h>

#include "fakes.hpp"

namespace plan_half_tests {

using namespace deepgemm;
using fakes::half;
using fakes::half_kernel;
using fakes::half_work;

namespace {

constexpr promotion never = promotion::never;
constexpr config narrow{.block = {64, 32, 64}, .stages = 16, .sm90 = {.warpgroups = 1, .promote = never}};
constexpr config middle{.block = {64, 128, 64}, .stages = 8, .sm90 = {.warpgroups = 1, .promote = never}};
constexpr config turns{
    .block = {64, 128, 64}, .stages = 7, .sm90 = {.warpgroups = 2, .alternate = true, .promote = never}};
constexpr config square{.block = {128, 128, 64}, .stages = 5, .sm90 = {.promote = never}};
constexpr config wide{.block = {128, 256, 64}, .stages = 3, .sm90 = {.promote = never}};
constexpr config scaled{.block = {128, 128, 128}, .stages = 5};
constexpr operand_info along_k = half(), along_mn = half(major::mn), f16_along_k = half(major::k, dtype::f16);

constexpr std::array kernels{half_kernel<narrow>(),
                             half_kernel<middle>(),
                             half_kernel<turns>(),
                             half_kernel<square>(),
                             half_kernel<wide>(),
                             half_kernel<square, along_k, along_mn>(),
                             half_kernel<square, along_mn, along_k>(),
                             half_kernel<wide, along_mn, along_k>(),
                             half_kernel<square, f16_along_k, f16_along_k>(),
                             half_kernel<square, along_k, along_k, dtype::f32, true>(),
                             fakes::kernel<scaled>()};
constexpr device_info h200 = device_info::h200();

gemm_plan planned(const gemm_workload& work, const context& knobs = {}) {
    auto made = plan(work, h200, kernels, knobs);
    REQUIRE_MESSAGE(made, made.failure().message);
    return *std::move(made);
}

cost predicted(const config& cfg, const gemm_workload& work) {
    const gemm_info info{.traits = {.a = work.a, .b = work.b, .d = work.d, .accumulate = work.accumulate}, .cfg = cfg};
    return predict(info, work, h200, 132);
}

}  // namespace

TEST_CASE("only kernels of the problem's types and orders are ranked") {
    CHECK(planned(half_work(4096, 4096, 4096)).ranked.size() == 5);
    CHECK(planned(half_work(4096, 4096, 4096, along_k, along_mn)).ranked.size() == 1);
    CHECK(planned(half_work(4096, 4096, 4096, along_mn, along_k)).ranked.size() == 2);
    CHECK(planned(half_work(4096, 4096, 4096, f16_along_k, f16_along_k)).kernel() == &kernels[8]);
    CHECK(planned(fakes::work(4096, 4096, 4096)).kernel() == &kernels[10]);
    gemm_workload adds = half_work(64, 64, 64);
    adds.d = dtype::f32;
    adds.accumulate = true;
    CHECK(planned(adds).kernel() == &kernels[9]);
    // Without K nothing is multiplied, so that operands do not matter.
    CHECK(planned(half_work(64, 64, 0, along_mn, along_mn)).ranked.size() == kernels.size() - 1);
}

TEST_CASE("why a kernel does not take 16-bit operands") {
    const auto reason = [](const gemm_handle& kernel, const gemm_workload& work) {
        const char* const text = why_not(kernel, work, h200, 132, {});
        return std::string(text == nullptr ? "fits" : text);
    };
    CHECK(reason(half_kernel<square>(), half_work(64, 64, 64)) == "fits");
    CHECK(reason(half_kernel<square>(), half_work(64, 64, 64, along_mn)) == "it takes another A");
    CHECK(reason(half_kernel<square>(), half_work(64, 64, 64, along_k, along_mn)) == "it takes another B");
    CHECK(reason(half_kernel<square>(), half_work(64, 64, 64, f16_along_k, f16_along_k)) == "it takes another A");
    CHECK(reason(half_kernel<square>(), fakes::work(64, 64, 64)) == "it takes another A");
    CHECK(reason(fakes::kernel<scaled>(), half_work(64, 64, 64)) == "it takes another A");
}

TEST_CASE("a 16-bit problem that no kernel runs says what to instantiate") {
    const auto made = plan(half_work(64, 32, 16, along_mn, along_mn), h200, kernels);
    REQUIRE(!made);
    CHECK(made.failure().code == errc::no_kernel);
    CHECK(
        made.failure().message ==
        "none of 11 kernels runs m = 64, n = 32, k = 16, A bf16 contiguous along M, B bf16 contiguous along N, D bf16; "
        "instantiate gemm<arch::sm90, operand<bf16, scale::none, major::mn>, operand<bf16, scale::none, major::mn>, "
        "store<bf16>, config{.block = {128, 128, 64}, .sm90 = {.promote = promotion::never}}>");
}

TEST_CASE("small M gets small tiles of 16-bit operands, large products get large ones") {
    CHECK(planned(half_work(1, 4096, 7168)).kernel()->info.cfg.block.m == 64);
    CHECK(planned(half_work(64, 7168, 2048)).kernel()->info.cfg.block.m == 64);
    CHECK(planned(half_work(64, 576, 7168)).kernel()->info.cfg.block.n == 32);
    CHECK(planned(half_work(8192, 8192, 8192)).kernel()->info.cfg == wide);
    CHECK(planned(half_work(4096, 7168, 16384)).kernel()->info.cfg == wide);
}

TEST_CASE("16-bit operands take twice the memory and about twice the multiplies") {
    const gemm_workload bf16 = half_work(4096, 4096, 8192), fp8 = fakes::work(4096, 4096, 8192);
    const double ratio = predicted(square, bf16).main_loop_us / predicted(scaled, fp8).main_loop_us;
    CHECK(ratio > 1.3);  // FP8 pays for promotion
    CHECK(ratio < 2.1);
    const gemm_workload few = half_work(1, 7168, 16384);
    // But for what L2 has to write back first, which is the same.
    const double moved = predicted(middle, few).memory_us / predicted(scaled, fakes::work(1, 7168, 16384)).memory_us;
    CHECK(moved > 1.7);
    CHECK(moved < 2);
    CHECK(planned(few).predicted().limit == bound::memory);
    // Not above the tensor cores' peak, and not far below it.
    const double seconds = 1e-6 * predicted(wide, half_work(8192, 8192, 8192)).total_us;
    CHECK(2 * 8192.0 * 8192.0 * 8192.0 / seconds < 990e12);
    CHECK(2 * 8192.0 * 8192.0 * 8192.0 / seconds > 500e12);
}

TEST_CASE("warpgroups that take turns hide all epilogues but the last") {
    const gemm_workload many = half_work(4096, 8192, 512), one = half_work(64, 8192, 512);
    CHECK(predicted(turns, many).epilogue_us < 0.1 * predicted(middle, many).epilogue_us);
    CHECK(predicted(turns, many).total_us < predicted(middle, many).total_us);
    CHECK(predicted(turns, one).epilogue_us == doctest::Approx(predicted(middle, one).epilogue_us).epsilon(0.5));
    // With one K block there is too little to hide an epilogue behind, but two run at a time.
    const gemm_workload shallow = half_work(4096, 8192, 64);
    CHECK(predicted(turns, shallow).epilogue_us < 0.6 * predicted(middle, shallow).epilogue_us);
    CHECK(predicted(turns, shallow).epilogue_us > 0.1 * predicted(middle, shallow).epilogue_us);
}

TEST_CASE("predictions for 16-bit operands grow with the work") {
    for (const config& cfg : {narrow, middle, turns, square, wide}) {
        CAPTURE(to_source(cfg));
        double before = 0;
        for (i32 m = cfg.block.m; m <= 1 << 15; m *= 2) {
            const double now = predicted(cfg, half_work(m, 4096, 7168)).total_us;
            CHECK(now >= before);
            before = now;
        }
        before = 0;
        for (i32 k = 64; k <= 1 << 14; k += 64) {
            const double now = predicted(cfg, half_work(4096, 4096, k)).total_us;
            CHECK(now > before);
            before = now;
        }
    }
}

TEST_CASE("tuned rows of 16-bit operands") {
    const gemm_tuned_row rows[] = {
        {.m_max = 128, .n = 4096, .k = 7168, .b = {}, .cfg = middle, .type = dtype::bf16},
        {.m_max = 128, .n = 4096, .k = 7168, .b = {}, .cfg = square, .type = dtype::bf16, .a_contiguous = major::mn},
        {.m_max = 128, .n = 4096, .k = 7168, .b = {}, .cfg = wide, .type = dtype::bf16, .b_contiguous = major::mn},
        {.m_max = 128, .n = 4096, .k = 7168, .cfg = scaled}};
    CHECK(find_tuned(rows, half_work(128, 4096, 7168)) == &rows[0]);
    CHECK(find_tuned(rows, half_work(128, 4096, 7168, along_mn)) == &rows[1]);
    CHECK(find_tuned(rows, half_work(128, 4096, 7168, along_k, along_mn)) == &rows[2]);
    CHECK(find_tuned(rows, half_work(128, 4096, 7168, along_mn, along_mn)) == nullptr);
    CHECK(find_tuned(rows, half_work(128, 4096, 7168, f16_along_k, f16_along_k)) == nullptr);
    CHECK(find_tuned(rows, fakes::work(128, 4096, 7168)) == &rows[3]);
    gemm_workload mixed = fakes::work(128, 4096, 7168);
    mixed.b.type = dtype::e5m2;
    CHECK(find_tuned(rows, mixed) == nullptr);
}

}  // namespace plan_half_tests
