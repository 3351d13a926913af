// SPDX-License-Identifier: MIT
// Groups of rows by the group of each row: what policies of schedule/grouped.cuh do with the list of it, and the policy that
// finds a group in it when a walk gets there. Which policy a kernel has is said in indexed.cuh.
#pragma once

#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/schedule/groups.cuh>

namespace deepgemm {

/// `list[r]` is the group of row r; a negative value means none. A group's rows follow each other without a gap, from a
/// multiple of `alignment` on. A list that breaks this makes inspect() trap; all else that is done with it ends nevertheless,
/// and reads nothing but the list.
struct listed_rows : row_groups {
    using arguments = row_groups;
    static constexpr stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true, any_row = true;

    DEEPGEMM_DEVICE i32 group_of(i32 row) const { return ptx::ld_global(list + row); }

    /// Converged warp `warp` of `warps` warps of each CTA, for `rows` rows: traps if the list breaks a promise. Every row is
    /// looked at once in the whole grid. That a group goes on after rows of another one or of none is seen where these are
    /// fewer than a tile may have, since no tile could then be divided; elsewhere it does no harm.
    DEEPGEMM_DEVICE void inspect(i32 rows, u32 warp, u32 warps) const {
        constexpr i32 most_rows = 256;
        const u32 threads = 32 * warps, first = ptx::cta_index() * threads + 32 * warp + ptx::lane_index();
        for (u32 row = first; row < u32(rows); row += ptx::cta_count() * threads) {
            const i32 at = i32(row), group = group_of(at);
            if (group < 0 || (at > 0 && group_of(at - 1) == group)) continue;
            if (group >= count) ptx::trap("row %d has group %d, for which B has no matrix", at, group);
            if (at % alignment != 0)
                ptx::trap("a group starts at row %d, which is no multiple of the alignment, %d", at, alignment);
            for (i32 before = max(at - most_rows, 0); before < at; ++before) {
                if (group_of(before) == group)
                    ptx::trap("row %d has group %d, whose rows do not follow each other", at, group);
            }
        }
    }

    /// Each group and each stretch before, between and behind them may end inside a tile.
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return min(ceil_div(shape.m, block_m) + 2 * max(count, 0) + 1, shape.m);
    }
};

/// The policy: stretches of rows of one group, or of none, one after another. Rows without a group become zero.
///
/// Every role of every CTA passes over all stretches, and waits for each load that L1 does not have: some 0.4 us beside a
/// saturated L2. So it looks at places that are the same whatever stretch it is in, multiples of 8 and of 128 rows and the rows
/// before the latter. A sector of the list has 8 entries, so that the walk over the next stretches finds them in L1. inspect()
/// brings the list to L2 meanwhile.
struct listed_groups : listed_rows {
    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 row = before.row_end;
        if (row >= shape.m) return {count, 0, row, row, 0, 0};
        const i32 group = group_of(row);
        if (group < 0) return {gap, 0, row, end_of_long_gap(row, shape.m), 0, 0};
        // A group without a matrix is clamped only so that nothing faults before inspect() has found it.
        return {0, max(0, min(group, count - 1)), row, end_of_group(row, shape.m, group), 0, shape.k};
    }
    /// True if rows of `group` become zero.
    DEEPGEMM_BOTH static constexpr bool is_gap(const group_extent& group) { return group.index == gap; }

private:
    static constexpr i32 gap =
        -1;  ///< the index of rows of no group; all groups have 0, and what is behind them `count`
    static constexpr i32 sector = 8, unit = 64;
    static constexpr int probes = 8;  ///< loads under way at a time

    /// The first row after `row`, of `group`, that is not of it; `end` if there is none before that. First it looks at every
    /// eighth row up to a multiple of 64, or, if groups start at multiples of 128, at four of these and the rows before them.
    DEEPGEMM_DEVICE i32 end_of_group(i32 row, i32 end, i32 group) const {
        i32 step = alignment % (2 * unit) == 0 ? unit : sector;
        while (end - row > 1) {
            const u32 base = u32(row & -(probes * step)), before = step == unit ? unit - 1 : 0;
            const auto place = [&](i32 i) { return base + u32((i + 1) * step) + (i % 2 == 0 ? before : 0); };
            i32 found[probes];
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) found[i] = group_of(max(row, i32(min(place(i), u32(end - 1)))));
            i32 same = 0;  // probes of the group, which come first
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) same += same == i && place(i) < u32(end) && found[i] == group ? 1 : 0;
            end = same < probes ? i32(min(place(same), u32(end))) : end;
            row = same > 0 ? max(row, i32(place(same - 1))) : row;
            step = end - row >= 2 * unit ? unit : end - (row & -sector) > sector ? sector : 1;
        }
        return end;
    }

    /// The first row after `row`, which has no group, that has one; `last` + 1 if none up to `last` has.
    DEEPGEMM_DEVICE i32 end_of_gap(i32 row, i32 last) const {
        const u32 step = u32(alignment), end = u32(last);
        for (u32 first = u32(row) / step * step + step; first <= end; first += probes * step) {
            i32 found[probes];
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) found[i] = group_of(i32(min(first + u32(i) * step, end)));
            u32 none = 0;  // probes without a group, which come first
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) none += none == u32(i) && found[i] < 0 ? 1 : 0;
            if (none < probes) return i32(min(first + none * step, end + 1));
        }
        return last + 1;
    }

    /// As end_of_gap() up to row `end`, for gaps that seldom end soon if they do not end at once: rows that are there only so
    /// that their number is always the same.
    DEEPGEMM_DEVICE i32 end_of_long_gap(i32 row, i32 end) const {
        i32 at = row + 1;
        if (alignment >= sector) {
            at = i32(min((u32(row) / u32(alignment) + 1) * u32(alignment), u32(end)));
            if (at == end || group_of(at) >= 0) return at;
            ++at;
        } else if (end - row > probes * line && group_of(row + line) < 0) {
            // A group may start nearly anywhere: looks at every row, first at 256 of them at once.
            for (; reinterpret_cast<u64>(list + at) % sizeof(vector) != 0; ++at) {
                if (group_of(at) >= 0) return at;
            }
            DEEPGEMM_NO_UNROLL
            for (i32 lines = probes; lines != 0; lines /= probes) {
                while (end - at >= lines * line && is_free(at, lines)) at += lines * line;
            }
        }
        return end_of_gap(at - 1, end - 1);
    }

    using vector = ptx::vec4<u32>;
    static constexpr i32 line = 32;  ///< entries of 128 bytes
    static_assert(sizeof(vector) == 16 && sizeof(vector) * probes == sizeof(i32) * line);

    /// True if no row of `lines` lines of the list has a group, from `row` on, whose entry is aligned to 16 bytes. First it
    /// brings all sectors to L1 at once, if there are as many lines as `probes`.
    DEEPGEMM_DEVICE bool is_free(i32 row, i32 lines) const {
        u32 signs = ~0u;
        if (lines == probes) {
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes * line / sector; ++i) signs &= u32(group_of(row + i * sector));
        }
        DEEPGEMM_NO_UNROLL
        for (i32 i = 0; i < lines; ++i) {
            const auto* const entries = reinterpret_cast<const vector*>(list + row + i * line);
            vector found[probes];
            DEEPGEMM_UNROLL
            for (int j = 0; j < probes; ++j) found[j] = ptx::ld_global(entries + j);
            DEEPGEMM_UNROLL
            for (int j = 0; j < probes; ++j) signs &= found[j].x & found[j].y & found[j].z & found[j].w;
        }
        return i32(signs) < 0;
    }
};

static_assert(group_policy<listed_groups>);

}  // namespace deepgemm
