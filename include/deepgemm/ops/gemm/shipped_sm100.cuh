// SPDX-License-Identifier: MIT
// The kernels of Blackwell among which the named operations choose, as lists of types; shipped_fp8.cuh says how lists are used.
// They are no part of dense(), which is Hopper's: programs for Blackwell compile sm100_dense(), or some of these lists. Their
// tiles are a start: nothing was measured.
#pragma once

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/epilogue/alpha.cuh>
#include <deepgemm/kernel/swapped.cuh>

namespace deepgemm::shipped {

namespace sm100 {

/// D = A x B as `type`. Structs here and below, since nvcc 13 loses configurations in alias templates.
template <class A, class B, class Epilogue, config... Configs>
struct kernels_of {
    using type = kernels<gemm<arch::sm100, A, B, Epilogue, Configs>...>;
};

/// A tile of 128 rows for one CTA, or for each CTA of a pair that multiplies together; `k` elements are 128 bytes.
DEEPGEMM_BOTH constexpr config alone(int n, int k) { return {.block = {128, n, k}}; }
DEEPGEMM_BOTH constexpr config pair(int n, int k) {
    return {.block = {128, n, k}, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
}
/// The same with operands that change places: `m` rows of A are the columns of the multiply.
DEEPGEMM_BOTH constexpr config tokens(int m, int k) { return {.block = {m, 128, k}, .swap = true}; }
DEEPGEMM_BOTH constexpr config token_pair(int m, int k) {
    return {.block = {m, 128, k}, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}};
}

/// Few rows of A, and many; `K` elements are 128 bytes of a row in shared memory, and `Widest` is what tensor memory has room
/// for.
template <class A, class B, class Epilogue, int K>
struct few
    : kernels_of<A, B, Epilogue, tokens(16, K), tokens(32, K), tokens(64, K), token_pair(32, K), token_pair(64, K)> {};
template <class A, class B, class Epilogue, int K, int Widest>
struct many : kernels_of<A, B, Epilogue, alone(64, K), alone(128, K), pair(128, K), pair(Widest, K)> {};
template <class A, class B, class Epilogue, int K, int Widest>
struct few_and_many : join<typename few<A, B, Epilogue, K>::type, typename many<A, B, Epilogue, K, Widest>::type> {};
/// Combinations that are seldom asked for.
template <class A, class B, class Epilogue, int K>
struct any : kernels_of<A, B, Epilogue, alone(64, K), alone(128, K), pair(128, K)> {};

template <class T, major Order = major::k>
using half = operand<T, scale::none, Order>;
template <major Order = major::k>
using by_token = operand<e4m3, scale::per_token<scale::ue8m0>, Order>;
template <major Order = major::k>
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>, Order>;
/// FP8 with a scale for each row and all of K. These kernels also serve one scale for an operand, and none.
using by_row = operand<e4m3, scale::per_row<scale::fp32>>;
/// FP4 with a scale in UE8M0 for each 32 elements of K, or one in UE4M3 for each 16.
template <major Order = major::k>
using mx4 = operand<e2m1, scale::mx<scale::ue8m0>, Order>;
using nv4 = operand<e2m1, scale::nv<scale::ue4m3>>;

/// 16-bit operands: both contiguous along K (nt), the other orders, and sums in FP32 of both (tn).
template <class T>
struct half_nt : join<typename few_and_many<half<T>, half<T>, store<T>, 64, 256>::type,
                      typename few_and_many<half<T>, half<T>, store<float>, 64, 256>::type,
                      typename few_and_many<half<T>, half<T>, accumulate<T>, 64, 256>::type,
                      typename any<half<T>, half<T>, accumulate<float>, 64>::type> {};
template <class T, class Epilogue, int K = 64>
struct half_turned : join<typename any<half<T>, half<T, major::mn>, Epilogue, K>::type,
                          typename any<half<T, major::mn>, half<T, major::mn>, Epilogue, K>::type,
                          typename any<half<T, major::mn>, half<T>, Epilogue, K>::type> {};
template <class T>
struct half_others
    : join<typename half_turned<T, store<T>>::type, typename half_turned<T, store<float>>::type,
           typename half_turned<T, accumulate<float>>::type, typename half_turned<T, add_in_place>::type> {};

/// FP8, activations scaled by token: weights by block, in either order; both by token, and these in the order of weight
/// gradients.
template <class Epilogue>
struct fp8_weights : join<typename few_and_many<by_token<>, by_block<>, Epilogue, 128, 224>::type,
                          typename any<by_token<>, by_block<major::mn>, Epilogue, 128>::type> {};
template <class Epilogue>
struct fp8_tokens : join<typename few_and_many<by_token<>, by_token<>, Epilogue, 128, 224>::type,
                         typename any<by_token<major::mn>, by_token<major::mn>, Epilogue, 128>::type> {};

/// The same with every D. All types depend on parameters, since nvcc 13 loses configurations in those that do not.
template <class D16, class D32>
struct all_fp8_weights
    : join<typename fp8_weights<store<D16>>::type, typename fp8_weights<store<D32>>::type,
           typename fp8_weights<accumulate<D16>>::type, typename fp8_weights<accumulate<D32>>::type> {};
template <class D16, class D32>
struct all_fp8_tokens : join<typename fp8_tokens<store<D16>>::type, typename fp8_tokens<store<D32>>::type,
                             typename fp8_tokens<accumulate<D16>>::type, typename fp8_tokens<accumulate<D32>>::type> {};
/// 16-bit operands of a type that is seldom asked for.
template <class T>
struct any_half
    : join<typename any<half<T>, half<T>, store<T>, 64>::type, typename any<half<T>, half<T>, store<float>, 64>::type,
           typename any<half<T>, half<T>, accumulate<T>, 64>::type, typename half_turned<T, store<T>>::type,
           typename half_turned<T, store<float>>::type> {};
/// FP8 in orders that neither weights nor gradients have: a gradient with scales by block, scales by token beside a B (k,n).
template <class Epilogue>
struct fp8_others : join<typename any<by_token<major::mn>, by_block<major::mn>, Epilogue, 128>::type,
                         typename any<by_token<>, by_token<major::mn>, Epilogue, 128>::type> {};
template <class D16, class D32>
struct all_fp8_others : join<typename fp8_others<store<D16>>::type, typename fp8_others<store<D32>>::type> {};

/// FP8 whose scales hold for all of K, on both sides.
template <class X, class D16, class D32>
struct all_fp8_rows : join<typename few_and_many<X, X, store<D16>, 128, 256>::type,
                           typename any<X, X, store<D32>, 128>::type, typename any<X, X, accumulate<D32>, 128>::type> {
};

/// Weights in FP4 beside FP8, which TMA spreads over bytes: along K, and along N in runs of 128 elements, so that a CTA has
/// whole runs.
template <class A, class Epilogue>
struct beside_fp4 : few_and_many<A, mx4<>, Epilogue, 128, 224> {};
template <class A, class Epilogue>
struct beside_fp4_turned : kernels_of<A, mx4<major::mn>, Epilogue, alone(128, 128), tokens(64, 128)> {};
template <class D16, class D32>
struct all_beside_fp4
    : join<typename beside_fp4<by_token<>, store<D16>>::type, typename beside_fp4<by_token<>, store<D32>>::type,
           typename beside_fp4<by_token<>, accumulate<D16>>::type,
           typename beside_fp4_turned<by_token<>, store<D16>>::type,
           typename beside_fp4_turned<by_token<major::mn>, store<D16>>::type,
           typename beside_fp4_turned<by_token<major::mn>, accumulate<D32>>::type> {};

/// FP4 on both sides, which stays packed. Scales in UE4M3 reach no further than 448 and go with a factor for the whole product,
/// alpha.
template <class X, class Epilogue>
struct fp4_pair : few_and_many<X, X, Epilogue, 256, 224> {};
template <class X, class D16, class D32>
struct all_fp4 : join<typename fp4_pair<X, store<D16>>::type, typename fp4_pair<X, store<D32>>::type,
                      typename fp4_pair<X, accumulate<D16>>::type> {};
template <class X, class Epilogue>
struct fp4_scaled
    : join<typename kernels_of<X, X, Epilogue, alone(32, 256)>::type, typename many<X, X, Epilogue, 256, 224>::type> {
};  // steps do not swap operands
template <class X, class D16, class D32>
struct all_fp4_scaled : join<typename fp4_pair<X, store<D16>>::type, typename fp4_pair<X, store<D32>>::type,
                             typename fp4_scaled<X, then<alpha, store<D16>>>::type,
                             typename fp4_scaled<X, then<alpha, store<D32>>>::type> {};

/// TF32 in every order, and sums of gradients; operands without scales, as those of 16 bits.
template <class T, class D32>
struct all_tf32
    : join<typename kernels_of<half<T>, half<T>, store<D32>, tokens(16, 32), tokens(64, 32)>::type,
           typename any<half<T>, half<T>, store<D32>, 32>::type, typename half_turned<T, store<D32>, 32>::type,
           typename any<half<T, major::mn>, half<T, major::mn>, accumulate<D32>, 32>::type> {};

/// A tile that clusters claim while the kernel runs (docs/hardware/cluster-launch.md), and kernels of some.
DEEPGEMM_BOTH constexpr config claims(config made) {
    made.sm100.tiles = tile_source::claimed;
    return made;
}
template <class A, class B, class Epilogue, int K, int Widest>
struct claiming : kernels_of<A, B, Epilogue, claims(tokens(64, K)), claims(alone(128, K)), claims(pair(128, K)),
                             claims(pair(Widest, K))> {};

/// The same configuration with K in so many parts, each of one CTA or of a pair.
DEEPGEMM_BOTH constexpr config in_parts(config made, int parts) {
    made.split_k = parts;
    return made;
}
/// Products of few tiles and much K, which leave multiprocessors idle unless clusters share it.
template <class A, class B, class Epilogue, int K>
struct sharing_k : kernels_of<A, B, Epilogue, in_parts(tokens(16, K), 8), in_parts(token_pair(16, K), 4),
                              in_parts(tokens(32, K), 4), in_parts(token_pair(64, K), 4), in_parts(alone(64, K), 4),
                              in_parts(pair(64, K), 4), in_parts(pair(128, K), 2)> {};
template <class T, class D32>
struct half_parts : join<typename sharing_k<half<T>, half<T>, store<T>, 64>::type,
                         typename sharing_k<half<T>, half<T>, store<D32>, 64>::type> {};
template <class D16>
struct fp8_parts : join<typename sharing_k<by_token<>, by_block<>, store<D16>, 128>::type,
                        typename sharing_k<by_token<>, by_token<>, store<D16>, 128>::type> {};

}  // namespace sm100

using sm100_bf16_nt = sm100::half_nt<bf16>::type;
using sm100_bf16_others = sm100::half_others<bf16>::type;
using sm100_f16 = sm100::any_half<f16>::type;
using sm100_weights = sm100::all_fp8_weights<bf16, float>::type;
using sm100_tokens = sm100::all_fp8_tokens<bf16, float>::type;
using sm100_rows = sm100::all_fp8_rows<sm100::by_row, bf16, float>::type;
using sm100_heads = sm100::kernels_of<sm100::by_token<>, sm100::by_block<>, store_heads<bf16, 128, 64, 128>,
                                      sm100::alone(64, 128), sm100::alone(128, 128), sm100::pair(128, 128)>::type;
using sm100_fp8_others = sm100::all_fp8_others<bf16, float>::type;
using sm100_fp8_fp4 = sm100::all_beside_fp4<bf16, float>::type;
using sm100_mxf4 = sm100::all_fp4<sm100::mx4<>, bf16, float>::type;
using sm100_nvf4 = sm100::all_fp4_scaled<sm100::nv4, bf16, float>::type;
using sm100_tf32 = sm100::all_tf32<tf32, float>::type;
using sm100_bf16_parts = sm100::half_parts<bf16, float>::type;
using sm100_fp8_parts = sm100::fp8_parts<bf16>::type;

/// All dense kernels of Blackwell, one list a line. A template, like all sums of lists.
template <class = void>
DEEPGEMM_BOTH constexpr auto sm100_dense() {
    return shipped::sum_of(sm100_bf16_nt{},      // both operands along K
                           sm100_bf16_others{},  // gradients and other orders
                           sm100_f16{},          //
                           sm100_weights{},      // FP8, weights scaled by block
                           sm100_tokens{},       // FP8, both scaled by token
                           sm100_fp8_others{},   // FP8 in the orders left
                           sm100_rows{},         // FP8 with a scale a row, one an operand, or none
                           sm100_heads{},        // FP8, columns apart by heads
                           sm100_fp8_fp4{},      // FP8 x FP4
                           sm100_mxf4{},         // FP4 x FP4, scales of 32 elements
                           sm100_nvf4{},         // FP4 x FP4, scales of 16 elements
                           sm100_tf32{},         //
                           sm100_bf16_parts{},   // few tiles, K shared by clusters
                           sm100_fp8_parts{});   // the same of FP8
}

using sm100_claimed_bf16 = sm100::claiming<sm100::half<bf16>, sm100::half<bf16>, store<bf16>, 64, 256>::type;
using sm100_claimed_fp8 = sm100::claiming<sm100::by_token<>, sm100::by_block<>, store<bf16>, 128, 224>::type;

/// Kernels for a GPU that is shared: clusters claim tiles. They are no part of sm100_dense(), since a planner that knows the
/// others would never choose them.
template <class = void>
DEEPGEMM_BOTH constexpr auto sm100_claimed() {
    return shipped::sum_of(sm100_claimed_bf16{}, sm100_claimed_fp8{});
}

template <class O>
    requires(same_as<O, ops::gemm>)
DEEPGEMM_BOTH constexpr auto sm100_of() { return sm100_dense(); }

}  // namespace deepgemm::shipped
