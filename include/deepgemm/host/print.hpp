// SPDX-License-Identifier: MIT
// Configurations, kernels and workloads as text. A configuration prints as the C++ source that makes it: the same text is
// what a bug report quotes, what a program pins and what a run-time compiler is given.
#pragma once

#include <deepgemm/host/problem.hpp>

namespace deepgemm {

constexpr const char* name_of(promotion when) {
    switch (when) {
        case promotion::at_once: return "at_once";
        case promotion::deferred: return "deferred";
        case promotion::never: return "never";
    }
    return "?";
}

constexpr const char* name_of(scale_kind kind) {
    switch (kind) {
        case scale_kind::fp32: return "fp32";
        case scale_kind::ue8m0: return "ue8m0";
        case scale_kind::custom: return "custom";
        case scale_kind::none: break;
    }
    return "none";
}

/// A configuration as a C++ expression. Members that have their default are left out, but for the block.
inline std::string to_source(const config& value) {
    // Names every member: a new one makes this line fail, and then it must be printed below.
    const auto& [block, stages, cluster, math_warpgroups, alternate, swap, split_k, raster_rows, store_rows,
                 store_columns, store_buffers, promote, trigger_dependents, extents] = value;
    const config usual{};
    std::string text = concat("config{.block = {", block.m, ", ", block.n, ", ", block.k, "}");
    if (stages != usual.stages) text += concat(", .stages = ", stages);
    if (cluster != usual.cluster) text += concat(", .cluster = {", cluster.m, ", ", cluster.n, "}");
    if (math_warpgroups != usual.math_warpgroups) text += concat(", .math_warpgroups = ", math_warpgroups);
    if (alternate != usual.alternate) text += ", .alternate = true";
    if (swap != usual.swap) text += ", .swap = true";
    if (split_k != usual.split_k) text += concat(", .split_k = ", split_k);
    if (raster_rows != usual.raster_rows) text += concat(", .raster_rows = ", raster_rows);
    if (store_rows != usual.store_rows) text += concat(", .store_rows = ", store_rows);
    if (store_columns != usual.store_columns) text += concat(", .store_columns = ", store_columns);
    if (store_buffers != usual.store_buffers) text += concat(", .store_buffers = ", store_buffers);
    if (promote != usual.promote) text += concat(", .promote = promotion::", name_of(promote));
    if (trigger_dependents != usual.trigger_dependents)
        text += concat(", .trigger_dependents = ", trigger_dependents ? "true" : "false");
    if (extents != usual.extents) text += concat(", .extents = {", extents.m, ", ", extents.n, ", ", extents.k, "}");
    return text + "}";
}

/// An operand as a C++ type.
inline std::string to_source(const operand_info& value) {
    if (value.format == scale_kind::none) {
        return concat("operand<", value.type, value.contiguous == major::mn ? ", scale::none, major::mn>" : ">");
    }
    const char* const tile = value.tile.mn != 1          ? "per_block"
                             : value.scales == major::mn ? "per_token"
                                                         : "per_token_k_major";
    return concat("operand<", value.type, ", scale::", tile, "<scale::", name_of(value.format), ">>");
}

/// The epilogue of a kernel as a C++ type; a custom one has no source here.
inline std::string epilogue_source(const kernel_info& value) {
    const char* const element = value.d == dtype::f32 ? "float" : name_of(value.d);
    if (value.custom_epilogue) return "/* custom epilogue */";
    if (value.heads.any()) {
        return concat("store_heads<", element, ", ", value.heads.left, ", ", value.heads.middle, ", ",
                      value.heads.right, ">");
    }
    if (value.in_place) return "add_in_place";
    return concat(value.accumulate ? "accumulate<" : "store<", element, ">");
}

/// A GEMM kernel as a C++ type.
inline std::string to_source(const kernel_info& value) {
    return concat("gemm<arch::sm", value.arch, ", ", to_source(value.a), ", ", to_source(value.b), ", ",
                  epilogue_source(value), ", ", to_source(value.cfg), ">");
}

/// An operand in a few words: "e4m3 scaled 1x128 by fp32", "bf16 contiguous along K". `rows` is what its rows are called.
inline std::string describe(const operand_info& value, const char* rows = "M or N") {
    if (value.format == scale_kind::none) {
        return concat(value.type, " contiguous along ", value.contiguous == major::mn ? rows : "K");
    }
    return concat(value.type, " scaled ", value.tile.mn, "x", value.tile.k, " by ", name_of(value.format),
                  value.scales == major::k ? " along K" : "");
}

/// A workload in a few words.
inline std::string describe(const workload& work) {
    std::string text = concat("m = ", work.shape.m, ", n = ", work.shape.n, ", k = ", work.shape.k, ", A ",
                              describe(work.a, "M"), ", B ", describe(work.b, "N"), ", D ", work.d);
    if (work.accumulate) text += work.in_place ? " with C in place" : " with C";
    if (work.heads.any()) text += concat(", heads ", work.heads.left, "+", work.heads.middle, "+", work.heads.right);
    return text;
}

}  // namespace deepgemm
