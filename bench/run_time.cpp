// SPDX-License-Identifier: MIT
// Through the engine that users have, without a cache on disk. Plain C++: nvcc 13 loses configurations that pass through lists.
#include "run_time.hpp"

#include <deepgemm/host/exception.hpp>
#include <deepgemm/kernel/shipped.cuh>
#include <deepgemm/rtc/embedded.hpp>
#include <deepgemm/rtc/engine.hpp>

#include <stdexcept>

namespace deepgemm::bench {

namespace {

rtc::engine& engine() {
    static rtc::engine instance(rtc::embedded_headers());
    return instance;
}

/// Handles of the lists from which the suites' FP8 products are served. Nothing is compiled before one is used.
const std::vector<kernel_handle>& handles() {
    static const std::vector<kernel_handle> all = [] {
        std::vector<kernel_handle> made;
        const auto add = [&made](auto list) {
            for (const kernel_handle& kernel : or_throw(engine().handles(list))) made.push_back(kernel);
        };
        add(shipped::weights_bf16_few{});
        add(shipped::weights_bf16_few_split{});
        add(shipped::weights_bf16_narrow{});
        add(shipped::weights_bf16_split{});
        add(shipped::weights_bf16_short{});
        add(shipped::weights_bf16_medium{});
        add(shipped::weights_bf16_wide{});
        add(shipped::weights_bf16_widest{});
        add(shipped::gradients{});
        add(shipped::gradients_in_place{});
        return made;
    }();
    return all;
}

}  // namespace

contender compiled_now(const kernel_info& kernel, const problem_data& data) {
    for (const kernel_handle& made : handles()) {
        if (to_source(made.info) != to_source(kernel)) continue;
        or_throw(made.prepare());
        const gemm_arguments arguments = arguments_of(data.product());
        return {"nvrtc",
                [&made, arguments](cudaStream_t stream) { or_throw(made.launch(arguments, {.stream = stream})); }};
    }
    throw std::runtime_error("no list of FP8 kernels has " + to_source(kernel));
}

}  // namespace deepgemm::bench
