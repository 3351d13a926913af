// SPDX-License-Identifier: MIT
// The rules of operands that only Blackwell multiplies: FP4, and block scales that its tensor cores apply. Each is checked
// once and has one sentence. A device whose kernels do not take such an operand says so when it plans.
#pragma once

#include <cstdint>
#include <string>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/matrix_rules.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::detail {

/// True for scales that tensor cores apply and that Hopper's kernels do not take: those of FP4; in UE4M3; and exponents of
/// other tiles than 1 x 128, of B also 128 x 128.
inline bool has_block_scales(const scaled_matrix& x, bool is_b) {
    if (!is_small(x.matrix.type) || scaled_at_end(x)) return false;
    if (is_fp4(x.matrix.type) || x.scales.kind == scale_kind::ue4m3) return true;
    const bool usual = x.scales.tile == scale_tile{1, 128} || (is_b && x.scales.tile == scale_tile{128, 128});
    return x.scales.kind == scale_kind::ue8m0 && !usual;
}

/// Checks such scales of A (M, K) or B (N, K); `rows_name` is M or N.
inline result<void> check_block_scales(const char* name, const char* rows_name, const scaled_matrix& operand) {
    const input_matrix& matrix = operand.matrix;
    const scale_argument& scales = operand.scales;
    const int mn = scales.tile.mn, k = scales.tile.k;
    const auto tile = [&] { return concat("a scale of ", name, " covers ", mn, " x ", k, " elements"); };
    if (scales.kind == scale_kind::fp32) {
        return fail(errc::bad_scales, name, " is ", matrix.type,
                    " and its scales are fp32; tensor cores apply packed ones, ue8m0 or ue4m3");
    }
    if (scales.kind == scale_kind::ue4m3) {
        if (!is_fp4(matrix.type)) {
            return fail(errc::bad_scales, name, " is ", matrix.type,
                        " and its scales are ue4m3; only those of FP4 may be");
        }
        if (scales.tile != scale_tile{1, 16})
            return fail(errc::bad_scales, tile(), " and is ue4m3; it must cover 1 x 16 (rows x K)");
    } else if ((k != 32 && k != 128) || (mn != 1 && mn != k)) {
        return fail(errc::bad_scales, tile(),
                    "; in ue8m0 it must cover 1 x 32, 1 x 128, 32 x 32 or 128 x 128 (rows x K)");
    }
    return check_scale_words(name, rows_name, operand, mn > 1, false);
}

/// Checks how FP4 lies in memory: packed, two elements to a byte, or, in products with FP8 and where it does not lie along K,
/// in runs of 128 elements that TMA spreads over 128 bytes.
inline result<void> check_fp4_layout(const char* name, const input_matrix& matrix, bool packed) {
    const bool turned = contiguous_along(matrix) == major::mn;
    const input_matrix lines = contiguous_rows(matrix);
    const char* const along = turned ? " rows" : " columns";
    if (lines.columns % (packed ? 2 : 128) != 0) {
        return fail(errc::bad_layout, name, " has ", lines.columns, along, " of e2m1x2; ",
                    packed ? "two are in a byte, so their number must be even"
                           : "TMA spreads 128 at a time over bytes, so their number must be a multiple of 128");
    }
    if (const auto past = reinterpret_cast<std::uintptr_t>(matrix.data) % 32; !packed && past != 0) {
        return fail(errc::misaligned, name, " starts ", past,
                    " bytes past a multiple of 32; where TMA spreads FP4 over bytes it must start at one");
    }
    if (!packed && lines.rows > 1 && lines.row_stride % 64 != 0) {
        return fail(errc::misaligned, name, " has ", turned ? "column" : "row", " stride ", lines.row_stride,
                    "; where TMA spreads FP4 over bytes it must be a multiple of 32 bytes, that is 64 elements");
    }
    return {};
}

/// Checks the operands of a product against each other, if one of them is FP4 or has block scales, and FP4 against its layout.
/// Rules of one matrix have been checked.
inline result<void> check_small_operands(const scaled_matrix& a, const scaled_matrix& b) {
    const bool a_nv = a.scales.kind == scale_kind::ue4m3, b_nv = b.scales.kind == scale_kind::ue4m3;
    if (a_nv != b_nv) {
        return fail(errc::bad_scales, "the scales of ", a_nv ? "A" : "B", " are ue4m3 and those of ", a_nv ? "B" : "A",
                    " are not; tensor cores take both in one format");
    }
    const bool along_k = contiguous_along(a.matrix) == major::k && contiguous_along(b.matrix) == major::k;
    const bool both = is_fp4(a.matrix.type) && is_fp4(b.matrix.type) && along_k;
    if (a_nv && !both)
        return fail(errc::bad_layout, "the scales are ue4m3 and an operand does not lie along K; FP4 with them must");
    const bool packed = both && (a_nv || (a.scales.kind == scale_kind::ue8m0 && a.scales.tile == scale_tile{1, 32} &&
                                          b.scales.tile == scale_tile{1, 32}));
    if (is_fp4(a.matrix.type)) {
        if (auto ok = check_fp4_layout("A", a.matrix, packed); !ok) return ok;
    }
    return is_fp4(b.matrix.type) ? check_fp4_layout("B", b.matrix, packed) : result<void>{};
}

}  // namespace deepgemm::detail
