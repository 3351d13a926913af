// SPDX-License-Identifier: MIT
// Groups of K of FP8 operands A (k,m) and B (k,n), transposed into a workspace first, on the simulator.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/k_grouped_gemm/explain_fp8.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "../kernel/machines.hpp"
#include "k_grouped_gemm_sample.hpp"

namespace k_grouped_tn_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using tn_engine = engine_of<ops::k_grouped_gemm, ops::transpose>;

tn_engine engine_on_simulator() {
    tn_engine made(instances::of<ops::k_grouped_gemm>(), device_info::simulator());
    made.with(instances::of<ops::transpose>());
    return made;
}

/// FP8 of which A, B or both lie along M and N, with scales of a format.
gemm_traits stored(bool a_turned, bool b_turned, scale_kind format, bool in_place) {
    gemm_traits made = k_grouped_sample::usual(grouping::along_k, format);
    if (a_turned) made.a.contiguous = major::mn;
    if (b_turned) made.b.contiguous = major::mn;
    return in_place ? made : k_grouped_sample::alone(made);
}

std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }

/// Bytes of a workspace, and words behind them that must stay.
struct guarded_bytes {
    explicit guarded_bytes(u64 bytes) : memory(bytes / 16 + 1, {~0u, ~0u, ~0u, ~0u}), used{memory.data(), bytes} {}
    bool is_intact() const { return memory.back().x == ~0u && memory.back().w == ~0u; }

    std::vector<ptx::vec4<u32>> memory;
    workspace_memory used;
};

}  // namespace

TEST_CASE("k-grouped tn: random ragged groups, operands in any order, both formats of scales") {
    const tn_engine engine = engine_on_simulator();
    on_machines(3, [&](random_source& random, sim::options machine) {
        for (int way = 0; way < 4; ++way) {
            const bool a_turned = way != 1, b_turned = way != 2;
            const scale_kind format = random.integer(0, 1) == 0 ? scale_kind::fp32 : scale_kind::ue8m0;
            const gemm_traits what = stored(a_turned, b_turned, format, random.integer(0, 1) == 0);
            const i32 m = i32(random.integer(1, 200)), n = i32(random.integer(1, 200));
            CAPTURE(way);
            CAPTURE(int(format));
            k_grouped_sample sample(random, m, n, random_k_groups(random, what, 400), what);
            const k_grouped_problem p = sample.problem();
            const scaled_matrix a = transposed(p.a), b = transposed(p.b);
            const u64 bytes = k_grouped_fp8_gemm_tn_workspace_bytes(a.matrix, b.matrix);
            const i64 k = a.matrix.rows, rows = (contiguous_along(p.a.matrix) == major::mn ? m : 0) +
                                                (contiguous_along(p.b.matrix) == major::mn ? n : 0);
            CHECK(bytes == u64(rows) * u64(align_up(k, i64(128))));
            guarded_bytes workspace(bytes);
            const auto done = k_grouped_fp8_gemm_tn_contiguous(engine, a, b, p.d, p.groups, workspace.used,
                                                               {.c = p.c, .stream = &machine});
            if (DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel) return;
            CHECK(message_of(done) == "");
            CHECK(sample.verdict() == "");
            CHECK(workspace.is_intact());
        }
    });
}

TEST_CASE("k-grouped tn: as docs/ops/k_grouped_gemm.md shows it; concatenated groups are rows one after another") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 m = 48, n = 80;
    k_grouped_sample sample(random, m, n, {{256, 0, 384}}, stored(true, true, scale_kind::fp32, true));
    const k_grouped_problem here = sample.problem();
    const tn_engine engine = engine_on_simulator();
    const i64 k = here.a.matrix.columns, a_pitch = here.a.matrix.column_stride, b_pitch = here.b.matrix.column_stride;
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.scales.data;
    const output_stack d = here.d;
    const i32* const sizes = here.groups.data;
    guarded_bytes memory(k_grouped_fp8_gemm_tn_workspace_bytes(transposed(here.a.matrix), transposed(here.b.matrix)));
    const workspace_memory workspace = memory.used;
    // [tokens]
    const scaled_matrix a{row_major(a_data, k, m, a_pitch),  // (k, m): a row for each token
                          transposed(per_token_scales(a_scales, scale_kind::fp32, m, k))},  // 128 tokens x 1
        b{row_major(b_data, k, n, b_pitch), transposed(per_token_scales(b_scales, scale_kind::fp32, n, k))};
    // Of k_grouped_fp8_gemm_tn_workspace_bytes(a.matrix, b.matrix) bytes.
    const auto done =
        k_grouped_fp8_gemm_tn_contiguous(engine, a, b, d, k_groups_by_size(sizes, 3), workspace, {.c = d});
    // [tokens]
    CHECK(message_of(done) == "");
    CHECK(sample.verdict() == "");
    sample.restore();
    const i32 host_sizes[] = {256, 0, 384};
    CHECK(message_of(k_grouped_fp8_gemm_tn_contiguous(engine, a, b, d, concatenated_groups(sizes, host_sizes, 3),
                                                      workspace, {.c = d})) == "");
    CHECK(sample.verdict() == "");
    CHECK(memory.is_intact());
}

TEST_CASE("k-grouped tn: what is refused before anything is launched, and what needs no workspace") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    k_grouped_sample sample(random, 64, 96, {{256, 128}}, stored(true, true, scale_kind::fp32, true));
    const k_grouped_problem p = sample.problem();
    const tn_engine engine = engine_on_simulator();
    const scaled_matrix a = transposed(p.a), b = transposed(p.b);
    guarded_bytes memory(k_grouped_fp8_gemm_tn_workspace_bytes(a.matrix, b.matrix));
    const auto refused = [&](const scaled_matrix& left, const workspace_memory& workspace, k_group_list groups) {
        const auto done = k_grouped_fp8_gemm_tn_contiguous(engine, left, b, p.d, groups, workspace, {.c = p.c});
        CHECK_FALSE(done);
        CHECK(memory.memory[0].x == ~0u);
        return message_of(done);
    };
    CHECK(
        refused(a, {memory.memory.data(), 100}, p.groups) ==
        "the workspace has 100 bytes; it must have at least 61440 to transpose A and B, which are not contiguous along "
        "K");
    CHECK(refused(a, {nullptr, memory.used.bytes}, p.groups) == "the workspace has no data: its pointer is null");
    scaled_matrix odd = a;
    odd.matrix.row_stride = 72;
    CHECK(refused(odd, memory.used, p.groups).starts_with("A has column stride 72; TMA needs a multiple of 16 bytes"));
    CHECK(refused(a, memory.used, k_groups_by_size(p.groups.data, 2, 64))
              .starts_with("the alignment of groups is 64; for these operands it must be a multiple of 128"));
    scaled_matrix half = a;
    half.matrix.type = dtype::bf16;
    CHECK(refused(half, memory.used, p.groups) == "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    CHECK(refused(a, {p.d.first.data, memory.used.bytes}, p.groups).find("the workspace") != std::string::npos);
    // Sizes of concatenated groups must be right here, too.
    const i32 odd_sizes[] = {200, 184}, few_sizes[] = {256, 0};
    CHECK(refused(a, memory.used, concatenated_groups(p.groups.data, odd_sizes, 2)) ==
          "group 0 has 200 elements of K; concatenated groups have multiples of 128");
    CHECK(refused(a, memory.used, concatenated_groups(p.groups.data, few_sizes, 2)) ==
          "the groups have 256 elements of K together and the operands have 384");
    CHECK(refused(a, memory.used, concatenated_groups(p.groups.data, nullptr, 2)) ==
          "the sizes of groups in host memory have no data: their pointer is null");
    // No groups: nothing happens.
    output_stack none = p.d;
    none.count = 0;
    k_group_list no_groups = p.groups;
    no_groups.count = 0;
    CHECK(message_of(k_grouped_fp8_gemm_tn_contiguous(engine, a, b, none, no_groups, {}, {.c = none})) == "");
    // Without K every D is C, or zero.
    k_grouped_sample empty(random, 40, 48, {{0, 0}}, stored(true, true, scale_kind::fp32, false));
    const k_grouped_problem q = empty.problem();
    CHECK(message_of(k_grouped_fp8_gemm_tn_contiguous(engine, transposed(q.a), transposed(q.b), q.d, q.groups, {})) ==
          "");
    CHECK(empty.verdict() == "");
}

TEST_CASE("k-grouped tn: explained") {
    random_source random(fresh_seed());
    const tn_engine engine = engine_on_simulator();
    k_grouped_sample both(random, 300, 264, {{256, 128}}, stored(true, true, scale_kind::ue8m0, true));
    const auto text = explain_k_grouped_fp8_gemm(engine, both.problem());
    if (DEEPGEMM_TEST_SAMPLE > 1 && !text) return;
    REQUIRE_MESSAGE(text, (text ? "" : text.failure().message));
    CAPTURE(*text);
    CHECK(text->find("A is transposed first: 1 matrix of 384 x 300 e4m3, transposed") == 0);
    CHECK(text->find("B is transposed first: 1 matrix of 384 x 264 e4m3, transposed") != std::string::npos);
    CHECK(text->find("384 of K in 2 groups, m = 300, n = 264, A e4m3 scaled 1x128 by ue8m0, B") != std::string::npos);
    k_grouped_sample one(random, 300, 264, {{256, 128}}, stored(false, true, scale_kind::fp32, true));
    const auto half = explain_k_grouped_fp8_gemm(engine, one.problem());
    REQUIRE(half);
    CHECK(half->find("B is transposed first: ") == 0);
    k_grouped_problem odd = one.problem();
    odd.d.count = 3;
    CHECK_FALSE(explain_k_grouped_fp8_gemm(engine, odd));
    k_grouped_problem none = both.problem();
    none.d.count = none.c->count = none.groups.count = 0;
    const auto nothing = explain_k_grouped_fp8_gemm(engine, none);
    REQUIRE(nothing);
    CHECK(nothing->starts_with("384 of K in 0 groups"));
    k_grouped_problem apart = both.problem();  // rows one after another, for the kernels that the call takes
    const i32 host_sizes[] = {256, 128};
    apart.groups = concatenated_groups(apart.groups.data, host_sizes, 2);
    const auto as_rows = explain_k_grouped_fp8_gemm(engine, apart);
    REQUIRE(as_rows);
    CHECK(*as_rows == *text);
}

}  // namespace k_grouped_tn_tests
