// SPDX-License-Identifier: MIT
// What comes before what in global memory: whether a thread that accesses memory knows of what another has written or read
// there, and the words of an error if it does not. global_checks.hpp asks it for each access.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/global_shadow.hpp>

#include <cstdint>
#include <string>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

inline bool checks_global() { return current().options.check_global; }
inline global_shadow& shadow() { return current().shadow.get<global_shadow>(); }

/// The registered region that holds an address, or null.
inline const memory_region* region_of(std::uintptr_t address) {
    for (const memory_region& r : current().options.regions) {
        if (address - reinterpret_cast<std::uintptr_t>(r.first) < r.bytes) return &r;
    }
    return nullptr;
}

/// "pool+0x40": an address by its region, if it is in one.
inline std::string name_of_global(std::uintptr_t address) {
    const memory_region* const r = region_of(address);
    if (r == nullptr) return text("global address 0x%llx", static_cast<unsigned long long>(address));
    return text("%s+0x%llx", r->name,
                static_cast<unsigned long long>(address - reinterpret_cast<std::uintptr_t>(r->first)));
}

/// With several devices: fails if memory that the running thread accesses belongs to another device alone.
inline void check_owner(std::uintptr_t address, const char* what) {
    if (current().devices == 1) return;
    const memory_region* const r = region_of(address);
    if (r == nullptr || r->shared || r->device == me().cta->log->device) return;
    fail("%s at %s, which is private to device %d", what, name_of_global(address).c_str(), r->device);
}

/// Who wrote it.
inline const cta_log& log_of(const write_record& w) { return *current().logs[w.cta]; }

inline std::string describe(const write_record& w) {
    constexpr const char* how[] = {"st.global", "st.relaxed or st.release", "atom or red", "a TMA or bulk store",
                                   "a TMA or bulk reduce-add"};
    std::string scope = is_strong(w.kind) ? text(" at scope %s", name_of(w.scope)) : "";
    return describe(log_of(w), u32(w.thread)) + " wrote by " + how[int(w.kind)] + scope;
}

/// True if the write of one thread comes before what `clock` belongs to.
inline bool in_clock(const write_record& w, const vector_clock& clock) {
    const u32 thread = u32(w.thread);
    return clock.at(w.cta, is_copy(w.kind) ? groups_of(log_of(w), thread) : accesses_of(thread)) >= w.before;
}
inline bool is_own(const write_record& w, const thread_state& t) {
    return u32(w.thread) == t.index && w.cta == t.cta->log->number;
}

/// True if the write comes before the next access of `t`, which a copy makes or the thread itself. Between proxies and, for
/// copies, between CTAs that takes a fence of the proxy.
inline bool comes_before(const write_record& w, const thread_state& t, bool by_copy) {
    const knowledge& known = t.order.known;
    if (is_copy(w.kind)) return in_clock(w, by_copy && w.cta != t.cta->log->number ? known.fenced : known.seen);
    return by_copy ? in_clock(w, known.fenced) : is_own(w, t) || in_clock(w, known.seen);
}

/// What a generic access of thread `thread` lacks to come before the next one of another.
inline std::string missing_order(const cta_log& log, u32 thread, u32 before) {
    if (log.generation[thread] < before) return "and has not released since (missing release, fence or barrier)";
    if (log.published[thread] < before) {
        return "and has met others at a barrier since, but no release of theirs has reached this thread (missing "
               "release, or missing acquire, fence or barrier)";
    }
    return "and has released, but this thread has not acquired it (missing acquire, fence or barrier)";
}
/// The last release or fence of either side that ordered nothing, as the end of a message.
inline std::string too_narrow(const cta_log& log, const thread_state& t) {
    for (const cta_log* cta : {&log, const_cast<const cta_log*>(t.cta->log)}) {
        if (!cta->too_narrow.empty()) return "; " + cta->too_narrow;
    }
    return "";
}

/// What a write lacks to come before the next access of `t`.
inline std::string what_is_missing(const write_record& w, const thread_state& t, bool by_copy) {
    const cta_log& log = log_of(w);
    const u32 thread = u32(w.thread);
    const bool seen = (is_own(w, t) && !is_copy(w.kind)) || in_clock(w, t.order.known.seen);
    if (is_copy(w.kind) && log.groups_done[thread] < w.before) {
        return log.groups_read[thread] < w.before
                   ? "and has not waited for (missing cp.async.bulk.wait_group)"
                   : "and has not completed: cp.async.bulk.wait_group.read frees only its source (missing "
                     "cp.async.bulk.wait_group)";
    }
    if (by_copy && seen) return "without fence.proxy.async of global memory between the two";
    const std::string why =
        is_copy(w.kind)
            ? "and has completed, but that has not reached this thread (missing release or acquire, fence or "
              "barrier, or cp.async.bulk.wait_group before the release)"
            : missing_order(log, thread, w.before);
    return why + too_narrow(log, t);
}

/// Stops the launch: an access of the running thread does not come after a write by another.
[[noreturn]] inline void fail_unordered(const char* what, const char* does, std::uintptr_t address,
                                        const write_record& w, bool by_copy) {
    fail(text("%s %s %s, which ", what, does, name_of_global(address).c_str()) + describe(w) + ", " +
         what_is_missing(w, me(), by_copy));
}

/// Stops the launch: a write of the running thread does not come after a read by thread `thread`.
[[noreturn]] inline void fail_unread(const char* what, std::uintptr_t address, const read_record& r, u32 thread,
                                     const std::string& why) {
    constexpr const char* how[] = {
        "ld.global",          "ld.relaxed or ld.acquire",     "ld.global.nc",
        "a TMA or bulk load", "a TMA load as its tensor map", "a TMA store as its tensor map"};
    fail(text("%s writes %s, which ", what, name_of_global(address).c_str()) +
         describe(*current().logs[r.cta], thread) + " read by " + how[int(r.kind)] + why);
}

/// What a copy of thread `thread` that reads memory lacks to come before the next access of another.
inline std::string missing_end(const cta_log& log, const read_record& r, u32 thread) {
    const u32 warp = thread / 32;
    if (r.kind == read_kind::store_map) {
        return log.maps_read[warp] < r.before
                   ? ", which has not been waited for (missing cp.async.bulk.wait_group.read)"
                   : ", which has read it, but that has not reached this thread (missing release or acquire, fence or "
                     "barrier)";
    }
    return log.loads_landed[warp] < r.before
               ? ", which has not landed (missing wait for its mbarrier)"
               : ", which has landed, but that has not reached this thread (missing wait for its mbarrier, "
                 "release or acquire, fence or barrier)";
}
/// The entry of a vector_clock that tells whether a read has taken place.
inline u32 entry_of(const cta_log& log, read_kind kind, u32 thread) {
    if (kind == read_kind::store_map) return maps_of(log, thread);
    return is_copy(kind) ? loads_of(log, thread) : accesses_of(thread);
}

}  // namespace deepgemm::sim
