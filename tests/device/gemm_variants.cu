// SPDX-License-Identifier: MIT
// Kernels beyond the shipped ones on a GPU: those of tests/kernel/variants.cuh, a user's own epilogue, dependent launches.
#include <doctest/doctest.h>

#include "../kernel/variants.cuh"
#include "gemm_support.cuh"

using namespace deepgemm;
using namespace deepgemm::gemm_tests;
using test::gemm_sample;
using test::numbers;

namespace {

template <class... K>
std::span<const gemm_handle> handles(shipped::kernels<K...>) {
    return cuda::kernel_list<K...>;
}

void expect_exact_everywhere(std::span<const gemm_handle> kernels) {
    for (const gemm_handle& kernel : kernels) {
        const auto [m, n] = test::cluster_tile(kernel.info);
        const problem_shape shapes[] = {{1, 1, 1},         {m - 1, n - 3, 130},
                                        {m, n, 256},       {m + 1, n + 1, 1000},
                                        {m + 9, n + 9, 0}, {9 * m + 1, 31 * n - 1, 257}};
        for (const problem_shape& shape : shapes) {
            CHECK(fault_on_exact_data(kernel, shape, 21, {.a_pad = 16, .c_pad = 8, .d_pad = 24}) == "");
            CHECK(fault_on_exact_data(kernel, shape, 22, {.c_is_d = true}) == "");
        }
    }
}

/// All kernels give the bits of the first, on data whose sums are rounded.
void expect_equal_bits(std::span<const gemm_handle> kernels, problem_shape shape) {
    gemm_sample p(kernels[0].info, shape, 23, numbers::normal);
    REQUIRE(run(kernels[0], p) == "");
    const auto first = p.d().bytes();
    for (const gemm_handle& kernel : kernels.subspan(1)) {
        p.restore();
        CHECK_MESSAGE(run(kernel, p) == "", to_source(kernel.info));
        CHECK_MESSAGE(p.d().bytes() == first, to_source(kernel.info));
    }
}

/// Launches a kernel whose first epilogue step adds a bias, and judges the product.
template <class K>
std::string run_biased(gemm_sample& p, const device_array<float>& bias) {
    device_product on_device(p);
    auto arguments = arguments_for<K>(arguments_of(on_device.problem()));
    arguments.epilogue.first = {bias.get()};
    or_throw(cuda::launch<K>(arguments));
    return on_device.verdict();
}

}  // namespace

TEST_SUITE_BEGIN("gemm variants small");

TEST_CASE("gemm: clusters, E5M2 and odd tiles, a corner each") {
    for (const auto list :
         {handles(test::element_variants{}), handles(test::cluster_variants{}), handles(test::tile_variants{}),
          handles(test::summing_variants{}), handles(test::k_major_variants{}), handles(test::split_variants{}),
          handles(test::in_place_variants{}), handles(test::swap_variants{}), handles(test::swap_half_variants{})}) {
        for (const gemm_handle& kernel : list) CHECK(fault_on_exact_data(kernel, {70, 20, 300}, 20) == "");
    }
}

TEST_SUITE_END();

TEST_CASE("gemm: E5M2 on either side, scales of two formats in one kernel") {
    expect_exact_everywhere(handles(test::element_variants{}));
}
TEST_CASE("gemm: clusters that share A, B or both") { expect_exact_everywhere(handles(test::cluster_variants{})); }
TEST_CASE("gemm: operands that have changed places") {
    for (const auto list : {handles(test::swap_variants{}), handles(test::swap_half_variants{})}) {
        expect_exact_everywhere(list);
        for (const gemm_handle& kernel : list) {
            const auto [m, n] = test::cluster_tile(kernel.info);
            gemm_sample p(kernel.info, {3 * m + 5, 150 * n + 2, 1700}, 29, numbers::normal);
            CHECK_MESSAGE(run(kernel, p) == "", to_source(kernel.info));
        }
    }
}
TEST_CASE("gemm: D added to in place, scales held for several fragments") {
    expect_exact_everywhere(handles(test::in_place_variants{}));
}
TEST_CASE("gemm: scales as quantisation leaves them, K split") {
    expect_exact_everywhere(handles(test::k_major_variants{}));
    expect_exact_everywhere(handles(test::split_variants{}));
}
TEST_CASE("gemm: tiles, stages, staging buffers and bands at their limits") {
    expect_exact_everywhere(handles(test::tile_variants{}));
    expect_exact_everywhere(handles(test::summing_variants{}));
}

TEST_CASE("gemm: quantised E5M2 is right element by element") {
    for (const gemm_handle& kernel : handles(test::element_variants{})) {
        gemm_sample p(kernel.info, {530, 270, 1800}, 24, numbers::normal);
        CHECK_MESSAGE(run(kernel, p) == "", to_source(kernel.info));
        CHECK(p.diff_to_unquantised() < 5e-3);  // E5M2 has half of E4M3's precision
    }
}

TEST_CASE("gemm: neither a configuration nor extents fixed at compile time change a bit") {
    expect_equal_bits(handles(test::equal_variants{}), {1270, 1330, 2000});
    expect_equal_bits(handles(test::equal_variants{}), {65, 33, 100});
    expect_equal_bits(handles(test::extent_variants{}), {100, 88, 400});
}

TEST_CASE("gemm: a bias and an activation of the user's own, alone and before C is added") {
    random_source random(fresh_seed());
    std::vector<float> bias(750);
    for (float& x : bias) x = float(random.integer(-5, 5));
    const device_array<float> on_device(bias);
    const auto relu = [](double x) { return x > 0 ? x : 0.0; };

    gemm_sample plain(test::biased::info, {1500, 750, 300}, 26);
    for (i64 m = 0; m < 1500; ++m) {
        for (i64 n = 0; n < 750; ++n)
            plain.expected().value(m, n) = relu(plain.expected().value(m, n) + bias[std::size_t(n)]);
    }
    CHECK(run_biased<test::biased>(plain, on_device) == "");

    gemm_sample chained(test::chained::info, {1500, 750, 300}, 27);
    const auto c = chained.c().view<const float>();
    for (i64 m = 0; m < 1500; ++m) {
        for (i64 n = 0; n < 750; ++n) {
            double& value = chained.expected().value(m, n);
            value = c(m, n) + relu(value - c(m, n) + bias[std::size_t(n)]) * (m % 2 == 0 ? 1 : 0.5);
        }
    }
    CHECK(run_biased<test::chained>(chained, on_device) == "");
}

TEST_CASE("gemm: a chain of dependent launches, each adding to its predecessor's D, which starts it early") {
    const gemm_handle kernel = cuda::handle_of<test::triggering>();
    for (const problem_shape shape : {problem_shape{64, 64, 128}, {500, 700, 1000}, {3000, 2000, 256}}) {
        gemm_sample p(kernel.info, shape, 28, numbers::exact, {.c_is_d = true});
        const auto c = p.c().view<const float>();
        constexpr int links = 20;
        for (i64 m = 0; m < shape.m; ++m) {
            for (i64 n = 0; n < shape.n; ++n) {
                double& value = p.expected().value(m, n);
                value = c(m, n) + (value - c(m, n)) * links;
            }
        }
        device_product on_device(p);
        const dense_arguments arguments = arguments_of(on_device.problem());
        for (int i = 0; i < links; ++i) or_throw(kernel.launch(arguments, {.dependent_launch = true}));
        CHECK(on_device.verdict() == "");
    }
}

namespace {

/// The permutation of the chain below: column of A that becomes column `n` of D, and its sign.
constexpr i64 from_column(i64 n, i64 columns) { return (n * 5 + 3) % columns; }
constexpr float sign_of(i64 n) { return n % 3 == 0 ? -1.0f : 1.0f; }

/// x = x W, again and again, in dependent launches that load W early: W permutes columns and changes signs, so that every step
/// is exact. Says whether the last x is right.
bool chain_is_right(const gemm_handle& kernel, i32 rows, i32 columns, int links) {
    random_source random(fresh_seed());
    matrix<bf16> x(rows, columns), w(columns, columns);
    random.fill_integers(x.view(), -100, 100);
    for (i64 n = 0; n < columns; ++n) {
        for (i64 k = 0; k < columns; ++k) w(n, k) = bf16::from_float(k == from_column(n, columns) ? sign_of(n) : 0.0f);
    }
    const device_array<bf16> there(i64(x.size())), back(i64(x.size())), weights(i64(w.size()));
    there.write(x.data());
    weights.write(w.data());
    dense_arguments arguments{{.shape = {rows, columns, columns},
                               .a = {.pitch = columns},
                               .b = {.data = weights.get(), .pitch = columns, .ready = true},
                               .d = {.pitch = columns}}};
    for (int i = 0; i < links; ++i) {
        arguments.a.data = (i % 2 == 0 ? there : back).get();
        arguments.d.data = (i % 2 == 0 ? back : there).get();
        or_throw(kernel.launch(arguments, {.dependent_launch = true}));
    }
    matrix<bf16> found(rows, columns);
    check(cudaDeviceSynchronize());
    (links % 2 == 1 ? back : there).read(found.data());
    for (int i = 0; i < links; ++i) {
        matrix<bf16> next(rows, columns);
        for (i64 m = 0; m < rows; ++m) {
            for (i64 n = 0; n < columns; ++n)
                next(m, n) = bf16::from_float(sign_of(n) * float(x(m, from_column(n, columns))));
        }
        x = next;
    }
    for (i64 m = 0; m < rows; ++m) {
        for (i64 n = 0; n < columns; ++n) {
            if (float(found(m, n)) != float(x(m, n))) return false;  // -0 is 0
        }
    }
    return true;
}

}  // namespace

TEST_CASE("gemm: a chain of dependent launches that load ready weights before their predecessor has ended") {
    for (const gemm_handle& kernel : handles(test::chain_variants{})) {
        CHECK_MESSAGE(chain_is_right(kernel, 8, 4096, 41), to_source(kernel.info));
        CHECK_MESSAGE(chain_is_right(kernel, 300, 1024, 40), to_source(kernel.info));
    }
}
