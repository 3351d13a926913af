// SPDX-License-Identifier: MIT
// The shipped kernels as values: what each is, and the text that a run-time compiler is given. No kernel is
// compiled here.
#include <deepgemm/host/exception.hpp>

#include "deepgemm_bench_shipped.hpp"
#include "planning.hpp"

namespace deepgemm::bench {

namespace {

result<void> not_compiled() { return fail(errc::no_kernel, "this kernel is described here, not compiled"); }

// This is a function of its own because lambdas inside handles() would each carry that function's long name.
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

/// The kernels of an operation for every architecture.
template <class O>
constexpr auto every() {
    return shipped::sum_of(shipped::all_of<O>(), shipped::sm100_of<O>());
}

template <class... O>
of_each<described_kernels_of> described(operation_list<O...>) {
    of_each<described_kernels_of> made{described_kernels_of<O>{handles<O>(every<O>())}...};
    std::size_t first = 0;
    ((std::get<described_kernels_of<O>>(made).first_source = first,
      first += std::get<described_kernels_of<O>>(made).handles.size()),
     ...);
    return made;
}

template <class... O>
std::vector<rtc::kernel_source> sources(operation_list<O...>) {
    std::vector<rtc::kernel_source> made;
    (add_sources(made, every<O>()), ...);
    return made;
}

}  // namespace

const of_each<described_kernels_of>& described_kernels() {
    static const auto all = described(operations{});
    return all;
}

std::span<const rtc::kernel_source> kernel_sources() {
    static const auto all = sources(operations{});
    return all;
}

}  // namespace deepgemm::bench
