// SPDX-License-Identifier: MIT
// Products that no kernel of an architecture computes, whatever its configuration, with a sentence for each that says what to
// do instead. A planner that finds no kernel says these before it names one to instantiate.
#pragma once

#include <string>
#include <tuple>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/device.hpp>
#include <deepgemm/ops/gemm/sm100_tile.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// True if a tile must have the 256 columns that become 128 of D under one scale.
constexpr bool wants_all_of_gate(const epilogue_info& epilogue) { return epilogue.columns_of_scale() == 256; }

/// Hopper multiplies neither FP4 nor TF32 here, and applies scales of 128 elements of K, or of all.
inline std::string hopper_refuses(const gemm_workload& work) {
    for (const auto& [name, x] : {std::tuple{"A", work.a}, {"B", work.b}}) {
        if (is_fp4(x.type) || is_tf32(x.type))
            return concat(name, " is ", x.type, "; kernels of Hopper multiply e4m3, e5m2, bf16 and f16");
        if (x.format != scale_kind::none && !x.tile.all_of_k() && x.tile.k != 128)
            return concat("a scale of ", name, " covers ", x.tile.k,
                          " elements of K; kernels of Hopper take scales of 128, or of all");
        if (x.format == scale_kind::ue4m3)
            return concat("the scales of ", name, " are ue4m3; kernels of Hopper take fp32 or ue8m0");
    }
    const bool by_token = work.b.format != scale_kind::none && work.b.tile == scale_tile{1, 128};
    if (wants_all_of_gate(work.epilogue) && (by_token || work.promoted)) {
        return concat(
            "D is cast behind swiglu with scales of 128 columns, which takes tiles of 256; kernels of Hopper ",
            "have registers for these where scales of B cover 128 x 128, or nothing is promoted");
    }
    return {};
}

/// Blackwell applies scales along K in tensor memory, from words of four that TMA loads.
inline std::string blackwell_refuses(const gemm_workload& work) {
    for (const auto& [name, rows, x] : {std::tuple{"A", "M", work.a}, {"B", "N", work.b}}) {
        if (x.format == scale_kind::none || x.tile.all_of_k()) continue;
        if (x.format == scale_kind::fp32)
            return concat("the scales of ", name,
                          " are fp32; tensor cores of Blackwell apply packed ones, which gemm_options::packer "
                          "(ops/gemm/packed_scales.hpp) makes of powers of two");
        if (x.tile.mn == 1 && x.scales == major::k)
            return concat("the scales of ", name, " are contiguous along K; kernels of Blackwell take those of single ",
                          "rows along ", rows);
    }
    if (work.promoted) return "the sums are to be promoted; kernels of Blackwell leave all sums to the tensor cores";
    if (!sm100_product_of(work.a, work.b).known)
        return concat("no tensor core of Blackwell multiplies ", describe(work.a, "M"), " by ", describe(work.b, "N"));
    if (wants_all_of_gate(work.epilogue) && sm100_product_of(work.a, work.b).scaled())
        return "D is cast behind swiglu with scales of 128 columns, which takes tiles of 256, and two accumulators of "
               "these fill tensor memory; kernels of Blackwell have room there for scales of A and B along K where "
               "those of D cover 32 columns";
    return {};
}

}  // namespace detail

/// Why no kernel for the architecture of `device` computes a valid product, and what does; "" if one can be instantiated.
inline std::string refusal_of(const gemm_workload& work, const device_info& device) {
    const bool multiplies = work.shape.k != 0;  // else operands do not matter
    switch (device.arch / 10) {
        case arch::sm90::number / 10: return multiplies ? detail::hopper_refuses(work) : "";
        case arch::sm100::number / 10: return multiplies ? detail::blackwell_refuses(work) : "";
        default:
            return concat("products have kernels for compute capabilities 9.0 and 10.x; ", device.name, " has ",
                          capability_of(device.arch));
    }
}

/// The same of products in batches and groups, of which `one` is one.
inline std::string refusal_of_group(const gemm_workload& one, const device_info& device) {
    if (device.arch / 10 == arch::sm100::number / 10)
        return "kernels of Blackwell multiply single products, and none multiplies batches or groups";
    return refusal_of(one, device);
}

}  // namespace deepgemm
