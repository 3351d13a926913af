// SPDX-License-Identifier: MIT
// The few type traits and concepts deepgemm needs, written here because NVRTC takes one to two seconds
// for <cuda/std/type_traits>. Names follow the standard's.
#pragma once

#include <deepgemm/core/macros.cuh>

namespace deepgemm {

template <class T, class U>
inline constexpr bool is_same_v = false;
template <class T>
inline constexpr bool is_same_v<T, T> = true;

/// `T` and `U` are the same type.
template <class T, class U>
concept same_as = is_same_v<T, U> && is_same_v<U, T>;

/// `T` is one of `Us`.
template <class T, class... Us>
concept one_of = (is_same_v<T, Us> || ...);

template <class T>
struct type_identity {
    using type = T;
};
/// `T`, in a place where it is not deduced.
template <class T>
using type_identity_t = typename type_identity<T>::type;

template <bool Condition, class Then, class Else>
struct conditional {
    using type = Then;
};
template <class Then, class Else>
struct conditional<false, Then, Else> {
    using type = Else;
};
/// `Then` if `Condition`, else `Else`.
template <bool Condition, class Then, class Else>
using conditional_t = typename conditional<Condition, Then, Else>::type;

template <class T>
struct remove_reference {
    using type = T;
};
template <class T>
struct remove_reference<T&> {
    using type = T;
};
template <class T>
struct remove_reference<T&&> {
    using type = T;
};
template <class T>
using remove_reference_t = typename remove_reference<T>::type;

template <class T>
struct remove_const {
    using type = T;
};
template <class T>
struct remove_const<const T> {
    using type = T;
};
template <class T>
using remove_cvref_t = typename remove_const<remove_reference_t<T>>::type;

/// `From` converts to `To` by braces, so without narrowing.
template <class From, class To>
concept converts_to = requires(From from) {
    To{from};
};

/// True, or an error that explains itself. nvcc names the requirement that a type misses only where a class template is
/// constrained. So each concept has an empty class template, `model`, which it constrains, and
/// `static_assert(explains<some_concept::model<T>>)` follows a plain assertion.
template <class Model>
inline constexpr bool explains = sizeof(Model) != 0;

/// A dependent false, for `static_assert` in the last branch of an `if constexpr`.
template <class...>
inline constexpr bool always_false = false;

}  // namespace deepgemm
