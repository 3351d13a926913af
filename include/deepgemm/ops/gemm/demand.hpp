// SPDX-License-Identifier: MIT
// What a product demands of any kernel and of any machine: operations, bytes, and how often operands pass through device
// memory.
#pragma once

#include <algorithm>
#include <cmath>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cost.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

namespace detail {

/// Bytes of `rows` rows of an operand, and of their scales.
inline double bytes_of(const operand_info& x, i64 rows, i64 k) {
    const double elements = double(rows) * double(k) * bits_of(x.type) / 8;
    if (x.format == scale_kind::none) return elements;
    return elements +
           4.0 * double(scales_along(rows, x.tile.mn)) * double(scales_along(k, k_per_word(x.format, x.tile)));
}

}  // namespace detail

/// What a product demands of any kernel.
inline demand demand_of(const gemm_workload& work) {
    const i64 m = work.shape.m, n = work.shape.n, k = work.shape.k;
    const double stored = double(m) * double(work.epilogue.columns_after(n));
    return {2 * double(m) * double(n) * double(k), detail::bytes_of(work.a, m, k) + detail::bytes_of(work.b, n, k) +
                                                       stored * size_of(work.d) * (work.accumulate ? 2 : 1)};
}

namespace detail {

/// Bytes of a row of an operand.
inline double row_bytes(const gemm_workload& work, const operand_info& x) {
    return double(work.shape.k) * bits_of(x.type) / 8;
}

/// How often each operand is read from device memory.
struct operand_reads {
    double a, b;

    /// Tiles of `block_m` rows, `tiles_m` x `tiles_n` of them, computed in bands of `band` tiles along M by `sms` CTAs at a
    /// time, while L2 keeps `keeps` bytes of operands. Rows of A and B have `row_a` and `row_b` bytes.
    static operand_reads of(const gemm_workload& work, i64 tiles_m, i64 tiles_n, double band, double block_m,
                            double row_a, double row_b, double keeps, int sms) {
        const double m = work.shape.m, n = work.shape.n;
        double a = 1, b = 1;
        if (n * row_b > keeps) b = std::ceil(double(tiles_m) / band);  // each band walks all of B
        if (band * block_m * row_a > keeps)
            a = std::max(1.0, double(tiles_n) * band / sms);  // and A stays in L2 meanwhile
        if (a * m * row_a + b * n * row_b < keeps) a = b = 1;
        return {a, b};
    }
};

}  // namespace detail

}  // namespace deepgemm
