// SPDX-License-Identifier: MIT
// Kernel types as handles that run on the simulated machine; the counterpart of cuda_launch.hpp, for plain host compilers.
// A launch runs the kernel to its end in the calling thread. In place of a stream goes the machine: a pointer to options
// (policy, seed, trace, number of multiprocessors), or null for the default machine. What of a GEMM's operands is ready is
// taken from its arguments.
#pragma once

#include <array>
#include <cstddef>

#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/host/problem.hpp>
#include <deepgemm/sim/launch.hpp>

namespace deepgemm::sim {

/// Multiprocessors of the simulated machine, as far as persistent kernels are concerned.
inline constexpr int sm_count = options{}.num_sms;

/// The memory of A and of its scales. D has elements and K is not 0.
inline std::array<global_range, 2> memory_of_a(const kernel_info& info, const gemm_arguments& given) {
    const auto& [m, n, k] = given.shape;
    const bool along_k = info.a.contiguous == major::k;
    const i64 lines = along_k ? m : k, length = along_k ? k : m;
    const global_range elements{given.a, u64((lines - 1) * given.a_pitch + length) * size_of(info.a.type)};
    if (info.a.format == scale_kind::none) return {elements};
    const i64 rows = ceil_div(m, info.a.tile.mn), words = ceil_div(i64(k), k_per_word(info.a.format, info.a.tile));
    return {elements, {given.sa, 4 * u64((rows - 1) * given.sa_stride_m + (words - 1) * given.sa_stride_k + 1)}};
}

/// Tells the machine which operands a GEMM may load before the stream's previous kernel has ended.
inline void mark_ready(options& machine, const kernel_info& info, const gemm_arguments& given) {
    const auto& [m, n, k] = given.shape;
    if (m == 0 || n == 0 || k == 0) return;
    const auto mark = [&machine](std::size_t at, const std::array<global_range, 2>& memory) {
        machine.ready[at] = memory[0];
        machine.ready[at + 1] = memory[1];
    };
    if (given.ready.a) mark(0, memory_of_a(info, given));
    if (given.ready.b) mark(2, memory_of_a(exchanged(info), exchanged(given)));
}

/// Runs kernel `K`; what the machine reports as a fault becomes an error.
template <class K>
result<void> try_launch(const typename K::arguments& arguments, const launch_options& given = {},
                        options machine = {}) {
    const auto sms = usable_sms(K::launch, given, machine.num_sms);
    if (!sms) return sms.failure();
    machine.num_sms = *sms;
    machine.dependent_launch = given.dependent_launch;
    if constexpr (takes_gemm_arguments<K>) mark_ready(machine, K::info, arguments);
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
    static_assert(
        takes_gemm_arguments<K>,
        "handle_of: a planner launches with gemm_arguments; K::arguments must derive from them, K::info describe a "
        "kernel without groups, and its launch be K::launch");
    return {K::info, [] { return result<void>{}; },
            [](const gemm_arguments& given, const launch_options& wishes) {
                return try_launch<K>(arguments_for<K>(given), wishes, machine_of(wishes));
            }};
}

/// The handles of several kernels, for an engine.
template <class... K>
inline constexpr std::array<kernel_handle, sizeof...(K)> kernel_list{handle_of<K>()...};

}  // namespace deepgemm::sim
