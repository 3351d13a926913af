// SPDX-License-Identifier: MIT
// The lists of shipped kernels of all operations, for tests that go through every operation of the library's engine: one that
// is missing here does not compile there.
#pragma once

#include <deepgemm/ops.hpp>
#include <deepgemm/ops/batched_gemm/shipped.cuh>
#include <deepgemm/ops/clean_logits/shipped.cuh>
#include <deepgemm/ops/contiguous_gemm/shipped.cuh>
#include <deepgemm/ops/gemm/shipped.cuh>
#include <deepgemm/ops/gemm/shipped_sm100.cuh>
#include <deepgemm/ops/grouped_gemm/shipped.cuh>
#include <deepgemm/ops/hc_prenorm/shipped.cuh>
#include <deepgemm/ops/k_grouped_gemm/shipped.cuh>
#include <deepgemm/ops/mqa_logits/shipped.cuh>
#include <deepgemm/ops/paged_mqa_logits/shipped.cuh>
#include <deepgemm/ops/topk/shipped.cuh>
#include <deepgemm/ops/transpose/shipped.cuh>
