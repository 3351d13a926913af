// SPDX-License-Identifier: MIT
// FP8 operands that do not lie along K, over fake kernels: which launches are made, in which order, with which memory, and which
// of them may start early.
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

}  // namespace turned_host_tests
