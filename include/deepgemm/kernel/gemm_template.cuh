// SPDX-License-Identifier: MIT
// The name `gemm`: which parts a GEMM kernel has, whatever its architecture. Its bodies are gemm.cuh (Hopper), sm100_gemm.cuh
// (Blackwell) and, for operands that change places, swapped.cuh.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/schedule/claimed.cuh>

namespace deepgemm {

namespace detail {
template <config Config>
struct tiles_of_config {
    using type = persistent<Config.block, Config.cluster, Config.raster_rows, Config.split_k>;
};
/// A producer is at most so many tiles before the warps that store that the tiles between them fill all accumulators, and one
/// more.
template <config Config>
    requires(Config.sm100.tiles == tile_source::claimed)
struct tiles_of_config<Config> {
    using type = claimed<persistent<Config.block, Config.cluster, Config.raster_rows, Config.split_k>,
                         Config.sm100.accumulators + 2>;
};
}  // namespace detail

/// The schedule of a GEMM that is given no other.
template <config Config>
using default_tiles = typename detail::tiles_of_config<Config>::type;

/// A GEMM kernel on `Arch`: operands `A` (m,k) and `B` (n,k), an `Epilogue`, a `Config`, and `Tiles`, the schedule of one
/// product or of several. `Pipeline` is a template of smem_pipeline; its arguments are stages, warps that release a stage, the
/// cluster that shares tiles, and threads or warps that fill a stage.
template <class Arch, class A, class B, class Epilogue, config Config, class Tiles = default_tiles<Config>,
          template <int, int, cluster_shape, int> class Pipeline = tma_pipeline>
struct gemm;

}  // namespace deepgemm
