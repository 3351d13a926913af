// SPDX-License-Identifier: MIT
// The kernels among which the named prenorm chooses, as lists of types. Nothing is instantiated here.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/kernel/hc_prenorm.cuh>

namespace deepgemm::shipped {

template <hc_prenorm_config... Configs>
using prenorm_kernels = kernels<hc_prenorm<arch::sm90, Configs>...>;

/// Tiles of `n` columns, K split among `split_k` CTAs. Many rows need no split, few rows one of eight.
DEEPGEMM_BOTH constexpr hc_prenorm_config prenorm_tile(int n, int split_k = 1) {
    return {.block = {64, n, 64}, .split_k = split_k};
}

/// Splits for each width: the 24 columns of four streams, and tiles for up to 32, 64 and 128. The sums of eight CTAs of 128 columns
/// would not fit into shared memory.
using prenorm_24 = prenorm_kernels<prenorm_tile(24), prenorm_tile(24, 2), prenorm_tile(24, 4), prenorm_tile(24, 8)>;
using prenorm_32 = prenorm_kernels<prenorm_tile(32), prenorm_tile(32, 2), prenorm_tile(32, 4), prenorm_tile(32, 8)>;
using prenorm_64 = prenorm_kernels<prenorm_tile(64), prenorm_tile(64, 2), prenorm_tile(64, 4), prenorm_tile(64, 8)>;
using prenorm_128 = prenorm_kernels<prenorm_tile(128), prenorm_tile(128, 2), prenorm_tile(128, 4)>;

/// The caller's parts of K, each left for him to add.
using prenorm_apart = kernels<hc_prenorm<arch::sm90, prenorm_tile(24), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(32), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(64), partial_sums::apart>,
                              hc_prenorm<arch::sm90, prenorm_tile(128), partial_sums::apart>>;

template <class O>
    requires(same_as<O, ops::hc_prenorm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(prenorm_24{}, prenorm_32{}, prenorm_64{}, prenorm_128{}, prenorm_apart{});
}

}  // namespace deepgemm::shipped
