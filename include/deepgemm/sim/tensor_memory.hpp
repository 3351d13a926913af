// SPDX-License-Identifier: MIT
// Tensor memory of the simulated SM100: 128 lanes x 512 columns of 32 bits per CTA, its allocation, loads to registers.
// An address is lane << 16 | column. Fresh columns hold NaN; destinations of loads hold NaN until the wait. Host only.
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

/// A load whose values a thread may use after tcgen05.wait::ld.
struct tmem_load {
    u32* registers;
    std::vector<u32> values;
};

struct tcgen05_thread {
    u64 fenced_at = 0;  ///< barrier waits of the thread before its last tcgen05.fence::after_thread_sync
    std::vector<tmem_load> loads;
};

struct tcgen05_state {
    std::vector<u32> memory = std::vector<u32>(tmem_lanes * tmem_columns);
    std::vector<lane_groups> written = std::vector<lane_groups>(tmem_columns);  ///< by column: lanes with a value
    std::vector<column_range> allocations;
    std::vector<pending_columns> pending;
    std::vector<tcgen05_thread> threads;
    bool relinquished = false;
    u32 group = 0;   ///< the cta_group of all instructions so far
    in_order order;  ///< of work issued with this CTA as leader

    u32& at(u32 lane, u32 column) { return memory[lane * tmem_columns + column]; }
};

/// The bits of registers and columns whose value has not arrived: a NaN.
inline constexpr u32 tmem_poison = 0x7fc5a5a5;

namespace detail {

inline void check_tcgen05_exit(cta_state& cta) {
    const auto& state = cta.tcgen05.get<tcgen05_state>();
    if (!state.pending.empty()) fail("the CTA ends while tcgen05 work on its tensor memory is in flight");
    if (!state.allocations.empty()) fail("the CTA ends without tcgen05.dealloc of its tensor memory");
}

inline tcgen05_state& tcgen05_of(cta_state& cta) {
    if (cta.tcgen05.empty()) {
        cta.tcgen05.get<tcgen05_state>().threads.resize(cta.threads.size());
        cta.exit_checks.push_back(&check_tcgen05_exit);
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

/// Whether `lane` of columns [lo, hi) holds values that a load may read. Columns that an operation still writes are an error,
/// but for lanes beside a finished accumulator of 64 rows: they are another accumulator's, and the caller has no use for them.
inline bool has_landed(const tcgen05_state& state, u32 lane, u32 lo, u32 hi, const char* what) {
    const auto group = lane_groups(1u << lane / 16), beside = lane_groups(1u << (lane / 16 ^ 1));
    auto touched = [&](lane_groups lanes) {
        return std::find_if(state.pending.begin(), state.pending.end(),
                            [&](const pending_columns& p) { return p.touches(lo, hi, lanes); });
    };
    const auto p = touched(group);
    if (p == state.pending.end()) return true;
    if (touched(beside) == state.pending.end() && (state.written[lo] & beside) != 0) return false;
    const char* why = p->commit != 0 ? "the mbarrier of its commit was not waited for"
                                     : "no tcgen05.commit of the thread that issued it follows, and the mbarrier of "
                                       "such a commit was not waited for";
    fail(text("%s of columns [%u,%u) while a tcgen05 operation of warp %u lane %u that writes [%u,%u) is in flight: %s",
              what, lo, hi, p->issuer->warp->index, p->issuer->lane, p->lo, p->hi, why));
}

inline void allocate_columns(tcgen05_state& state, u32 destination, u32 columns) {
    if (columns < 32 || columns > tmem_columns || !is_power_of_two(columns)) {
        fail("tcgen05.alloc: %u columns are not a power of two from 32 to 512", columns);
    }
    if (state.relinquished) fail("tcgen05.alloc after tcgen05.relinquish_alloc_permit");
    u32 first = 0;
    for (u32 i = 0; i < state.allocations.size(); ++i) {  // sorted: the first gap that is large enough
        if (state.allocations[i].lo >= first + columns) break;
        first = state.allocations[i].hi;
    }
    if (first + columns > tmem_columns) fail("tcgen05.alloc would wait for ever: no room in the 512 columns");
    state.allocations.push_back({first, first + columns});
    std::sort(state.allocations.begin(), state.allocations.end(),
              [](const column_range& a, const column_range& b) { return a.lo < b.lo; });
    for (u32 lane = 0; lane < tmem_lanes; ++lane) {
        std::fill_n(&state.at(lane, first), columns, tmem_poison);
    }
    std::fill_n(state.written.begin() + first, columns, lane_groups(0));
    store_shared(destination, &first, 4, "tcgen05.alloc");
}

inline void free_columns(tcgen05_state& state, u32 address, u32 columns) {
    for (const pending_columns& p : state.pending) {
        if (p.touches(address, address + columns, all_lanes)) {
            fail("tcgen05.dealloc of columns that tcgen05 work in flight still uses");
        }
    }
    const auto removed = std::erase_if(
        state.allocations, [&](const column_range& a) { return a.lo == address && a.hi == address + columns; });
    if (removed == 0) fail("tcgen05.dealloc: no allocation of %u columns at 0x%x", columns, address);
}

/// A collective whose lanes must bring the same arguments; `f` runs once.
template <class F>
void uniform_collective(const char* name, u64 argument, F f) {
    collective(name, argument, [&](const u64* arguments, u64*) {
        for (u32 lane = 0; lane < 32; ++lane) {
            if (arguments[lane] != argument) fail("%s: the lanes of the warp disagree on its operands", name);
        }
        f();
    });
}

}  // namespace detail

inline void tmem_allocate(u32 group, u32 destination, u32 columns) {
    tcgen05_state& state = detail::my_tcgen05(group);
    detail::uniform_collective("tcgen05.alloc", u64(destination) << 32 | columns,
                               [&] { detail::allocate_columns(state, destination, columns); });
}

inline void tmem_free(u32 group, u32 address, u32 columns) {
    tcgen05_state& state = detail::my_tcgen05(group);
    detail::uniform_collective("tcgen05.dealloc", u64(address) << 32 | columns,
                               [&] { detail::free_columns(state, address, columns); });
}

inline void tmem_relinquish(u32 group) {
    tcgen05_state& state = detail::my_tcgen05(group);
    detail::uniform_collective("tcgen05.relinquish_alloc_permit", 0, [&] { state.relinquished = true; });
}

inline void tcgen05_fence_after() { detail::tcgen05_of(*me().cta).threads[me().index].fenced_at = me().observations; }
inline void tcgen05_fence_before() {}

/// tcgen05.ld.32x32b: `count` columns of the lane that belongs to the running thread.
inline void tcgen05_load(u32* r, u32 count, u32 address) {
    const thread_state& self = me();
    tcgen05_state& state = detail::tcgen05_of(*self.cta);
    tcgen05_thread& t = state.threads[self.index];
    const u32 first_lane = self.warp->index % 4 * 32, column = address & 0xffff;
    if (address >> 16 != first_lane) {
        fail("tcgen05.ld: warp %u reaches lanes %u to %u, not lane %u of the address", self.warp->index, first_lane,
             first_lane + 31, address >> 16);
    }
    detail::check_allocated(state, column, column + count, "tcgen05.ld");
    const bool landed = detail::has_landed(state, first_lane + self.lane, column, column + count, "tcgen05.ld");
    if (t.fenced_at != self.observations) {
        fail("tcgen05.ld after a barrier wait without tcgen05.fence::after_thread_sync");
    }
    const u32* source = &state.at(first_lane + self.lane, column);
    t.loads.push_back({r, landed ? std::vector<u32>(source, source + count) : std::vector<u32>(count, tmem_poison)});
    std::fill_n(r, count, tmem_poison);
}

inline void tcgen05_wait_load() {
    tcgen05_thread& t = detail::tcgen05_of(*me().cta).threads[me().index];
    for (const tmem_load& load : t.loads) {
        for (u32 i = 0; i < load.values.size(); ++i) {
            if (load.registers[i] != tmem_poison) {
                fail("a destination register of tcgen05.ld was touched before tcgen05.wait::ld");
            }
            load.registers[i] = load.values[i];
        }
    }
    t.loads.clear();
}

}  // namespace deepgemm::sim
