// SPDX-License-Identifier: MIT
// Picks the kernel for a problem among those a program has instantiated: drops what cannot run it, asks the tuned table,
// ranks the rest by the cost model. A plan is a value; making one needs no GPU and touches no shared state.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <deepgemm/host/context.hpp>
#include <deepgemm/host/cost_model.hpp>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/host/tuned.hpp>
#include <deepgemm/host/validate.hpp>

namespace deepgemm {

/// Why a kernel is the one to use: the cost model, the library's table, a row of the caller's, a pin.
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

/// A kernel that can run a workload, and what the model says of it.
struct candidate {
    const kernel_handle* kernel = nullptr;
    cost predicted{};
};

/// What will run, and how it compares. Kernels are pointed to, so the list given to plan() must outlive it.
struct gemm_plan {
    workload work{};
    device_info device{};
    int num_sms = 0;  ///< multiprocessors the kernel will occupy
    bool dependent_launch = false;
    choice chosen_by = choice::model;
    std::vector<candidate> ranked{};  ///< the kernel to use, then the others, fastest first; empty if D is empty

    /// The kernel to use; null if there is nothing to do.
    const kernel_handle* kernel() const { return ranked.empty() ? nullptr : ranked.front().kernel; }
    /// What the model predicts of it; all zero if there is nothing to do.
    cost predicted() const { return ranked.empty() ? cost{} : ranked.front().predicted; }
    int stages() const { return ranked.empty() ? 0 : kernel()->info.cfg.stages; }
    u32 smem_bytes() const { return ranked.empty() ? 0 : kernel()->info.launch.smem_bytes; }
    /// Device memory a launch needs beside its arguments: none, since CTAs that split K add up within their cluster.
    static constexpr u64 workspace_bytes() { return 0; }

    /// Loads the kernel on the current device, so that launches do not.
    result<void> prepare() const { return ranked.empty() ? result<void>{} : kernel()->prepare(); }

    /// Launches the kernel on a problem of the planned workload. Allocates nothing; safe under graph capture.
    result<void> launch(const gemm_problem& problem, void* stream = nullptr) const {
        if (auto ok = validate(problem); !ok) return ok;
        if (const workload given = workload_of(problem); !(given == work)) {
            return fail(errc::shape_mismatch, "the plan was made for ", describe(work), "; the problem is ",
                        describe(given));
        }
        if (ranked.empty()) return {};
        return kernel()->launch(arguments_of(problem), {stream, num_sms, dependent_launch});
    }
};

/// Why a kernel cannot run a workload with `sms` multiprocessors; null if it can.
inline const char* why_not(const kernel_info& info, const workload& work, const device_info& device, int sms,
                           const context& knobs) {
    const auto mismatch = [](int fixed, i32 extent) { return fixed != 0 && fixed != extent; };
    const auto& [m, n, k] = info.cfg.extents;
    if (info.custom_epilogue) return "it has an epilogue of its own";
    if (info.custom_schedule) return "it has a schedule of its own";
    if (info.launch.arch / 10 != device.arch / 10) return "it is for another architecture";
    if (info.d != work.d) return "it writes another type";
    if (info.accumulate != work.accumulate) return info.accumulate ? "it adds C" : "it does not add C";
    if (info.in_place && !work.in_place) return "it adds to D in place, and C lies elsewhere";
    if (info.heads != work.heads) return "its head splits differ";
    // Without K nothing is multiplied, so that operands do not matter.
    if (work.shape.k != 0 && info.a != work.a) return "it takes another A";
    if (work.shape.k != 0 && info.b != work.b) return "it takes another B";
    if (mismatch(m, work.shape.m) || mismatch(n, work.shape.n) || mismatch(k, work.shape.k))
        return "its extents are fixed to others";
    if (knobs.ignore_static_extents && (m | n | k) != 0)
        return "its extents are fixed, and ignore_static_extents is set";
    if (info.launch.smem_bytes > device.smem_bytes_per_cta) return "it needs more shared memory than the device has";
    if (info.cfg.cluster_ctas() > sms) return "its clusters are larger than num_sms";
    return nullptr;
}

/// True if `have`, the configuration of a kernel, is what `wanted` asks for. A kernel's configuration has every member
/// settled; members of `wanted` that leave the choice open (stages and store_* of 0) agree with any value.
constexpr bool agrees(config wanted, const config& have) {
    if (wanted.stages == 0) wanted.stages = have.stages;
    if (wanted.store_rows == 0) wanted.store_rows = have.store_rows;
    if (wanted.store_columns == 0) wanted.store_columns = have.store_columns;
    if (wanted.store_buffers == 0) wanted.store_buffers = have.store_buffers;
    return wanted == have;
}

namespace detail {

/// The number of multiprocessors that a context allows on a device.
inline result<int> allowed_sms(const device_info& device, const context& knobs) {
    if (knobs.num_sms >= 0 && knobs.num_sms <= device.sm_count)
        return knobs.num_sms == 0 ? device.sm_count : knobs.num_sms;
    return fail(errc::bad_option, "num_sms is ", knobs.num_sms, "; ", device.name, " takes 0 (all) to ",
                device.sm_count);
}

/// The kernel that is preferred to the model's choice, if any, and who prefers it. A tuned row knows whether C is added in
/// place; a pin names a configuration only, and leaves that to the model.
struct preference {
    const config* cfg = nullptr;
    choice by = choice::model;
    bool in_place = false;

    bool is_for(const kernel_info& info) const {
        return cfg != nullptr && agrees(*cfg, info.cfg) && (by == choice::pinned || in_place == info.in_place);
    }
};

inline preference preferred(const workload& work, const device_info& device, int sms,
                            std::span<const kernel_handle> kernels, const context& knobs) {
    if (knobs.pin) return {.cfg = &*knobs.pin, .by = choice::pinned};
    if (const tuned_row* const row = find_tuned(knobs.overrides, work); row != nullptr) {
        const preference own{&row->cfg, choice::overridden, row->in_place};
        const auto serves = [&](const kernel_handle& kernel) {
            return own.is_for(kernel.info) && why_not(kernel.info, work, device, sms, knobs) == nullptr;
        };
        if (std::any_of(kernels.begin(), kernels.end(), serves)) return own;
    }
    if (sms != device.sm_count) return {};
    const tuned_row* const row = find_tuned(tuned_rows(device), work);
    return row == nullptr ? preference{} : preference{&row->cfg, choice::tuned, row->in_place};
}

/// The error for a workload that no kernel runs: what to instantiate, or what forbids the kernel that comes closest.
inline error no_kernel(const workload& work, const device_info& device, int sms, std::span<const kernel_handle> kernels,
                       const context& knobs) {
    kernel_info wanted{.launch = {.arch = device.arch},
                       .a = work.a,
                       .b = work.b,
                       .d = work.d,
                       .accumulate = work.accumulate,
                       .heads = work.heads};
    if (work.a.format == scale_kind::none) {
        wanted.cfg.block.k = 64;
        wanted.cfg.promote = promotion::never;
    }
    if (knobs.pin) wanted.cfg = *knobs.pin;
    const auto for_device = [&](const kernel_handle& kernel) {
        return kernel.info.launch.arch / 10 == device.arch / 10;
    };
    if (!kernels.empty() && std::none_of(kernels.begin(), kernels.end(), for_device)) {
        return fail(errc::wrong_device, device.name, " has compute capability ", device.arch / 10, ".",
                    device.arch % 10, "; the ", kernels.size(), " kernels given are for ",
                    kernels.front().info.launch.arch / 10, ".", kernels.front().info.launch.arch % 10);
    }
    std::string text = concat("none of ", kernels.size(), " kernels runs ", describe(work));
    for (const kernel_handle& kernel : kernels) {
        const kernel_info& info = kernel.info;
        const bool same_types = info.launch.arch == wanted.launch.arch && info.a == wanted.a && info.b == wanted.b &&
                                info.d == wanted.d && info.accumulate == wanted.accumulate &&
                                info.heads == wanted.heads && !info.custom_epilogue && !info.custom_schedule;
        if (!same_types || (knobs.pin && !agrees(*knobs.pin, info.cfg))) continue;
        const char* const reason = why_not(info, work, device, sms, knobs);
        if (reason != nullptr) return fail(errc::no_kernel, text, "; ", to_source(info.cfg), " does not: ", reason);
    }
    if (knobs.pin) text += concat(" with the pinned ", to_source(*knobs.pin));
    return fail(errc::no_kernel, text, "; instantiate ", to_source(wanted));
}

}  // namespace detail

/// The best kernel for a workload, by the same rules as plan() but without the list of the others. D is not empty.
inline result<candidate> choose(const workload& work, const device_info& device, std::span<const kernel_handle> kernels,
                                const context& knobs = {}) {
    const auto sms = detail::allowed_sms(device, knobs);
    if (!sms) return sms.failure();
    const auto preferred = detail::preferred(work, device, *sms, kernels, knobs);
    candidate best;
    bool best_favoured = false;
    for (const kernel_handle& kernel : kernels) {
        const bool favoured = preferred.is_for(kernel.info);
        if ((preferred.by == choice::pinned || best_favoured) && !favoured) continue;
        if (why_not(kernel.info, work, device, *sms, knobs) != nullptr) continue;
        const cost predicted = predict(kernel.info, work, device, *sms);
        const bool better =
            best.kernel == nullptr || favoured != best_favoured || predicted.total_us < best.predicted.total_us;
        if (!better) continue;
        best = {&kernel, predicted};
        best_favoured = favoured;
    }
    if (best.kernel == nullptr) return detail::no_kernel(work, device, *sms, kernels, knobs);
    return best;
}

/// Plans a workload: every kernel that can run it, best first.
inline result<gemm_plan> plan(const workload& work, const device_info& device, std::span<const kernel_handle> kernels,
                              const context& knobs = {}) {
    const auto sms = detail::allowed_sms(device, knobs);
    if (!sms) return sms.failure();
    gemm_plan made{work, device, *sms, knobs.dependent_launch};
    if (work.shape.m == 0 || work.shape.n == 0) return made;

    const auto chosen = choose(work, device, kernels, knobs);
    if (!chosen) return chosen.failure();
    for (const kernel_handle& kernel : kernels) {
        if (&kernel == chosen->kernel || why_not(kernel.info, work, device, *sms, knobs) != nullptr) continue;
        made.ranked.push_back({&kernel, predict(kernel.info, work, device, *sms)});
    }
    std::stable_sort(made.ranked.begin(), made.ranked.end(), [](const candidate& x, const candidate& y) {
        return x.predicted.total_us < y.predicted.total_us;
    });
    made.ranked.insert(made.ranked.begin(), *chosen);
    const auto preferred = detail::preferred(work, device, *sms, kernels, knobs);
    if (preferred.is_for(chosen->kernel->info)) made.chosen_by = preferred.by;
    return made;
}

/// Validates a problem and plans it.
inline result<gemm_plan> plan(const gemm_problem& problem, const device_info& device,
                              std::span<const kernel_handle> kernels, const context& knobs = {}) {
    if (auto ok = validate(problem); !ok) return ok.failure();
    return plan(workload_of(problem), device, kernels, knobs);
}

/// Success if one of the kernels runs a workload on a device, else why none does: no_kernel names what is missing, wrong_device
/// the compute capability, bad_option the knob. For callers that choose between libraries; compiles and launches nothing.
inline result<void> supports(const device_info& device, const workload& work, std::span<const kernel_handle> kernels,
                             const context& knobs = {}) {
    const auto made = plan(work, device, kernels, knobs);
    return made ? result<void>{} : made.failure();
}

/// The same for a problem, which is validated first, strides and alignment included.
inline result<void> supports(const device_info& device, const gemm_problem& problem,
                             std::span<const kernel_handle> kernels, const context& knobs = {}) {
    if (auto ok = validate(problem); !ok) return ok;
    return supports(device, workload_of(problem), kernels, knobs);
}

/// Every kernel that some product of the family needs: the workload with 1 to `m_max` rows. For warm-up, and to see which
/// instantiations a program can do without. Plans each number of rows, a few microseconds each.
inline result<std::vector<const kernel_handle*>> enumerate(workload family, i32 m_max, const device_info& device,
                                                           std::span<const kernel_handle> kernels,
                                                           const context& knobs = {}) {
    std::vector<const kernel_handle*> needed;
    for (family.shape.m = 1; family.shape.m <= m_max; ++family.shape.m) {
        const auto chosen = choose(family, device, kernels, knobs);
        if (!chosen) return chosen.failure();
        if (std::find(needed.begin(), needed.end(), chosen->kernel) == needed.end()) needed.push_back(chosen->kernel);
    }
    return needed;
}

}  // namespace deepgemm
