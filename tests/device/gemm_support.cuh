// SPDX-License-Identifier: MIT
// What the GEMM tests on a GPU share: device memory, the engine over the shipped kernels, and products of tests/kernel/product.hpp
// copied to the device. Everything runs in the default stream.
#pragma once

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/instances.hpp>
#include <deepgemm/ops.hpp>

#include "../kernel/product.hpp"
#include "runtime.hpp"

namespace deepgemm::gemm_tests {

using namespace device_tests;

/// The current device.
inline const device_info& this_device() {
    static const device_info info = or_throw(cuda::describe_current_device());
    return info;
}

/// What a user has: all shipped kernels on this device, and a context of his own.
inline engine shipped(const context& knobs = {}) { return engine(instances::dense(), this_device(), knobs); }

/// A product of the host with copies of its matrices on the device.
class device_product {
public:
    explicit device_product(test::product& host)
        : host_(host),
          a_(i64(host.a().data_bytes())),
          b_(i64(host.b().data_bytes())),
          sa_(host.a().words),
          sb_(host.b().words),
          c_(host.c().bytes()),
          d_(host.d().bytes()) {
        a_.write(host.a().view.data);
        b_.write(host.b().view.data);
    }

    /// The product as the named operations take it, in device memory.
    gemm_problem problem() {
        gemm_problem made = host_.problem();
        made.a = host_.a().argument(a_.get(), sa_.get());
        made.b = host_.b().argument(b_.get(), sb_.get());
        made.d = host_.d().argument(d_.get());
        if (made.c) made.c = input_matrix(&host_.c() == &host_.d() ? made.d : host_.c().argument(c_.get()));
        return made;
    }
    /// Puts D back to what it was before the first run.
    void restore() {
        host_.d().restore();
        d_.write(host_.d().bytes().data());
    }
    /// Waits for the device, brings D back and judges it: "" or what is wrong.
    std::string verdict() {
        check(cudaDeviceSynchronize());
        d_.read(host_.d().bytes().data());
        return host_.verdict();
    }

private:
    test::product& host_;
    device_array<u8> a_, b_;
    device_array<u32> sa_, sb_;
    device_array<u8> c_, d_;
};

/// Runs a kernel on a product. Returns what went wrong, "" if nothing did.
inline std::string run(const gemm_handle& kernel, test::product& p, const launch_options& options = {}) {
    device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    if (const auto ok = validate(problem); !ok) return ok.failure().message;
    const auto outcome = kernel.launch(arguments_of(problem), options);
    return outcome ? on_device.verdict() : outcome.failure().message;
}

/// What differs between two kernels on one product of normal numbers; "" if every byte of D is the same and right.
inline std::string difference(const gemm_handle& one, const gemm_handle& other, problem_shape shape, u64 seed) {
    test::product p(one.info, shape, seed, test::numbers::normal);
    if (const std::string wrong = run(one, p); !wrong.empty()) return "the first: " + wrong;
    const auto first = p.d().bytes();
    p.d().restore();
    if (const std::string wrong = run(other, p); !wrong.empty()) return "the second: " + wrong;
    return p.d().bytes() == first ? "" : "their bytes differ";
}

/// Runs a product through the named operation of an engine.
inline std::string run(const engine& engine, test::product& p) {
    device_product on_device(p);
    const gemm_problem problem = on_device.problem();
    const auto outcome = problem.heads.any()
                             ? fp8_gemm_nt_skip_head_mid(engine, problem.a, problem.b, problem.d, problem.heads)
                             : fp8_gemm_nt(engine, problem.a, problem.b, problem.d, {.c = problem.c});
    return outcome ? on_device.verdict() : outcome.failure().message;
}

/// What is wrong with a kernel's result on small integers, with kernel and shape; "" if nothing is.
inline std::string fault_on_exact_data(const gemm_handle& kernel, problem_shape shape, u64 seed,
                                       const test::placement& how = {}, const launch_options& options = {}) {
    test::product p(kernel.info, shape, seed, test::numbers::exact, how);
    const std::string wrong = run(kernel, p, options);
    return wrong.empty() ? "" : test::describe(kernel.info, shape, seed) + ": " + wrong;
}

}  // namespace deepgemm::gemm_tests
