// SPDX-License-Identifier: MIT
// What the host knows of a GEMM kernel, as plain values: which products it computes, and how it is launched and configured.
#pragma once

#include <deepgemm/epilogue/head_splits.cuh>
#include <deepgemm/epilogue/info.cuh>
#include <deepgemm/kernel/config.cuh>
#include <deepgemm/kernel/launch_info.cuh>
#include <deepgemm/scale/kind.cuh>
#include <deepgemm/schedule/grouping.cuh>

namespace deepgemm {

/// Element type, scales and memory order of one operand. Without scales, `format` is none and `tile` is {}.
struct operand_info {
    dtype type = dtype::e4m3;
    scale_kind format = scale_kind::fp32;
    scale_tile tile{};
    major contiguous = major::k;
    major scales = major::mn;  ///< the dimension along which scales of single rows are contiguous
    bool gathered = false;     ///< a list names the rows; scales may then be in any order, and `scales` is `mn`
    DEEPGEMM_BOTH friend constexpr bool operator==(const operand_info&, const operand_info&) = default;
};

namespace ops {
struct gemm;
struct grouped_gemm;
struct contiguous_gemm;
struct k_grouped_gemm;
struct batched_gemm;
struct hc_prenorm;
struct mqa_logits;
struct clean_logits;
struct paged_mqa_logits;
struct topk;
struct transpose;
}  // namespace ops

/// The operation (host/operation.hpp) that plans kernels of grouping `Groups`; void if none does. The operations are incomplete
/// types here, because only the host defines them.
template <grouping Groups>
struct operation_of_grouping {
    using type = void;
};
template <>
struct operation_of_grouping<grouping::none> {
    using type = ops::gemm;
};
template <>
struct operation_of_grouping<grouping::custom> {
    using type = ops::gemm;
};
template <>
struct operation_of_grouping<grouping::batched> {
    using type = ops::batched_gemm;
};
template <>
struct operation_of_grouping<grouping::summed> {
    using type = ops::batched_gemm;
};
template <>
struct operation_of_grouping<grouping::masked> {
    using type = ops::grouped_gemm;
};
template <>
struct operation_of_grouping<grouping::psum> {
    using type = ops::contiguous_gemm;
};
template <>
struct operation_of_grouping<grouping::indexed> {
    using type = ops::contiguous_gemm;
};
template <>
struct operation_of_grouping<grouping::along_k> {
    using type = ops::k_grouped_gemm;
};
template <>
struct operation_of_grouping<grouping::k_concatenated> {
    using type = ops::k_grouped_gemm;
};

/// True for operands of FP8 whose scales hold for all of K, or that have none.
DEEPGEMM_BOTH constexpr bool scaled_at_end(const operand_info& x) {
    return (x.type == dtype::e4m3 || x.type == dtype::e5m2) && (x.format == scale_kind::none || x.tile.all_of_k());
}

/// What a GEMM kernel computes, and of which operands. Kernels with equal traits can replace each other.
struct gemm_traits {
    operand_info a{}, b{};
    dtype d = dtype::bf16;
    bool accumulate = false;  ///< adds C, of D's type
    bool in_place = false;    ///< adds C only if C is D itself
    head_splits heads{};
    epilogue_info epilogue{};
    bool custom_epilogue = false;  ///< has steps that `epilogue` does not tell, a user's own, say; no planner picks it
    grouping groups = grouping::none;
    bool scattered = false;  ///< a list names the rows of D
    /// FP8 operands whose scales, if any, hold for all of K: sums of 128 elements of K are added to FP32 totals; else the
    /// tensor core sums over all of K.
    bool promoted = false;
    DEEPGEMM_BOTH friend constexpr bool operator==(const gemm_traits&, const gemm_traits&) = default;
};

/// The traits of the kernel with A and B exchanged.
DEEPGEMM_BOTH constexpr gemm_traits exchanged(gemm_traits traits) {
    swap_values(traits.a, traits.b);
    return traits;
}

/// The description of an instantiated kernel: how it is launched, what it computes and how it is configured. `Traits` and
/// `Config` are those of its operation.
template <class Traits, class Config>
struct kernel_info {
    launch_info launch{};
    Traits traits{};
    Config cfg{};
};

/// The description of a GEMM kernel.
using gemm_info = kernel_info<gemm_traits, config>;

/// The description of the kernel with A and B exchanged.
DEEPGEMM_BOTH constexpr gemm_info exchanged(const gemm_info& info) {
    return {info.launch, exchanged(info.traits), exchanged(info.cfg)};
}

}  // namespace deepgemm
