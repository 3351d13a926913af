// SPDX-License-Identifier: MIT
// Configurations and operands as text. A configuration prints as the C++ source that makes it. Bug reports quote that text,
// programs pin by it, and run-time compilers are given it.
#pragma once

#include <string>
#include <type_traits>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/host/fields.hpp>
#include <deepgemm/kernel/info.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

constexpr const char* name_of(promotion when) {
    switch (when) {
        case promotion::at_once: return "at_once";
        case promotion::deferred: return "deferred";
        case promotion::never: return "never";
    }
    return "?";
}

constexpr const char* name_of(trigger when) {
    switch (when) {
        case trigger::by_size: return "by_size";
        case trigger::never: return "never";
        case trigger::always: return "always";
    }
    return "?";
}

constexpr const char* name_of(tile_source source) {
    switch (source) {
        case tile_source::numbered: return "numbered";
        case tile_source::claimed: return "claimed";
    }
    return "?";
}

constexpr const char* name_of(major order) { return order == major::k ? "k" : order == major::mn ? "mn" : "?"; }

constexpr const char* name_of(scale_kind kind) {
    switch (kind) {
        case scale_kind::fp32: return "fp32";
        case scale_kind::ue8m0: return "ue8m0";
        case scale_kind::ue4m3: return "ue4m3";
        case scale_kind::custom: return "custom";
        case scale_kind::none: break;
    }
    return "none";
}

/// A value as C++ source, as it is written after the "=" of a member: "4", "true", "promotion::never", "{64, 96, 128}".
template <class T>
std::string value_source(const T& value);

namespace detail {

/// A structure as C++ source: "{1, 2}", or, by name, the members that differ from their default or are always written.
template <has_fields T>
std::string members_source(const T& value) {
    const T usual{};
    std::string members;
    for_each_field<T>([&](const auto& field) {
        const auto& own = value.*field.member;
        if (has_named_fields<T> && field.usual != by_default::written && own == usual.*field.member) return;
        if (!members.empty()) members += ", ";
        if (has_named_fields<T>) members += concat(".", field.name, " = ");
        members += value_source(own);
    });
    if constexpr (has_named_fields<T>) return concat(fields_of<T>::name, "{", members, "}");
    return concat("{", members, "}");
}

}  // namespace detail

template <class T>
std::string value_source(const T& value) {
    if constexpr (has_fields<T>) {
        return detail::members_source(value);
    } else if constexpr (std::is_enum_v<T>) {
        static_assert(enum_name<T> != nullptr, "an enumeration that text writes needs enum_name");
        return concat(enum_name<T>, "::", name_of(value));
    } else if constexpr (is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else {
        return concat(value);
    }
}

/// A structure with a table of named members, a configuration say, as a C++ expression. Members that have their default are
/// left out unless the table says otherwise; a configuration always shows its block.
template <has_named_fields T>
std::string to_source(const T& value) {
    return value_source(value);
}

/// The name of an element type in an operand, where packed FP4 is named by its elements.
constexpr const char* operand_element(dtype type) { return type == dtype::e2m1x2 ? "e2m1" : name_of(type); }

/// An operand as a C++ type.
inline std::string to_source(const operand_info& value) {
    if (value.gathered) {
        operand_info one = value;
        one.gathered = false;
        return concat("gathered<", to_source(one), ">");
    }
    if (value.format == scale_kind::none) {
        return concat("operand<", operand_element(value.type),
                      value.contiguous == major::mn ? ", scale::none, major::mn>" : ">");
    }
    const char* const tile = value.tile.all_of_k()       ? value.tile.mn == 1 ? "per_row" : "per_tensor"
                             : value.tile.k == 16        ? "nv"
                             : value.tile.k == 32        ? value.tile.mn == 1 ? "mx" : "mx_block"
                             : value.tile.mn != 1        ? "per_block"
                             : value.scales == major::mn ? "per_token"
                                                         : "per_token_k_major";
    return concat("operand<", operand_element(value.type), ", scale::", tile, "<scale::", name_of(value.format),
                  value.contiguous == major::mn ? ">, major::mn>" : ">>");
}

/// An operand in a few words: "e4m3 scaled 1x128 by fp32", "e4m3 scaled by row by fp32", "bf16 contiguous along K". `rows` is
/// the name of its rows, M or N.
inline std::string describe(const operand_info& value, const char* rows = "M or N") {
    const char* const gathered = value.gathered ? ", rows gathered" : "";
    if (value.format == scale_kind::none) {
        return concat(value.type, " contiguous along ", value.contiguous == major::mn ? rows : "K", gathered);
    }
    const std::string order = value.contiguous == major::mn ? concat(", contiguous along ", rows) : "";
    if (value.tile.all_of_k()) {
        return concat(value.type, value.tile.mn == 1 ? " scaled by row" : " scaled as a whole", " by ",
                      name_of(value.format), order, gathered);
    }
    return concat(value.type, " scaled ", value.tile.mn, "x", value.tile.k, " by ", name_of(value.format),
                  value.scales == major::k ? " along K" : "", order, gathered);
}

}  // namespace deepgemm
