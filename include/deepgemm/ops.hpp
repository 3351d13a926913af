// SPDX-License-Identifier: MIT
// All operations of the library, and the engine that serves them. An operation is a folder of ops/ and its name here.
#pragma once

#include <deepgemm/ops/batched_gemm/einsum.hpp>
#include <deepgemm/ops/clean_logits/clean_logits.hpp>
#include <deepgemm/ops/contiguous_gemm/contiguous_gemm.hpp>
#include <deepgemm/ops/gemm/gemm.hpp>
#include <deepgemm/ops/grouped_gemm/grouped_gemm.hpp>
#include <deepgemm/ops/hc_prenorm/hc_prenorm.hpp>
#include <deepgemm/ops/k_grouped_gemm/k_grouped_gemm.hpp>
#include <deepgemm/ops/mqa_logits/mqa_logits.hpp>
#include <deepgemm/ops/paged_mqa_logits/paged_mqa_logits.hpp>
#include <deepgemm/ops/topk/mqa_topk.hpp>
#include <deepgemm/ops/topk/paged_mqa_topk.hpp>
#include <deepgemm/ops/topk/topk.hpp>
#include <deepgemm/ops/transpose/transpose.hpp>

namespace deepgemm {

/// An engine of all operations of the library. CMake reads their names here.
using engine =
    engine_of<ops::gemm, ops::grouped_gemm, ops::contiguous_gemm, ops::k_grouped_gemm, ops::batched_gemm,
              ops::hc_prenorm, ops::mqa_logits, ops::clean_logits, ops::paged_mqa_logits, ops::topk, ops::transpose>;

}  // namespace deepgemm
