// SPDX-License-Identifier: MIT
// What a kernel is: what a type must have so that the launchers of nvcc, NVRTC and the simulator can run it. A kernel has
// static members only; nothing here says what it computes.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/layout/tensor_map.cuh>

namespace deepgemm {

namespace kernel_concept {
/// Has its launch geometry as a constant.
template <class K>
concept tells_launch = requires {
    { K::launch } -> same_as<const launch_info&>;
};
/// Runs on whole warps, whose number is known at compile time.
template <class K>
concept has_warps = (K::launch.threads >= 32 && K::launch.threads <= 1024 && K::launch.threads % 32 == 0);
/// Names the `arguments` that the host takes and the `params` that the device reads.
template <class K>
concept takes_arguments = requires {
    typename K::arguments;
    typename K::params;
};
/// Has parameters that may be copied as bytes.
template <class K>
concept copies_params = __is_trivially_copyable(typename K::params);
/// Says how many CTAs to launch for some arguments on a number of multiprocessors.
template <class K>
concept sizes_grid = requires(const typename K::arguments& arguments, int num_sms) {
    { K::grid(arguments, num_sms) } -> same_as<int>;
};
/// Says how many tensor maps it needs; a constant.
template <class K>
concept counts_maps = requires {
    { K::map_count } -> converts_to<int>;
};
/// Makes its parameters from arguments alone.
template <class K>
concept needs_no_maps = (K::map_count == 0) && requires(const typename K::arguments& arguments) {
    { K::make_params(arguments) } -> same_as<typename K::params>;
};
/// Requests the tensor maps it needs, and makes its parameters from arguments and encoded maps.
template <class K>
concept asks_for_maps = (K::map_count > 0) &&
                        requires(const typename K::arguments& arguments, tensor_map_request (&requests)[K::map_count],
                                 const tensor_map (&maps)[K::map_count]) {
    K::tensor_maps(arguments, requests);
    { K::make_params(arguments, maps) } -> same_as<typename K::params>;
};
/// Makes its parameters, with tensor maps or without.
template <class K>
concept makes_params = needs_no_maps<K> || asks_for_maps<K>;
/// Has a body, which every thread runs.
template <class K>
concept runs = requires(const typename K::params& params) {
    K::run(params);
};
}  // namespace kernel_concept

/// A type that can be launched.
/// Satisfied by: `launch`, with whole warps; `arguments` and `params`, trivially copyable; `grid(arguments, num_sms)`;
/// `map_count`; `make_params(arguments)` or, with tensor maps, `tensor_maps(arguments, requests)` and `make_params(arguments,
/// maps)`; `run(params)`.
template <class K>
concept kernel = kernel_concept::tells_launch<K> && kernel_concept::has_warps<K> &&
    kernel_concept::takes_arguments<K> && kernel_concept::copies_params<K> && kernel_concept::sizes_grid<K> &&
    kernel_concept::counts_maps<K> && kernel_concept::makes_params<K> && kernel_concept::runs<K>;

namespace kernel_concept {
/// Complete for kernels only; see `explains`.
template <kernel K>
struct model {};
}  // namespace kernel_concept

}  // namespace deepgemm
