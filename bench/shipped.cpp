// SPDX-License-Identifier: MIT
// The shipped kernels as values: what each is, and the text that a run-time compiler is given. No kernel is
// compiled here.
#include <deepgemm/host/exception.hpp>
#include <deepgemm/ops/gemm/shipped.cuh>
#include <deepgemm/ops/grouped_gemm/shipped.cuh>

#include "planning.hpp"

namespace deepgemm::bench {

namespace {

result<void> not_compiled() { return fail(errc::no_kernel, "this kernel is described here, not compiled"); }

// Outside the function of the list, whose name is long: a compiler would write it once more for each lambda.
template <class O>
kernel_handle<O> handle(const info_of<O>& info) {
    return {info, [] { return not_compiled(); },
            [](const typename O::arguments&, const launch_options&) { return not_compiled(); }};
}

template <class O, class... Kernels>
std::vector<kernel_handle<O>> handles(shipped::kernels<Kernels...>) {
    return {handle<O>(Kernels::info)...};
}

template <class... Kernels>
void add_sources(std::vector<rtc::kernel_source>& to, shipped::kernels<Kernels...>) {
    (to.push_back(or_throw(rtc::kernel_source_of<Kernels>())), ...);
}

}  // namespace

std::span<const gemm_handle> described_kernels() {
    static const std::vector<gemm_handle> all = handles<ops::gemm>(shipped::all_of<ops::gemm>());
    return all;
}

std::span<const grouped_handle> described_grouped_kernels() {
    static const std::vector<grouped_handle> all = handles<ops::grouped_gemm>(shipped::all_of<ops::grouped_gemm>());
    return all;
}

std::span<const rtc::kernel_source> kernel_sources() {
    static const std::vector<rtc::kernel_source> all = [] {
        std::vector<rtc::kernel_source> made;
        add_sources(made, shipped::all_of<ops::gemm>());
        add_sources(made, shipped::all_of<ops::grouped_gemm>());
        return made;
    }();
    return all;
}

}  // namespace deepgemm::bench
