// SPDX-License-Identifier: MIT
// Groups of rows by the group of each row: the policy of schedule/grouped.cuh that finds all groups in the list at the start of
// the kernel. A walk over them then reads shared memory, where no role of any CTA waits for L2.
#pragma once

#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/schedule/listed_groups.cuh>

namespace deepgemm {

/// The policy: stretches of rows of one group, one after another, of up to `most` groups, and those between them, which have no
/// group and become zero.
///
/// The table is a list of rows, [start of a group, its end, start of the next one, ...], with M behind them, and of the
/// matrices of the groups. Stretch number s reaches to row number s of the list: those with odd numbers are groups, and those with
/// even ones have none and are often empty.
struct tabled_groups : listed_rows {
    static constexpr i32 most = most_tabled;
    static_assert(most <= 256, "tabled_groups: a matrix is one byte of the table");
    static constexpr i32 most_warps = 20;
    static constexpr u32 first_matrix = 4 * (2 * most + 2), first_sum = first_matrix + most,
                         table_bytes = align_up(first_sum + 4 * most_warps, u32(16));

    u32 place = 0;           ///< shared address of the table
    bool tiles_gaps = true;  ///< rows of no group are in tiles; else somebody else makes them zero

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const u32 stretch = u32(-before.index);  // the first one is 1, and there are two from one group to the next
        const auto rows = ptx::ld_shared<ptx::vec2<i32>>(place + 4 * (stretch - 1));
        if (rows.x >= shape.m) return {count, 0, rows.x, rows.x, 0, 0};
        const i32 matrix = i32(ptx::ld_shared<u8>(place + first_matrix + stretch / 2));
        return {-2 - i32(stretch), matrix, rows.x, rows.y, 0, shape.k};
    }
    /// The rows of no group after those of another such stretch; group_extent{} stands for the place before all rows.
    DEEPGEMM_DEVICE group_extent gap_after(group_extent before, problem_shape shape) const {
        const u32 stretch = before.index == -1 ? 0 : u32(-before.index);
        const i32 row = stretch == 0 ? 0 : ptx::ld_shared<i32>(place + 4 * stretch - 4);
        if (row >= shape.m) return {count, 0, row, row, 0, 0};
        return {-2 - i32(stretch), 0, row, ptx::ld_shared<i32>(place + 4 * stretch), 0, 0};
    }
    /// True if rows of `group` become zero. The index of a group is -2 minus the number of its stretch, and behind all groups it
    /// is `count`, so that no index of a stretch reaches it.
    DEEPGEMM_BOTH static constexpr bool is_gap(const group_extent& group) { return group.index % 2 == 0; }

    /// All threads of a CTA: fills the table for `rows` rows. What they write is there after a barrier of them.
    ///
    /// Groups start at multiples of `alignment` and end anywhere, so a thread looks at the first and the last row of such a
    /// block, and into it only where these differ. If that is fewer than 64 rows, a block has 64 rows, and a warp looks into
    /// those that are not of one group as a whole. Each warp has blocks that follow each other; it counts where groups start
    /// and end in them, and then writes behind what the warps before have counted. It has the loads of several blocks of each
    /// thread under way at a time, since all of them come from memory.
    DEEPGEMM_DEVICE void fill_table(i32 rows) const {
        const u32 warp = ptx::warp_index(), warps = ptx::thread_count() / 32, lane = ptx::lane_index();
        const u32 height = max(u32(alignment), u32(lowest)), blocks = ceil_div(u32(rows), height),
                  each = ceil_div(blocks, warps), first = min(warp * each, blocks), end = min(first + each, blocks);
        u32 counted = 0, busy = 0;  // bit b: batch b has starts or ends; bit 31 also stands for those behind
        u32 next = 0;               // place of the next row in the table
        ends_of_block ends[steps];
        DEEPGEMM_NO_UNROLL
        for (bool writes = false;; writes = true) {
            DEEPGEMM_NO_UNROLL
            for (u32 block = first, batch = 0; block < end; block += steps * 32, ++batch) {
                if (writes && (busy >> min(batch, 31u)) % 2 == 0) continue;
                if (!writes || each > steps * 32) load(ends, block + lane, end, height, rows);
                if (alignment < lowest) {
                    const u32 before = next;
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < steps; ++i)
                        next += look_into(ends[i], block + 32 * u32(i), end, next, writes, rows);
                    if (writes) continue;
                    busy |= next != before ? 1u << min(batch, 31u) : 0;
                    continue;
                }
                if (!writes) {
                    u32 found = 0;
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < steps; ++i) found += ends[i].changes();
                    busy |= ptx::any(found != 0) ? 1u << min(batch, 31u) : 0;
                    counted += found;
                    continue;
                }
                DEEPGEMM_UNROLL
                for (int i = 0; i < steps; ++i) {
                    const u32 mine = ends[i].changes(), sum = ptx::inclusive_sum(mine);
                    if (mine != 0) write(ends[i], (block + lane + 32 * u32(i)) * height, next + sum - mine, rows);
                    next += ptx::shuffle(sum, 31);
                }
            }
            if (writes) break;
            counted = ptx::reduce_add(counted) + next;
            if (lane == 0) ptx::st_shared(place + first_sum + 4 * warp, counted);
            ptx::sync_cta();
            const u32 of_lane = lane < warps ? ptx::ld_shared<u32>(place + first_sum + 4 * lane) : 0;
            next = ptx::reduce_add(lane < warp ? of_lane : 0);
        }
        const u32 behind = min(next, u32(2 * most)) + lane;
        if (warp + 1 == warps && lane < 3 && behind < u32(2 * most + 2)) ptx::st_shared(place + 4 * behind, rows);
        if (warp + 1 == warps && lane == 0 && (next > u32(2 * most) || count > most))
            ptx::trap("a list of rows has %d starts and ends of %d groups, more than a table holds", i32(next), count);
    }

private:
    static constexpr i32 lowest = 64;  ///< rows of a block; a lane looks at two of them
    static constexpr int steps = 2,
                         probes = 16;  ///< blocks of a thread, and rows of a block, that are loaded at a time

    /// The groups of the row before a block, of its first and of its last row; below 0: none.
    struct ends_of_block {
        i32 before = -1, first = -1, last = -1;

        static DEEPGEMM_DEVICE bool differ(i32 x, i32 y) { return max(x, -1) != max(y, -1); }
        /// Starts and ends of groups from the block's first row on.
        DEEPGEMM_DEVICE u32 changes() const { return between(before, first) + between(first, last); }

    private:
        static DEEPGEMM_DEVICE u32 between(i32 x, i32 y) { return differ(x, y) ? u32(x >= 0) + u32(y >= 0) : 0; }
    };

    /// Loads the ends of blocks `block`, `block` + 32 and so on, as far as they are before `end`.
    DEEPGEMM_DEVICE void load(ends_of_block (&ends)[steps], u32 block, u32 end, u32 height, i32 rows) const {
        DEEPGEMM_UNROLL
        for (int i = 0; i < steps; ++i) {
            const u32 at = block + 32 * u32(i), row = at * height;
            ends[i] = {};
            if (at >= end) continue;
            if (at != 0) ends[i].before = group_of(i32(row - 1));
            ends[i].first = group_of(i32(row));
            ends[i].last = group_of(i32(min(row + height, u32(rows)) - 1));
        }
    }

    /// Converged warp whose lane i has the ends of block `block` + i, as far as that is before `end`: how many starts and ends of
    /// groups these blocks of `lowest` rows have. If `writes`, it writes them, from number `next` on.
    DEEPGEMM_DEVICE u32 look_into(const ends_of_block& ends, u32 block, u32 end, u32 next, bool writes,
                                  i32 rows) const {
        const u32 lane = ptx::lane_index();
        const bool whole = ends.first >= 0 && ends.first == ends.last && ends.first == ends.before;
        u32 found = 0;
        for (u32 left = ptx::ballot(block + lane < end && !whole); left != 0; left &= left - 1) {
            const u32 which = ptx::count_bits((left & (0 - left)) - 1);  // the lowest lane
            const i32 row = i32((block + which) * u32(lowest) + 2 * lane);
            const i32 first = group_of(min(row, rows - 1)), second = group_of(min(row + 1, rows - 1)),
                      outside = ptx::shuffle(ends.before, which), above = ptx::shuffle_up(second, 1),
                      before = lane == 0 ? outside : above;
            const u32 mine = ends_of_block{before, first, second}.changes(), sum = ptx::inclusive_sum(mine);
            if (writes && mine != 0)
                write_change(first, second, row + 1, write_change(before, first, row, next + found + sum - mine));
            found += ptx::shuffle(sum, 31);
        }
        return found;
    }

    /// Writes the starts and ends in a block that begins with row `row`; the first of them is number `next` of all.
    DEEPGEMM_DEVICE void write(const ends_of_block& ends, u32 row, u32 next, i32 rows) const {
        next = write_change(ends.before, ends.first, i32(row), next);
        if (!ends_of_block::differ(ends.first, ends.last)) return;
        const i32 last = i32(min(row + u32(alignment), u32(rows)) - 1);
        write_change(ends.first, ends.last, first_other(i32(row), last, ends.first), next);
    }
    DEEPGEMM_DEVICE u32 write_change(i32 before, i32 group, i32 row, u32 next) const {
        if (!ends_of_block::differ(before, group)) return next;
        if (before >= 0) write_row(next++, row);
        if (group < 0) return next;
        // A group without a matrix is clamped only so that nothing faults before inspect() has found it.
        if (next < u32(2 * most)) ptx::st_shared(place + first_matrix + next / 2, u8(max(0, min(group, count - 1))));
        write_row(next++, row);
        return next;
    }
    DEEPGEMM_DEVICE void write_row(u32 number, i32 row) const {
        if (number < u32(2 * most)) ptx::st_shared(place + 4 * number, row);
    }

    /// The first row after `row`, of `group`, that is not of it, as row `last` is not.
    DEEPGEMM_DEVICE i32 first_other(i32 row, i32 last, i32 group) const {
        while (last - row > 1) {
            const i32 step = ceil_div(last - row, probes + 1);
            i32 found[probes];
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) found[i] = group_of(min(row + (i + 1) * step, last));
            i32 same = 0;  // probes of the group, which come first
            DEEPGEMM_UNROLL
            for (int i = 0; i < probes; ++i) same += same == i && !ends_of_block::differ(found[i], group) ? 1 : 0;
            last = min(row + (same + 1) * step, last);
            row += same * step;
        }
        return last;
    }
};

static_assert(tabled_policy<tabled_groups>);

}  // namespace deepgemm
