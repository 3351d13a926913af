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
    /// A row of tiles of each matrix comes before the next row of any: for matrices whose rows lie among each other in A and D,
    /// and that all find their B in L2. It changes only the order.
    bool interleaved = false;

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

/// Groups of rows that follow each other in A and in D, each with a matrix of B: what kernels by psum_groups and those of
/// schedule/indexed.cuh are launched with.
struct row_groups {
    /// Groups that tiles of more than 64 rows take by the group of each row: see tabled_groups.
    static constexpr i32 most_tabled = 256;

    i32 count = 0;              ///< of groups, and of matrices of B
    const i32* list = nullptr;  ///< device memory: (count), where each group ends; or (M), the group of each row
    i32 alignment = 128;        ///< every group starts at a multiple of as many rows
    i32 expected_rows = 0;      ///< of a group, for cache hints only; 0: as many as all of them have on average
    bool zero_padding = false;  ///< rows between the end of a group and the next multiple of `alignment` become zero

    DEEPGEMM_BOTH constexpr const i32* table() const { return list; }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const {
        return expected_rows == 0 ? ceil_div(shape.m, max(count, 1)) : expected_rows;
    }
};

/// Groups of rows by their ends: group g ends before row `list[g]`, and the next one starts at the next multiple of
/// `alignment`. Rows of D between groups are not written, unless `zero_padding` says otherwise. An end before the group's start
/// makes the group empty.
struct psum_groups : row_groups {
    using arguments = row_groups;
    static constexpr grouping grouped_as = grouping::psum;
    static constexpr stacks stacked{.b = true};
    static constexpr bool bounded = true, on_device = true, any_row = true;

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 row = align_up(before.row_end, alignment);
        if (zero_padding && before.row_end < min(row, shape.m)) {  // the rest of the group before, without K
            return {before.index, before.matrix, before.row_end, min(row, shape.m), 0, 0};
        }
        const i32 g = before.index + 1;
        return {g, g, row, g < count ? max(row, min(ptx::ld_global(list + g), shape.m)) : row, 0, shape.k};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return ceil_div(shape.m, block_m) + (zero_padding ? 2 : 1) * count;
    }
};

/// Groups that share M and N and lie one after another along K: what kernels by k_groups and by concatenated_k_groups are
/// launched with.
struct groups_along_k {
    i32 count = 0;
    /// (count), device memory: elements of K of each group, or before which of them it ends.
    const i32* list = nullptr;
    bool by_end = false;  ///< the list holds ends, not sizes
    i32 alignment = 1;    ///< every group starts at a multiple of as many elements; a word of scales has no fewer
    /// The matrix of a group without K stays as it is; else it becomes what no products give.
    bool skips_empty = false;
    const i32* sizes = nullptr;  ///< (count), host memory: the sizes again, for operands that are concatenated

    DEEPGEMM_BOTH constexpr const i32* table() const { return list; }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return shape.m; }
};

/// Groups along K that start at a multiple of `alignment` and end anywhere. Each has its own matrix of D. A size below 0 counts
/// as 0, an end before the group's start as that start, and no group reaches beyond K. What lies between groups is not used.
struct k_groups : groups_along_k {
    using arguments = groups_along_k;
    static constexpr grouping grouped_as = grouping::along_k;
    static constexpr stacks stacked{.d = true};
    static constexpr bool bounded = false, on_device = true, windows = true;

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        const i32 g = before.index + 1, k = min(align_up(before.k_end, alignment), shape.k);
        if (g >= count) return {g, g, 0, 0, k, k};
        const i32 given = ptx::ld_global(list + g), most = shape.k - k;
        const i32 size = max(0, min(by_end ? max(given, 0) - k : given, most));
        return {g, g, 0, skips_empty && size == 0 ? 0 : shape.m, k, k + size};
    }
};

/// The same groups where each has matrices (M, K of the group) and (N, K of the group) of its own in A and in B, with rows as
/// long as its K. They lie one after another in memory, and each has a tensor map.
struct concatenated_k_groups : k_groups {
    static constexpr grouping grouped_as = grouping::k_concatenated;
    static constexpr bool windows = false;
    static constexpr int map_tables = 32;  ///< the most groups of a launch
};

/// Groups along K, `Groups`, whose scales are packed, four to a word. Each group begins with a new word, and words follow each
/// other without gaps, wherever groups lie: as scale::pack_k_grouped writes them.
template <class Groups>
struct with_packed_scales : Groups {
    static constexpr int packed_scales = 512;  ///< elements of K of a word

    DEEPGEMM_DEVICE group_extent after(group_extent before, problem_shape shape) const {
        group_extent made = Groups::after(before, shape);
        made.scale_k = before.scale_k + align_up(before.k_end - before.k, packed_scales);
        return made;
    }
};

/// One product whose K is cut into `count` parts of whole units of `unit` elements, a multiple of block.k. The first parts have
/// a unit more than the others if they cannot be equal, and the last unit may end early. Each part has its own matrix of D; a
/// later kernel adds them.
struct k_parts {
    static constexpr grouping grouped_as = grouping::k_parts;
    static constexpr stacks stacked{.d = true};
    static constexpr bool bounded = false, on_device = false;

    i32 count = 1;
    i32 unit = 128;
    i32 units = 0, longer = 0;  ///< of each part, and how many parts have one more; settle() finds them

    /// Host, once the problem is known: divides here, since a CTA that passes over sixteen parts would take microseconds for
    /// it.
    DEEPGEMM_BOTH constexpr void settle(problem_shape shape) {
        const i32 all = ceil_div(shape.k, unit);
        units = all / count;
        longer = all % count;
    }
    DEEPGEMM_BOTH constexpr group_extent after(group_extent before, problem_shape shape) const {
        const i32 part = before.index + 1;
        if (part >= count) return {part, part, 0, 0, 0, 0};
        const i32 first = part * units + min(part, longer), end = first + units + (part < longer ? 1 : 0);
        return {part, part, 0, shape.m, min(first * unit, shape.k), min(end * unit, shape.k)};
    }
    DEEPGEMM_BOTH constexpr i32 most_row_tiles(problem_shape shape, i32 block_m) const {
        return count * ceil_div(shape.m, block_m);
    }
    DEEPGEMM_BOTH constexpr i32 usual_rows(problem_shape shape) const { return shape.m; }
};

static_assert(group_policy<uniform_groups> && group_policy<masked_groups> && group_policy<psum_groups>);
static_assert(group_policy<k_groups> && group_policy<concatenated_k_groups> && group_policy<k_parts>);
static_assert(group_policy<with_packed_scales<k_groups>> && group_policy<with_packed_scales<concatenated_k_groups>>);

}  // namespace deepgemm
