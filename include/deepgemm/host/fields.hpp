// SPDX-License-Identifier: MIT
// What follows from a structure's table of members (core/fields.cuh) without any text: a visit of all members, and whether one
// value is what another asks for.
#pragma once

#include <cstddef>
#include <type_traits>

#include <deepgemm/core/fields.cuh>

namespace deepgemm {

/// A structure that has a table of its members.
/// Satisfied by: a specialisation of fields_of.
template <class T>
concept has_fields = requires {
    sizeof(fields_of<T>);
};

/// A structure whose text gives members by name; short structures give them by place instead. If its own name is empty it is a
/// member of another structure, and its text begins with the brace.
/// Satisfied by: a specialisation of fields_of that has `name`.
template <class T>
concept has_named_fields = has_fields<T> && requires {
    fields_of<T>::name;
};

namespace detail {

/// Converts to any type, for initialisers that are never evaluated.
struct any_value {
    template <class T>
    constexpr operator T() const;
};

/// How many members an aggregate has, found by how many initialisers it accepts.
template <class T, class... Values>
constexpr std::size_t member_count() {
    if constexpr (requires { T{Values{}..., any_value{}}; }) {
        return member_count<T, Values..., any_value>();
    } else {
        return sizeof...(Values);
    }
}

template <class... Fields>
constexpr std::size_t field_count(const field_list<Fields...>&) {
    return sizeof...(Fields);
}

template <class First, class... Rest, class Visit>
constexpr void visit_fields(const field_list<First, Rest...>& fields, Visit& visit) {
    visit(fields.first);
    if constexpr (sizeof...(Rest) != 0) visit_fields(fields.rest, visit);
}

}  // namespace detail

/// Calls `visit` with the field of each member of T, in their order. Host.
template <has_fields T, class Visit>
constexpr void for_each_field(Visit visit) {
    static_assert(detail::field_count(fields_of<T>::all) == detail::member_count<T>(),
                  "fields_of: the table must have every member once");
    detail::visit_fields(fields_of<T>::all, visit);
}

/// True if `have`, the configuration of a kernel, is what `wanted` asks for. In `have` every member is settled. Members of
/// `wanted` that leave the choice open (stages and store_* of 0) agree with any value. Host.
template <has_fields T>
constexpr bool agrees(const std::type_identity_t<T>& wanted, const T& have) {
    const T usual{};
    bool all = true;
    for_each_field<T>([&](const auto& field) {
        const auto& asked = wanted.*field.member;
        const auto& settled = have.*field.member;
        const bool open = field.usual == by_default::open && asked == usual.*field.member;
        if constexpr (has_named_fields<std::remove_cvref_t<decltype(asked)>>) {
            all = all && (open || agrees(asked, settled));
        } else {
            all = all && (open || asked == settled);
        }
    });
    return all;
}

}  // namespace deepgemm
