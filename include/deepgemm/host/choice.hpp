// SPDX-License-Identifier: MIT
// The choice of a kernel among those that a program has instantiated. Kernels that cannot run the workload are dropped; a pin,
// a row of the caller's or of the library's measured choices comes first, and else the operation's prediction decides.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/choice_rules.hpp>
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

namespace detail {

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
        return fail(errc::wrong_device, device.name, " has compute capability ", capability_of(device.arch), "; the ",
                    kernels.size(), " kernels given are for ", capability_of(kernels.front().info.launch.arch));
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

}  // namespace deepgemm
