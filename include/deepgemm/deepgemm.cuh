// SPDX-License-Identifier: MIT
// Everything device-capable in one include: parts, kernels and their entry, for nvcc, NVRTC and the simulator. Left out are the
// lists of shipped kernels (ops/gemm/shipped.cuh) and the host side, which cuda.hpp and sim.hpp bring as well. A program that
// names its parts compiles faster with their own headers.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/epilogue/bias.cuh>
#include <deepgemm/epilogue/cast.cuh>
#include <deepgemm/epilogue/epilogue.cuh>
#include <deepgemm/epilogue/scatter.cuh>
#include <deepgemm/epilogue/signal.cuh>
#include <deepgemm/epilogue/stochastic.cuh>
#include <deepgemm/epilogue/swiglu.cuh>
#include <deepgemm/kernel/clean_logits.cuh>
#include <deepgemm/kernel/entry.cuh>
#include <deepgemm/kernel/extents.cuh>
#include <deepgemm/kernel/hc_prenorm.cuh>
#include <deepgemm/kernel/mqa_logits.cuh>
#include <deepgemm/kernel/paged_mqa_logits.cuh>
#include <deepgemm/kernel/sm100_gemm.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/kernel/topk.cuh>
#include <deepgemm/kernel/transpose.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/ptx/cluster_launch.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/float_pair.cuh>
#include <deepgemm/ptx/global_wide.cuh>
#include <deepgemm/ptx/matrix.cuh>
#include <deepgemm/ptx/word.cuh>
#include <deepgemm/scale/cast.cuh>
#include <deepgemm/scale/cast_fp4.cuh>
#include <deepgemm/scale/pack_k_grouped.cuh>
#include <deepgemm/scale/to_mn_major.cuh>
#include <deepgemm/schedule/claimed.cuh>
#include <deepgemm/schedule/columnwise.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/indexed.cuh>
#include <deepgemm/schedule/summed.cuh>
#include <deepgemm/version.cuh>
