// SPDX-License-Identifier: MIT
// A kernel as a value: its description and two functions. Planning and launching see nothing else of a
// kernel, so the same code serves CUDA (cuda_launch.hpp), the simulator (sim_launch.hpp) and fakes in tests.
#pragma once

#include <type_traits>

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

/// A function of a kernel: a plain one, of a kernel that is a type of this program, or one with the object it works on, of a kernel
/// that was made at run time. The object must outlive the calls.
template <class... Arguments>
class kernel_function {
public:
    constexpr kernel_function() = default;
    template <class F>
        requires std::is_convertible_v < F, result<void>(*)
    (Arguments...) > constexpr kernel_function(F plain) : plain_(plain) {}
    constexpr kernel_function(const void* object, result<void> (*with_object)(const void*, Arguments...))
        : object_(object), with_object_(with_object) {}

    result<void> operator()(Arguments... arguments) const {
        return with_object_ != nullptr ? with_object_(object_, arguments...) : plain_(arguments...);
    }

private:
    result<void> (*plain_)(Arguments...) = nullptr;
    const void* object_ = nullptr;
    result<void> (*with_object_)(const void*, Arguments...) = nullptr;
};

/// A kernel that a planner may pick: what it is, how to make it ready on the current device, how to launch it there.
struct kernel_handle {
    kernel_info info{};
    /// Loads the kernel on the current device and sets its attributes. May be called again; any thread.
    kernel_function<> prepare{};
    /// Launches on the current device. Allocates nothing, waits for nothing; safe under graph capture. Any thread.
    kernel_function<const gemm_arguments&, const launch_options&> launch{};
};

/// A kernel that a planner can know and launch: it has a kernel_info, and its arguments are gemm_arguments, and maybe more, of which
/// the defaults will do. Kernels of groups have arguments that a planner does not give.
template <class K>
concept takes_gemm_arguments = requires(typename K::arguments& arguments) {
    static_cast<gemm_arguments&>(arguments);
    { K::info } -> same_as<const kernel_info&>;
    requires K::info.launch == K::launch;
    requires K::info.groups == grouping::none || K::info.groups == grouping::custom;
};

/// The arguments of kernel `K` with what a planner has; whatever else they hold has its default.
template <class K>
typename K::arguments arguments_for(const gemm_arguments& given) {
    typename K::arguments arguments;
    static_cast<gemm_arguments&>(arguments) = given;
    return arguments;
}

/// Multiprocessors that a launch uses on a device with `present` of them; an error if that is out of range.
inline result<int> usable_sms(const launch_info& kernel, const launch_options& options, int present) {
    const int wanted = options.num_sms == 0 ? present : options.num_sms;
    if (wanted >= kernel.cluster_ctas && wanted <= present) return wanted;
    return fail(errc::bad_option, "num_sms is ", wanted, "; this kernel needs at least ", kernel.cluster_ctas,
                " and the device has ", present);
}

}  // namespace deepgemm
