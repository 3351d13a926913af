// SPDX-License-Identifier: MIT
// Rules of the batched GEMM, each broken once, with what is said; what no kernel runs; problems without work.
#include <deepgemm/host/instances.hpp>

#include <doctest/doctest.h>

#include "../host/fakes.hpp"
#include "batched_gemm_sample.hpp"

namespace batched_gemm_rules_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using fakes::moved;

namespace {

engine_of<ops::batched_gemm> engine_on_simulator() {
    return {instances::of<ops::batched_gemm>(), device_info::simulator()};
}

/// A problem at made-up addresses: 4 products of A (256, 1024), B (512, 1024) and D (256, 512).
batched_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const scaled_matrix a{row_major(static_cast<const e4m3*>(at(1)), 256, 1024),
                          per_token_scales(at(2), scale_kind::fp32, 256, 1024)},
        b{row_major(static_cast<const e4m3*>(at(3)), 512, 1024), per_block_scales(at(4), scale_kind::fp32, 512, 1024)};
    return {.a = dense_stack(a, 4),
            .b = dense_stack(b, 4),
            .d = dense_stack(row_major(static_cast<bf16*>(at(5)), 256, 512), 4)};
}

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change) {
    batched_problem p = made_up();
    change(p);
    const auto found = checked<ops::batched_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

}  // namespace

TEST_CASE("batched gemm: nothing to do needs no memory") {
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
    for (const auto& [count, m, n] : {std::tuple<i64, i64, i64>{0, 64, 64}, {3, 0, 64}, {3, 64, 0}}) {
        batched_problem p = made_up();
        p.a.first.matrix.rows = p.d.first.rows = m;
        p.b.first.matrix.rows = p.d.first.columns = n;
        p.a.count = p.b.count = p.d.count = count;
        p.a.first.matrix.data = p.b.first.matrix.data = p.d.first.data = nullptr;
        CHECK(engine.run(p));
        CHECK(engine.supports(p));
    }
}

TEST_CASE("batched gemm: what no kernel runs is said, with the kernel to instantiate") {
    batched_problem p = made_up();
    p.d = dense_stack(row_major(static_cast<float*>(p.d.first.data), 256, 512), 4);
    p.accumulate = true;
    const auto missing = engine_on_simulator().supports(p);
    REQUIRE(!missing);
    CHECK(missing.failure().code == errc::no_kernel);
    const std::string wanted =
        "instantiate gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>, operand<e4m3, "
        "scale::per_block<scale::fp32>>, accumulate<float>, config{.block = {128, 128, 128}}, "
        "grouped<tile_shape{128, 128, 128}, cluster_shape{1, 1}, uniform_groups>>";
    CHECK_MESSAGE(missing.failure().message.ends_with(wanted), missing.failure().message);
    CHECK(engine_on_simulator().supports(made_up()));
    const gemm_info& info = instances::of<ops::batched_gemm>()[0].info;
    CHECK(std::string(ops::gemm::why_not(info.traits, gemm_workload{})) == "it computes groups of products");
    gemm_traits dense = info.traits;
    dense.groups = grouping::none;
    CHECK(std::string(ops::batched_gemm::why_not(dense, batched_workload{})) == "it computes no batch");
}

TEST_CASE("batched gemm: each named operation refuses the types of the others") {
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
    batched_problem p = made_up();
    const input_stack a{p.a.first.matrix, 4, p.a.matrix_stride}, b{p.b.first.matrix, 4, p.b.matrix_stride};
    const auto half = bf16_batched_gemm_nt(engine, a, b, p.d);
    REQUIRE(!half);
    CHECK(half.failure().message == "A is e4m3; a BF16 GEMM takes bf16");
    const auto f16_named = f16_batched_gemm_nn(engine, a, b, p.d);
    REQUIRE(!f16_named);
    CHECK(f16_named.failure().message == "A is e4m3; an FP16 GEMM takes f16");
    p.b.first.matrix.type = dtype::bf16;
    const auto fp8 = fp8_batched_gemm_nt(engine, p.a, p.b, p.d);
    REQUIRE(!fp8);
    CHECK(fp8.failure().message == "B is bf16; an FP8 GEMM takes e4m3 or e5m2");
}

TEST_CASE("batched gemm: every rule broken once") {
    using p_ = batched_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_& p) { p.a.count = -1; }) ==
          "bad_extent: the number of products is -1; it must be from 0 to 2147479552");
    CHECK(refused([](p_& p) { p.b.count = 3; }) ==
          "shape_mismatch: A has 4 matrices, B 3 and D 4; each must have one for every product");
    CHECK(refused([](p_& p) { p.d.count = 5; }) ==
          "shape_mismatch: A has 4 matrices, B 4 and D 5; each must have one for every product");
    CHECK(refused([](p_& p) { p.d.first.rows = 255; }) ==
          "shape_mismatch: D is 255 x 512; A with 256 rows and B with 512 rows need 256 x 512");
    CHECK(
        refused([](p_& p) { p.a.count = p.b.count = p.d.count = i64(1) << 26; }) ==
        "bad_extent: 67108864 products of 256 x 512 have more than 2147483647 tiles of 8 x 8; tiles are counted in 31 "
        "bits");
    CHECK(
        refused([](p_& p) { p.a.matrix_stride = 256 * 1024 - 1; }) ==
        "bad_layout: A has matrix stride 262143; its 4 matrices must lie apart, which takes at least 262144 elements");
    CHECK(refused([](p_& p) { p.b.matrix_stride = 0; }) ==
          "bad_layout: B has matrix stride 0; its 4 matrices must lie apart, which takes at least 524288 elements");
    CHECK(refused([](p_& p) { p.d.matrix_stride = -512; }) ==
          "bad_layout: D has matrix stride -512; its 4 matrices must lie apart, which takes at least 131072 elements");
    CHECK(
        refused([](p_& p) {
            p.d.first.row_stride = 4 * 520;
            p.d.matrix_stride = 500;
        }) ==
        "bad_layout: D has matrix stride 500; its 4 matrices must lie apart, which takes at least 530912 elements, or, "
        "with rows among each other, from 512 to 522");
    CHECK(refused([](p_& p) { p.a.matrix_stride += 8; }) ==
          "misaligned: A has matrix stride 262152; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    CHECK(
        refused([](p_& p) { p.a.scale_stride += 2; }) ==
        "bad_scales: the scales of A have matrix stride 2050; TMA needs a multiple of 4 words, less than 2^38 of them");
    CHECK(refused([](p_& p) { p.b.scale_stride = -1; }) ==
          "bad_scales: the scales of B have matrix stride -1; it must not be negative");
    CHECK(refused([&](p_& p) { p.a.first.matrix.data = moved(p.d.first.data, 2 * 3 * 256 * 512); }) ==
          "bad_alias: D overlaps A in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.b.first.scales.data = moved(p.d.first.data, 64); }) ==
          "bad_alias: D overlaps the scales of B in memory; the result would be undefined");
    const auto summed = [](auto change) {
        return [change](p_& p) {
            p.sum = true;
            p.d.count = 1;
            p.workspace = {reinterpret_cast<void*>(u64(6) << 40), 1 << 21};
            for (scaled_stack* const x : {&p.a, &p.b}) {
                x->first = unscaled(x->first.matrix);
                x->first.matrix.type = dtype::bf16;
            }
            change(p);
        };
    };
    CHECK(refused(summed([](p_&) {})) == "");
    CHECK(refused(summed([](p_& p) { p.d.count = 4; })) ==
          "shape_mismatch: A has 4 matrices, B 4 and D 4; A and B must have one for every product, and D one for their "
          "sum");
    CHECK(
        refused(summed([](p_& p) { p.workspace.bytes = 1567875; })) ==
        "bad_option: the workspace has 1567875 bytes; the sum of a batch needs at least 1567876 for a D of 256 x 512");
    CHECK(refused(summed([](p_& p) { p.accumulate = true; })) ==
          "unsupported_type: D is bf16; the sum of a batch is added to an f32 D and to no other");
    CHECK(refused(summed([](p_& p) { p.workspace.data = nullptr; })) ==
          "null_pointer: the workspace has no data: its pointer is null");
    CHECK(refused(summed([&](p_& p) { p.workspace.data = static_cast<char*>(p.workspace.data) + 64; })) ==
          "misaligned: the workspace starts 64 bytes past a multiple of 128; totals in it need 128-byte alignment");
    CHECK(refused(summed([&](p_& p) { p.workspace.data = p.d.first.data; })) ==
          "bad_alias: the workspace overlaps D in memory; the result would be undefined");
    CHECK(refused(summed([](p_& p) { p.a.count = p.b.count = i64(1) << 27; })) ==
          "bad_extent: 134217728 products of K = 1024 have 2147483648 blocks of 64 elements; a sum takes up to "
          "2147479552");
    CHECK(refused([](p_& p) {
              p.sum = true;
              p.d.count = 1;
          }) ==
          "unsupported_type: A and B are e4m3; products of 16-bit types can be summed up over a batch, bf16 or f16");
    CHECK(refused([](p_& p) {
              p.a.count = p.b.count = p.d.count = 1;
              p.a.matrix_stride = p.b.matrix_stride = p.d.matrix_stride = p.a.scale_stride = -7;
          }) == "");
    // Heads of tokens: 4 matrices of rows 4096 elements apart, 1024 elements from each other.
    CHECK(refused([](p_& p) {
              p.a.first.matrix.row_stride = 4096;
              p.a.matrix_stride = 1024;
              p.d.first.row_stride = 2048;
              p.d.matrix_stride = 512;
          }) == "");
}

TEST_CASE("batched gemm: what a batch asks of any kernel, and a workload that is checked as a problem is") {
    batched_workload work = workload_of(made_up());
    CHECK(work.count == 4);
    CHECK(demand_of(work).flops == 2.0 * 4 * 256 * 512 * 1024);
    CHECK(demand_of(work).bytes == 4.0 * (256 * (1024 + 8 * 4 + 2 * 512) + 512 * 1024 + 4 * 8 * 4));
    CHECK(hash_of(work) != hash_of(batched_workload{5, work.one}));
    CHECK(validate(work));
    work.count = -1;
    CHECK(validate(work).failure().message == "the number of products is -1; it must be from 0 to 2147479552");
    work.count = 1 << 26;
    CHECK(!validate(work));
    work = workload_of(made_up());
    work.one.shape.k = -5;
    CHECK(validate(work).failure().message == "K is -5; it must be from 0 to 2147479552");
}

}  // namespace batched_gemm_rules_tests
