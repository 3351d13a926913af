// SPDX-License-Identifier: MIT
// FP8 operands that do not lie along K, over fake kernels: which launches are made, in which order, with which memory, and
// which of them may start early.
#include <deepgemm/ops/gemm/explain_fp8.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "fakes.hpp"

namespace turned_host_tests {

using namespace deepgemm;
using fakes::last;

namespace {

constexpr config small{.block = {64, 32, 128}, .stages = 12, .sm90 = {.warpgroups = 1}};
constexpr operand_info turned_block{dtype::e4m3, scale_kind::fp32, {128, 128}, major::mn};
constexpr std::array kernels{fakes::kernel<small>(), fakes::kernel<small, dtype::bf16, false, turned_block>()};

/// What transposing kernels were asked for, in this thread.
struct transposition {
    transpose_arguments arguments{};
    launch_options options{};
    int products_before = 0;  ///< launches of products by then
};
std::vector<transposition>& transpositions() {
    thread_local std::vector<transposition> all;
    return all;
}
constexpr transpose_handle transposing{{.launch = {.arch = 90, .threads = 256}, .traits = {1}, .cfg = {}},
                                       [] { return result<void>{}; },
                                       [](const transpose_arguments& arguments, const launch_options& options) {
                                           transpositions().push_back({arguments, options, last().launches});
                                           return result<void>{};
                                       }};
constexpr std::array transposers{transposing};

using turning_engine = engine_of<ops::gemm, ops::transpose>;
turning_engine engine_on_h200() {
    turning_engine made(kernels, device_info::h200());
    made.with(transposers);
    return made;
}

/// A (m, k) and B (n, k), along M and N as wanted.
gemm_problem stored(i64 m, i64 n, i64 k, bool a, bool b) {
    gemm_problem p = fakes::problem(m, n, k);
    if (a) p.a.matrix.row_stride = 1, p.a.matrix.column_stride = align_up(m, i64(16));
    if (b) p.b.matrix.row_stride = 1, p.b.matrix.column_stride = align_up(n, i64(16));
    return p;
}
void* workspace() { return fakes::address(8ull << 40); }

}  // namespace

TEST_CASE(
    "FP8 along M and N is transposed, one after the other, and then multiplied, each launch early but the first") {
    const turning_engine engine = engine_on_h200();
    const gemm_problem p = stored(300, 500, 1000, true, true);
    int stream = 0;
    transpositions().clear();
    const int before = last().launches;
    const u64 bytes = fp8_gemm_workspace_bytes(p.a.matrix, p.b.matrix);
    CHECK(bytes == 800 * 1024);
    for (int i = 0; i < 2; ++i) {
        CHECK(fp8_gemm_tn(engine, transposed(p.a), transposed(p.b), p.d,
                          {.stream = &stream, .ready = {true, true}, .workspace = {workspace(), bytes}, .num_sms = 7}));
    }
    CHECK(engine.planned() == 3);  // each of them once
    CHECK(last().launches == before + 2);
    REQUIRE(transpositions().size() == 4);
    const auto& [a, of_a, before_a] = transpositions()[0];
    CHECK(a.rows == 1000);
    CHECK(a.columns == 300);
    CHECK(a.from == p.a.matrix.data);
    CHECK(a.from_pitch == 304);
    CHECK(a.to == workspace());
    CHECK(a.to_pitch == 1024);
    CHECK_FALSE(of_a.dependent_launch);
    CHECK(of_a.num_sms == 7);
    CHECK(before_a == before);
    const auto& [b, of_b, before_b] = transpositions()[1];
    CHECK(b.columns == 500);
    CHECK(b.to == static_cast<char*>(workspace()) + 300 * 1024);
    CHECK(of_b.dependent_launch);
    CHECK(of_b.stream == &stream);
    CHECK(last().arguments.a.data == workspace());
    CHECK(last().arguments.b.data == b.to);
    CHECK(last().arguments.a.pitch == 1024);
    CHECK_FALSE(last().arguments.a.ready);
    CHECK_FALSE(last().arguments.b.ready);
    CHECK(last().options.dependent_launch);
    CHECK(last().options.num_sms == 7);
}

TEST_CASE("what is not transposed is ready by the time of the product") {
    const turning_engine engine = engine_on_h200();
    const gemm_problem p = stored(300, 500, 1000, true, false);
    transpositions().clear();
    CHECK(fp8_gemm_tt(engine, transposed(p.a), p.b, p.d,
                      {.workspace = {workspace(), 300 * 1024}, .dependent_launch = true}));
    REQUIRE(transpositions().size() == 1);
    CHECK(transpositions()[0].options.dependent_launch);
    CHECK_FALSE(last().arguments.a.ready);
    CHECK(last().arguments.b.ready);
    CHECK(last().arguments.b.data == p.b.matrix.data);
}

TEST_CASE("with up to 128 rows of A a kernel takes B as it lies, if there is one, and needs no workspace") {
    const turning_engine engine = engine_on_h200();
    transpositions().clear();
    gemm_problem p = stored(128, 500, 1000, false, true);
    CHECK(fp8_gemm_nn(engine, p.a, transposed(p.b), p.d, {.ready = {false, true}}));
    CHECK(transpositions().empty());
    CHECK(last().arguments.b.data == p.b.matrix.data);
    CHECK(last().arguments.b.pitch == 512);
    CHECK(last().arguments.b.ready);
    CHECK_FALSE(last().options.dependent_launch);

    p = stored(128, 500, 1000, true, true);  // A alone is transposed
    CHECK(fp8_gemm_tn(engine, transposed(p.a), transposed(p.b), p.d, {.workspace = {workspace(), 128 * 1024}}));
    REQUIRE(transpositions().size() == 1);
    CHECK(last().arguments.a.data == workspace());
    CHECK(last().arguments.b.data == p.b.matrix.data);
    CHECK(last().arguments.b.ready);

    p = stored(129, 500, 1000, false, true);
    CHECK(fp8_gemm_nn(engine, p.a, transposed(p.b), p.d, {.workspace = {workspace(), 500 * 1024}}));
    CHECK(transpositions().size() == 2);
    p = stored(1000, 100, 1000, true, false);  // there is no kernel that takes A as it lies
    CHECK(fp8_gemm_tt(engine, transposed(p.a), p.b, p.d, {.workspace = {workspace(), 1000 * 1024}}));
    CHECK(transpositions().size() == 3);
}

TEST_CASE("nothing is transposed for a product that no kernel computes") {
    const turning_engine engine = engine_on_h200();
    gemm_problem p = stored(300, 500, 1000, true, true);
    p.d.type = dtype::f32;
    transpositions().clear();
    const auto done = fp8_gemm_tn(engine, transposed(p.a), transposed(p.b), p.d, {.workspace = {workspace(), 1 << 20}});
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::no_kernel);
    CHECK(transpositions().empty());
    CHECK(engine.settle<ops::gemm>(stored(0, 500, 1000, true, true)));
    CHECK_FALSE(engine.settle<ops::gemm>(p));
}

TEST_CASE("the text says that something is transposed only where a launch would do it") {
    const auto told = [](const turning_engine& engine, const gemm_problem& p) {
        const auto text = explain_fp8_gemm(engine, p);
        return text ? *text : text.failure().message;
    };
    CHECK(told(engine_on_h200(), stored(300, 500, 1000, true, true)).starts_with("A is transposed first: "));
    for (const auto& [m, n] : {std::pair{0, 500}, {300, 0}}) {
        const std::string text = told(engine_on_h200(), stored(m, n, 1000, true, true));
        CAPTURE(text);
        CHECK(text.find("transposed") == std::string::npos);
        CHECK(text.find("nothing to do") != std::string::npos);
    }
    // Blackwell multiplies such operands as they are.
    constexpr operand_info words{dtype::e4m3, scale_kind::ue8m0, {1, 128}, major::mn};
    gemm_handle kernel = fakes::kernel<small>();
    kernel.info.launch.arch = 100;
    kernel.info.traits.a = kernel.info.traits.b = words;
    kernel.predict = [](const gemm_info&, const gemm_workload&, const device_info&, int) { return cost{}; };
    const std::array blackwells{kernel};
    turning_engine engine(blackwells, device_info::b200());
    engine.with(transposers);
    gemm_problem p = stored(300, 500, 1024, true, true);
    p.a.scales = per_token_scales(p.a.scales.data, scale_kind::ue8m0, 300, 1024);
    p.b.scales = per_token_scales(p.b.scales.data, scale_kind::ue8m0, 500, 1024);
    const std::string text = told(engine, p);
    CAPTURE(text);
    CHECK(text.starts_with("m = 300, n = 500, k = 1024, A e4m3 scaled 1x128 by ue8m0, contiguous along M"));
}

TEST_CASE("workspaces for extents that no memory has") {
    const auto bytes = [](i64 rows, i64 k) {
        const input_matrix x{nullptr, dtype::e4m3, rows, k, 1, 16};
        const scaled_stack stack{unscaled(x), 3, 0, 0};
        CHECK(fp8_batched_gemm_workspace_bytes(stack, {}) >= fp8_gemm_workspace_bytes(x, {}));
        return fp8_gemm_workspace_bytes(x, x);
    };
    constexpr i64 large = 0x7fffffffffffffff;
    CHECK(bytes(i64(1) << 40, i64(1) << 40) == ~u64(0));  // and not 0, which is what both lie along K need
    CHECK(bytes(large, large) == ~u64(0));
    CHECK(bytes(max_extent, max_extent) == u64(2) * max_extent * max_extent);
    CHECK(bytes(-5, 1000) == 0);
    const turning_engine engine = engine_on_h200();
    gemm_problem p = stored(300, 500, 1000, true, true);
    p.a.matrix.columns = p.b.matrix.columns = large;
    const auto done = fp8_gemm_nt(engine, p.a, p.b, p.d, {.workspace = {workspace(), 1 << 20}});
    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::bad_extent);
    CHECK(least_sum_bytes(large, large) == ~u64(0));
    CHECK(batch_sum_workspace_bytes(i64(1) << 40, i64(1) << 40, 132) == ~u64(0));
    CHECK(batch_sum_workspace_bytes(128, 128, 132) == 132 * 128 * 256 * 4 + 128);
}

}  // namespace turned_host_tests
