// SPDX-License-Identifier: MIT
// Allocation of tensor memory: tcgen05.alloc, dealloc and relinquish_alloc_permit. Whole warps call them; those of cta_group::2
// meet the warp of the other CTA of the pair, which gets the same columns. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/sim/tensor_order.hpp>
#include <deepgemm/sim/warp.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

/// A CTA may not end while the other one of its pair waits for it in a collective.
inline void check_pair_at_exit(cta_state& cta) {
    const cta_state& leader = *cta.cluster->ctas[cta.rank & ~1u];
    const pair_meeting& m = const_cast<cta_state&>(leader).tcgen05.get<tcgen05_state>().meeting;
    if (m.first != nullptr && m.first != &cta) {
        fail("the CTA ends while CTA rank %u waits in %s of cta_group::2, which both CTAs of a pair call",
             m.first->rank, m.what);
    }
}

/// What a warp waits for, in the report of a deadlock.
inline const char* pair_wait(const char* what) {
    constexpr const char* waits[] = {"tcgen05.alloc of cta_group::2: the other CTA of the pair has not called it",
                                     "tcgen05.dealloc of cta_group::2: the other CTA of the pair has not called it",
                                     ("tcgen05.relinquish_alloc_permit of cta_group::2: the other CTA of the pair has "
                                      "not called it")};
    for (const char* wait : waits) {
        if (std::string_view(wait).starts_with(what)) return wait;
    }
    return what;
}

/// Meets the warp of the other CTA of the pair, which must bring the same columns and the same place or address. Holds nothing
/// that owns memory while it waits.
inline void meet_pair(const char* what, u32 columns, u32 at) {
    const u64 argument = u64(at) << 32 | columns;
    cta_state& own = *me().cta;
    cta_state& leader = *own.cluster->ctas[own.rank & ~1u];
    const cta_state& other = *own.cluster->ctas[own.rank ^ 1u];
    tcgen05_of(leader);
    for (cta_state* cta : {&own, own.cluster->ctas[own.rank ^ 1u].get()}) {
        auto& checks = cta->exit_checks;
        if (std::find(checks.begin(), checks.end(), &check_pair_at_exit) == checks.end()) {
            checks.push_back(&check_pair_at_exit);
        }
    }
    pair_meeting& m = tcgen05_of(leader).meeting;
    if (m.first == nullptr) {
        if (other.alive == 0) fail("%s of cta_group::2 while the other CTA of the pair has exited", what);
        m.first = &own;
        m.what = what;
        m.argument = argument;
        const u64 round = m.rounds;
        while (m.rounds == round) block(m.waiters, {wait_reason::kind::other, pair_wait(what)});
        return;
    }
    if (m.first == &own)
        fail("%s: another warp of this CTA waits in %s of cta_group::2 for the other CTA", what, m.what);
    if (std::strcmp(m.what, what) != 0) {
        fail("%s of cta_group::2 meets %s of the other CTA of the pair", what, m.what);
    }
    if (m.argument != argument) {
        fail("%s of cta_group::2: %u columns, 0x%x; the other CTA of the pair calls it with %u columns, 0x%x", what,
             columns, at, u32(m.argument), u32(m.argument >> 32));
    }
    m.first = nullptr;
    ++m.rounds;
    wake_all(m.waiters);
}

/// A collective whose lanes must bring the same argument; `f` runs once, in the lane that comes last.
template <class F>
void uniform_collective(const char* name, u64 argument, F f) {
    collective(name, argument, [&](const u64* arguments, u64*) {
        for (u32 lane = 0; lane < 32; ++lane) {
            if (arguments[lane] != argument) fail("%s: the lanes of the warp disagree on its operands", name);
        }
        f();
    });
}

/// The place of `columns` new columns, the first gap that is large enough; tmem_columns if there is none.
inline u32 place_columns(const tcgen05_state& state, u32 columns) {
    u32 first = 0;
    for (const column_range& a : state.allocations) {  // sorted
        if (a.lo >= first + columns) break;
        first = a.hi;
    }
    return first + columns > tmem_columns ? tmem_columns : first;
}

inline void allocate_columns(tcgen05_state& state, u32 destination, u32 columns) {
    if (columns < 32 || columns > tmem_columns || !is_power_of_two(columns)) {
        fail("tcgen05.alloc: %u columns are not a power of two from 32 to 512", columns);
    }
    if (state.relinquished) fail("tcgen05.alloc after tcgen05.relinquish_alloc_permit");
    if (columns > state.last_allocation) {
        fail("tcgen05.alloc of %u columns after one of %u: the sizes of a CTA's allocations must not increase", columns,
             state.last_allocation);
    }
    state.last_allocation = columns;
    u32 first = place_columns(state, columns);
    while (first == tmem_columns) {  // until another warp frees some
        block(state.allocating, {wait_reason::kind::other, "tcgen05.alloc: no room in the 512 columns"});
        first = place_columns(state, columns);
    }
    state.allocations.push_back({first, first + columns});
    std::sort(state.allocations.begin(), state.allocations.end(),
              [](const column_range& a, const column_range& b) { return a.lo < b.lo; });
    for (u32 lane = 0; lane < tmem_lanes; ++lane) {
        std::fill_n(&state.at(lane, first), columns, tmem_poison);
    }
    std::fill_n(state.written.begin() + first, columns, lane_groups(0));
    store_shared(destination, &first, 4, "tcgen05.alloc");
}

/// No use of columns [lo, hi) of a CTA may be in flight, or unordered before the running warp.
inline void check_free(const tcgen05_state& state, u32 lo, u32 hi, const char* what) {
    const tensor_conflict c = find_conflict(state, lo, hi, all_lanes, true, tensor_instruction::dealloc, what);
    if (c.lanes != 0) fail(c.message);
    for (const pending_columns& p : state.pending) {
        if (p.touches(lo, hi, all_lanes)) {
            fail("%s of columns [%u,%u), which tcgen05 work in flight of warp %u lane %u still uses", what, lo, hi,
                 p.issuer->warp->index, p.issuer->lane);
        }
    }
}

inline void check_columns_free(u32 group, u32 address, u32 columns) {
    cta_state& own = *me().cta;
    tcgen05_state& state = tcgen05_of(own);
    const auto found = std::find_if(state.allocations.begin(), state.allocations.end(), [&](const column_range& a) {
        return a.lo == address && a.hi == address + columns;
    });
    if (found == state.allocations.end()) {
        fail("tcgen05.dealloc: no allocation of %u columns at 0x%x", columns, address);
    }
    check_free(state, address, address + columns, "tcgen05.dealloc");
    if (group == 2) {
        check_free(tcgen05_of(*own.cluster->ctas[own.rank ^ 1u]), address, address + columns,
                   "tcgen05.dealloc (in the other CTA of the pair)");
    }
}

inline void forget_columns(tcgen05_state& state, u32 address, u32 columns) {
    std::erase_if(state.allocations, [&](const column_range& a) { return a.lo == address; });
    std::erase_if(state.accesses,
                  [&](const tensor_access& a) { return a.touches(address, address + columns, all_lanes); });
    wake_all(state.allocating);
}

}  // namespace detail

inline void tmem_allocate(u32 group, u32 destination, u32 columns) {
    tcgen05_state& state = detail::my_tcgen05(group);
    constexpr const char* what = "tcgen05.alloc";
    const u32 place = destination & 0xffffff;
    const u64 argument = u64(place) << 32 | columns;
    detail::uniform_collective(what, argument, [&] {
        detail::allocate_columns(state, destination, columns);
        if (group == 2) detail::meet_pair(what, columns, place);
    });
}

inline void tmem_free(u32 group, u32 address, u32 columns) {
    tcgen05_state& state = detail::my_tcgen05(group);
    constexpr const char* what = "tcgen05.dealloc";
    const u64 argument = u64(address) << 32 | columns;
    detail::uniform_collective(what, argument, [&] {
        detail::check_columns_free(group, address, columns);
        if (group == 2) detail::meet_pair(what, columns, address);
        detail::forget_columns(state, address, columns);
    });
}

inline void tmem_relinquish(u32 group) {
    tcgen05_state& state = detail::my_tcgen05(group);
    constexpr const char* what = "tcgen05.relinquish_alloc_permit";
    detail::uniform_collective(what, 0, [&] {
        state.relinquished = true;
        if (group == 2) detail::meet_pair(what, 0, 0);
    });
}

}  // namespace deepgemm::sim
