// SPDX-License-Identifier: MIT
// All dense products of Blackwell in the specification's table, 63 of FP8, 63 of FP8 and FP4, 75 of BF16, through ops::gemm:
// each is planned for a B200 at its real size, and the kernel that is chosen multiplies a smaller one on the simulator: every
// CTA has three tiles or more, K exceeds the stages by two blocks, and each axis ends within a tile. Exact data, under every
// order of asynchronous work.
#include <doctest/doctest.h>

#include <deepgemm/host/engine.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>

#include <utility>
#include <vector>

#include "../kernel/launching.hpp"
#include "../kernel/sim_handles.hpp"
#include "gemm_sample.hpp"

namespace sm100_table_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using shipped::sm100::alone;
using shipped::sm100::by_block;
using shipped::sm100::by_token;
using shipped::sm100::kernels_of;
using shipped::sm100::pair;
using shipped::sm100::token_pair;
using shipped::sm100::tokens;
using half = shipped::sm100::half<bf16>;
using turned_half = shipped::sm100::half<bf16, major::mn>;
template <major Order = major::k>
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>, Order>;

/// What the table's products need: of each shipped list the tiles for few rows and for many, since every kernel takes a second
/// to compile, and other products where nothing is shipped yet.
template <class A, class B, class Epilogue, int K, int Widest>
struct forward : kernels_of<A, B, Epilogue, tokens(16, K), token_pair(64, K), alone(128, K), pair(Widest, K)> {};
template <class A, class B, class Epilogue, int K>
struct backward : kernels_of<A, B, Epilogue, alone(128, K), pair(128, K)> {};
template <class A, class B, class Epilogue>
struct backward_fp4 : kernels_of<A, B, Epilogue, alone(128, 128), tokens(64, 128)> {};
using halves = shipped::join<typename forward<half, half, store<bf16>, 64, 256>::type,
                             typename forward<half, half, store<float>, 64, 256>::type,
                             typename forward<half, half, accumulate<bf16>, 64, 256>::type,
                             typename backward<half, turned_half, store<bf16>, 64>::type,
                             typename backward<turned_half, turned_half, accumulate<float>, 64>::type,
                             typename backward<turned_half, turned_half, store<bf16>, 64>::type>::type;
using fp8s = shipped::join<typename forward<by_token<>, by_block<>, store<bf16>, 128, 224>::type,
                           typename forward<by_token<>, by_token<>, accumulate<bf16>, 128, 224>::type,
                           typename backward<by_token<>, by_block<major::mn>, store<bf16>, 128>::type,
                           typename backward<by_token<major::mn>, by_token<major::mn>, accumulate<float>, 128>::type,
                           typename backward<by_token<major::mn>, by_block<major::mn>, store<bf16>, 128>::type>::type;
using fp4s = shipped::join<typename forward<by_token<>, mx4<>, store<bf16>, 128, 224>::type,
                           typename forward<by_token<>, mx4<>, accumulate<bf16>, 128, 224>::type,
                           typename backward_fp4<by_token<>, mx4<major::mn>, store<bf16>>::type,
                           typename backward_fp4<by_token<major::mn>, mx4<major::mn>, accumulate<float>>::type,
                           typename backward_fp4<by_token<major::mn>, mx4<major::mn>, store<bf16>>::type>::type;

/// A product of the table.
struct row {
    problem_shape shape;
    operand_info a, b;
    dtype d = dtype::bf16;
    bool accumulate = false;
};

struct weight {
    i32 n, k;
};
constexpr weight weights[] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                              {7168, 16384}, {4096, 7168}, {7168, 2048}};

constexpr operand_info turned(operand_info x) {
    x.contiguous = major::mn;
    return x;
}

/// The rows of types whose weights have scales `b`, and `b_tokens` where C is added.
std::vector<row> small_rows(const operand_info& a, const operand_info& b, const operand_info& b_tokens) {
    std::vector<row> rows;
    for (const i32 m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            rows.push_back({{m, n, k}, a, b});
            rows.push_back({{m, n, k}, a, b_tokens, dtype::bf16, true});
        }
    }
    for (const auto& [n, k] : weights) {
        rows.push_back({{4096, k, n}, a, turned(b)});
        rows.push_back({{n, 4096, k}, turned(a), turned(b_tokens), dtype::f32, true});
        rows.push_back({{n, 4096, k}, turned(a), turned(b)});
    }
    return rows;
}

std::vector<row> half_rows() {
    constexpr operand_info x{dtype::bf16, scale_kind::none, {}};
    std::vector<row> rows;
    std::vector<weight> all(std::begin(weights), std::end(weights));
    for (const i32 m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) {
            rows.push_back({{m, n, k}, x, x});
            rows.push_back({{m, n, k}, x, x, dtype::bf16, true});
        }
        for (const weight& w : {weight{256, 7168}, {129280, 7168}}) rows.push_back({{m, w.n, w.k}, x, x, dtype::f32});
    }
    all.insert(all.end(), {{256, 7168}, {129280, 7168}});
    for (const auto& [n, k] : all) {
        rows.push_back({{4096, k, n}, x, turned(x)});
        rows.push_back({{n, 4096, k}, turned(x), turned(x), dtype::f32, true});
        rows.push_back({{n, 4096, k}, turned(x), turned(x)});
    }
    return rows;
}

constexpr bool is_fp4(const operand_info& x) { return x.type == dtype::e2m1x2; }

/// A smaller product for a kernel, whose extents `real` are those of the table: at most as many rows, three tiles or more for
/// each CTA of a cluster, two K blocks more than it has stages, and a tail along each axis. FP4 comes in whole runs of 128
/// elements, as tiles of it are, and has no tail along its contiguous axis.
problem_shape reduced(const gemm_info& kernel, const problem_shape& real) {
    const auto [m, n] = cluster_tile(kernel);
    const auto& [a, b] = std::pair{kernel.traits.a, kernel.traits.b};
    const auto step = [](const operand_info& x) {  // elements along M or N in 16 bytes, or in a run of FP4
        return x.contiguous == major::k ? 1 : is_fp4(x) ? 128 : 128 / int(bits_of(x.type));
    };
    i32 rows = min(real.m, 2 * m - 7);
    if (rows % kernel.cfg.block.m == 0) rows -= 7;
    rows = rows / step(a) * step(a);
    const i32 across = rows > m ? 2 : 3, columns = align_up(across * n - n / 2 + 3, max(step(b), 8));
    const bool runs_along_k = (is_fp4(a) && a.contiguous == major::k) || (is_fp4(b) && b.contiguous == major::k);
    const i32 k = (kernel.cfg.stages + 2) * kernel.cfg.block.k + (runs_along_k ? 0 : 16);
    return {rows, columns, k};
}

/// What the sizes of a product must show of a kernel, on one cluster.
void check_sizes(const gemm_info& kernel, const problem_shape& shape) {
    const auto& [traits, cfg] = std::pair{kernel.traits, kernel.cfg};
    const auto [m, n] = cluster_tile(kernel);
    CHECK(ceil_div(shape.m, m) * ceil_div(shape.n, n) >= 3);  // of each CTA
    CHECK(ceil_div(shape.k, cfg.block.k) >= cfg.stages + 2);
    const auto whole = [](const operand_info& x, major along) { return is_fp4(x) && x.contiguous == along; };
    CHECK((shape.m % cfg.block.m != 0 || whole(traits.a, major::mn)));
    CHECK((shape.n % cfg.block.n != 0 || whole(traits.b, major::mn)));
    CHECK((shape.k % cfg.block.k != 0 || whole(traits.a, major::k) || whole(traits.b, major::k)));
}

/// Plans row by row, and runs each on machines of all policies.
void check_rows(std::span<const gemm_handle> kernels, const std::vector<row>& rows) {
    const device_info b200 = device_info::b200();
    int ran = 0;
    for (std::size_t i = DEEPGEMM_TEST_SEED % DEEPGEMM_TEST_SAMPLE; i < rows.size(); i += DEEPGEMM_TEST_SAMPLE) {
        const row& one = rows[i];
        const gemm_workload work{.shape = one.shape,
                                 .a = one.a,
                                 .b = one.b,
                                 .d = one.d,
                                 .accumulate = one.accumulate,
                                 .in_place = one.accumulate};
        CAPTURE(describe(work));
        const auto real = plan(work, b200, kernels);
        REQUIRE_MESSAGE(real, real.failure().message);
        const gemm_info& kernel = real->kernel()->info;
        const problem_shape shape = reduced(kernel, one.shape);
        const int sms = kernel.cfg.cluster_ctas();
        CAPTURE(describe(kernel, shape, i));
        check_sizes(kernel, shape);
        const engine_of<ops::gemm> engine(kernels, device_info::simulated_blackwell(sms));
        for (const auto policy : {sim::policy::lazy, sim::policy::random, sim::policy::eager}) {
            sim::options machine{.policy = policy, .seed = fresh_seed() + i};
            machine.num_sms = sms;
            gemm_sample sample(kernel, shape, i, numbers::exact, {.c_is_d = true});
            const auto done = engine.run<ops::gemm>(sample.problem(), &machine, {.num_sms = sms, .pin = kernel.cfg});
            REQUIRE_MESSAGE(done, done.failure().message);
            CHECK(sample.verdict() == "");
            ++ran;
        }
    }
    CHECK(ran > 0);
}

}  // namespace

TEST_CASE("sm100, the table: BF16") {
    const auto rows = half_rows();
    CHECK(rows.size() == 75);
    check_rows(handles(halves{}), rows);
}

TEST_CASE("sm100, the table: FP8") {
    const operand_info token{dtype::e4m3, scale_kind::ue8m0, {1, 128}},
        block{dtype::e4m3, scale_kind::ue8m0, {128, 128}};
    const auto rows = small_rows(token, block, token);
    CHECK(rows.size() == 63);
    check_rows(handles(fp8s{}), rows);
}

TEST_CASE("sm100, the table: FP8 x FP4") {
    const operand_info token{dtype::e4m3, scale_kind::ue8m0, {1, 128}}, mx{dtype::e2m1x2, scale_kind::ue8m0, {1, 32}};
    const auto rows = small_rows(token, mx, mx);
    CHECK(rows.size() == 63);
    check_rows(handles(fp4s{}), rows);
}

}  // namespace sm100_table_tests
