// SPDX-License-Identifier: MIT
// Kernel types as handles that run on the simulated machine; the counterpart of cuda_launch.hpp, for plain host compilers.
// A launch runs the kernel to its end in the calling thread. In place of a stream goes the machine: a pointer to options
// (policy, seed, trace, number of multiprocessors), or null for the default machine.
#pragma once

#include <array>

#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/sim/launch.hpp>

namespace deepgemm::sim {

/// Multiprocessors of the simulated machine, as far as persistent kernels are concerned.
inline constexpr int sm_count = options{}.num_sms;

/// Runs kernel `K`; what the machine reports as a fault becomes an error.
template <class K>
result<void> try_launch(const typename K::arguments& arguments, const launch_options& given = {},
                        options machine = {}) {
    const auto sms = usable_sms(K::launch, given, machine.num_sms);
    if (!sms) return sms.failure();
    machine.num_sms = *sms;
    machine.dependent_launch = given.dependent_launch;
    try {
        launch<K>(arguments, machine);
    } catch (const error& why) {
        return fail(errc::simulator_failure, why.what());
    }
    return {};
}

/// The machine that a launch asks for: launch_options::stream points to options that outlive the call, or is null.
inline options machine_of(const launch_options& wishes) {
    return wishes.stream != nullptr ? *static_cast<const options*>(wishes.stream) : options{};
}

/// Kernel `K` for the planner.
template <class K>
constexpr kernel_handle handle_of() {
    static_assert(takes_gemm_arguments<K>,
                  "handle_of: a planner launches with gemm_arguments; K::arguments must derive from them");
    return {K::info, [] { return result<void>{}; },
            [](const gemm_arguments& given, const launch_options& wishes) {
                return try_launch<K>(arguments_for<K>(given), wishes, machine_of(wishes));
            }};
}

/// The handles of several kernels, for an engine.
template <class... K>
inline constexpr std::array<kernel_handle, sizeof...(K)> kernel_list{handle_of<K>()...};

}  // namespace deepgemm::sim
