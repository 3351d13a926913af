// SPDX-License-Identifier: MIT
// Steps and sinks of epilogues on a GPU: the products of tests/kernel/epilogue_products.hpp, whose totals are exact. Casts to
// FP8, alpha, bias and stochastic rounding have every bit right, exponentials a bounded error. Signals count tiles, and a
// kernel beside the product that waits for them reads whole tiles.
#include <doctest/doctest.h>

#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>

#include "../kernel/epilogue_products.hpp"
#include "runtime.hpp"

using namespace deepgemm;
using namespace device_tests;

namespace epilogue_device_test {

using scale::cast_scales;
using half = operand<bf16>;
using tokens = operand<e4m3, scale::per_token<scale::fp32>>;
using blocks = operand<e4m3, scale::per_block<scale::fp32>>;

constexpr config narrow{.block = {128, 128, 64}, .sm90 = {.promote = promotion::never}};
constexpr config wide{.block = {128, 256, 64}, .sm90 = {.promote = promotion::never}};
constexpr config pair{.block = {128, 128, 128}, .cluster = {1, 2}};
constexpr config tall{.block = {256, 128, 128}};
constexpr config turns{.block = {64, 128, 64}, .sm90 = {.alternate = true, .promote = promotion::never}};

/// Rows of all magnitudes, zeros, and elements that are no numbers.
struct plant {
    DEEPGEMM_BOTH constexpr float operator()(float value, i32 m, i32 n) const {
        const i32 kind = m % 11;
        if (kind == 1) return 0;
        if (kind == 2) return value * bit_cast<float>(u32(127 - 30) << 23);
        if (kind == 3) return value * bit_cast<float>(u32(127 + 90) << 23);
        if (kind == 4 && n == 37) return bit_cast<float>(0xffc00001u);
        if (kind == 5 && n == 3) return bit_cast<float>(0xff800000u);
        return kind == 7 ? value + 0.2f : value;
    }
};
float planted(const test::product_part& part, const reference::product& totals, i64 row, i64 column) {
    return plant{}(float(totals.value(row, column)), i32(part.first + row), i32(column));
}

// Structs, since nvcc 13 loses configurations in aliases of some depth, and names that a profile can show.
struct cast_wide : gemm<arch::sm90, half, half, then<transform<plant>, cast_to_fp8<>>, wide> {};
struct cast_words
    : gemm<arch::sm90, half, half, then<transform<plant>, cast_to_fp8<32, cast_scales::packed, bf16>>, narrow> {};
struct cast_turns : gemm<arch::sm90, half, half, then<transform<plant>, cast_to_fp8<128, cast_scales::packed>>, turns> {
};
struct cast_tall
    : gemm<arch::sm90, tokens, blocks, then<transform<plant>, cast_to_fp8<128, cast_scales::power_of_two>>, tall> {};
struct cast_slots : test::grouped_kernel<tokens, blocks, then<transform<plant>, cast_to_fp8<>>, pair, masked_groups> {};
struct cast_rows : test::grouped_kernel<tokens, blocks, then<transform<plant>, cast_to_fp8<32, cast_scales::packed>>,
                                        tall, psum_groups> {};
struct gate_plain : gemm<arch::sm90, half, half, then<alpha, swiglu<>, store<float>>, wide> {};
struct gate_exact : gemm<arch::sm90, half, half, then<alpha, swiglu<swiglu_math::ieee>, store<float>>, wide> {};
struct gate_cast : gemm<arch::sm90, half, half, then<alpha, swiglu<>, cast_to_fp8<128, cast_scales::packed>>, wide> {};
struct linear : gemm<arch::sm90, half, half, then<alpha, bias<bf16>, store<bf16>>, wide> {};
struct linear_slots
    : test::grouped_kernel<tokens, blocks, then<alpha, bias<float>, store<float>>, tall, masked_groups> {};
struct rectified : gemm<arch::sm90, half, half, then<relu, store<bf16>>, narrow> {};
struct smooth : gemm<arch::sm90, half, half, then<alpha, silu, store<float>>, narrow> {};
struct gaussian : gemm<arch::sm90, half, half, then<alpha, gelu_tanh, store<float>>, narrow> {};
struct random_bits : gemm<arch::sm90, half, half, then<transform<plant>, store_stochastic>, wide> {};
struct random_slots
    : test::grouped_kernel<tokens, blocks, then<transform<plant>, store_stochastic>, tall, masked_groups> {};
struct signalling : gemm<arch::sm90, half, half, signal_tiles<store<bf16>>, narrow> {};
struct signalling_turns : gemm<arch::sm90, half, half, signal_tiles<store<float>>, turns> {};
struct signalling_slots : test::grouped_kernel<tokens, blocks, signal_tiles<store<bf16>>, tall, masked_groups> {};

/// The GPU as a machine of tests/kernel/epilogue_products.hpp.
struct on_gpu {
    template <class T>
    class buffer {
    public:
        explicit buffer(const std::vector<T>& content) : memory_(content), host_(content.size()) {}
        T* get() const { return memory_.get(); }
        const std::vector<T>& read() {
            check(cudaDeviceSynchronize());
            memory_.read(host_.data());
            return host_;
        }

    private:
        device_array<T> memory_;
        std::vector<T> host_;
    };
    template <class K>
    std::string run(const typename K::arguments& arguments) const {
        const auto done = cuda::launch<K>(arguments);
        check(cudaDeviceSynchronize());
        return done ? "" : done.failure().message;
    }
};

constexpr problem_shape shapes[] = {{128, 256, 128}, {77, 176, 200}, {1030, 1040, 520}, {5, 528, 72}, {3000, 304, 64}};

/// Calls test(product, random) with dense products of kernel `K`.
template <class K, class Test>
void on_dense(const Test& test) {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    for (const problem_shape& shape : shapes) {
        INFO("m ", shape.m, ", n ", shape.n, ", k ", shape.k);
        test(test::dense_product<K>(random, shape), random);
    }
}

/// What is wrong with a cast, whose sink is the last of two parts.
template <class K, int Columns, cast_scales Scales, class X = float>
std::string cast_of(const test::epilogue_product<K>& product, major order) {
    return test::cast_outcome<K, Columns, Scales, X, e4m3>(
        on_gpu{}, product, product.shape.n, order, planted,
        [](auto& arguments) -> result_scales& { return arguments.epilogue.rest; });
}
template <class K, int Columns, cast_scales Scales, class X = float>
void check_cast() {
    on_dense<K>([](const test::epilogue_product<K>& product, random_source&) {
        CHECK(cast_of<K, Columns, Scales, X>(product, major::mn) == "");
        CHECK(cast_of<K, Columns, Scales, X>(product, major::k) == "");
    });
}

std::vector<float> eighths(random_source& random, i64 count) {
    std::vector<float> made;
    for (i64 i = 0; i < count; ++i) made.push_back(float(random.integer(-64, 64)) / 8);
    return made;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Waits, not forever, for each tile of `rows` x `columns` tiles of 128 x 128 elements of D, and copies what is there to `out`.
__global__ void copy_tiles(const u32* words, const u16* d, u16* out, i64 pitch, i32 m, i32 n, i32 rows, i32 columns,
                           u32* late) {
    for (i32 tile = i32(blockIdx.x); tile < rows * columns; tile += i32(gridDim.x)) {
        if (threadIdx.x == 0) {
            const long long start = clock64();
            const u32 height = u32(min(128, m - tile / columns * 128));
            while (ptx::ld_acquire<memory_scope::gpu>(words + tile) < height) {
                if (clock64() - start > 4000000000ll) {
                    *late = 1;
                    break;
                }
            }
        }
        __syncthreads();
        for (i32 i = i32(threadIdx.x); i < 128 * 128; i += i32(blockDim.x)) {
            const i32 row = tile / columns * 128 + i / 128, column = tile % columns * 128 + i % 128;
            if (row < m && column < n) out[row * pitch + column] = ptx::ld_global(d + row * pitch + column);
        }
    }
}

}  // namespace epilogue_device_test

using namespace epilogue_device_test;

TEST_CASE("epilogue: casts to FP8 have every bit right, of elements and of scales") {
    check_cast<cast_wide, 128, cast_scales::fp32>();
    check_cast<cast_words, 32, cast_scales::packed, bf16>();
    check_cast<cast_turns, 128, cast_scales::packed>();
    check_cast<cast_tall, 128, cast_scales::power_of_two>();
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    for (int i = 0; i < 4; ++i) {
        const problem_shape shape{i32(4 * random.integer(1, 200)), i32(random.integer(1, 900)),
                                  i32(random.integer(1, 600))};
        const auto counts = test::several_counts(random, shape.m);
        CHECK(cast_of<cast_slots, 128, cast_scales::fp32>(test::slots_product<cast_slots>(random, shape, counts),
                                                          major::mn) == "");
        CHECK(cast_of<cast_rows, 32, cast_scales::packed>(
                  test::rows_product<cast_rows>(random, shape.n, shape.k, counts, 4), major::k) == "");
    }
}

TEST_CASE("epilogue: swiglu, and the cast of its very bits") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    for (const problem_shape& shape : shapes) {
        constexpr float factor = 1.0f / 50;
        const auto product = test::dense_product<gate_plain>(random, shape);
        const std::vector<float> weights = eighths(random, shape.m);
        const device_array<float> weights_there(weights);
        const double clamp = float(bf16::from_float(1.3f));
        const auto expected = [&](const test::product_part&, const reference::product& totals, i64 row, i64 column) {
            const i64 at = column / 8 * 16 + column % 8;
            const auto rounded = [&](i64 n) {
                return double(float(bf16::from_float(float(totals.value(row, n)) * factor)));
            };
            const double g = std::min(rounded(at), clamp), u = std::min(std::max(rounded(at + 8), -clamp), clamp);
            return g * sigmoid(g) * u * weights[std::size_t(row)];
        };
        const auto complete = [&](auto& arguments) {
            arguments.epilogue.first.value = factor;
            arguments.epilogue.rest.first = {1.3f, weights_there.get(), 0};
        };
        CHECK(test::value_outcome(on_gpu{}, product, shape.n / 2, expected, 1e-5, complete) == "");
        auto exact = test::dense_product<gate_exact>(random, shape);
        exact.a = product.a, exact.b = product.b;
        CHECK(test::value_outcome(on_gpu{}, exact, shape.n / 2, expected, 1e-6, complete) == "");

        on_gpu::buffer<float> stored(std::vector<float>(std::size_t(shape.m * shape.n / 2)));
        CHECK(test::run_product(on_gpu{}, product, stored.get(), shape.n / 2, complete) == "");
        const std::vector<float>& values = stored.read();
        auto cast = test::dense_product<gate_cast>(random, shape);
        cast.a = product.a, cast.b = product.b;
        const test::element_of element = [&](const test::product_part&, const reference::product&, i64 row,
                                             i64 column) { return values[std::size_t(row * (shape.n / 2) + column)]; };
        CHECK(test::cast_outcome<gate_cast, 128, cast_scales::packed, float, e4m3>(
                  on_gpu{}, cast, shape.n / 2, major::mn, element, [&](auto& arguments) -> result_scales& {
                      complete(arguments);
                      return arguments.epilogue.rest.rest;
                  }) == "");
    }
}

TEST_CASE("epilogue: alpha and bias have every bit right, in groups too") {
    on_dense<linear>([](const test::epilogue_product<linear>& product, random_source& random) {
        std::vector<bf16> vector;
        for (const float x : eighths(random, product.shape.n)) vector.push_back(bf16::from_float(x));
        const device_array<bf16> there(vector);
        const device_array<float> factor(std::vector<float>{0.5f});
        const auto expected = [&](const test::product_part&, const reference::product& totals, i64 row, i64 column) {
            return totals.value(row, column) / 4 + float(vector[std::size_t(column)]);
        };
        CHECK(test::value_outcome(on_gpu{}, product, product.shape.n, expected, 0, [&](auto& arguments) {
                  arguments.epilogue.first = {0.5f, factor.get(), 0};
                  arguments.epilogue.rest.first.data = there.get();
              }) == "");
    });
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    const problem_shape shape{400, 333, 520};
    const auto product = test::slots_product<linear_slots>(random, shape, {0, 3, 400, 129, 1});
    const std::vector<float> vectors = eighths(random, 5 * 334), factors = eighths(random, 5);
    const device_array<float> vectors_there(vectors), factors_there(factors);
    const auto expected = [&](const test::product_part& part, const reference::product& totals, i64 row, i64 column) {
        return totals.value(row, column) * factors[std::size_t(part.b)] + vectors[std::size_t(part.b * 334 + column)];
    };
    CHECK(test::value_outcome(on_gpu{}, product, shape.n, expected, 0, [&](auto& arguments) {
              arguments.epilogue.first = {1, factors_there.get(), 1};
              arguments.epilogue.rest.first = {vectors_there.get(), 334};
          }) == "");
}

TEST_CASE("epilogue: activations") {
    on_dense<rectified>([](const test::epilogue_product<rectified>& product, random_source&) {
        const auto expected = [](const test::product_part&, const reference::product& totals, i64 row, i64 column) {
            return std::max(totals.value(row, column), 0.0);
        };
        CHECK(test::value_outcome(on_gpu{}, product, product.shape.n, expected, 0, [](auto&) {}) == "");
    });
    const auto scaled = [](auto& arguments) { arguments.epilogue.first.value = 1.0f / 64; };
    // Below -80 exponentials overflow, and results are tiny or 0.
    const auto bounded = [](double x, double y) { return x < -80 ? 0.0 : y; };
    on_dense<smooth>([&](const test::epilogue_product<smooth>& product, random_source&) {
        const auto expected = [&](const test::product_part&, const reference::product& totals, i64 row, i64 column) {
            const double x = totals.value(row, column) / 64;
            return bounded(x, x * sigmoid(x));
        };
        CHECK(test::value_outcome(on_gpu{}, product, product.shape.n, expected, 1e-5, scaled) == "");
    });
    on_dense<gaussian>([&](const test::epilogue_product<gaussian>& product, random_source&) {
        const auto expected = [&](const test::product_part&, const reference::product& totals, i64 row, i64 column) {
            const double x = totals.value(row, column) / 64, y = 1.5957691216057308 * (x + 0.044715 * x * x * x);
            return bounded(y, x * sigmoid(y));
        };
        CHECK(test::value_outcome(on_gpu{}, product, product.shape.n, expected, 1e-5, scaled) == "");
    });
}

TEST_CASE("epilogue: stochastic rounding gives the bits of its definition, as on the simulator") {
    const auto check = [](const auto& product, u64 seed) {
        const i64 rows = product.shape.m, columns = product.shape.n, pitch = align_up(columns, i64(8)) + 8;
        test::written_memory<bf16> d(std::size_t(product.d_matrices * rows * pitch), bf16::from_float(-77.0f));
        for (const test::product_part& part : product.parts) {
            if (part.count == 0) continue;
            const reference::product totals = product.totals(part);
            const rounding_bits random = rounding_bits::of(seed, part.d);
            for (i64 i = 0; i < part.count; ++i) {
                for (i64 j = 0; j < columns; ++j) {
                    const u32 word = random.word(i32(part.first + i), i32(j & ~i64(1)));
                    const float x =
                        rounded_stochastically(planted(part, totals, i, j), j % 2 == 0 ? word & 0xffff : word >> 16);
                    d.after[std::size_t((part.d * rows + part.first + i) * pitch + j)] =
                        std::isnan(x) ? bf16{0x7fff} : bf16::from_float(x);
                }
            }
        }
        on_gpu::buffer<bf16> there(d.before);
        CHECK(test::run_product(on_gpu{}, product, there.get(), pitch,
                                [&](auto& arguments) { arguments.epilogue.rest.seed = seed; }) == "");
        CHECK(d.difference("element", there.read()) == "");
    };
    on_dense<random_bits>([&](const auto& product, random_source& random) { check(product, random.bits()); });
    random_source random(fresh_seed());
    check(test::slots_product<random_slots>(random, {400, 333, 520}, {0, 3, 400, 129, 1}), 5);
}

TEST_CASE("epilogue: signals count every tile, launch after launch") {
    const auto check = [](const auto& product, auto* kernel) {
        using K = std::remove_pointer_t<decltype(kernel)>;
        const i64 columns = ceil_div(product.shape.n, K::block.n), rows = ceil_div(product.shape.m, K::block.m);
        // Schedules of groups start tiles at any row, so that the words of groups count all their rows.
        const i64 row_stride = K::info.traits.groups == grouping::none ? columns : 0;
        test::written_memory<u32> words(std::size_t(product.d_matrices * rows * columns + 3), 0);
        for (const test::product_part& part : product.parts) {
            for (i64 i = 0; i < ceil_div(part.count, K::block.m); ++i) {
                const i64 height = min(part.count - i * K::block.m, i64(K::block.m));
                for (i64 j = 0; j < columns; ++j)
                    words.after[std::size_t(part.d * rows * columns + i * row_stride + j)] += u32(2 * height);
            }
        }
        on_gpu::buffer<u32> there(words.before);
        const device_array<float> d(product.d_matrices * product.shape.m * align_up(product.shape.n, 8));
        for (int i = 0; i < 2; ++i) {
            CHECK(test::run_product(on_gpu{}, product, d.get(), align_up(product.shape.n, 8), [&](auto& arguments) {
                      arguments.epilogue.words = {there.get(), row_stride, 1, rows * columns};
                  }) == "");
        }
        CHECK(words.difference("word", there.read()) == "");
    };
    on_dense<signalling>(
        [&](const auto& product, random_source&) { check(product, static_cast<signalling*>(nullptr)); });
    on_dense<signalling_turns>(
        [&](const auto& product, random_source&) { check(product, static_cast<signalling_turns*>(nullptr)); });
    random_source random(fresh_seed());
    check(test::slots_product<signalling_slots>(random, {400, 333, 520}, {0, 3, 400, 129, 1}),
          static_cast<signalling_slots*>(nullptr));
}

TEST_CASE("epilogue: a kernel beside the product reads whole tiles as soon as they are signalled") {
    random_source random(fresh_seed());
    INFO("DEEPGEMM_SEED=", random.seed());
    for (const problem_shape& shape : {problem_shape{2000, 2048, 1024}, {1100, 2041, 512}}) {
        const auto product = test::dense_product<signalling>(random, shape);
        const i64 pitch = align_up(shape.n, 8), rows = ceil_div(shape.m, 128), columns = ceil_div(shape.n, 128);
        const device_array<u8> a(product.a.bytes()), b(product.b.bytes());
        const device_array<u16> d(shape.m * pitch), out(shape.m * pitch);
        const device_array<u32> words(rows * columns), late(1);
        auto arguments = product.arguments(a.get(), nullptr, b.get(), nullptr, nullptr);
        arguments.d = {d.get(), pitch};
        arguments.epilogue.words = {words.get(), columns, 1, 0};
        const stream writer, reader;
        late.fill_bytes(0);
        std::vector<u16> written(std::size_t(d.count())), read(written.size());
        for (int i = 0; i < 50; ++i) {
            d.fill_bytes(0xff);
            out.fill_bytes(0xee);
            words.fill_bytes(0);
            check(cudaDeviceSynchronize());
            // Half of the multiprocessors multiply, so that the readers, who start first, have room.
            copy_tiles<<<16, 256, 0, reader.handle>>>(words.get(), d.get(), out.get(), pitch, shape.m, shape.n,
                                                      i32(rows), i32(columns), late.get());
            or_throw(cuda::launch<signalling>(arguments, {.stream = writer.handle, .num_sms = 64}));
            check(cudaDeviceSynchronize());
            d.read(written.data());
            out.read(read.data());
            int wrong = 0;
            for (i64 row = 0; row < shape.m; ++row) {
                for (i64 column = 0; column < shape.n; ++column)
                    wrong += written[std::size_t(row * pitch + column)] != read[std::size_t(row * pitch + column)];
            }
            CHECK(wrong == 0);
        }
        u32 was_late = 1;
        late.read(&was_late);
        CHECK(was_late == 0);
    }
}
