// SPDX-License-Identifier: MIT
// Shared memory as a list of named regions that computes its own offsets. Each region starts where the one before ends, aligned
// as its items need. A region may have one item for each stage of a ring. Kernels ask for an item by name and number and see no
// offset.
#pragma once

#include <deepgemm/core/math.cuh>
#include <deepgemm/core/traits.cuh>
#include <deepgemm/core/types.cuh>

namespace deepgemm {

/// The count of a region that has one item for each stage.
inline constexpr int each_stage = -1;

/// A region called `Name`, a type: `Count` items of `Bytes` bytes, each of which starts at a multiple of `Align`. Count and
/// bytes may be 0.
template <class Name, u32 Bytes, int Count = 1, u32 Align = 16>
struct region {
    static_assert(is_power_of_two(Align) && Align <= 1024, "region: an alignment is a power of two up to 1024");
    static_assert(Count >= 0 || Count == each_stage, "region: a count is a number of items, or each_stage");
    using name = Name;
    static constexpr u32 stride = align_up(Bytes, Align);  ///< bytes from one item to the next

    /// Where the region starts and ends if the one before ends at `end`.
    DEEPGEMM_BOTH static constexpr u32 first(u32 end) { return align_up(end, Align); }
    DEEPGEMM_BOTH static constexpr u32 last(u32 end, int stages) {
        return first(end) + stride * u32(Count == each_stage ? stages : Count);
    }
};

/// The regions of a CTA's shared memory, from its start on, a multiple of 1024.
template <class... Regions>
struct smem_regions {
    /// Bytes of all regions if there are `stages` stages.
    DEEPGEMM_BOTH static constexpr u32 bytes(int stages) {
        u32 end = 0;
        ((end = Regions::last(end, stages)), ...);
        return end;
    }
    /// How many stages fit into `most` bytes, but at most `limit`.
    DEEPGEMM_BOTH static constexpr int stages_that_fit(u32 most, int limit) {
        int stages = 0;
        while (stages < limit && bytes(stages + 1) <= most) ++stages;
        return stages;
    }
    /// Offset in bytes of the first item of a region if there are `stages` stages.
    template <class Name>
    DEEPGEMM_BOTH static constexpr u32 offset_of(Name, int stages) {
        static_assert(times<Name> == 1, "smem_regions: each name stands in the list once");
        u32 end = 0, found = 0;
        ((found = same_as<Name, typename Regions::name> ? Regions::first(end) : found,
          end = Regions::last(end, stages)),
         ...);
        return found;
    }
    /// Bytes from one item of a region to the next.
    template <class Name>
    DEEPGEMM_BOTH static constexpr u32 stride_of(Name) {
        static_assert(times<Name> == 1, "smem_regions: each name stands in the list once");
        return (0 + ... + (same_as<Name, typename Regions::name> ? Regions::stride : 0));
    }
    /// Shared address of item `item` of a region if there are `Stages` stages and the regions begin at `base`.
    template <class Name, int Stages>
    DEEPGEMM_DEVICE static u32 address_of(u32 base, u32 item = 0) {
        constexpr u32 first = offset_of(Name{}, Stages), stride = stride_of(Name{});
        return base + first + item * stride;
    }

private:
    template <class Name>
    static constexpr int times = (0 + ... + (same_as<Name, typename Regions::name> ? 1 : 0));
};

}  // namespace deepgemm
