// SPDX-License-Identifier: MIT
// The name `gemm`: which parts a GEMM kernel has, whatever its architecture. Its bodies are gemm.cuh (Hopper), sm100_gemm.cuh
// (Blackwell) and, for operands that change places, swapped.cuh.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

/// The schedule of a GEMM that is given no other.
template <config Config>
using default_tiles = persistent<Config.block, Config.cluster, Config.raster_rows, Config.split_k>;

/// A GEMM kernel on `Arch`: operands `A` (m,k) and `B` (n,k), an `Epilogue`, a `Config`, and `Tiles`, the schedule of one
/// product or of several. `Pipeline` is a template of smem_pipeline; its arguments are stages, warps that release a stage, the
/// cluster that shares tiles, and threads or warps that fill a stage.
template <class Arch, class A, class B, class Epilogue, config Config, class Tiles = default_tiles<Config>,
          template <int, int, cluster_shape, int> class Pipeline = tma_pipeline>
struct gemm;

}  // namespace deepgemm
