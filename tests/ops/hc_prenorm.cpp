// SPDX-License-Identifier: MIT
// The HyperConnection prenorm as an operation on the simulator: through the engine and by every shipped kernel, planned,
// explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/hc_prenorm/hc_prenorm.hpp>
#include <deepgemm/sim/options.hpp>

#include <doctest/doctest.h>

#include "../host/fakes.hpp"
#include "../kernel/machines.hpp"
#include "hc_prenorm_sample.hpp"

namespace hc_prenorm_op_tests {

using namespace deepgemm;
using namespace deepgemm::test;
using fakes::moved;

namespace {

using prenorm_engine = engine_of<ops::hc_prenorm>;

std::span<const hc_prenorm_handle> prenorm_kernels() { return instances::of<ops::hc_prenorm>(); }
prenorm_engine engine_on_simulator() { return {prenorm_kernels(), device_info::simulator(16)}; }

/// A machine with as many multiprocessors as the largest cluster.
sim::options sixteen() { return {.num_sms = 16}; }

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const prenorm_engine& engine, hc_prenorm_sample& sample, hc_prenorm_options options = {}) {
    sim::options machine = sixteen();
    if (options.stream == nullptr) options.stream = &machine;
    const auto done = run_named(engine, sample.problem(), options);
    return done ? sample.verdict() : done.failure().message;
}

problem_shape random_shape(random_source& random, i64 columns) {
    return {i32(random.integer(1, 200)), i32(random.integer(1, columns)), i32(random.integer(1, 900))};
}

/// A problem at made-up addresses, in 4 parts: A (100, 512), B (24, 512), D (4, 100, 24), q (4, 100).
hc_prenorm_problem made_up() {
    const auto at = [](u64 terabyte) { return reinterpret_cast<void*>(terabyte << 40); };
    return {.a = row_major(static_cast<const bf16*>(at(1)), 100, 512),
            .b = row_major(static_cast<const float*>(at(2)), 24, 512),
            .d = dense_stack(row_major(static_cast<float*>(at(3)), 100, 24), 4),
            .q = row_major(static_cast<float*>(at(4)), 4, 100)};
}

/// The error of a problem after a change: its code and its sentence.
template <class Change>
std::string refused(Change change, hc_prenorm_problem p = made_up()) {
    change(p);
    const auto found = checked<ops::hc_prenorm>(p);
    return found ? "" : concat(name_of(found.failure().code), ": ", found.failure().message);
}

/// The kernel that an H200 would get for a prenorm.
const hc_prenorm_config& chosen(i32 m, i32 n, i32 k, i32 parts = 1) {
    const auto best = choose(hc_prenorm_workload{{m, n, k}, parts}, device_info::h200(), prenorm_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

}  // namespace

TEST_CASE("hc_prenorm: random problems, each on the kernel that an H200 would get") {
    on_machines(4, [](random_source& random, sim::options machine) {
        machine.num_sms = int(random.integer(8, 12));  // at least the largest cluster
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const prenorm_engine engine(prenorm_kernels(), device);
        for (const i32 columns : {32, 160}) {
            for (const bool whole : {true, false}) {
                const i32 parts = random.integer(0, 1) == 0 ? 1 : i32(random.integer(2, 20));
                hc_prenorm_sample sample(random, random_shape(random, columns), parts, whole);
                CHECK(run(engine, sample, {.stream = &machine}) == "");
            }
        }
    });
}

TEST_CASE("hc_prenorm: every shipped kernel") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const hc_prenorm_handle& kernel : prenorm_kernels()) {
        const hc_prenorm_config& cfg = kernel.info.cfg;
        CAPTURE(to_source(cfg));
        const bool apart = kernel.info.traits.sums == partial_sums::apart;
        hc_prenorm_sample sample(random, {130, cfg.block.n + i32(random.integer(-5, 5)), 700}, apart ? 5 : 1);
        CHECK(run(engine_on_simulator(), sample, {.pin = cfg}) == "");
    }
}

TEST_CASE("hc_prenorm: as docs/ops/hc_prenorm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const i32 m = 70, n = 24, k = 1000;
    const prenorm_engine engine(prenorm_kernels(), device_info::simulator());
    hc_prenorm_sample sample(random, {m, n, k}), in_parts(random, {m, n, k}, 3);
    {
        prenorm_product& memory = sample.product();
        const i64 a_pitch = memory.a_pitch, b_pitch = memory.b_pitch, d_pitch = memory.d_pitch;
        const bf16* const a_data = memory.a.data();
        const float* const b_data = memory.b.data();
        float *const d_data = memory.d.data(), *const q_data = memory.squares.data();
        // [call]
        const input_matrix a = row_major(a_data, m, k, a_pitch),  // BF16
            b = row_major(b_data, n, k, b_pitch);                 // FP32
        const output_matrix d = row_major(d_data, m, n, d_pitch), q = row_major(q_data, 1, m);
        const auto done = tf32_hc_prenorm_gemm(engine, a, b, d, q);
        // [call]
        CHECK_MESSAGE(done, (done ? "" : done.failure().message));
        CHECK(sample.verdict() == "");
    }
    const hc_prenorm_problem here = in_parts.problem();
    const input_matrix &a = here.a, &b = here.b;
    const i64 d_pitch = here.d.first.row_stride, q_pitch = here.q.row_stride;
    auto *const d_data = static_cast<float*>(here.d.first.data), *const q_data = static_cast<float*>(here.q.data);
    // [parts]
    const output_stack d = dense_stack(row_major(d_data, m, n, d_pitch), 3);  // (3, m, n)
    const output_matrix q = row_major(q_data, 3, m, q_pitch);
    const auto done = tf32_hc_prenorm_gemm(engine, a, b, d, q);
    // [parts]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(in_parts.verdict() == "");
}

TEST_CASE("hc_prenorm: no K makes zeros, whatever the operands' pointers are; no rows do nothing") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const prenorm_engine engine = engine_on_simulator();
    for (const i32 parts : {1, 4}) {
        hc_prenorm_sample sample(random, {70, 24, 0}, parts);
        hc_prenorm_problem p = sample.problem();
        p.a.data = nullptr;
        p.b.data = reinterpret_cast<const void*>(3);
        sim::options machine = sixteen();
        CHECK(run_named(engine, p, {.stream = &machine}));
        CHECK(sample.verdict() == "");
    }
    hc_prenorm_problem none = made_up();
    none.a.rows = none.d.first.rows = none.q.columns = 0;
    none.a.data = none.b.data = none.d.first.data = none.q.data = nullptr;
    CHECK(engine.run(none));
    const auto plan = engine.plan(none);
    REQUIRE(plan);
    CHECK(plan->kernel() == nullptr);
    CHECK(plan->launch(none));
    CHECK(engine.supports(none));
}

TEST_CASE("hc_prenorm: results may start at any element, and parts may lie among each other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i32 m = 70, n = 24, parts = 3;
    for (const i32 k : {300, 0}) {
        hc_prenorm_sample sample(random, {m, n, k}, parts);
        hc_prenorm_problem p = sample.problem();
        std::vector<float> d(std::size_t(m * parts * n + 1)), q(std::size_t(parts * m + 3), untouched);
        p.d = {row_major(d.data() + 1, m, n, parts * n), parts, n};  // (m, part, n)
        p.q = row_major(q.data() + 3, parts, m);
        sim::options machine = sixteen();
        REQUIRE(run_named(engine_on_simulator(), p, {.stream = &machine}));
        prenorm_product& made = sample.product();
        for (i64 part = 0; part < parts; ++part) {
            for (i64 row = 0; row < m; ++row) {
                made.squares[std::size_t(part * made.squares_pitch + row)] = q[std::size_t(3 + part * m + row)];
                for (i64 column = 0; column < n; ++column)
                    made.d[std::size_t((part * m + row) * made.d_pitch + column)] =
                        d[std::size_t(1 + (row * parts + part) * n + column)];
            }
        }
        CHECK(sample.verdict() == "");
        CHECK(q[0] == untouched);
        CHECK(q[2] == untouched);
    }
}

TEST_CASE("hc_prenorm: plans are explained, pinned and launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const prenorm_engine engine = engine_on_simulator();
    hc_prenorm_sample sample(random, {70, 24, 1000});
    const auto plan = engine.plan(sample.problem());
    REQUIRE(plan);
    CHECK(plan->workspace_bytes() == 0);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("prenorm of m = 70, n = 24, k = 1000, A bf16, B f32 as tf32, D f32\non 16 of 16 SMs of ") == 0);
    CHECK(text.find("predicted best of 12: hc_prenorm_config{.block = {64, 24, 64}, .stages = ") != std::string::npos);
    sim::options machine = sixteen();
    REQUIRE(plan->launch(sample.problem(), &machine));
    CHECK(sample.verdict() == "");
    const hc_prenorm_config last = plan->ranked.back().kernel->info.cfg;
    const auto pinned = engine.plan(sample.problem(), {.pin = last});
    REQUIRE(pinned);
    CHECK(pinned->chosen_by == choice::pinned);
    CHECK(pinned->kernel()->info.cfg == last);

    hc_prenorm_sample other(random, {70, 24, 1000}, 2);
    const auto refused = plan->launch(other.problem());
    REQUIRE(!refused);
    CHECK(refused.failure().message ==
          "the plan was made for prenorm of m = 70, n = 24, k = 1000, A bf16, B f32 as tf32, D f32; the problem is "
          "prenorm of m = 70, n = 24, k = 1000, A bf16, B f32 as tf32, D f32, sums in 2 parts of K");
    CHECK(other.problem().d.count == 2);
}

TEST_CASE("hc_prenorm: splits are chosen by rows, tiles by columns") {
    for (const i32 k : {7168, 7680, 28672}) {
        for (const i32 n : {8, 24, 128}) CHECK(chosen(13, n, k).block.m == 16);
        CHECK(chosen(137, 24, k).split_k > 1);
        CHECK(chosen(8192, 24, k).split_k == 1);
        CHECK(chosen(13, 24, k, 16).block.m == 16);
        CHECK(chosen(137, 24, k, 16).split_k == 1);
        for (const i32 m : {4096, 8192}) CHECK(chosen(m, 24, k).block.n == 24);
    }
    CHECK(chosen(4096, 24, 28672).split_k == 2);
    CHECK(chosen(13, 24, 64).split_k == 1);  // nothing to share
    CHECK(chosen(8192, 8, 7168).block.n == 24);
    CHECK(chosen(8192, 32, 7168).block.n == 32);
    CHECK(chosen(8192, 128, 28672).block.n == 128);
}

TEST_CASE("hc_prenorm: rows have the same bits in every batch where K is split by a rule") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 parts : {1, 3}) {
        hc_prenorm_sample many(random, {200, 24, 900}, parts, false);
        for (const split_rule rule : {split_rule::never, split_rule::as_one_row}) {
            prenorm_engine own(device_info::simulator(16), context{.split = rule});
            own.with(prenorm_kernels());
            many.restore();
            REQUIRE(run(own, many) == "");
            prenorm_product& all = many.product();
            const auto d = all.d, q = all.squares;
            sim::options machine = sixteen();
            for (const i64 rows : {1, 65, 130}) {
                many.restore();
                hc_prenorm_problem few = many.problem();
                few.a.rows = few.d.first.rows = few.q.columns = rows;
                REQUIRE(own.run(few, &machine));
                for (i64 part = 0; part < parts; ++part) {
                    for (i64 row = 0; row < rows; ++row) {
                        const auto of_q = std::size_t(part * all.squares_pitch + row);
                        CHECK(all.squares[of_q] == q[of_q]);
                        for (i64 column = 0; column < 24; ++column) {
                            const auto at = std::size_t((part * 200 + row) * all.d_pitch + column);
                            CHECK(all.d[at] == d[at]);
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE("hc_prenorm: an engine remembers by all that a plan depends on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const prenorm_engine engine = engine_on_simulator();
    for (int i = 0; i < 3; ++i) {
        for (const i32 parts : {1, 2, 3}) {
            hc_prenorm_sample sample(random, {70, 8, 130}, parts);
            CHECK(run(engine, sample) == "");
        }
    }
    CHECK(engine.planned() == 3);
    CHECK(hash_of(hc_prenorm_workload{{70, 8, 130}, 1}) != hash_of(hc_prenorm_workload{{70, 8, 130}, 2}));
    CHECK(hash_of(hc_prenorm_workload{{70, 8, 130}, 1}) != hash_of(hc_prenorm_workload{{8, 70, 130}, 1}));
}

TEST_CASE("hc_prenorm: what is missing is named") {
    const prenorm_engine empty(device_info::h200());
    hc_prenorm_problem p = made_up();
    const auto apart = empty.supports(p);
    REQUIRE(!apart);
    CHECK(apart.failure().code == errc::no_kernel);
    CHECK(
        apart.failure().message ==
        "none of 0 kernels runs prenorm of m = 100, n = 24, k = 512, A bf16, B f32 as tf32, D f32, sums in 4 parts of "
        "K; instantiate hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}}, partial_sums::apart>");
    const hc_prenorm_traits added{}, parts{.sums = partial_sums::apart};
    hc_prenorm_traits other{};
    other.a = dtype::f16;
    CHECK(std::string(ops::hc_prenorm::why_not(added, {{1, 8, 64}, 2})) == "it adds up all of K");
    CHECK(std::string(ops::hc_prenorm::why_not(parts, {{1, 8, 64}, 1})) == "it leaves parts of K apart");
    CHECK(std::string(ops::hc_prenorm::why_not(other, {{1, 8, 64}, 1})) == "it takes or writes other types");
    CHECK(ops::hc_prenorm::why_not(added, {{1, 8, 64}, 1}) == nullptr);
}

TEST_CASE("hc_prenorm: every rule broken once") {
    using p_ = hc_prenorm_problem;
    CHECK(refused([](p_&) {}) == "");
    CHECK(refused([](p_& p) { p.a.rows = -1; }) == "bad_extent: A is -1 x 512; each size must be from 0 to 2147479552");
    CHECK(refused([](p_& p) { p.b.columns = i64(1) << 40; }) ==
          "bad_extent: B is 24 x 1099511627776; each size must be from 0 to 2147479552");
    CHECK(refused([](p_& p) { p.a.type = dtype::f16; }) == "unsupported_type: A is f16; in a prenorm it must be bf16");
    CHECK(refused([](p_& p) { p.b.type = dtype::bf16; }) == "unsupported_type: B is bf16; in a prenorm it must be f32");
    CHECK(refused([](p_& p) { p.d.first.type = dtype::bf16; }) ==
          "unsupported_type: D is bf16; in a prenorm it must be f32");
    CHECK(refused([](p_& p) { p.q.type = dtype::e4m3; }) == "unsupported_type: q is e4m3; in a prenorm it must be f32");
    CHECK(refused([](p_& p) { p.d.count = 0; }) ==
          "bad_extent: the number of parts is 0; it must be from 1 to 2147479552");
    CHECK(refused([](p_& p) { p.b.columns = 511; }) ==
          "shape_mismatch: A has 512 columns and B has 511; both must have K columns");
    CHECK(refused([](p_& p) { p.d.first.columns = 32; }) ==
          "shape_mismatch: D is 100 x 32; A with 100 rows and B with 24 rows need 100 x 24");
    CHECK(refused([](p_& p) { p.q.rows = 3; }) ==
          "shape_mismatch: q is 3 x 100; A with 100 rows and 4 matrices of D need 4 x 100");
    CHECK(refused([](p_& p) { p.b.rows = p.d.first.columns = 0; }) ==
          "bad_extent: N is 0; it must be from 1 to 2147479552");
    CHECK(refused([](p_& p) { p.d.count = p.q.rows = i64(1) << 29; }) ==
          "bad_extent: 536870912 parts of 100 x 24 have more than 2147483647 tiles of 16 x 8; tiles are counted in 31 "
          "bits");
    CHECK(
        refused([](p_& p) { p.a.column_stride = 2; }) ==
        "bad_layout: A has row stride 512 and column stride 2; on Hopper it must be contiguous along K (column stride "
        "1)");
    CHECK(refused([](p_& p) { p.a.row_stride = 516; }) ==
          "misaligned: A has row stride 516; TMA needs a multiple of 16 bytes, that is 8 elements of bf16");
    CHECK(refused([](p_& p) { p.b.row_stride = 514; }) ==
          "misaligned: B has row stride 514; TMA needs a multiple of 16 bytes, that is 4 elements of f32");
    CHECK(refused([](p_& p) { p.b.row_stride = 508; }) ==
          "bad_layout: B has row stride 508; it must be at least its 512 columns");
    CHECK(refused([](p_& p) { p.d.first.row_stride = 23; }) ==
          "bad_layout: D has row stride 23; it must be at least its 24 columns");
    CHECK(refused([](p_& p) { p.d.first.column_stride = 4; }) ==
          "bad_layout: D has row stride 24 and column stride 4; on Hopper it must be contiguous along N (column stride "
          "1)");
    CHECK(refused([](p_& p) { p.d.matrix_stride = 2399; }) ==
          "bad_layout: D has matrix stride 2399; its 4 matrices must lie apart, which takes at least 2400 elements");
    CHECK(refused([](p_& p) { p.q.row_stride = 99; }) ==
          "bad_layout: q has row stride 99; it must be at least its 100 columns");
    CHECK(
        refused([](p_& p) { p.q.column_stride = -1; }) ==
        "bad_layout: q has row stride 100 and column stride -1; on Hopper it must be contiguous along M (column stride "
        "1)");
    CHECK(refused([](p_& p) { p.q.data = nullptr; }) == "null_pointer: q has no data: its pointer is null");
    CHECK(refused([&](p_& p) { p.a.data = moved(p.a.data, 8); }) ==
          "misaligned: A starts 8 bytes past a multiple of 16; TMA needs 16-byte alignment");
    CHECK(refused([&](p_& p) { p.d.first.data = moved(p.d.first.data, 2); }) ==
          "misaligned: D starts 2 bytes past a multiple of 4; its elements have 4 bytes");
    CHECK(refused([&](p_& p) { p.q.data = p.d.first.data; }) ==
          "bad_alias: q overlaps D in memory; the result would be undefined");
    CHECK(refused([&](p_& p) { p.b.data = moved(p.d.first.data, 4 * 9600 - 16); }) ==
          "bad_alias: D overlaps B in memory; the result would be undefined");
    // D and q need no alignment of TMA, and one part or one row needs no stride.
    CHECK(refused([&](p_& p) {
              p.d.first.data = moved(p.d.first.data, 4);
              p.q.data = moved(p.q.data, 12);
              p.d.first.row_stride = 25;
              p.d.matrix_stride = 2501;
          }) == "");
    CHECK(refused([](p_& p) {
              p.d.count = p.q.rows = 1;
              p.d.matrix_stride = p.q.row_stride = -7;
          }) == "");
}

TEST_CASE("hc_prenorm: what a prenorm asks of any kernel") {
    const demand needs = demand_of(workload_of(made_up()));
    CHECK(needs.flops == 2.0 * 100 * 512 * 25);
    CHECK(needs.bytes == 2.0 * 100 * 512 + 4.0 * 24 * 512 + 4.0 * 4 * 100 * 25);
}

TEST_CASE("hc_prenorm: a workload is checked as a problem is") {
    hc_prenorm_workload work = workload_of(made_up());
    CHECK(work.parts == 4);
    CHECK(validate(work));
    work.parts = 0;
    CHECK(validate(work).failure().message == "the number of parts is 0; it must be from 1 to 2147479552");
    work.parts = 1;
    work.shape.m = -1;
    CHECK(validate(work).failure().message == "M is -1; it must be from 0 to 2147479552");
    work.shape = {0, 24, 64};
    CHECK(validate(work));
    CHECK(is_empty(work));
    work.shape = {64, 0, 64};
    CHECK(validate(work).failure().message == "N is 0; it must be from 1 to 2147479552");
    work.shape = {64, 8, -64};
    CHECK(validate(work).failure().message == "K is -64; it must be from 0 to 2147479552");
}

}  // namespace hc_prenorm_op_tests
