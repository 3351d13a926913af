// SPDX-License-Identifier: MIT
// GEMM kernels as C++ types, and GEMMs in words.
#pragma once

#include <string>

#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

namespace deepgemm {

/// The epilogue of a kernel as a C++ type; a custom one has no source here.
inline std::string epilogue_source(const gemm_traits& value) {
    const char* const element = value.d == dtype::f32 ? "float" : name_of(value.d);
    if (value.custom_epilogue) return "/* custom epilogue */";
    if (value.heads.any()) {
        return concat("store_heads<", element, ", ", value.heads.left, ", ", value.heads.middle, ", ",
                      value.heads.right, ">");
    }
    if (value.in_place) return "add_in_place";
    return concat(value.accumulate ? "accumulate<" : "store<", element, ">");
}

/// A GEMM kernel as a C++ type; what is custom has no source here.
inline std::string to_source(const gemm_info& value) {
    const gemm_traits& what = value.traits;
    return concat("gemm<arch::sm", value.launch.arch, ", ", to_source(what.a), ", ", to_source(what.b), ", ",
                  epilogue_source(what), ", ", to_source(value.cfg),
                  what.groups == grouping::custom ? ", /* custom schedule */>" : ">");
}

/// The workload of a GEMM in a few words.
inline std::string describe(const gemm_workload& work) {
    std::string text = concat("m = ", work.shape.m, ", n = ", work.shape.n, ", k = ", work.shape.k, ", A ",
                              describe(work.a, "M"), ", B ", describe(work.b, "N"), ", D ", work.d);
    if (work.accumulate) text += work.in_place ? " with C in place" : " with C";
    if (work.heads.any()) text += concat(", heads ", work.heads.left, "+", work.heads.middle, "+", work.heads.right);
    return text;
}

}  // namespace deepgemm
