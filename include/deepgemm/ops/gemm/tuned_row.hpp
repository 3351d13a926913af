// SPDX-License-Identifier: MIT
// One entry of a table of measured choices; ops/gemm/tuned.hpp looks entries up, ops/gemm/tuned_h100.hpp and others hold those
// of a GPU.
#pragma once

#include <string>

#include <deepgemm/host/context.hpp>
#include <deepgemm/host/error.hpp>
#include <deepgemm/host/fields.hpp>
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
struct gemm_tuned_row {
    i32 m_max, n, k;
    dtype d = dtype::bf16;
    bool accumulate = false;
    /// Of the scales of B; {} for 16 bits, {1, 0} for FP8 with scales for all of K, or without.
    scale_tile b{128, 128};
    config cfg{};
    dtype type = dtype::e4m3;                                ///< of both operands
    major a_contiguous = major::k, b_contiguous = major::k;  ///< as operand_info::contiguous
    bool in_place = false;   ///< the kernel adds to D in place, so that the row is for products whose C is D
    float us = 0;            ///< the measured time of m_max rows on the GPU of the table, in microseconds; 0: not kept
    measured_loser model{};  ///< what the cost model would choose; looked at only where `us` is kept
    /// What the row was tuned for. Times of `sustained` are those of launches back to back.
    objective_kind objective = objective_kind::latency;

    /// True if a kernel is the one that was the fastest.
    bool chooses(const gemm_info& kernel) const { return is(kernel, cfg, in_place); }
    /// The measured time of a kernel, the chosen one or the one that lost, in microseconds; 0 if none is kept.
    double us_of(const gemm_info& kernel) const {
        if (us == 0) return 0;
        return chooses(kernel) ? us : is(kernel, model.cfg, model.in_place) ? model.us : 0;
    }
    /// The product that was measured, in words.
    std::string measured_with() const {
        return concat("m = ", m_max, objective == objective_kind::sustained ? ", back to back" : "");
    }

    friend constexpr bool operator==(const gemm_tuned_row&, const gemm_tuned_row&) = default;

private:
    static bool is(const gemm_info& kernel, const config& wanted, bool in_place) {
        return agrees(wanted, kernel.cfg) && kernel.traits.in_place == in_place;
    }
};

template <>
inline constexpr const char* enum_name<objective_kind> = "objective_kind";

/// The members of a row, as text writes them.
template <>
struct fields_of<gemm_tuned_row> {
    static constexpr const char* name = "gemm_tuned_row";
    static constexpr auto all = field_list{field{"m_max", &gemm_tuned_row::m_max, by_default::written},
                                           field{"n", &gemm_tuned_row::n, by_default::written},
                                           field{"k", &gemm_tuned_row::k, by_default::written},
                                           field{"d", &gemm_tuned_row::d},
                                           field{"accumulate", &gemm_tuned_row::accumulate},
                                           field{"b", &gemm_tuned_row::b},
                                           field{"cfg", &gemm_tuned_row::cfg, by_default::written},
                                           field{"type", &gemm_tuned_row::type},
                                           field{"a_contiguous", &gemm_tuned_row::a_contiguous},
                                           field{"b_contiguous", &gemm_tuned_row::b_contiguous},
                                           field{"in_place", &gemm_tuned_row::in_place},
                                           field{"us", &gemm_tuned_row::us},
                                           field{"model", &gemm_tuned_row::model},
                                           field{"objective", &gemm_tuned_row::objective}};
};

}  // namespace deepgemm
