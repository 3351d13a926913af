// SPDX-License-Identifier: MIT
// One entry of a table of measured choices; host/tuned.hpp looks entries up, host/tuned_h100.hpp and others hold those of a GPU.
#pragma once

#include <deepgemm/kernel/info.cuh>

namespace deepgemm {

/// A kernel that lost to a row's, and its measured time.
struct measured_loser {
    config cfg{};  ///< members that are left open agree with any value
    bool in_place = false;
    float us = 0;  ///< of m_max rows

    friend constexpr bool operator==(const measured_loser&, const measured_loser&) = default;
};

/// Its members, as text writes them.
template <>
struct fields_of<measured_loser> {
    static constexpr const char* name = "measured_loser";
    static constexpr auto all =
        field_list{field{"cfg", &measured_loser::cfg, by_default::written},
                   field{"in_place", &measured_loser::in_place}, field{"us", &measured_loser::us}};
};

/// A measured choice for products of `n` columns and depth `k` with `m_max` rows, or fewer by up to a sixteenth: with
/// fewer still, tiles and waves come out so differently that the model's choice is the better guess. Of several rows that
/// match a product, the one with the smallest `m_max` counts. Members of `cfg` that are left open agree with any value.
struct tuned_row {
    i32 m_max, n, k;
    dtype d = dtype::bf16;
    bool accumulate = false;
    scale_tile b{128, 128};  ///< of the scales of B; {} where there are none
    config cfg{};
    dtype type = dtype::e4m3;                                ///< of both operands
    major a_contiguous = major::k, b_contiguous = major::k;  ///< as operand_info::contiguous
    bool in_place = false;   ///< the kernel adds to D in place, so that the row is for products whose C is D
    float us = 0;            ///< the measured time of m_max rows on the GPU of the table, in microseconds; 0: not kept
    measured_loser model{};  ///< what the cost model would choose; looked at only where `us` is kept

    friend constexpr bool operator==(const tuned_row&, const tuned_row&) = default;
};

/// The members of a row, as text writes them.
template <>
struct fields_of<tuned_row> {
    static constexpr const char* name = "tuned_row";
    static constexpr auto all = field_list{field{"m_max", &tuned_row::m_max, by_default::written},
                                           field{"n", &tuned_row::n, by_default::written},
                                           field{"k", &tuned_row::k, by_default::written},
                                           field{"d", &tuned_row::d},
                                           field{"accumulate", &tuned_row::accumulate},
                                           field{"b", &tuned_row::b},
                                           field{"cfg", &tuned_row::cfg, by_default::written},
                                           field{"type", &tuned_row::type},
                                           field{"a_contiguous", &tuned_row::a_contiguous},
                                           field{"b_contiguous", &tuned_row::b_contiguous},
                                           field{"in_place", &tuned_row::in_place},
                                           field{"us", &tuned_row::us},
                                           field{"model", &tuned_row::model}};
};

}  // namespace deepgemm
