// SPDX-License-Identifier: MIT
// The shipped kernels of 16-bit operands, as lists of types; shipped.cuh holds those of FP8 and says how they are used.
// A list is named by its operands' type, by the layouts of A and B as BLAS names them (nt: both contiguous along K; nn: B along
// N; tn: A along M and B along N; tt: A along M), and by D.
#pragma once

#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/list.cuh>

namespace deepgemm::shipped {

/// D = A x B of operands of `Element`.
template <class Element, major A, major B, class Epilogue, config... Configs>
using half_kernels =
    kernels<gemm<arch::sm90, operand<Element, scale::none, A>, operand<Element, scale::none, B>, Epilogue, Configs>...>;

/// A configuration for 16-bit operands: block.k is 64, and nothing is promoted.
DEEPGEMM_BOTH constexpr config tile16(int m, int n, int math_warpgroups, cluster_shape cluster = {}, int store_columns = 0,
                                    int store_buffers = 0) {
    return {.block = {m, n, 64},
            .cluster = cluster,
            .math_warpgroups = math_warpgroups,
            .store_columns = store_columns,
            .store_buffers = store_buffers,
            .promote = promotion::never};
}
/// Two warpgroups that alternate: the epilogue of one tile under the main loop of the next.
DEEPGEMM_BOTH constexpr config turns16(int m, int n, cluster_shape cluster = {}, int store_columns = 0,
                                          int store_buffers = 0) {
    config made = tile16(m, n, 2, cluster, store_columns, store_buffers);
    made.alternate = true;
    return made;
}

/// Two CTAs along M that share B, where its copies can be halved: whole slabs of 64 rows if it is contiguous along N.
DEEPGEMM_BOTH constexpr cluster_shape sharing(major b, int n) {
    return b == major::k || n % 128 == 0 ? cluster_shape{2, 1} : cluster_shape{};
}

/// Few rows of A.
template <class Element, major B, class Epilogue>
using half_narrow = half_kernels<Element, major::k, B, Epilogue, tile16(64, 64, 1), tile16(64, 128, 1)>;
template <class Element, class Epilogue>
using half_narrowest =
    half_kernels<Element, major::k, major::k, Epilogue, tile16(64, 16, 1), tile16(64, 32, 1), tile16(64, 96, 1)>;
/// Many rows, D of 16 bits; staging buffers of two columns of blocks leave room for stages.
template <class Element, major A, major B, class Epilogue>
using half_wide = half_kernels<Element, A, B, Epilogue, tile16(128, 64, 2), tile16(128, 128, 2), tile16(128, 256, 2, {}, 64, 2),
                               tile16(128, 256, 2, {2, 1}, 64, 2), turns16(128, 192, sharing(B, 192), 64, 1)>;
/// Many rows, FP32 D.
template <class Element, major A, major B, class Epilogue>
using half_wide_f32 = half_kernels<Element, A, B, Epilogue, tile16(128, 64, 2), tile16(128, 128, 2),
                                   tile16(128, 192, 2, sharing(B, 192), 32, 2), turns16(128, 128, {2, 1})>;
/// What is seldom asked for: a tile for few rows, one for many.
template <class Element, major A, major B, class Epilogue>
using half_any = half_kernels<Element, A, B, Epilogue, tile16(64, 64, 1), tile16(128, 128, 2)>;
template <class Element, class Epilogue>
using half_any_nt = half_any<Element, major::k, major::k, Epilogue>;
template <class Element, class Epilogue>
using half_any_transposed =
    joined<half_any<Element, major::k, major::mn, Epilogue>, half_any<Element, major::mn, major::mn, Epilogue>,
           half_any<Element, major::mn, major::k, Epilogue>>;

using bf16_nt = joined<half_narrowest<bf16, store<bf16>>, half_narrow<bf16, major::k, store<bf16>>>;
using bf16_nt_wide = half_wide<bf16, major::k, major::k, store<bf16>>;
using bf16_nn = half_narrow<bf16, major::mn, store<bf16>>;
using bf16_nn_wide = half_wide<bf16, major::k, major::mn, store<bf16>>;
using bf16_tn_wide = half_wide<bf16, major::mn, major::mn, store<bf16>>;
using bf16_tt = half_any<bf16, major::mn, major::k, store<bf16>>;

using bf16_nt_acc = joined<half_narrowest<bf16, accumulate<bf16>>, half_narrow<bf16, major::k, accumulate<bf16>>>;
using bf16_nt_acc_wide = half_wide<bf16, major::k, major::k, accumulate<bf16>>;
using bf16_acc_transposed = half_any_transposed<bf16, accumulate<bf16>>;

using bf16_nt_f32 = half_narrow<bf16, major::k, store<float>>;
using bf16_nt_f32_wide = half_wide_f32<bf16, major::k, major::k, store<float>>;
using bf16_f32_transposed = half_any_transposed<bf16, store<float>>;

using bf16_nt_f32_acc = half_any_nt<bf16, accumulate<float>>;
using bf16_tn_f32_acc_wide = half_wide_f32<bf16, major::mn, major::mn, accumulate<float>>;
using bf16_f32_acc_transposed = half_any_transposed<bf16, accumulate<float>>;

template <class Epilogue>
using f16_any = joined<half_any_nt<f16, Epilogue>, half_any_transposed<f16, Epilogue>>;
using f16_half = f16_any<store<f16>>;
using f16_half_acc = f16_any<accumulate<f16>>;
using f16_f32 = f16_any<store<float>>;
using f16_f32_acc = f16_any<accumulate<float>>;

}  // namespace deepgemm::shipped
