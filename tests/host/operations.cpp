// SPDX-License-Identifier: MIT
// The named operations by the last two letters of their names: which view of each operand reaches the kernel, and the errors
// for operands of other types or in orders that Hopper cannot multiply.
#include <doctest/doctest.h>

#include "fakes.hpp"

namespace operations_tests {

using namespace deepgemm;
using fakes::address;
using fakes::half;
using fakes::half_kernel;
using fakes::last;

namespace {

constexpr config block{.block = {128, 128, 64}, .stages = 5, .sm90 = {.promote = promotion::never}};
constexpr config scaled{.block = {128, 128, 128}, .stages = 5};
constexpr operand_info bf16_k = half(), bf16_mn = half(major::mn), f16_k = half(major::k, dtype::f16),
                       f16_mn = half(major::mn, dtype::f16);

/// A kernel of each order, so that what was launched tells what was planned.
constexpr std::array kernels{half_kernel<block, bf16_k, bf16_k>(),
                             half_kernel<block, bf16_k, bf16_mn>(),
                             half_kernel<block, bf16_mn, bf16_k>(),
                             half_kernel<block, bf16_mn, bf16_mn>(),
                             half_kernel<block, bf16_k, bf16_k, dtype::f32, true>(),
                             half_kernel<block, f16_k, f16_k>(),
                             half_kernel<block, f16_k, f16_mn>(),
                             half_kernel<block, f16_mn, f16_k>(),
                             half_kernel<block, f16_mn, f16_mn>(),
                             fakes::kernel<scaled>()};
const engine everything(kernels, device_info::h200());

constexpr i64 m = 256, n = 512, k = 1024;

// Braces mean a dense problem, also where the headers of all operations are included.
static_assert(workload_of({.a = {.matrix = {.rows = m}}}).shape.m == m);
static_assert(arguments_of({.a = {.matrix = {.rows = m}}}).shape.m == m);

input_matrix stored(std::uintptr_t at, i64 rows, i64 columns, dtype type = dtype::bf16) {
    return {address(at), type, rows, columns, columns + 16, 1};
}
output_matrix d_matrix(dtype type = dtype::bf16) { return {address(5ull << 40), type, m, n, n}; }

std::string text_of(const result<void>& outcome) {
    return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
}

using half_operation = result<void> (*)(const engine&, const input_matrix&, const input_matrix&, const output_matrix&,
                                        const gemm_options&);

/// The operations of one type with the shapes they take.
struct half_case {
    half_operation operation;
    dtype type;
    bool a_turned, b_turned;
};
const half_case half_cases[] = {
    {bf16_gemm_nt, dtype::bf16, false, false}, {bf16_gemm_nn, dtype::bf16, false, true},
    {bf16_gemm_tn, dtype::bf16, true, true},   {bf16_gemm_tt, dtype::bf16, true, false},
    {f16_gemm_nt, dtype::f16, false, false},   {f16_gemm_nn, dtype::f16, false, true},
    {f16_gemm_tn, dtype::f16, true, true},     {f16_gemm_tt, dtype::f16, true, false},
};

}  // namespace

TEST_CASE("row-major matrices of 16-bit operations reach a kernel of their order") {
    for (const auto& c : half_cases) {
        CAPTURE(name_of(c.type));
        CAPTURE(c.a_turned);
        CAPTURE(c.b_turned);
        const input_matrix a = stored(1ull << 40, c.a_turned ? k : m, c.a_turned ? m : k, c.type),
                           b = stored(3ull << 40, c.b_turned ? k : n, c.b_turned ? n : k, c.type);
        const gemm_problem seen{.a = unscaled(c.a_turned ? transposed(a) : a),
                                .b = unscaled(c.b_turned ? transposed(b) : b),
                                .d = d_matrix()};
        const gemm_workload work = workload_of(seen);
        CHECK(work.a == half(c.a_turned ? major::mn : major::k, c.type));
        CHECK(work.b == half(c.b_turned ? major::mn : major::k, c.type));
        const int before = last().launches;
        CHECK(text_of(c.operation(everything, a, b, d_matrix(), {})) == "fine");
        REQUIRE(last().launches == before + 1);
        CHECK(choose(work, everything.device(), kernels)->kernel->info.traits.a == work.a);
        CHECK(last().cfg == block);
        CHECK(last().arguments.shape.m == m);
        CHECK(last().arguments.shape.n == n);
        CHECK(last().arguments.shape.k == k);
        CHECK(last().arguments.a.data == a.data);
        CHECK(last().arguments.a.pitch == a.row_stride);
        CHECK(last().arguments.b.data == b.data);
        CHECK(last().arguments.b.pitch == b.row_stride);
        CHECK(last().arguments.a.scales.data == nullptr);
        CHECK(last().arguments.b.scales.data == nullptr);
        CHECK(last().arguments.d.pitch == n);
        // With another order of the same shape: column-major as stored.
        input_matrix turned = b;
        turned.row_stride = 1;
        turned.column_stride = b.rows + 16;
        CHECK(text_of(c.operation(everything, a, turned, d_matrix(), {})) == "fine");
        CHECK(last().arguments.b.pitch == b.rows + 16);
    }
}

TEST_CASE("C and the stream of a 16-bit operation") {
    int stream = 0;
    const output_matrix d = d_matrix(dtype::f32);
    CHECK(text_of(bf16_gemm_nt(everything, stored(1ull << 40, m, k), stored(3ull << 40, n, k), d,
                               {.c = d, .stream = &stream})) == "fine");
    CHECK(last().arguments.c.data == d.data);
    CHECK(last().options.stream == &stream);
}

TEST_CASE("operations say which types they take") {
    const input_matrix a = stored(1ull << 40, m, k), b = stored(3ull << 40, n, k);
    const input_matrix half_a = stored(1ull << 40, m, k, dtype::f16), half_b = stored(3ull << 40, n, k, dtype::f16);
    const gemm_problem p = fakes::problem(m, n, k);
    CHECK(text_of(bf16_gemm_nt(everything, half_a, half_b, d_matrix())) ==
          "unsupported_type: A is f16; a BF16 GEMM takes bf16");
    CHECK(text_of(bf16_gemm_nt(everything, a, half_b, d_matrix())) ==
          "unsupported_type: B is f16; a BF16 GEMM takes bf16");
    CHECK(text_of(bf16_gemm_nt(everything, p.a.matrix, b, d_matrix())) ==
          "unsupported_type: A is e4m3; a BF16 GEMM takes bf16");
    CHECK(text_of(f16_gemm_nt(everything, half_a, b, d_matrix())) ==
          "unsupported_type: B is bf16; an FP16 GEMM takes f16");
    CHECK(text_of(tf32_gemm_nt(everything, a, b, d_matrix())) == "unsupported_type: A is bf16; a TF32 GEMM takes tf32");
    CHECK(text_of(fp8_gemm_nt(everything, unscaled(a), unscaled(b), d_matrix())) ==
          "unsupported_type: A is bf16; an FP8 or FP4 GEMM takes e4m3, e5m2 or e2m1x2");
    CHECK(text_of(fp8_gemm_nt(everything, p.a, unscaled(b), d_matrix())) ==
          "unsupported_type: B is bf16; an FP8 or FP4 GEMM takes e4m3, e5m2 or e2m1x2");
    output_matrix d = d_matrix();
    d.columns = d.row_stride = 640;
    CHECK(text_of(fp8_gemm_nt_skip_head_mid(everything, unscaled(a), unscaled(b), d, {128, 64, 128})) ==
          "bad_heads: A and B are bf16; with head splits they must be FP8");
}

TEST_CASE("errors of transposed operands speak of A as M x K and of B as N x K") {
    const input_matrix a = stored(1ull << 40, k, m);
    CHECK(text_of(bf16_gemm_tn(everything, a, stored(3ull << 40, k + 8, n), d_matrix())) ==
          "shape_mismatch: A has 1024 columns and B has 1032; both must have K columns");
    input_matrix b = stored(3ull << 40, k, n);
    b.row_stride = n + 4;
    CHECK(text_of(bf16_gemm_tn(everything, a, b, d_matrix())) ==
          "misaligned: B has column stride 516; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
}

TEST_CASE("an engine that cannot transpose, and has no kernel that does, reads FP8 only where K is contiguous") {
    const gemm_problem p = fakes::problem(m, n, k);
    const scaled_matrix a = transposed(p.a), b = transposed(p.b);  // as stored: (k,m) and (k,n), K contiguous
    const auto check_launched = [&](const result<void>& outcome) {
        CHECK(text_of(outcome) == "fine");
        CHECK(last().cfg == scaled);
        CHECK(last().arguments.a.data == p.a.matrix.data);
        CHECK(last().arguments.a.pitch == k);
        CHECK(last().arguments.a.scales.data == p.a.scales.data);
        CHECK(last().arguments.a.scales.stride_k == m);
        CHECK(last().arguments.b.pitch == k);
        CHECK(last().arguments.b.scales.stride_mn == k / 128);
        CHECK(last().arguments.b.scales.stride_k == 1);
    };
    check_launched(fp8_gemm_nt(everything, p.a, p.b, p.d));
    check_launched(fp8_gemm_nn(everything, p.a, b, p.d));
    check_launched(fp8_gemm_tn(everything, a, b, p.d));
    check_launched(fp8_gemm_tt(everything, a, p.b, p.d));

    scaled_matrix rows = b;  // (k,n), N contiguous
    rows.matrix.row_stride = n;
    rows.matrix.column_stride = 1;
    const engine_of<ops::gemm> alone(kernels, device_info::h200());
    const auto refused = [](const result<void>& outcome, const char* operand) {
        REQUIRE_FALSE(outcome);
        CAPTURE(outcome.failure().message);
        CHECK(outcome.failure().code == errc::no_kernel);
        CHECK(outcome.failure().message.find(operand) != std::string::npos);
    };
    refused(fp8_gemm_nn(alone, p.a, rows, p.d), "B e4m3 scaled 128x128 by fp32, contiguous along N");
    rows = a;
    rows.matrix.row_stride = m;
    rows.matrix.column_stride = 1;
    refused(fp8_gemm_tn(alone, rows, b, p.d), "A e4m3 scaled 1x128 by fp32, contiguous along M");
}

TEST_CASE("empty 16-bit products") {
    const int before = last().launches;
    CHECK(text_of(bf16_gemm_nn(everything, {nullptr, dtype::bf16, 0, k}, {nullptr, dtype::bf16, k, n},
                               {nullptr, dtype::bf16, 0, n})) == "fine");
    CHECK(last().launches == before);
    CHECK(text_of(bf16_gemm_nn(everything, {nullptr, dtype::bf16, m, 0}, {nullptr, dtype::bf16, 0, n}, d_matrix())) ==
          "fine");
    CHECK(last().launches == before + 1);
    CHECK(last().arguments.shape.k == 0);
}

}  // namespace operations_tests
