// SPDX-License-Identifier: MIT
// Uses rtc::engine as users do, without a cache on disk. The file is plain C++, because nvcc 13 loses configurations that pass
// through lists.
#include "run_time.hpp"

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/operation.hpp>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_rows.cuh>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include <stdexcept>

namespace deepgemm::bench {

namespace {

rtc::engine& engine() {
    static rtc::engine instance(rtc::embedded_headers(),
                                {.arch = rtc::arch_of(or_throw(cuda::describe_current_device()))});
    return instance;
}

/// Handles of the FP8 kernels for either architecture. Nothing is compiled before one is used.
const std::vector<gemm_handle>& handles() {
    static const std::vector<gemm_handle> all = [] {
        std::vector<gemm_handle> made;
        const auto add = [&made](auto list) {
            for (const gemm_handle& kernel : or_throw(engine().handles(list))) made.push_back(kernel);
        };
        add(shipped::fp8_dense());
        add(shipped::fp8_rows());
        add(shipped::sm100_weights{});
        add(shipped::sm100_tokens{});
        add(shipped::sm100_fp8_others{});
        return made;
    }();
    return all;
}

}  // namespace

contender compiled_now(const gemm_info& kernel, const problem_data& data) {
    for (const gemm_handle& made : handles()) {
        if (to_source(made.info) != to_source(kernel)) continue;
        or_throw(made.prepare());
        const dense_arguments arguments = arguments_of(data.product());
        return {"nvrtc",
                [&made, arguments](cudaStream_t stream) { or_throw(made.launch(arguments, {.stream = stream})); }};
    }
    throw std::runtime_error("no list of FP8 kernels has " + to_source(kernel));
}

}  // namespace deepgemm::bench
