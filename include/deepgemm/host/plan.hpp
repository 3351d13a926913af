// SPDX-License-Identifier: MIT
// Picks the kernel for a problem among those that a program has instantiated. It drops kernels that cannot run the problem,
// looks in the tables of measured choices, and ranks the rest by the operation's predictions. A plan is a value; making one
// needs no GPU and touches no shared state. Functions here deduce the operation from the list of kernels.
#pragma once

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/context.hpp>
#include <deepgemm/host/diagnosis.hpp>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/operation.hpp>
#include <deepgemm/host/print.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// What chose a kernel: the cost model, the library's table, a row of the caller's, or a pin.
enum class choice : u8 { model, tuned, overridden, pinned };

constexpr const char* name_of(choice by) {
    switch (by) {
        case choice::model: return "model";
        case choice::tuned: return "tuned";
        case choice::overridden: return "overridden";
        case choice::pinned: return "pinned";
    }
    return "?";
}

/// A kernel that can run a workload, with its predicted cost.
template <operation O>
struct candidate {
    const kernel_handle<O>* kernel = nullptr;
    cost predicted{};
};

/// How a kernel of ours compares with the library that a caller allows.
template <operation O>
struct library_choice {
    const other_library<O>* library = nullptr;
    std::optional<side_by_side<O>> times{};  ///< nothing: it was not measured beside this kernel
    const char* ruled_out = nullptr;         ///< why it may not be used, if so

    bool is_used() const { return ruled_out == nullptr && times && times->other_wins(); }
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
        if (ranked.empty()) return {};
        if (library && library->is_used() && library->library->computes(given))
            return library->library->launch(given, {stream, num_sms, dependent_launch});
        return kernel()->launch(O::arguments_of(given), {stream, num_sms, dependent_launch});
    }
};

namespace detail {

/// The operation that a list of kernel handles is for.
template <class List>
using operation_of_list = typename std::iter_value_t<decltype(std::begin(std::declval<const List&>()))>::operation;

/// Configurations that have tiles, split K, or fix extents. Knobs on these apply to such configurations only.
template <class Config>
concept has_tiles = requires(const Config& cfg) {
    { cfg.block } -> converts_to<tile_shape>;
};
template <class Config>
concept splits_k = requires(const Config& cfg) {
    { cfg.split_k } -> converts_to<int>;
};
/// How a configuration adds up along K: those with the same number add alike, and one that does not split K at all has 1. It is
/// split_k, unless kernels differ in more than that.
template <splits_k Config>
constexpr int order_along_k(const Config& cfg) {
    if constexpr (requires { cfg.order_along_k(); }) {
        return cfg.order_along_k();
    } else {
        return cfg.split_k;
    }
}
template <class Config>
concept fixes_extents = requires(const Config& cfg) {
    { cfg.extents } -> converts_to<static_extents>;
};

/// Why a tile is outside of limits; null if it is not.
inline const char* why_not(const tile_shape& tile, const tile_limits& limits) {
    if (limits.largest_m != 0 && tile.m > limits.largest_m) return "its tile has more rows than tiles.largest_m";
    if (limits.largest_n != 0 && tile.n > limits.largest_n) return "its tile has more columns than tiles.largest_n";
    if (tile.m % limits.multiple_of_m != 0) return "the rows of its tile are no multiple of tiles.multiple_of_m";
    if (tile.n % limits.multiple_of_n != 0) return "the columns of its tile are no multiple of tiles.multiple_of_n";
    return nullptr;
}

/// Why a context forbids a configuration; null if it does not. `split_k` is the required order_along_k(); 0 allows any.
template <class Config>
const char* why_not(const Config& cfg, const context& knobs, int split_k) {
    if constexpr (fixes_extents<Config>) {
        if (knobs.ignore_static_extents && cfg.extents != static_extents{})
            return "its extents are fixed, and ignore_static_extents is set";
    }
    if constexpr (splits_k<Config>) {
        if (split_k != 0 && order_along_k(cfg) != split_k)
            return knobs.split == split_rule::never
                       ? "it splits K, and split is never"
                       : "it does not split K as the kernel for one row does, and split is as_one_row";
    }
    if constexpr (has_tiles<Config>) return why_not(cfg.block, knobs.tiles);
    return nullptr;
}

}  // namespace detail

/// Why a kernel cannot run a workload with `sms` multiprocessors; null if it can. `split_k` is the required value; 0 allows
/// any.
template <operation O>
const char* why_not(const info_of<O>& info, const typename O::workload& work, const device_info& device, int sms,
                    const context& knobs, int split_k = 0) {
    if (!runs_on(info.launch, device)) return "it is for another architecture";
    if (const char* const why = O::why_not(info.traits, work)) return why;
    if (const char* const why = O::why_not(info.cfg, work)) return why;
    if (info.launch.smem_bytes > device.smem_bytes_per_cta) return "it needs more shared memory than the device has";
    if (info.launch.cluster_ctas > sms) return "its clusters are larger than num_sms";
    if (info.launch.claims && sms < device.sm_count)
        return "it claims tiles on every multiprocessor that is free, and num_sms keeps some for others";
    return detail::why_not(info.cfg, knobs, split_k);
}

/// The same for a handle.
template <operation O>
const char* why_not(const kernel_handle<O>& kernel, const typename O::workload& work, const device_info& device,
                    int sms, const context& knobs, int split_k = 0) {
    return why_not<O>(kernel.info, work, device, sms, knobs, split_k);
}

namespace detail {

/// Success if limits on tiles are in range.
inline result<void> check_limits(const tile_limits& limits) {
    const struct {
        const char* name;
        int value, least;
    } members[] = {{"largest_m", limits.largest_m, 0},
                   {"largest_n", limits.largest_n, 0},
                   {"multiple_of_m", limits.multiple_of_m, 1},
                   {"multiple_of_n", limits.multiple_of_n, 1}};
    for (const auto& [name, value, least] : members) {
        if (value < least)
            return fail(errc::bad_option, "tiles.", name, " is ", value, "; it must be at least ", least);
    }
    return {};
}

/// The number of multiprocessors that a context allows on a device; an error if that number or a limit on tiles is out of
/// range.
inline result<int> allowed_sms(const device_info& device, const context& knobs) {
    if (auto ok = check_limits(knobs.tiles); !ok) return ok.failure();
    if (knobs.num_sms >= 0 && knobs.num_sms <= device.sm_count)
        return knobs.num_sms == 0 ? device.sm_count : knobs.num_sms;
    return fail(errc::bad_option, "num_sms is ", knobs.num_sms, "; ", device.name, " takes 0 (all) to ",
                device.sm_count);
}

/// What a context allows for one workload.
struct allowance {
    int sms = 0;      ///< multiprocessors
    int split_k = 0;  ///< the required order_along_k(); 0: any
};

/// Everything on which a choice among kernels of operation `O` depends.
template <operation O>
struct question {
    const typename O::workload& work;
    const device_info& device;
    std::span<const kernel_handle<O>> kernels;
    const context& knobs;
    const choices<O>& own;

    /// The predicted cost of a kernel with `sms` multiprocessors.
    cost predicted(const kernel_handle<O>& kernel, int sms) const {
        return kernel.predict != nullptr ? kernel.predict(kernel.info, work, device, sms)
                                         : O::predict(kernel.info, work, device, sms);
    }
    /// Why a kernel may not be chosen; null if it may.
    const char* rules_out(const info_of<O>& info, const allowance& may) const {
        return why_not<O>(info, work, device, may.sms, knobs, may.split_k);
    }
};

template <operation O>
result<allowance> allowed(const question<O>& asked);

/// The kernel that comes before the model's choice, if any, and what chose it.
template <operation O>
struct preference {
    const typename O::config* pin = nullptr;
    const tuned_row<O>* row = nullptr;
    choice by = choice::model;

    bool is_for(const info_of<O>& info) const {
        return pin != nullptr ? agrees(*pin, info.cfg) : row != nullptr && row->chooses(info);
    }
};

template <operation O>
preference<O> preferred(const question<O>& asked, const allowance& may) {
    if (asked.own.pin) return {.pin = &*asked.own.pin, .by = choice::pinned};
    if (const auto* const row = find_tuned<O>(asked.own.overrides, asked.work, asked.knobs.objective); row != nullptr) {
        const auto serves = [&](const kernel_handle<O>& kernel) {
            return row->chooses(kernel.info) && asked.rules_out(kernel.info, may) == nullptr;
        };
        if (std::any_of(asked.kernels.begin(), asked.kernels.end(), serves))
            return {.row = row, .by = choice::overridden};
    }
    if (may.sms != asked.device.sm_count) return {};
    const auto* const row = find_tuned<O>(tuned_rows<O>(asked.device), asked.work, asked.knobs.objective);
    return row == nullptr ? preference<O>{} : preference<O>{.row = row, .by = choice::tuned};
}

/// The error for a workload that no kernel runs. It names what forbids the kernel that comes closest, why there can be none, or
/// the kernel to instantiate.
template <operation O>
error no_kernel(const question<O>& asked, const allowance& may) {
    const auto& [work, device, kernels, knobs, own] = asked;
    const auto for_device = [&](const kernel_handle<O>& kernel) { return runs_on(kernel.info.launch, asked.device); };
    if (!kernels.empty() && std::none_of(kernels.begin(), kernels.end(), for_device)) {
        return fail(errc::wrong_device, device.name, " has compute capability ", device.arch / 10, ".",
                    device.arch % 10, "; the ", kernels.size(), " kernels given are for ",
                    kernels.front().info.launch.arch / 10, ".", kernels.front().info.launch.arch % 10);
    }
    std::string text = concat("none of ", kernels.size(), " kernels runs ", O::describe(work));
    for (const kernel_handle<O>& kernel : kernels) {
        const info_of<O>& info = kernel.info;
        if (!runs_on(info.launch, device) || O::why_not(info.traits, work) != nullptr) continue;
        if (own.pin && !agrees(*own.pin, info.cfg)) continue;
        const char* const reason = asked.rules_out(info, may);
        if (reason != nullptr) return fail(errc::no_kernel, text, "; ", to_source(info.cfg), " does not: ", reason);
    }
    if constexpr (operation_concept::refuses<O>) {
        if (const std::string why = O::refusal(work, device); !why.empty())
            return fail(errc::no_kernel, text, "; ", why);
    }
    info_of<O> wanted = O::wanted(work, device);
    if (own.pin) {
        wanted.cfg = *own.pin;
        text += concat(" with the pinned ", to_source(wanted.cfg));
    }
    return fail(errc::no_kernel, text, "; instantiate ", O::source_of(wanted));
}

/// The best kernel for a valid workload, among those that its context allows.
template <operation O>
result<candidate<O>> best_of(const question<O>& asked, const allowance& may) {
    const auto wish = preferred(asked, may);
    candidate<O> best;
    bool best_favoured = false;
    for (const kernel_handle<O>& kernel : asked.kernels) {
        const bool favoured = wish.is_for(kernel.info);
        if ((wish.by == choice::pinned || best_favoured) && !favoured) continue;
        if (asked.rules_out(kernel.info, may) != nullptr) continue;
        const cost predicted = asked.predicted(kernel, may.sms);
        const bool better =
            best.kernel == nullptr || favoured != best_favoured || predicted.total_us < best.predicted.total_us;
        if (!better) continue;
        best = {&kernel, predicted};
        best_favoured = favoured;
    }
    if (best.kernel == nullptr) return no_kernel(asked, may);
    return best;
}

/// How a kernel that was chosen compares with the library that the caller allows; nothing if it allows none.
template <operation O>
std::optional<library_choice<O>> compared(const question<O>& asked, const allowance& may, const info_of<O>& chosen) {
    if (asked.own.library == nullptr) return {};
    library_choice<O> made{.library = asked.own.library};
    const auto wish = preferred(asked, may);
    if (wish.by == choice::pinned) {
        made.ruled_out = "a configuration is pinned";
    } else if (wish.by == choice::overridden) {
        made.ruled_out = "the caller's table decides";
    } else if (may.sms != asked.device.sm_count) {
        made.ruled_out = "it was measured with all multiprocessors only";
    } else if (asked.knobs.split != split_rule::fastest) {
        made.ruled_out = "it keeps no rule for split_k";
    } else if (asked.knobs.tiles != tile_limits{}) {
        made.ruled_out = "it keeps no limits on tiles";
    } else {
        made.times = asked.own.library->measured(asked.work, asked.device, asked.knobs.objective);
        if (made.times && !agrees(made.times->ours, chosen.cfg)) made.times.reset();
    }
    return made;
}

/// The best kernel for a valid workload.
template <operation O>
result<candidate<O>> answer(const question<O>& asked) {
    const auto may = allowed(asked);
    if (!may) return may.failure();
    return best_of(asked, *may);
}

}  // namespace detail

/// The best kernel for a workload that is not empty, by the same rules as plan() but without the list of the others.
template <class List, operation O = detail::operation_of_list<List>>
result<candidate<O>> choose(const typename O::workload& work, const device_info& device, const List& kernels,
                            const context& knobs = {}, const choices<O>& own = {}) {
    if (auto ok = O::check(work); !ok) return ok.failure();
    return detail::answer<O>({work, device, kernels, knobs, own});
}

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

/// The split_k of the kernel that would compute one row on the whole device. It ignores the pin and the num_sms of a call,
/// since a split that depended on these would change bits from call to call.
template <operation O>
result<int> split_of_one_row(const question<O>& asked) {
    const typename O::workload one_row = O::with_rows(asked.work, 1);
    context knobs = asked.knobs;
    knobs.split = split_rule::fastest;
    knobs.num_sms = 0;
    const choices<O> own{.overrides = asked.own.overrides};
    if (auto ok = O::check(one_row); !ok) return ok.failure();
    const auto chosen = answer<O>({one_row, asked.device, asked.kernels, knobs, own});
    if (!chosen) return chosen.failure();
    return detail::order_along_k(chosen->kernel->info.cfg);
}

template <operation O>
result<allowance> allowed(const question<O>& asked) {
    const auto sms = allowed_sms(asked.device, asked.knobs);
    if (!sms) return sms.failure();
    if (asked.knobs.split == split_rule::fastest) return allowance{*sms, 0};
    if (asked.knobs.split == split_rule::never) return allowance{*sms, 1};
    if constexpr (splits_k<typename O::config>) {
        const auto split = split_of_one_row(asked);
        if (!split) return split.failure();
        return allowance{*sms, *split};
    }
    return allowance{*sms, 0};
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
