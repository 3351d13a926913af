// SPDX-License-Identifier: MIT
// The facts about a device that planning needs, as plain values. With the presets, plans can be made on a machine without a
// GPU; cuda_device.hpp reads the values of a real one.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/kernel/launch_info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// A GPU, described by the numbers that decide how fast a kernel runs on it.
struct device_info {
    char name[64] = "";
    int arch = deepgemm::arch::sm90::number;          ///< compute capability, 10 * major + minor
    int sm_count = 132;                               ///< streaming multiprocessors
    u32 smem_bytes_per_cta = arch::sm90::smem_bytes;  ///< shared memory one CTA may ask for
    i64 l2_bytes = 0;
    int clock_mhz = 0;     ///< highest clock of the SMs; long kernels run below it, limited by power
    int hbm_gb_per_s = 0;  ///< peak bandwidth of device memory, in 10^9 bytes per second

    /// NVIDIA H200, SXM.
    static constexpr device_info h200() {
        return {.name = "NVIDIA H200", .l2_bytes = i64(60) << 20, .clock_mhz = 1980, .hbm_gb_per_s = 4800};
    }
    /// NVIDIA H100, SXM, with 80 GB.
    static constexpr device_info h100() {
        return {.name = "NVIDIA H100", .l2_bytes = i64(50) << 20, .clock_mhz = 1980, .hbm_gb_per_s = 3350};
    }
    /// The simulated machine: a Hopper with `sm_count` multiprocessors, so that small problems still have several waves.
    static constexpr device_info simulator(int sm_count = 4) {
        device_info info = h200();
        constexpr char label[] = "simulated Hopper";
        for (u32 i = 0; i < sizeof info.name; ++i) info.name[i] = i < sizeof label ? label[i] : '\0';
        info.sm_count = sm_count;
        return info;
    }
};

/// True if a kernel is compiled for the device's architecture, or for any. Host, any thread.
constexpr bool runs_on(const launch_info& kernel, const device_info& device) {
    return kernel.arch == 0 || kernel.arch / 10 == device.arch / 10;
}

}  // namespace deepgemm
