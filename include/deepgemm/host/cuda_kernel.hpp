// SPDX-License-Identifier: MIT
// A kernel that the CUDA runtime can launch, from this program or loaded at run time. It is made ready once on each device, and
// then started with clusters, dependent launch and large shared memory. A launch encodes tensor maps and calls
// cudaLaunchKernelExC. Kernels come from cuda_launch.hpp, cuda_library.hpp or rtc/kernel.hpp.
#pragma once

#include <cuda_runtime_api.h>

#include <atomic>

#include <deepgemm/host/cuda_device.hpp>
#include <deepgemm/host/cuda_tensor_map.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/kernel/kernel.cuh>

namespace deepgemm::cuda::detail {

/// A kernel, and the devices on which it is ready. The address is kept beside the mask because nvcc gives every translation
/// unit its own copy of a kernel template, and the copy that was prepared must be the one that is launched.
struct loaded_kernel {
    const void* entry;          ///< the address of a __global__ function, or a cudaKernel_t
    std::atomic<u64> ready{0};  ///< bit i: device i

    bool is_ready(int device) const {
        return device < 64 && (ready.load(std::memory_order_acquire) >> device & 1) != 0;
    }
};

/// During its lifetime the calling thread may make calls that a stream capture in global mode would forbid. None of these calls
/// may concern the captured stream.
class relaxed_capture {
public:
    relaxed_capture() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }
    ~relaxed_capture() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }
    relaxed_capture(const relaxed_capture&) = delete;
    relaxed_capture& operator=(const relaxed_capture&) = delete;

private:
    cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// The result of a call that concerns a kernel's image. If the image does not fit the device, the error says so.
inline result<void> check_kernel(const char* call, cudaError_t status, int device) {
    auto outcome = check(call, status);
    if (status != cudaErrorNoKernelImageForDevice && status != cudaErrorInvalidDeviceFunction) return outcome;
    const auto info = describe(device);
    if (!info) return info.failure();
    const char* const flag = arch::flag_of(info->arch);
    return fail(errc::wrong_device, "the kernel was not compiled for device ", device, " (", info->name,
                ", compute capability ", capability_of(info->arch), ")", flag ? "; compile with " : "",
                flag ? flag : "");
}

/// Refuses a kernel of another architecture than the device's. A program for both has an image for the device, but without a
/// body.
inline result<void> check_arch(const launch_info& info, int device) {
    if (info.arch == 0) return {};
    const auto major = attribute(cudaDevAttrComputeCapabilityMajor, device);
    if (!major) return major.failure();
    if (*major == info.arch / 10) return {};
    return fail(errc::wrong_device, "the kernel is for compute capability ", capability_of(info.arch), ", device ",
                device, " has ", *major, ".x");
}

/// CTAs of a cluster that every device takes which has clusters. Hopper takes 16, if the kernel asks for it.
inline constexpr int portable_cluster = 8;

/// Allows a kernel its shared memory and its clusters on a device, and marks it ready there.
inline result<void> prepare(loaded_kernel& kernel, const launch_info& info, int device) {
    const relaxed_capture guard;
    if (auto ok = check_arch(info, device); !ok) return ok;
    const auto status =
        cudaFuncSetAttribute(kernel.entry, cudaFuncAttributeMaxDynamicSharedMemorySize, int(info.smem_bytes));
    if (auto ok = check_kernel("cudaFuncSetAttribute(MaxDynamicSharedMemorySize)", status, device); !ok)
        return ok.failure();
    if (info.cluster_ctas > portable_cluster) {
        const auto allowed = cudaFuncSetAttribute(kernel.entry, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
        if (auto ok = check_kernel("cudaFuncSetAttribute(NonPortableClusterSizeAllowed)", allowed, device); !ok)
            return ok.failure();
    }
    if (device < 64) kernel.ready.fetch_or(u64(1) << device, std::memory_order_release);
    return {};
}

/// The same for a kernel of a library that the program has loaded. The runtime loads code on first use; asking for its
/// attributes here makes it load now and not during a launch.
inline result<void> load_and_prepare(loaded_kernel& kernel, const launch_info& info, int device) {
    const relaxed_capture guard;
    cudaFuncAttributes attributes{};
    const auto status = cudaFuncGetAttributes(&attributes, kernel.entry);
    if (auto ok = check_kernel("cudaFuncGetAttributes", status, device); !ok) return ok;
    return prepare(kernel, info, device);
}

/// Launches `ctas` CTAs. `params` points to the kernel's parameters.
inline result<void> start(const loaded_kernel& kernel, const launch_info& info, int ctas, void* params,
                          const launch_options& options, int device) {
    cudaLaunchAttribute attributes[3];
    unsigned count = 0;
    if (info.cluster_ctas > 1) {
        attributes[count].id = cudaLaunchAttributeClusterDimension;
        attributes[count++].val.clusterDim = {unsigned(info.cluster_ctas), 1, 1};
    }
    if (info.all_resident) {
        attributes[count].id = cudaLaunchAttributeCooperative;
        attributes[count++].val.cooperative = 1;
    }
    // Kernels whose CTAs wait for each other start after the kernel before: no document says that a cooperative launch may be a
    // dependent one.
    if (options.dependent_launch && !info.all_resident) {
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
        tensor_map maps[K::map_count]{};
        for (int i = 0; i < K::map_count; ++i) {
            if (requests[i].rank == 0) continue;  // a map that the kernel will not use
            auto map = encode_tensor_map(requests[i]);
            if (!map) return map.failure();
            maps[i] = *map;
        }
        return K::make_params(arguments, maps);
    }
}

/// Refuses memory that a kernel would read itself, and that the device cannot: pageable memory of the host, unless the device
/// reaches that, too. TMA's tensors are the driver's to check.
inline result<void> check_reachable(const char* name, const void* memory, int device) {
    if (memory == nullptr) return {};
    const relaxed_capture guard;
    cudaPointerAttributes found{};
    if (auto ok = check("cudaPointerGetAttributes", cudaPointerGetAttributes(&found, memory)); !ok) return ok;
    if (found.type != cudaMemoryTypeUnregistered) return {};
    const auto pageable = attribute(cudaDevAttrPageableMemoryAccess, device);
    if (!pageable) return pageable.failure();
    if (*pageable != 0) return {};
    return fail(errc::wrong_device, name, " lie in host memory that device ", device,
                " cannot read; the kernel reads them, so they must be in device memory");
}

/// Launches a kernel whose host side is that of `K`. If the kernel is not ready on the device, make_ready(device) is called
/// first.
template <class K, class MakeReady>
result<void> launch(const loaded_kernel& kernel, const launch_info& info, const typename K::arguments& arguments,
                    const launch_options& options, MakeReady make_ready) {
    static_assert(deepgemm::kernel<K>, "launch: the type must model kernel; the notes name what it lacks");
    static_assert(explains<kernel_concept::model<K>>);
    const auto device = current_device();
    if (!device) return device.failure();
    const auto present = attribute(cudaDevAttrMultiProcessorCount, *device);
    if (!present) return present.failure();
    const auto sms = usable_sms(info, options, *present);
    if (!sms) return sms.failure();
    const int ctas = K::grid(arguments, *sms);
    if (ctas == 0) return {};
    if constexpr (requires { arguments.tiles.table(); }) {
        if (auto ok = check_reachable("the sizes of the groups", arguments.tiles.table(), *device); !ok) return ok;
    }
    if constexpr (requires { arguments.a.list.data, arguments.d.list.data; }) {
        const void* const lists[] = {arguments.a.list.data, arguments.d.list.data};
        for (const void* const list : lists) {
            if (list == nullptr) continue;
            if (auto ok = check_reachable("the entries of a list of rows", list, *device); !ok) return ok;
        }
    }

    if (!kernel.is_ready(*device)) {
        if (auto ok = make_ready(*device); !ok) return ok;
    }
    auto params = params_of<K>(arguments);
    if (!params) return params.failure();
    return start(kernel, info, ctas, &*params, options, *device);
}

}  // namespace deepgemm::cuda::detail
