// SPDX-License-Identifier: MIT
// What a launcher knows of any kernel. A planner of GEMMs knows more: kernel/info.cuh.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// The launch geometry of a kernel and what it asks of a device. A constant of the kernel's type; host and device.
struct launch_info {
    int arch = 0;               ///< the architecture it is compiled for, 90 for sm_90a; 0: any
    u32 threads = 0;            ///< per CTA
    u32 smem_bytes = 0;         ///< dynamic shared memory per CTA
    int cluster_ctas = 1;       ///< CTAs of a hardware cluster
    bool all_resident = false;  ///< its CTAs wait for each other, so all of them must be resident at the same time
    int ctas_per_sm = 1;        ///< for which a multiprocessor shall have registers; nvcc keeps a thread's below that
    bool claims = false;        ///< a cluster for each tile, on any multiprocessor that is free: num_sms is no limit
    DEEPGEMM_BOTH friend constexpr bool operator==(const launch_info&, const launch_info&) = default;
};

}  // namespace deepgemm
