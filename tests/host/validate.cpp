// SPDX-License-Identifier: MIT
// Every rule of a GEMM that a caller can break, and the sentence the caller then reads. What concerns BF16 and FP16 operands
// alone is in validate_half.cpp.
#include <doctest/doctest.h>

#include "fakes.hpp"

namespace validate_tests {

using namespace deepgemm;
using fakes::address;
using fakes::verdict;

namespace {

/// The verdict on the usual problem after a change to it.
template <class Change>
std::string after(Change change) {
    gemm_problem problem = fakes::problem(256, 512, 1024);
    change(problem);
    return verdict(problem);
}

input_matrix as_c(const gemm_problem& problem) {
    input_matrix c = problem.d;
    c.data = address(6ull << 40);
    return c;
}

}  // namespace

TEST_CASE("valid problems") {
    CHECK(verdict(fakes::problem(256, 512, 1024)) == "fine");
    CHECK(verdict(fakes::problem(1, 1, 1)) == "fine");
    CHECK(verdict(fakes::problem(130, 190, 200, dtype::f32)) == "fine");
    CHECK(after([](auto& p) { p.a.matrix.type = dtype::e5m2; }) == "fine");
    CHECK(after([](auto& p) { p.b.matrix.type = dtype::e5m2; }) == "fine");
    CHECK(after([](auto& p) { p.c = as_c(p); }) == "fine");
    CHECK(after([](auto& p) { p.c = p.d; }) == "fine");
    SUBCASE("padded rows") {
        CHECK(after([](auto& p) { p.a.matrix.row_stride = 4096; }) == "fine");
        CHECK(after([](auto& p) { p.d.row_stride = 520; }) == "fine");
        CHECK(after([](auto& p) { p.a.scales.column_stride = 1024; }) == "fine");
    }
    SUBCASE("scales of B by token, by block in either order, padded, packed") {
        CHECK(after([](auto& p) { p.b.scales = per_token_scales(address(4096), scale_kind::fp32, 512, 1024); }) ==
              "fine");
        CHECK(after([](auto& p) { p.b.scales = {address(4096), scale_kind::fp32, {128, 128}, 4, 8, 1, 4}; }) == "fine");
        CHECK(after([](auto& p) {
                  p.b.scales = {address(4100), scale_kind::fp32, {128, 128}, 4, 8, 11, 1};
              }) == "fine");
        CHECK(after([](auto& p) { p.b.scales = per_block_scales(address(4096), scale_kind::ue8m0, 512, 1024); }) ==
              "fine");
        CHECK(after([](auto& p) { p.a.scales = per_token_scales(address(4096), scale_kind::ue8m0, 256, 1024); }) ==
              "fine");
    }
    SUBCASE("strides of a single row or column do not matter") {
        gemm_problem p = fakes::problem(1, 512, 100);
        p.a.matrix.row_stride = 100;
        p.d.row_stride = 0;
        p.a.scales.column_stride = 1;
        CHECK(verdict(p) == "fine");
        CHECK(arguments_of(p).a.pitch == 112);
        CHECK(arguments_of(p).d.pitch == 512);
        CHECK(arguments_of(p).a.scales.stride_k == 4);
    }
    SUBCASE("tensors side by side in one buffer") {
        CHECK(after([](auto& p) {
                  p.d.row_stride = 1024;
                  p.c = as_c(p);
                  p.c->data = static_cast<const char*>(p.d.data) + 512 * 2;
              }) == "fine");
    }
    SUBCASE("more than 2^31 elements") { CHECK(verdict(fakes::problem(100000, 100000, 65536)) == "fine"); }
}

TEST_CASE("sizes") {
    CHECK(after([](auto& p) { p.a.matrix.rows = -1; }) ==
          "bad_extent: A is -1 x 1024; each size must be from 0 to 2147479552");
    CHECK(after([](auto& p) { p.b.matrix.columns = i64(1) << 31; }) ==
          "bad_extent: B is 512 x 2147483648; each size must be from 0 to 2147479552");
    CHECK(after([](auto& p) { p.d.columns = -3; }) ==
          "bad_extent: D is 256 x -3; each size must be from 0 to 2147479552");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->rows = -256;
          }) == "bad_extent: C is -256 x 512; each size must be from 0 to 2147479552");
    CHECK(after([](auto& p) { p.b.matrix.columns = 1000; }) ==
          "shape_mismatch: A has 1024 columns and B has 1000; both must have K columns");
    CHECK(after([](auto& p) { p.d.rows = 255; }) ==
          "shape_mismatch: D is 255 x 512; A with 256 rows and B with 512 rows need 256 x 512");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->columns = 500;
          }) == "shape_mismatch: C is 256 x 500; it must have D's shape, 256 x 512");
}

TEST_CASE("one function judges extents, for those who have no matrices yet too") {
    const auto text = [](const result<void>& outcome) {
        return outcome ? "fine" : concat(name_of(outcome.failure().code), ": ", outcome.failure().message);
    };
    CHECK(text(check_extent("M", 0)) == "fine");
    CHECK(text(check_extent("M", max_extent)) == "fine");
    CHECK(text(check_extent("M", 0, 1)) == "bad_extent: M is 0; it must be from 1 to 2147479552");
    CHECK(text(check_extent("M", 4294967424, 1)) == "bad_extent: M is 4294967424; it must be from 1 to 2147479552");
    CHECK(text(check_extents(1, 2, 3)) == "fine");
    CHECK(text(check_extents(-1, 2, 3)) == "bad_extent: M is -1; it must be from 0 to 2147479552");
    CHECK(text(check_extents(1, 2147483647, 3)) == "bad_extent: N is 2147483647; it must be from 0 to 2147479552");
    CHECK(text(check_extents(1, 2, 0, 1)) == "bad_extent: K is 0; it must be from 1 to 2147479552");
}

TEST_CASE("element types") {
    CHECK(after([](auto& p) { p.a.matrix.type = dtype::f32; }) ==
          "unsupported_type: A is f32; it must be e4m3, e5m2, e2m1x2, bf16, f16 or tf32");
    CHECK(after([](auto& p) { p.b.matrix.type = dtype::e2m3; }) ==
          "unsupported_type: B is e2m3; it must be e4m3, e5m2, e2m1x2, bf16, f16 or tf32");
    CHECK(after([](auto& p) { p.a.matrix.type = dtype::bf16; }) ==
          "unsupported_type: A is bf16 and B is e4m3; both must be FP8 or FP4 (e4m3, e5m2, e2m1x2), or both of one "
          "other type");
    CHECK(after([](auto& p) {
              p.a.matrix.type = dtype::bf16;
              p.b.matrix.type = dtype::f16;
          }) ==
          "unsupported_type: A is bf16 and B is f16; both must be FP8 or FP4 (e4m3, e5m2, e2m1x2), or both of one "
          "other type");
    CHECK(after([](auto& p) { p.d.type = dtype::f16; }) == "unsupported_type: D is f16; it must be bf16 or f32");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->type = dtype::f32;
          }) == "unsupported_type: C is f32 and D is bf16; C must have D's type");
}

TEST_CASE("pointers") {
    CHECK(after([](auto& p) { p.a.matrix.data = nullptr; }) == "null_pointer: A has no data: its pointer is null");
    CHECK(after([](auto& p) { p.b.matrix.data = nullptr; }) == "null_pointer: B has no data: its pointer is null");
    CHECK(after([](auto& p) { p.d.data = nullptr; }) == "null_pointer: D has no data: its pointer is null");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->data = nullptr;
          }) == "null_pointer: C has no data: its pointer is null");
    CHECK(after([](auto& p) { p.a.scales.data = nullptr; }) ==
          "null_pointer: the scales of A have no data: their pointer is null");
    CHECK(after([](auto& p) { p.b.scales.data = nullptr; }) ==
          "null_pointer: the scales of B have no data: their pointer is null");
}

TEST_CASE("layouts") {
    CHECK(after([](auto& p) {
              p.a.matrix.row_stride = 1;
              p.a.matrix.column_stride = 256;
          }) == "fine");  // a kernel may transpose it on the way
    CHECK(after([](auto& p) {
              p.a.matrix.row_stride = 1;
              p.a.matrix.column_stride = 264;
          }) == "misaligned: A has column stride 264; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    CHECK(
        after([](auto& p) { p.b.matrix.column_stride = 2; }) ==
        "bad_layout: B has row stride 1024 and column stride 2; one of them must be 1, so that it is contiguous along "
        "N or K");
    CHECK(after([](auto& p) {
              p.d.row_stride = 1;
              p.d.column_stride = 256;
          }) ==
          "bad_layout: D has row stride 1 and column stride 256; on Hopper it must be contiguous along N (column "
          "stride 1)");
    CHECK(after([](auto& p) { p.a.matrix.row_stride = 1008; }) ==
          "bad_layout: A has row stride 1008; it must be at least its 1024 columns");
    CHECK(after([](auto& p) { p.d.row_stride = 504; }) ==
          "bad_layout: D has row stride 504; it must be at least its 512 columns");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->row_stride = 256;
          }) == "bad_layout: C has row stride 256; it must be at least its 512 columns");
    CHECK(after([](auto& p) { p.b.matrix.row_stride = i64(1) << 40; }) ==
          "bad_layout: B has row stride 1099511627776; TMA takes less than 2^40 bytes");
}

TEST_CASE("alignment") {
    CHECK(after([](auto& p) { p.a.matrix.row_stride = 1028; }) ==
          "misaligned: A has row stride 1028; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    CHECK(after([](auto& p) { p.d.row_stride = 516; }) ==
          "misaligned: D has row stride 516; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(after([](auto& p) {
              p.d.type = dtype::f32;
              p.d.row_stride = 514;
          }) == "misaligned: D has row stride 514; TMA needs a multiple of 16 bytes, that is 4 elements of f32");
    CHECK(after([](auto& p) { p.b.matrix.data = address(4096 + 8); }) ==
          "misaligned: B starts 8 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(after([](auto& p) {
              p.c = as_c(p);
              p.c->data = address(4096 + 2);
          }) == "misaligned: C starts 2 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(after([](auto& p) { p.a.scales.data = address(4096 + 4); }) ==
          "misaligned: the scales of A start 4 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(after([](auto& p) { p.b.scales.data = address(4096 + 2); }) ==
          "misaligned: the scales of B start 2 bytes past a multiple of 4; they are 4-byte words");
}

TEST_CASE("aliasing") {
    CHECK(after([](auto& p) {
              p.c = p.d;
              p.d.row_stride = 1024;
          }) == "bad_alias: C is D's memory with stride 512 instead of 1024; C must be D itself or lie apart from it");
    CHECK(after([](auto& p) {
              p.c = p.d;
              p.c->data = static_cast<const char*>(p.d.data) + 1024;
          }) == "bad_alias: C overlaps D in memory but starts elsewhere; C must be D itself or lie apart from it");
    CHECK(after([](auto& p) {
              p.d.row_stride = 768;
              p.c = p.d;
              p.c->data = static_cast<const char*>(p.d.data) + 512;
          }) == "bad_alias: C overlaps D in memory but starts elsewhere; C must be D itself or lie apart from it");
    CHECK(after([](auto& p) { p.a.matrix.data = p.d.data; }) ==
          "bad_alias: D overlaps A in memory; the result would be undefined");
    CHECK(after([](auto& p) { p.b.matrix.data = static_cast<const char*>(p.d.data) + 16; }) ==
          "bad_alias: D overlaps B in memory; the result would be undefined");
}

TEST_CASE("scales") {
    CHECK(after([](auto& p) { p.a.scales.kind = scale_kind::none; }) ==
          "bad_scales: A has scales that hold for all of K, or none, and a scale of B covers 128 x 128 elements; both "
          "operands must be scaled along K, or neither");
    CHECK(after([](auto& p) {
              p.a.scales.tile = {128, 128};
          }) == "bad_scales: a scale of A covers 128 x 128 elements; it must cover 1 x 128 (rows x K)");
    CHECK(after([](auto& p) {
              p.b.scales.tile = {1, 32};
          }) == "bad_scales: a scale of B covers 1 x 32 elements; it must cover 1 x 128 or 128 x 128 (rows x K)");
    CHECK(after([](auto& p) { p.a.scales.columns = 7; }) ==
          "bad_scales: the scales of A are 256 x 7; M = 256 and K = 1024 in tiles of 1 x 128 need 256 x 8 fp32 words");
    CHECK(after([](auto& p) { p.b.scales.rows = 5; }) ==
          "bad_scales: the scales of B are 5 x 8; N = 512 and K = 1024 in tiles of 128 x 128 need 4 x 8 fp32 words");
    CHECK(after([](auto& p) { p.a.scales.kind = scale_kind::ue8m0; }) ==
          "bad_scales: the scales of A are 256 x 8; M = 256 and K = 1024 in tiles of 1 x 128 need 256 x 2 words of "
          "four ue8m0");
    CHECK(after([](auto& p) {
              p.a.scales.row_stride = 8;
              p.a.scales.column_stride = 256;
          }) == "bad_scales: the scales of A have row stride 8 and column stride 256; one of them must be 1");
    CHECK(after([](auto& p) { p.a.scales = k_major_scales(address(4096), scale_kind::fp32, 256, 1024, 7); }) ==
          "bad_scales: the scales of A have row stride 7; it must be at least their 8 columns");
    CHECK(after([](auto& p) { p.a.scales = k_major_scales(address(4098), scale_kind::fp32, 256, 1024); }) ==
          "misaligned: the scales of A start 2 bytes past a multiple of 4; they are 4-byte words");
    for (const i64 stride : {0, 8, 9, 1000}) {
        CHECK(after([stride](auto& p) {
                  p.a.scales = k_major_scales(address(4100), scale_kind::fp32, 256, 1024, stride);
              }) == "fine");
    }
    SUBCASE("K-major scales of one column start at any word, like all others, if not where TMA could load them") {
        const auto of = [](std::uintptr_t at, scale_kind kind, i64 m, i64 k) {
            gemm_problem p = fakes::problem(m, 512, k);
            p.a.scales = k_major_scales(address(at), kind, m, k);
            return p;
        };
        for (const std::uintptr_t at : {4096, 4100, 4104, 4108}) {
            const major expected = at == 4096 ? major::mn : major::k;
            for (const auto& p : {of(at, scale_kind::fp32, 256, 128), of(at, scale_kind::fp32, 256, 1),
                                  of(at, scale_kind::ue8m0, 256, 512), of(at, scale_kind::fp32, 1, 128)}) {
                CAPTURE(at);
                CHECK(verdict(p) == "fine");
                CHECK(bool(workload_of(p).a.scales == expected));
                CHECK(arguments_of(p).a.scales.stride_mn == 1);
            }
        }
        CHECK(verdict(of(4098, scale_kind::fp32, 256, 128)) ==
              "misaligned: the scales of A start 2 bytes past a multiple of 4; they are 4-byte words");
        gemm_problem p = of(4096, scale_kind::fp32, 256, 128);
        p.b.scales = per_token_scales(address(4100), scale_kind::fp32, 512, 128);
        CHECK(verdict(p) ==
              "misaligned: the scales of B start 4 bytes past a multiple of 16; TMA needs 16-byte alignment");
    }
    CHECK(after([](auto& p) {
              p.b.scales = per_token_scales(address(4096), scale_kind::fp32, 512, 1024);
              p.b.scales.row_stride = 8;
          }) ==
          "bad_scales: the scales of B have row stride 8; per-token scales must be MN-major, contiguous along N (row "
          "stride 1)");
    CHECK(after([](auto& p) { p.a.scales.column_stride = 258; }) ==
          "bad_scales: the scales of A have column stride 258; TMA needs a multiple of 4 words, at least M: 256, say");
    CHECK(after([](auto& p) { p.a.scales.column_stride = 128; }) ==
          "bad_scales: the scales of A have column stride 128; TMA needs a multiple of 4 words, at least M: 256, say");
    CHECK(after([](auto& p) { p.b.scales.row_stride = -8; }) ==
          "bad_scales: the scales of B have strides (-8, 1); they must not be negative");
}

TEST_CASE("head splits") {
    const auto with = [](head_splits heads, auto change) {
        return after([&](gemm_problem& p) {
            p.heads = heads;
            p.d.columns = p.d.row_stride = 640;  // two heads of 256 columns, each with a hole of 64
            change(p);
        });
    };
    const auto nothing = [](auto&) {};
    CHECK(with({128, 64, 128}, nothing) == "fine");
    CHECK(with({100, 64, 128}, nothing) ==
          "bad_heads: head splits (100, 64, 128) hold 100; each must be a multiple of 64, or 0");
    CHECK(with({128, -64, 128}, nothing) ==
          "bad_heads: head splits (128, -64, 128) hold -64; each must be a multiple of 64, or 0");
    CHECK(with({0, 64, 0}, nothing) ==
          "bad_heads: head splits (0, 64, 0) leave nothing to write; left + right must be positive");
    CHECK(with({-64, 64, 0}, nothing) ==
          "bad_heads: head splits (-64, 64, 0) hold -64; each must be a multiple of 64, or 0");
    CHECK(with({2147483584, 0, 2147483584}, nothing) ==
          "bad_heads: N is 512; with head splits (2147483584, 0, 2147483584) it must be a multiple of left + right = "
          "4294967168");
    CHECK(with({128, 64, 256}, nothing) ==
          "bad_heads: N is 512; with head splits (128, 64, 256) it must be a multiple of left + right = 384");
    CHECK(with({128, 64, 128}, [](auto& p) { p.d.type = dtype::f32; }) ==
          "bad_heads: D is f32; with head splits it must be bf16");
    CHECK(with({128, 64, 128}, [](auto& p) { p.c = as_c(p); }) == "bad_heads: C is given; head splits do not add to D");
    CHECK(with({128, 64, 128}, [](auto& p) { p.d.columns = 512; }) ==
          "shape_mismatch: D is 256 x 512; A with 256 rows and B with 512 rows, with head splits (128, 64, 128), need "
          "256 x 640");
    CHECK(with({128, 64, 128}, [](auto& p) { p.a.matrix.columns = p.b.matrix.columns = 0; }) ==
          "bad_heads: N is 512 and K is 0; with head splits both must be positive");
    CHECK(with({128, 64, 128}, [](auto& p) { p.b.matrix.rows = p.d.columns = 0; }) ==
          "bad_heads: N is 0 and K is 1024; with head splits both must be positive");
    CHECK(with({128, 64, 128}, [](auto& p) { p.a.matrix.rows = p.d.rows = 0; }) == "fine");
}

TEST_CASE("empty products") {
    SUBCASE("without rows or columns nothing else is looked at but sizes and types") {
        for (const bool rows : {true, false}) {
            gemm_problem p{};
            p.a.matrix = {nullptr, dtype::e4m3, rows ? 0 : 7, 333, 5, 7};
            p.b.matrix = {nullptr, dtype::e4m3, rows ? 9 : 0, 333, 5, 7};
            p.d = {nullptr, dtype::bf16, p.a.matrix.rows, p.b.matrix.rows, 3, 2};
            CHECK(is_empty(p));
            CHECK(verdict(p) == "fine");
            p.d.type = dtype::e4m3;
            CHECK(verdict(p) == "unsupported_type: D is e4m3; it must be bf16 or f32");
            p.d.type = dtype::bf16;
            p.d.rows += 1;
            CHECK(verdict(p).starts_with("shape_mismatch: D is"));
        }
    }
    SUBCASE("without K, operands and scales are not looked at, but D and C are") {
        gemm_problem p = fakes::problem(5, 24, 0);
        p.a = {{nullptr, dtype::e4m3, 5, 0, 0}, {}};
        p.b = {{nullptr, dtype::e4m3, 24, 0, 0}, {}};
        CHECK(!is_empty(p));
        CHECK(verdict(p) == "fine");
        CHECK(arguments_of(p).a.pitch == 128);
        CHECK(arguments_of(p).a.scales.stride_k == 8);
        p.c = p.d;
        CHECK(verdict(p) == "fine");
        p.d.data = nullptr;
        CHECK(verdict(p) == "null_pointer: D has no data: its pointer is null");
    }
}

TEST_CASE("arguments") {
    gemm_problem p = fakes::problem(256, 512, 1024);
    p.a.matrix.row_stride = 2048;
    p.d.row_stride = 1024;
    p.c = as_c(p);
    p.c->row_stride = 520;
    p.b.scales.row_stride = 9;
    const gemm_arguments given = arguments_of(p);
    CHECK(given.shape.m == 256);
    CHECK(given.shape.n == 512);
    CHECK(given.shape.k == 1024);
    CHECK(given.a.data == p.a.matrix.data);
    CHECK(given.a.pitch == 2048);
    CHECK(given.b.data == p.b.matrix.data);
    CHECK(given.b.pitch == 1024);
    CHECK(given.a.scales.data == p.a.scales.data);
    CHECK(given.a.scales.stride_k == 256);
    CHECK(given.b.scales.data == p.b.scales.data);
    CHECK(given.b.scales.stride_mn == 9);
    CHECK(given.b.scales.stride_k == 1);
    CHECK(given.d.data == p.d.data);
    CHECK(given.d.pitch == 1024);
    CHECK(given.c.data == p.c->data);
    CHECK(given.c.pitch == 520);
}

TEST_CASE("matrices from typed pointers") {
    static float values[12];
    const output_matrix d = row_major(values, 2, 5, 6);
    CHECK(d.type == dtype::f32);
    CHECK(d.row_stride == 6);
    const input_matrix a = row_major(static_cast<const float*>(values), 3, 4);
    CHECK(a.data == values);
    CHECK(a.row_stride == 4);
    CHECK(per_token_scales(values, scale_kind::ue8m0, 5, 1000).columns == 2);
    CHECK(per_token_scales(values, scale_kind::fp32, 5, 1000).column_stride == 8);
    CHECK(per_block_scales(values, scale_kind::fp32, 130, 1000).rows == 2);
}

}  // namespace validate_tests
