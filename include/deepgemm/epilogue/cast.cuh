// SPDX-License-Identifier: MIT
// The sink `cast_to_fp8`: D in FP8 with a scale for each row and 32 or 128 columns, in the layout in which the next GEMM reads
// its A. So a layer needs no kernel between two products. A thread and its neighbours hold all columns under a scale, so the
// largest magnitude takes a few shuffles and no memory.
#pragma once

#include <deepgemm/epilogue/store.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/cast_element.cuh>

namespace deepgemm {

/// Stores D as `Q` with one scale for each row and `Columns` columns, which are 1/448 of the largest magnitude there (E4M3).
/// Elements and scales are those that scale::cast_per_token<Q, X, Columns, Scales> would make of the D that store<X> writes,
/// bit for bit: X = bf16 rounds to BF16 before anything else. Each scale's columns lie in one tile: a multiple of `Columns`
/// columns of D must be left of block.n. Scales are written for rows and columns of D only, packed ones for all four bytes of a
/// word.
template <int Columns = 128, scale::cast_scales Scales = scale::cast_scales::fp32, scale::cast_input X = float,
          fp8_element Q = e4m3>
struct cast_to_fp8 {
    static_assert(Columns == 32 || Columns == 128, "cast_to_fp8: a scale must cover 32 or 128 columns of D");
    using element = Q;
    using arguments = result_scales;
    using params = result_scales;
    static constexpr bool accumulates = false, in_place = false, custom = false;
    static constexpr epilogue_info info{.cast = {Columns, Scales, same_as<X, bf16>}};
    static constexpr head_splits heads{};
    static constexpr int whole_columns = Columns;
    template <class Shape>
    using staging = store_stage<Q, Shape::tile_columns, Shape::rows, Shape::columns, Shape::buffers, false, false,
                                head_splits{}, Shape::stacked, typename Shape::fragment>;

    DEEPGEMM_BOTH static constexpr arguments arguments_of(const epilogue_values& all) { return all.scales; }
    DEEPGEMM_BOTH static constexpr params make_params(const gemm_arguments&, const arguments& mine) { return mine; }
    DEEPGEMM_BOTH static constexpr i32 columns_after(i32 n) { return n; }

    /// Converged warp: stores the scales of a fragment, and returns it divided by them.
    template <fragment_map Map, int N>
    DEEPGEMM_DEVICE static result_fragment<Map, N> apply(const params& p, const result_fragment<Map, N>& from) {
        constexpr int groups = N / Columns, in_group = fragment_registers<Map>(Columns);
        result_fragment<Map, N> to{{}, from.place, from.matrix};
        float scale[groups][Map::thread_rows];
        DEEPGEMM_UNROLL
        for (int g = 0; g < groups; ++g) {
            u32 amax[Map::thread_rows];
            float reciprocal[Map::thread_rows];
            DEEPGEMM_UNROLL
            for (int j = 0; j < Map::thread_rows; ++j) amax[j] = scale::detail::smallest_amax;
            // Columns beyond D count as zeros.
            const bool ends = (group_of(from, g) + 1) * Columns > from.matrix.end.n;
            DEEPGEMM_UNROLL
            for (int i = g * in_group; i < (g + 1) * in_group; i += 2) {
                const element_pair x = rounded({from.value[i], from.value[i + 1]});
                const i32 n = from.place.column_of(i);
                to.value[i] = ends && n >= from.matrix.end.n ? 0.0f : x.x;
                to.value[i + 1] = ends && n + 1 >= from.matrix.end.n ? 0.0f : x.y;
                u32& largest = amax[Map::thread_row_of(i)];
                largest = max(largest, scale::detail::magnitude(to.value[i]));
                largest = max(largest, scale::detail::magnitude(to.value[i + 1]));
            }
            DEEPGEMM_UNROLL
            for (int j = 0; j < Map::thread_rows; ++j) {
                DEEPGEMM_UNROLL
                for (int apart = 1; apart < Map::row_lanes; apart *= 2)
                    amax[j] = max(amax[j], ptx::shuffle_xor(amax[j], u32(apart)));
                scale[g][j] = scale::detail::scale_of<Q, Scales>(amax[j]);
                reciprocal[j] = 1.0f / scale[g][j];
            }
            DEEPGEMM_UNROLL
            for (int i = g * in_group; i < (g + 1) * in_group; ++i) to.value[i] *= reciprocal[Map::thread_row_of(i)];
        }
        store_scales(p, from, scale);
        return to;
    }

private:
    DEEPGEMM_DEVICE static element_pair rounded(element_pair x) {
        if constexpr (same_as<X, bf16>) {
            const auto [first, second] = ptx::unpack_bf16(ptx::pack_bf16(x.x, x.y));
            return {first, second};
        } else {
            return x;
        }
    }

    /// Number, along D's columns, of the scale of group `g` of a fragment.
    template <fragment_map Map, int N>
    DEEPGEMM_DEVICE static i32 group_of(const result_fragment<Map, N>& from, int g) {
        return from.place.column / Columns + g;
    }

    /// The lanes that hold a row share its scales out among themselves.
    template <fragment_map Map, int N, int Groups>
    DEEPGEMM_DEVICE static void store_scales(const params& p, const result_fragment<Map, N>& from,
                                             const float (&scale)[Groups][Map::thread_rows]) {
        const i32 groups = ceil_div(from.matrix.end.n, Columns);
        const int lane = int(ptx::lane_index()) % Map::row_lanes;
        DEEPGEMM_UNROLL
        for (int j = 0; j < Map::thread_rows; ++j) {
            const i32 m = from.place.row + Map::thread_row(j);
            if (m >= from.matrix.end.m) continue;
            const i64 row = from.matrix.d * p.matrix_stride + m * p.stride_mn;
            if constexpr (Scales != scale::cast_scales::packed) {
                DEEPGEMM_UNROLL
                for (int g = 0; g < Groups; ++g) {
                    const i32 number = group_of(from, g);
                    if (lane == g % Map::row_lanes && number < groups)
                        ptx::st_global(static_cast<float*>(p.data) + row + number * p.stride_k, scale[g][j]);
                }
            } else if constexpr (Groups % 4 == 0) {
                DEEPGEMM_UNROLL
                for (int g = 0; g < Groups; g += 4) {
                    const i32 number = group_of(from, g);
                    u32 word = 0;
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < 4; ++i) word |= number + i < groups ? exponent(scale[g + i][j]) << (8 * i) : 0;
                    if (lane == g / 4 % Map::row_lanes && number < groups)
                        ptx::st_global(static_cast<u32*>(p.data) + row + number / 4 * p.stride_k, word);
                }
            } else {
                DEEPGEMM_UNROLL
                for (int g = 0; g < Groups; ++g) {
                    if (lane == g % Map::row_lanes)
                        store_byte(p, row, group_of(from, g), groups, exponent(scale[g][j]));
                }
            }
        }
    }

    DEEPGEMM_DEVICE static u32 exponent(float scale) { return bit_cast<u32>(scale) >> 23; }

    /// Any thread: stores scale number `number` of `groups` of a row. The other bytes of its word are those of other tiles, but
    /// who stores the last scale also clears the bytes after it.
    DEEPGEMM_DEVICE static void store_byte(const params& p, i64 row, i32 number, i32 groups, u32 exponent) {
        if (number >= groups) return;
        u8* const word = reinterpret_cast<u8*>(static_cast<u32*>(p.data) + row + number / 4 * p.stride_k);
        ptx::st_global(word + number % 4, u8(exponent));
        if (number + 1 == groups) {
            for (i32 after = number % 4 + 1; after < 4; ++after) ptx::st_global(word + after, u8(0));
        }
    }
};

static_assert(epilogue<cast_to_fp8<>> && epilogue<cast_to_fp8<32, scale::cast_scales::packed, bf16>>);

}  // namespace deepgemm
