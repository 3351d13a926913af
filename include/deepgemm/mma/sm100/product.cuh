// SPDX-License-Identifier: MIT
// Which operands Blackwell multiplies by each other, by which kind of multiply, and a sentence for each pair that it does not.
#pragma once

#include <deepgemm/core/small_types.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/ptx/tcgen05_mma.cuh>
#include <deepgemm/scale/granularity.cuh>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm::sm100 {

namespace detail {

template <class X>
concept fp4 = same_as<typename X::element, e2m1>;
/// Elements that one kind of multiply mixes.
template <class X>
concept small = fp8_element<typename X::element> || fp4<X>;
/// An element type that tcgen05 multiplies into FP32 sums in a GEMM of this library.
template <class X>
concept multiplied_element = small<X> || half_element<typename X::element> || same_as<typename X::element, tf32>;
/// Only FP8 and FP4 have scales.
template <class X>
concept scaled_as_needed = X::scale::via == scale::route::none || small<X>;
/// Has scales that the multiply applies. Those that hold for all of K wait for the sums.
template <class X>
concept scaled = !scale::all_of_k(X::scale::via);
/// No scales, or floats that the epilogue applies.
template <class X>
concept left_to_epilogue = X::scale::via == scale::route::none ||
                           (X::scale::via == scale::route::epilogue && X::scale::format::kind == scale_kind::fp32);
/// Exponents of 32 or 128 elements of K, in an order that TMA loads or of tiles that threads load.
template <class X>
concept scaled_by_exponents = X::scale::format::kind == scale_kind::ue8m0 &&
                              (X::scale::tile.k == 32 || X::scale::tile.k == 128) && X::info.scales == major::mn;
/// Small floats, one for each row and 16 elements of K.
template <class X>
concept scaled_by_floats = fp4<X> && X::scale::format::kind == scale_kind::ue4m3&& X::scale::tile == scale_tile{1, 16};
template <class X>
concept scaled_well = left_to_epilogue<X> || scaled_by_exponents<X> || scaled_by_floats<X>;
template <class A, class B>
concept of_one_kind = (small<A> && small<B>) || same_as<typename A::element, typename B::element>;
template <class A, class B>
concept scaled_alike = scaled<A>
== scaled<B>&& scaled_by_floats<A> == scaled_by_floats<B>;

template <class X>
concept rows_of_fp4 = fp4<X> && X::contiguous == major::k;

}  // namespace detail

/// Two operands of FP4 that a kind of their own multiplies, packed as they are in memory: scales of one row and 32 elements of
/// K in UE8M0, or 16 in UE4M3, on both sides.
template <class A, class B>
inline constexpr bool packed_fp4 = detail::rows_of_fp4<A>&& detail::rows_of_fp4<B> &&
                                   ((detail::scaled_by_exponents<A> && A::scale::tile == scale_tile{1, 32} &&
                                     detail::scaled_by_exponents<B> && B::scale::tile == scale_tile{1, 32}) ||
                                    (detail::scaled_by_floats<A> && detail::scaled_by_floats<B>));

/// The kind of multiply of two operands.
template <class A, class B>
inline constexpr ptx::tcgen05_kind kind_of =
    packed_fp4<A, B>&& detail::scaled_by_floats<A> ? ptx::tcgen05_kind::mxf4nvf4
    : packed_fp4<A, B>                             ? ptx::tcgen05_kind::mxf4
    : half_element<typename A::element>            ? ptx::tcgen05_kind::f16
    : same_as<typename A::element, tf32>           ? ptx::tcgen05_kind::tf32
    : detail::scaled<A>                            ? ptx::tcgen05_kind::mxf8f6f4
                                                   : ptx::tcgen05_kind::f8f6f4;

/// Bits of an element in shared memory: FP4 has 4 where a kind of its own multiplies it, and a byte beside others.
template <class A, class B>
inline constexpr int staged_bits = packed_fp4<A, B>   ? 4
                                   : detail::small<A> ? 8
                                                      : int(bits_of(A::info.type));

/// What a tile of operand `X` holds: FP4 spread over bytes unless it stays packed.
template <class X, bool Packed>
using staged_element = conditional_t<detail::fp4<X> && !Packed, in_bytes<e2m1>, typename X::element>;

/// Satisfied by: two operands that Blackwell multiplies by each other.
template <class A, class B>
concept multiplies = detail::multiplied_element<A> && detail::multiplied_element<B> && detail::scaled_as_needed<A> &&
    detail::scaled_as_needed<B> && detail::scaled_well<A> && detail::scaled_well<B> && detail::of_one_kind<A, B> &&
    detail::scaled_alike<A, B>;

/// The same requirement with a sentence for each part: a base class without members.
template <class A, class B>
struct product {
    static_assert(detail::multiplied_element<A> && detail::multiplied_element<B>,
                  "sm100: the elements of an operand must be e4m3, e5m2, e2m1, bf16, f16 or tf32");
    static_assert(detail::scaled_as_needed<A> && detail::scaled_as_needed<B>,
                  "sm100: only e4m3, e5m2 and e2m1 are scaled, others take scale::none");
    static_assert(detail::scaled_well<A> && detail::scaled_well<B>,
                  "sm100: scales must be scale::ue8m0 of 32 or 128 elements of K, MN-major if of single rows, "
                  "scale::ue4m3 of one row and 16 elements of FP4, or scale::fp32 that hold for all of K; other FP32 "
                  "scales that are powers of two can be converted");
    static_assert(detail::of_one_kind<A, B>,
                  "sm100: A and B must both be of 8 or 4 bits, or both bf16, both f16 or both tf32");
    static_assert(detail::scaled_alike<A, B>,
                  "sm100: the multiply scales both operands or none, and both by scale::ue8m0 or both by scale::ue4m3; "
                  "a scale of 1 has exponent 127");
};

}  // namespace deepgemm::sm100
