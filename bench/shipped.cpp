// SPDX-License-Identifier: MIT
// The shipped kernels as values: what each is, and the text that a run-time compiler is given. No kernel is
// compiled here.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/shipped.cuh>

#include "planning.hpp"

namespace deepgemm::bench {

namespace {

result<void> not_compiled() { return fail(errc::no_kernel, "this kernel is described here, not compiled"); }

template <class... Kernels>
std::vector<gemm_handle> handles(shipped::kernels<Kernels...>) {
    return {{Kernels::info, [] { return not_compiled(); },
             [](const gemm_arguments&, const launch_options&) { return not_compiled(); }}...};
}

template <class... Kernels>
std::vector<rtc::kernel_source> sources(shipped::kernels<Kernels...>) {
    return {or_throw(rtc::kernel_source_of<Kernels>())...};
}

}  // namespace

std::span<const gemm_handle> described_kernels() {
    static const std::vector<gemm_handle> all = handles(shipped::dense());
    return all;
}

std::span<const rtc::kernel_source> kernel_sources() {
    static const std::vector<rtc::kernel_source> all = sources(shipped::dense());
    return all;
}

}  // namespace deepgemm::bench
