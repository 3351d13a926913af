// SPDX-License-Identifier: MIT
// Fills logits with minus infinity where a query has no keys, for kernels that leave these elements as they are. A warp fills
// some columns of one row, and only writes: what has a logit is not touched.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/store_logits.cuh>
#include <deepgemm/kernel/clean_info.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/mqa_info.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/schedule/key_ranges.cuh>

namespace deepgemm {

/// The kernel on `Arch`.
template <class Arch, clean_logits_traits Traits, clean_logits_config Config = clean_logits_config{}>
struct logits_cleaner {
    static_assert(Traits.logits == dtype::f32 || Traits.logits == dtype::bf16 || Traits.logits == dtype::f16,
                  "clean_logits: logits must be f32, bf16 or f16");
    static_assert(Config.warps >= 1 && Config.warps <= 32, "clean_logits: warps must be from 1 to 32");
    static_assert(Config.columns >= 512 && Config.columns <= 4096 && Config.columns % 512 == 0,
                  "clean_logits: columns must be a multiple of 512 from 512 to 4096");

    using element = mqa_element<Traits.logits>;
    using operation = ops::clean_logits;
    using arguments = clean_logits_arguments;
    static constexpr launch_info launch{.arch = Arch::number, .threads = 32 * Config.warps};
    static constexpr kernel_info<clean_logits_traits, clean_logits_config> info{launch, Traits, Config};
    static constexpr int map_count = 0;

    struct params {
        key_ranges ranges;
        logits_arguments out;
    };
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) {
        return {{args.first, args.last, args.queries, args.keys, args.keys}, args.out};
    }
    /// CTAs on `num_sms` multiprocessors: as many as have work, at most 64 warps a multiprocessor.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return int(
            min(ceil_div(pieces(args.queries, args.keys), i64(Config.warps)), i64(num_sms) * (64 / Config.warps)));
    }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        ptx::role("filler");
        ptx::grid_dependency_wait();
        const i64 all = pieces(p.ranges.queries, p.ranges.keys), step = i64(ptx::cta_count()) * Config.warps;
        for (i64 i = i64(ptx::cta_index()) * Config.warps + ptx::warp_index(); i < all; i += step) {
            const i64 in_row = pieces_of_row(p.ranges.keys);
            const i32 query = i32(i / in_row), key = i32(i % in_row) * Config.columns;
            const i32 count = min(Config.columns, p.ranges.keys - key);
            const key_range range = p.ranges.of(query);
            const logits_arguments here{static_cast<element*>(p.out.logits) + key, p.out.pitch};
            store_logits<element>::fill_outside(here, count, query,
                                                {inside(range.first - key, count), inside(range.last - key, count)});
        }
    }

private:
    /// Pieces that warps fill, of a row and of all. ceil_div() would exceed 32 bits for the longest rows on its way.
    DEEPGEMM_BOTH static constexpr i32 pieces_of_row(i32 keys) {
        return (keys + (Config.columns - 1)) / Config.columns;
    }
    DEEPGEMM_BOTH static constexpr i64 pieces(i32 queries, i32 keys) { return i64(queries) * pieces_of_row(keys); }
    DEEPGEMM_DEVICE static i32 inside(i32 key, i32 count) { return min(max(key, 0), count); }
};

}  // namespace deepgemm
