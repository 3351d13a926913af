// SPDX-License-Identifier: MIT
// The sum over heads of relu(x) times a weight, in FP32, where x is the result of a wgmma whose rows are keys and whose columns
// are the heads of a few queries, one query after another. Four lanes hold a row of it. They bring their shares together, by
// shuffles or in shared memory, and each is left with sums of its own: half of the queries for one of two rows.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/mma/sm90/fragment.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/select.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/vector.cuh>
#include <deepgemm/ptx/warp.cuh>

namespace deepgemm {

/// `Queries` queries of `Heads` heads, a multiple of four. `Added` of every four groups of eight columns take relu(x) w as (x +
/// |x|) (w / 2), which keeps the units busy that add, the others as max(x, 0) w. Both are the same (but for weights below
/// 2^-125, which have no exact half). `Chains` sums of a row and query are added up side by side: of even and of odd columns,
/// or, where there are enough queries to keep the units busy that add, one.
template <int Heads, int Queries, int Added = 2, int Chains = 2>
struct head_sums {
    static_assert(Heads >= 4 && Heads <= 128 && Heads % 4 == 0,
                  "head_sums: heads must be a multiple of 4 from 4 to 128");
    static_assert(Queries >= 1 && Added >= 0 && Added <= 4 && (Chains == 1 || Chains == 2));
    /// Columns of the multiply. If heads and queries are both odd multiples of 4 and of 1, the last four belong to no query;
    /// there queries are zero, and so are weights.
    static constexpr int columns = align_up(Heads * Queries, 8);
    static_assert(columns <= 256, "head_sums: one multiply has at most 256 columns, heads times queries");
    static constexpr int registers = columns / 2;
    static constexpr int results = (Queries + 1) / 2;  ///< sums that a lane ends up with

    float weight[columns / 8][2];  ///< of this lane's columns, in groups of eight
    /// Not 0 in lanes 1 and 3 of four, and in lanes 2 and 3. They are members because nvcc would compute them for each use.
    u32 odd, second;

    /// The query of result `i` of the calling lane; `Queries` if that result belongs to no query.
    DEEPGEMM_DEVICE static int query(int i) { return 2 * i + int(ptx::lane_index() % 4 / 2); }
    /// The row of all results of the calling lane among the 16 rows of its warp.
    DEEPGEMM_DEVICE static int row() { return int(ptx::lane_index() % 2) * 8 + int(ptx::lane_index() / 4); }

    /// Whole warp: loads the weights of all columns, FP32 side by side at shared address `weights`, a multiple of 8.
    DEEPGEMM_DEVICE void load(u32 weights) {
        const u32 mine = weights + ptx::lane_index() % 4 * 8;
        odd = ptx::keep(ptx::lane_index() & 1);
        second = ptx::keep(ptx::lane_index() & 2);
        DEEPGEMM_UNROLL
        for (int i = 0; i < columns / 8; ++i) {
            const auto pair = ptx::ld_shared<ptx::vec2<float>>(mine + u32(i) * 32);
            weight[i][0] = adds(i) ? pair.x * 0.5f : pair.x;
            weight[i][1] = adds(i) ? pair.y * 0.5f : pair.y;
        }
    }

    /// How the four lanes that hold a row bring their shares of its sums together: by shuffles.
    struct by_shuffles {
        static constexpr u32 bytes = 0;  ///< of shared memory
        DEEPGEMM_DEVICE static by_shuffles at(u32 /*scratch*/) { return {}; }
    };
    /// The same in shared memory of the warp. That takes fewer instructions and gives the same sums.
    struct in_smem {
        static constexpr bool possible = Queries % 4 == 0 && Heads % 8 == 0;
        static constexpr int wide = results % 4 == 0 ? 4 : 2;  ///< sums of a lane that lie side by side
        /// From lane to lane; with it, and with a shift between halves if two sums are side by side, no two lanes of an access
        /// meet in a bank.
        static constexpr u32 stride = wide == 4 ? 80 : 48, shift = wide == 4 ? 0 : 32;
        static constexpr u32 part_bytes = 32 * stride + 4 * shift;  ///< for `wide` sums of each lane
        static constexpr u32 bytes = possible ? results / wide * part_bytes : 0;
        struct side_by_side {
            float sum[wide];
        };
        u32 to, from;  ///< shared addresses of what this lane stores, and of what it loads first

        /// Whole warp: in `bytes` bytes at shared address `scratch`, a multiple of 128.
        DEEPGEMM_DEVICE static in_smem at(u32 scratch) {
            const u32 lane = ptx::lane_index(), shifted = scratch + lane / 8 * shift;
            return {ptx::keep(shifted + lane * stride),
                    ptx::keep(shifted + lane / 4 * 4 * stride + lane % 4 * u32(wide * 4))};
        }
    };

    /// Whole warp: the sums of this lane's row and queries. The order of additions depends on nothing but the two numbers.
    DEEPGEMM_DEVICE void reduce(const float (&x)[registers], float (&out)[results], by_shuffles) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < results; ++i) {
            const int query = 2 * i;
            const float of_even = of_two_lanes(sum<whole>(x, first_group(query)));
            const float shared = split ? of_two_lanes(sum<split>(x, shared_group(i))) : 0.0f;
            if (query + 1 == Queries) {
                const float half = split ? of_even + shared : of_even;
                out[i] = half + ptx::shuffle_xor(half, 2);
            } else {
                const float of_odd = of_two_lanes(sum<whole>(x, first_group(query + 1)));
                const float own = ptx::select(second != 0, of_odd, of_even);
                out[i] = (split ? own + shared : own) + ptx::shuffle_xor(ptx::select(second != 0, of_even, of_odd), 2);
            }
        }
    }
    /// Whole warp: the same sums.
    DEEPGEMM_DEVICE void reduce(const float (&x)[registers], float (&out)[results], in_smem scratch) const {
        static_assert(in_smem::possible, "head_sums: in_smem is for a multiple of four queries, and of eight heads");
        constexpr int wide = in_smem::wide;
        DEEPGEMM_UNROLL
        for (int first = 0; first < results; first += wide) {
            two_rows mine[2 * wide];  // of queries: lane t of four gets those of 2 i + t / 2 and row t % 2
            DEEPGEMM_UNROLL
            for (int i = 0; i < 2 * wide; ++i) mine[i] = sum<whole>(x, first_group(2 * first + i));
            DEEPGEMM_UNROLL
            for (int word = 0; word < 4 * wide; word += 4) {
                float four[4];
                DEEPGEMM_UNROLL
                for (int i = 0; i < 4; ++i) {
                    const int lane = (word + i) / wide;
                    const two_rows& rows = mine[(word + i) % wide * 2 + lane / 2];
                    four[i] = lane % 2 != 0 ? rows.bottom : rows.top;
                }
                ptx::st_shared(scratch.to + u32(first / wide) * in_smem::part_bytes + u32(word) * 4,
                               ptx::vec4<float>{four[0], four[1], four[2], four[3]});
            }
        }
        ptx::sync_warp();
        DEEPGEMM_UNROLL
        for (int first = 0; first < results; first += wide) {
            typename in_smem::side_by_side of[4];
            DEEPGEMM_UNROLL
            for (u32 lane = 0; lane < 4; ++lane) {
                of[lane] = ptx::ld_shared<typename in_smem::side_by_side>(
                    scratch.from + u32(first / wide) * in_smem::part_bytes + lane * in_smem::stride);
            }
            DEEPGEMM_UNROLL
            for (int i = 0; i < wide; ++i)
                out[first + i] = (of[0].sum[i] + of[1].sum[i]) + (of[2].sum[i] + of[3].sum[i]);
        }
        ptx::sync_warp();
    }

private:
    /// Groups of eight columns that belong to one query alone; and whether four columns are left over. Then an even query and
    /// the odd one after it share a group, of which lanes 0 and 1 of four have the columns of the even one.
    static constexpr int whole = Heads / 8, split = Heads % 8 / 4;

    DEEPGEMM_BOTH static constexpr int shared_group(int pair) { return pair * (2 * whole + split) + whole; }
    DEEPGEMM_BOTH static constexpr int first_group(int query) {
        return query / 2 * (2 * whole + split) + query % 2 * (whole + split);
    }
    DEEPGEMM_BOTH static constexpr bool adds(int group) { return group % 4 < Added; }

    struct two_rows {
        float top, bottom;
    };
    /// This lane's share of `Groups` groups.
    template <int Groups>
    DEEPGEMM_DEVICE two_rows sum(const float (&x)[registers], int first) const {
        float total[2][Chains] = {};  // of a row
        DEEPGEMM_UNROLL
        for (int i = 0; i < Groups; ++i) {
            DEEPGEMM_UNROLL
            for (int j = 0; j < 4; ++j) {
                const float value = x[(first + i) * 4 + j], by = weight[first + i][j % 2];
                const float positive = adds(first + i) ? ptx::twice_relu(value) : ptx::relu(value);
                float& to = total[sm90::wgmma_rows::thread_row_of(j)][j % Chains];
                to = i == 0 && j % 2 < Chains ? positive * by : to + positive * by;
            }
        }
        if constexpr (Chains == 1) {
            return {total[0][0], total[1][0]};
        } else {
            return {total[0][0] + total[0][1], total[1][0] + total[1][1]};
        }
    }
    /// Adds the shares of two neighbouring lanes: the even one gets the sum of the top row, the odd one that of the bottom row.
    DEEPGEMM_DEVICE float of_two_lanes(two_rows mine) const {
        return ptx::select(odd != 0, mine.bottom, mine.top) +
               ptx::shuffle_xor(ptx::select(odd != 0, mine.top, mine.bottom), 1);
    }
};

}  // namespace deepgemm
