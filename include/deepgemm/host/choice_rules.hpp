// SPDX-License-Identifier: MIT
// Which kernels may run a workload: those that can, on the device, under the knobs of a context.
#pragma once

#include <iterator>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/context.hpp>
#include <deepgemm/host/operation.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

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

}  // namespace detail

}  // namespace deepgemm
