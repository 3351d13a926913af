// SPDX-License-Identifier: MIT
// Which operands Blackwell multiplies by each other, and a sentence for each pair that it does not.
#pragma once

#include <deepgemm/core/traits.cuh>
#include <deepgemm/scale/granularity.cuh>

namespace deepgemm::sm100 {

namespace detail {

/// An element type that tcgen05 multiplies into FP32 sums in a GEMM of this library.
template <class X>
concept multiplied_element = fp8_element<typename X::element> || half_element<typename X::element>;
template <class X>
concept scaled = X::scale::format::kind != scale_kind::none;
/// 16-bit elements take no scales; FP8 may.
template <class X>
concept scaled_as_needed = !scaled<X> || fp8_element<typename X::element>;
/// Block scales are exponents of 32 elements of K, or of a multiple of them that fills a word's bytes one by one.
template <class X>
concept scaled_by_exponents =
    !scaled<X> || (X::scale::format::kind == scale_kind::ue8m0 && (X::scale::tile.k == 32 || X::scale::tile.k == 128) &&
                   X::scale::via != scale::route::copied);
/// The multiply mixes elements of 8 bits, but no others.
template <class A, class B>
concept of_one_kind = (fp8_element<typename A::element> && fp8_element<typename B::element>) ||
                      same_as<typename A::element, typename B::element>;

}  // namespace detail

/// Satisfied by: two operands that Blackwell multiplies by each other.
template <class A, class B>
concept multiplies = detail::multiplied_element<A> && detail::multiplied_element<B> && detail::scaled_as_needed<A> &&
    detail::scaled_as_needed<B> && detail::scaled_by_exponents<A> && detail::scaled_by_exponents<B> &&
    detail::of_one_kind<A, B> && detail::scaled<A>
== detail::scaled<B>;

/// The same requirement with a sentence for each part: a base class without members.
template <class A, class B>
struct product {
    static_assert(detail::multiplied_element<A> && detail::multiplied_element<B>,
                  "sm100: the elements of an operand must be e4m3, e5m2, bf16 or f16");
    static_assert(detail::scaled_as_needed<A> && detail::scaled_as_needed<B>,
                  "sm100: only e4m3 and e5m2 are scaled, bf16 and f16 take scale::none");
    static_assert(detail::scaled_by_exponents<A> && detail::scaled_by_exponents<B>,
                  "sm100: scales must be scale::ue8m0 of 32 or 128 elements of K, MN-major if of single rows; FP32 "
                  "scales that are "
                  "powers of two can be converted");
    static_assert(detail::of_one_kind<A, B>, "sm100: A and B must both be of 8 bits, or both bf16, or both f16");
    static_assert(detail::scaled<A> == detail::scaled<B>,
                  "sm100: the multiply scales both operands or none; a scale of 1 has exponent 127");
};

}  // namespace deepgemm::sm100
