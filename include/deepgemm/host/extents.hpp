// SPDX-License-Identifier: MIT
// The one rule for extents, checked in 64 bits so that no size wraps around. Problems, workloads, casts and command lines all
// call it.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/host/error.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Largest extent of a matrix. Kernels round 32-bit extents up to tiles of clusters, and the result must not wrap around.
inline constexpr i64 max_extent = (i64(1) << 31) - 4096;

/// Success if an extent is from `least` to max_extent, else bad_extent. `name` is what the message calls it: "M", say.
inline result<void> check_extent(const char* name, i64 value, i64 least = 0) {
    if (value >= least && value <= max_extent) return {};
    return fail(errc::bad_extent, name, " is ", value, "; it must be from ", least, " to ", max_extent);
}

/// The same for M, N and K of a product, in this order.
inline result<void> check_extents(i64 m, i64 n, i64 k, i64 least = 0) {
    if (auto ok = check_extent("M", m, least); !ok) return ok;
    if (auto ok = check_extent("N", n, least); !ok) return ok;
    return check_extent("K", k, least);
}

namespace detail {

/// Both extents of a matrix.
inline result<void> check_size(const char* name, i64 rows, i64 columns) {
    if (check_extent(name, rows) && check_extent(name, columns)) return {};
    return fail(errc::bad_extent, name, " is ", rows, " x ", columns, "; each size must be from 0 to ", max_extent);
}

/// Checks that the tiles of `count` results of m x n can be counted: kernels and planner count them in 31 bits. No kernel has
/// tiles of fewer than `rows` rows or 8 columns. `one` names a result: "group", say.
inline result<void> check_tiles(i64 count, const char* one, i64 m, i64 n, i64 rows = 64) {
    constexpr i64 columns = 8, most = 2147483647;
    const double tiles = double(count) * double(ceil_div(m, rows)) * double(ceil_div(n, columns));
    if (tiles <= double(most)) return {};
    return fail(errc::bad_extent, count, " ", one, count == 1 ? " of " : "s of ", m, " x ", n,
                count == 1 ? " has" : " have", " more than ", most, " tiles of ", rows, " x ", columns,
                "; tiles are counted in 31 bits");
}

}  // namespace detail

}  // namespace deepgemm
