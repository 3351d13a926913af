// SPDX-License-Identifier: MIT
// The batched GEMM as an operation on the simulator: through the engine and by every shipped kernel, as einsums, planned,
// explained, refused.
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/sim/grid.hpp>

#include "../kernel/machines.hpp"
#include "batched_gemm_sample.hpp"

namespace batched_gemm_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using batched_engine = engine_of<ops::batched_gemm>;

std::span<const batched_handle> batched_kernels() { return instances::of<ops::batched_gemm>(); }
batched_engine engine_on_simulator() { return {batched_kernels(), device_info::simulator()}; }

/// What the shipped kernels compute, each once.
std::vector<gemm_traits> all_kinds() {
    std::vector<gemm_traits> kinds;
    for (const batched_handle& kernel : batched_kernels()) {
        if (std::ranges::find(kinds, kernel.info.traits) == kinds.end()) kinds.push_back(kernel.info.traits);
    }
    return kinds;
}

/// Runs a sample through the named operation: "", the error or what is wrong.
std::string run(const batched_engine& engine, batched_sample& sample, const batched_options& options = {}) {
    const auto done = run_named(engine, sample.problem(), options);
    return done ? sample.verdict() : done.failure().message;
}

stack_order any_order(random_source& random) {
    return random.integer(0, 1) == 0 ? stack_order::apart : stack_order::among;
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

/// The kernel that an H200 would get for a workload in BF16 whose B is contiguous along `b`.
config chosen(major b, i32 count, problem_shape shape) {
    const operand_info plain{dtype::bf16, scale_kind::none};
    operand_info right = plain;
    right.contiguous = b;
    const auto best = choose(batched_workload{count, {.shape = shape, .a = plain, .b = right}}, device_info::h200(),
                             batched_kernels());
    REQUIRE(best);
    return best->kernel->info.cfg;
}

/// A tensor (x, y, z) of small integers in rows of `pitch` elements; all else is NaN.
struct small_tensor {
    i64 x, y, z, pitch;
    std::vector<bf16> memory;

    small_tensor(random_source& random, i64 x, i64 y, i64 z, i64 pitch)
        : x(x), y(y), z(z), pitch(pitch), memory(std::size_t(x * y * pitch), bf16{0xffff}) {
        random.fill_integers(matrix_view<bf16>{memory.data(), x * y, z, pitch}, -8, 8);
    }
    float operator()(i64 i, i64 j, i64 k) const { return float(memory[std::size_t((i * y + j) * pitch + k)]); }
    input_tensor argument() const { return dense_tensor(static_cast<const bf16*>(memory.data()), x, y, z, pitch); }
};

}  // namespace

TEST_CASE("batched gemm: random ragged batches, each on the kernel that an H200 would get") {
    on_machines(4, [](random_source& random, const sim::options& machine) {
        device_info device = device_info::h200();
        device.sm_count = machine.num_sms;
        const batched_engine engine(batched_kernels(), device);
        for (const gemm_traits& what : all_kinds()) {
            CAPTURE(to_source(what.a));
            CAPTURE(to_source(what.b));
            CAPTURE(name_of(what.d));
            const problem_shape shape{i32(random.integer(1, 200)), i32(random.integer(1, 200)),
                                      i32(random.integer(1, 300))};
            batched_sample sample(random, random.integer(1, 5), shape, what, any_order(random));
            sim::options own = machine;
            CHECK(run(engine, sample, {.stream = &own}) == "");
        }
    });
}

TEST_CASE("batched gemm: every shipped kernel, matrices apart and among each other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const batched_handle& kernel : batched_kernels()) {
        const config& cfg = kernel.info.cfg;
        CAPTURE(to_source(kernel.info));
        for (const stack_order order : {stack_order::apart, stack_order::among}) {
            batched_sample sample(random, 3, {cfg.block.m + 20, cfg.block.n + 12, 330}, kernel.info.traits, order);
            CHECK(run(engine, sample, {.pin = cfg}) == "");
        }
    }
}

TEST_CASE("batched gemm: matrices of B stay in the stages where these hold them, and are loaded again where not") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const batched_handle& kernel : batched_kernels()) {
        const config& cfg = kernel.info.cfg;
        if (!cfg.keeps_b) continue;
        CAPTURE(to_source(kernel.info));
        const i64 row = 128;  // bytes of a row of a tile
        for (const i32 blocks : {cfg.stages, cfg.stages / 2, cfg.stages - 1}) {
            // Each of three CTAs has a column of ragged tiles.
            const i32 rows = i32(random.integer(4, 6)), k = blocks * cfg.block.k - i32(random.integer(0, 7));
            batched_sample sample(random, 3, {rows * cfg.block.m - 10, cfg.block.n - 3, k}, kernel.info.traits,
                                  any_order(random));
            sim::options own{.policy = sim::policy::random, .seed = u64(random.integer(1, 1 << 30)), .num_sms = 3};
            CHECK(run(engine, sample, {.stream = &own, .pin = cfg}) == "");
            const i32 loaded = blocks == cfg.stages ? 1 : blocks == cfg.stages / 2 ? 2 : rows;
            CHECK(i64(sim::last_run().statistics.load_bytes) ==
                  3 * blocks * row * (rows * cfg.block.m + loaded * cfg.block.n));
        }
    }
}

TEST_CASE("batched gemm: normal numbers are within the error of the tensor core") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const gemm_traits& what : all_kinds()) {
        batched_sample sample(random, 2, {70, 90, 400}, what, any_order(random), numbers::normal);
        CHECK(run(engine, sample) == "");
    }
}

TEST_CASE("batched gemm: one product, one row, no K") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    for (const gemm_traits& what : all_kinds()) {
        CAPTURE(to_source(what.a));
        CAPTURE(to_source(what.b));
        for (const auto& [count, shape] : {std::pair<i64, problem_shape>{1, {70, 40, 200}},
                                           {3, {1, 40, 200}},
                                           {2, {70, 1, 200}},
                                           {3, {70, 40, 1}},
                                           {3, {70, 40, 0}},
                                           {1, {1, 1, 1}}}) {
            batched_sample sample(random, count, shape, what);
            CHECK(run(engine, sample) == "");
        }
    }
}

TEST_CASE(
    "batched gemm: sums of many matrices by few and by many multiprocessors, with little workspace and with enough") {
    on_machines(2, [](random_source& random, const sim::options& machine) {
        const batched_engine engine = engine_on_simulator();
        for (const batched_handle& kernel : batched_kernels()) {
            if (kernel.info.traits.groups != grouping::summed) continue;
            CAPTURE(to_source(kernel.info));
            const problem_shape shape{i32(random.integer(1, 300)), i32(random.integer(1, 300)),
                                      i32(random.integer(1, 200))};
            for (const int sms : {1, 3, 7, 16}) {
                batched_sample sample(random, random.integer(1, 20), shape, kernel.info.traits, any_order(random));
                sim::options own = machine;
                own.num_sms = sms;
                CHECK(run(engine, sample, {.stream = &own, .pin = kernel.info.cfg}) == "");
            }
            for (const i64 count : {i64(0), i64(1)}) {
                batched_sample sample(random, count, {70, 40, i32(count) * 8}, kernel.info.traits);
                sim::options own = machine;
                CHECK(run(engine, sample, {.stream = &own, .pin = kernel.info.cfg}) == "");
            }
        }
    });
}

TEST_CASE("batched gemm: sums do not depend on timing, and a workspace serves one after the other") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    gemm_traits what;
    for (const batched_handle& kernel : batched_kernels()) {
        if (kernel.info.traits.groups == grouping::summed && kernel.info.traits.d == dtype::f32 &&
            !kernel.info.traits.accumulate) {
            what = kernel.info.traits;
        }
    }
    batched_sample sample(random, 9, {130, 70, 200}, what, stack_order::apart, numbers::normal);
    std::vector<u8> first;
    for (u64 seed = 1; seed < 5; ++seed) {
        sim::options machine{.policy = sim::policy::random, .seed = seed, .num_sms = 8};
        CHECK(run(engine, sample, {.stream = &machine}) == "");
        if (first.empty()) first = sample.d().bytes();
        CHECK(sample.d().bytes() == first);
        sample.restore();
    }
}

TEST_CASE("batched gemm: the sum of a batch as docs/ops/batched_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 s = 5, m = 24, n = 40, k = 72;
    const batched_engine engine = engine_on_simulator();
    const small_tensor x(random, s, m, k, 72), y(random, s, n, k, 80);
    std::vector<bf16> to(std::size_t(m * n), bf16{0xffff});
    const bf16 *const x_data = x.memory.data(), *const y_data = y.memory.data();
    bf16* const d_data = to.data();
    std::vector<u8> memory(std::size_t(batch_sum_workspace_bytes(m, n, 4)) + 128);
    void* const scratch = memory.data() + (128 - reinterpret_cast<std::uintptr_t>(memory.data()) % 128);
    // [sum]
    const u64 bytes = batch_sum_workspace_bytes(m, n, engine.device().sm_count);  // zeros at first, kept for all calls
    const auto done = bf16_einsum_bmk_bnk_mn(engine, dense_tensor(x_data, s, m, k), dense_tensor(y_data, s, n, k, 80),
                                             row_major(d_data, m, n), {scratch, bytes});
    // [sum]
    REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
    int wrong = 0;
    for (i64 row = 0; row < m; ++row) {
        for (i64 column = 0; column < n; ++column) {
            float sum = 0;
            for (i64 i = 0; i < s; ++i) {
                for (i64 j = 0; j < k; ++j) sum += x(i, row, j) * y(i, column, j);
            }
            wrong += to[std::size_t(row * n + column)].bits != bf16::from_float(sum).bits;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("batched gemm: one column of scales may be at any distance from the next, for one token and for many") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    constexpr i64 heads = 3, n = 40, k = 96;
    for (const i64 rows : {1, 20}) {
        for (const bool along_m : {false, true}) {   // scales (rows, heads) or (heads, rows)
            for (const std::size_t from : {0, 1}) {  // words past 16 bytes
                quantised_operand<> a[heads], b[heads];
                matrix<e4m3> x(rows * heads, k, 96), w(heads * n, k, 96);
                std::vector<u32> memory(std::size_t(rows * heads) + 8, 0xffffffffu), of_w(heads);
                u32* words = memory.data();
                while (reinterpret_cast<std::uintptr_t>(words) % 16 != 0) ++words;
                words += from;
                for (i64 h = 0; h < heads; ++h) {
                    a[h] = quantised_operand<>::exact(random, rows, k);
                    b[h] = quantised_operand<>::exact(random, n, k, {.tile = {128, 128}});
                    of_w[std::size_t(h)] = b[h].words[0];
                    for (i64 i = 0; i < rows; ++i) {
                        words[along_m ? h * rows + i : i * heads + h] = a[h].words[std::size_t(i * a[h].stride_mn)];
                        for (i64 j = 0; j < k; ++j) x(i * heads + h, j) = a[h].data(i, j);
                    }
                    for (i64 i = 0; i < n; ++i) {
                        for (i64 j = 0; j < k; ++j) w(h * n + i, j) = b[h].data(i, j);
                    }
                }
                matrix<bf16> d(rows, heads * n);
                const tensor_scales sa{words, scale_kind::fp32, {along_m ? 1 : heads, along_m ? rows : 1, 1}},
                    sb{of_w.data(), scale_kind::fp32, {1, 1, 1}};
                const auto done =
                    fp8_einsum_bhr_hdr_bhd(engine, dense_tensor(static_cast<const e4m3*>(x.data()), rows, heads, k), sa,
                                           dense_tensor(static_cast<const e4m3*>(w.data()), heads, n, k), sb,
                                           dense_tensor(d.data(), rows, heads, n));
                REQUIRE_MESSAGE(done, (done ? "" : done.failure().message));
                for (i64 h = 0; h < heads; ++h) {
                    const matrix_view<const bf16> of{d.data() + h * n, rows, n, heads * n, 1};
                    CHECK(reference::compare_exact(of, reference::gemm(a[h].view(), b[h].view())));
                }
            }
        }
    }
}

TEST_CASE("batched gemm: nothing to do needs no memory") {
    const batched_engine engine = engine_on_simulator();
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

TEST_CASE("batched gemm: dependent launches wait, whichever operands are ready") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const gemm_traits& what : all_kinds()) {
        batched_sample sample(random, 3, {70, 90, 300}, what);
        CHECK(run(engine_on_simulator(), sample, {.dependent_launch = true}) == "");
    }
}

TEST_CASE("batched gemm: the einsums as docs/ops/batched_gemm.md shows them, with slices of wider tensors") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 b = 9, h = 3, r = 72, d = 40, wide = 96;
    const batched_engine engine = engine_on_simulator();
    const small_tensor x(random, b, h, r, 80), w(random, h, d, r, wide), y(random, b, h, d, 48);
    std::vector<bf16> to_d(std::size_t(b * h * d), bf16{0xffff}), to_r(std::size_t(b * h * r), bf16{0xffff});
    std::vector<float> gradient(std::size_t(h * d * r), 5.0f);
    const bf16 *const x_data = x.memory.data(), *const w_data = w.memory.data(), *const y_data = y.memory.data();
    bf16 *const d_data = to_d.data(), *const r_data = to_r.data();
    float* const g_data = gradient.data();
    // [einsum]
    const input_tensor x_in = dense_tensor(x_data, b, h, r, 80),  // (b, h, r), rows 80 elements apart
        weights = dense_tensor(w_data, h, d, r, wide),            // (h, d, r), a slice of wider rows
        y_in = dense_tensor(y_data, b, h, d, 48);
    const auto down = bf16_einsum_bhr_hdr_bhd(engine, x_in, weights, dense_tensor(d_data, b, h, d));
    const auto up = bf16_einsum_bhd_hdr_bhr(engine, y_in, weights, dense_tensor(r_data, b, h, r));
    const auto wgrad = bf16_einsum_bhd_bhr_hdr(engine, y_in, x_in, dense_tensor(g_data, h, d, r), {.accumulate = true});
    // [einsum]
    REQUIRE_MESSAGE(down, (down ? "" : down.failure().message));
    REQUIRE_MESSAGE(up, (up ? "" : up.failure().message));
    REQUIRE_MESSAGE(wgrad, (wgrad ? "" : wgrad.failure().message));
    int wrong = 0;
    for (i64 ib = 0; ib < b; ++ib) {
        for (i64 ih = 0; ih < h; ++ih) {
            for (i64 id = 0; id < d; ++id) {
                float sum = 0;
                for (i64 ir = 0; ir < r; ++ir) sum += x(ib, ih, ir) * w(ih, id, ir);
                wrong += to_d[std::size_t((ib * h + ih) * d + id)].bits != bf16::from_float(sum).bits;
            }
            for (i64 ir = 0; ir < r; ++ir) {
                float sum = 0;
                for (i64 id = 0; id < d; ++id) sum += y(ib, ih, id) * w(ih, id, ir);
                wrong += to_r[std::size_t((ib * h + ih) * r + ir)].bits != bf16::from_float(sum).bits;
            }
        }
    }
    for (i64 ih = 0; ih < h; ++ih) {
        for (i64 id = 0; id < d; ++id) {
            for (i64 ir = 0; ir < r; ++ir) {
                float sum = 5;
                for (i64 ib = 0; ib < b; ++ib) sum += y(ib, ih, id) * x(ib, ih, ir);
                wrong += gradient[std::size_t((ih * d + id) * r + ir)] != sum;
            }
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("batched gemm: an FP8 einsum as docs/ops/batched_gemm.md shows it; what Hopper cannot multiply is refused") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    gemm_traits what{.a = {dtype::e4m3, scale_kind::fp32, {1, 128}, major::k, major::k},
                     .b = {dtype::e4m3, scale_kind::fp32, {128, 128}}};
    batched_sample sample(random, 3, {20, 200, 300}, what, stack_order::among);
    const batched_problem p = sample.problem();
    const auto tensor = [](const auto& stack, const auto& matrix, bool heads_first) {
        const i64 rows = matrix.row_stride, of = stack.matrix_stride;
        return heads_first
                   ? input_tensor{matrix.data, matrix.type, {stack.count, matrix.rows, matrix.columns}, {of, rows, 1}}
                   : input_tensor{matrix.data, matrix.type, {matrix.rows, stack.count, matrix.columns}, {rows, of, 1}};
    };
    const auto scales = [](const scaled_stack& x, bool heads_first) {
        const scale_argument& s = x.first.scales;
        return heads_first ? tensor_scales{s.data, s.kind, {x.scale_stride, s.row_stride, s.column_stride}}
                           : tensor_scales{s.data, s.kind, {s.row_stride, x.scale_stride, s.column_stride}};
    };
    const input_tensor x = tensor(p.a, p.a.first.matrix, false), w = tensor(p.b, p.b.first.matrix, true),
                       to = tensor(p.d, p.d.first, false);
    const output_tensor d{p.d.first.data, to.type, {20, 3, 200}, {to.stride[0], to.stride[1], 1}};
    const tensor_scales x_scales = scales(p.a, false), w_scales = scales(p.b, true);
    // [fp8]
    // x (b, h, r) with scales (b, h, r / 128); w (h, d, r) with scales (h, d / 128, r / 128); d (b, h, d)
    const auto done = fp8_einsum_bhr_hdr_bhd(engine, x, x_scales, w, w_scales, d);
    // [fp8]
    CHECK_MESSAGE(done, (done ? "" : done.failure().message));
    CHECK(sample.verdict() == "");

    std::vector<float> sums(3 * 300 * 300);
    const output_tensor gradient{sums.data(), dtype::f32, {3, 300, 300}, {90000, 300, 1}};
    const auto wgrad = fp8_einsum_bhd_bhr_hdr(engine, x, x_scales, x, x_scales, gradient);
    REQUIRE(!wgrad);
    CHECK(wgrad.failure().code == errc::no_kernel);
    CHECK_MESSAGE(wgrad.failure().message.ends_with(
                      "; A and B are not contiguous along K: an engine that serves ops::transpose, too, transposes it "
                      "first, in batched_options::workspace"),
                  wgrad.failure().message);
}

TEST_CASE("batched gemm: plans are explained, pinned and launched, and remembered by all that they depend on") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const batched_engine engine = engine_on_simulator();
    const gemm_traits what = batched_kernels()[0].info.traits;
    batched_sample sample(random, 3, {70, 200, 300}, what), larger(random, 4, {70, 200, 300}, what);
    const auto plan = engine.plan(sample.problem());
    REQUIRE(plan);
    CHECK(plan->workspace_bytes() == 0);
    const std::string text = explain(*plan);
    CAPTURE(text);
    CHECK(text.find("3 products of m = 70, n = 200, k = 300, A bf16 contiguous along K, B bf16 contiguous along K, D "
                    "bf16") == 0);
    REQUIRE(plan->launch(sample.problem()));
    CHECK(sample.verdict() == "");
    const auto other = plan->launch(larger.problem());
    REQUIRE(!other);
    CHECK(other.failure().code == errc::shape_mismatch);
    const config& last = plan->ranked.back().kernel->info.cfg;
    const auto pinned = engine.plan(sample.problem(), {.pin = last});
    REQUIRE(pinned);
    CHECK(pinned->chosen_by == choice::pinned);
    for (int i = 0; i < 2; ++i) {
        CHECK(engine.run(sample.problem()));
        CHECK(engine.run(larger.problem()));
    }
    CHECK(engine.planned() == 2);
}

TEST_CASE("batched gemm: few rows get swapped operands, many rows large tiles or matrices that stay") {
    for (const major b : {major::k, major::mn}) {
        CHECK(chosen(b, 128, {4, 128, 512}).swap);
        CHECK(chosen(b, 8, {4, 1024, 4096}).swap);
        CHECK(chosen(b, 8, {32, 1024, 4096}).block.m == 32);
        const config many = chosen(b, 8, {8192, 1024, 4096});
        CHECK(many.block.m * many.block.n >= 128 * 256);
        CHECK(many.sm90.warpgroups == 2);
        // Matrices of B stay where they fit the stages and have many rows to serve.
        const bool wide = b == major::mn;
        const i32 n = wide ? 512 : 128, k = wide ? 128 : 512;
        CHECK(chosen(b, 128, {4096, n, k}).keeps_b);
        CHECK(chosen(b, 16, {8192, n, k}).keeps_b);
        CHECK(!chosen(b, 128, {64, n, k}).keeps_b);
        CHECK(!many.keeps_b);
    }
    CHECK(chosen(major::mn, 128, {128, 512, 128}).block == tile_shape{128, 128, 64});
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
    const gemm_info& info = batched_kernels()[0].info;
    CHECK(std::string(ops::gemm::why_not(info.traits, gemm_workload{})) == "it computes groups of products");
    gemm_traits dense = info.traits;
    dense.groups = grouping::none;
    CHECK(std::string(ops::batched_gemm::why_not(dense, batched_workload{})) == "it computes no batch");
}

TEST_CASE("batched gemm: each named operation refuses the types of the others") {
    const batched_engine engine = engine_on_simulator();
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
    const auto moved = [](const void* from, i64 bytes) { return static_cast<const char*>(from) + bytes; };
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

}  // namespace batched_gemm_tests
