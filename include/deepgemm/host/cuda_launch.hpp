// SPDX-License-Identifier: MIT
// Launches kernel types on the current CUDA device: clusters, dependent launch, large shared memory. A launch encodes tensor
// maps and calls cudaLaunchKernelExC: it allocates nothing, waits for nothing, and may be captured into a graph.
// Include it in translation units that nvcc compiles; sim_launch.hpp is its counterpart on the simulator.
#pragma once

#include <cuda_runtime_api.h>

#include <array>

#include <deepgemm/host/cuda_kernel.hpp>
#include <deepgemm/kernel/entry.cuh>

namespace deepgemm::cuda {

namespace detail {

/// Kernel `K` as this translation unit has it.
template <class K>
loaded_kernel& loaded() {
    static loaded_kernel kernel{reinterpret_cast<const void*>(&entry<K>)};
    return kernel;
}

}  // namespace detail

/// Makes kernel `K` ready on the current device: loads it and allows it its shared memory. The first launch does this by
/// itself. Call it earlier to keep loading out of a timed or captured section, and again after cudaDeviceReset.
template <class K>
result<void> prepare() {
    const auto device = current_device();
    if (!device) return device.failure();
    return detail::prepare(detail::loaded<K>(), K::launch, *device);
}

/// Launches kernel `K` on the current device. Success means that it is in the stream, or that there was nothing to do.
template <class K>
result<void> launch(const typename K::arguments& arguments, const launch_options& options = {}) {
    auto& kernel = detail::loaded<K>();
    return detail::launch<K>(kernel, K::launch, arguments, options,
                             [&](int device) { return detail::prepare(kernel, K::launch, device); });
}

/// Kernel `K` for planners of operation `O`.
template <class K, class O = operation_of<K>>
constexpr auto handle_of() {
    static_assert(
        serves<K, O>,
        "handle_of: no planner knows this kernel; it must name its operation, K::info describe it with the launch "
        "that is K::launch, and K::arguments be made from the operation's");
    return kernel_handle<O>{K::info, &prepare<K>,
                            [](const typename O::arguments& given, const launch_options& options) {
                                return launch<K>(arguments_for<K, O>(given), options);
                            },
                            prediction_of<K, O>()};
}

/// The handles of several kernels of one operation, for an engine.
template <class... K>
inline constexpr std::array kernel_list{handle_of<K>()...};

}  // namespace deepgemm::cuda

namespace deepgemm {

/// Launches kernel `K` into a stream of the current device: the short form for programs that name their kernel.
template <class K>
result<void> launch(cudaStream_t stream, const typename K::arguments& arguments) {
    return cuda::launch<K>(arguments, {.stream = stream});
}

}  // namespace deepgemm
