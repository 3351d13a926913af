// SPDX-License-Identifier: MIT
// The named operations at full size on a GPU, as a model uses them: the 42 dense FP8 cases of DeepGEMM's own test, its four
// cases of split heads, and matrices of more than 2^31 elements. Every element of D is judged by the references of
// gemm_judge.cuh.
#include <doctest/doctest.h>

#include <deepgemm/scale/cast.cuh>

#include "gemm_judge.cuh"
#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;

namespace {

constexpr unsigned fill_ctas = 132 * 8;

template <class T>
void fill(const device_array<T>& out, filling what, u64 seed, float sigma = 1) {
    fill_kernel<<<fill_ctas, 256>>>(out.get(), out.count(), what, sigma, seed);
    check(cudaGetLastError());
}

/// The verdict of a kernel that counts or judges.
template <class T, class Launch>
T answer(T start, Launch launch) {
    const device_array<T> memory(std::vector<T>{start});
    launch(memory.get());
    check(cudaGetLastError());
    check(cudaDeviceSynchronize());
    memory.read(&start);
    return start;
}

/// An operand on the device: quantised by the library from normal BF16 numbers, or small integers with scales that are powers
/// of two.
struct device_operand {
    i64 mn, k;
    int tile_rows;  ///< 1: per token, 128: per block
    device_array<bf16> original;
    device_array<e4m3> data;
    device_array<float> scales;

    device_operand(i64 mn, i64 k, int tile_rows, bool exact, u64 seed)
        : mn(mn),
          k(k),
          tile_rows(tile_rows),
          original(exact ? 0 : mn * k),
          data(mn * k),
          scales(tile_rows == 1 ? align_up(mn, i64(4)) * blocks() : ceil_div(mn, i64(128)) * blocks()) {
        scales.fill_bytes(0xff);
        if (exact) {
            fill(data, filling::small_integers, seed);
            fill(scales, filling::powers_of_two, seed + 1);
            return;
        }
        fill(original, filling::normal, seed);
        const scale::cast_arguments cast{.x = original.get(),
                                         .x_pitch = k,
                                         .q = data.get(),
                                         .q_pitch = k,
                                         .rows = i32(mn),
                                         .columns = i32(k),
                                         .scales = scales.get(),
                                         .scale_stride_i = stride_mn(),
                                         .scale_stride_j = stride_k()};
        using scale::cast_scales;
        if (tile_rows == 1) {
            or_throw(cuda::launch<scale::cast_per_token<e4m3, bf16, 128, cast_scales::fp32>>(cast));
        } else {
            or_throw(cuda::launch<scale::cast_per_block<e4m3, bf16, cast_scales::fp32>>(cast));
        }
    }
    i64 blocks() const { return ceil_div(k, i64(128)); }
    i64 stride_mn() const { return tile_rows == 1 ? 1 : blocks(); }
    i64 stride_k() const { return tile_rows == 1 ? align_up(mn, i64(4)) : 1; }

    scaled_matrix argument() const {
        return {row_major(data.get(), mn, k), tile_rows == 1 ? per_token_scales(scales.get(), scale_kind::fp32, mn, k)
                                                             : per_block_scales(scales.get(), scale_kind::fp32, mn, k)};
    }
    quantised_rows quantised() const { return {data.get(), k, scales.get(), stride_mn(), stride_k(), tile_rows}; }
    plain_rows plain() const { return {original.get(), k}; }
};

/// Judges D against one kind of reference.
template <class A, class B, class D>
findings judge(const A& a, const B& b, problem_shape shape, const D* d, const D* c, i64 d_pitch, head_splits heads,
               bool exact) {
    const judgement how{exact, tolerance::hopper_fp8, rounding_error(dtype_of<D>)};
    const dim3 grid(unsigned(ceil_div(shape.n, 64)), unsigned(ceil_div(shape.m, 64)));
    return answer(findings{0, 0, 0, ~0ull}, [&](findings* out) {
        judge_kernel<<<grid, dim3(16, 16)>>>(a, b, shape.m, shape.n, shape.k, d, c, d_pitch, heads, how, out);
    });
}

double diff_of(const findings& found) { return found.squares == 0 ? 0 : 1 - 2 * found.products / found.squares; }

std::string fault_of(const findings& found, i64 n) {
    if (found.wrong == 0) return "";
    return concat(found.wrong, " elements are wrong, the first at row ", i64(found.first_wrong) / n, ", column ",
                  i64(found.first_wrong) % n);
}

i64 differences(const void* x, const void* y, std::size_t bytes) {
    return i64(answer(0ull, [&](unsigned long long* count) {
        count_differences<<<fill_ctas, 256>>>(static_cast<const u32*>(x), static_cast<const u32*>(y), i64(bytes / 4),
                                              count);
    }));
}

/// Runs a case twice through the named operation; judges every element, against the product after quantisation and before.
template <class D>
void check_case(const engine& engine, problem_shape shape, int b_tile_rows, bool accumulates, u64 seed) {
    const auto& [m, n, k] = shape;
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    const device_operand a(m, k, 1, false, seed), b(n, k, b_tile_rows, false, seed + 1);
    const device_array<D> d(i64(m) * n), again(i64(m) * n), c(accumulates ? i64(m) * n : 0);
    if (accumulates) fill(c, filling::normal, seed + 2, 32.0f);
    for (const auto* out : {&d, &again}) {
        gemm_options options;
        out->fill_bytes(0xff);
        const output_matrix to = row_major(out->get(), m, n);
        if (accumulates) {  // in place, as weight gradients are
            check(cudaMemcpy(out->get(), c.get(), c.bytes(), cudaMemcpyDeviceToDevice));
            options.c = to;
        }
        or_throw(fp8_gemm_nt(engine, a.argument(), b.argument(), to, options));
    }
    CHECK(differences(d.get(), again.get(), d.bytes()) == 0);
    const D* const added = accumulates ? c.get() : nullptr;
    const findings found = judge(a.quantised(), b.quantised(), shape, d.get(), added, n, {}, false);
    CHECK(fault_of(found, n) == "");
    CHECK(diff_of(found) < 1e-5);  // what the tensor core and the rounding to D lose
    CHECK(diff_of(judge(a.plain(), b.plain(), shape, d.get(), added, n, {}, false)) < 1e-3);
}

/// Small integers, so that every bit must be right.
template <class D>
void check_exact(const engine& engine, problem_shape shape, bool accumulates) {
    const auto& [m, n, k] = shape;
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    const device_operand a(m, k, 1, true, 31), b(n, k, accumulates ? 1 : 128, true, 32);
    const device_array<D> d(i64(m) * n), c(accumulates ? i64(m) * n : 0);
    d.fill_bytes(0xff);
    gemm_options options;
    if (accumulates) {
        fill(c, filling::small_integers, 33);
        options.c = row_major(static_cast<const D*>(c.get()), m, n);
    }
    or_throw(fp8_gemm_nt(engine, a.argument(), b.argument(), row_major(d.get(), m, n), options));
    const D* const added = accumulates ? c.get() : nullptr;
    CHECK(fault_of(judge(a.quantised(), b.quantised(), shape, d.get(), added, n, {}, true), n) == "");
}

struct weight {
    i32 n, k;
};
constexpr weight weights[] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                              {7168, 16384}, {4096, 7168}, {7168, 2048}};

}  // namespace

TEST_CASE("gemm table: 21 forward passes") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const i32 m : {1, 128, 4096}) {
        for (const auto& [n, k] : weights) check_case<bf16>(engine, {m, n, k}, 128, false, seed);
    }
}

TEST_CASE("gemm table: 7 data gradients") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const auto& [n, k] : weights) check_case<bf16>(engine, {4096, k, n}, 128, false, seed);
}

TEST_CASE("gemm table: 14 weight gradients, summed up in FP32 and in BF16") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const auto& [n, k] : weights) {
        check_case<float>(engine, {n, 4096, k}, 1, true, seed);
        check_case<bf16>(engine, {n, 4096, k}, 128, false, seed);
    }
}

TEST_CASE("gemm table: 4 products into split heads, holes untouched") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    constexpr head_splits heads{128, 64, 128};
    for (const i32 m : {128, 4096}) {
        for (const auto& [n, k] : {weight{32768, 512}, weight{8192, 512}}) {
            CAPTURE(m);
            CAPTURE(n);
            const device_operand a(m, k, 1, false, seed), b(n, k, 128, false, seed + 1);
            const i64 columns = n + n / (heads.left + heads.right) * heads.middle;
            const device_array<bf16> d(m * columns);
            d.fill_bytes(0xff);
            or_throw(
                fp8_gemm_nt_skip_head_mid(engine, a.argument(), b.argument(), row_major(d.get(), m, columns), heads));
            const problem_shape shape{m, n, k};
            const bf16* const nothing = nullptr;
            const findings found = judge(a.quantised(), b.quantised(), shape, d.get(), nothing, columns, heads, false);
            CHECK(fault_of(found, n) == "");
            CHECK(diff_of(found) < 1e-5);
            CHECK(diff_of(judge(a.plain(), b.plain(), shape, d.get(), nothing, columns, heads, false)) < 1e-3);
            CHECK(answer(0ull, [&](unsigned long long* count) {
                      count_touched_holes<<<fill_ctas, 256>>>(d.get(), m, columns, heads, count);
                  }) == 0);
        }
    }
}

TEST_CASE("gemm table: more than 2^31 elements in D, in A, in B, in C") {
    const engine engine = shipped();
    check_exact<bf16>(engine, {65536, 40000, 256}, false);
    check_exact<bf16>(engine, {300032, 40, 8192}, false);
    check_exact<float>(engine, {17, 300032, 8192}, false);
    check_exact<float>(engine, {50000, 45000, 144}, true);
}
