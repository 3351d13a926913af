// SPDX-License-Identifier: MIT
// What a tcgen05.mma computes in one CTA: operands from shared or tensor memory, scales, the sums, and D in its layout.
// Each product is exact in FP32; blocks of scaled products are scaled in double, so that exponents of scales add. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/mma_kernel.hpp>
#include <deepgemm/sim/tcgen05_instruction.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Everything about a multiply that its execution needs.
struct tcgen05_multiply {
    mma_instruction instruction;
    matrix_descriptor a, b;
    operand_read a_read, b_read;
    u32 d, a_columns;  ///< addresses in tensor memory; `a_columns` if A lies there
    u32 sa, sb;
    bool accumulate;
    u32 scale_input_d;                  ///< D counts 2^-scale_input_d times
    std::array<u32, 4> disabled_lanes;  ///< bit by lane: keeps what it has
};

/// The operands as one CTA reads them from shared memory.
inline operand_shape a_shape(const mma_instruction& i) { return {i.a, i.rows_per_cta(), 32, is_packed_fp4(i.kind)}; }
inline operand_shape b_shape(const mma_instruction& i) {
    return {i.b, i.columns_of_b_per_cta(), 32, is_packed_fp4(i.kind)};
}

/// Columns that scales of `rows` rows take; and how many rows of B have theirs in a lane of any quarter.
constexpr u32 scale_columns(u32 rows) { return (rows + 31) / 32; }
inline u32 scale_rows_of_b(const mma_instruction& i) { return i.layout == accumulator_layout::b ? i.n / 2 : i.n; }

namespace detail {

inline constexpr u32 most_k = 64, most_rows = 256, most_scales = 4;

/// Two bits of the address of scales, 30 and 31, are not of the lane: software keeps the scale id there.
constexpr u32 scale_lane(u32 address) { return address >> 16 & 0x3fff; }

/// The value of a scale's code.
inline double scale_value(const mma_instruction& i, u32 code, u32 row, const char* what) {
    if (!i.ue4m3) return code == 255 ? double(__builtin_nanf("")) : __builtin_ldexp(1.0, int(code) - 127);
    if (code > 127) fail("%s: the UE4M3 scale 0x%02x of row %u has its top bit set", what, code, row);
    return double(float(ue4m3(u8(code))));
}

/// The rows of A that must hold data, of `rows`; see options::rows_of_a.
inline u32 rows_with_data(u32 rows) {
    const u32 limit = current().options.rows_of_a;
    return limit == 0 ? rows : std::min(rows, limit);
}

/// Where scales of one operand lie.
struct scale_source {
    u32 column, rows, id;
    u32 checked;  ///< rows whose scales must be right; the others become NaN where they are not
    bool halves;  ///< those of rows from rows / 2 on lie in the upper 64 lanes only, those before in the lower 64
    const char* what;
};

/// The scales of an operand: out[block * most_rows + row]. Row m is in lane m % 32 of column m / 32, copied to all quarters of
/// the lanes; or, in `halves`, to two quarters.
inline void read_scales(tcgen05_state& state, const mma_instruction& i, const scale_source& from, double* out) {
    const u32 part = from.halves ? from.rows / 2 : from.rows, copies = from.halves ? 2 : 4;
    for (u32 row = 0; row < from.rows; ++row) {
        const u32 first = row / part * 64 + row % part % 32, column = from.column + row % part / 32;
        auto code = [&](u32 copy, u32 block) {
            return state.at(first + 32 * copy, column) >> 8 * (from.id + block) & 255;
        };
        for (u32 block = 0; block < i.scales(); ++block) {
            u32 copy = 1;
            while (copy < copies && code(copy, block) == code(0, block)) ++copy;
            if (row >= from.checked && (copy < copies || (i.ue4m3 && code(0, block) > 127))) {
                out[block * most_rows + row] = __builtin_nan("");
                continue;
            }
            if (copy < copies) {
                fail("%s: the scale of row %u is not the same in %s quarters of the lanes", from.what, row,
                     from.halves ? "both" : "all four");
            }
            out[block * most_rows + row] = scale_value(i, code(0, block), row, from.what);
        }
    }
}

/// Element `k` of A in a 32-bit word of tensor memory. Types of 6 bits lie in the low bits of a byte, FP4 in bits 2 to 5; kinds
/// with FP4 alone take eight codes to a word.
inline float element_of_word(const mma_instruction& i, u32 word, u32 k) {
    if (is_packed_fp4(i.kind)) return byte_table<e2m1>[word >> 4 * (k % 8) & 15];
    const u8 byte = u8(word >> 8 * (k % 4));
    const u16 half = u16(word >> 16 * (k % 2));
    switch (i.a) {
        case dtype::e4m3: return byte_table<e4m3>[byte];
        case dtype::e5m2: return byte_table<e5m2>[byte];
        case dtype::e2m3: return byte_table<e2m3>[byte];
        case dtype::e3m2: return byte_table<e3m2>[byte];
        case dtype::e2m1x2: return byte_table<e2m1>[byte >> 2];
        case dtype::i8: return float(i8(byte));
        case dtype::u8: return float(byte);
        case dtype::bf16: return float(bf16(half));
        case dtype::f16: return float(f16(half));
        default: return bit_cast<float>(word & ~0x1fffu);
    }
}

/// A from tensor memory: row m in the lane of row m of D, eight columns. Layouts that hold parts of D's columns in other lanes
/// need A in those lanes too.
inline void load_a_columns(tcgen05_state& state, const tcgen05_multiply& x, float* a) {
    const mma_instruction& i = x.instruction;
    const u32 k = i.k(), first = x.a_columns & 0xffff, copies = i.n / i.columns();
    for (u32 row = 0; row < i.rows_per_cta(); ++row) {
        for (u32 column = 0; column < 8; ++column) {
            const u32 lane = accumulator_place(i, row, 0, x.d >> 16).lane, word = state.at(lane, first + column);
            for (u32 copy = 1; copy < copies; ++copy) {
                const u32 other = accumulator_place(i, row, copy * i.columns()).lane;
                if (state.at(other, first + column) == word) continue;
                fail(
                    "tcgen05.mma (A): row %u in tensor memory is not the same in lanes %u and %u, which this shape "
                    "reads",
                    row, lane, other);
            }
            for (u32 e = 0; e < k / 8; ++e)
                a[row * k + column * (k / 8) + e] = element_of_word(i, word, column * (k / 8) + e);
        }
    }
}

/// Calls f(words in tensor memory, elements of `c`, how many, lane) for each run of D of one CTA that lies in one lane. `c` has
/// row pitch mma_pitch(n).
template <class C, class F>
void for_each_run_of_d(tcgen05_state& state, const tcgen05_multiply& x, C* c, F f) {
    const mma_instruction& i = x.instruction;
    const u32 columns = i.columns();
    for (u32 row = 0; row < i.rows_per_cta(); ++row) {
        for (u32 column = 0; column < i.n; column += columns) {
            const tensor_place at = accumulator_place(i, row, column, x.d >> 16);
            f(&state.at(at.lane, (x.d & 0xffff) + at.column), c + row * mma_pitch(i.n) + column, columns, at.lane);
        }
    }
}

/// Copies D of one CTA from tensor memory to `c`.
inline void load_accumulator(tcgen05_state& state, const tcgen05_multiply& x, float* c) {
    const bool half = x.instruction.d == dtype::f16;
    const float factor = deepgemm::detail::power_of_two(-int(x.scale_input_d));
    for_each_run_of_d(state, x, c, [=](const u32* words, float* to, u32 count, u32) {
        if (!half && factor == 1) {
            std::memcpy(to, words, count * sizeof(float));
            return;
        }
        for (u32 j = 0; j < count; ++j) {
            to[j] = factor * (half ? float(f16(u16(words[j]))) : bit_cast<float>(words[j]));
        }
    });
}

/// Copies `c` to tensor memory. FP16 takes the low half of a word and clears the other.
inline void store_accumulator(tcgen05_state& state, const tcgen05_multiply& x, const float* c) {
    const bool half = x.instruction.d == dtype::f16;
    for_each_run_of_d(state, x, c, [&](u32* words, const float* from, u32 count, u32 lane) {
        if (x.disabled_lanes[lane / 32] >> lane % 32 & 1) return;
        if (!half) {
            std::memcpy(words, from, count * sizeof(float));
            return;
        }
        for (u32 j = 0; j < count; ++j) words[j] = f16::from_float(from[j]).bits;
    });
}

/// Adds `c`, sums of products of integers that FP32 holds exactly, to D in tensor memory, or puts them there.
inline void store_integers(tcgen05_state& state, const tcgen05_multiply& x, const float* c) {
    const bool saturate = x.instruction.saturate, accumulate = x.accumulate;
    for_each_run_of_d(state, x, c, [&](u32* words, const float* from, u32 count, u32 lane) {
        if (x.disabled_lanes[lane / 32] >> lane % 32 & 1) return;
        for (u32 j = 0; j < count; ++j) {
            i64 sum = i64(from[j]) + (accumulate ? i64(i32(words[j])) : 0);
            if (saturate) sum = std::clamp(sum, -(i64(1) << 31), (i64(1) << 31) - 1);
            words[j] = u32(sum);
        }
    });
}

/// c += A x B with the scales of each block of K, as read_scales() gives them.
struct scaled_product {
    const float *a, *b;
    const double *sa, *sb;
    float* c;
};
inline void multiply_blocks(const mma_instruction& i, const scaled_product& x) {
    alignas(64) static thread_local float part[128 * 256];
    const u32 pitch = mma_pitch(i.n), rows = i.rows_per_cta(), scales = i.scales();
    for (u32 block = 0; block < scales; ++block) {
        std::fill_n(part, rows * pitch, 0.0f);
        multiply_accumulate({part, x.a + block * i.block, x.b + block * i.block * pitch, rows, i.n, i.block, i.k()});
        for (u32 m = 0; m < rows; ++m) {
            add_scaled(x.c + m * pitch, part + m * pitch, x.sa[block * most_rows + m], x.sb + block * most_rows, i.n);
        }
    }
}

/// Carries out the multiply for CTA `r` of `ctas`, the leader first.
inline void multiply_for(const std::vector<cta_state*>& ctas, u32 r, const tcgen05_multiply& x) {
    alignas(64) static thread_local float a[128 * most_k], b[most_k * 256], c[128 * 256];
    alignas(64) static thread_local double sa[most_scales * most_rows], sb[most_scales * most_rows];
    const mma_instruction& i = x.instruction;
    const u32 k = i.k(), pitch = mma_pitch(i.n), rows = i.rows_per_cta(), share = i.columns_of_b_per_cta();
    tcgen05_state& state = tcgen05_of(*ctas[r]);
    if (i.a_in_tensor_memory) {
        load_a_columns(state, x, a);
    } else {
        check_operand_read(*ctas[r], x.a_read);
        load_operand(*ctas[r], x.a, a_shape(i), a, {k, 1});
    }
    for (u32 at = 0; i.negate && at < rows * k; ++at) a[at] = -a[at];
    for (u32 q = 0; q < ctas.size(); ++q) {  // each CTA holds its share of B's rows
        check_operand_read(*ctas[q], x.b_read);
        load_operand(*ctas[q], x.b, b_shape(i), b + q * share, {1, pitch});
    }
    const bool integers = i.kind == mma_kind::i8;
    if (x.accumulate && !integers) {
        load_accumulator(state, x, c);
    } else {
        std::fill_n(c, rows * pitch, 0.0f);
    }
    if (is_scaled(i.kind)) {
        const bool halves = i.layout == accumulator_layout::b;
        read_scales(state, i, {x.sa & 0xffff, rows, i.sa_id, rows_with_data(rows), false, "tcgen05.mma (scales of A)"},
                    sa);
        read_scales(state, i, {x.sb & 0xffff, i.n, i.sb_id, i.n, halves, "tcgen05.mma (scales of B)"}, sb);
        multiply_blocks(i, {a, b, sa, sb, c});
    } else {
        multiply_accumulate({c, a, b, rows, i.n, k});
    }
    if (integers) {
        store_integers(state, x, c);
    } else {
        store_accumulator(state, x, c);
    }
    current().statistics.macs += u64(rows) * i.n * k;
}

}  // namespace detail
}  // namespace deepgemm::sim
