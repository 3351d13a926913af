// SPDX-License-Identifier: MIT
// The steps of the library, against their definitions in double precision, element by element: alpha, bias, activations and
// swiglu, in dense products and in groups, with ragged edges. What belongs to a matrix of B or of D is taken from the right
// one.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/swiglu.cuh>

#include <limits>

#include "epilogue_runs.hpp"

namespace steps_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

using half = operand<bf16>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config one{.block = {64, 64, 64}, .sm90 = {.warpgroups = 1, .promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config by_warpgroup{.block = {128, 96, 64},
                              .store_rows = 64,
                              .store_columns = 16,
                              .store_buffers = 2,
                              .sm90 = {.promote = promotion::never}};
constexpr config quantised{.block = {128, 64, 128}};
constexpr config tall{.block = {256, 64, 128}, .stages = 2};

constexpr problem_shape shapes[] = {{128, 256, 128}, {77, 176, 200}, {130, 16, 64}, {5, 528, 72}, {61, 304, 0}};

/// Numbers in eighths from -8 to 8, whose sums with exact totals are exact; NaN behind them.
template <class T>
std::vector<T> eighths(random_source& random, i64 count, i64 behind = 3) {
    std::vector<T> made;
    for (i64 i = 0; i < count; ++i) made.push_back(from_float<T>(float(random.integer(-64, 64)) / 8));
    for (i64 i = 0; i < behind; ++i) made.push_back(from_float<T>(std::numeric_limits<float>::quiet_NaN()));
    return made;
}

/// Calls test(product, machine) with dense products of kernel `K`.
template <class K, class Test>
void on_dense(const Test& test) {
    on_machines(1, [&](random_source& random, const sim::options& machine) {
        for (const problem_shape& shape : shapes) {
            CAPTURE(shape.m);
            CAPTURE(shape.n);
            CAPTURE(shape.k);
            test(dense_product<K>(random, shape), simulated{machine}, random);
        }
    });
}

template <class Epilogue, config Config>
using dense_kernel = gemm<arch::sm90, half, half, Epilogue, Config>;

/// Calls test(product, machine, random) with groups of both kinds, with N a multiple of 16.
template <class Epilogue, config Config, class Test>
void on_groups(const Test& test) {
    using slots = grouped_kernel<tokens, blocks, Epilogue, Config, masked_groups>;
    using rows = grouped_kernel<tokens, blocks, Epilogue, Config, psum_groups>;
    on_machines(1, [&](random_source& random, const sim::options& machine) {
        const problem_shape shape{i32(4 * random.integer(1, 80)), i32(16 * random.integer(1, 20)),
                                  i32(random.integer(1, 300))};
        const std::vector<i32> counts = several_counts(random, shape.m);
        CAPTURE(shape.n);
        test(slots_product<slots>(random, shape, counts), simulated{machine}, random);
        test(rows_product<rows>(random, shape.n, shape.k, counts, 4), simulated{machine}, random);
    });
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The definition of swiglu, with g and u rounded to BF16 and clamped.
double swiglu_value(double gate, double up, double clamp, double weight) {
    const double g = std::min(double(float(bf16::from_float(float(gate)))), clamp);
    const double u = std::min(std::max(double(float(bf16::from_float(float(up)))), -clamp), clamp);
    return g * sigmoid(g) * u * weight;
}
/// It of totals times `alpha`.
value_of swiglu_of(float alpha, double clamp, const std::function<double(const product_part&, i64 row)>& weight) {
    return [=](const product_part& part, const reference::product& totals, i64 row, i64 column) {
        const i64 gate = column / 8 * 16 + column % 8;
        const auto scaled = [&](i64 at) { return float(totals.value(row, at)) * alpha; };
        return swiglu_value(scaled(gate), scaled(gate + 8), clamp, weight(part, row));
    };
}

}  // namespace

TEST_CASE("alpha: by the host, and times a number in device memory") {
    const auto check = []<class Epilogue, config Config>() {
        using kernel = dense_kernel<Epilogue, Config>;
        on_dense<kernel>([](const epilogue_product<kernel>& product, const simulated& machine, random_source&) {
            const auto scaled = [](float factor) {
                return [factor](const product_part&, const reference::product& totals, i64 row, i64 column) {
                    return totals.value(row, column) * double(factor);
                };
            };
            CHECK(value_outcome(machine, product, product.shape.n, scaled(-0.3f), 0,
                                [](auto& arguments) { arguments.epilogue.first.value = -0.3f; }) == "");
            const float device = 1.7f;
            CHECK(value_outcome(machine, product, product.shape.n, scaled(1.7f), 0,
                                [&](auto& arguments) { arguments.epilogue.first.device = &device; }) == "");
            CHECK(value_outcome(machine, product, product.shape.n, scaled(0.5f * 1.7f), 0, [&](auto& arguments) {
                      arguments.epilogue.first = {.value = 0.5f, .device = &device};
                  }) == "");
        });
    };
    check.operator()<then<alpha, store<float>>, one>();
    check.operator()<then<alpha, store<float>>, by_warpgroup>();
}

TEST_CASE("alpha does not multiply C") {
    using kernel = dense_kernel<then<alpha, accumulate<float>>, wide>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const auto product = dense_product<kernel>(random, {77, 176, 200});
    matrix<float> c(77, 176);
    random.fill_integers(c.view(), -8, 8);
    const auto expected = [&](const product_part&, const reference::product& totals, i64 row, i64 column) {
        return totals.value(row, column) / 4 + c(row, column);
    };
    CHECK(value_outcome(simulated{}, product, 176, expected, 0, [&](auto& arguments) {
              arguments.epilogue.first.value = 0.25f;
              arguments.c = {c.data(), c.pitch()};
          }) == "");
}

TEST_CASE("bias: of every type, added in FP32; null adds nothing") {
    const auto check = []<class T, class Out, config Config>() {
        using kernel = dense_kernel<then<bias<T>, store<Out>>, Config>;
        on_dense<kernel>([](const epilogue_product<kernel>& product, const simulated& machine, random_source& random) {
            const std::vector<T> vector = eighths<T>(random, product.shape.n);
            const auto expected = [&](const product_part&, const reference::product& totals, i64 row, i64 column) {
                return totals.value(row, column) + float(vector[std::size_t(column)]);
            };
            CHECK(value_outcome(machine, product, product.shape.n, expected, 0,
                                [&](auto& arguments) { arguments.epilogue.first.data = vector.data(); }) == "");
            const auto nothing = [](const product_part&, const reference::product& totals, i64 row, i64 column) {
                return totals.value(row, column);
            };
            CHECK(value_outcome(machine, product, product.shape.n, nothing, 0, [](auto&) {}) == "");
        });
    };
    check.operator()<float, float, one>();
    check.operator()<bf16, bf16, wide>();
    check.operator()<f16, float, by_warpgroup>();
}

TEST_CASE("bias: nothing is read beyond an odd number of columns") {
    using kernel = dense_kernel<then<bias<float>, store<float>>, one>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    for (const i32 n : {1, 7, 65, 191}) {
        CAPTURE(n);
        const auto product = dense_product<kernel>(random, {70, n, 64});
        const std::vector<float> vector = eighths<float>(random, n);
        const auto expected = [&](const product_part&, const reference::product& totals, i64 row, i64 column) {
            return totals.value(row, column) + vector[std::size_t(column)];
        };
        CHECK(value_outcome(simulated{}, product, n, expected, 0,
                            [&](auto& arguments) { arguments.epilogue.first.data = vector.data(); }) == "");
    }
}

TEST_CASE("alpha and bias of groups: each matrix of B has its own") {
    const auto check = []<config Config>() {
        on_groups<then<alpha, bias<float>, store<float>>, Config>([](const auto& product, const simulated& machine,
                                                                     random_source& random) {
            const i64 n = product.shape.n, stride = n + 2;
            const std::vector<float> vectors = eighths<float>(random, stride * product.b.matrices());
            const std::vector<float> factors = eighths<float>(random, 2 * product.b.matrices());
            const auto expected = [&](const product_part& part, const reference::product& totals, i64 row, i64 column) {
                return totals.value(row, column) * factors[std::size_t(2 * part.b)] +
                       vectors[std::size_t(part.b * stride + column)];
            };
            CHECK(value_outcome(machine, product, i32(n), expected, 0, [&](auto& arguments) {
                      arguments.epilogue.first = {1, factors.data(), 2};
                      arguments.epilogue.rest.first = {vectors.data(), stride};
                  }) == "");
        });
    };
    check.operator()<quantised>();
    check.operator()<tall>();
}

TEST_CASE("activations") {
    const auto check = []<class Step, config Config>(double (*function)(double), double tolerance) {
        using kernel = dense_kernel<then<alpha, Step, store<float>>, Config>;
        on_dense<kernel>([&](const epilogue_product<kernel>& product, const simulated& machine, random_source&) {
            const auto expected = [&](const product_part&, const reference::product& totals, i64 row, i64 column) {
                return function(totals.value(row, column) / 64);
            };
            CHECK(value_outcome(machine, product, product.shape.n, expected, tolerance,
                                [](auto& arguments) { arguments.epilogue.first.value = 1.0f / 64; }) == "");
        });
    };
    check.operator()<relu, one>([](double x) { return x < 0 ? 0 : x; }, 0);
    check.operator()<silu, wide>([](double x) { return x * sigmoid(x); }, 1e-5);
    check.operator()<gelu_tanh, by_warpgroup>(
        // (1 + tanh(y)) / 2 is the sigmoid of 2 y, which double precision has for large -y, too.
        [](double x) { return x * sigmoid(2 * std::sqrt(2 / 3.141592653589793) * (x + 0.044715 * x * x * x)); }, 1e-5);
}

TEST_CASE("swiglu: rounded to BF16, clamped, weighted, in this order") {
    const auto check = []<swiglu_math Math, config Config>(double tolerance) {
        using kernel = dense_kernel<then<alpha, swiglu<Math>, store<float>>, Config>;
        on_dense<kernel>([&](const epilogue_product<kernel>& product, const simulated& machine, random_source& random) {
            constexpr float factor = 1.0f / 50;  // no power of two, so that rounding to BF16 matters
            const i32 columns = product.shape.n / 2;
            const std::vector<float> weights = eighths<float>(random, product.shape.m);
            const auto one_each = [](const product_part&, i64) { return 1.0; };
            const double none = std::numeric_limits<double>::infinity();
            CHECK(value_outcome(machine, product, columns, swiglu_of(factor, none, one_each), tolerance,
                                [](auto& arguments) { arguments.epilogue.first.value = factor; }) == "");
            const auto weight_of = [&](const product_part&, i64 row) { return double(weights[std::size_t(row)]); };
            const double clamp = float(bf16::from_float(1.3f));
            CHECK(value_outcome(machine, product, columns, swiglu_of(factor, clamp, weight_of), tolerance,
                                [&](auto& arguments) {
                                    arguments.epilogue.first.value = factor;
                                    arguments.epilogue.rest.first = {.clamp = 1.3f, .row_weights = weights.data()};
                                }) == "");
        });
    };
    check.operator()<swiglu_math::fast, one>(1e-5);
    check.operator()<swiglu_math::ieee, wide>(5e-7);
    check.operator()<swiglu_math::ieee, by_warpgroup>(5e-7);
}

TEST_CASE("swiglu of groups: weights are those of the row in its matrix of D") {
    const auto check = []<config Config>() {
        on_groups<then<swiglu<swiglu_math::ieee>, store<float>>, Config>(
            [](const auto& product, const simulated& machine, random_source& random) {
                const i64 stride = product.shape.m + 1;
                const std::vector<float> weights = eighths<float>(random, product.d_matrices * stride);
                const auto weight_of = [&](const product_part& part, i64 row) {
                    return double(weights[std::size_t(part.d * stride + part.first + row)]);
                };
                CHECK(value_outcome(machine, product, product.shape.n / 2, swiglu_of(1, 7, weight_of), 5e-7,
                                    [&](auto& arguments) {
                                        arguments.epilogue.first = {7, weights.data(), stride};
                                    }) == "");
            });
    };
    check.operator()<quantised>();
    check.operator()<tall>();
}

TEST_CASE("swiglu, cast to FP8: the bits of the cast of what it stores as FP32") {
    using plain = dense_kernel<then<swiglu<>, store<float>>, wide>;
    using cast = dense_kernel<then<swiglu<>, cast_to_fp8<128, scale::cast_scales::packed>>, wide>;
    using narrow = dense_kernel<then<swiglu<>, cast_to_fp8<32, scale::cast_scales::packed>>, one>;
    random_source random(fresh_seed());
    CAPTURE(random.seed());
    const i64 m = 77, n = 2 * 300 + 8, columns = n / 2;
    const problem_shape shape{i32(m), i32(n), 200};
    const auto product = dense_product<plain>(random, shape);
    matrix<float> stored(m, columns);
    const auto complete = [](auto&) {};
    CHECK(run_product(simulated{}, product, stored.data(), columns, complete) == "");
    const element_of element = [&](const product_part&, const reference::product&, i64 row, i64 column) {
        return stored(row, column);
    };
    const auto sink = [](auto& arguments) -> auto& { return arguments.epilogue.rest; };
    const auto same = [&]<class K>(epilogue_product<K> made) {
        made.a = product.a;
        made.b = product.b;
        return made;
    };
    CHECK(cast_outcome<cast, 128, scale::cast_scales::packed, float, e4m3>(
              simulated{}, same(dense_product<cast>(random, shape)), i32(columns), major::mn, element, sink) == "");
    CHECK(cast_outcome<narrow, 32, scale::cast_scales::packed, float, e4m3>(
              simulated{}, same(dense_product<narrow>(random, shape)), i32(columns), major::mn, element, sink) == "");
}

}  // namespace steps_tests
