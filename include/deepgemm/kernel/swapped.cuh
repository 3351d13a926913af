// SPDX-License-Identifier: MIT
// The GEMM with its operands exchanged, for few rows of A. It computes the transposed product, B x A: the rows of B are then
// the 64 or 128 rows of a multiply, and the few rows of A are its columns, of which 8 are enough. The kernel is gemm itself,
// that of Hopper or that of Blackwell; this file exchanges arguments and configurations only.
#pragma once

#include <deepgemm/epilogue/transposed.cuh>
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/sm100_gemm.cuh>
#include <deepgemm/schedule/turned.cuh>

namespace deepgemm {

namespace detail {

/// The sink of an epilogue, for a D that lies transposed.
template <class Epilogue>
struct transposed_sink {
    static_assert(always_false<Epilogue>, "gemm: config.swap takes store<...> or accumulate<...> alone");
};
template <class T>
struct transposed_sink<store<T>> {
    using type = transposing<store<T>>;
};
template <class T>
struct transposed_sink<accumulate<T>> {
    using type = transposing<accumulate<T>>;
};

/// The schedule of the product that computes the tiles `Tiles` of D.
template <config Config, class Tiles>
struct turned_schedule {
    using type = turned<Tiles>;
};
template <config Config, class Tiles>
    requires(same_as<Tiles, default_tiles<Config>>)
struct turned_schedule<Config, Tiles> {
    using type = default_tiles<exchanged(Config)>;
};

}  // namespace detail

/// With a configuration that swaps, block.m counts columns of multiplies, 8 to 256 in steps of 8, and block.n counts their
/// rows.
template <class Arch, class A, class B, class Epilogue, config Config, class Tiles,
          template <int, int, cluster_shape, int> class Pipeline>
    requires(Config.swap)
struct gemm<Arch, A, B, Epilogue, Config, Tiles, Pipeline> {
    static_assert(
        same_as<Tiles, default_tiles<Config>> ||
            (Tiles::stacked.a && Tiles::stacked.b && Tiles::stacked.d && Config.cluster.size() == 1),
        "gemm: config.swap is for the default schedule, and without clusters for groups that have matrices of "
        "their own: masked or batched");
    static constexpr config turned_config = exchanged(Config);
    /// The kernel that runs: B x A, stored transposed.
    using product = gemm<Arch, B, A, typename detail::transposed_sink<Epilogue>::type, turned_config,
                         typename detail::turned_schedule<Config, Tiles>::type, Pipeline>;
    using tiles = Tiles;
    using element = typename product::element;
    using arguments = typename product::arguments;
    using params = typename product::params;

    static constexpr launch_info launch = product::launch;
    static constexpr gemm_traits traits = exchanged(product::traits);
    static constexpr gemm_info info = exchanged(product::info);
    using operation = typename product::operation;
    static constexpr int map_count = product::map_count;

    /// The kernel's arguments from those of an operation, whose A and B are not exchanged yet.
    template <class Given>
        requires requires(const Given& given) { product::arguments_of(given); }
    DEEPGEMM_BOTH static constexpr arguments arguments_of(const Given& given) { return product::arguments_of(given); }
    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        product::tensor_maps(turn(args), maps);
    }
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        return product::make_params(turn(args), maps);
    }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return product::grid(turn(args), num_sms);
    }
    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) { product::run(p); }

private:
    DEEPGEMM_BOTH static constexpr arguments turn(const arguments& args) {
        return {exchanged(args), args.epilogue, args.tiles};
    }
};

}  // namespace deepgemm
