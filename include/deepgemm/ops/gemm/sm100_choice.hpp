// SPDX-License-Identifier: MIT
// Chooses a tile for a GEMM on Blackwell by predicted time. The tiles are those that kernels may have, whether or not one is
// instantiated. sm100_plan.hpp explains a choice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/ops/gemm/sm100_cost.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The tiles that are considered for a product, before any rule: 128 rows of A and up to 256 columns, in steps of 32 after 16,
/// but up to 128 if K is short and the scales of D want no more; or, swapped, 128 rows of B and up to 256 rows of A in steps of
/// 16; alone, or in pairs of CTAs; with all of K, or by clusters of up to 8 CTAs that share it. choose_sm100() takes a split only
/// where all parts work at once.
inline std::vector<sm100_tile> sm100_tiles(const gemm_workload& work) {
    std::vector<sm100_tile> all;
    const int widest = work.shape.k <= 256 ? max(128, work.epilogue.columns_of_scale()) : 256;
    for (const int ctas : {1, 2}) {
        for (int columns = 16; columns <= widest; columns += columns < 32 ? 16 : 32)
            all.push_back({.n = columns, .ctas = ctas});
        for (int columns = 16; columns <= 256; columns += 16) all.push_back({.m = columns, .swap = true, .ctas = ctas});
    }
    const int blocks = ceil_div(work.shape.k, sm100_product_of(work.a, work.b).block_k());
    const std::size_t whole = all.size();
    for (const int parts : {2, 4, 8}) {
        for (std::size_t i = 0; i < whole; ++i) {
            if (parts > blocks || parts * all[i].ctas > 8) continue;
            all.push_back(all[i]);
            all.back().split_k = parts;
        }
    }
    return all;
}

/// A tile with its prediction.
struct sm100_candidate {
    sm100_tile tile{};
    cost predicted{};
};

/// The tile that is predicted to be the fastest, and the best one of another shape.
struct sm100_choice {
    gemm_workload work{};
    device_info device{};
    int num_sms = 0;
    sm100_candidate best{}, next{};
    int considered = 0;  ///< tiles that keep all rules
};

/// The fastest valid tile for a product with at least one element, on `sms` multiprocessors (0: all of the device). Where
/// times are equal, fewer parts of K come first, then pairs of CTAs, and then smaller tiles.
inline result<sm100_choice> choose_sm100(const gemm_workload& work, const device_info& device, int sms = 0,
                                         const sm100_parameters& p = {}) {
    if (device.arch / 10 != arch::sm100::number / 10)
        return fail(errc::wrong_device, device.name, " has compute capability ", capability_of(device.arch),
                    "; tiles of Blackwell run on 10.x");
    if (auto ok = check_extents(work.shape.m, work.shape.n, work.shape.k, 1); !ok) return ok.failure();
    if (sms < 0 || sms > device.sm_count)
        return fail(errc::bad_option, "num_sms is ", sms, "; it must be from 0, for all, to ", device.sm_count);
    sm100_choice made{.work = work, .device = device, .num_sms = sms == 0 ? device.sm_count : sms};
    std::vector<sm100_candidate> valid;
    result<void> why = {};
    for (const sm100_tile& tile : sm100_tiles(work)) {
        if (auto ok = check_sm100_tile(tile, work); !ok) {
            why = ok;
        } else if (tile.cluster_ctas() <= made.num_sms) {
            const cost predicted = predict(tile, work, device, made.num_sms, p);
            if (tile.split_k == 1 || predicted.waves == 1) valid.push_back({tile, predicted});
        }
    }
    if (valid.empty()) return why.failure();
    std::stable_sort(valid.begin(), valid.end(), [](const sm100_candidate& x, const sm100_candidate& y) {
        if (x.predicted.total_us != y.predicted.total_us) return x.predicted.total_us < y.predicted.total_us;
        if (x.tile.split_k != y.tile.split_k) return x.tile.split_k < y.tile.split_k;
        if (x.tile.ctas != y.tile.ctas) return x.tile.ctas > y.tile.ctas;
        return x.tile.m + x.tile.n < y.tile.m + y.tile.n;
    });
    made.considered = int(valid.size());
    made.best = made.next = valid.front();
    const auto other = std::find_if(valid.begin() + 1, valid.end(), [&](const sm100_candidate& one) {
        return one.tile.m != made.best.tile.m || one.tile.n != made.best.tile.n || one.tile.swap != made.best.tile.swap;
    });
    if (other != valid.end()) made.next = *other;
    made.best.tile.stages = sm100_stages(made.best.tile, sm100_product_of(work.a, work.b), work.d);
    return made;
}

}  // namespace deepgemm
