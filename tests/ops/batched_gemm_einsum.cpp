// SPDX-License-Identifier: MIT
// Einsums and the sum of a batch on the simulator: as docs/ops/batched_gemm.md shows them, with slices of wider tensors, and with
// scales at any distance from each other.
#include <deepgemm/host/instances.hpp>

#include <doctest/doctest.h>

#include "batched_gemm_sample.hpp"

namespace batched_gemm_einsum_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

engine_of<ops::batched_gemm> engine_on_simulator() {
    return {instances::of<ops::batched_gemm>(), device_info::simulator()};
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

TEST_CASE("batched gemm: the sum of a batch as docs/ops/batched_gemm.md shows it") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 s = 5, m = 24, n = 40, k = 72;
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
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
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
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

TEST_CASE("batched gemm: the einsums as docs/ops/batched_gemm.md shows them, with slices of wider tensors") {
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    constexpr i64 b = 9, h = 3, r = 72, d = 40, wide = 96;
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
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
    const engine_of<ops::batched_gemm> engine = engine_on_simulator();
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

}  // namespace batched_gemm_einsum_tests
