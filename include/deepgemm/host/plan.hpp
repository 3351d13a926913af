// SPDX-License-Identifier: MIT
// A plan: the kernel for a problem among those that a program has instantiated, with all others that could run it. A plan is a
// value; making one needs no GPU and touches no shared state. Functions here deduce the operation from the list of kernels.
#pragma once

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/choice.hpp>
#include <deepgemm/host/diagnosis.hpp>
#include <deepgemm/host/extents.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What computes a workload: a kernel, or in its place the library that the caller allows; nothing if there is nothing to do.
template <operation O>
struct chosen_means {
    const kernel_handle<O>* kernel = nullptr;
    const other_library<O>* library = nullptr;

    /// `compared`: how the kernel compares with the library, if the caller allows one.
    static chosen_means of(const kernel_handle<O>* kernel, const std::optional<library_choice<O>>& compared) {
        return {kernel, compared && compared->is_used() ? compared->library : nullptr};
    }

    /// Launches a problem of that workload.
    result<void> launch(const typename O::problem& problem, const launch_options& options) const {
        if (kernel == nullptr) return {};
        if (library != nullptr && library->computes(problem)) return library->launch(problem, options);
        return kernel->launch(O::arguments_of(problem), options);
    }
};

/// The kernel that will run, and how it compares with the others. It points to kernels, so the list given to plan() must
/// outlive it.
template <operation O>
struct plan_of {
    using operation = O;
    using problem = typename O::problem;
    using workload = typename O::workload;

    workload work{};
    device_info device{};
    int num_sms = 0;  ///< multiprocessors the kernel will occupy
    bool dependent_launch = false;
    choice chosen_by = choice::model;
    std::vector<candidate<O>>
        ranked{};  ///< the kernel to use, then the others, fastest first; empty if nothing is to do
    std::optional<tuned_row<O>> row{};                   ///< the row that chose, if one did
    split_rule split = split_rule::fastest;              ///< what split_k was allowed to depend on
    objective_kind objective = objective_kind::latency;  ///< what the kernel was chosen for
    /// The kernel that would be used without the rule for split_k, if that is another one: it shows what the rule costs.
    std::optional<candidate<O>> if_split_by_speed{};
    /// The library that the caller allows, if it does. Where it is used, launch() calls it in place of kernel().
    std::optional<library_choice<O>> library{};

    /// The kernel to use; null if there is nothing to do.
    const kernel_handle<O>* kernel() const { return ranked.empty() ? nullptr : ranked.front().kernel; }
    /// Its predicted cost; all zero if there is nothing to do.
    cost predicted() const { return ranked.empty() ? cost{} : ranked.front().predicted; }
    int stages() const { return ranked.empty() ? 0 : kernel()->info.cfg.stages; }
    u32 smem_bytes() const { return ranked.empty() ? 0 : kernel()->info.launch.smem_bytes; }
    /// Bytes of device memory that a launch needs beside its arguments.
    u64 workspace_bytes() const { return ranked.empty() ? 0 : O::workspace_bytes(kernel()->info.cfg, work, num_sms); }

    /// Loads the kernel on the current device, so that launches do not.
    result<void> prepare() const { return ranked.empty() ? result<void>{} : kernel()->prepare(); }

    /// Launches the kernel on a problem of the planned workload. Allocates nothing; safe under graph capture.
    result<void> launch(const problem& given, void* stream = nullptr) const {
        const auto found = checked<O>(given);
        if (!found) return found.failure();
        if (!(*found == work)) {
            return fail(errc::shape_mismatch, "the plan was made for ", O::describe(work), "; the problem is ",
                        O::describe(*found));
        }
        return chosen_means<O>::of(kernel(), library).launch(given, {stream, num_sms, dependent_launch});
    }
};

namespace detail {

/// The line that DEEPGEMM_PRINT_PLANS prints for a choice.
template <operation O>
std::string plan_line(const typename O::workload& work, const device_info& device, int num_sms,
                      const candidate<O>& chosen) {
    char time[32];
    std::snprintf(time, sizeof time, "%.1f us", chosen.predicted.total_us);
    return concat("deepgemm: ", O::describe(work), " on ", num_sms, " SMs of ", device.name, ": ",
                  O::source_of(chosen.kernel->info), ", predicted ", std::string(time), "\n");
}

/// Prints a choice to standard error if DEEPGEMM_PRINT_PLANS is set; an error if a variable of the environment is malformed.
template <operation O>
result<void> tell(const typename O::workload& work, const device_info& device, int num_sms,
                  const candidate<O>& chosen) {
    const result<diagnosis>& asked = diagnosis::of_process();
    if (!asked) return asked.failure();
    // One call, so that lines of several threads do not mix.
    if (asked->print_plans) std::fputs(plan_line<O>(work, device, num_sms, chosen).c_str(), stderr);
    return {};
}

}  // namespace detail

/// Plans a workload: every kernel that can run it, best first.
template <class List, operation O = detail::operation_of_list<List>>
result<plan_of<O>> plan(const typename O::workload& work, const device_info& device, const List& kernels,
                        const context& knobs = {}, const choices<O>& own = {}) {
    if (auto ok = O::check(work); !ok) return ok.failure();
    if (O::is_empty(work)) {
        const auto sms = detail::allowed_sms(device, knobs);
        if (!sms) return sms.failure();
        return plan_of<O>{work, device, *sms, knobs.dependent_launch};
    }
    const detail::question<O> asked{work, device, kernels, knobs, own};
    const auto may = detail::allowed(asked);
    if (!may) return may.failure();
    const auto chosen = detail::best_of(asked, *may);
    if (!chosen) return chosen.failure();
    plan_of<O> made{work, device, may->sms, knobs.dependent_launch};
    made.objective = knobs.objective;
    for (const kernel_handle<O>& kernel : asked.kernels) {
        if (&kernel == chosen->kernel || asked.rules_out(kernel.info, *may) != nullptr) continue;
        made.ranked.push_back({&kernel, asked.predicted(kernel, may->sms)});
    }
    std::stable_sort(made.ranked.begin(), made.ranked.end(), [](const candidate<O>& x, const candidate<O>& y) {
        return x.predicted.total_us < y.predicted.total_us;
    });
    made.ranked.insert(made.ranked.begin(), *chosen);
    const auto preferred = detail::preferred(asked, *may);
    if (preferred.is_for(chosen->kernel->info)) {
        made.chosen_by = preferred.by;
        if (preferred.row != nullptr) made.row = *preferred.row;
    }
    made.library = detail::compared(asked, *may, chosen->kernel->info);
    if (auto ok = detail::tell<O>(work, device, may->sms, *chosen); !ok) return ok.failure();
    made.split = knobs.split;
    if (knobs.split == split_rule::fastest) return made;
    context by_speed = knobs;
    by_speed.split = split_rule::fastest;
    const auto unbound = detail::best_of<O>({work, device, kernels, by_speed, own}, {may->sms, 0});
    if (unbound && unbound->kernel != chosen->kernel) made.if_split_by_speed = *unbound;
    return made;
}

/// Validates a problem and plans it.
template <class List, operation O = detail::operation_of_list<List>>
result<plan_of<O>> plan(const typename O::problem& problem, const device_info& device, const List& kernels,
                        const context& knobs = {}, const choices<O>& own = {}) {
    const auto work = checked<O>(problem);
    if (!work) return work.failure();
    return plan(*work, device, kernels, knobs, own);
}

/// Success if one of the kernels runs a workload on a device, else the reason why none does: no_kernel names what is missing,
/// wrong_device the compute capability, bad_option the knob. For callers that choose between libraries. It compiles and
/// launches nothing.
template <class List, operation O = detail::operation_of_list<List>>
result<void> supports(const device_info& device, const typename O::workload& work, const List& kernels,
                      const context& knobs = {}, const choices<O>& own = {}) {
    if (auto ok = O::check(work); !ok) return ok;
    if (O::is_empty(work)) {
        const auto sms = detail::allowed_sms(device, knobs);
        return sms ? result<void>{} : sms.failure();
    }
    const auto chosen = choose(work, device, kernels, knobs, own);
    return chosen ? result<void>{} : chosen.failure();
}

/// The same for a problem, which is validated first, including its strides and alignment.
template <class List, operation O = detail::operation_of_list<List>>
result<void> supports(const device_info& device, const typename O::problem& problem, const List& kernels,
                      const context& knobs = {}, const choices<O>& own = {}) {
    const auto work = checked<O>(problem);
    if (!work) return work.failure();
    return supports(device, *work, kernels, knobs, own);
}

/// Kernels of a list, by their addresses in it.
template <operation O>
using kernel_pointers = std::vector<const kernel_handle<O>*>;

/// Every kernel that some workload of a family needs: the workload with 1 to `m_max` rows. For warm-up, and to see which
/// instantiations a program can do without. It plans each number of rows, which takes a few microseconds each. An error if
/// `m_max` is no extent.
template <class List, operation O = detail::operation_of_list<List>>
    requires(operation_concept::varies_rows<O>)
result<kernel_pointers<O>> enumerate(const typename O::workload& family, i32 m_max, const device_info& device,
                                     const List& kernels, const context& knobs = {}, const choices<O>& own = {}) {
    if (auto ok = check_extent("m_max", m_max); !ok) return ok.failure();
    kernel_pointers<O> needed;
    for (i32 rows = 1; rows <= m_max; ++rows) {
        const auto chosen = choose(O::with_rows(family, rows), device, kernels, knobs, own);
        if (!chosen) return chosen.failure();
        if (std::find(needed.begin(), needed.end(), chosen->kernel) == needed.end()) needed.push_back(chosen->kernel);
    }
    return needed;
}

}  // namespace deepgemm
