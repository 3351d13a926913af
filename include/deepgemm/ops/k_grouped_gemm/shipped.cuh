// SPDX-License-Identifier: MIT
// The kernels among which the named operations on groups of K choose, as lists of types. Nothing is instantiated here.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/ops/gemm/shipped_fp8.cuh>
#include <deepgemm/ops/gemm/shipped_half.cuh>
#include <deepgemm/schedule/grouped.cuh>

namespace deepgemm::shipped {

/// Kernels of groups of K, as `type`: operands `X`, groups as policy `Groups` has them. Structs, since nvcc 13 loses
/// configurations in alias templates.
template <class X, class Groups, class Epilogue, config... Configs>
struct k_kernels {
    using type = kernels<gemm<arch::sm90, X, X, Epilogue, Configs,
                              grouped<Configs.block, Configs.cluster, Groups, Configs.raster_rows>>...>;
};
/// In FP8, both operands scaled by token.
template <class Groups, class Epilogue, config... Configs>
struct k_fp8_kernels : k_kernels<by_token<scale::fp32>, Groups, Epilogue, Configs...> {};
/// The same with packed scales.
template <class Groups, class Epilogue, config... Configs>
struct k_ue8m0_kernels : k_kernels<by_token<scale::ue8m0>, with_packed_scales<Groups>, Epilogue, Configs...> {};
/// In BF16, with rows of K.
template <class Epilogue, config... Configs>
struct k_bf16_kernels : k_kernels<operand<bf16, scale::none, major::mn>, k_groups, Epilogue, Configs...> {};

/// D += in FP32: gradients that are summed up over micro-batches. The tall tile was the best of eleven for all of DeepGEMM's
/// cases, in BF16 that of warpgroups in turns of seven (docs/tuning-log.md); others are for few tokens or few features.
using k_fp8_in_place = k_fp8_kernels<k_groups, add_in_place, lean(narrow(64, 64), 32), buffered(medium(128, pair_n)),
                                     tall(96, pair_n, 32, 2), ahead(tall(96, pair_n, 32, 2))>::type;
using k_bf16_in_place = k_bf16_kernels<add_in_place, tile16(128, 64, 2, {}, 32, 2), tile16(128, 256, 2, {}, 32, 2),
                                       turns16(128, 192, {}, 32, 1), ahead(turns16(128, 192, {}, 32, 1))>::type;
/// The same of concatenated operands.
using k_fp8_concatenated =
    k_fp8_kernels<concatenated_k_groups, add_in_place, lean(narrow(64, 64), 32), buffered(medium(128, pair_n)),
                  tall(96, pair_n, 32, 2), ahead(tall(96, pair_n, 32, 2))>::type;

/// D alone, in FP32 or in BF16.
using k_fp8_f32 = k_fp8_kernels<k_groups, store<float>, lean(medium(128), 32), tall(96, pair_n, 32, 2)>::type;
using k_fp8_bf16 = k_fp8_kernels<k_groups, store<bf16>, lean(medium(128), 64), tall(96, pair_n, 32, 2)>::type;
using k_fp8_concatenated_f32 =
    k_fp8_kernels<concatenated_k_groups, store<float>, lean(medium(128), 32), tall(96, pair_n, 32, 2)>::type;
using k_bf16_f32 = k_bf16_kernels<store<float>, tile16(128, 128, 2), turns16(128, 192, {}, 32, 1)>::type;
using k_bf16_bf16 = k_bf16_kernels<store<bf16>, tile16(128, 128, 2, across), turns16(128, 192, {}, 64, 1)>::type;

/// With packed scales: D += and D alone, each for few rows and for many.
using k_ue8m0_in_place =
    k_ue8m0_kernels<k_groups, add_in_place, lean(narrow(64, 64), 32), ahead(tall(96, pair_n, 32, 2))>::type;
using k_ue8m0_concatenated = k_ue8m0_kernels<concatenated_k_groups, add_in_place, lean(narrow(64, 64), 32),
                                             ahead(tall(96, pair_n, 32, 2))>::type;
using k_ue8m0_f32 = k_ue8m0_kernels<k_groups, store<float>, lean(medium(128), 32)>::type;
using k_ue8m0_bf16 = k_ue8m0_kernels<k_groups, store<bf16>, lean(medium(128), 64)>::type;
using k_ue8m0_concatenated_f32 = k_ue8m0_kernels<concatenated_k_groups, store<float>, lean(medium(128), 32)>::type;
using k_ue8m0_acc = k_ue8m0_kernels<k_groups, accumulate<float>, medium(128)>::type;

/// C that is not D.
using k_fp8_acc = k_fp8_kernels<k_groups, accumulate<float>, medium(128)>::type;
using k_bf16_acc = k_bf16_kernels<accumulate<float>, tile16(128, 128, 2)>::type;

template <class O>
    requires(same_as<O, ops::k_grouped_gemm>)
DEEPGEMM_BOTH constexpr auto all_of() {
    return shipped::sum_of(k_fp8_in_place{}, k_bf16_in_place{}, k_fp8_concatenated{}, k_fp8_f32{}, k_fp8_bf16{},
                           k_fp8_concatenated_f32{}, k_ue8m0_in_place{}, k_ue8m0_concatenated{}, k_ue8m0_f32{},
                           k_ue8m0_bf16{}, k_ue8m0_concatenated_f32{}, k_ue8m0_acc{}, k_bf16_f32{}, k_bf16_bf16{},
                           k_fp8_acc{}, k_bf16_acc{});
}

}  // namespace deepgemm::shipped
