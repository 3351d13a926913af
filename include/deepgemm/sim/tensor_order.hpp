// SPDX-License-Identifier: MIT
// Which uses of tensor memory come before which others. Multiplies and copies are complete for threads that a commit of their
// own thread has reached, loads and stores after the wait of their warp. Threads hand on what they did by tcgen05.fence::before
// and any barrier, and take it over by the barrier and tcgen05.fence::after. Multiplies and copies follow each other without
// completion, but for multiplies of different shapes or kinds on one D. Each warp numbers its uses; the clock knowledge::tensor
// has counts of them: those that a thread has heard of at all, the loads and stores that a fence::before has handed on, and of
// each thread the multiplies and copies that its fence::before has handed on and that its commit has completed. Host only.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/ordering.hpp>
#include <deepgemm/sim/tensor_memory.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

namespace detail {

// ---- entries of the clock

inline u32 tensor_entries(const cta_state& cta) { return u32(2 * (cta.warps.size() + cta.threads.size())); }
inline u32 heard_of(const thread_state& t) { return t.warp->index; }
inline u32 fenced_by(const thread_state& t) { return u32(t.cta->warps.size()) + t.warp->index; }
inline u32 completed_by(const thread_state& t) { return u32(2 * t.cta->warps.size()) + t.index; }
inline u32 issued_by(const thread_state& t) { return completed_by(t) + u32(t.cta->threads.size()); }

inline void raise_tensor(vector_clock& clock, const thread_state& t, u32 entry, u32 count) {
    if (count != 0) clock.raise(t.cta->log->number, tensor_entries(*t.cta), entry, count);
}

inline const char* instruction_name(tensor_instruction by) {
    constexpr const char* names[] = {"tcgen05.mma", "tcgen05.cp", "tcgen05.ld", "tcgen05.st", "tcgen05.dealloc"};
    return names[int(by)];
}
/// Work of one thread that runs by itself until a commit; loads and stores are of a whole warp.
inline bool is_committed(tensor_instruction by) {
    return by == tensor_instruction::mma || by == tensor_instruction::cp;
}

/// The waits that a warp's loads and stores since lack.
inline void note_unwaited(warp_state& warp, const tcgen05_warp& w) {
    warp.unwaited = w.loads ? "missing tcgen05.wait::ld" : w.stores ? "missing tcgen05.wait::st" : "";
}

// ---- an access that follows another

/// What the running thread, or for a collective its warp, has taken over: through barriers, and of that before the last
/// fence::after. Of a collective, what one lane knows is enough.
template <class Holds>
bool heard(bool collective, Holds holds) {
    const thread_state& t = me();
    if (!collective) return holds(t.order.known.tensor);
    return std::any_of(std::begin(t.warp->lanes), std::end(t.warp->lanes),
                       [&](const thread_state* lane) { return holds(lane->order.known.tensor); });
}
template <class Holds>
bool heard_and_fenced(bool collective, Holds holds) {
    if (!current().options.check_tensor_fences) return heard(collective, holds);
    const thread_state& t = me();
    const auto& threads = tcgen05_of(*t.cta).threads;
    if (!collective) return holds(threads[t.index].ordered);
    return std::any_of(std::begin(t.warp->lanes), std::end(t.warp->lanes),
                       [&](const thread_state* lane) { return holds(threads[lane->index].ordered); });
}

/// Whether a load or store is complete because its warp has waited. The use of its registers completes a load, too; without
/// options::check_tensor_waits it is taken for granted.
inline bool is_waited(const tensor_access& a) {
    if (a.by == tensor_instruction::ld && !current().options.check_tensor_waits) return true;
    const tcgen05_warp& w = tcgen05_of(*a.issuer->cta).warps[a.issuer->warp->index];
    return a.number <= (a.by == tensor_instruction::ld ? w.loads_waited : w.stores_waited);
}

/// What keeps the use `later` by the running thread from following `a`, or "". `in_turn` is false for multiplies that do not
/// follow each other by themselves.
inline std::string what_is_missing(const tensor_access& a, tensor_instruction later, bool in_turn) {
    const thread_state &self = me(), &issuer = *a.issuer;
    const bool collective = !is_committed(later), frees = later == tensor_instruction::dealloc;
    if (frees && !current().options.check_tensor_fences) return "";
    const bool own = &issuer == &self || (issuer.warp == self.warp && (collective || !is_committed(a.by)));
    const bool in_line = is_committed(a.by) && is_committed(later) && in_turn;
    if (!is_committed(a.by) && !is_waited(a)) {
        if (own && a.by == later) return "";
        return text("which lacks its tcgen05.wait::%s", a.by == tensor_instruction::ld ? "ld" : "st");
    }
    if (own && (in_line || !is_committed(a.by))) return "";
    auto holds = [&](u32 entry) {
        return [&a, &issuer, entry](const vector_clock& clock) {
            return clock.at(issuer.cta->log->number, entry) >= a.number;
        };
    };
    const bool completes = is_committed(a.by) && !in_line, met = heard(collective, holds(heard_of(issuer)));
    const bool fences = current().options.check_tensor_fences && !frees;
    const u32 fenced = is_committed(a.by) ? issued_by(issuer) : fenced_by(issuer);
    const u32 entry = completes ? completed_by(issuer) : fences ? fenced : heard_of(issuer);
    if (!heard(collective, holds(entry))) {
        if (completes) {
            return tcgen05_of(*issuer.cta).threads[issuer.index].committed >= a.number
                       ? "which is in flight: the mbarrier of its commit was not waited for"
                       : "which is in flight: no tcgen05.commit of the thread that issued it follows (a commit does "
                         "not "
                         "track the work of other threads), and the mbarrier of such a commit was not waited for";
        }
        return met ? "without tcgen05.fence::before_thread_sync between it and the barrier that hands it on"
                   : "and no barrier between the two hands it on (missing tcgen05.fence::before_thread_sync, barrier, "
                     "tcgen05.fence::after_thread_sync)";
    }
    if (fences && !heard_and_fenced(collective, holds(entry))) {
        return "without tcgen05.fence::after_thread_sync behind the barrier that hands it on";
    }
    return "";
}

/// The message of a use of columns [lo, hi) that may not follow `a`.
inline std::string conflict_of(const char* what, u32 lo, u32 hi, const tensor_access& a, const std::string& missing) {
    return text("%s of columns [%u,%u) follows %s by %s, which %s [%u,%u), ", what, lo, hi, instruction_name(a.by),
                describe(*a.issuer).c_str(), a.writes ? "writes" : "reads", a.lo, a.hi) +
           missing;
}

/// Why a use of columns [lo, hi) by a multiply does not follow the D of an earlier one by itself; "" if it does. `shape` is 0
/// for what is not D. That a multiply reads columns before a later one writes them is taken for granted, as shipped kernels do.
inline const char* out_of_turn(const tensor_access& a, u32 lo, u32 hi, bool writes, u32 shape) {
    if (a.shape == 0) return "";
    if (!writes) return " (a multiply does not wait for the D of another that it reads)";
    if (shape == 0) return "";
    if (shape != a.shape) return " (multiplies of different shapes or kinds do not follow each other by themselves)";
    return lo == a.lo && hi == a.hi
               ? ""
               : " (multiplies onto accumulators that overlap do not follow each other by themselves)";
}

/// Lane groups of [lo, hi) that the running thread or warp may not use now, with the first message why. `stops` is false for
/// those in which nothing but a multiply or copy in flight is in the way.
struct tensor_conflict {
    lane_groups lanes = 0;
    bool stops = false;
    std::string message{};
};
inline tensor_conflict find_conflict(const tcgen05_state& state, u32 lo, u32 hi, lane_groups lanes, bool writes,
                                     tensor_instruction by, const char* what, u32 shape = 0) {
    tensor_conflict found;
    for (const tensor_access& a : state.accesses) {
        if (!a.touches(lo, hi, lanes) || !(a.writes || writes)) continue;
        const char* const turn = is_committed(by) ? out_of_turn(a, lo, hi, writes, shape) : "";
        std::string missing = what_is_missing(a, by, *turn == 0);
        if (missing.empty()) continue;
        missing += turn;
        found.lanes |= a.lanes & lanes;
        found.stops |= !(is_committed(a.by) && missing.starts_with("which is in flight"));
        if (found.message.empty()) found.message = conflict_of(what, lo, hi, a, missing);
    }
    return found;
}

/// After each of its waits on an mbarrier a thread needs a fence::after before it uses tensor memory.
inline void check_fenced_after(const char* what) {
    const thread_state& t = me();
    if (current().options.check_tensor_fences && tcgen05_of(*t.cta).threads[t.index].fenced_at != t.observations) {
        fail("%s after a barrier wait without tcgen05.fence::after_thread_sync", what);
    }
}

// ---- what is noted of a use

/// The number of a new use by the running thread, which its own clock holds from now on, or by its warp.
inline u32 number_use(bool collective) {
    thread_state& t = me();
    const u32 number = ++tcgen05_of(*t.cta).warps[t.warp->index].issued;
    const vector_clock before = t.order.known.tensor;
    raise_tensor(t.order.known.tensor, t, heard_of(t), number);
    if (!collective) {
        tcgen05_of(*t.cta).threads[t.index].issued = number;
        return number;
    }
    for (thread_state* lane : t.warp->lanes) {
        vector_clock& known = lane->order.known.tensor;
        if (lane == &t) continue;
        if (known == before) {
            known = t.order.known.tensor;  // lanes mostly know the same
        } else {
            raise_tensor(known, *lane, heard_of(*lane), number);
        }
    }
    return number;
}

/// Notes a use that follows all before it. Those whose columns it writes are irrelevant from now on, and so is an equal one of
/// the same issuer.
inline void note_access(tcgen05_state& state, const tensor_access& a) {
    std::erase_if(state.accesses, [&](const tensor_access& old) {
        if (old.lo < a.lo || old.hi > a.hi || (old.lanes & ~a.lanes) != 0) return false;
        return a.writes || (!old.writes && old.by == a.by && old.issuer->warp == a.issuer->warp);
    });
    state.accesses.push_back(a);
}

/// A use of columns by one instruction of the running thread.
struct tensor_range {
    u32 lo, hi;
    lane_groups lanes;
    bool writes;
    u32 shape = 0;  ///< as in tensor_access
};

/// Holds the uses of a multiply or copy against those before them, and notes them, in the memories of all CTAs that take part.
inline void order_committed(const std::vector<cta_state*>& ctas, const std::vector<tensor_range>& ranges,
                            tensor_instruction by) {
    const char* const what = instruction_name(by);
    check_fenced_after(what);
    for (cta_state* cta : ctas) {
        for (const tensor_range& r : ranges) {
            const tensor_conflict c = find_conflict(tcgen05_of(*cta), r.lo, r.hi, r.lanes, r.writes, by, what, r.shape);
            if (c.lanes != 0) fail(c.message);
        }
    }
    const u32 number = number_use(false);
    for (cta_state* cta : ctas) {
        for (const tensor_range& r : ranges) {
            note_access(tcgen05_of(*cta), {r.lo, r.hi, r.lanes, by, r.writes, &me(), number, r.shape});
        }
    }
}

/// What a commit of the running thread hands on when it arrives: all its multiplies and copies up to now are complete.
inline vector_clock commit_tensor() {
    thread_state& t = me();
    tcgen05_state& state = tcgen05_of(*t.cta);
    const u32 issued = state.warps[t.warp->index].issued;
    vector_clock& known = t.order.known.tensor;
    raise_tensor(known, t, fenced_by(t), known.at(t.cta->log->number, heard_of(t)));
    raise_tensor(known, t, issued_by(t), state.threads[t.index].issued);
    state.threads[t.index].committed = issued;
    vector_clock all = known;
    raise_tensor(all, t, completed_by(t), issued);
    return all;
}

}  // namespace detail

/// tcgen05.fence::after_thread_sync: uses of tensor memory from now on come after what barriers have handed on up to now.
inline void tcgen05_fence_after() {
    const thread_state& t = me();
    tcgen05_thread& own = detail::tcgen05_of(*t.cta).threads[t.index];
    own.fenced_at = t.observations;
    own.ordered = t.order.known.tensor;
}

/// tcgen05.fence::before_thread_sync: barriers from now on hand on the uses of tensor memory up to now.
inline void tcgen05_fence_before() {
    thread_state& t = me();
    check_waited("tcgen05.fence::before_thread_sync");
    const tcgen05_warp& w = detail::tcgen05_of(*t.cta).warps[t.warp->index];
    vector_clock& known = t.order.known.tensor;
    u32 count = known.at(t.cta->log->number, detail::heard_of(t));
    if (w.loads && current().options.check_tensor_waits) count = std::min(count, w.loads_waited);
    if (w.stores) count = std::min(count, w.stores_waited);
    detail::raise_tensor(known, t, detail::fenced_by(t), count);
    detail::raise_tensor(known, t, detail::issued_by(t), detail::tcgen05_of(*t.cta).threads[t.index].issued);
}

}  // namespace deepgemm::sim
