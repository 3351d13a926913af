// SPDX-License-Identifier: MIT
// The GEMM in groups of K as an operation on the simulator: through the engine and by every shipped kernel, planned, explained,
// refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/k_grouped_gemm/k_grouped_gemm.hpp>

#include "../kernel/grouped_runs.hpp"
#include "k_grouped_gemm_sample.hpp"

namespace k_grouped_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using k_grouped_engine = engine_of<ops::k_grouped_gemm>;

/// All shipped kernels of groups of K.
std::span<const k_grouped_handle> k_grouped_kernels() { return instances::of<ops::k_grouped_gemm>(); }
k_grouped_engine engine_on_simulator() { return {k_grouped_kernels(), device_info::simulator()}; }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const k_grouped_engine& engine, k_grouped_sample& sample, const k_grouped_options& options = {}) {
    const auto done = run_named(engine, sample.problem(), options);
    return done ? sample.verdict() : done.failure().message;
}

/// Calls body(what) for each kind of operands, groups and results, with a name for it.
template <class Body>
void for_each_kind(const Body& body) {
    for (const gemm_traits& what : k_grouped_sample::all_shipped()) {
        CAPTURE(name_of(what.a.type));
        CAPTURE(int(what.groups));
        CAPTURE(name_of(what.d));
        CAPTURE(what.accumulate);
        CAPTURE(what.in_place);
        body(what);
    }
}

/// A problem at made-up addresses: 4 groups of A (256, 1024) and B (512, 1024) in FP8, which add to D (256, 512).
k_grouped_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    const output_stack d = dense_stack(row_major(static_cast<float*>(at(5)), 256, 512), 4);
    return {.a = {row_major(static_cast<const e4m3*>(at(1)), 256, 1024),
                  per_token_scales(at(2), scale_kind::fp32, 256, 1024)},
            .b = {row_major(static_cast<const e4m3*>(at(3)), 512, 1024),
                  per_token_scales(at(4), scale_kind::fp32, 512, 1024)},
            .d = d,
            .groups = k_groups_by_size(static_cast<const i32*>(at(6)), 4),
            .c = d};
}
/// The same with concatenated operands, of `sizes`.
k_grouped_problem made_up_apart(const std::vector<i32>& sizes) {
    k_grouped_problem p = made_up();
    p.groups = concatenated_groups(p.groups.data, sizes.data(), i64(sizes.size()));
    p.d.count = p.c->count = i64(sizes.size());
    return p;
}

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change, k_grouped_problem p = made_up()) {
    change(p);
    const auto found = checked<ops::k_grouped_gemm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

}  // namespace

TEST_CASE("k-grouped gemm: random ragged groups, each on the kernel that an H200 would get") {
    on_machines(4, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const k_grouped_engine engine(k_grouped_kernels(), device);
        for_each_kind([&](const gemm_traits& what) {
            const i32 m = i32(random.integer(1, 300)), n = i32(random.integer(1, 300));
            k_grouped_sample sample(random, m, n, random_k_groups(random, what, 500), what);
            sim::options own = machine;
            CHECK(run(engine, sample, {.stream = &own}) == "");
        });
    });
}

TEST_CASE("k-grouped gemm: every shipped kernel, groups that end within a K block, and without K") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const k_grouped_engine engine = engine_on_simulator();
    for (const k_grouped_handle& kernel : k_grouped_kernels()) {
        const auto& [launch, what, cfg] = kernel.info;
        CAPTURE(to_source(kernel.info));
        const bool apart = what.groups == grouping::k_concatenated;
        const group_sizes groups{apart ? std::vector<i32>{384, 0, 128, 640} : std::vector<i32>{304, 0, 16, 640, 80},
                                 what.a.format == scale_kind::none ? 1 : 128, apart ? 0 : 48};
        k_grouped_sample sample(random, cfg.block.m + 20, 2 * cfg.block.n + 8, groups, what);
        CHECK(run(engine, sample, {.pin = cfg}) == "");
        k_grouped_sample no_k(random, 70, 200, {{0, 0, 0}}, what);
        CHECK(run(engine, no_k, {.pin = cfg}) == "");
    }
}

TEST_CASE("k-grouped gemm: sizes out of range count as the nearest that can be") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const k_grouped_engine engine = engine_on_simulator();
    for (const gemm_traits& what : {k_grouped_sample::usual(), k_grouped_sample::half()}) {
        k_grouped_sample sample(random, 70, 72, {{128, 0, 256}}, what);
        sample.list() = {128, -7, 2147483647};
        CHECK(run(engine, sample) == "");
        k_grouped_sample by_end(random, 70, 72, {.sizes = {128, 0, 256}, .by_end = true}, what);
        by_end.list() = {128, -2147483647, 2147483647};
        CHECK(run(engine, by_end) == "");
    }
}

TEST_CASE("k-grouped gemm: D += in FP8, as docs/ops/k_grouped_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 m = 40, n = 72;
    k_grouped_sample sample(random, m, n, {{256, 0, 144}}, k_grouped_sample::usual());
    const k_grouped_problem here = sample.problem();
    const k_grouped_engine engine = engine_on_simulator();
    const i64 k = here.a.matrix.columns, a_pitch = here.a.matrix.row_stride, b_pitch = here.b.matrix.row_stride,
              d_pitch = here.d.first.row_stride;
    const auto* const a_data = static_cast<const e4m3*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const e4m3*>(here.b.matrix.data);
    const void *const a_scales = here.a.scales.data, *const b_scales = here.b.scales.data;
    auto* const d_data = static_cast<float*>(here.d.first.data);
    const i32* const sizes = here.groups.data;
    // [call]
    const scaled_matrix a{row_major(a_data, m, k, a_pitch),                     // (m, k), k of all groups
                          per_token_scales(a_scales, scale_kind::fp32, m, k)},  // 1 x 128, along rows
        b{row_major(b_data, n, k, b_pitch), per_token_scales(b_scales, scale_kind::fp32, n, k)};  // (n, k)
    const output_stack d = dense_stack(row_major(d_data, m, n, d_pitch), 3);                      // 3 of (m, n)
    const auto done =
        k_grouped_fp8_gemm_nt_contiguous(engine, a, b, d, k_groups_by_size(sizes, 3),  // (3), in device memory
                                         {.c = d});                                    // D += the products
    // [call]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("k-grouped gemm: BF16 as docs/ops/k_grouped_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 m = 40, n = 72;
    k_grouped_sample sample(random, m, n, {.sizes = {77, 0, 130}, .alignment = 8, .by_end = true},
                            k_grouped_sample::alone(k_grouped_sample::half(), dtype::bf16));
    const k_grouped_problem here = sample.problem();
    const k_grouped_engine engine = engine_on_simulator();
    const i64 k = here.a.matrix.columns, a_pitch = here.a.matrix.column_stride, b_pitch = here.b.matrix.column_stride,
              d_pitch = here.d.first.row_stride;
    const auto* const a_data = static_cast<const bf16*>(here.a.matrix.data);
    const auto* const b_data = static_cast<const bf16*>(here.b.matrix.data);
    auto* const d_data = static_cast<bf16*>(here.d.first.data);
    const i32* const ends = here.groups.data;
    // [half]
    const input_matrix a = row_major(a_data, k, m, a_pitch),  // (k, m)
        b = row_major(b_data, k, n, b_pitch);                 // (k, n)
    const auto done = k_grouped_bf16_gemm_tn_contiguous(engine, a, b, dense_stack(row_major(d_data, m, n, d_pitch), 3),
                                                        k_groups_by_end(ends, 3, 8));  // each from a multiple of 8 on
    // [half]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("k-grouped gemm: concatenated groups of BF16 are rows one after another") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const gemm_traits what = k_grouped_sample::half();
    k_grouped_sample sample(random, 40, 72, {{128, 0, 256}}, what);
    k_grouped_problem p = sample.problem();
    const std::vector<i32> sizes{128, 0, 256}, few{128, 0, 128};
    p.groups = concatenated_groups(p.groups.data, few.data(), 3);
    const auto refused_one = run_named(engine_on_simulator(), p);
    REQUIRE_FALSE(refused_one);
    CHECK(refused_one.failure().message == "the groups have 256 elements of K together and the operands have 384");
    p.groups.host_sizes = sizes.data();
    const auto done = run_named(engine_on_simulator(), p);
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");
}

TEST_CASE("k-grouped gemm: the K of a usual group, of as many groups and as much K as there may be") {
    k_grouped_workload work{.groups = 8192, .shape = {16, 16, i32(max_extent)}};
    CHECK(work.usual().shape.k == 262144);
    work.groups = i32(max_extent);
    CHECK(work.usual().shape.k == 1);
    work = {.groups = 4, .shape = {256, 512, 1000}};  // as in a problem
    CHECK(validate(work).failure().message.starts_with("K is 1000; in FP8 it must be a multiple of 16"));
    work.concatenated = true;
    CHECK(validate(work));
    work = {.groups = 4, .shape = {0, 512, 1000}};
    CHECK(validate(work));
}

TEST_CASE("k-grouped gemm: nothing to do needs no memory") {
    const k_grouped_engine engine = engine_on_simulator();
    for (const auto& [groups, m, n] : {std::tuple<i64, i64, i64>{0, 64, 64}, {3, 0, 64}, {3, 64, 0}}) {
        k_grouped_problem p = made_up();
        p.a.matrix.rows = p.d.first.rows = m;
        p.b.matrix.rows = p.d.first.columns = n;
        p.d.count = p.groups.count = groups;
        p.groups.data = nullptr;
        p.a.matrix.data = p.b.matrix.data = p.d.first.data = nullptr;
        p.c = p.d;
        CHECK(engine.run(p));
        const auto plan = engine.plan(p);
        REQUIRE(plan);
        CHECK(plan->kernel() == nullptr);
        CHECK(plan->launch(p));
    }
}

TEST_CASE("k-grouped gemm: concatenated operands of many groups take several launches") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    group_sizes groups;
    for (int g = 0; g < 70; ++g) groups.sizes.push_back(128 * i32(random.integer(0, 2)));
    for (const scale_kind format : {scale_kind::fp32, scale_kind::ue8m0}) {
        k_grouped_sample sample(random, 20, 24, groups, k_grouped_sample::usual(grouping::k_concatenated, format));
        CHECK(run(engine_on_simulator(), sample) == "");
        const auto one = checked<ops::k_grouped_gemm>(sample.problem());
        REQUIRE(!one);
        CHECK(one.failure().message.starts_with("the number of groups is 70; concatenated operands have at most 32"));
    }
}

TEST_CASE("k-grouped gemm: no part of concatenated groups is launched if one has no kernel") {
    static int launches;
    launches = 0;
    const gemm_info of_one_k{.launch = {.arch = 90, .threads = 384},
                             .traits = k_grouped_sample::usual(grouping::k_concatenated),
                             .cfg = {.block = {128, 128, 128}, .extents = {0, 0, 32 * 128}}};
    const std::vector<k_grouped_handle> kernels{{of_one_k, [] { return result<void>{}; },
                                                 [](const k_grouped_arguments&, const launch_options&) {
                                                     ++launches;
                                                     return result<void>{};
                                                 }}};
    const k_grouped_engine engine(kernels, device_info::h200());
    for (const int groups : {64, 40}) {  // the last eight of which have another K
        const std::vector<i32> sizes(std::size_t(groups), 128);
        k_grouped_problem p = made_up_apart(sizes);
        p.a.matrix.columns = p.b.matrix.columns = groups * 128;
        p.a.scales = per_token_scales(p.a.scales.data, scale_kind::fp32, 256, groups * 128);
        p.b.scales = per_token_scales(p.b.scales.data, scale_kind::fp32, 512, groups * 128);
        const auto done = run_named(engine, p);
        CHECK(bool(done) == (groups == 64));
        CHECK(launches == 2);
    }
}

TEST_CASE("k-grouped gemm: dependent launches wait for the kernel that writes the list, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for_each_kind([&](const gemm_traits& what) {
        k_grouped_sample sample(random, 140, 200, {{128, 0, 256}}, what);
        CHECK(run(engine_on_simulator(), sample, {.ready = {true, true}, .dependent_launch = true}) == "");
    });
}

TEST_CASE("k-grouped gemm: plans are explained, pinned and launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const k_grouped_engine engine = engine_on_simulator();
    k_grouped_sample sample(random, 300, 264, {{128, 0, 256}}, k_grouped_sample::usual());
    const k_grouped_problem p = sample.problem();
    const auto plan = engine.plan(p);
    REQUIRE(plan);
    const auto takes_it = [&](const k_grouped_handle& kernel) {
        const gemm_traits& what = kernel.info.traits;  // one that adds C from elsewhere takes D itself, too
        return what.a == k_grouped_sample::usual().a && what.groups == grouping::along_k && what.accumulate;
    };
    CHECK(i64(plan->ranked.size()) == std::ranges::count_if(k_grouped_kernels(), takes_it));
    CHECK(plan->launch(p));
    CHECK(sample.verdict() == "");
    CHECK(explain(*plan).find("384 of K in 3 groups, m = 300, n = 264, A e4m3") != std::string::npos);
    CHECK(explain(*plan).find("D f32 with C in place") != std::string::npos);
}

TEST_CASE("k-grouped gemm: lists, stacks and sizes that are wrong are refused") {
    using p_ = k_grouped_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_& p) { p.groups.count = -1; }) ==
          "bad_extent: the number of groups is -1; it must be from 0 to 2147479552");
    CHECK(refused([](p_& p) { p.d.count = 3; }) ==
          "shape_mismatch: D has 3 matrices and there are 4 groups; each must have one");
    CHECK(refused([](p_& p) { p.c->count = 5; }) ==
          "shape_mismatch: C has 5 matrices and there are 4 groups; each must have one");
    CHECK(refused([](p_& p) { p.groups.alignment = 0; }) ==
          "bad_option: the alignment of groups is 0; it must be from 1 to 4096 elements of K");
    CHECK(refused([](p_& p) { p.groups.alignment = 64; }) ==
          "bad_option: the alignment of groups is 64; for these operands it must be a multiple of 128 elements of K, "
          "which "
          "share a scale");
    CHECK(refused([](p_& p) {
              for (scaled_matrix* x : {&p.a, &p.b}) {
                  *x = unscaled(x->matrix);
                  x->matrix.type = dtype::bf16;
              }
              p.groups.alignment = 4;
          }) ==
          "bad_option: the alignment of groups is 4; for these operands it must be a multiple of 8 elements of K, "
          "which are "
          "16 bytes of a row");
    CHECK(refused([](p_& p) {
              p.a.scales = {.kind = scale_kind::none};
              p.groups.alignment = 1;
          }) == "bad_scales: A has no scales; an FP8 GEMM needs fp32 or ue8m0 scales");
    CHECK(refused([](p_& p) {
              p.a.matrix.columns = p.b.matrix.columns = 1000;
          }).starts_with("bad_extent: K is 1000; in FP8 it must be a multiple of 16"));
    CHECK(refused([](p_& p) { p.groups.data = nullptr; }) ==
          "null_pointer: the sizes of groups have no data: their pointer is null");
    CHECK(refused([](p_& p) { p.d.matrix_stride = 100; }).starts_with("bad_layout: D has matrix stride 100; its 4"));
    CHECK(refused([](p_& p) { p.c->matrix_stride = 256 * 512 + 2; }).starts_with("misaligned: C has matrix stride"));
}

TEST_CASE("k-grouped gemm: BF16 operands without K, or with one element, take any alignment") {
    const k_grouped_engine engine = engine_on_simulator();
    alignas(16) static const bf16 one[8] = {from_float<bf16>(3.0f)};
    for (const auto& [m, k] : {std::pair{1, 0}, {8, 0}, {1, 1}}) {
        CAPTURE(m);
        CAPTURE(k);
        alignas(16) float d[2][8][8];
        std::fill_n(&d[0][0][0], 128, -1.0f);
        const i32 sizes[] = {k, 0};
        const auto done = k_grouped_bf16_gemm_tn_contiguous(engine, row_major(one, k, m, 8), row_major(one, k, m, 8),
                                                            output_stack{row_major(&d[0][0][0], m, m, 8), 2, 64},
                                                            k_groups_by_size(sizes, 2, 1));
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(d[0][0][0] == (k == 0 ? 0.0f : 9.0f));
        CHECK(d[1][0][0] == 0.0f);
        CHECK(d[0][0][m == 8 ? 7 : 1] == (m == 8 ? 0.0f : -1.0f));
    }
}

TEST_CASE("k-grouped gemm: sizes of concatenated operands that are wrong are refused") {
    using p_ = k_grouped_problem;
    const std::vector<i32> right{256, 0, 128, 640}, odd{256, 100, 28, 640}, few{256, 0, 128, 512};
    CHECK(refused([](p_&) {}, made_up_apart(right)) == "");
    CHECK(refused([](p_&) {}, made_up_apart(odd)) ==
          "bad_extent: group 1 has 100 elements of K; concatenated groups have multiples of 128");
    CHECK(refused([](p_&) {}, made_up_apart(few)) ==
          "shape_mismatch: the groups have 896 elements of K together and the operands have 1024");
    CHECK(refused([](p_& p) { p.groups.by_end = true; }, made_up_apart(right)) ==
          "bad_option: the groups are given by their ends; concatenated operands need their sizes");
    CHECK(refused([](p_& p) { p.groups.host_sizes = nullptr; }, made_up_apart(right)) ==
          "null_pointer: the sizes of groups in host memory have no data: their pointer is null");
}

}  // namespace k_grouped_gemm_tests
