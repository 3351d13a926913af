// SPDX-License-Identifier: MIT
// BF16 and FP16 operands: what a caller may do with them, which order and pitch a kernel is then told, and the sentences for
// the rest. What they share with FP8 is in validate.cpp.
#include <doctest/doctest.h>

#include "fakes.hpp"

namespace validate_half_tests {

using namespace deepgemm;
using fakes::address;
using fakes::verdict;

namespace {

constexpr major k_major = major::k, mn_major = major::mn;

/// The verdict on a BF16 problem after a change to it: A is MN-major, B is K-major.
template <class Change>
std::string after(Change change) {
    gemm_problem problem = fakes::half_problem(256, 512, 1024, mn_major, k_major);
    change(problem);
    return verdict(problem);
}

}  // namespace

TEST_CASE("valid 16-bit problems of every order") {
    for (const dtype type : {dtype::bf16, dtype::f16}) {
        for (const major a : {k_major, mn_major}) {
            for (const major b : {k_major, mn_major}) {
                for (const problem_shape shape :
                     {problem_shape{256, 512, 1024}, {1, 1, 1}, {130, 190, 200}, {3, 5, 7}}) {
                    gemm_problem p = fakes::half_problem(shape.m, shape.n, shape.k, a, b, type);
                    CHECK(verdict(p) == "fine");
                    p.d.type = dtype::f32;
                    p.c = p.d;
                    CHECK(verdict(p) == "fine");
                }
            }
        }
    }
    CHECK(after([](auto& p) { p.a.matrix.column_stride = 264; }) == "fine");
    CHECK(after([](auto& p) { p.b.matrix.row_stride = 1032; }) == "fine");
    CHECK(verdict(fakes::half_problem(100000, 100000, 65536, mn_major, mn_major)) == "fine");
}

TEST_CASE("16-bit operands and their scales") {
    CHECK(
        after([](auto& p) { p.a.scales = {}; }) ==
        "bad_scales: A is bf16 and has scales; only FP8 and FP4 are scaled, others need scale_kind::none and no data");
    CHECK(
        after([](auto& p) { p.b.scales = per_block_scales(address(4096), scale_kind::ue8m0, 512, 1024); }) ==
        "bad_scales: B is bf16 and has scales; only FP8 and FP4 are scaled, others need scale_kind::none and no data");
    CHECK(
        after([](auto& p) { p.a.scales.data = address(4096); }) ==
        "bad_scales: A is bf16 and has scales; only FP8 and FP4 are scaled, others need scale_kind::none and no data");
    gemm_problem p = fakes::problem(256, 512, 1024);
    p.b = unscaled(p.b.matrix);
    CHECK(verdict(p) ==
          "bad_scales: B has scales that hold for all of K, or none, and a scale of A covers 1 x 128 elements; both "
          "operands must be scaled along K, or neither");
}

TEST_CASE("16-bit operands and head splits") {
    CHECK(after([](auto& p) {
              p.heads = {128, 64, 128};
              p.d.columns = p.d.row_stride = 640;
          }) == "bad_heads: A and B are bf16; with head splits they must be FP8");
}

TEST_CASE("layouts of 16-bit operands") {
    CHECK(
        after([](auto& p) { p.a.matrix.row_stride = 3; }) ==
        "bad_layout: A has row stride 3 and column stride 256; one of them must be 1, so that it is contiguous along M "
        "or K");
    CHECK(after([](auto& p) { p.b.matrix.column_stride = 0; }) ==
          "bad_layout: B has row stride 1024 and column stride 0; one of them must be 1, so that it is contiguous "
          "along N "
          "or K");
    CHECK(after([](auto& p) { p.a.matrix.column_stride = 248; }) ==
          "bad_layout: A has column stride 248; it must be at least its 256 rows");
    CHECK(after([](auto& p) { p.b.matrix.row_stride = 1016; }) ==
          "bad_layout: B has row stride 1016; it must be at least its 1024 columns");
    // Both strides 1 count as K-major.
    CHECK(after([](auto& p) { p.a.matrix.column_stride = 1; }) ==
          "bad_layout: A has row stride 1; it must be at least its 1024 columns");
    CHECK(after([](auto& p) { p.a.matrix.column_stride = i64(1) << 39; }) ==
          "bad_layout: A has column stride 549755813888; TMA takes less than 2^40 bytes");
    CHECK(after([](auto& p) { p.a.matrix.column_stride = 260; }) ==
          "misaligned: A has column stride 260; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(after([](auto& p) { p.b.matrix.row_stride = 1028; }) ==
          "misaligned: B has row stride 1028; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(after([](auto& p) { p.a.matrix.data = address(4096 + 2); }) ==
          "misaligned: A starts 2 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(after([](auto& p) { p.a.matrix.data = nullptr; }) == "null_pointer: A has no data: its pointer is null");
    CHECK(after([](auto& p) {
              p.d.row_stride = 1;
              p.d.column_stride = 256;
          }) ==
          "bad_layout: D has row stride 1 and column stride 256; on Hopper it must be contiguous along N (column "
          "stride 1)");
}

TEST_CASE("16-bit operands that overlap D") {
    CHECK(after([](auto& p) { p.a.matrix.data = static_cast<const char*>(p.d.data) + 1024; }) ==
          "bad_alias: D overlaps A in memory; the result would be undefined");
    CHECK(after([](auto& p) { p.b.matrix.data = p.d.data; }) ==
          "bad_alias: D overlaps B in memory; the result would be undefined");
    // A is 1024 lines of 256 elements, so its last byte is where its last line ends.
    const i64 bytes = 1024 * 256 * 2;
    CHECK(after([&](auto& p) { p.a.matrix.data = static_cast<const char*>(p.d.data) - bytes; }) == "fine");
    CHECK(after([&](auto& p) { p.a.matrix.data = static_cast<const char*>(p.d.data) - bytes + 16; }) ==
          "bad_alias: D overlaps A in memory; the result would be undefined");
    SUBCASE("side by side in one buffer they do not") {
        const auto beside = [](gemm_problem& p) {
            p.d.row_stride = 768;  // D and the lines of A take turns
            p.a.matrix.column_stride = 768;
            p.a.matrix.data = static_cast<const char*>(p.d.data) + 512 * 2;
        };
        CHECK(after(beside) == "fine");
        CHECK(after([&](auto& p) {
                  beside(p);
                  p.a.matrix.data = static_cast<const char*>(p.a.matrix.data) - 16;
              }) == "bad_alias: D overlaps A in memory; the result would be undefined");
    }
}

TEST_CASE("empty 16-bit products") {
    for (const bool rows : {true, false}) {
        gemm_problem p{};
        p.a.matrix = {nullptr, dtype::bf16, rows ? 0 : 7, 333, 5, 7};
        p.b.matrix = {nullptr, dtype::bf16, rows ? 9 : 0, 333, 5, 7};
        p.d = {nullptr, dtype::bf16, p.a.matrix.rows, p.b.matrix.rows, 3, 2};
        CHECK(verdict(p) == "fine");
    }
    // Without K, operands are not looked at, and the pitches suit kernels of any type and order.
    gemm_problem p = fakes::half_problem(100, 24, 0, mn_major, k_major);
    p.a = {{nullptr, dtype::bf16, 100, 0, 3, 5}, {}};
    CHECK(verdict(p) == "fine");
    CHECK(workload_of(p).a == fakes::half());
    CHECK(arguments_of(p).a.pitch == 128);
    CHECK(arguments_of(p).b.pitch == 128);
    p.d.data = nullptr;
    CHECK(verdict(p) == "null_pointer: D has no data: its pointer is null");
}

TEST_CASE("the order of an operand and the pitch a kernel is told") {
    const struct {
        i64 rows, columns, row_stride, column_stride;
        major contiguous;
        i64 pitch;
    } cases[] = {
        {256, 512, 520, 1, k_major, 520}, {256, 512, 1, 264, mn_major, 264},
        {1, 100, 1, 1, k_major, 104},     // a row: its own stride does not matter
        {1, 100, 7, 1, k_major, 104},     //
        {1, 100, 1, 8, mn_major, 8},      // of which TMA can take every eighth element
        {1, 100, 999, 16, mn_major, 16},  //
        {100, 1, 8, 1, k_major, 8},       // a column whose elements are as far apart as TMA needs
        {100, 1, 8, 999, k_major, 8},     //
        {100, 1, 1, 1, mn_major, 104},    // a dense one
        {100, 1, 1, 100, mn_major, 104},  //
        {1, 1, 0, 0, k_major, 8},         {1, 1, 1, 1, k_major, 8},
        {1, 1, 5, 7, k_major, 8},
    };
    for (const auto& c : cases) {
        CAPTURE(c.rows);
        CAPTURE(c.columns);
        CAPTURE(c.row_stride);
        CAPTURE(c.column_stride);
        const input_matrix x{address(1ull << 40), dtype::bf16, c.rows, c.columns, c.row_stride, c.column_stride};
        const input_matrix y{address(3ull << 40), dtype::bf16, 16, c.columns, align_up(c.columns, i64(8)), 1};
        CHECK(contiguous_along(x) == c.contiguous);
        const gemm_problem left{
            .a = unscaled(x), .b = unscaled(y), .d = {address(5ull << 40), dtype::bf16, c.rows, 16, 16}};
        CHECK(verdict(left) == "fine");
        CHECK(workload_of(left).a == fakes::half(c.contiguous));
        CHECK(workload_of(left).b == fakes::half());
        CHECK(arguments_of(left).a.pitch == c.pitch);
        const gemm_problem right{.a = unscaled(y),
                                 .b = unscaled(x),
                                 .d = {address(5ull << 40), dtype::bf16, 16, c.rows, align_up(c.rows, i64(8))}};
        CHECK(verdict(right) == "fine");
        CHECK(workload_of(right).b == fakes::half(c.contiguous));
        CHECK(arguments_of(right).b.pitch == c.pitch);
    }
    SUBCASE("every other element of a row is out of TMA's reach") {
        CHECK(after([](auto& p) {
                  p.a.matrix = {address(4096), dtype::bf16, 1, 1024, 1, 2};
                  p.d.rows = 1;
              }) == "misaligned: A has column stride 2; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    }
    SUBCASE("FP8 counts by its strides, too") {
        CHECK(contiguous_along({nullptr, dtype::e4m3, 100, 1, 1, 100}) == mn_major);
        CHECK(contiguous_along({nullptr, dtype::e4m3, 256, 512, 1, 256}) == mn_major);
        CHECK(contiguous_along({nullptr, dtype::e4m3, 256, 512, 512, 1}) == k_major);
    }
}

TEST_CASE("scales do not matter to the workload of 16-bit operands") {
    gemm_problem p = fakes::half_problem(256, 512, 1024, k_major, mn_major, dtype::f16);
    p.a.scales.tile = {128, 128};
    const gemm_workload work = workload_of(p);
    CHECK(verdict(p) == "fine");
    CHECK(work.a == fakes::half(k_major, dtype::f16));
    CHECK(work.b == fakes::half(mn_major, dtype::f16));
    CHECK(arguments_of(p).a.scales.data == nullptr);
}

TEST_CASE("transposed views") {
    const input_matrix x{address(4096), dtype::bf16, 3, 5, 8, 1}, y = transposed(x);
    CHECK(y.data == x.data);
    CHECK(y.type == x.type);
    CHECK(y.rows == 5);
    CHECK(y.columns == 3);
    CHECK(y.row_stride == 1);
    CHECK(y.column_stride == 8);
    const scale_argument s = per_block_scales(address(4096), scale_kind::fp32, 300, 1000), t = transposed(s);
    CHECK(t.data == s.data);
    CHECK(t.tile == s.tile);
    CHECK(t.rows == 8);
    CHECK(t.columns == 3);
    CHECK(t.row_stride == 1);
    CHECK(t.column_stride == 8);
}

}  // namespace validate_half_tests
