// SPDX-License-Identifier: MIT
// What a named operation asks to pack scales that are floats, which Blackwell's tensor cores do not take. packed_scales.hpp has
// one; this header costs nothing to include.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/host/workspace.hpp>
#include <deepgemm/ops/gemm/problem.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// Packs the scales of products into a workspace of packed_scales_bytes(). One object may serve calls of any number of threads.
class scale_packer {
public:
    virtual ~scale_packer() = default;
    /// The product with the scales that pack() will make. Checks all that packing needs; launches nothing.
    virtual result<gemm_problem> prepared(const gemm_problem& problem, const workspace_memory& workspace) const = 0;
    /// Launches, on `stream`, what writes the words.
    virtual result<void> pack(const gemm_problem& problem, const workspace_memory& workspace, void* stream) const = 0;
};

namespace detail {
/// True for an operand whose scales are floats along K.
inline bool has_float_scales(const scaled_matrix& x) {
    const dtype type = x.matrix.type;
    const bool small = type == dtype::e4m3 || type == dtype::e5m2 || type == dtype::e2m1x2;
    return small && x.scales.kind == scale_kind::fp32 && !scaled_at_end(operand_of(x));
}
}  // namespace detail

/// Bytes of workspace in which the packed scales of a product lie; 0 if none of its scales are floats along K. Multiples of
/// 16 for each operand. Of operands of any size that a problem may have; host, any thread.
inline u64 packed_scales_bytes(const gemm_problem& problem) {
    u64 bytes = 0;
    for (const auto* const x : {&problem.a, &problem.b}) {
        if (!detail::has_float_scales(*x)) continue;
        const i64 words = ceil_div(x->matrix.columns, 4 * i64(max(x->scales.tile.k, 1)));
        bytes += u64(4 * words * align_up(x->matrix.rows, i64(4)));
    }
    return bytes;
}

}  // namespace deepgemm
