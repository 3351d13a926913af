// SPDX-License-Identifier: MIT
// Which operands Hopper multiplies by each other, and a sentence for each pair that it does not. An operand only states facts
// (kernel/operand.cuh); each architecture has rules of its own.
#pragma once

#include <deepgemm/kernel/config.cuh>
#include <deepgemm/scale/kind.cuh>

namespace deepgemm::sm90 {

namespace detail {

/// An element type that wgmma multiplies into FP32 sums in a GEMM of this library.
template <class X>
concept multiplied_element = fp8_element<typename X::element> || half_element<typename X::element>;
/// 16-bit elements take no scales; FP8 may.
template <class X>
concept scaled_as_needed = X::scale::format::kind == scale_kind::none || fp8_element<typename X::element>;
/// Wgmma reads 8-bit operands only contiguous along K, and 16-bit operands in both orders. A may come by registers
/// (transposed_fp8).
template <class X>
concept ordered = X::contiguous == major::k || sizeof(typename X::element) == 2;
template <class X>
concept ordered_or_turned = ordered<X> || fp8_element<typename X::element>;
/// Wgmma mixes the two FP8 types, but no others.
template <class A, class B>
concept of_one_kind = (fp8_element<typename A::element> && fp8_element<typename B::element>) ||
                      same_as<typename A::element, typename B::element>;

}  // namespace detail

/// Satisfied by: two operands that Hopper multiplies by each other.
template <class A, class B>
concept multiplies = detail::multiplied_element<A> && detail::multiplied_element<B> && detail::scaled_as_needed<A> &&
    detail::scaled_as_needed<B> && detail::ordered_or_turned<A> && detail::ordered<B> && detail::of_one_kind<A, B>;

/// The same requirement with a sentence for each part: a base class without members.
template <class A, class B>
struct product {
    static_assert(detail::multiplied_element<A> && detail::multiplied_element<B>,
                  "sm90: the elements of an operand must be e4m3, e5m2, bf16 or f16");
    static_assert(detail::scaled_as_needed<A> && detail::scaled_as_needed<B>,
                  "sm90: only e4m3 and e5m2 are scaled, bf16 and f16 take scale::none");
    static_assert(detail::ordered_or_turned<A> && detail::ordered<B>,
                  "sm90: e4m3 and e5m2 of B must be contiguous along K, and of A where config.swap exchanges them");
    static_assert(detail::of_one_kind<A, B>, "sm90: A and B must both be of 8 bits, or both bf16, or both f16");
};

}  // namespace deepgemm::sm90
