// SPDX-License-Identifier: MIT
// A kernel as a value: its description and two functions. Planning and launching use nothing else of a kernel, so the same code
// serves CUDA (cuda_launch.hpp), the simulator (sim_launch.hpp) and fakes in tests.
#pragma once

#include <type_traits>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/error.hpp>
#include <deepgemm/kernel/info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// How to make one launch. Nothing here changes results.
struct launch_options {
    /// A cudaStream_t; null is the legacy default stream. On the simulator: a pointer to sim::options, or null.
    void* stream = nullptr;
    int num_sms = 0;  ///< multiprocessors a persistent kernel may occupy; 0: all
    /// The kernel may start while the stream's previous kernel still runs (PDL). It waits for that kernel's results before it
    /// touches memory, except for operands that are ready.
    bool dependent_launch = false;
};

namespace detail {
template <class... Arguments>
using plain_pointer = result<void> (*)(Arguments...);
/// Converts to a plain function that launches or prepares.
template <class F, class... Arguments>
concept plain_function = std::is_convertible_v<F, plain_pointer<Arguments...>>;
}  // namespace detail

/// A function of a kernel. For a kernel that is a type of this program it is a plain function; for one made at run time it
/// comes with the object that it works on, which must outlive the calls.
template <class... Arguments>
class kernel_function {
public:
    constexpr kernel_function() = default;
    template <class F>
        requires detail::plain_function<F, Arguments...>
    constexpr kernel_function(F plain) : plain_(plain) {}
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

/// The description of a kernel of operation `O`.
template <class O>
using info_of = kernel_info<typename O::traits, typename O::config>;

/// A kernel that a planner of operation `O` may pick: its description, how to make it ready on the current device, how to
/// launch it there.
template <class O>
struct kernel_handle {
    using operation = O;

    info_of<O> info{};
    /// Loads the kernel on the current device and sets its attributes. May be called again; any thread.
    kernel_function<> prepare{};
    /// Launches on the current device. Allocates nothing, waits for nothing; safe under graph capture. Any thread.
    kernel_function<const typename O::arguments&, const launch_options&> launch{};
    /// Predicts the kernel's time on a workload that it runs, with a number of multiprocessors; null: the operation predicts.
    cost (*predict)(const info_of<O>&, const typename O::workload&, const device_info&, int) = nullptr;
};

/// The cost of kernels with schedule `Tiles`. Specialise it on the host for a schedule of your own whose order or sharing of
/// tiles makes its kernels faster or slower than the operation's model says. A specialisation has
///     static cost predict(const gemm_info&, const gemm_workload&, const device_info&, int num_sms);
/// or the same with the types of another operation. It must be visible wherever handles of such kernels are made.
template <class Tiles>
struct cost_of_schedule;

namespace detail {
template <class K>
struct operation_named_by {
    using type = void;
};
template <class K>
    requires requires { typename K::operation; }
struct operation_named_by<K> {
    using type = typename K::operation;
};
}  // namespace detail

/// The operation that kernel type `K` is for, named by its member type `operation`; void if it names none.
template <class K>
using operation_of = typename detail::operation_named_by<K>::type;

namespace detail {
/// True if K::arguments would lose what operation `O` says of groups, since only their common base is copied.
template <class K, class O>
concept loses_groups = requires(const typename O::arguments& given) {
    requires !std::is_empty_v<decltype(given.tiles)>;
    requires !requires { K::arguments_of(given); };
    requires !std::is_base_of_v<typename O::arguments, typename K::arguments>;
};
}  // namespace detail

/// A kernel type that planners of operation `O` can describe and launch.
/// Satisfied by: K::info, a description of O's with the launch that is K::launch; K::arguments, which
/// K::arguments_of(arguments) or else `{arguments}` makes from O's: they are O's, or begin with them and have defaults for the
/// rest.
template <class K, class O>
concept serves = requires(const typename O::arguments& given) {
    { K::info } -> same_as<const info_of<O>&>;
    requires K::info.launch == K::launch;
    {
        typename K::arguments { given }
        } -> same_as<typename K::arguments>;
    requires !detail::loses_groups<K, O>;
};

/// A kernel type whose schedule brings its cost for operation `O`.
template <class K, class O>
concept brings_cost = requires(const info_of<O>& info, const typename O::workload& work, const device_info& device,
                               int num_sms) {
    { cost_of_schedule<typename K::tiles>::predict(info, work, device, num_sms) } -> same_as<cost>;
};

/// The value of kernel_handle::predict for kernel `K`.
template <class K, class O>
constexpr auto prediction_of() -> decltype(kernel_handle<O>::predict) {
    if constexpr (brings_cost<K, O>) {
        return &cost_of_schedule<typename K::tiles>::predict;
    } else {
        return nullptr;
    }
}

/// The arguments of kernel `K` from those of operation `O`: what K::arguments_of() makes of them if it has that function.
template <class K, class O = operation_of<K>>
typename K::arguments arguments_for(const typename O::arguments& given) {
    if constexpr (requires { K::arguments_of(given); }) {
        return K::arguments_of(given);
    } else {
        return typename K::arguments{given};
    }
}

/// How many multiprocessors a launch uses on a device with `present` of them; an error if that number is out of range.
inline result<int> usable_sms(const launch_info& kernel, const launch_options& options, int present) {
    const int wanted = options.num_sms == 0 ? present : options.num_sms;
    if (kernel.claims && wanted < present)
        return fail(errc::bad_option, "num_sms is ", wanted, " of ", present,
                    "; this kernel claims tiles, and takes every multiprocessor that is free: num_sms must be 0 or ",
                    present);
    if (wanted >= kernel.cluster_ctas && wanted <= present) return wanted;
    return fail(errc::bad_option, "num_sms is ", wanted, "; this kernel needs at least ", kernel.cluster_ctas,
                " and the device has ", present);
}

}  // namespace deepgemm
