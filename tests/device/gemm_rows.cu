// SPDX-License-Identifier: MIT
// FP8 with scales that hold for all of K on a GPU: the 42 dense cases of DeepGEMM's own test with a scale a row, one an operand
// or none on either side, random problems, and many launches. Every element of D is judged by the references of gemm_judge.cuh.
#include <doctest/doctest.h>

#include "gemm_judge.cuh"
#include "gemm_support.cuh"
#include "repeated.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;

namespace {

/// What one scale of an operand covers.
enum class covers { row, all, nothing };

/// An operand as a judge reads it.
struct end_scaled_rows {
    const e4m3* data;
    i64 pitch;
    const float* scales;  ///< of row `r` at r * stride; null: all 1
    i64 stride;
    __device__ float at(i64 row, i64 k) const { return float(data[row * pitch + k]); }
    __device__ float scale(i64 row, i64 /*k*/) const { return scales == nullptr ? 1.0f : scales[row * stride]; }
};

/// An operand of normal numbers in E4M3 with scales of both signs. NaN lies between its scales, and between its rows.
struct end_scaled_operand {
    i64 mn, k, pitch, stride;
    covers what;
    device_array<e4m3> data;
    device_array<float> scales;

    end_scaled_operand(i64 mn, i64 k, covers what, i64 stride, u64 seed)
        : mn(mn),
          k(k),
          pitch(align_up(k, i64(16)) + 16),
          stride(what == covers::row ? stride : 0),
          what(what),
          data(mn * pitch),
          scales(max(mn * stride, i64(1))) {
        fill_kernel<<<1056, 256>>>(data.get(), data.count(), filling::normal, 60.0f, seed);
        check(cudaMemset2D(data.get() + k, std::size_t(pitch), 0xff, std::size_t(pitch - k), std::size_t(mn)));
        std::vector<float> factors(std::size_t(scales.count()), bit_cast<float>(0xffffffffu));
        random_source random(seed);
        for (i64 row = 0; row < (what == covers::row ? mn : 1); ++row)
            factors[std::size_t(row * this->stride)] = float(random.integer(-1000, 1000)) / 4096;
        scales.write(factors.data());
    }
    scaled_matrix argument() const {
        const input_matrix matrix = row_major(static_cast<const e4m3*>(data.get()), mn, k, pitch);
        switch (what) {
            case covers::row: return {matrix, per_row_scales(scales.get(), mn, stride)};
            case covers::all: return {matrix, per_tensor_scale(scales.get())};
            default: return unscaled(matrix);
        }
    }
    end_scaled_rows rows() const {
        return {data.get(), pitch, what == covers::nothing ? nullptr : scales.get(), stride};
    }
};

/// A product of the 42.
struct product_case {
    i32 m, n, k;
    bool accumulates;
};
std::vector<product_case> all_cases() {
    constexpr i32 weights[][2] = {{2112, 7168},  {576, 7168},  {24576, 1536}, {32768, 512},
                                  {7168, 16384}, {4096, 7168}, {7168, 2048}};
    std::vector<product_case> made;
    for (const auto& [n, k] : weights) {
        for (const i32 m : {1, 128, 4096}) made.push_back({m, n, k, false});
        made.push_back({4096, k, n, false});
        made.push_back({n, 4096, k, true});
        made.push_back({n, 4096, k, false});
    }
    return made;
}

/// Runs a product through the named operation, in place if it accumulates; judges every element.
template <class D>
void check_product(const engine& engine, const product_case& c, covers a_scales, covers b_scales, i64 stride,
                   bool promoted, u64 seed) {
    const auto& [m, n, k, accumulates] = c;
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    CAPTURE(int(a_scales));
    CAPTURE(int(b_scales));
    CAPTURE(stride);
    CAPTURE(promoted);
    const end_scaled_operand a(m, k, a_scales, stride, seed), b(n, k, b_scales, stride, seed + 1);
    const device_array<D> d(i64(m) * n), added(accumulates ? i64(m) * n : 0);
    d.fill_bytes(0xff);
    gemm_options options{.promoted = promoted};
    const output_matrix to = row_major(d.get(), m, n);
    if (accumulates) {
        fill_kernel<<<1056, 256>>>(added.get(), added.count(), filling::normal, 32.0f, seed + 2);
        check(cudaMemcpy(d.get(), added.get(), added.bytes(), cudaMemcpyDeviceToDevice));
        options.c = to;
    }
    or_throw(fp8_gemm_nt(engine, a.argument(), b.argument(), to, options));
    const judgement how{false, tolerance::hopper_fp8, rounding_error(dtype_of<D>)};
    const device_array<findings> memory(std::vector<findings>{{0, 0, 0, ~0ull}});
    judge_kernel<<<dim3(unsigned(ceil_div(n, 64)), unsigned(ceil_div(m, 64))), dim3(16, 16)>>>(
        a.rows(), b.rows(), m, n, k, d.get(), accumulates ? added.get() : static_cast<const D*>(nullptr), n, {}, how,
        memory.get());
    check(cudaGetLastError());
    check(cudaDeviceSynchronize());
    findings found{};
    memory.read(&found);
    CHECK_MESSAGE(found.wrong == 0, "the first wrong element is number ", found.first_wrong);
    CHECK(1 - 2 * found.products / found.squares < (promoted ? 1e-5 : 1e-4));
}

void check_case(const engine& engine, const product_case& c, covers a, covers b, i64 stride, bool promoted, u64 seed) {
    if (c.accumulates) {
        check_product<float>(engine, c, a, b, stride, promoted, seed);
    } else {
        check_product<bf16>(engine, c, a, b, stride, promoted, seed);
    }
}

/// Random problems through the named operation, `count` of them.
void random_problems(int count) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const engine engine = shipped();
    for (int i = 0; i < count; ++i) {
        const gemm_info kind = test::random_end_kind(random);
        const problem_shape shape{test::random_extent(random, 600), test::random_extent(random, 600),
                                  test::random_extent(random, 2500)};
        const auto data = random.integer(0, 2) == 0 ? test::numbers::normal : test::numbers::exact;
        const u64 own_seed = random.bits();
        test::gemm_sample p(kind, shape, own_seed, data, test::random_placement(random, kind));
        CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, own_seed), ", problem ", i);
    }
}

}  // namespace

TEST_CASE("gemm rows: 42 products, a scale a row") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const product_case& c : all_cases()) check_case(engine, c, covers::row, covers::row, 1, false, seed);
}

TEST_CASE("gemm rows: 42 products, one scale an operand") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const product_case& c : all_cases()) check_case(engine, c, covers::all, covers::all, 1, false, seed);
}

TEST_CASE("gemm rows: 42 products, any scales on either side, apart in memory, promoted or not") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const engine engine = shipped();
    for (const product_case& c : all_cases()) {
        check_case(engine, c, covers(random.integer(0, 2)), covers(random.integer(0, 2)), random.integer(1, 3),
                   random.integer(0, 1) == 0, random.bits());
    }
}

TEST_CASE("gemm rows: 200 random problems through the named operation") { random_problems(200); }

TEST_SUITE("gemm rows small") {
    TEST_CASE("gemm rows: a few, for compute-sanitizer") { random_problems(3); }
}

TEST_CASE("gemm rows: no rows, no columns, no K") {
    random_source random(fresh_seed());
    const engine engine = shipped();
    for (int i = 0; i < 16; ++i) {
        const gemm_info kind = test::random_end_kind(random);
        for (const problem_shape shape :
             {problem_shape{0, 100, 200}, {100, 0, 200}, {40, 30, 0}, {1, 1, 1}, {1000, 1, 300}, {1, 7, 5000}}) {
            test::gemm_sample p(kind, shape, 13, test::numbers::exact);
            CHECK_MESSAGE(run(engine, p) == "", test::describe(kind, shape, 13));
        }
    }
}

TEST_CASE("gemm rows: a thousand launches give the same bits") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    const engine engine = shipped();
    for (const problem_shape shape : {problem_shape{1, 2112, 7168}, {100, 576, 7168}, {700, 1544, 528}}) {
        const auto& [m, n, k] = shape;
        CAPTURE(m);
        const end_scaled_operand a(m, k, covers::row, 1, seed), b(n, k, covers::row, 1, seed + 1);
        const device_array<bf16> d(i64(m) * n);
        CHECK(words_that_change(d, [&] {
                  or_throw(fp8_gemm_nt(engine, a.argument(), b.argument(), row_major(d.get(), m, n)));
              }) == 0);
    }
}
