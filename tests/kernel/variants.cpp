// SPDX-License-Identifier: MIT
// Kernels beyond the shipped ones: E5M2, mixed scale formats, clusters of every kind, tiles and buffers at their limits,
// extents fixed at compile time, steps of a user's own, early triggers.
#include "instances.hpp"
#include "launching.hpp"

namespace variants_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// A machine with multiprocessors for the largest cluster here.
sim::options eight(sim::options machine = {}) {
    machine.num_sms = 8;
    return machine;
}

/// Each kernel on all shapes, or on a third of them where tests take a sample; which ones those are differs among the kernels.
void expect_exact_everywhere(std::span<const gemm_handle> kernels) {
    constexpr unsigned one_in = DEEPGEMM_TEST_SAMPLE == 1 ? 1 : 3;
    unsigned number = DEEPGEMM_TEST_SEED;
    for (const gemm_handle& kernel : kernels) {
        const auto [m, n] = cluster_tile(kernel.info);
        const problem_shape shapes[] = {
            {1, 1, 1},        {m - 1, n - 3, 130}, {m, n, 256}, {m + 1, n + 1, 1000}, {2 * m + 1, 3 * n - 1, 257},
            {m + 9, n + 9, 0}};
        for (const problem_shape& shape : shapes) {
            if (number++ % one_in != 0) continue;
            expect_exact(kernel, shape, {.a_pad = 16, .c_pad = 8, .d_pad = 24}, eight());
            expect_exact(kernel, shape, {.c_is_d = true}, eight(random_machine(seed_of(shape))));
        }
        if (number++ % one_in != 0) continue;
        sim::options together = eight();
        together.resident_clusters = 0;
        expect_exact(kernel, {4 * m - 3, 2 * n + 1, 300}, {}, together);
    }
}

}  // namespace

TEST_CASE("E5M2 on either side, scales of two formats in one kernel") {
    expect_exact_everywhere(element_variant_handles());
}
TEST_CASE("clusters that share A, B or both") { expect_exact_everywhere(cluster_variant_handles()); }
TEST_CASE("tiles, stages, staging buffers and bands at their limits") {
    expect_exact_everywhere(tile_variant_handles());
    expect_exact_everywhere(summing_variant_handles());
}

TEST_CASE("scales of A as quantisation leaves them") { expect_exact_everywhere(k_major_variant_handles()); }
TEST_CASE("K split among the CTAs of a cluster") {
    expect_exact_everywhere(split_variant_handles());
    expect_exact_everywhere(half_split_variant_handles());
}
TEST_CASE("D added to in place, products of scales formed late") {
    expect_exact_everywhere(in_place_variant_handles());
}
TEST_CASE("operands that have changed places") {
    expect_exact_everywhere(swap_variant_handles());
    expect_exact_everywhere(swap_half_variant_handles());
}
TEST_CASE("16-bit operands: warpgroups that take turns, clusters that share slabs") {
    expect_exact_everywhere(half_turn_variant_handles());
    expect_exact_everywhere(half_cluster_variant_handles());
}
TEST_CASE("split sums, turns and transposed tiles are right element by element, tile after tile") {
    for (const auto kernels : {split_variant_handles(), half_split_variant_handles(), half_turn_variant_handles(),
                               swap_variant_handles(), swap_half_variant_handles()}) {
        for (const gemm_handle& kernel : kernels) {
            const auto [m, n] = cluster_tile(kernel.info);
            gemm_sample p(kernel.info, {3 * m + 5, 3 * n + 2, 1700}, 21, numbers::normal);
            CHECK_MESSAGE(run(kernel, p, eight(random_machine(22)), kernel.info.cfg.cluster_ctas()) == "",
                          to_source(kernel.info));
        }
    }
}

TEST_CASE("quantised E5M2 is right element by element") {
    for (const gemm_handle& kernel : element_variant_handles()) {
        gemm_sample p(kernel.info, {130, 70, 800}, 11, numbers::normal);
        CHECK_MESSAGE(run(kernel, p) == "", to_source(kernel.info));
        CHECK(p.diff_to_unquantised() < 5e-3);  // E5M2 has half of E4M3's precision
    }
}

namespace {

/// All kernels give the bits of the first, on data whose sums are rounded.
void expect_equal_bits(std::span<const gemm_handle> kernels, problem_shape shape) {
    gemm_sample p(kernels[0].info, shape, 12, numbers::normal);
    REQUIRE(run(kernels[0], p) == "");
    const auto first = p.d().bytes();
    for (const gemm_handle& kernel : kernels.subspan(1)) {
        p.restore();
        CHECK_MESSAGE(run(kernel, p) == "", to_source(kernel.info));
        CHECK_MESSAGE(p.d().bytes() == first, to_source(kernel.info));
    }
}

}  // namespace

TEST_CASE("a configuration changes no bit") {
    expect_equal_bits(equal_variant_handles(), {270, 330, 1000});
    expect_equal_bits(equal_variant_handles(), {65, 33, 100});
}
TEST_CASE("extents fixed at compile time change no bit") {
    expect_equal_bits(extent_variant_handles(), {100, 88, 400});
}

TEST_CASE("a bias and an activation of the user's own, alone and before C is added") {
    random_source random(fresh_seed());
    matrix<float> bias(1, 200);
    random.fill_integers(bias.view(), -5, 5);
    const auto relu = [](double x) { return x > 0 ? x : 0.0; };

    gemm_sample plain(biased_info(), {150, 75, 300}, 14);
    for (i64 m = 0; m < 150; ++m) {
        for (i64 n = 0; n < 75; ++n) plain.expected().value(m, n) = relu(plain.expected().value(m, n) + bias(0, n));
    }
    CHECK(launch_biased(arguments_of(plain.problem()), bias.data(), {}));
    CHECK(plain.verdict() == "");

    const gemm_info info = chained_info();
    gemm_sample chained(info, {150, 75, 300}, 15);
    const auto c = chained.c().view<const float>();
    for (i64 m = 0; m < 150; ++m) {
        for (i64 n = 0; n < 75; ++n) {
            double& value = chained.expected().value(m, n);
            value = c(m, n) + relu(value - c(m, n) + bias(0, n)) * (m % 2 == 0 ? 1 : 0.5);
        }
    }
    CHECK(launch_chained(arguments_of(chained.problem()), bias.data(), random_machine(fresh_seed())));
    CHECK(chained.verdict() == "");
}

TEST_CASE("a kernel that lets its dependents start early, launched as a dependent itself") {
    const gemm_handle kernel = triggering_handle();
    gemm_sample p(kernel.info, {130, 60, 500}, 17);
    CHECK(kernel.launch(arguments_of(p.problem()), {.dependent_launch = true}));
    CHECK(p.verdict() == "");
}
TEST_CASE("a dependent launch touches nothing but its ready operand before the kernel that it depends on has ended") {
    for (const gemm_handle& kernel : {triggering_handle(), swap_variant_handles()[0], swap_half_variant_handles()[0]}) {
        for (const bool of_a : {false, true}) {
            gemm_sample p(kernel.info, {130, 60, 900}, 18);
            dense_arguments arguments = arguments_of(p.problem());
            arguments.a.ready = of_a;
            arguments.b.ready = !of_a;
            sim::options machine = eight();
            const auto outcome = kernel.launch(arguments, {.stream = &machine, .dependent_launch = true});
            REQUIRE_MESSAGE(outcome, outcome.failure().message);
            CHECK(p.verdict() == "");
        }
    }
}

}  // namespace variants_tests
