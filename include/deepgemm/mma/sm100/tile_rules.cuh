// SPDX-License-Identifier: MIT
// Which tiles Blackwell's tensor cores multiply and TMA copies, as plain values. kernel/sm100_check.cuh states these rules to a
// compiler and ops/gemm/sm100_tile.hpp to a planner, each in sentences of its own.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm::sm100 {

/// Rows of a multiply in each CTA: the lanes of tensor memory.
inline constexpr int tile_rows = 128;
/// Columns of the widest multiply.
inline constexpr int most_columns = 256;
/// CTAs of the largest cluster that every device runs.
inline constexpr int most_cluster_ctas = 8;

/// CTAs multiply alone or in pairs.
DEEPGEMM_BOTH constexpr bool ctas_fit(int ctas) { return ctas == 1 || ctas == 2; }

/// The columns of a multiply of `ctas` CTAs come in steps of so many: 8 for each CTA, and 16 where the operand of the columns
/// has elements of 8 bits and is contiguous along them.
DEEPGEMM_BOTH constexpr int column_step(int ctas, int staged_bits = 16, major contiguous = major::k) {
    return (staged_bits == 8 && contiguous == major::mn ? 16 : 8) * ctas;
}
/// True if a multiply may have `columns` columns, in steps of `step`.
DEEPGEMM_BOTH constexpr bool columns_fit(int columns, int step) {
    return columns >= step && columns <= most_columns && columns % step == 0;
}

/// Rows of M or N that the smallest copy of a tile of `rows` rows brings: eight of an operand that is contiguous along K. Else
/// it is a line of the swizzle: 128 bytes, or 64 where the tile is no multiple of 128; of TF32 always 128 bytes, since its
/// swizzle has no shorter lines, and of FP4 128 elements. `staged_bits` are the bits of an element in shared memory.
DEEPGEMM_BOTH constexpr int copied_rows(dtype element, major contiguous, int staged_bits, int rows) {
    if (contiguous == major::k) return 8;
    if (element == dtype::e2m1x2) return 128;
    return 8 * (staged_bits == 32 || rows * staged_bits % 1024 == 0 ? 128 : 64) / staged_bits;
}

/// One accumulator is filled while another one is stored.
DEEPGEMM_BOTH constexpr bool accumulators_fit(int accumulators) { return accumulators >= 2 && accumulators <= 16; }
/// The parts of K are the CTAs, or the pairs, of one cluster.
DEEPGEMM_BOTH constexpr bool parts_fit(int split_k, int ctas) {
    return split_k >= 1 && split_k * ctas <= most_cluster_ctas;
}
/// A share of the time, in percent.
DEEPGEMM_BOTH constexpr bool throttle_fits(int tc_util) { return tc_util >= 1 && tc_util <= 100; }

}  // namespace deepgemm::sm100
