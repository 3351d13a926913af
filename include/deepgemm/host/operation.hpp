// SPDX-License-Identifier: MIT
// What an operation is: all that the host knows of a family of kernels (the dense GEMM, ops/gemm/, is one) to check a caller's
// problem, choose a kernel for it, launch that kernel and explain the choice. Planner, engine, NVRTC and text are written once,
// against this concept.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/context.hpp>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/host/device.hpp>
#include <deepgemm/host/fields.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/host/memory.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace operation_concept {
/// Has a name, and names the types of a problem on its way from the caller to the kernel.
template <class O>
concept names_types = requires {
    { O::name } -> converts_to<const char*>;
    typename O::problem;    // what a caller gives: pointers, strides, 64-bit extents
    typename O::workload;   // what a planner sees of it: no pointers, no strides
    typename O::arguments;  // what a kernel is launched with
    typename O::traits;     // what a kernel computes, of which operands
    typename O::config;     // what may change its speed but not its results; has a table of members (core/fields.cuh)
    requires has_named_fields<typename O::config>;
    requires !same_as<typename O::problem, typename O::workload>;
};
/// Compares workloads, traits and configurations, and hashes workloads.
template <class O>
concept compares = requires(const typename O::workload& work, const typename O::traits& traits,
                            const typename O::config& cfg) {
    { work == work } -> same_as<bool>;
    { O::hash(work) } -> same_as<u64>;
    { traits == traits } -> same_as<bool>;
    { cfg == cfg } -> same_as<bool>;
};
/// Checks problems and workloads against its own rules. The rules for memory are the same for all operations.
template <class O>
concept checks = requires(const typename O::problem& problem, const typename O::workload& work) {
    { O::check(problem) } -> same_as<result<void>>;
    { O::check(work) } -> same_as<result<void>>;
};
/// Lists the memory that a checked problem reads and writes.
template <class O>
concept lists_memory = requires(const typename O::problem& problem) {
    std::span<const memory_use>(O::memory_of(problem));
};
/// Translates a checked problem for planners and for kernels, and says whether there is anything to do.
template <class O>
concept translates = requires(const typename O::problem& problem, const typename O::workload& work) {
    { O::workload_of(problem) } -> same_as<typename O::workload>;
    { O::arguments_of(problem) } -> same_as<typename O::arguments>;
    { O::is_empty(work) } -> same_as<bool>;
};
/// Says in a few words why a kernel with some traits, or with a configuration, does not run a workload; null if it does.
template <class O>
concept matches = requires(const typename O::traits& traits, const typename O::config& cfg,
                           const typename O::workload& work) {
    { O::why_not(traits, work) } -> same_as<const char*>;
    { O::why_not(cfg, work) } -> same_as<const char*>;
};
/// Predicts the time of a kernel on a workload that is not empty, with a number of multiprocessors. Says how many bytes of
/// device memory a launch needs beside its arguments.
template <class O>
concept predicts = requires(const info_of<O>& info, const typename O::workload& work, const device_info& device,
                            int num_sms) {
    { O::predict(info, work, device, num_sms) } -> same_as<cost>;
    { O::workspace_bytes(info.cfg, work, num_sms) } -> same_as<u64>;
};
/// Describes workloads in words and kernels as C++ types, and gives the kernel to instantiate if none runs a workload.
template <class O>
concept has_text = requires(const typename O::workload& work, const info_of<O>& info, const device_info& device) {
    { O::describe(work) } -> same_as<std::string>;
    { O::source_of(info) } -> same_as<std::string>;
    { O::wanted(work, device) } -> same_as<info_of<O>>;
};
}  // namespace operation_concept

/// The refusal of an operation named `what` whose kernels are Hopper's, where `device` is none; "" where it is.
inline std::string refusal_but_on_hopper(const char* what, const device_info& device) {
    if (device.arch / 10 == arch::sm90::number / 10) return {};
    return concat(what, " has kernels for compute capability ", capability_of(arch::sm90::number), " alone; ",
                  device.name, " has ", capability_of(device.arch));
}

/// A family of kernels as the host sees it; a type of static members only.
/// Satisfied by: types `problem`, `workload`, `arguments`, `traits` and `config`, a `name`, and functions that check,
/// translate, match, predict and describe.
template <class O>
concept operation = operation_concept::names_types<O> && operation_concept::compares<O> &&
    operation_concept::checks<O> && operation_concept::lists_memory<O> && operation_concept::translates<O> &&
    operation_concept::matches<O> && operation_concept::predicts<O> && operation_concept::has_text<O>;

namespace detail {

// Functions beside the types of an operation, called by argument-dependent lookup. Members of usual_operation have their names,
// and would be found instead.
template <class X>
auto memory_beside(const X& x) {
    return memory_of(x);
}
template <class X>
auto workload_beside(const X& x) {
    return workload_of(x);
}
template <class X>
auto arguments_beside(const X& x) {
    return arguments_of(x);
}
template <class X>
bool is_empty_beside(const X& x) {
    return is_empty(x);
}
template <class Info, class Workload>
cost predict_beside(const Info& kernel, const Workload& work, const device_info& device, int num_sms) {
    return predict(kernel, work, device, num_sms);
}
template <class X>
std::string describe_beside(const X& x) {
    return describe(x);
}

}  // namespace detail

/// What most operations have in common, to derive from: the five types, and functions that only call those of the same names
/// beside these types. A derived operation adds `name`, both check(), with_rows(), both why_not() and wanted(), and replaces
/// what is another way with it.
template <class Problem, class Workload, class Arguments, class Traits, class Config>
struct usual_operation {
    using problem = Problem;
    using workload = Workload;
    using arguments = Arguments;
    using traits = Traits;
    using config = Config;
    using info = kernel_info<Traits, Config>;

    static auto memory_of(const problem& given) { return detail::memory_beside(given); }
    static workload workload_of(const problem& given) { return detail::workload_beside(given); }
    static arguments arguments_of(const problem& given) { return detail::arguments_beside(given); }
    static bool is_empty(const workload& work) { return detail::is_empty_beside(work); }
    static u64 hash(const workload& work) { return hash_of(work); }
    static cost predict(const info& kernel, const workload& work, const device_info& device, int num_sms) {
        return detail::predict_beside(kernel, work, device, num_sms);
    }
    /// No bytes.
    static constexpr u64 workspace_bytes(const config&, const workload&, int) { return 0; }
    static std::string describe(const workload& work) { return detail::describe_beside(work); }
    static std::string source_of(const info& kernel) { return to_source(kernel); }
};

namespace operation_concept {
/// Complete for operations only; see `explains`.
template <operation O>
struct model {};

/// Can give a workload another number of rows, for enumerate() and for split_rule::as_one_row. Some operations have no rows.
template <class O>
concept varies_rows = requires(const typename O::workload& work, i32 rows) {
    { O::with_rows(work, rows) } -> same_as<typename O::workload>;
};
/// Says of a workload that no kernel of a device computes why, and what to do instead; "" of one that a kernel may be
/// instantiated for.
template <class O>
concept refuses = requires(const typename O::workload& work, const device_info& device) {
    { O::refusal(work, device) } -> same_as<std::string>;
};
/// Has measured choices, rows of a type of its own: a table for each GPU, and a search for the row that applies to a workload
/// and was tuned for an objective.
/// A row has a configuration, says whether a kernel is its choice, and holds measured times.
template <class O>
concept has_measurements = requires(const typename O::tuned_row& row, std::span<const typename O::tuned_row> rows,
                                    const typename O::workload& work, const device_info& device, const info_of<O>& info,
                                    objective_kind objective) {
    { O::tuned_rows(device) } -> same_as<std::span<const typename O::tuned_row>>;
    { O::find_tuned(rows, work, objective) } -> same_as<const typename O::tuned_row*>;
    { row.cfg } -> converts_to<const typename O::config&>;
    { row.chooses(info) } -> same_as<bool>;           // true for the kernel that was the fastest
    { row.us_of(info) } -> converts_to<double>;       // in microseconds; 0 if its time is not stored
    { row.measured_with() } -> same_as<std::string>;  // the workload of the times: "m = 128"
};
}  // namespace operation_concept

/// A measured choice for workloads equal to `at`. The row type of operations that have none of their own.
template <class O>
struct exact_choice {
    typename O::workload at{};
    typename O::config cfg{};                            ///< members that are left open agree with any value
    double us = 0;                                       ///< the measured time, in microseconds; 0: not stored
    objective_kind objective = objective_kind::latency;  ///< what it was tuned for

    bool chooses(const info_of<O>& info) const { return agrees(cfg, info.cfg); }
    double us_of(const info_of<O>& info) const { return chooses(info) ? us : 0; }
    std::string measured_with() const { return O::describe(at); }
};

namespace detail {
template <class O>
struct row_type {
    using type = exact_choice<O>;
};
template <class O>
    requires operation_concept::has_measurements<O>
struct row_type<O> {
    using type = typename O::tuned_row;
};
}  // namespace detail

/// A measured choice of operation `O`.
template <class O>
using tuned_row = typename detail::row_type<O>::type;

/// The rows of the library for a device; none if the operation was not measured on it.
template <operation O>
std::span<const tuned_row<O>> tuned_rows(const device_info& device) {
    if constexpr (operation_concept::has_measurements<O>) {
        return O::tuned_rows(device);
    } else {
        return {};
    }
}

/// The row of a table that applies to a workload and was tuned for an objective; null if there is none.
template <operation O>
const tuned_row<O>* find_tuned(std::span<const tuned_row<O>> rows, const typename O::workload& work,
                               objective_kind objective) {
    if constexpr (operation_concept::has_measurements<O>) {
        return O::find_tuned(rows, work, objective);
    } else {
        for (const tuned_row<O>& row : rows) {
            if (row.at == work && row.objective == objective) return &row;
        }
        return nullptr;
    }
}

/// Times of a kernel of ours and of another library on one workload, measured in one run, in microseconds.
template <operation O>
struct side_by_side {
    typename O::config ours{};  ///< members that are left open agree with any value
    double ours_us = 0, other_us = 0;

    /// True if the other library was faster by more than such times differ from run to run.
    constexpr bool other_wins() const { return other_us < 0.98 * ours_us; }
};

/// Another library that computes what operation `O` does. A planner looks at it only for a caller who has put it into its
/// choices. It has a say where it was measured beside the very kernel that the planner would use, and nowhere else.
template <operation O>
struct other_library {
    const char* name = "?";
    /// What was measured of a workload on a device, for an objective; nothing if it was not.
    std::optional<side_by_side<O>> (*measured)(const typename O::workload&, const device_info&,
                                               objective_kind) = nullptr;
    /// Computes a checked problem that is not empty on the current device.
    kernel_function<const typename O::problem&, const launch_options&> launch{};
    /// False for a checked problem that it cannot compute, though it was measured on its workload: our kernel then does. Null:
    /// none.
    bool (*takes)(const typename O::problem&) = nullptr;

    bool computes(const typename O::problem& given) const { return takes == nullptr || takes(given); }
};

/// What a caller asks for one operation. The context holds what applies to all operations.
template <operation O>
struct choices {
    std::optional<typename O::config> pin{};  ///< the one configuration to use; planning fails if no kernel agrees()
    /// Measured choices of the caller. They come before the library's table and apply for any num_sms. A row is skipped if its
    /// kernel is not among those given. The rows must outlive what is made with them.
    std::span<const tuned_row<O>> overrides{};
    /// Another library that may be used where it was measured to be faster; null: none. It must outlive what is made with it.
    /// The last bits of D are then that library's. It is not used beside a pin or a row of `overrides`, nor on part of the
    /// device, nor under limits on tiles or a rule for split_k, since it keeps none of these.
    const other_library<O>* library = nullptr;
};

/// Knobs of one call, which replace the engine's. A knob that is not set stays as the engine has it.
template <operation O>
struct call_knobs {
    std::optional<int> num_sms{};             ///< as in context
    std::optional<typename O::config> pin{};  ///< as in choices
    std::optional<bool> dependent_launch{};   ///< as in context
};

/// Checks a problem against the rules of its operation and, unless there is nothing to do, those for memory. Returns the
/// problem's workload.
template <operation O>
result<typename O::workload> checked(const typename O::problem& problem) {
    if (auto ok = O::check(problem); !ok) return ok.failure();
    typename O::workload work = O::workload_of(problem);
    if (O::is_empty(work)) return work;
    if (auto ok = check_memory(O::memory_of(problem)); !ok) return ok.failure();
    return work;
}

}  // namespace deepgemm
