// SPDX-License-Identifier: MIT
// An operand in packed FP4 for tests, examples and benchmarks, as reference/operand.hpp has them in FP8: data contiguous
// along K or along M or N, scales as words that a kernel reads, with poisoned padding, and views of it for the reference.
#pragma once

#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/reference/operand.hpp>
#include <deepgemm/reference/quantize_fp4.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm {

/// An operand (mn, k) in packed FP4.
struct fp4_operand {
    quantize::fp4_matrix cast;  ///< contiguous along K; its scales are in ue8m0 or ue4m3
    /// What a kernel reads: (mn, k / 2) bytes, or (k, mn / 2) if the operand is contiguous along M or N. Rows are padded to a
    /// multiple of 64 bytes, which are the 128 elements that TMA needs, and their padding is poisoned.
    matrix<e2m1x2> data;
    major contiguous = major::k;
    reference::mn_major<u32> words;  ///< of scales: word (i, kw) at kw * words.pitch + i

    i64 mn() const { return cast.data.rows(); }
    i64 k() const { return 2 * cast.data.columns(); }
    scale_tile tile() const { return {1, int(cast.gran_k)}; }

    /// The operand as the reference GEMM reads it, without the scale of the tensor. It reads data and scales as kernels do.
    reference::operand view() const {
        const i64 pitch = 2 * data.pitch();
        const bool along_k = contiguous == major::k;
        return {data.data(),
                dtype::e2m1x2,
                mn(),
                k(),
                along_k ? pitch : 1,
                along_k ? 1 : pitch,
                {cast.kind, tile(), words.data.data(), 1, words.pitch}};
    }

    /// Quantises x (mn, k) in MX format, or in NV format if `kind` is ue4m3. With MN-major data both extents must be even.
    template <class X>
    static fp4_operand of(matrix_view<X> x, scale_kind kind = scale_kind::ue8m0, major order = major::k) {
        return from_parts(kind == scale_kind::ue4m3 ? quantize::nv_fp4(x) : quantize::mx_fp4(x), order);
    }

    /// Numbers from -3 to 3 with scales 1/2, 1 or 2, so that every sum of up to 2^17 products is exact in FP32 and in the
    /// tensor core.
    static fp4_operand exact(random_source& random, i64 mn, i64 k, scale_kind kind = scale_kind::ue8m0,
                             major order = major::k) {
        const i64 gran_k = kind == scale_kind::ue4m3 ? 16 : 32;
        matrix<float> values(mn, k), scales(mn, ceil_div(k, gran_k));
        random.fill_integers(values.view(), -3, 3);
        random.fill_powers_of_two(scales.view(), -1, 1);
        matrix<u8> codes(mn, k);
        for (i64 i = 0; i < mn; ++i) {
            for (i64 j = 0; j < k; ++j) codes(i, j) = quantize::cast_fp4(values(i, j));
        }
        return from_parts({quantize::pack_fp4(codes), std::move(scales), gran_k, kind}, order);
    }

    /// Made from data and scales that exist already.
    static fp4_operand from_parts(quantize::fp4_matrix cast, major order) {
        fp4_operand out{std::move(cast), {}, order, {}};
        const matrix<e2m1x2> packed = order == major::k ? out.cast.data : quantize::transpose_fp4(out.cast.data);
        out.data = matrix<e2m1x2>(packed.rows(), packed.columns(), align_up(packed.columns(), i64(64)));
        for (i64 i = 0; i < packed.rows(); ++i) {
            for (i64 j = 0; j < packed.columns(); ++j) out.data(i, j) = packed(i, j);
        }
        out.words = quantize::scale_words(out.cast);
        return out;
    }
};

}  // namespace deepgemm
