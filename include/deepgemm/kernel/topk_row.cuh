// SPDX-License-Identifier: MIT
// A row whose largest elements are wanted: where it lies, how its elements are read, and the keys by which they are compared.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/kernel/topk_info.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// The elements, of type `T`, of a row's range. Indices count from the start of the range. Whole, aligned pieces of 16 bytes
/// are loaded at once, the elements before and behind them one by one; nothing outside of the range is read.
template <class T>
struct topk_row {
    using piece = ptx::vec4<u32>;
    static constexpr int in_piece = 16 / int(sizeof(T));
    static_assert(sizeof(T) == 2 || sizeof(T) == 4);

    const T* data;  ///< the first element of the range
    i32 first;      ///< its column
    u32 count;      ///< of elements
    u32 head;       ///< elements before the first piece

    /// Any thread: row `i`.
    DEEPGEMM_DEVICE static topk_row of(const topk_arguments& p, i32 i) {
        const u32 range = u32(i) / u32(p.rows_of_range);
        const i32 from = p.first == nullptr ? 0 : max(ptx::ld_global(p.first + range), 0);
        const i32 to = p.last == nullptr ? p.columns : min(ptx::ld_global(p.last + range), p.columns);
        topk_row r;
        r.first = from;
        r.count = from < to ? u32(to - from) : 0;
        r.data = static_cast<const T*>(p.logits) + (i * p.pitch + (r.count != 0 ? from : 0));
        const u32 past = u32(reinterpret_cast<u64>(r.data) / sizeof(T)) % u32(in_piece);
        r.head = min((u32(in_piece) - past) % u32(in_piece), r.count);
        return r;
    }

    // ---- elements

    DEEPGEMM_DEVICE u32 pieces() const { return (count - head) / u32(in_piece); }
    /// Piece `at`, or the last one if there is no such piece. There is one or more.
    DEEPGEMM_DEVICE piece load(u32 at) const {
        return ptx::ld_global(reinterpret_cast<const piece*>(data + head) + min(at, pieces() - 1));
    }
    /// One thread: brings up to `most` pieces from piece `at` on to L2.
    DEEPGEMM_DEVICE void prefetch(u32 at, u32 most) const {
        if (at >= pieces()) return;
        ptx::prefetch_l2(data + index_of(at), min(most, pieces() - at) * 16);
    }
    DEEPGEMM_DEVICE u32 index_of(u32 at) const { return head + at * u32(in_piece); }
    /// A value of a piece.
    DEEPGEMM_DEVICE static float value(const piece& of, u32 e) {
        const u32 in_word = e % (4 / u32(sizeof(T))), w = e / (4 / u32(sizeof(T)));
        const u32 word = w == 0 ? of.x : w == 1 ? of.y : w == 2 ? of.z : of.w;
        if constexpr (same_as<T, float>) {
            return bit_cast<float>(word);
        } else {
            const auto two = ptx::unpack<T>(word);
            return in_word == 0 ? two.x : two.y;
        }
    }
    /// The value of one element.
    DEEPGEMM_DEVICE float value(u32 index) const {
        const T x = ptx::ld_global(data + index);
        if constexpr (same_as<T, float>) {
            return x;
        } else {
            return ptx::unpack<T>(u32(x.bits)).x;
        }
    }
    /// The index of the element of no piece that lane `lane` of a warp takes; `count` if it takes none.
    DEEPGEMM_DEVICE u32 edge(u32 lane) const {
        if (lane < u32(in_piece)) return lane < head ? lane : count;
        const u32 behind = index_of(pieces()) + (lane - u32(in_piece));
        return lane < u32(2 * in_piece) && behind < count ? behind : count;
    }

    /// Elements of one in `every` pieces.
    DEEPGEMM_DEVICE u32 sample_size(u32 every) const { return ceil_div(pieces(), every) * u32(in_piece); }
    /// Thread `thread` of `threads`: passes its keys of one in `every` pieces to `take`.
    template <class Take>
    DEEPGEMM_DEVICE void visit_pieces(u32 thread, u32 threads, u32 every, const Take& take) const {
        constexpr u32 at_once = 2;  // loads under way
        DEEPGEMM_NO_UNROLL
        for (u32 from = thread * every; from < pieces(); from += at_once * threads * every) {
            piece loaded[at_once];
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < at_once; ++j) loaded[j] = load(from + j * threads * every);
            DEEPGEMM_UNROLL
            for (u32 j = 0; j < at_once; ++j) {
                const u32 at = from + j * threads * every;
                if (at >= pieces()) continue;
                DEEPGEMM_UNROLL
                for (u32 e = 0; e < u32(in_piece); ++e) take(key(value(loaded[j], e), index_of(at) + e));
            }
        }
    }
    /// The same of all elements.
    template <class Take>
    DEEPGEMM_DEVICE void visit(u32 thread, u32 threads, const Take& take) const {
        visit_pieces(thread, threads, 1, take);
        if (thread >= 32) return;
        const u32 at = edge(thread);
        if (at < count) take(key(value(at), at));
    }

    // ---- keys

    /// Bits of a value that can differ after those below them are left out.
    static constexpr u32 value_bits = same_as<T, float> ? 32 : same_as<T, bf16> ? 16 : 19;
    static constexpr u32 unused_bits = 32 - value_bits;
    static constexpr u32 nan_bits = 0x7fffffffu;

    DEEPGEMM_DEVICE u32 index_bits() const { return ptx::bit_length(count); }
    DEEPGEMM_DEVICE u32 key_bits() const { return value_bits + index_bits(); }
    /// An element as an integer: a larger one comes first. All NaN are alike and the largest, and -0 is 0. No key is 0.
    DEEPGEMM_DEVICE u64 key(float value, u32 index) const {
        u32 bits = bit_cast<u32>(value);
        if ((bits & 0x7fffffffu) > 0x7f800000u) bits = nan_bits;
        if (bits == 0x80000000u) bits = 0;
        const u32 ordered = bits ^ (u32(i32(bits) >> 31) | 0x80000000u);
        return u64(ordered >> unused_bits) << index_bits() | (last_index() - index);
    }
    /// Infinite values are not finite, nor is NaN.
    DEEPGEMM_DEVICE bool finite(u64 key) const {
        const u32 ordered = u32(key >> index_bits());
        return ordered > 0x007fffffu >> unused_bits && ordered < 0xff800000u >> unused_bits;
    }
    DEEPGEMM_DEVICE u32 index_of_key(u64 key) const { return last_index() - (u32(key) & last_index()); }
    /// The value of a key: what it was made of but for -0 and for NaN, of which there is one.
    DEEPGEMM_DEVICE float value_of(u64 key) const {
        const u32 ordered = u32(key >> index_bits()) << unused_bits;
        if (ordered >> unused_bits == 0xffffffffu >> unused_bits) return bit_cast<float>(nan_bits);
        const u32 bits = ordered >> 31 != 0 ? ordered ^ 0x80000000u : ~ordered;
        return bit_cast<float>(bits >> unused_bits << unused_bits);
    }

private:
    DEEPGEMM_DEVICE u32 last_index() const { return (1u << index_bits()) - 1; }
};

}  // namespace deepgemm
