// SPDX-License-Identifier: MIT
// Blackwell's GEMM on a Blackwell: one kernel of each kind of multiply and of each way to share a tile, on small integers,
// whose products must be right to the bit; named operations over the shipped kernels; scales in FP32 that are packed first. On
// another GPU every case says that it is skipped. gemm_shipped.cu runs each shipped kernel of the device. None of it has run on
// a GPU yet.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/packed_scales.hpp>

#include "gemm_support.cuh"

namespace sm100_device_tests {

using namespace deepgemm;
using namespace deepgemm::gemm_tests;
using test::gemm_sample;
using test::numbers;

template <class T, major Order = major::k>
using plain = operand<T, scale::none, Order>;
using by_token = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;
using mx8 = operand<e4m3, scale::mx<scale::ue8m0>>;
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;

constexpr config alone(int n, int k) { return {.block = {128, n, k}}; }
constexpr config pair(int n, int k) { return {.block = {128, n, k}, .cluster = {2, 1}, .sm100 = {.ctas = 2}}; }
constexpr config shared(int n, int k) { return {.block = {128, n, k}, .cluster = {2, 1}}; }
constexpr config tokens(int m, int k) { return {.block = {m, 128, k}, .swap = true}; }
constexpr config token_pair(int m, int k) {
    return {.block = {m, 128, k}, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}};
}

using f16_alone = gemm<arch::sm100, plain<bf16>, plain<bf16>, store<bf16>, alone(128, 64)>;
using f16_pair = gemm<arch::sm100, plain<f16, major::mn>, plain<f16, major::mn>, accumulate<float>, pair(256, 64)>;
using f16_shared = gemm<arch::sm100, plain<bf16>, plain<bf16, major::mn>, store<float>, shared(128, 64)>;
using tf32_alone = gemm<arch::sm100, plain<tf32>, plain<tf32>, store<float>, alone(64, 32)>;
using fp8_plain = gemm<arch::sm100, plain<e4m3>, plain<e4m3>, store<float>, alone(96, 128)>;
using fp8_blocks = gemm<arch::sm100, by_token, by_block, store<bf16>, pair(224, 128)>;
using fp8_fine = gemm<arch::sm100, mx8, mx8, accumulate<bf16>, alone(128, 128)>;
using fp8_few = gemm<arch::sm100, by_token, by_block, store<bf16>, tokens(16, 128)>;
using fp8_fp4 = gemm<arch::sm100, by_token, mx4, store<bf16>, token_pair(64, 128)>;
using mx_pair = gemm<arch::sm100, mx4, mx4, store<bf16>, pair(224, 256)>;
using nv_alone = gemm<arch::sm100, nv4, nv4, then<alpha, store<bf16>>, alone(128, 256)>;

/// True on a Blackwell; else says why the case is skipped.
bool is_blackwell() {
    const device_info& device = this_device();
    if (device.arch / 10 == arch::sm100::number / 10) return true;
    MESSAGE("skipped: ", device.name, " has compute capability ", device.arch / 10, ".", device.arch % 10,
            "; these kernels are for 10.x");
    return false;
}

template <class Kernel>
void expect_exact() {
    const gemm_handle kernel = cuda::handle_of<Kernel>();
    const auto [m, n] = test::cluster_tile(kernel.info);
    const i32 step = kernel.info.cfg.block.k, k = (kernel.info.cfg.stages + 2) * step;
    u64 seed = 1;
    for (const problem_shape& shape : {problem_shape{1, 1, 1},
                                       {m, n, step},
                                       {m - 1, n - 3, step + 8},
                                       {3 * m - 7, 2 * n + 9, k},
                                       {2 * m + 1, 3 * n + 1, 2 * k + 16},
                                       {1000, 1100, 0}}) {
        const problem_shape fitting = test::shape_for(kernel.info, shape.m, shape.n, shape.k);
        CHECK(fault_on_exact_data(kernel, fitting, seed++, {.c_is_d = true}) == "");
        CHECK(fault_on_exact_data(kernel, fitting, seed++, {.a_pad = 16, .b_pad = 32, .d_pad = 24},
                                  {.num_sms = kernel.info.cfg.cluster_ctas()}) == "");
    }
}

TEST_CASE("sm100: every kind of multiply, alone and in pairs") {
    if (!is_blackwell()) return;
    expect_exact<f16_alone>();
    expect_exact<f16_pair>();
    expect_exact<f16_shared>();
    expect_exact<tf32_alone>();
    expect_exact<fp8_plain>();
    expect_exact<fp8_blocks>();
    expect_exact<fp8_fine>();
    expect_exact<fp8_few>();
    expect_exact<fp8_fp4>();
    expect_exact<mx_pair>();
    expect_exact<nv_alone>();
}

TEST_CASE("sm100: random products of all shipped kinds through the named operations") {
    if (!is_blackwell()) return;
    std::vector<gemm_info> kinds;
    for (const gemm_handle& kernel : instances::dense()) {
        if (runs_on(kernel.info.launch, this_device())) kinds.push_back({.traits = kernel.info.traits});
    }
    REQUIRE(!kinds.empty());
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const engine engine = shipped();
    for (int i = 0; i < 200; ++i) {
        const gemm_info& kind = kinds[std::size_t(random.integer(0, i64(kinds.size()) - 1))];
        const problem_shape shape =
            test::shape_for(kind, test::random_extent(random, 600), test::random_extent(random, 600),
                            test::random_extent(random, 2500));
        const numbers data = random.integer(0, 2) == 0 ? numbers::normal : numbers::exact;
        const u64 seed = random.bits();
        gemm_sample p(kind, shape, seed, data, {.c_is_d = random.integer(0, 1) == 0});
        CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, seed), ", problem ", i);
    }
}

TEST_CASE("sm100: scales in FP32 are packed, then multiplied") {
    if (!is_blackwell()) return;
    using packing = scale::to_mn_major<scale::ue8m0>;
    const engine engine = shipped();
    for (const int b_rows : {1, 128}) {
        gemm_info kind;
        kind.traits.a = {dtype::e4m3, scale_kind::fp32, {1, 128}};
        kind.traits.b = {dtype::e4m3, scale_kind::fp32, {b_rows, 128}};
        gemm_sample sample(kind, {300, 520, 1040}, u64(b_rows), numbers::exact);
        const device_product there(sample);
        const gemm_problem problem = there.problem();
        const device_array<u8> room(i64(packed_scales_bytes(problem)));
        const device_array<u32> invalid(std::vector<u32>{0});
        const packer_by_launch packer(&cuda::launch<packing>, {.invalid = invalid.get()});
        const auto done = fp8_gemm_nt(engine, problem.a, problem.b, problem.d,
                                      {.workspace = {room.get(), u64(room.bytes())}, .packer = &packer});
        REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(there.verdict() == "");
        u32 found = 1;
        invalid.read(&found);
        CHECK(found == 0);
    }
}

}  // namespace sm100_device_tests
