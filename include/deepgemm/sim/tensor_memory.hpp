// SPDX-License-Identifier: MIT
// Tensor memory of the simulated SM100: 128 lanes x 512 columns of 32 bits per CTA, and what is known of each column. An
// address is lane << 16 | column. Fresh columns hold NaN. What comes before what is in tensor_order.hpp, allocation in
// tensor_allocation.hpp, loads and stores in tensor_access.hpp. Host only.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/sim/descriptor.hpp>
#include <deepgemm/sim/warp.hpp>

#include <algorithm>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

inline constexpr u32 tmem_lanes = 128, tmem_columns = arch::sm100::tmem_columns;

/// Columns [lo, hi) of an allocation.
struct column_range {
    u32 lo, hi;
};

/// Lanes of tensor memory in groups of 16: bit i stands for lanes 16 i to 16 i + 15.
using lane_groups = u8;
inline constexpr lane_groups all_lanes = 0xff;

/// Columns that an operation of `issuer` writes, in the lanes `lanes`. It lasts until a commit of the same thread has arrived.
struct pending_columns {
    u32 lo, hi;
    lane_groups lanes;
    u64 id;                      ///< of the operation, and of its reads of shared memory
    const thread_state* issuer;  ///< whose commits track it
    u64 commit = 0;              ///< the first such commit, if there is one
    bool touches(u32 l, u32 h, lane_groups in) const { return lo < h && l < hi && (lanes & in) != 0; }
};

/// Instructions that use tensor memory.
enum class tensor_instruction : u8 { mma, cp, ld, st, dealloc };

/// A use of columns that the order of later ones is held against, see tensor_order.hpp.
struct tensor_access {
    u32 lo, hi;
    lane_groups lanes;
    tensor_instruction by;
    bool writes;
    const thread_state* issuer;  ///< of a load or store one thread of the warp
    u32 number;                  ///< among those of the issuer's warp
    u32 shape = 0;               ///< of the D of a multiply: multiplies of one shape and kind follow each other
    bool touches(u32 l, u32 h, lane_groups in) const { return lo < h && l < hi && (lanes & in) != 0; }
};

struct tcgen05_thread {
    u64 fenced_at = 0;     ///< mbarrier waits of the thread before its last tcgen05.fence::after_thread_sync
    vector_clock ordered;  ///< what came before that fence
    u32 issued = 0;        ///< number of its last multiply or copy
    u32 committed = 0;     ///< instructions of its warp before its last commit
};

struct tcgen05_warp {
    u32 issued = 0;                           ///< instructions so far that use tensor memory
    u32 loads_waited = 0, stores_waited = 0;  ///< those among them before the last tcgen05.wait::ld and wait::st
    bool loads = false, stores = false;       ///< loads and stores since
};

/// The two warps of a pair of CTAs that meet in a collective of cta_group::2.
struct pair_meeting {
    const cta_state* first = nullptr;  ///< whose warp has come and waits
    const char* what = "";
    u64 argument = 0;
    u64 rounds = 0;
    wait_list waiters;
};

struct tcgen05_state {
    std::vector<u32> memory = std::vector<u32>(tmem_lanes * tmem_columns);
    std::vector<lane_groups> written = std::vector<lane_groups>(tmem_columns);  ///< by column: lanes with a value
    std::vector<column_range> allocations;
    std::vector<pending_columns> pending;
    std::vector<tensor_access> accesses;  ///< none of which a later one has made irrelevant
    std::vector<tcgen05_thread> threads;
    std::vector<tcgen05_warp> warps;
    u32 last_allocation = tmem_columns;  ///< columns of the last allocation
    wait_list allocating;                ///< for which there is no room yet
    pair_meeting meeting;                ///< in the leader's state
    bool relinquished = false;
    u32 group = 0;   ///< the cta_group of all instructions so far
    in_order order;  ///< of work issued with this CTA as leader

    u32& at(u32 lane, u32 column) { return memory[lane * tmem_columns + column]; }
};

/// The bits of columns whose value has not arrived: a NaN.
inline constexpr u32 tmem_poison = 0x7fc5a5a5;

namespace detail {

inline void check_tcgen05_exit(cta_state& cta) {
    const auto& state = cta.tcgen05.get<tcgen05_state>();
    if (!state.pending.empty()) fail("the CTA ends while tcgen05 work on its tensor memory is in flight");
    if (!state.allocations.empty()) {
        fail("the CTA ends without tcgen05.dealloc of columns [%u,%u) of its tensor memory", state.allocations[0].lo,
             state.allocations[0].hi);
    }
}
inline void check_tcgen05_thread_exit(thread_state& t) {
    const char* const missing = t.warp->unwaited;
    if (*missing != 0 && current().options.check_tensor_waits) {
        fail("%s before the thread ends: a load or store of tensor memory may not have taken place", missing);
    }
}

inline tcgen05_state& tcgen05_of(cta_state& cta) {
    if (cta.tcgen05.empty()) {
        auto& state = cta.tcgen05.get<tcgen05_state>();
        state.threads.resize(cta.threads.size());
        state.warps.resize(cta.warps.size());
        cta.exit_checks.push_back(&check_tcgen05_exit);
        cta.thread_exit_checks.push_back(&check_tcgen05_thread_exit);
    }
    return cta.tcgen05.get<tcgen05_state>();
}

/// The running CTA's state, for an instruction of cta_group `group`.
inline tcgen05_state& my_tcgen05(u32 group) {
    tcgen05_state& state = tcgen05_of(*me().cta);
    if (state.group != 0 && state.group != group) fail("tcgen05: all instructions of a kernel use one cta_group");
    state.group = group;
    if (group == 2 && (me().cta->rank | 1) >= me().cta->cluster->ctas.size()) {
        fail("tcgen05: cta_group::2 needs a cluster with both CTAs of the pair");
    }
    return state;
}

inline void check_allocated(const tcgen05_state& state, u32 lo, u32 hi, const char* what) {
    for (const column_range& a : state.allocations) {
        if (a.lo <= lo && hi <= a.hi) return;
    }
    fail("%s: columns [%u,%u) of tensor memory are not allocated", what, lo, hi);
}

/// Notes that an operation gives values to columns [lo, hi) of `lanes`. Called at issue: operations take effect in that order.
inline void note_written(tcgen05_state& state, u32 lo, u32 hi, lane_groups lanes) {
    for (u32 column = lo; column < hi; ++column) state.written[column] |= lanes;
}

/// An error if a column of [lo, hi) has no value in one of `lanes`.
inline void check_columns_written(const tcgen05_state& state, u32 lo, u32 hi, lane_groups lanes, const char* what) {
    if (!current().options.check_unwritten) return;
    for (u32 column = lo; column < hi; ++column) {
        const u32 missing = lanes & ~state.written[column];
        if (missing == 0) continue;
        const u32 lane = u32(__builtin_ctz(missing)) * 16;
        fail("%s reads columns [%u,%u) of tensor memory: column %u was never written in lanes %u to %u", what, lo, hi,
             column, lane, lane + 15);
    }
}

}  // namespace detail

}  // namespace deepgemm::sim
