// SPDX-License-Identifier: MIT
// The dense products of Blackwell that DeepGEMM tests (FP8 and BF16: forward, gradients of data and of weights, with C and without),
// through the named operations on the simulator. Extents are an eighth or a sixteenth of theirs, with tails; K still exceeds the
// stages by two blocks, and every CTA has three tiles or more where M allows it.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/sim/options.hpp>

#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_table_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

template <major Order = major::k>
using half = shipped::sm100::half<bf16, Order>;
template <major Order = major::k>
using by_token = shipped::sm100::by_token<Order>;
template <major Order = major::k>
using by_block = shipped::sm100::by_block<Order>;
template <class A, class B, class Epilogue, int K>
using any = typename shipped::sm100::any<A, B, Epilogue, K>::type;

using of_bf16 = shipped::join<
    any<half<>, half<>, store<bf16>, 64>, typename shipped::sm100::few<half<>, half<>, store<bf16>, 64>::type,
    any<half<>, half<>, accumulate<bf16>, 64>, any<half<>, half<>, store<float>, 64>,
    any<half<>, half<major::mn>, store<bf16>, 64>, any<half<major::mn>, half<major::mn>, accumulate<float>, 64>,
    any<half<major::mn>, half<major::mn>, store<bf16>, 64>>::type;
using of_fp8 = shipped::join<any<by_token<>, by_block<>, store<bf16>, 128>,
                             typename shipped::sm100::few<by_token<>, by_block<>, store<bf16>, 128>::type,
                             any<by_token<>, by_token<>, accumulate<bf16>, 128>,
                             any<by_token<>, by_block<major::mn>, store<bf16>, 128>,
                             any<by_token<major::mn>, by_token<major::mn>, accumulate<float>, 128>,
                             any<by_token<major::mn>, by_token<major::mn>, store<bf16>, 128>>::type;

/// A kind of product, and the extents that it is tested with.
struct row {
    const char* name;
    operand_info a, b;
    dtype d = dtype::bf16;
    bool accumulate = false;
    enum { forward, of_data, of_weights } pass = forward;
    bool two_wide = false;  ///< the products of FP32 results
};

operand_info fp8(int mn, major order = major::k) {
    return {.type = dtype::e4m3, .format = scale_kind::ue8m0, .tile = {mn, 128}, .contiguous = order};
}
operand_info plain(major order = major::k) {
    return {.type = dtype::bf16, .format = scale_kind::none, .tile = {}, .contiguous = order};
}

/// (n, k) of the layers.
constexpr i32 layers[][2] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                             {7168, 16384}, {4096, 7168}, {7168, 2048}};
constexpr i32 wide_layers[][2] = {{256, 7168}, {129280, 7168}};

/// An extent of theirs on the simulator: small, and no multiple of a tile.
i32 reduced(i32 extent) { return extent <= 8 ? extent : min(extent / 16, 400) + 8; }

problem_shape shape_of(const row& what, i32 m, const i32 (&layer)[2], i32 block_k) {
    const i32 n = reduced(layer[0]), k = align_up(max(reduced(layer[1]), 8 * block_k), 16) + 16;
    m = reduced(m);
    if (what.pass == row::of_data) return {m, align_up(min(k, 408), 16), align_up(max(n, 8 * block_k), 16) + 16};
    if (what.pass == row::of_weights)
        return {align_up(n, 16), align_up(min(k, 408), 16), max(align_up(m, 16), 8 * block_k + 16)};
    return {m, n, k};
}

/// Runs the products of each row, or every third of them where tests take a sample.
void run_rows(std::span<const gemm_handle> kernels, std::span<const row> rows, i32 block_k) {
    constexpr unsigned one_in = DEEPGEMM_TEST_SAMPLE == 1 ? 1 : 5;
    unsigned number = DEEPGEMM_TEST_SEED;
    const engine_of<ops::gemm> engine(kernels, device_info::simulated_blackwell(2));
    constexpr sim::policy policies[] = {sim::policy::lazy, sim::policy::random, sim::policy::eager};
    const u64 seed = fresh_seed();
    for (const row& what : rows) {
        const auto product = [&](i32 m, const i32(&layer)[2]) {
            if (number++ % one_in != 0) return;
            gemm_info kind;
            kind.traits.a = what.a;
            kind.traits.b = what.b;
            kind.traits.d = what.d;
            kind.traits.accumulate = what.accumulate;
            const problem_shape shape = shape_of(what, m, layer, block_k);
            CAPTURE(what.name);
            CAPTURE(describe(kind, shape, seed + number));
            gemm_sample sample(kind, shape, seed + number, numbers::exact, {.c_is_d = true});
            sim::options machine{.policy = policies[number % 3], .seed = seed + number};
            machine.num_sms = 2;
            gemm_options options;
            options.stream = &machine;
            const auto outcome = run_named(engine, sample.problem(), options);
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(sample.verdict() == "");
        };
        for (const auto& layer : layers) {
            if (what.two_wide) break;
            if (what.pass == row::forward) {
                for (const i32 m : {1, 128, 4096}) product(m, layer);
            } else {
                product(4096, layer);
            }
        }
        for (const auto& layer : wide_layers) {
            if (what.a.type != dtype::bf16 || (what.pass == row::forward && !what.two_wide)) break;
            for (const i32 m : {1, 128, 4096}) {
                if (m == 4096 || what.pass == row::forward) product(m, layer);
            }
        }
    }
}

}  // namespace

TEST_CASE("sm100: the dense products of FP8") {
    const row rows[] = {
        {"forward", fp8(1), fp8(128)},
        {"forward with C", fp8(1), fp8(1), dtype::bf16, true},
        {"gradient of data", fp8(1), fp8(128, major::mn), dtype::bf16, false, row::of_data},
        {"gradient of weights, added", fp8(1, major::mn), fp8(1, major::mn), dtype::f32, true, row::of_weights},
        {"gradient of weights", fp8(1, major::mn), fp8(1, major::mn), dtype::bf16, false, row::of_weights}};
    run_rows(handles(of_fp8{}), rows, 128);
}
TEST_CASE("sm100: the dense products of BF16") {
    const row rows[] = {
        {"forward", plain(), plain()},
        {"forward with C", plain(), plain(), dtype::bf16, true},
        {"forward, FP32", plain(), plain(), dtype::f32, false, row::forward, true},
        {"gradient of data", plain(), plain(major::mn), dtype::bf16, false, row::of_data},
        {"gradient of weights, added", plain(major::mn), plain(major::mn), dtype::f32, true, row::of_weights},
        {"gradient of weights", plain(major::mn), plain(major::mn), dtype::bf16, false, row::of_weights}};
    run_rows(handles(of_bf16{}), rows, 64);
}

}  // namespace sm100_table_tests
