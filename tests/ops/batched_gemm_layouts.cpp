// SPDX-License-Identifier: MIT
// Batches of FP8 operands that are contiguous along M or N, and the einsums that have such: transposed into a workspace, then
// multiplied. On the simulator, through the engine over all shipped kernels.
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops/batched_gemm/explain_fp8.hpp>

#include <doctest/doctest.h>

#include "../kernel/machines.hpp"
#include "batched_gemm_sample.hpp"
#include "einsum_fp8_sample.hpp"
#include "guarded_workspace.hpp"

namespace batched_gemm_layouts_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using layouts_engine = engine_of<ops::batched_gemm, ops::transpose>;

layouts_engine engine_of_device(const device_info& device) {
    layouts_engine made(instances::of<ops::batched_gemm>(), device);
    made.with(instances::of<ops::transpose>());
    return made;
}
layouts_engine engine_on_simulator() { return engine_of_device(device_info::simulator()); }

std::string message_of(const result<void>& done) { return done ? "" : done.failure().message; }
/// True if a sample of the kernels has none for a call.
bool is_not_sampled(const result<void>& done) {
    return DEEPGEMM_TEST_SAMPLE > 1 && !done && done.failure().code == errc::no_kernel;
}

/// What FP8 kernels of batches compute: A scaled by token, along K or not, and B by block; or both by token.
std::vector<gemm_traits> fp8_kinds() {
    const operand_info token{dtype::e4m3, scale_kind::fp32, {1, 128}}, block{dtype::e4m3, scale_kind::fp32, {128, 128}};
    operand_info in_order = token;
    in_order.scales = major::k;
    return {{.a = in_order, .b = block},
            {.a = token, .b = block},
            {.a = token, .b = token},
            {.a = token, .b = token, .d = dtype::f32},
            {.a = token, .b = token, .d = dtype::f32, .accumulate = true}};
}

/// Runs a batch twice, the second time as a dependent launch, in the smallest workspace: "" or what is wrong.
std::string run_twice(batched_sample& sample, sim::options& machine) {
    const layouts_engine engine = engine_on_simulator();
    const batched_problem p = sample.problem();
    guarded_workspace workspace(fp8_batched_gemm_workspace_bytes(p.a, p.b));
    for (const bool dependent : {false, true}) {
        const auto done = run_named(
            engine, p, {.stream = &machine, .workspace = workspace.argument(), .dependent_launch = dependent});
        if (is_not_sampled(done)) return "";
        if (!done) return done.failure().message;
        for (const std::string& wrong : {sample.verdict(), workspace.trespass()}) {
            if (!wrong.empty()) return wrong;
        }
        sample.restore();
        workspace.fill();
    }
    return "";
}

/// Runs an einsum in the smallest workspace: "" or what is wrong.
std::string run(const layouts_engine& engine, einsum_fp8_sample& sample, batched_options options = {}) {
    const einsum_call call = sample.problem();
    guarded_workspace workspace(workspace_of(call));
    options.workspace = workspace.argument();
    const auto done = run_named(engine, call, options);
    if (is_not_sampled(done)) return "";
    if (!done) return done.failure().message;
    const std::string wrong = sample.verdict();
    return wrong.empty() ? workspace.trespass() : wrong;
}

/// A gradient as a batch.
batched_problem p_of(const einsum_call& call) {
    return {.a = deepgemm::detail::matrices_of(call.a, call.sa, {1, 128}, 1, 2, 0),
            .b = deepgemm::detail::matrices_of(call.b, call.sb, {1, 128}, 1, 2, 0),
            .d = deepgemm::detail::matrices_of(call.d, 0, 1, 2),
            .accumulate = call.what.accumulate};
}

/// An einsum whose workspace has something to hold.
einsum_shape gradient_of(i64 b, i64 h, i64 d, i64 r) {
    return {.form = einsum_form::gradient, .b = b, .h = h, .d = d, .r = r, .accumulate = true, .f32 = true};
}

}  // namespace

TEST_CASE("batched layouts: FP8 in every order, matrices apart and among each other, exact and normal") {
    on_machines(1, [](random_source& random, sim::options machine) {
        for (gemm_traits what : fp8_kinds()) {
            const i64 which = random.integer(1, 3);
            if ((which & 1) != 0) what.a.contiguous = major::mn;
            if ((which & 2) != 0) what.b.contiguous = major::mn;
            what.groups = grouping::batched;
            CAPTURE(to_source(what.a));
            CAPTURE(to_source(what.b));
            CAPTURE(name_of(what.d));
            const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, 200)),
                                      i32(random.integer(1, 300))};
            const i64 count = random.integer(1, 4);
            const stack_order order = random.integer(0, 1) == 0 ? stack_order::apart : stack_order::among;
            batched_sample sample(random, count, shape, what, order,
                                  random.integer(0, 2) == 0 ? numbers::normal : numbers::exact);
            const batched_problem p = sample.problem();
            CHECK(fp8_batched_gemm_workspace_bytes(p.a, p.b) ==
                  u64(count) * (transposed_bytes(what.a.contiguous, shape.m, shape.k) +
                                transposed_bytes(what.b.contiguous, shape.n, shape.k)));
            CHECK(run_twice(sample, machine) == "");
        }
    });
}

TEST_CASE("einsum: FP8 with weights along r, and gradients of weights, random and ragged") {
    on_machines(4, [](random_source& random, sim::options machine) {
        const einsum_shape what = random_einsum(random, 200);
        CAPTURE(int(what.form));
        CAPTURE(what.b);
        CAPTURE(what.h);
        CAPTURE(what.d);
        CAPTURE(what.r);
        CAPTURE(what.lies);
        einsum_fp8_sample sample(random, what);
        CHECK((workspace_of(sample.problem()) == 0) == what.lies);
        CHECK(run(engine_on_simulator(), sample, {.stream = &machine}) == "");
        sample.restore();
        CHECK(run(engine_on_simulator(), sample, {.stream = &machine, .dependent_launch = true}) == "");
    });
}

TEST_CASE("einsum: FP8 of one element, without elements, and without anything to sum") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const layouts_engine engine = engine_on_simulator();
    for (const bool lies : {false, true}) {
        for (const auto& [b, h, d, r] : {std::tuple<i64, i64, i64, i64>{1, 1, 1, 1},
                                         {1, 3, 16, 130},
                                         {0, 2, 40, 48},
                                         {5, 0, 40, 48},
                                         {5, 2, 0, 48},
                                         {5, 2, 40, 0}}) {
            CAPTURE(lies);
            CAPTURE(b);
            CAPTURE(h);
            CAPTURE(d);
            CAPTURE(r);
            einsum_shape gradient = gradient_of(b, h, d, r);
            gradient.lies = lies;
            einsum_fp8_sample added(random, gradient);
            CHECK(run(engine, added) == "");
            gradient.accumulate = false;
            einsum_fp8_sample stored(random, gradient);
            CHECK(run(engine, stored) == "");
            einsum_fp8_sample up(random, {.b = b, .h = h, .d = d, .r = r, .lies = lies});
            CHECK(run(engine, up) == "");
        }
    }
}

TEST_CASE("einsum: FP8 as docs/ops/batched_gemm.md shows it, forward and its gradients") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 b = 140, h = 3, d = 48, r = 80;
    const layouts_engine engine = engine_on_simulator();
    einsum_fp8_sample of_up(random, {.b = b, .h = h, .d = d, .r = r});
    einsum_fp8_sample of_gradient(random, gradient_of(b, h, d, r));
    const einsum_call up = of_up.problem(), gradient = of_gradient.problem();
    const input_tensor &y = up.a, &w = up.b, &y_by_b = gradient.a, &x_by_b = gradient.b;
    const tensor_scales &y_scales = up.sa, &w_scales = up.sb, &y_b_scales = gradient.sa, &x_b_scales = gradient.sb;
    const output_tensor &x_gradient = up.d, &w_gradient = gradient.d;
    guarded_workspace memory(max(workspace_of(up), workspace_of(gradient)));
    const auto allocate = [&](u64 bytes) {
        REQUIRE(memory.argument().bytes == bytes);
        return memory.argument().data;
    };
    // [turned]
    // w (h, d, r) and x (b, h, r) lie along r, y (b, h, d) along d. For the gradient of w x and y have scales (b / 128, h, r or d)
    const u64 bytes =
        max(fp8_einsum_bhd_hdr_bhr_workspace_bytes(w), fp8_einsum_bhd_bhr_hdr_workspace_bytes(y_by_b, x_by_b));
    const workspace_memory workspace{allocate(bytes), bytes};  // device memory, one for both
    const auto back = fp8_einsum_bhd_hdr_bhr(engine, y, y_scales, w, w_scales, x_gradient, {.workspace = workspace});
    const auto wgrad = fp8_einsum_bhd_bhr_hdr(engine, y_by_b, y_b_scales, x_by_b, x_b_scales, w_gradient,
                                              {.accumulate = true, .workspace = workspace});
    // [turned]
    if (is_not_sampled(back) || is_not_sampled(wgrad)) return;
    CHECK(message_of(back) == "");
    CHECK(message_of(wgrad) == "");
    CHECK(of_up.verdict() == "");
    CHECK(of_gradient.verdict() == "");
}

TEST_CASE("batched layouts: what is refused before anything is launched") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const layouts_engine engine = engine_on_simulator();
    einsum_fp8_sample sample(random, gradient_of(130, 2, 48, 80));
    const einsum_call given = sample.problem();
    const u64 least = workspace_of(given);
    CHECK(least == u64(2 * (48 + 80) * 256));
    guarded_workspace memory(least);
    const std::vector<u8> d_before(static_cast<const u8*>(given.d.data),
                                   static_cast<const u8*>(given.d.data) + sample.memory()[4].bytes);
    const auto refused_by = [&](const auto& by, const einsum_call& call, const workspace_memory& workspace) {
        const auto done = run_named(by, call, {.workspace = workspace});
        CHECK_FALSE(done);
        CHECK(std::equal(d_before.begin(), d_before.end(), static_cast<const u8*>(given.d.data)));
        const u8* const first = static_cast<const u8*>(memory.argument().data);
        CHECK(std::all_of(first, first + least, [](u8 byte) { return byte == 0xff; }));
        return message_of(done);
    };
    const auto refused = [&](const einsum_call& call, const workspace_memory& workspace) {
        return refused_by(engine, call, workspace);
    };
    const workspace_memory whole = memory.argument();
    CHECK(refused(given, {}) ==
          "the workspace has 0 bytes; it must have at least 65536 to transpose A and B, which are not contiguous along "
          "K");
    CHECK(refused(given, {whole.data, least - 1}) ==
          "the workspace has 65535 bytes; it must have at least 65536 to transpose A and B, which are not contiguous "
          "along K");
    CHECK(refused(given, {nullptr, least}) == "the workspace has no data: its pointer is null");
    CHECK(refused(given, {static_cast<u8*>(whole.data) + 8, least}) ==
          "the workspace starts 8 bytes past a multiple of 16; operands in it must start at one");
    // A workspace that starts where a tensor does reaches beyond it. Nothing else may lie there, or that may be named instead.
    guarded_workspace apart(sample.memory()[4].bytes + least);
    einsum_call other = given;
    other.d.data = apart.argument().data;
    CHECK(refused(other, {other.d.data, least}) == "D overlaps the workspace in memory; the result would be undefined");
    other = given;
    other.a.data = apart.argument().data;
    CHECK(refused(other, {apart.argument().data, least}) ==
          "the workspace overlaps A in memory; the result would be undefined");
    other = given;
    other.a.stride[0] = 104;
    CHECK(refused(other, whole) ==
          "A has column stride 104; TMA needs a multiple of 16 bytes, that is 16 elements of e4m3");
    other = given;
    other.b.stride[1] += 8;
    CHECK(refused(other, whole).find("B has matrix stride ") == 0);
    other = given;
    other.a.stride[1] = 32;
    CHECK(refused(other, whole).find("its 2 matrices must lie apart") != std::string::npos);
    other = given;
    other.sa.stride[1] += 2;
    CHECK(refused(other, whole).find("the scales of A have matrix stride ") == 0);
    other = given;
    other.b.extent[0] = 131;
    CHECK(refused(other, whole).find("131") != std::string::npos);
    other = given;
    other.b.extent[1] = 3;
    CHECK(refused(other, whole) == "A has 2 matrices, B 3 and D 2; each must have one for every product");
    other = given;
    other.a.type = dtype::bf16;
    CHECK(refused(other, whole) == "A is bf16; an FP8 GEMM takes e4m3 or e5m2");
    const engine_of<ops::batched_gemm> alone(instances::of<ops::batched_gemm>(), device_info::simulator());
    CHECK(
        refused_by(alone, given, whole) ==
        message_of(alone.supports(p_of(given))) +
            "; A and B are not contiguous along K: an engine that serves ops::transpose, too, transposes it first, in "
            "batched_options::workspace");

    einsum_fp8_sample weights(random, {.b = 129, .h = 2, .d = 48, .r = 80});
    CHECK(message_of(run_named(engine, weights.problem(), {})) ==
          "the workspace has 0 bytes; it must have at least 20480 to transpose B, which is not contiguous along K");
    const layouts_engine nothing(instances::of<ops::batched_gemm>(), device_info::simulator());
    CHECK(message_of(run_named(nothing, given, {.workspace = whole})).find("transpose") != std::string::npos);
}

TEST_CASE("einsum: FP8 weights along r are transposed on the way for few tokens with scales in the order of the data") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const layouts_engine engine = engine_on_simulator();
    for (const i64 b : {1, 7, 33, 128, 129}) {
        for (const bool along_b : {false, true}) {
            CAPTURE(b);
            CAPTURE(along_b);
            einsum_fp8_sample sample(random, {.b = b, .h = 2, .d = 208, .r = 330, .along_b = along_b});
            const einsum_call call = sample.problem();
            const auto done = run_named(engine, call, {});
            if (is_not_sampled(done)) continue;
            if (b <= 128 && !along_b) {
                CHECK(message_of(done) == "");
                CHECK(sample.verdict() == "");
            } else {
                CHECK(message_of(done) ==
                      "the workspace has 0 bytes; it must have at least 168960 to transpose B, which is not contiguous "
                      "along K");
            }
            sample.restore();
            CHECK(run(engine, sample) == "");
        }
    }
}

TEST_CASE("batched layouts: the text says what is transposed first") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const layouts_engine engine = engine_of_device(device_info::h200());
    gemm_traits what = fp8_kinds().back();
    what.a.contiguous = what.b.contiguous = major::mn;
    what.groups = grouping::batched;
    batched_sample sample(random, 3, {300, 400, 100}, what, stack_order::among);
    const auto text = explain_fp8_batched_gemm(engine, sample.problem());
    if (DEEPGEMM_TEST_SAMPLE > 1 && !text) return;
    REQUIRE_MESSAGE(text, (text ? "" : text.failure().message));
    CAPTURE(*text);
    CHECK(text->find("A is transposed first: 3 matrices of 100 x 300 e4m3, transposed") == 0);
    CHECK(text->find("B is transposed first: 3 matrices of 100 x 400 e4m3, transposed") != std::string::npos);
    CHECK(text->find("3 products of m = 300, n = 400, k = 100, A e4m3 scaled 1x128 by fp32") != std::string::npos);
    what.a.contiguous = major::k;
    batched_sample one(random, 3, {300, 400, 100}, what);
    const auto half = explain_fp8_batched_gemm(engine, one.problem());
    REQUIRE(half);
    CHECK(half->find("B is transposed first: ") == 0);
    gemm_traits weights = fp8_kinds().front();
    weights.b.contiguous = major::mn;
    weights.groups = grouping::batched;
    batched_sample decode(random, 3, {20, 400, 100}, weights, stack_order::among);
    const auto on_the_way = explain_fp8_batched_gemm(engine, decode.problem());
    REQUIRE(on_the_way);
    CHECK(on_the_way->find("B is transposed on the way to the tensor cores\n3 products of m = 20") == 0);
    batched_problem odd = one.problem();
    odd.b.count = 2;
    CHECK_FALSE(explain_fp8_batched_gemm(engine, odd));
}

TEST_CASE("batched layouts: gradients with many rows get tall tiles, those of a few features small ones") {
    const operand_info token{dtype::e4m3, scale_kind::fp32, {1, 128}};
    const auto chosen = [&](problem_shape shape) {
        const gemm_workload one{
            .shape = shape, .a = token, .b = token, .d = dtype::f32, .accumulate = true, .in_place = true};
        const auto best = choose(batched_workload{8, one}, device_info::h200(), instances::of<ops::batched_gemm>());
        REQUIRE(best);
        return best->kernel->info.cfg.block;
    };
    if (DEEPGEMM_TEST_SAMPLE > 1) return;
    CHECK(chosen({1024, 4096, 8192}).m == 256);
    CHECK(chosen({64, 64, 8192}).m == 64);
}

}  // namespace batched_gemm_layouts_tests
