// SPDX-License-Identifier: MIT
// The policies of groups that schedule/grouped.cuh takes: models of group_policy. Sizes that only device memory holds are read
// there, so the host never waits for them. These are plain loads, not read-only ones, since in a dependent launch an earlier
// kernel may write the sizes while this one is already running.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/schedule/group_policy.cuh>
#include <deepgemm/schedule/schedule.cuh>

namespace deepgemm {

/// Products of one shape: batched.
struct uniform_groups {
    static constexpr grouping grouped_as = grouping::batched;
    static constexpr stacks stacked{.a = true, .b = true, .d = true};
    static constexpr bool bounded = false, on_device = false;

    i32 count = 0;

    DEEPGEMM_BOTH constexpr group_extent after(group_extent before, problem_shape shape) const {
        const i32 g = before.index + 1;
        return {g, g, 0, g < count ? shape.m : 0, 0, shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return shape.m; }
};

/// Each group has a slot of M rows in A and in D, of which the first `rows[g]` are used. The other rows of A are never used,
/// and those of D are not written. A count below 0 counts as 0, and one above M as M.
struct masked_groups {
    static constexpr grouping grouped_as = grouping::masked;
    static constexpr stacks stacked{.a = true, .b = true, .d = true};
    static constexpr bool bounded = true, on_device = true;

    i32 count = 0;
    const i32* rows = nullptr;  ///< (count), device memory
    i32 expected_rows = 0;      ///< of a group, for cache hints only; 0: all M rows

    /// What the kernel reads; a launch checks that the device can.
    DEEPGEMM_BOTH constexpr const i32* table() const { return rows; }

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 g = before.index + 1;
        return {g, g, 0, g < count ? max(0, min(ptx::ld_global(rows + g), shape.m)) : 0, 0, shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const {
        return expected_rows == 0 ? shape.m : expected_rows;
    }
};

/// Groups follow each other in A and D: group g ends before row `ends[g]`, and the next one starts at the next multiple of
/// `alignment`. Rows of D between groups are not written. An end before the group's start makes the group empty. If TMA loads
/// the scales of A, `alignment` must be a multiple of four, because TMA loads them from multiples of four rows.
struct psum_groups {
    static constexpr grouping grouped_as = grouping::psum;
    static constexpr stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true;

    i32 count = 0;
    const i32* ends = nullptr;  ///< (count), device memory
    i32 alignment = 128;        ///< rows

    DEEPGEMM_BOTH constexpr const i32* table() const { return ends; }

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 g = before.index + 1, row = align_up(before.row_end, alignment);
        return {g, g, row, g < count ? max(row, min(ptx::ld_global(ends + g), shape.m)) : row, 0, shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return ceil_div(shape.m, block_m) + count;
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return ceil_div(shape.m, max(count, 1)); }
};

/// Row r belongs to group `of_row[r]`, which must be below the number of matrices of B; a negative value means no group. Rows
/// are taken in runs of `alignment` rows. All rows of a run use the matrix of B of its first row, so a group must start at a
/// multiple of `alignment`. A run whose first row belongs to no group becomes zeros in D. If TMA loads the scales of A,
/// `alignment` must be a multiple of four.
struct index_groups {
    static constexpr grouping grouped_as = grouping::indexed;
    static constexpr stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true;

    i32 count = 0;                ///< of runs: M / alignment, rounded up
    const i32* of_row = nullptr;  ///< (M), device memory
    i32 alignment = 128;          ///< rows
    i32 expected_rows = 0;        ///< of a group, for cache hints only; 0: all M rows

    DEEPGEMM_BOTH constexpr const i32* table() const { return of_row; }

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 run = before.index + 1, row = run * alignment;
        if (run >= count) return {run, 0, row, row, 0, 0};
        const i32 group = ptx::ld_global(of_row + row);
        return {run, max(group, 0), row, min(row + alignment, shape.m), 0, group < 0 ? 0 : shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape, i32 block_m) const {
        return count * ceil_div(alignment, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const {
        return expected_rows == 0 ? shape.m : expected_rows;
    }
};

/// Groups share M and N and follow each other along K. Each has its own matrix of D. Group g has `sizes[g]` elements of K, a
/// multiple of block.k. A size below 0 counts as 0, and no group reaches beyond K, whatever its size.
struct k_groups {
    static constexpr grouping grouped_as = grouping::along_k;
    static constexpr stacks stacked{.d = true};
    static constexpr bool bounded = false, on_device = true;

    i32 count = 0;
    const i32* sizes = nullptr;  ///< (count), device memory

    DEEPGEMM_BOTH constexpr const i32* table() const { return sizes; }

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 g = before.index + 1, k = before.k_end;
        if (g >= count) return {g, g, 0, 0, k, k};
        return {g, g, 0, shape.m, k, k + max(0, min(ptx::ld_global(sizes + g), shape.k - k))};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return shape.m; }
};

/// One product whose K is cut into `count` parts, which differ by at most `unit` elements, a multiple of block.k. Each part has
/// its own matrix of D; a later kernel adds them.
struct k_parts {
    static constexpr grouping grouped_as = grouping::k_parts;
    static constexpr stacks stacked{.d = true};
    static constexpr bool bounded = false, on_device = false;

    i32 count = 1;
    i32 unit = 128;

    DEEPGEMM_BOTH constexpr group_extent after(group_extent before, problem_shape shape) const {
        const i32 part = before.index + 1;
        if (part >= count) return {part, part, 0, 0, 0, 0};
        const auto [first, units] = block_range::part_of(ceil_div(shape.k, unit), part, count);
        return {part, part, 0, shape.m, first * unit, min((first + units) * unit, shape.k)};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return shape.m; }
};

static_assert(group_policy<uniform_groups> && group_policy<masked_groups> && group_policy<psum_groups>);
static_assert(group_policy<index_groups> && group_policy<k_groups> && group_policy<k_parts>);

}  // namespace deepgemm
