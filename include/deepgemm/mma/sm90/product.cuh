// SPDX-License-Identifier: MIT
// Which operands Hopper multiplies by each other, and a sentence for each refusal. Operands only state what they are
// (kernel/operand.cuh); another architecture has rules of its own.
#pragma once

#include <deepgemm/kernel/info.cuh>

namespace deepgemm::sm90 {

namespace detail {

/// What wgmma multiplies into FP32 sums for a GEMM.
template <class X>
concept multiplied_element = fp8_element<typename X::element> || half_element<typename X::element>;
/// 8-bit sums keep few bits, so that each K block is scaled by itself; 16-bit sums need no help.
template <class X>
concept scaled_as_needed = (X::scale::format::kind == scale_kind::none) != fp8_element<typename X::element>;
/// Wgmma reads 8-bit operands in no other order; 16-bit ones in both.
template <class X>
concept ordered = X::contiguous == major::k || sizeof(typename X::element) == 2;
template <class A, class B>
concept of_one_kind = (fp8_element<typename A::element> && fp8_element<typename B::element>) ||
                      same_as<typename A::element, typename B::element>;

}  // namespace detail

/// Hopper multiplies operand `A` by operand `B`.
template <class A, class B>
concept multiplies = detail::multiplied_element<A> && detail::multiplied_element<B> && detail::scaled_as_needed<A> &&
    detail::scaled_as_needed<B> && detail::ordered<A> && detail::ordered<B> && detail::of_one_kind<A, B>;

/// The same as a requirement with sentences: a base class without members, which is complete if Hopper multiplies A by B.
template <class A, class B>
struct product {
    static_assert(detail::multiplied_element<A> && detail::multiplied_element<B>,
                  "sm90: the elements of an operand must be e4m3, e5m2, bf16 or f16");
    static_assert(detail::scaled_as_needed<A> && detail::scaled_as_needed<B>,
                  "sm90: e4m3 and e5m2 need scales, bf16 and f16 take scale::none");
    static_assert(detail::ordered<A> && detail::ordered<B>, "sm90: e4m3 and e5m2 must be contiguous along K");
    static_assert(detail::of_one_kind<A, B>, "sm90: A and B must both be of 8 bits, or both bf16, or both f16");
};

}  // namespace deepgemm::sm90
