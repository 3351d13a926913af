// SPDX-License-Identifier: MIT
// The members of a structure as a table. A structure that has one lists its members there and nowhere else: host/fields.hpp,
// host/print.hpp and host/parse.hpp derive from it whatever spells or visits them. Device code does not use tables.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// What it means that a member has its default.
enum class by_default : u8 {
    unsaid,   ///< nothing: C++ text leaves the member out
    written,  ///< nothing, but C++ text writes the member all the same
    open,     ///< the choice is left to the kernel; C++ text leaves the member out
};

/// One member of `Object`: its name as in C++ source, where it is, and what its default means. The default itself is that of
/// the structure.
template <class Object, class Member>
struct field {
    using pointer = Member Object::*;
    DEEPGEMM_BOTH constexpr field(const char* as, pointer where, by_default meaning = by_default::unsaid)
        : name(as), member(where), usual(meaning) {}

    const char* name;
    pointer member;
    by_default usual;
};

template <class Object, class Member>
field(const char*, Member Object::*) -> field<Object, Member>;
template <class Object, class Member>
field(const char*, Member Object::*, by_default) -> field<Object, Member>;

/// Fields, one after the other.
template <class... Fields>
struct field_list {};
template <class First, class... Rest>
struct field_list<First, Rest...> {
    DEEPGEMM_BOTH constexpr field_list(First own, Rest... others) : first(own), rest(others...) {}

    First first;
    field_list<Rest...> rest;
};
template <class... Fields>
field_list(Fields...) -> field_list<Fields...>;

/// The table of a structure's members; specialised beside each structure that has one. A specialisation has
///     static constexpr const char* name;                   // of the structure; absent if text gives members by place: {1, 2}
///     static constexpr auto all = field_list{field{...}};  // a field for every member, in the structure's order
template <class T>
struct fields_of;

/// The name of an enumeration as in C++ source; specialised for each whose values text writes. Its values count from 0, and
/// name_of() names them, and "?" what is none.
template <class Enum>
inline constexpr const char* enum_name = nullptr;
template <>
inline constexpr const char* enum_name<dtype> = "dtype";
template <>
inline constexpr const char* enum_name<major> = "major";

}  // namespace deepgemm
