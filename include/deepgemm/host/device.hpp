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
    /// NVIDIA B200, SXM. None of it was measured by this project: multiprocessors, L2 (126.5 MB) and memory (7680 bits at 3996
    /// MHz) are what users' device queries report, the clock is from lists of parts, which give 1965 to 1980 MHz.
    static constexpr device_info b200() {
        return {.name = "NVIDIA B200",
                .arch = deepgemm::arch::sm100::number,
                .sm_count = 148,
                .smem_bytes_per_cta = arch::sm100::smem_bytes,
                .l2_bytes = i64(253) << 19,
                .clock_mhz = 1965,
                .hbm_gb_per_s = 7672};
    }
    /// NVIDIA B300, SXM: a B200 of compute capability 10.3, with memory of 8 TB/s by its data sheet. Lists of parts give 148
    /// multiprocessors, too. FP4 has 1.5 times the rate in multiplies with K = 96, which no kernel here issues.
    static constexpr device_info b300() {
        device_info info = b200();
        info.name[8] = '3';
        info.arch = 103;
        info.hbm_gb_per_s = 8000;
        return info;
    }
    /// The simulated machine: a Hopper with `sm_count` multiprocessors, so that small problems still have several waves.
    static constexpr device_info simulator(int sm_count = 4) {
        device_info info = h200();
        constexpr char label[] = "simulated Hopper";
        for (u32 i = 0; i < sizeof info.name; ++i) info.name[i] = i < sizeof label ? label[i] : '\0';
        info.sm_count = sm_count;
        return info;
    }
    /// The same of Blackwell.
    static constexpr device_info simulated_blackwell(int sm_count = 4) {
        device_info info = b200();
        constexpr char label[] = "simulated Blackwell";
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
