// SPDX-License-Identifier: MIT
// The sink `store_stochastic`: D in BF16, rounded up or down at random, so that the mean of many roundings is the exact number.
// The random bits follow from a seed and from the place of an element alone.
#pragma once

#include <deepgemm/epilogue/store.cuh>
#include <deepgemm/ptx/global.cuh>

namespace deepgemm {

/// The random bits of stochastic rounding: a function of the seed, the matrix of D, the row and the pair of columns, and of
/// nothing else. `mix` is the finaliser of MurmurHash3, a bijection of 32-bit words. With s0 and s1 the lower and the upper
/// half of the seed and sums modulo 2^32,
///     row_key(d, m) = mix(m + mix(d + mix(s1 + 0x9e3779b9)))
///     column_key(n) = mix(n / 2 + mix(s0 + 0x7f4a7c15))
///     word          = mix(row_key(d, m) ^ column_key(n))
/// and its lower half is for even n, its upper half for odd n.
struct rounding_bits {
    u32 columns, rows;  ///< what the seed and the matrix contribute to the keys

    DEEPGEMM_BOTH static constexpr u32 mix(u32 x) {
        x = (x ^ x >> 16) * 0x85ebca6bu;
        x = (x ^ x >> 13) * 0xc2b2ae35u;
        return x ^ x >> 16;
    }
    DEEPGEMM_BOTH static constexpr rounding_bits of(u64 seed, i32 matrix) {
        return {mix(u32(seed) + 0x7f4a7c15u), mix(u32(matrix) + mix(u32(seed >> 32) + 0x9e3779b9u))};
    }
    /// The word of the elements (m, n) and (m, n + 1); n is even.
    DEEPGEMM_BOTH constexpr u32 word(i32 m, i32 n) const { return mix(mix(u32(m) + rows) ^ mix(u32(n) / 2 + columns)); }
};

/// x rounded to a number that BF16 has: of its two neighbours there the one away from zero if the sum of the 16 bits that BF16
/// drops and of `bits`, 0 to 65535, carries. So with uniform bits the probability is the exact fraction. Numbers beyond the
/// largest finite one have infinity as a neighbour; infinity and NaN stay as they are.
DEEPGEMM_BOTH constexpr float rounded_stochastically(float x, u32 bits) {
    const u32 exact = bit_cast<u32>(x);
    if ((exact & 0x7f800000u) == 0x7f800000u) return x;
    return bit_cast<float>((exact + bits) & 0xffff0000u);
}

/// Stores D as BF16 by stochastic rounding: equal seeds give equal bits, whatever the tile, the schedule and the GPU, where
/// totals are equal. C is not added.
struct store_stochastic : store<bf16> {
    using arguments = rounding_seed;
    using params = arguments;
    static constexpr epilogue_info info{.stochastic = true};

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) { return all.seed; }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    template <fragment_map Map, int Columns>
    DEEPGEMM_DEVICE static result_fragment<Map, Columns> apply(const params& p,
                                                               const result_fragment<Map, Columns>& from) {
        const u64 seed = p.seed + (p.device != nullptr ? ptx::ld_global(p.device) : 0);
        const rounding_bits random = rounding_bits::of(seed, from.matrix.d);
        result_fragment<Map, Columns> to{{}, from.place, from.matrix};
        DEEPGEMM_UNROLL
        for (int i = 0; i < to.registers; i += 2) {
            const u32 word = random.word(from.place.row_of(i), from.place.column_of(i));
            to.value[i] = rounded_stochastically(from.value[i], word & 0xffffu);
            to.value[i + 1] = rounded_stochastically(from.value[i + 1], word >> 16);
        }
        return to;
    }
};

static_assert(epilogue<store_stochastic>);

}  // namespace deepgemm
