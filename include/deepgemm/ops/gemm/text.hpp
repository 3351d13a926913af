// SPDX-License-Identifier: MIT
// GEMM kernels as C++ types, and GEMMs in words.
#pragma once

#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/print.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// The name of an element type in C++ source.
constexpr const char* element_source(dtype type) { return type == dtype::f32 ? "float" : name_of(type); }

/// The sink of a kernel as a C++ type.
inline std::string sink_source(const gemm_traits& value) {
    const char* const element = element_source(value.d);
    if (value.heads.any()) {
        return concat("store_heads<", element, ", ", value.heads.left, ", ", value.heads.middle, ", ",
                      value.heads.right, ">");
    }
    if (value.epilogue.stochastic) return "store_stochastic";
    if (const auto& [columns, scales, of_bf16] = value.epilogue.cast; columns != 0) {
        return concat("cast_to_fp8<", columns, ", scale::cast_scales::", name_of(scales), ", ",
                      of_bf16 ? "bf16" : "float", ", ", element, ">");
    }
    if (value.in_place) return "add_in_place";
    return concat(value.scattered ? "scatter<" : value.accumulate ? "accumulate<" : "store<", element, ">");
}

/// The epilogue of a kernel as a C++ type; a comment if a user wrote it.
inline std::string epilogue_source(const gemm_traits& value) {
    if (value.custom_epilogue) return "/* custom epilogue */";
    const epilogue_info& has = value.epilogue;
    std::string steps;
    if (has.alpha) steps += "alpha, ";
    if (has.bias) steps += concat("bias<", element_source(has.bias_type), ">, ");
    if (has.activation != activation_kind::none) {
        steps += concat(name_of(has.activation), has.activation == activation_kind::swiglu ? "<>, " : ", ");
    }
    const std::string sink = sink_source(value);
    return steps.empty() ? sink : concat("then<", steps, sink, ">");
}

/// The steps of an epilogue in words, after those for D; empty if there are none.
inline std::string describe(const epilogue_info& has) {
    std::string text;
    const auto add = [&text](const std::string& step) { text += (text.empty() ? ", " : ", then ") + step; };
    if (has.alpha) add("times alpha");
    if (has.bias) add(concat("plus a bias in ", has.bias_type));
    if (has.activation != activation_kind::none) add(name_of(has.activation));
    if (has.stochastic) add("rounded at random");
    if (has.cast.columns != 0) {
        add(concat("cast", has.cast.of_bf16 ? " from bf16" : "", " with scales 1x", has.cast.columns, " in ",
                   name_of(has.cast.scales)));
    }
    return text;
}

/// The model of group_policy that makes a kernel's groups, as a C++ type. Null for a kernel whose schedule is not `grouped`.
constexpr const char* policy_source(grouping groups) {
    switch (groups) {
        case grouping::batched: return "uniform_groups";
        case grouping::masked: return "masked_groups";
        case grouping::psum: return "psum_groups";
        case grouping::along_k: return "k_groups";
        case grouping::k_concatenated: return "concatenated_k_groups";
        case grouping::k_parts: return "k_parts";
        case grouping::none:
        case grouping::indexed:  // schedules of their own
        case grouping::summed:
        case grouping::custom: break;
    }
    return nullptr;
}

/// The schedule of a kernel as a C++ type: empty for the default schedule, a comment for a user's own.
inline std::string schedule_source(const gemm_info& value) {
    if (value.traits.groups == grouping::none) return "";
    const std::string block = concat("<tile_shape", value_source(value.cfg.block), ", "),
                      tiles = concat(block, "cluster_shape", value_source(value.cfg.cluster), ", ");
    if (value.traits.groups == grouping::indexed) return concat("indexed", tiles, value.cfg.raster_rows, ">");
    if (value.traits.groups == grouping::summed) return concat("summed", block, value.cfg.raster_rows, ">");
    const char* const policy = policy_source(value.traits.groups);
    if (policy == nullptr) return "/* custom schedule */";
    if (value.traits.groups == grouping::batched && value.cfg.keeps_b)
        return concat("columnwise<tile_shape", value_source(value.cfg.block), ", cluster_shape",
                      value_source(value.cfg.cluster), ">");
    const bool usual = value.cfg.raster_rows == config{}.raster_rows,
               of_k = value.traits.groups == grouping::along_k || value.traits.groups == grouping::k_concatenated;
    const bool packed = of_k && scales_per_word(value.traits.a.format) > 1;
    return concat("grouped", tiles, packed ? concat("with_packed_scales<", policy, ">") : policy,
                  usual ? "" : concat(", ", value.cfg.raster_rows), ">");
}

/// A GEMM kernel as a C++ type; comments stand for a user's own parts.
inline std::string to_source(const gemm_info& value) {
    const gemm_traits& what = value.traits;
    const std::string schedule = schedule_source(value);
    return concat("gemm<arch::sm", value.launch.arch, ", ", to_source(what.a), ", ", to_source(what.b), ", ",
                  epilogue_source(what), ", ", to_source(value.cfg), schedule.empty() ? "" : ", ", schedule, ">");
}

/// The workload of a GEMM in a few words.
inline std::string describe(const gemm_workload& work) {
    std::string text = concat("m = ", work.shape.m, ", n = ", work.shape.n, ", k = ", work.shape.k, ", A ",
                              describe(work.a, "M"), ", B ", describe(work.b, "N"), ", D ", work.d);
    if (work.accumulate) text += work.in_place ? " with C in place" : " with C";
    if (work.heads.any()) text += concat(", heads ", work.heads.left, "+", work.heads.middle, "+", work.heads.right);
    if (work.promoted) text += ", sums of 128 of K promoted";
    return text + describe(work.epilogue);
}

}  // namespace deepgemm
