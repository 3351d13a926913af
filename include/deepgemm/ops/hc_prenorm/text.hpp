// SPDX-License-Identifier: MIT
// Prenorms in words, and their kernels as C++ types.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/hc_prenorm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The description of a kernel of the prenorm.
using hc_prenorm_info = kernel_info<hc_prenorm_traits, hc_prenorm_config>;

/// A kernel of the prenorm as a C++ type.
inline std::string to_source(const hc_prenorm_info& value) {
    return concat("hc_prenorm<arch::sm", value.launch.arch, ", ", to_source(value.cfg),
                  value.traits.sums == partial_sums::apart ? ", partial_sums::apart>" : ">");
}

/// A workload in a few words.
inline std::string describe(const hc_prenorm_workload& work) {
    std::string text = concat("prenorm of m = ", work.shape.m, ", n = ", work.shape.n, ", k = ", work.shape.k,
                              ", A bf16, B f32 as tf32, D f32");
    if (work.parts > 1) text += concat(", sums in ", work.parts, " parts of K");
    return text;
}

}  // namespace deepgemm
