// SPDX-License-Identifier: MIT
// Reads device_info from the CUDA runtime. Nothing is cached: a program may use several devices from several threads.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>

#include <deepgemm/host/cuda_error.hpp>
#include <deepgemm/host/device.hpp>

namespace deepgemm::cuda {

/// One attribute of a device.
inline result<int> attribute(cudaDeviceAttr which, int device) {
    int value = 0;
    if (auto ok = check("cudaDeviceGetAttribute", cudaDeviceGetAttribute(&value, which, device)); !ok)
        return ok.failure();
    return value;
}

/// The device that is current for the calling thread.
inline result<int> current_device() {
    int device = 0;
    if (auto ok = check("cudaGetDevice", cudaGetDevice(&device)); !ok) return ok.failure();
    return device;
}

/// Describes a device. The first call takes some milliseconds, since it starts the runtime; call it once per engine.
inline result<device_info> describe(int device) {
    cudaDeviceProp properties{};
    if (auto ok = check("cudaGetDeviceProperties", cudaGetDeviceProperties(&properties, device)); !ok)
        return ok.failure();
    const auto clock_khz = attribute(cudaDevAttrClockRate, device);
    if (!clock_khz) return clock_khz.failure();
    const auto memory_khz = attribute(cudaDevAttrMemoryClockRate, device);
    if (!memory_khz) return memory_khz.failure();

    device_info info{};
    std::copy_n(properties.name, sizeof info.name - 1, info.name);
    info.arch = properties.major * 10 + properties.minor;
    info.sm_count = properties.multiProcessorCount;
    info.smem_bytes_per_cta = u32(properties.sharedMemPerBlockOptin);
    info.l2_bytes = properties.l2CacheSize;
    info.clock_mhz = *clock_khz / 1000;
    info.hbm_gb_per_s = int(2ll * *memory_khz * properties.memoryBusWidth / 8 / 1000000);  // two transfers per clock
    return info;
}

/// Describes the device that is current for the calling thread.
inline result<device_info> describe_current_device() {
    const auto device = current_device();
    if (!device) return device.failure();
    return describe(*device);
}

}  // namespace deepgemm::cuda
