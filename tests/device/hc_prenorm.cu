// SPDX-License-Identifier: MIT
// The HyperConnection prenorm on a GPU: the products of the simulator's test, the sizes of models, and a thousand repeats.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>

#include "../kernel/prenorm_products.hpp"
#include "repeated.cuh"

using namespace deepgemm;
using namespace device_tests;
using test::prenorm_product;

namespace hc_prenorm_device_test {

// Structs, as in grouped.cu.
struct whole : hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}}> {};
struct halves : hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}, .split_k = 2}> {};
struct eighths : hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}, .split_k = 8}> {};
struct wide : hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 128, 64}}> {};
struct parts : hc_prenorm<arch::sm90, hc_prenorm_config{.block = {64, 24, 64}}, partial_sums::apart> {};

/// A product's tensors in device memory.
struct device_prenorm {
    device_array<bf16> a;
    device_array<float> b, d, squares;

    explicit device_prenorm(const prenorm_product& host) : a(host.a), b(host.b), d(host.d), squares(host.squares) {}
    hc_prenorm_arguments arguments(const prenorm_product& host) const {
        return host.arguments(a.get(), b.get(), d.get(), squares.get());
    }
};

/// Launches kernel `K`: "", the launcher's error or what is wrong. Sums may differ by `tolerance` times those of magnitudes.
template <class K>
std::string outcome(prenorm_product product, double tolerance) {
    const device_prenorm memory(product);
    const auto done = cuda::launch<K>(memory.arguments(product));
    if (!done) return done.failure().message;
    check(cudaDeviceSynchronize());
    memory.d.read(product.d.data());
    memory.squares.read(product.squares.data());
    return product.verdict(tolerance);
}

/// Whole numbers, whose sums are exact, and normal ones; tails everywhere.
template <class K>
void check_tails(i32 columns, i32 most_parts = 1) {
    for (int i = 0; i < 6; ++i) {
        random_source random(fresh_seed());
        INFO("DEEPGEMM_SEED=", random.seed());
        const problem_shape shape{i32(random.integer(1, 700)), i32(random.integer(1, columns)),
                                  i32(random.integer(1, 3000))};
        const i32 count = i32(random.integer(1, most_parts));
        CHECK(outcome<K>({random, shape, count, true}, 0) == "");
        CHECK(outcome<K>({random, shape, count, false}, 4e-6) == "");
    }
}

template <class K>
void check_repeats(problem_shape shape, i32 count) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const prenorm_product product(random, shape, count, false);
    const device_prenorm memory(product);
    const auto launch = [&] { or_throw(cuda::launch<K>(memory.arguments(product))); };
    CHECK(words_that_change(memory.d, launch) == 0);
    CHECK(words_that_change(memory.squares, launch) == 0);
}

}  // namespace hc_prenorm_device_test

using namespace hc_prenorm_device_test;

TEST_SUITE("prenorm small") {
    TEST_CASE("prenorm: tails of all extents") {
        check_tails<whole>(24);
        check_tails<halves>(24);
        check_tails<eighths>(24);
        check_tails<wide>(128);
        check_tails<parts>(24, 40);
    }
}

TEST_CASE("prenorm: sizes of models") {
    for (const i32 m : {13, 137, 4096}) {
        for (const i32 k : {7168, 7680, 28672}) {
            if (m == 4096 && k == 28672) continue;  // the judge takes minutes
            random_source random(fresh_seed());
            INFO("DEEPGEMM_SEED=", random.seed(), " m=", m, " k=", k);
            CHECK(outcome<whole>({random, {m, 24, k}, 1, false}, 4e-6) == "");
            CHECK(outcome<eighths>({random, {m, 24, k}, 1, false}, 4e-6) == "");
            CHECK(outcome<parts>({random, {m, 24, k}, 16, false}, 4e-6) == "");
        }
    }
}

TEST_CASE("prenorm: a thousand repeats") {
    check_repeats<whole>({1000, 24, 1999}, 1);
    check_repeats<halves>({1000, 24, 7168}, 1);
    check_repeats<eighths>({137, 24, 7168}, 1);
    check_repeats<wide>({300, 128, 2000}, 1);
    check_repeats<parts>({137, 24, 7168}, 16);
}
