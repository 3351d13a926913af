// SPDX-License-Identifier: MIT
// The scale kernels on a GPU, bit for bit against the host's reference: the layout transforms of the specification's table,
// casts at the sizes of model layers; more than 2^31 elements are in scale_large.cu. The same checks run on the simulator in
// tests/scale. The suite named small is what sanitizers run.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>

#include "../scale/fp4_cases.hpp"
#include "../scale/packing_cases.hpp"

using namespace scale_cases;
using scale::cast_scales;

namespace {

/// The current CUDA device and its default stream.
struct gpu {
    static void check(cudaError_t status) {
        if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
    }

    template <class T>
    class buffer {
    public:
        buffer(const T* data, std::size_t count) : count_(count) {
            check(cudaMalloc(&memory_, count * sizeof(T) + 16));
            check(cudaMemcpy(memory_, data, count * sizeof(T), cudaMemcpyHostToDevice));
        }
        buffer(const buffer&) = delete;
        buffer& operator=(const buffer&) = delete;
        ~buffer() { cudaFree(memory_); }
        T* get() const { return static_cast<T*>(memory_); }
        std::vector<T> read() const {
            std::vector<T> out(count_);
            check(cudaMemcpy(out.data(), memory_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
            return out;
        }

    private:
        void* memory_ = nullptr;
        std::size_t count_;
    };

    template <class K>
    static void run(const typename K::arguments& arguments) {
        check_arguments<K>(arguments);
        or_throw(cuda::launch<K>(arguments));
        check(cudaDeviceSynchronize());
    }
};

template <class Format>
void check_table(u64 seed) {
    for (const i64 mn : {4096, 4097, 8192}) {
        for (const i64 k : {128, 7168, 7296}) {
            for (const i64 groups : {1, 2, 4}) {
                for (const i64 gran_k : {32, 128}) {
                    for (const source from : {source::contiguous, source::turned}) {
                        CAPTURE(mn);
                        CAPTURE(k);
                        CAPTURE(groups);
                        CAPTURE(gran_k);
                        CAPTURE(int(from));
                        CHECK(check_transform<gpu, Format>(groups, mn, ceil_div(k, gran_k), from, 1, seed) == "");
                    }
                }
            }
        }
    }
    for (const source from : {source::padded, source::scattered}) {
        CHECK(check_transform<gpu, Format>(3, 1000, 1001, from, 1, seed) == "");
    }
    CHECK(check_transform<gpu, Format>(2, 4097, 56, source::contiguous, 128, seed) == "");
}

}  // namespace

TEST_CASE("scale layouts: floats to MN-major") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    check_table<scale::fp32>(seed);
}

TEST_CASE("scale layouts: floats to packed exponents") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    check_table<scale::ue8m0>(seed);
}

TEST_CASE("scale layouts: rows between groups pack to zero") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const i64 blocks : {1, 56, 224}) {
        CHECK(check_packed_rows<gpu>({1000, 1000, 3001, 4097}, 224, 5000, blocks, false, seed) == "");
        CHECK(check_packed_rows<gpu>({8192}, 128, 4097, blocks, true, seed) == "");
    }
}

TEST_CASE("scale layouts: groups along K") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    std::vector<i64> many, few{8192, 0, 7000, 1};
    for (i64 g = 0; g < 128; ++g) many.push_back(32 * (g % 17));
    for (const bool by_end : {false, true}) {
        for (const i32 tile_k : {32, 128}) {
            CHECK(check_packed_k_groups<gpu>(few, tile_k, 7168, by_end, 160, 3, 7168, seed) == "");
            CHECK(check_packed_k_groups<gpu>(many, tile_k, 4096, by_end, 224, 0, 4097, seed) == "");
        }
    }
}

TEST_CASE_TEMPLATE("casts per token", Types, std::pair<e4m3, bf16>, std::pair<e4m3, float>, std::pair<e5m2, bf16>) {
    using Q = typename Types::first_type;
    using X = typename Types::second_type;
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 m, k, x_pitch, q_pitch;
    };
    for (const shape s :
         {shape{2048, 7168, 7168, 7168}, {1, 7168, 7168, 7168}, {4097, 1000, 1008, 1008}, {129, 709, 711, 713}}) {
        CAPTURE(s.m);
        CAPTURE(s.k);
        const bool special = s.k < 7168;
        CHECK(check_per_token<gpu, Q, X, 128, cast_scales::fp32>(s.m, s.k, s.x_pitch, s.q_pitch, special, seed) == "");
        CHECK(check_per_token<gpu, Q, X, 128, cast_scales::power_of_two>(s.m, s.k, s.x_pitch, s.q_pitch, special,
                                                                         seed) == "");
        CHECK(check_per_token<gpu, Q, X, 128, cast_scales::packed>(s.m, s.k, s.x_pitch, s.q_pitch, special, seed) ==
              "");
        CHECK(check_per_token<gpu, Q, X, 32, cast_scales::packed>(s.m, s.k, s.x_pitch, s.q_pitch, special, seed) == "");
    }
}

TEST_CASE_TEMPLATE("casts to FP4", X, bf16, float) {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 m, k, x_pitch, q_padding;
    };
    for (const shape s : {shape{1024, 7168, 7168, 0}, {1, 7168, 7168, 0}, {2049, 1000, 1008, 4}, {129, 710, 711, 1}}) {
        CAPTURE(s.m);
        CAPTURE(s.k);
        const bool special = s.k < 7168;
        CHECK(check_fp4<gpu, X, scale::ue8m0>(s.m, s.k, s.x_pitch, s.q_padding, 0, special, seed) == "");
        CHECK(check_fp4<gpu, X, scale::ue4m3>(s.m, s.k, s.x_pitch, s.q_padding, 0.0123f, special, seed) == "");
        CHECK(check_fp4_per_channel<gpu, X, scale::ue8m0>(s.m, s.k, s.x_pitch, s.q_padding, 0, special, seed) == "");
        CHECK(check_fp4_per_channel<gpu, X, scale::ue4m3>(s.m, s.k, s.x_pitch, s.q_padding, 3, special, seed) == "");
    }
}

TEST_CASE_TEMPLATE("casts per channel and per block", Types, std::pair<e4m3, bf16>, std::pair<e5m2, float>) {
    using Q = typename Types::first_type;
    using X = typename Types::second_type;
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    struct shape {
        i64 rows, columns, x_pitch, q_pitch;
    };
    for (const shape s : {shape{2112, 7168, 7168, 7168}, {576, 1000, 1008, 1008}, {650, 709, 711, 713}}) {
        CAPTURE(s.rows);
        const bool special = s.columns < 7168;
        CHECK(check_per_channel<gpu, Q, X, 128, cast_scales::fp32>(s.rows, s.columns, s.x_pitch, s.q_pitch, special,
                                                                   seed) == "");
        CHECK(check_per_channel<gpu, Q, X, 128, cast_scales::packed>(s.rows, s.columns, s.x_pitch, s.q_pitch, special,
                                                                     seed) == "");
        CHECK(check_per_channel<gpu, Q, X, 32, cast_scales::packed>(s.rows, s.columns, s.x_pitch, s.q_pitch, special,
                                                                    seed) == "");
        CHECK(check_per_block<gpu, Q, X, cast_scales::fp32>(s.rows, s.columns, s.x_pitch, s.q_pitch, special, seed) ==
              "");
        CHECK(check_per_block<gpu, Q, X, cast_scales::packed>(s.rows, s.columns, s.x_pitch, s.q_pitch, special, seed) ==
              "");
    }
}

TEST_SUITE_BEGIN("scale small");

TEST_CASE("small scale layouts") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const source from : {source::contiguous, source::turned, source::padded, source::scattered}) {
        CAPTURE(int(from));
        CHECK(check_transform<gpu, scale::fp32>(2, 97, 31, from, 1, seed) == "");
        CHECK(check_transform<gpu, scale::ue8m0>(2, 97, 31, from, 1, seed) == "");
    }
    CHECK(check_transform<gpu, scale::ue8m0>(2, 300, 5, source::contiguous, 128, seed) == "");
}

TEST_CASE("small scales that are no powers of two become NaN, are counted, and spoil no other byte") {
    CHECK(check_unpackable<gpu>() == "");
    CHECK(check_reported<gpu>(false) == "");
    CHECK(check_reported<gpu>(true) == "");
}

TEST_CASE("small scales of groups") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    CHECK(check_packed_rows<gpu>({10, 30, 30, 36}, 16, 40, 5, true, seed) == "");
    for (const i64 pitch : {132, 133})
        CHECK(check_packed_k_groups<gpu>({640, 0, 128}, 128, 132, true, 160, 2, pitch, seed) == "");
}

TEST_CASE("small casts") {
    const u64 seed = fresh_seed();
    INFO("DEEPGEMM_SEED=", seed);
    for (const i64 pitch : {608, 609}) {  // with and without vectors
        CAPTURE(pitch);
        CHECK(check_per_token<gpu, e4m3, bf16, 128, cast_scales::fp32>(5, 600, pitch, pitch, true, seed) == "");
        CHECK(check_per_token<gpu, e5m2, float, 32, cast_scales::packed>(5, 600, pitch, pitch, true, seed) == "");
        CHECK(check_per_channel<gpu, e4m3, bf16, 128, cast_scales::fp32>(200, 600, pitch, pitch, true, seed) == "");
        CHECK(check_per_channel<gpu, e5m2, float, 32, cast_scales::packed>(200, 600, pitch, pitch, true, seed) == "");
        CHECK(check_per_block<gpu, e4m3, bf16, cast_scales::fp32>(200, 600, pitch, pitch, true, seed) == "");
        CHECK(check_per_block<gpu, e5m2, float, cast_scales::packed>(200, 600, pitch, pitch, true, seed) == "");
        CHECK(check_fp4<gpu, bf16, scale::ue8m0>(5, 600, pitch, pitch % 2, 0, true, seed) == "");
        CHECK(check_fp4<gpu, float, scale::ue4m3>(5, 600, pitch, pitch % 2, 0.3f, true, seed) == "");
        CHECK(check_fp4_per_channel<gpu, bf16, scale::ue4m3>(75, 600, pitch, pitch % 2, 0.3f, true, seed) == "");
    }
}

TEST_SUITE_END();

TEST_CASE("every bfloat16 casts as on the host") {
    // All 65536 codes, one to a tile of its own: scale, reciprocal and rounding of each equal the host's.
    matrix<bf16> x(65536, 128);
    x.fill_bytes(0);
    for (i64 code = 0; code < 65536; ++code) x(code, code % 128) = bf16{u16(code)};
    const auto check = [&]<class K>(K, scale_kind kind) {
        const auto expected = quantize::per_token<e4m3>(x.view(), 128, kind);
        return check_cast<gpu, K>(x, expected, bits(expected.scales), expected.scales.size(), 1, 1);
    };
    CHECK(check(scale::cast_per_token<e4m3, bf16, 128, cast_scales::fp32>{}, scale_kind::fp32) == "");
    CHECK(check(scale::cast_per_token<e4m3, bf16, 128, cast_scales::power_of_two>{}, scale_kind::ue8m0) == "");
}
