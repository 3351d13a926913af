// SPDX-License-Identifier: MIT
// Kernel types as handles that run on the simulated machine; the counterpart of cuda_launch.hpp, for plain host compilers. A
// launch runs the kernel to its end in the calling thread. The stream is replaced by the machine: a pointer to options (policy,
// seed, trace, number of multiprocessors), or null for the default machine. The arguments of a GEMM say which of its operands
// are ready.
#pragma once

#include <array>
#include <cstddef>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/sim/launch.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Multiprocessors of the simulated machine that persistent kernels use by default.
inline constexpr int sm_count = options{}.num_sms;

/// The memory of an operand of `rows` rows and `k` columns, both positive, and of its scales; of `matrices` like it, from the
/// first to the last.
inline std::array<global_range, 2> memory_of(const operand_info& info, const operand_arguments& x, i64 rows, i64 k,
                                             i64 matrices) {
    const bool along_k = info.contiguous == major::k;
    const i64 lines = along_k ? rows : k, length = along_k ? k : rows, before_last = max(matrices, i64(1)) - 1;
    const global_range elements{
        x.data, u64(before_last * x.matrix_pitch + (lines - 1) * x.pitch + length) * size_of(info.type)};
    if (info.format == scale_kind::none) return {elements};
    const i64 last_row = scales_along(rows, info.tile.mn) - 1,
              last = scales_along(k, k_per_word(info.format, info.tile)) - 1;
    return {elements,
            {x.scales.data, 4 * u64(before_last * x.scales.matrix_stride + last_row * x.scales.stride_mn +
                                    last * x.scales.stride_k + 1)}};
}

/// Tells the machine which operands a GEMM may load before the stream's previous kernel ends.
inline void mark_ready(options& machine, const gemm_traits& what, const gemm_arguments& given) {
    const auto& [m, n, k] = given.shape;
    if (m == 0 || n == 0 || k == 0) return;
    const auto mark = [&machine](std::size_t at, const std::array<global_range, 2>& memory) {
        machine.ready[at] = memory[0];
        machine.ready[at + 1] = memory[1];
    };
    if (given.a.ready) mark(0, memory_of(what.a, given.a, m, k, given.matrices));
    if (given.b.ready) mark(2, memory_of(what.b, given.b, n, k, given.matrices));
}

/// A kernel whose operands are those of one GEMM, or stacks of them whose number the host knows.
template <class K>
concept takes_gemm_operands = requires(const typename K::arguments& arguments) {
    static_cast<const gemm_arguments&>(arguments);
    { K::traits } -> same_as<const gemm_traits&>;
    requires K::traits.groups == grouping::none || K::traits.groups == grouping::custom ||
        K::traits.groups == grouping::batched || K::traits.groups == grouping::summed;
};

/// Runs kernel `K`. A fault that the machine reports becomes an error.
template <class K>
result<void> try_launch(const typename K::arguments& arguments, const launch_options& given = {},
                        options machine = {}) {
    const auto sms = usable_sms(K::launch, given, machine.num_sms);
    if (!sms) return sms.failure();
    machine.num_sms = *sms;
    machine.dependent_launch = given.dependent_launch;
    if constexpr (takes_gemm_operands<K>) mark_ready(machine, K::traits, arguments);
    try {
        launch<K>(arguments, machine);
    } catch (const error& why) {
        return fail(errc::simulator_failure, why.what());
    }
    return {};
}

/// The machine for a launch: launch_options::stream points to options that outlive the call, or is null for the default
/// machine.
inline options machine_of(const launch_options& wishes) {
    return wishes.stream != nullptr ? *static_cast<const options*>(wishes.stream) : options{};
}

/// Kernel `K` for planners of operation `O`.
template <class K, class O = operation_of<K>>
constexpr auto handle_of() {
    static_assert(
        serves<K, O>,
        "handle_of: no planner knows this kernel; it must name its operation, K::info describe it with the launch "
        "that is K::launch, and K::arguments be made from the operation's");
    return kernel_handle<O>{K::info, [] { return result<void>{}; },
                            [](const typename O::arguments& given, const launch_options& wishes) {
                                return try_launch<K>(arguments_for<K, O>(given), wishes, machine_of(wishes));
                            },
                            prediction_of<K, O>()};
}

/// The handles of several kernels of one operation, for an engine.
template <class... K>
inline constexpr std::array kernel_list{handle_of<K>()...};

}  // namespace deepgemm::sim
