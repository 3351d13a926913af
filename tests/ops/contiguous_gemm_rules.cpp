// SPDX-License-Identifier: MIT
// Rules of the contiguous grouped GEMM, each broken once, with what is said.
#include "../host/fakes.hpp"
#include "contiguous_gemm_calls.hpp"

namespace contiguous_gemm_rules_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using namespace deepgemm::test::contiguous_calls;
using fakes::moved;

namespace {

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change, contiguous_problem p = made_up()) {
    change(p);
    const auto found = checked<ops::contiguous_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

}  // namespace

TEST_CASE("contiguous gemm: each named operation refuses the types of the others") {
    const contiguous_engine engine = engine_on_simulator();
    contiguous_problem p = made_up();
    p.a.matrix.type = dtype::bf16;
    const auto fp8 = m_grouped_fp8_gemm_nt_contiguous(engine, p.a, p.b, p.d, p.groups);
    REQUIRE(!fp8);
    CHECK(fp8.failure().code == errc::unsupported_type);
    CHECK(fp8.failure().message == "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    const input_stack b{p.b.first.matrix, 4, p.b.matrix_stride};
    for (const auto& done : {m_grouped_bf16_gemm_nt_contiguous(engine, p.a.matrix, b, p.d, p.groups),
                             m_grouped_bf16_gemm_nn_contiguous(engine, p.a.matrix, b, p.d, p.groups)}) {
        REQUIRE(!done);
        CHECK(done.failure().code == errc::unsupported_type);
        CHECK(done.failure().message == "B is e4m3; a BF16 GEMM takes bf16");
    }
}

TEST_CASE("contiguous gemm: lists that break a promise trap, whichever kernel runs") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const contiguous_engine engine = engine_on_simulator();
    for (const contiguous_handle& kernel : contiguous_kernels()) {
        if (kernel.info.traits.groups != grouping::indexed) continue;
        CAPTURE(to_source(kernel.info));
        contiguous_sample sample(random, 40, 300, {{130, 0, 70, 60}, 1, 9}, kernel.info.traits);
        const auto refusal = [&](i32 row, i32 group, i64 alignment) {
            contiguous_sample broken = sample;
            broken.list()[std::size_t(row)] = group;
            contiguous_problem p = broken.problem();
            p.groups.alignment = alignment;
            const auto done = run_named(engine, p, {.pin = kernel.info.cfg});
            return done ? std::string() : done.failure().message;
        };
        const gemm_traits& what = kernel.info.traits;
        if (!what.a.gathered && !what.scattered)  // the entry for that row would be no row
            CHECK(refusal(268, 4, 1).find("row 268 has group 4, for which B has no matrix") != std::string::npos);
        CHECK(refusal(40, 1, 1).find("row 41 has group 0, whose rows do not follow each other") != std::string::npos);
        CHECK(refusal(130, 2, 10).find("a group starts at row 200, which is no") == std::string::npos);
        CHECK(refusal(130, 2, 20).find("a group starts at row 130, which is no multiple of the alignment, 20") !=
              std::string::npos);
    }
}

TEST_CASE("contiguous gemm: every rule broken once") {
    using p_ = contiguous_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_&) {}, made_up_by_row()) == "");
    CHECK(refused([](p_&) {}, made_up_half()) == "");
    CHECK(refused([](p_& p) { p.b.count = -1; }) ==
          "bad_extent: the number of groups is -1; it must be from 0 to 2147479552");
    CHECK(
        refused([](p_& p) { p.groups.by = grouping::masked; }) ==
        "bad_option: the groups are given by number 2 of grouping; it must be psum, the end of each group, or indexed, "
        "the group of each row");
    CHECK(refused([](p_& p) { p.groups.alignment = 0; }) ==
          "bad_option: the alignment of groups is 0; it must be from 1 to 4096 rows");
    CHECK(refused([](p_& p) { p.groups.alignment = 4097; }, made_up_by_row()) ==
          "bad_option: the alignment of groups is 4097; it must be from 1 to 4096 rows");
    CHECK(refused([](p_& p) { p.groups.expected_rows = -1; }) ==
          "bad_option: expected_rows is -1; it must be 0, which says nothing, or the rows that a group usually has");
    CHECK(refused([](p_& p) { p.d.rows = 1023; }) ==
          "shape_mismatch: D is 1023 x 512; A with 1024 rows and B with 512 rows need 1024 x 512");
    CHECK(
        refused([](p_& p) { p.b.count = i64(1) << 25; }) ==
        "bad_extent: 1024 rows in 33554432 groups and 512 columns may have more than 2147483647 tiles of 64 x 8; tiles "
        "are counted in 31 bits");
    CHECK(refused([](p_& p) { p.b.matrix_stride = 0; }) ==
          "bad_layout: B has matrix stride 0; its 4 matrices must lie apart, which takes at least 524288 elements");
    CHECK(refused([](p_& p) { p.b.matrix_stride += 4; }, made_up_half()) ==
          "misaligned: B has matrix stride 524292; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(refused([](p_& p) { p.b.scale_stride = -1; }) ==
          "bad_scales: the scales of B have matrix stride -1; it must not be negative");
    CHECK(
        refused([](p_& p) { p.a.scales.column_stride = 1026; }) ==
        "bad_scales: the scales of A have column stride 1026; TMA needs a multiple of 4 words, at least M: 1024, say");
    CHECK(refused([](p_& p) { p.groups.data = nullptr; }) ==
          "null_pointer: the ends of groups have no data: their pointer is null");
    CHECK(refused([](p_& p) { p.groups.data = nullptr; }, made_up_by_row()) ==
          "null_pointer: the groups of rows have no data: their pointer is null");
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.groups.data, 2)); }) ==
          "misaligned: the ends of groups start 2 bytes past a multiple of 4; they are 4-byte integers");
    // The last bytes of D: the ends of four groups that begin before them overlap it, and so do 1024 rows further before.
    const i64 last = 2 * 1024 * 512 - 4;
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, last)); }) ==
          "bad_alias: D overlaps the ends of groups in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, -16)); }) == "");
    CHECK(
        refused([&](p_& p) { p.groups.data = reinterpret_cast<const i32*>(moved(p.d.data, -16)); }, made_up_by_row()) ==
        "bad_alias: D overlaps the groups of rows in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.b.first.matrix.data = moved(p.d.data, -3 * 512 * 1024); }) ==
          "bad_alias: D overlaps B in memory; the result would be undefined");
    const auto some = reinterpret_cast<const i32*>(u64(7) << 40);
    CHECK(refused([&](p_& p) { p.a_rows = list_of_rows(some, 1024); }) == "");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1024); }, made_up_half()) == "");
    CHECK(
        refused([&](p_& p) { p.a_rows = list_of_rows(some, 1023); }) ==
        "shape_mismatch: D has 1024 rows and the list of rows of A has 1023 entries; there must be one for each row of "
        "D");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1023); }) ==
          "shape_mismatch: the product has 1024 rows and the list of rows of D has 1023 entries; there must be one for "
          "each row");
    CHECK(refused([&](p_& p) { p.d_rows = list_of_rows(some, 1024), p.groups.zero_padding = true; }) ==
          "bad_option: zero_padding is set; rows between groups have no place in a D whose rows are scattered");
    CHECK(
        refused([&](p_& p) { p.a_rows = list_of_rows(some, 1024), p.a.scales.column_stride = 1026; }) ==
        "bad_scales: the scales of A have column stride 1026; TMA needs a multiple of 4 words, at least M: 1024, say");
    CHECK(refused([&](p_& p) { p.a_rows = list_of_rows(static_cast<const i64*>(p.d.data), 1024); }) ==
          "bad_alias: D overlaps the entries of the list of rows of A in memory; the result would be undefined");
    // One group needs no strides.
    CHECK(refused([](p_& p) {
              p.b.count = 1;
              p.b.matrix_stride = p.b.scale_stride = -7;
          }) == "");
}

TEST_CASE("contiguous gemm: a workload is checked as a problem is") {
    contiguous_workload work = workload_of(made_up());
    CHECK(validate(work));
    work.groups = -1;
    CHECK(validate(work).failure().message == "the number of groups is -1; it must be from 0 to 2147479552");
    work.groups = 4;
    work.by = grouping::none;
    CHECK(
        validate(work).failure().message.starts_with("the groups are given by number 0 of grouping; it must be psum"));
    work.by = grouping::indexed;
    work.shape = {2147479552, 2147479552, 128};
    CHECK(!validate(work));
    work.shape = {256, 512, -5};
    CHECK(validate(work).failure().message == "K is -5; it must be from 0 to 2147479552");
}

}  // namespace contiguous_gemm_rules_tests
