// SPDX-License-Identifier: MIT
// Launches kernel types on the current CUDA device: clusters, dependent launch, large shared memory. A launch encodes tensor
// maps and calls cudaLaunchKernelExC: it allocates nothing, waits for nothing, and may be captured into a graph.
// Include it in translation units that nvcc compiles; sim_launch.hpp is its counterpart on the simulator.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <atomic>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/cuda_tensor_map.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/kernel.cuh>

namespace deepgemm::cuda {

namespace detail {

/// One kernel of this program, and the devices on which it has been made ready. The address stands beside the mask because
/// nvcc gives every translation unit its own copy of a kernel template: what is prepared must be what is launched.
struct loaded_kernel {
    const void* entry;
    std::atomic<u64> ready{0};  ///< bit i: device i
};

template <class K>
loaded_kernel& loaded() {
    static loaded_kernel kernel{reinterpret_cast<const void*>(&entry<K>)};
    return kernel;
}

/// While it lives, the calling thread may make calls that a stream capture in global mode would forbid; none of them is
/// meant for the captured stream.
class relaxed_capture {
public:
    relaxed_capture() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }
    ~relaxed_capture() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }
    relaxed_capture(const relaxed_capture&) = delete;
    relaxed_capture& operator=(const relaxed_capture&) = delete;

private:
    cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// The result of a call that concerns a kernel's image: says so if the image does not fit the device.
inline result<void> check_kernel(const char* call, cudaError_t status, int device) {
    auto outcome = check(call, status);
    if (status != cudaErrorNoKernelImageForDevice && status != cudaErrorInvalidDeviceFunction) return outcome;
    const auto info = describe(device);
    if (!info) return info.failure();
    return fail(errc::wrong_device, "the kernel was not compiled for device ", device, " (", info->name,
                ", compute capability ", info->arch / 10, ".", info->arch % 10,
                "); compile with -gencode arch=compute_90a,code=sm_90a for Hopper");
}

inline result<void> prepare(loaded_kernel& kernel, const kernel_info& info, int device) {
    const relaxed_capture guard;
    const auto status =
        cudaFuncSetAttribute(kernel.entry, cudaFuncAttributeMaxDynamicSharedMemorySize, int(info.smem_bytes));
    if (auto ok = check_kernel("cudaFuncSetAttribute(MaxDynamicSharedMemorySize)", status, device); !ok)
        return ok.failure();
    if (device < 64) kernel.ready.fetch_or(u64(1) << device, std::memory_order_release);
    return {};
}

inline result<void> start(const loaded_kernel& kernel, const kernel_info& info, int ctas, void* params,
                          const launch_options& options, int device) {
    cudaLaunchAttribute attributes[2];
    unsigned count = 0;
    if (info.cfg.cluster_ctas() > 1) {
        attributes[count].id = cudaLaunchAttributeClusterDimension;
        attributes[count++].val.clusterDim = {unsigned(info.cfg.cluster_ctas()), 1, 1};
    }
    if (options.dependent_launch) {
        attributes[count].id = cudaLaunchAttributeProgrammaticStreamSerialization;
        attributes[count++].val.programmaticStreamSerializationAllowed = 1;
    }
    cudaLaunchConfig_t launch{};
    launch.gridDim = dim3(unsigned(ctas));
    launch.blockDim = dim3(info.threads);
    launch.dynamicSmemBytes = info.smem_bytes;
    launch.stream = static_cast<cudaStream_t>(options.stream);
    launch.attrs = attributes;
    launch.numAttrs = count;
    void* arguments[] = {params};
    return check_kernel("cudaLaunchKernelExC", cudaLaunchKernelExC(&launch, kernel.entry, arguments), device);
}

/// The parameters of kernel `K`, with its tensor maps encoded.
template <class K>
result<typename K::params> params_of(const typename K::arguments& arguments) {
    if constexpr (K::map_count == 0) {
        return K::make_params(arguments);
    } else {
        tensor_map_request requests[K::map_count];
        K::tensor_maps(arguments, requests);
        tensor_map maps[K::map_count];
        for (int i = 0; i < K::map_count; ++i) {
            auto map = encode_tensor_map(requests[i]);
            if (!map) return map.failure();
            maps[i] = *map;
        }
        return K::make_params(arguments, maps);
    }
}

}  // namespace detail

/// Makes kernel `K` ready on the current device: loads it and allows it its shared memory. The first launch does so by
/// itself; call it earlier to keep loading out of a timed or captured section, and again after cudaDeviceReset.
template <class K>
result<void> prepare() {
    const auto device = current_device();
    if (!device) return device.failure();
    return detail::prepare(detail::loaded<K>(), K::info, *device);
}

/// Launches kernel `K` on the current device. Success means that it is in the stream, or that there was nothing to do.
template <class K>
result<void> launch(const typename K::arguments& arguments, const launch_options& options = {}) {
    static_assert(kernel<K>, "launch: the type must model kernel; the notes name what it lacks");
    static_assert(sizeof(kernel_concept::model<K>) != 0);
    const auto device = current_device();
    if (!device) return device.failure();
    const auto present = attribute(cudaDevAttrMultiProcessorCount, *device);
    if (!present) return present.failure();
    const auto sms = usable_sms(K::info, options, *present);
    if (!sms) return sms.failure();
    const int ctas = K::grid(arguments, *sms);
    if (ctas == 0) return {};

    auto& kernel = detail::loaded<K>();
    if (*device >= 64 || (kernel.ready.load(std::memory_order_acquire) >> *device & 1) == 0) {
        if (auto ok = detail::prepare(kernel, K::info, *device); !ok) return ok;
    }
    auto params = detail::params_of<K>(arguments);
    if (!params) return params.failure();
    return detail::start(kernel, K::info, ctas, &*params, options, *device);
}

/// Kernel `K` for the planner.
template <class K>
constexpr kernel_handle handle_of() {
    static_assert(takes_gemm_arguments<K>,
                  "handle_of: a planner launches with gemm_arguments; K::arguments must derive from them");
    return {K::info, &prepare<K>, [](const gemm_arguments& given, const launch_options& options) {
                typename K::arguments arguments;
                static_cast<gemm_arguments&>(arguments) = given;
                return launch<K>(arguments, options);
            }};
}

/// The handles of several kernels, for an engine.
template <class... K>
inline constexpr std::array<kernel_handle, sizeof...(K)> kernel_list{handle_of<K>()...};

}  // namespace deepgemm::cuda

namespace deepgemm {

/// Launches kernel `K` into a stream of the current device: the short form for programs that name their kernel.
template <class K>
result<void> launch(cudaStream_t stream, const typename K::arguments& arguments) {
    return cuda::launch<K>(arguments, {.stream = stream});
}

}  // namespace deepgemm
