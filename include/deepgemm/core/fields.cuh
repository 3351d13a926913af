// SPDX-License-Identifier: MIT
// The members of a structure as a table. A structure that has one lists its members there and nowhere else: host/fields.hpp,
// host/print.hpp and host/parse.hpp derive from it whatever spells or visits them. Device code does not use tables.
#pragma once

#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// How C++ text shows a member that has its default value.
enum class by_default : u8 {
    unsaid,   ///< left out
    written,  ///< written all the same
    open,     ///< left out; the default means that the kernel chooses
};

/// One member of `Object`: its name in C++ source, a pointer to it, and how text shows its default. The default value itself is
/// stated in the structure only.
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

/// A list of fields, known at compile time.
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

/// The name of an enumeration in C++ source; specialised for each enumeration that text writes. Its values count from 0 without
/// gaps. name_of() gives the name of a value, and "?" for a number that is no value.
template <class Enum>
inline constexpr const char* enum_name = nullptr;
template <>
inline constexpr const char* enum_name<dtype> = "dtype";
template <>
inline constexpr const char* enum_name<major> = "major";

}  // namespace deepgemm
