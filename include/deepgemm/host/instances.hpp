// SPDX-License-Identifier: MIT
// The shipped kernels as a linked library: declarations only. Link a target made by deepgemm_add_instances() (CMake), which
// compiles the kernels of ops/*/shipped.cuh for a GPU or for the simulator; or make handles of your own kernels instead.
#pragma once

#include <span>

#include <deepgemm/host/kernel_handle.hpp>

namespace deepgemm::instances {

/// All shipped kernels of operation `O`, for an engine that serves it. Host, any thread. The memory lives as long as the
/// program.
template <class O>
std::span<const kernel_handle<O>> of();
template <>
std::span<const kernel_handle<ops::gemm>> of<ops::gemm>();
template <>
std::span<const kernel_handle<ops::grouped_gemm>> of<ops::grouped_gemm>();
template <>
std::span<const kernel_handle<ops::contiguous_gemm>> of<ops::contiguous_gemm>();
template <>
std::span<const kernel_handle<ops::k_grouped_gemm>> of<ops::k_grouped_gemm>();
template <>
std::span<const kernel_handle<ops::batched_gemm>> of<ops::batched_gemm>();
template <>
std::span<const kernel_handle<ops::hc_prenorm>> of<ops::hc_prenorm>();
template <>
std::span<const kernel_handle<ops::mqa_logits>> of<ops::mqa_logits>();
template <>
std::span<const kernel_handle<ops::clean_logits>> of<ops::clean_logits>();
template <>
std::span<const kernel_handle<ops::paged_mqa_logits>> of<ops::paged_mqa_logits>();
template <>
std::span<const kernel_handle<ops::topk>> of<ops::topk>();
template <>
std::span<const kernel_handle<ops::transpose>> of<ops::transpose>();

/// The shipped kernels of ops::gemm.
std::span<const kernel_handle<ops::gemm>> dense();

}  // namespace deepgemm::instances
