// SPDX-License-Identifier: MIT
// An instantiated kernel as a value: its description and two functions. Planning and launching see nothing else of a
// kernel, so the same code serves CUDA (cuda_launch.hpp), the simulator (sim_launch.hpp) and fakes in tests.
#pragma once

#include <deepgemm/host/error.hpp>
#include <deepgemm/kernel/info.cuh>

namespace deepgemm {

/// How one launch is to be made. Nothing here changes results.
struct launch_options {
    /// A cudaStream_t; null is the legacy default stream. On the simulator: a pointer to sim::options, or null.
    void* stream = nullptr;
    int num_sms = 0;  ///< multiprocessors a persistent kernel may occupy; 0: all
    bool dependent_launch =
        false;  ///< may start while the stream's previous kernel still runs (PDL); the kernel waits for
                ///< that kernel's results before it touches memory
};

/// A kernel that a planner may pick: what it is, how to make it ready on the current device, how to launch it there.
struct kernel_handle {
    kernel_info info{};
    /// Loads the kernel on the current device and sets its attributes. May be called again; any thread.
    result<void> (*prepare)() = nullptr;
    /// Launches on the current device. Allocates nothing, waits for nothing; safe under graph capture. Any thread.
    result<void> (*launch)(const gemm_arguments&, const launch_options&) = nullptr;
};

/// A kernel that can be launched with what a planner has: its arguments are gemm_arguments, and maybe more.
template <class K>
concept takes_gemm_arguments = requires(typename K::arguments& arguments) {
    static_cast<gemm_arguments&>(arguments);
};

/// Multiprocessors that a launch uses on a device with `present` of them; an error if that is out of range.
inline result<int> usable_sms(const kernel_info& info, const launch_options& options, int present) {
    const int wanted = options.num_sms == 0 ? present : options.num_sms;
    if (wanted >= info.cfg.cluster_ctas() && wanted <= present) return wanted;
    return fail(errc::bad_option, "num_sms is ", wanted, "; this kernel needs at least ", info.cfg.cluster_ctas(),
                " and the device has ", present);
}

}  // namespace deepgemm
