// SPDX-License-Identifier: MIT
// The kernels among which the named prenorm chooses, as lists of types. Nothing is instantiated here.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace deepgemm::shipped {

template <hc_prenorm_config... Configs>
using prenorm_kernels = kernels<hc_prenorm<arch::sm90, Configs>...>;

/// Tiles of `n` columns, K split among `split_k` CTAs, and their K blocks between two warpgroups. For 24 columns ten stages are
/// up to 2.5 % faster than the 14 that fit (docs/tuning-log.md 51, 59).
DEEPGEMM_BOTH constexpr hc_prenorm_config prenorm_tile(int n, int split_k = 1) {
    return {.block = {64, n, 64}, .stages = n == 24 ? 10 : 0, .warpgroups = 2, .split_k = split_k};
}

/// Splits for each width: the 24 columns of four streams, and tiles for up to 32, 64 and 128. Kernels with the same split add
/// in the same order, so that a rule for splits makes results independent of M.
using prenorm_24 = prenorm_kernels<prenorm_tile(24), prenorm_tile(24, 2), prenorm_tile(24, 4)>;
using prenorm_32 = prenorm_kernels<prenorm_tile(32), prenorm_tile(32, 2), prenorm_tile(32, 4)>;
using prenorm_wide = prenorm_kernels<prenorm_tile(64), prenorm_tile(64, 2), prenorm_tile(128)>;
/// The same for few rows. These tiles are narrow, so that there are more of them.
DEEPGEMM_BOTH constexpr hc_prenorm_config prenorm_few_rows(int split_k = 1) {
    return {.block = {16, 8, 64}, .warpgroups = 4, .split_k = split_k};
}
using prenorm_few = prenorm_kernels<prenorm_few_rows(4), prenorm_few_rows(8), prenorm_few_rows(16)>;

/// The caller's parts of K, each left for him to add.
using prenorm_apart = kernels<hc_prenorm<arch::sm90, prenorm_tile(24), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(32), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(64), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(128), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_few_rows(), partial_sums::apart>>;

template <class O>
    requires(same_as<O, ops::hc_prenorm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(prenorm_24{}, prenorm_32{}, prenorm_wide{}, prenorm_few{}, prenorm_apart{});
}

}  // namespace deepgemm::shipped
