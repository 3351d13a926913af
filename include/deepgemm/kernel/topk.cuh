// SPDX-License-Identifier: MIT
// The k largest elements of each row, in order: by value from high to low, equal ones by index from low to high. A CTA takes
// one row at a time. A sample of the row tells a threshold that a few more than k elements pass. One pass over the row collects
// these in shared memory, and they are sorted. Should too few or too many pass, the threshold is found again, exactly, by
// counting digits of all elements. So the sample decides how long a row takes and never what is found.
//
// Elements are compared as keys: value and index in one integer, all different, so that every order is total and the order in
// which threads collect elements does not matter.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/mqa_info.cuh>
#include <deepgemm/kernel/topk_cta.cuh>
#include <deepgemm/kernel/topk_info.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>

namespace deepgemm {

/// The kernel on `Arch`, sm90.
template <class Arch, topk_traits Traits, topk_config Config = topk_config{}>
struct topk_selector {
    static_assert(same_as<Arch, arch::sm90>, "topk: the kernel is for Hopper");
    static_assert(Traits.logits == dtype::f32 || Traits.logits == dtype::bf16 || Traits.logits == dtype::f16,
                  "topk: logits must be f32, bf16 or f16");
    static_assert(Config.ctas >= 1 && Config.ctas <= 3, "topk: ctas must be from 1 to 3");
    static_assert(Config.sampled >= 1 && Config.sampled <= 64, "topk: sampled must be from 1 to 64");
    static_assert(Config.vectors >= 1 && Config.vectors <= 4, "topk: vectors must be from 1 to 4");

    using element = mqa_element<Traits.logits>;
    using cta = topk_cta<element, Config>;

    using arguments = topk_arguments;
    static constexpr launch_info launch{
        .arch = Arch::number, .threads = cta::threads, .smem_bytes = cta::layout::bytes(0), .ctas_per_sm = Config.ctas};
    static constexpr topk_traits traits = Traits;
    static constexpr kernel_info<topk_traits, topk_config> info{launch, Traits, Config};
    /// The operation that plans this kernel; an incomplete type here.
    using operation = ops::topk;
    static constexpr int map_count = 0;
    using params = topk_arguments;

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return min(args.rows, num_sms * Config.ctas);
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const cta here(ptx::dynamic_smem());
        ptx::grid_dependency_wait();
        for (i32 i = i32(ptx::cta_index()); i < p.rows; i += i32(ptx::cta_count())) here.select(p, i);
        ptx::grid_dependency_trigger();
    }
};

}  // namespace deepgemm
