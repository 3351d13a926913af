// SPDX-License-Identifier: MIT
// Picks the kernel for a problem among those a program has instantiated: drops what cannot run it, asks the tuned table,
// ranks the rest by the cost model. A plan is a value; making one needs no GPU and touches no shared state.
#pragma once

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <deepgemm/host/context.hpp>
#include <deepgemm/host/cost_model.hpp>
#include <deepgemm/host/diagnosis.hpp>
#include <deepgemm/host/fields.hpp>
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
    std::vector<candidate> ranked{};         ///< the kernel to use, then the others, fastest first; empty if D is empty
    std::optional<tuned_row> row{};          ///< the row that chose, if one did
    split_rule split = split_rule::fastest;  ///< what split_k was allowed to depend on
    /// The kernel that would be used if split_k might depend on anything, where that is another one: what the rule costs.
    std::optional<candidate> if_split_by_speed{};

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

namespace detail {

/// Why a tile does not keep to limits; null if it does.
inline const char* why_not(const tile_shape& tile, const tile_limits& limits) {
    if (limits.largest_m != 0 && tile.m > limits.largest_m) return "its tile has more rows than tiles.largest_m";
    if (limits.largest_n != 0 && tile.n > limits.largest_n) return "its tile has more columns than tiles.largest_n";
    if (tile.m % limits.multiple_of_m != 0) return "the rows of its tile are no multiple of tiles.multiple_of_m";
    if (tile.n % limits.multiple_of_n != 0) return "the columns of its tile are no multiple of tiles.multiple_of_n";
    return nullptr;
}

}  // namespace detail

namespace detail {

/// True if a kernel's operand is what a product of that K has. Scales of one column are contiguous along both dimensions, so where
/// they could be loaded along M or N, a kernel that reads them along K takes them, too.
constexpr bool takes(const operand_info& kernel, operand_info given, i32 k) {
    const bool one_column =
        given.tile.mn == 1 && given.format != scale_kind::none && k <= k_per_word(given.format, given.tile);
    if (one_column && kernel.scales == major::k) given.scales = major::k;
    return kernel == given;
}

}  // namespace detail

/// Why a kernel cannot run a workload with `sms` multiprocessors; null if it can. `split_k` is the one to have; 0 leaves it open.
inline const char* why_not(const kernel_info& info, const workload& work, const device_info& device, int sms,
                           const context& knobs, int split_k = 0) {
    const auto mismatch = [](int fixed, i32 extent) { return fixed != 0 && fixed != extent; };
    const auto& [m, n, k] = info.cfg.extents;
    if (info.custom_epilogue) return "it has an epilogue of its own";
    if (info.groups == grouping::custom) return "it has a schedule of its own";
    if (info.groups != grouping::none) return "it computes groups of products";
    if (!runs_on(info.launch, device)) return "it is for another architecture";
    if (info.d != work.d) return "it writes another type";
    if (info.accumulate != work.accumulate) return info.accumulate ? "it adds C" : "it does not add C";
    if (info.in_place && !work.in_place) return "it adds to D in place, and C lies elsewhere";
    if (info.heads != work.heads) return "its head splits differ";
    // Without K nothing is multiplied, so that operands do not matter.
    if (work.shape.k != 0 && !detail::takes(info.a, work.a, work.shape.k)) return "it takes another A";
    if (work.shape.k != 0 && !detail::takes(info.b, work.b, work.shape.k)) return "it takes another B";
    if (mismatch(m, work.shape.m) || mismatch(n, work.shape.n) || mismatch(k, work.shape.k))
        return "its extents are fixed to others";
    if (knobs.ignore_static_extents && (m | n | k) != 0)
        return "its extents are fixed, and ignore_static_extents is set";
    if (info.launch.smem_bytes > device.smem_bytes_per_cta) return "it needs more shared memory than the device has";
    if (info.cfg.cluster_ctas() > sms) return "its clusters are larger than num_sms";
    if (split_k != 0 && info.cfg.split_k != split_k)
        return knobs.split == split_rule::never
                   ? "it splits K, and split is never"
                   : "it does not split K as the kernel for one row does, and split is as_one_row";
    return detail::why_not(info.cfg.block, knobs.tiles);
}

namespace detail {

/// Success if limits on tiles make sense.
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

/// The number of multiprocessors that a context allows on a device; an error if that or a limit of tiles makes no sense.
inline result<int> allowed_sms(const device_info& device, const context& knobs) {
    if (auto ok = check_limits(knobs.tiles); !ok) return ok.failure();
    if (knobs.num_sms >= 0 && knobs.num_sms <= device.sm_count)
        return knobs.num_sms == 0 ? device.sm_count : knobs.num_sms;
    return fail(errc::bad_option, "num_sms is ", knobs.num_sms, "; ", device.name, " takes 0 (all) to ",
                device.sm_count);
}

/// What a context allows for one workload, worked out.
struct allowance {
    int sms = 0;      ///< multiprocessors
    int split_k = 0;  ///< the one to have; 0: any
};

result<allowance> allowed(const workload& work, const device_info& device, std::span<const kernel_handle> kernels,
                          const context& knobs);

/// The kernel that is preferred to the model's choice, if any, and who prefers it. A tuned row knows whether C is added in
/// place; a pin names a configuration only, and leaves that to the model.
struct preference {
    const config* cfg = nullptr;
    choice by = choice::model;
    bool in_place = false;
    const tuned_row* row = nullptr;  ///< where one prefers it

    bool is_for(const kernel_info& info) const {
        return cfg != nullptr && agrees(*cfg, info.cfg) && (by == choice::pinned || in_place == info.in_place);
    }
};

inline preference preferred(const workload& work, const device_info& device, const allowance& may,
                            std::span<const kernel_handle> kernels, const context& knobs) {
    if (knobs.pin) return {.cfg = &*knobs.pin, .by = choice::pinned};
    if (const tuned_row* const row = find_tuned(knobs.overrides, work); row != nullptr) {
        const preference own{&row->cfg, choice::overridden, row->in_place, row};
        const auto serves = [&](const kernel_handle& kernel) {
            return own.is_for(kernel.info) &&
                   why_not(kernel.info, work, device, may.sms, knobs, may.split_k) == nullptr;
        };
        if (std::any_of(kernels.begin(), kernels.end(), serves)) return own;
    }
    if (may.sms != device.sm_count) return {};
    const tuned_row* const row = find_tuned(tuned_rows(device), work);
    return row == nullptr ? preference{} : preference{&row->cfg, choice::tuned, row->in_place, row};
}

/// The error for a workload that no kernel runs: what to instantiate, or what forbids the kernel that comes closest.
inline error no_kernel(const workload& work, const device_info& device, const allowance& may,
                       std::span<const kernel_handle> kernels, const context& knobs) {
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
    const auto for_device = [&](const kernel_handle& kernel) { return runs_on(kernel.info.launch, device); };
    if (!kernels.empty() && std::none_of(kernels.begin(), kernels.end(), for_device)) {
        return fail(errc::wrong_device, device.name, " has compute capability ", device.arch / 10, ".",
                    device.arch % 10, "; the ", kernels.size(), " kernels given are for ",
                    kernels.front().info.launch.arch / 10, ".", kernels.front().info.launch.arch % 10);
    }
    std::string text = concat("none of ", kernels.size(), " kernels runs ", describe(work));
    for (const kernel_handle& kernel : kernels) {
        const kernel_info& info = kernel.info;
        if (!same_product(info, wanted) || (knobs.pin && !agrees(*knobs.pin, info.cfg))) continue;
        const char* const reason = why_not(info, work, device, may.sms, knobs, may.split_k);
        if (reason != nullptr) return fail(errc::no_kernel, text, "; ", to_source(info.cfg), " does not: ", reason);
    }
    if (knobs.pin) text += concat(" with the pinned ", to_source(*knobs.pin));
    return fail(errc::no_kernel, text, "; instantiate ", to_source(wanted));
}

/// The best kernel for a valid workload within what its context allows.
inline result<candidate> best_of(const workload& work, const device_info& device,
                                 std::span<const kernel_handle> kernels, const context& knobs, const allowance& may) {
    const auto wish = preferred(work, device, may, kernels, knobs);
    candidate best;
    bool best_favoured = false;
    for (const kernel_handle& kernel : kernels) {
        const bool favoured = wish.is_for(kernel.info);
        if ((wish.by == choice::pinned || best_favoured) && !favoured) continue;
        if (why_not(kernel.info, work, device, may.sms, knobs, may.split_k) != nullptr) continue;
        const cost predicted = predict(kernel.info, work, device, may.sms);
        const bool better =
            best.kernel == nullptr || favoured != best_favoured || predicted.total_us < best.predicted.total_us;
        if (!better) continue;
        best = {&kernel, predicted};
        best_favoured = favoured;
    }
    if (best.kernel == nullptr) return no_kernel(work, device, may, kernels, knobs);
    return best;
}

}  // namespace detail

/// The best kernel for a workload, by the same rules as plan() but without the list of the others. D is not empty.
inline result<candidate> choose(const workload& work, const device_info& device, std::span<const kernel_handle> kernels,
                                const context& knobs = {}) {
    if (auto ok = validate(work); !ok) return ok.failure();
    const auto may = detail::allowed(work, device, kernels, knobs);
    if (!may) return may.failure();
    return detail::best_of(work, device, kernels, knobs, *may);
}

namespace detail {

/// What DEEPGEMM_PRINT_PLANS prints of a choice.
inline std::string plan_line(const workload& work, const device_info& device, int num_sms, const candidate& chosen) {
    char time[32];
    std::snprintf(time, sizeof time, "%.1f us", chosen.predicted.total_us);
    return concat("deepgemm: ", describe(work), " on ", num_sms, " SMs of ", device.name, ": ",
                  to_source(chosen.kernel->info), ", predicted ", std::string(time), "\n");
}

/// Prints a choice to standard error if DEEPGEMM_PRINT_PLANS asks for it; an error if the environment makes no sense.
inline result<void> tell(const workload& work, const device_info& device, int num_sms, const candidate& chosen) {
    const result<diagnosis>& asked = diagnosis::of_process();
    if (!asked) return asked.failure();
    // One call, so that lines of several threads do not mix.
    if (asked->print_plans) std::fputs(plan_line(work, device, num_sms, chosen).c_str(), stderr);
    return {};
}

/// The split of the kernel that all of a device would run one row with, whatever a call pins or how much of the device it takes:
/// what depends on that would change bits from call to call.
inline result<int> split_of_one_row(workload work, const device_info& device, std::span<const kernel_handle> kernels,
                                    context knobs) {
    work.shape.m = 1;
    knobs.split = split_rule::fastest;
    knobs.pin.reset();
    knobs.num_sms = 0;
    const auto chosen = choose(work, device, kernels, knobs);
    if (!chosen) return chosen.failure();
    return chosen->kernel->info.cfg.split_k;
}

inline result<allowance> allowed(const workload& work, const device_info& device,
                                 std::span<const kernel_handle> kernels, const context& knobs) {
    const auto sms = allowed_sms(device, knobs);
    if (!sms) return sms.failure();
    if (knobs.split == split_rule::fastest) return allowance{*sms, 0};
    if (knobs.split == split_rule::never) return allowance{*sms, 1};
    const auto split = split_of_one_row(work, device, kernels, knobs);
    if (!split) return split.failure();
    return allowance{*sms, *split};
}

}  // namespace detail

/// Plans a workload: every kernel that can run it, best first.
inline result<gemm_plan> plan(const workload& work, const device_info& device, std::span<const kernel_handle> kernels,
                              const context& knobs = {}) {
    if (auto ok = validate(work); !ok) return ok.failure();
    if (work.shape.m == 0 || work.shape.n == 0) {
        const auto sms = detail::allowed_sms(device, knobs);
        if (!sms) return sms.failure();
        return gemm_plan{work, device, *sms, knobs.dependent_launch};
    }
    const auto may = detail::allowed(work, device, kernels, knobs);
    if (!may) return may.failure();
    const auto chosen = detail::best_of(work, device, kernels, knobs, *may);
    if (!chosen) return chosen.failure();
    gemm_plan made{work, device, may->sms, knobs.dependent_launch};
    for (const kernel_handle& kernel : kernels) {
        if (&kernel == chosen->kernel || why_not(kernel.info, work, device, may->sms, knobs, may->split_k) != nullptr)
            continue;
        made.ranked.push_back({&kernel, predict(kernel.info, work, device, may->sms)});
    }
    std::stable_sort(made.ranked.begin(), made.ranked.end(), [](const candidate& x, const candidate& y) {
        return x.predicted.total_us < y.predicted.total_us;
    });
    made.ranked.insert(made.ranked.begin(), *chosen);
    const auto preferred = detail::preferred(work, device, *may, kernels, knobs);
    if (preferred.is_for(chosen->kernel->info)) {
        made.chosen_by = preferred.by;
        if (preferred.row != nullptr) made.row = *preferred.row;
    }
    if (auto ok = detail::tell(work, device, may->sms, *chosen); !ok) return ok.failure();
    made.split = knobs.split;
    if (knobs.split == split_rule::fastest) return made;
    context by_speed = knobs;
    by_speed.split = split_rule::fastest;
    const auto unbound = detail::best_of(work, device, kernels, by_speed, {may->sms, 0});
    if (unbound && unbound->kernel != chosen->kernel) made.if_split_by_speed = *unbound;
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
    if (auto ok = validate(work); !ok) return ok;
    if (work.shape.m == 0 || work.shape.n == 0) {
        const auto sms = detail::allowed_sms(device, knobs);
        return sms ? result<void>{} : sms.failure();
    }
    const auto chosen = choose(work, device, kernels, knobs);
    return chosen ? result<void>{} : chosen.failure();
}

/// The same for a problem, which is validated first, strides and alignment included.
inline result<void> supports(const device_info& device, const gemm_problem& problem,
                             std::span<const kernel_handle> kernels, const context& knobs = {}) {
    if (auto ok = validate(problem); !ok) return ok;
    return supports(device, workload_of(problem), kernels, knobs);
}

/// Every kernel that some product of the family needs: the workload with 1 to `m_max` rows. For warm-up, and to see which
/// instantiations a program can do without. Plans each number of rows, a few microseconds each. An error if `m_max` is no extent.
inline result<std::vector<const kernel_handle*>> enumerate(workload family, i32 m_max, const device_info& device,
                                                           std::span<const kernel_handle> kernels,
                                                           const context& knobs = {}) {
    if (auto ok = check_extent("m_max", m_max); !ok) return ok.failure();
    std::vector<const kernel_handle*> needed;
    for (family.shape.m = 1; family.shape.m <= m_max; ++family.shape.m) {
        const auto chosen = choose(family, device, kernels, knobs);
        if (!chosen) return chosen.failure();
        if (std::find(needed.begin(), needed.end(), chosen->kernel) == needed.end()) needed.push_back(chosen->kernel);
    }
    return needed;
}

}  // namespace deepgemm
