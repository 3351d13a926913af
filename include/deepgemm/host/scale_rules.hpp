// SPDX-License-Identifier: MIT
// The rules of casts and scale transforms that a caller can break: one check and one sentence each, before a launch of a
// kernel of scale/cast.cuh, scale/cast_fp4.cuh, scale/to_mn_major.cuh or scale/pack_k_grouped.cuh. Nothing is read from the
// memory that the arguments name.
#pragma once

#include <cstdint>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/extents.hpp>
#include <deepgemm/host/memory.hpp>
#include <deepgemm/scale/cast.cuh>
#include <deepgemm/scale/cast_fp4.cuh>
#include <deepgemm/scale/pack_k_grouped.cuh>
#include <deepgemm/scale/to_mn_major.cuh>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Facts about a cast: its element types, the tile of x that one word of scales covers, and whether scales may be repeated.
struct cast_rules {
    dtype x, q;
    int word_rows, word_columns;
    bool per_block;
};
template <class K>
struct rules_of;
template <fp8_element Q, scale::cast_input X, int GranK, scale::cast_scales Scales>
struct rules_of<scale::cast_per_token<Q, X, GranK, Scales>> {
    static constexpr int blocks = Scales == scale::cast_scales::packed ? 4 : 1;
    static constexpr cast_rules value{dtype_of<X>, Q::type, 1, GranK* blocks, false};
};
template <scale::cast_tile Tile, fp8_element Q, scale::cast_input X, int GranK, scale::cast_scales Scales>
struct rules_of<scale::cast_per_tile<Tile, Q, X, GranK, Scales>> {
    static constexpr int blocks = Scales == scale::cast_scales::packed ? 4 : 1;
    static constexpr bool per_block = Tile == scale::cast_tile::block;
    static constexpr cast_rules value{dtype_of<X>, Q::type, per_block ? GranK : GranK* blocks,
                                      per_block ? GranK* blocks : 1, per_block};
};

/// Success if `data` is not null and is a multiple of `alignment` bytes.
inline result<void> check_base(const char* name, const void* data, u32 alignment, const char* why) {
    if (data == nullptr) return fail(errc::null_pointer, name, " has no data: its pointer is null");
    const auto past = reinterpret_cast<std::uintptr_t>(data) % alignment;
    if (past != 0) {
        return fail(errc::misaligned, name, " starts ", past, " bytes past a multiple of ", alignment, "; ", why);
    }
    return {};
}

inline result<void> check_pitch(const char* name, i64 pitch, const scale::cast_arguments& a) {
    if (a.rows <= 1 || pitch >= a.columns) return {};
    return fail(errc::bad_layout, name, " has pitch ", pitch, "; it must be at least its ", a.columns, " columns");
}

inline result<void> check_cast(const scale::cast_arguments& a, const cast_rules& rules) {
    if (auto ok = check_size("x", a.rows, a.columns); !ok) return ok;
    if (a.repeat_rows && !rules.per_block) {
        return fail(errc::bad_option, "repeat_rows is set; only a cast per block repeats its scales");
    }
    if (a.rows == 0 || a.columns == 0) return {};
    const char* const elements = rules.x == dtype::f32 ? "its elements have 4 bytes" : "its elements have 2 bytes";
    if (auto ok = check_base("x", a.x, size_of(rules.x), elements); !ok) return ok;
    if (auto ok = check_base("q", a.q, 1, ""); !ok) return ok;
    if (auto ok = check_base("the matrix of scales", a.scales, 4, "it consists of 4-byte words"); !ok) return ok;
    if (auto ok = check_pitch("x", a.x_pitch, a); !ok) return ok;
    if (auto ok = check_pitch("q", a.q_pitch, a); !ok) return ok;
    const i32 i_words = a.repeat_rows ? a.rows : ceil_div(a.rows, rules.word_rows);
    const i32 j_words = ceil_div(a.columns, rules.word_columns);
    if ((i_words > 1 && a.scale_stride_i <= 0) || (j_words > 1 && a.scale_stride_j <= 0)) {
        return fail(errc::bad_scales, "the ", i_words, " x ", j_words, " words of scales have strides ",
                    a.scale_stride_i, " and ", a.scale_stride_j, "; a stride between different words must be positive");
    }
    const auto rows = [&a](const char* name, const void* data, wide size, i64 pitch, memory_access how) {
        return memory_use{name, data, size * a.columns, {{{a.rows, size * pitch}}}, how};
    };
    const memory_use uses[] = {rows("q", a.q, 1, a.q_pitch, memory_access::writes),
                               {"the matrix of scales",
                                a.scales,
                                4,
                                {{{i_words, wide(4) * a.scale_stride_i}, {j_words, wide(4) * a.scale_stride_j}}},
                                memory_access::writes},
                               rows("x", a.x, size_of(rules.x), a.x_pitch, memory_access::reads)};
    return check_aliasing(uses);
}

}  // namespace detail

namespace detail {

/// Success if the counter of scales that have no exponent, and the place for one of them, are aligned and usable.
inline result<void> check_report(const u32* invalid, const scale::unpackable* found) {
    if (invalid != nullptr) {
        if (auto ok = check_base("the count of invalid scales", invalid, 4, "it is a 4-byte word"); !ok) return ok;
    }
    if (found == nullptr) return {};
    if (invalid == nullptr) {
        return fail(errc::bad_option,
                    "a place for an invalid scale is given without a count of them; it would stay empty");
    }
    return check_base("the place for an invalid scale", found, 16, "it is written at once");
}

/// The memory of both.
inline memory_use count_memory(const u32* invalid, bool packs) {
    return {"the count of invalid scales", invalid, packs && invalid != nullptr ? 4 : 0, {}, memory_access::writes};
}
inline memory_use found_memory(const scale::unpackable* found, bool packs) {
    return {"the place for an invalid scale", found, packs && found != nullptr ? 16 : 0, {}, memory_access::writes};
}

/// Success if `count` ends or sizes of groups are given, and starts are multiples of a number that products take, too.
inline result<void> check_group_list(const i32* list, i32 count, i32 alignment) {
    if (auto ok = check_extent("the number of groups", count); !ok) return ok;
    constexpr i32 most = 4096;  // so that rounding an end up to a multiple does not leave 31 bits
    if (alignment < 1 || alignment > most) {
        return fail(errc::bad_option, "groups start at multiples of ", alignment, "; it must be from 1 to ", most);
    }
    return count == 0 ? result<void>{} : check_base("the list of groups", list, 4, "its entries are 4-byte integers");
}

}  // namespace detail

/// Checks the arguments of cast kernel `K` against every rule. If x has no elements, that is a success whatever the pointers
/// are.
template <class K>
    requires(same_as<typename K::arguments, scale::cast_arguments>)
result<void> validate(const scale::cast_arguments& arguments) {
    return detail::check_cast(arguments, detail::rules_of<K>::value);
}

/// Checks the arguments of `K`, a cast of scale/cast_fp4.cuh, against every rule. If x has no elements, that is a success
/// whatever the pointers are.
template <class K>
    requires(same_as<typename K::arguments, scale::cast_fp4_arguments>)
result<void> validate(const scale::cast_fp4_arguments& a) {
    if (auto ok = detail::check_size("x", a.rows, a.columns); !ok) return ok;
    if (a.columns % 2 != 0) {
        return fail(errc::bad_extent, "x has ", a.columns,
                    " columns; packed FP4, two elements in a byte, needs an even number");
    }
    if (a.tensor_scale != nullptr && !K::nv) {
        return fail(errc::bad_option, "a scale of the tensor is given; only a cast with ue4m3 scales has one");
    }
    if (a.rows == 0 || a.columns == 0) return {};
    if (auto ok = detail::check_base("x", a.x, size_of(K::x_type), "that is the size of its elements"); !ok) return ok;
    if (auto ok = detail::check_base("q", a.q, 1, ""); !ok) return ok;
    if (auto ok = detail::check_base("the matrix of scales", a.scales, 4, "it consists of 4-byte words"); !ok)
        return ok;
    if (a.tensor_scale != nullptr) {
        if (auto ok = detail::check_base("the scale of the tensor", a.tensor_scale, 4, "it is a float"); !ok) return ok;
    }
    if (a.rows > 1 && a.x_pitch < a.columns) {
        return fail(errc::bad_layout, "x has pitch ", a.x_pitch, "; it must be at least its ", a.columns, " columns");
    }
    if (a.rows > 1 && a.q_pitch < a.columns / 2) {
        return fail(errc::bad_layout, "q has a pitch of ", a.q_pitch, " bytes; its ", a.columns, " columns take ",
                    a.columns / 2);
    }
    const i32 mn = K::per_channel ? a.columns : a.rows,
              words = ceil_div(K::per_channel ? a.rows : a.columns, K::word_k);
    if ((mn > 1 && a.scale_stride_mn <= 0) || (words > 1 && a.scale_stride_k <= 0)) {
        return fail(errc::bad_scales, "the ", mn, " x ", words, " words of scales have strides ", a.scale_stride_mn,
                    " and ", a.scale_stride_k, "; a stride between different words must be positive");
    }
    using detail::wide;
    const wide size = size_of(K::x_type);
    const memory_use uses[] = {{"q", a.q, wide(a.columns / 2), {{{a.rows, a.q_pitch}}}, memory_access::writes},
                               {"the matrix of scales",
                                a.scales,
                                4,
                                {{{mn, wide(4) * a.scale_stride_mn}, {words, wide(4) * a.scale_stride_k}}},
                                memory_access::writes},
                               {"x", a.x, size * a.columns, {{{a.rows, size * a.x_pitch}}}},
                               {"the scale of the tensor", a.tensor_scale, a.tensor_scale == nullptr ? 0 : 4, {}}};
    return check_aliasing(uses);
}

/// Checks the arguments of `K`, a scale::to_mn_major, against every rule. No scales at all are a success, whatever the pointers
/// are.
template <class K>
    requires(same_as<typename K::arguments, scale::to_mn_major_arguments>)
result<void> validate(const scale::to_mn_major_arguments& a) {
    if (auto ok = check_extent("the number of groups", a.groups); !ok) return ok;
    if (auto ok = check_extent("the number of rows", a.mn); !ok) return ok;
    if (auto ok = check_extent("the number of blocks of K", a.blocks); !ok) return ok;
    if (a.groups == 0 || a.mn == 0 || a.blocks == 0) return {};
    if (a.tile_mn < 1) return fail(errc::bad_scales, "a scale covers ", a.tile_mn, " rows; it must be at least 1");
    if (auto ok = detail::check_base("the input", a.in, 4, "its scales are floats"); !ok) return ok;
    if (auto ok = detail::check_base("the output", a.out, 16, "TMA, which will read it, needs 16-byte alignment");
        !ok) {
        return ok;
    }
    if (auto ok = detail::check_report(a.invalid, a.found); !ok) return ok;
    if (a.ends != nullptr) {
        if (!K::packs) return fail(errc::bad_option, "ends of groups of rows are given; only packing leaves rows out");
        if (a.groups != 1) {
            return fail(errc::bad_option, "ends of groups of rows are given with ", a.groups,
                        " matrices of scales; all rows are in one matrix");
        }
        if (auto ok = detail::check_group_list(a.ends, a.group_count, a.alignment); !ok) return ok;
    }
    if (a.group_stride < 0 || a.row_stride < 0 || a.block_stride < 0) {
        return fail(errc::bad_layout, "the input has strides ", a.group_stride, " (groups), ", a.row_stride,
                    " (rows) and ", a.block_stride, " (blocks); none may be negative");
    }
    using detail::wide;
    const i64 columns = a.groups * ceil_div(i64(a.blocks), i64(K::per_word));
    const memory_use uses[] = {
        {"the output", a.out, wide(4) * a.mn, {{{columns, 4 * align_up(wide(a.mn), wide(4))}}}, memory_access::writes},
        detail::count_memory(a.invalid, K::packs),
        detail::found_memory(a.found, K::packs),
        {"the input",
         a.in,
         4,
         {{{a.groups, wide(4) * a.group_stride},
           {ceil_div(i64(a.mn), i64(a.tile_mn)), wide(4) * a.row_stride},
           {a.blocks, wide(4) * a.block_stride}}}},
        list_memory("the ends of groups", a.ends, a.ends == nullptr ? 0 : a.group_count)};
    return check_aliasing(uses);
}

/// Checks the arguments of scale::pack_k_grouped against every rule. If there is nothing to write, that is a success whatever
/// the pointers are.
template <class K>
    requires(same_as<typename K::arguments, scale::pack_k_grouped_arguments>)
result<void> validate(const scale::pack_k_grouped_arguments& a) {
    if (auto ok = check_extent("the number of rows of scales", a.rows); !ok) return ok;
    if (auto ok = check_extent("the number of columns of scales", a.mn); !ok) return ok;
    if (auto ok = check_extent("the number of rows of words", a.words); !ok) return ok;
    if (a.mn % 4 != 0) {
        return fail(errc::bad_scales, "scales of a K-grouped product have ", a.mn,
                    " columns; TMA, which will read their words, needs a multiple of 4");
    }
    if (a.tile_k != 32 && a.tile_k != 128) {
        return fail(errc::bad_scales, "a scale covers ", a.tile_k, " elements of K; it must cover 32 or 128");
    }
    if (auto ok = detail::check_group_list(a.layout, a.groups, a.alignment); !ok) return ok;
    if (a.groups > K::most_groups) {
        return fail(errc::bad_option, "scales of ", a.groups, " groups are packed at once; at most ", K::most_groups,
                    " are");
    }
    if (a.groups == 0 || a.mn == 0 || a.words == 0) return {};
    if (a.rows != 0) {
        if (auto ok = detail::check_base("the input", a.in, 4, "its scales are floats"); !ok) return ok;
    }
    if (auto ok = detail::check_base("the output", a.out, 16, "TMA, which will read it, needs 16-byte alignment");
        !ok) {
        return ok;
    }
    if (auto ok = detail::check_report(a.invalid, a.found); !ok) return ok;
    if (a.rows > 1 && a.row_stride < a.mn) {
        return fail(errc::bad_layout, "rows of scales are ", a.row_stride, " floats apart; they have ", a.mn, " each");
    }
    using detail::wide;
    const memory_use uses[] = {
        {"the output", a.out, wide(4) * a.mn, {{{a.words, wide(4) * a.mn}}}, memory_access::writes},
        detail::count_memory(a.invalid, true),
        detail::found_memory(a.found, true),
        {"the input", a.in, wide(4) * a.mn, {{{a.rows, wide(4) * a.row_stride}}}},
        list_memory("the list of groups", a.layout, a.groups)};
    return check_aliasing(uses);
}

}  // namespace deepgemm
