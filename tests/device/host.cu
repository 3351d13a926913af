// SPDX-License-Identifier: MIT
// The host side on a GPU: device description, launches under graph capture, dependent launches, several threads, several
// devices, and errors that leave no trace. Products are exact in FP32, so results are compared bit by bit.
#include <doctest/doctest.h>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/reference/argument.hpp>

#include <string_view>
#include <thread>

#include "runtime.hpp"

using namespace deepgemm;
using namespace deepgemm::device_tests;

namespace host_device_test {

using per_token = operand<e4m3, scale::per_token<scale::fp32>>;
using per_block = operand<e4m3, scale::per_block<scale::fp32>>;
constexpr config single{.block = {128, 128, 128}, .stages = 4};
constexpr config paired{.block = {128, 64, 128}, .stages = 4, .cluster = {2, 1}};
using single_kernel = gemm<arch::sm90, per_token, per_block, store<float>, single>;
using paired_kernel = gemm<arch::sm90, per_token, per_block, store<float>, paired>;
using adding_kernel = gemm<arch::sm90, per_token, per_block, accumulate<float>, single>;
constexpr const auto& kernels = cuda::kernel_list<single_kernel, paired_kernel, adding_kernel>;
/// Used by one test only, so that nothing has loaded it before.
using never_prepared =
    gemm<arch::sm90, per_token, per_block, store<float>, config{.block = {128, 96, 128}, .stages = 4}>;

/// Memory of the current device.
class device_memory {
public:
    explicit device_memory(std::size_t bytes) : bytes_(bytes) { check(cudaMalloc(&memory_, bytes)); }
    ~device_memory() { cudaFree(memory_); }
    device_memory(const device_memory&) = delete;
    device_memory& operator=(const device_memory&) = delete;
    void* get() const { return memory_; }
    void fill(int byte, cudaStream_t on) const { check(cudaMemsetAsync(memory_, byte, bytes_, on)); }
    void write(const void* from, cudaStream_t on) const {
        check(cudaMemcpyAsync(memory_, from, bytes_, cudaMemcpyHostToDevice, on));
    }
    void read(void* to, cudaStream_t on) const {
        check(cudaMemcpyAsync(to, memory_, bytes_, cudaMemcpyDeviceToHost, on));
        check(cudaStreamSynchronize(on));
    }

private:
    void* memory_ = nullptr;
    std::size_t bytes_;
};

/// Random operands with an exact product, on host and device, and the expected product.
struct exact_product {
    quantised_operand<e4m3> a, b;
    matrix<float> d;
    device_memory da, db, dsa, dsb, dd;
    reference::product expected;

    exact_product(u64 seed, i64 m, i64 n, i64 k)
        : a(make(seed, m, k, {1, 128})),
          b(make(seed + 1, n, k, {128, 128})),
          d(m, n, align_up(n, i64(4))),
          da(a.data.bytes()),
          db(b.data.bytes()),
          dsa(a.words.size() * 4),
          dsb(b.words.size() * 4),
          dd(d.bytes()),
          expected(reference::gemm(a.view(), b.view())) {}

    static quantised_operand<e4m3> make(u64 seed, i64 mn, i64 k, scale_tile tile) {
        random_source random(fresh_seed() + seed);
        return quantised_operand<e4m3>::exact(random, mn, k, {.tile = tile});
    }
    /// Copies the operands to the device and fills D with NaN.
    void upload(cudaStream_t on) const {
        da.write(a.data.data(), on);
        db.write(b.data.data(), on);
        dsa.write(a.words.data(), on);
        dsb.write(b.words.data(), on);
        dd.fill(0xff, on);
    }
    scaled_matrix a_argument() const { return argument_of(a, da.get(), dsa.get()); }
    scaled_matrix b_argument() const { return argument_of(b, db.get(), dsb.get()); }
    output_matrix d_argument() { return argument_of(d, dd.get()); }
    gemm_problem problem() { return {.a = a_argument(), .b = b_argument(), .d = d_argument()}; }
    /// What is wrong with D; empty if nothing is.
    std::string difference(cudaStream_t on) {
        dd.read(d.data(), on);
        const comparison found = reference::compare_exact(d.view(), expected);
        return found ? "" : found.text();
    }
};

const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

}  // namespace host_device_test

using namespace host_device_test;

TEST_CASE("host: the description of the device agrees with its preset") {
    const device_info& info = this_device();
    CHECK(info.arch == 90);
    CHECK(info.smem_bytes_per_cta == 232448);
    if (std::string_view(info.name).find("H200") != std::string_view::npos) {
        const device_info preset = device_info::h200();
        CHECK(info.sm_count == preset.sm_count);
        CHECK(info.l2_bytes == preset.l2_bytes);
        CHECK(info.clock_mhz == preset.clock_mhz);
        CHECK(double(info.hbm_gb_per_s) == doctest::Approx(preset.hbm_gb_per_s).epsilon(0.03));
    }
}

TEST_CASE("host: a kernel that nobody prepared is launched under capture; the graph works on new data") {
    stream s;
    exact_product p(11, 200, 300, 500);
    const dense_arguments arguments = arguments_of(p.problem());
    const gemm_handle handle = cuda::handle_of<never_prepared>();
    const captured graph(s, [&] { or_throw(handle.launch(arguments, {.stream = s.handle})); });
    CHECK(graph.nodes() == 1);
    for (int replay = 0; replay < 3; ++replay) {
        p.upload(s.handle);
        graph.launch(s);
        CHECK(p.difference(s.handle) == "");
    }
}

TEST_CASE("host: the named operation is captured with every kernel it may choose") {
    stream s;
    for (const gemm_handle& handle : kernels) {
        if (handle.info.traits.accumulate) continue;
        const engine engine(kernels, this_device(), {}, {.pin = handle.info.cfg});
        exact_product p(12, 333, 256, 640);
        const captured graph(s, [&] {
            or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), p.d_argument(), {.stream = s.handle}));
        });
        p.upload(s.handle);
        graph.launch(s);
        CHECK(p.difference(s.handle) == "");
    }
}

TEST_CASE("host: dependent launches see the results of their predecessors") {
    stream s;
    const engine engine(kernels, this_device(), {.dependent_launch = true});
    exact_product p(13, 1000, 700, 384);
    p.upload(s.handle);
    constexpr int rounds = 8;
    or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), p.d_argument(), {.stream = s.handle}));
    for (int round = 1; round < rounds; ++round) {
        const output_matrix d = p.d_argument();
        or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), d, {.c = d, .stream = s.handle}));
    }
    matrix<double>& value = p.expected.value;
    for (i64 row = 0; row < value.rows(); ++row) {
        for (i64 column = 0; column < value.columns(); ++column) value(row, column) *= rounds;
    }
    CHECK(p.difference(s.handle) == "");
}

TEST_CASE("host: two threads share an engine") {
    const engine engine(kernels, this_device());
    std::string wrong[2];
    const auto work = [&](int thread) {
        try {
            stream s;
            for (int round = 0; round < 10 && wrong[thread].empty(); ++round) {
                exact_product p(u64(100 + 10 * thread + round), 64 + 50 * round, 128 + 40 * thread, 256);
                p.upload(s.handle);
                or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), p.d_argument(), {.stream = s.handle}));
                wrong[thread] = p.difference(s.handle);
            }
        } catch (const std::exception& e) {
            wrong[thread] = e.what();
        }
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    CHECK(wrong[0] == "");
    CHECK(wrong[1] == "");
}

TEST_CASE("host: two devices at once") {
    int devices = 0;
    check(cudaGetDeviceCount(&devices));
    if (devices < 2) {
        MESSAGE("skipped: there is only one device");
        return;
    }
    const engine engine(kernels, this_device());
    std::string wrong[2];
    const auto work = [&](int device) {
        try {
            check(cudaSetDevice(device));
            stream s;
            for (int round = 0; round < 5 && wrong[device].empty(); ++round) {
                exact_product p(u64(200 + 10 * device + round), 300, 200 + 8 * round, 384);
                p.upload(s.handle);
                or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), p.d_argument(), {.stream = s.handle}));
                wrong[device] = p.difference(s.handle);
            }
        } catch (const std::exception& e) {
            wrong[device] = e.what();
        }
    };
    std::thread first(work, 0), second(work, 1);
    first.join();
    second.join();
    CHECK(wrong[0] == "");
    CHECK(wrong[1] == "");
}

TEST_CASE("host: few multiprocessors, even or odd, give the same result") {
    stream s;
    exact_product p(14, 700, 512, 256);
    for (const int sms : {1, 2, 7, 131}) {
        const engine engine(kernels, this_device(), {.num_sms = sms});
        p.upload(s.handle);
        or_throw(fp8_gemm_nt(engine, p.a_argument(), p.b_argument(), p.d_argument(), {.stream = s.handle}));
        CHECK(p.difference(s.handle) == "");
    }
}

TEST_CASE("host: refused launches leave no error behind") {
    stream s;
    exact_product p(15, 100, 64, 128);
    dense_arguments arguments = arguments_of(p.problem());
    const gemm_handle handle = cuda::handle_of<paired_kernel>();
    CHECK(handle.launch(arguments, {.stream = s.handle, .num_sms = 1}).failure().message ==
          concat("num_sms is 1; this kernel needs at least 2 and the device has ", this_device().sm_count));
    CHECK(handle.launch(arguments, {.stream = s.handle, .num_sms = 100000}).failure().code == errc::bad_option);
    arguments.a.pitch = 100;
    CHECK(handle.launch(arguments, {.stream = s.handle}).failure().message ==
          "dimension 1 of a tensor map has a stride of 100 bytes; TMA takes multiples of 16 below 2^40");
    const auto refused = cuda::check("a failing call", cudaSetDevice(1 << 20));
    REQUIRE(!refused);
    CHECK(refused.failure().code == errc::cuda_failure);
    CHECK(refused.failure().message.starts_with("a failing call failed: cudaErrorInvalidDevice ("));
    CHECK(cudaGetLastError() == cudaSuccess);
    p.upload(s.handle);
    or_throw(launch<paired_kernel>(s.handle, {arguments_of(p.problem())}));
    CHECK(p.difference(s.handle) == "");
}

TEST_CASE("host: nothing is launched for an empty D") {
    const engine engine(kernels, this_device());
    stream s;
    const captured graph(s, [&] {
        const scaled_matrix a{{nullptr, dtype::e4m3, 0, 128}, {}}, b{{nullptr, dtype::e4m3, 256, 128}, {}};
        or_throw(fp8_gemm_nt(engine, a, b, {nullptr, dtype::f32, 0, 256}, {.stream = s.handle}));
    });
    CHECK(graph.nodes() == 0);
}
