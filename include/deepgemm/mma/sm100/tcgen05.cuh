// SPDX-License-Identifier: MIT
// The multiply of Blackwell: one thread has the tensor cores of its CTA, or of a pair, add a K block of A x B to an accumulator
// in tensor memory. The kind of the multiply, its instruction descriptor and its steps follow from the operands.
#pragma once

#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/mma/sm100/fragment.cuh>
#include <deepgemm/mma/sm100/product.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

namespace deepgemm::sm100 {

/// Multiplies of operands `A` and `B` in tiles `ATile` and `BTile`, the parts of one CTA: D has 128 rows for each of `Ctas`
/// CTAs, and the columns of all their parts of B.
template <class A, class B, class ATile, class BTile, int Ctas>
struct tcgen05 {
    using element_a = typename A::element;
    using element_b = typename B::element;
    using a_scale = typename A::scale;
    using b_scale = typename B::scale;
    using fragment = lane_rows;
    static constexpr ptx::tcgen05_kind kind = kind_of<A, B>;
    static constexpr bool scaled = detail::scaled<A>;  ///< by the tensor cores
    static constexpr int m = lane_rows::rows * Ctas, n = BTile::rows * Ctas;
    static constexpr int k = 256 / staged_bits<A, B>;  ///< of one multiply: 32 bytes
    static constexpr int steps = ATile::k / k;         ///< multiplies in a K block
    /// Clocks for which the tensor core of a CTA is busy with one multiply, which takes 32 bytes of K of each row: 128 rows by
    /// two columns each clock, whatever the type.
    static constexpr u32 step_clocks = u32(n) / 2;
    /// The columns of scales in tensor memory, from those of one word of a row to those of the next.
    static constexpr u32 a_word = u32(ceil_div(lane_rows::rows, 128) * 4), b_word = u32(ceil_div(n, 128) * 4);

    /// One thread: adds the first `count` steps of the K block with number `block` to the accumulator at `d`, or overwrites it
    /// if the block is the `first` one. `a` and `b` are shared addresses of tiles in their stage, `sa` and `sb` are the
    /// addresses of their scales in tensor memory.
    DEEPGEMM_DEVICE static void multiply(u32 a, u32 b, u32 d, u32 sa, u32 sb, i32 block, int count, bool first) {
        const u64 a_tile = descriptor_of<ATile>(a), b_tile = descriptor_of<BTile>(b);
        DEEPGEMM_UNROLL
        for (int i = 0; i < steps; ++i) {
            if (i >= count) break;
            const u64 a_step = advance(a_tile, u32(i) * step_bytes<ATile>),
                      b_step = advance(b_tile, u32(i) * step_bytes<BTile>);
            const bool sums = !first || i != 0;
            if constexpr (scaled) {
                const u32 byte_a = byte_of_step<a_scale>(block, i), byte_b = byte_of_step<b_scale>(block, i);
                const u32 word_a = u32(word_of_step<a_scale>(i)) * a_word,
                          word_b = u32(word_of_step<b_scale>(i)) * b_word;
                ptx::tcgen05_mma_scaled<Ctas, kind, scale_k>(d, a_step, b_step, instruction_with(byte_a, byte_b),
                                                             sa + word_a, sb + word_b, sums);
            } else {
                ptx::tcgen05_mma<Ctas, kind>(
                    d, a_step, b_step, instruction<element_a, element_b, A::contiguous, B::contiguous>(m, n), sums);
            }
        }
    }

    /// The same thread: starts to copy scales from shared address `words`, in the order of tensor memory, to `Columns` columns
    /// at `to`. Multiplies that it issues afterwards see them.
    template <int Columns>
    DEEPGEMM_DEVICE static void copy_scales(u32 words, u32 to) {
        DEEPGEMM_UNROLL
        for (int group = 0; group < Columns / 4; ++group)
            ptx::tcgen05_copy_scales<Ctas>(to + u32(4 * group), scale_descriptor(words + u32(512 * group)));
    }

private:
    /// Elements of K that a scale in tensor memory covers; a byte of 128 elements serves four multiplies.
    static constexpr int scale_k = kind == ptx::tcgen05_kind::mxf4nvf4 ? 16 : 32;

    /// Where the scale of step `i` of K block `block` is: in which of the words that a row has in a stage, and in which byte of
    /// that. A step that has several scales takes them from this byte on.
    template <class Scale>
    DEEPGEMM_BOTH static constexpr int word_of_step(int i) {
        return Scale::tile.k >= ATile::k ? 0 : i * k / Scale::tile.k / 4;
    }
    template <class Scale>
    DEEPGEMM_BOTH static constexpr u32 byte_of_step(i32 block, int i) {
        if constexpr (Scale::tile.k >= ATile::k) {
            static_assert(Scale::tile.k % ATile::k == 0);
            return u32(block / (Scale::tile.k / ATile::k)) % 4;
        } else {
            return u32(i * k / Scale::tile.k) % 4;
        }
    }

    /// The instruction descriptor with scales from these bytes of their words on.
    DEEPGEMM_DEVICE static u32 instruction_with(u32 byte_a, u32 byte_b) {
        if constexpr (packed_fp4<A, B>) {
            constexpr auto scales = scale_k == 16 ? fp4_scales::ue4m3 : fp4_scales::ue8m0;
            return fp4_instruction<scales>(m, n, byte_a, byte_b);
        } else {
            return scaled_instruction<element_a, element_b, A::contiguous, B::contiguous>(m, n, byte_a, byte_b);
        }
    }
};

}  // namespace deepgemm::sm100
