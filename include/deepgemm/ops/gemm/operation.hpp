// SPDX-License-Identifier: MIT
// The dense GEMM as an operation: the functions that planner, engine and NVRTC call, defined by the headers beside this one.
#pragma once

#include <span>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/ops/gemm/cost.hpp>
#include <deepgemm/ops/gemm/device_rules.hpp>
#include <deepgemm/ops/gemm/rules.hpp>
#include <deepgemm/ops/gemm/sm100_choice.hpp>
#include <deepgemm/ops/gemm/text.hpp>
#include <deepgemm/ops/gemm/tuned.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// True if a kernel's operand is the one of a product with that K. One whose rows have scales for all of K is also one that has
/// one scale or none. Scales of one column are contiguous along both dimensions.
/// They count as MN-major if TMA can load them, and a kernel that reads them along K takes them as well.
constexpr bool takes(const operand_info& kernel, operand_info given, i32 k) {
    if (kernel.tile == scale_tile{1, scale_tile::all} && scaled_at_end(given) && given.format != scale_kind::ue8m0) {
        given.format = kernel.format;
        given.tile = kernel.tile;
    }
    const bool one_column =
        given.tile.mn == 1 && given.format != scale_kind::none && k <= k_per_word(given.format, given.tile);
    if (one_column && kernel.scales == major::k) given.scales = major::k;
    return kernel == given;
}

}  // namespace detail

namespace ops {

/// D(m,n) = [C(m,n) +] sum over k of A(m,k) B(n,k), in FP8 with scales or without, in BF16 or FP16 without; on Blackwell also
/// in FP4 with scales and in TF32; with steps of an epilogue.
struct gemm : usual_operation<gemm_problem, gemm_workload, dense_arguments, gemm_traits, deepgemm::config> {
    static constexpr const char* name = "gemm";
    using tuned_row = gemm_tuned_row;

    static result<void> check(const problem& given) { return detail::check_gemm(given); }
    static result<void> check(const workload& work) { return validate(work); }
    static bool is_empty(const workload& work) { return work.shape.m == 0 || work.shape.n == 0; }
    static workload with_rows(workload work, i32 rows) {
        work.shape.m = rows;
        return work;
    }

    static const char* why_not(const traits& kernel, const workload& work) {
        if (kernel.custom_epilogue) return "it has an epilogue of its own";
        if (kernel.groups == grouping::custom) return "it has a schedule of its own";
        if (kernel.groups != grouping::none) return "it computes groups of products";
        if (kernel.d != work.d) return "it writes another type";
        if (kernel.accumulate != work.accumulate) return kernel.accumulate ? "it adds C" : "it does not add C";
        if (kernel.in_place && !work.in_place) return "it adds to D in place, and C lies elsewhere";
        if (kernel.heads != work.heads) return "its head splits differ";
        if (kernel.scattered) return "it scatters rows of D";
        if (kernel.epilogue != work.epilogue) return "its epilogue has other steps";
        // Without K nothing is multiplied, so operands do not matter.
        if (work.shape.k == 0) return nullptr;
        if (!detail::takes(kernel.a, work.a, work.shape.k)) return "it takes another A";
        if (!detail::takes(kernel.b, work.b, work.shape.k)) return "it takes another B";
        if (kernel.promoted != work.promoted)
            return work.promoted ? "the tensor core sums over all of K" : "it promotes the sums of 128 elements of K";
        return nullptr;
    }
    static const char* why_not(const config& cfg, const workload& work) {
        const auto differs = [](int fixed, i32 extent) { return fixed != 0 && fixed != extent; };
        const auto& [m, n, k] = cfg.extents;
        const bool others = differs(m, work.shape.m) || differs(n, work.shape.n) || differs(k, work.shape.k);
        return others ? "its extents are fixed to others" : nullptr;
    }

    static std::span<const tuned_row> tuned_rows(const device_info& device) { return deepgemm::tuned_rows(device); }
    static const tuned_row* find_tuned(std::span<const tuned_row> rows, const workload& work,
                                       objective_kind objective) {
        return deepgemm::find_tuned(rows, work, objective);
    }

    static std::string refusal(const workload& work, const device_info& device) { return refusal_of(work, device); }

    /// A kernel for a workload that is not refused. Its configuration is left to the user who instantiates it; for Blackwell it
    /// is the one that is predicted to be the fastest.
    static gemm_info wanted(const workload& given, const device_info& device) {
        const workload work = multiplied(given, device);
        gemm_info made{{.arch = device.arch},
                       {.a = work.a,
                        .b = work.b,
                        .d = work.d,
                        .accumulate = work.accumulate,
                        .heads = work.heads,
                        .epilogue = work.epilogue}};
        if (device.arch / 10 == arch::sm100::number / 10) {
            made.launch.arch = arch::sm100::number;
            if (const auto choice = choose_sm100(work, device))
                made.cfg = config_of(choice->best.tile, sm100_product_of(work.a, work.b));
            return made;
        }
        made.traits.promoted = work.promoted;
        if (size_of(work.a.type) == 2) made.cfg.block.k = 64;
        if (size_of(work.a.type) == 2 || (scaled_at_end(work.a) && !work.promoted))
            made.cfg.sm90.promote = promotion::never;
        if (detail::wants_all_of_gate(work.epilogue)) {
            made.cfg.block.n = 256;
            if (made.cfg.sm90.promote != promotion::never) made.cfg.sm90.column_parts = 2;
        }
        // Registers bring FP8 along M to a multiply only on the side of A, and D leaves exchanged operands without steps.
        if (size_of(work.b.type) == 1 && work.b.contiguous == major::mn) {
            if (work.a.contiguous == major::k && !work.epilogue.any() && !work.heads.any()) {
                made.cfg.block.m = 64;
                made.cfg.swap = true;
            } else {
                keep_places(made);
            }
        }
        return made;
    }

    /// Leaves the operands of a named kernel in their places, where its schedule or epilogue wants it. FP8 of B lies along K then.
    static void keep_places(gemm_info& made) {
        made.cfg.swap = false;
        made.cfg.block.m = config{}.block.m;
        made.traits.b.contiguous = major::k;
    }

private:
    /// The workload itself; without K, when operands may be any, one with operands that every schedule takes.
    static workload multiplied(workload work, const device_info& device) {
        if (work.shape.k != 0) return work;
        const auto plain = [](dtype type) { return operand_info{.type = type, .format = scale_kind::none}; };
        work.shape.k = 1;
        work.promoted = false;
        work.a = plain(work.a.type);
        work.b = plain(work.b.type);
        if (!refusal_of(work, device).empty()) work.a = work.b = plain(dtype::e4m3);
        return work;
    }
};

static_assert(operation<gemm> && operation_concept::has_measurements<gemm> && operation_concept::varies_rows<gemm> &&
              operation_concept::refuses<gemm>);

}  // namespace ops

/// A GEMM kernel for a planner.
using gemm_handle = kernel_handle<ops::gemm>;
/// The kernel that will run a GEMM, and how it compares with others.
using gemm_plan = plan_of<ops::gemm>;
/// A caller's wishes for GEMMs: a pin, or measured choices.
using gemm_choices = choices<ops::gemm>;

}  // namespace deepgemm
