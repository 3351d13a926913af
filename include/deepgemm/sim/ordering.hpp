// SPDX-License-Identifier: MIT
// Which accesses to global memory come before which others: what releases, acquires, barriers and fences do to the clocks of
// the threads. A read of what another thread stored is right only if the store comes before it, a store over what another
// thread read only if the read does. Barriers use release_into() and acquire(); words in global memory use them through
// global_shadow.hpp.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/machine.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// "CTA (1,0,0) rank 1 warp 3 role math lane 0": a thread that may have ended, by its index in a CTA.
inline std::string describe(const cta_log& cta, u32 thread) {
    const char* role = cta.roles[thread / 32];
    return name_of_device(cta.device) + text("CTA (%u,%u,%u) rank %u warp %u%s%s lane %u", cta.index.x, cta.index.y,
                                             cta.index.z, cta.rank, thread / 32, *role != 0 ? " role " : "", role,
                                             thread % 32);
}

/// The entries of a thread in a vector_clock: of its generic accesses, and of its bulk groups; those of its warp's loads, and
/// of its warp's uses of tensor maps for stores; and how many entries a CTA has.
inline u32 accesses_of(u32 thread) { return thread; }
inline u32 groups_of(const cta_log& cta, u32 thread) { return cta.threads() + thread; }
inline u32 loads_of(const cta_log& cta, u32 thread) { return 2 * cta.threads() + thread / 32; }
inline u32 maps_of(const cta_log& cta, u32 thread) { return 2 * cta.threads() + (cta.threads() + thread) / 32; }
inline u32 entries_of(const cta_log& cta) { return 2 * cta.threads() + cta.threads() / 16; }

/// Adds to `clock` what thread `t` has read and stored through the generic proxy up to now.
inline void add_accesses(vector_clock& clock, thread_state& t) {
    cta_log& cta = *t.cta->log;
    u32& generation = cta.generation[t.index];
    if (t.order.accessed) {
        ++generation;
        t.order.accessed = false;
    }
    if (generation != 0) clock.raise(cta.number, entries_of(cta), accesses_of(t.index), generation);
}

/// A thread arrives by `what` at a barrier, or a fence orders what it did: accesses to tensor memory that its warp has not
/// waited for are not handed on.
inline void check_waited(const char* what) {
    const char* const missing = me().warp->unwaited;
    if (*missing != 0 && current().options.check_tensor_waits) {
        fail("%s before %s: a load or store of tensor memory by this warp may not have taken place", missing, what);
    }
}

/// Adds all that comes before the running thread's next access to what a barrier hands on.
inline void release_into(gathering& to) {
    thread_state& t = me();
    to.join(t.order.known);
    add_accesses(to.all.seen, t);
}

/// The same for what a word or a fence hands on.
inline knowledge release() {
    thread_state& t = me();
    knowledge all = t.order.known;
    add_accesses(all.seen, t);
    t.cta->log->published[t.index] = t.cta->log->generation[t.index];
    return all;
}

/// Takes over what a barrier or a word hands on.
inline void acquire(thread_state& t, const knowledge& from) {
    if (from.empty() || from == t.order.joined) return;
    t.order.joined = from;
    auto& recent = current().recent_acquires;
    machine::acquired& last = recent[(t.order.known.seen.hash() + from.seen.hash()) % std::size(recent)];
    if (!(last.before == t.order.known && last.from == from)) {
        last = {t.order.known, from, t.order.known};
        last.after.join(from);
    }
    t.order.known = last.after;
}

/// Takes over what a barrier hands on to which the thread itself came, and has done nothing since.
inline void acquire_met(thread_state& t, const gathering& from) {
    if (!(from.all == t.order.known)) t.order.known = from.all;
}

/// fence.proxy.async of global memory: copies issued after it, or after what it is handed on to, see what the thread knows.
inline void fence_proxy_async_global() {
    thread_state& t = me();
    t.order.known.fenced.join(t.order.known.seen);
    add_accesses(t.order.known.fenced, t);
}

/// fence.proxy.tensormap, release: as fence_proxy_async_global(), for the use of tensor maps.
inline void fence_tensor_map_release() {
    thread_state& t = me();
    t.order.known.maps.join(t.order.known.seen);
    add_accesses(t.order.known.maps, t);
}

/// TMA stores of the running thread in bulk groups before number `count` have read their tensor maps.
inline void complete_map_uses(u32 count) {
    thread_state& t = me();
    cta_log& cta = *t.cta->log;
    u32& read = cta.maps_read[t.index / 32];
    u32 newest = 0;
    std::erase_if(t.order.stores_by_map, [&](const thread_order::store_by_map& use) {
        if (use.group >= count) return false;
        newest = std::max(newest, use.number);
        return true;
    });
    if (newest == 0) return;
    read = std::max(read, newest);
    t.order.known.seen.raise(cta.number, entries_of(cta), maps_of(cta, t.index), newest);
}

/// Bulk groups before number `count` of the running thread are complete: their stores come before its next access.
inline void complete_groups(u32 count, bool read_only) {
    thread_state& t = me();
    cta_log& cta = *t.cta->log;
    if (!t.order.stores_by_map.empty()) complete_map_uses(count);
    u32& done = (read_only ? cta.groups_read : cta.groups_done)[t.index];
    if (count <= done) return;
    done = count;
    if (!read_only) t.order.known.seen.raise(cta.number, entries_of(cta), groups_of(cta, t.index), count);
}

/// The copy number `number` of a warp has landed, and with it what the warp has issued before: the mbarrier that counts it
/// hands on to `to` that its source has been read.
inline void land_load(cta_log& cta, u32 thread, u32 number, vector_clock& to) {
    u32& landed = cta.loads_landed[thread / 32];
    landed = std::max(landed, number);
    to.raise(cta.number, entries_of(cta), loads_of(cta, thread), number);
}

/// A thread ends: all copies that its warp has issued come before what follows on its device.
inline void complete_loads(thread_state& t) {
    const cta_log& cta = *t.cta->log;
    const u32 issued = cta.loads[t.index / 32];
    if (issued != 0) t.order.known.seen.raise(cta.number, entries_of(cta), loads_of(cta, t.index), issued);
}

/// The narrowest scope that holds both threads.
inline memory_scope scope_between(const cta_log& other, const thread_state& t) {
    if (&other == t.cta->log) return memory_scope::cta;
    if (other.device != t.cta->log->device) return memory_scope::sys;
    for (const auto& cta : t.cta->cluster->ctas) {
        if (cta->log == &other) return memory_scope::cluster;
    }
    return memory_scope::gpu;
}

/// fence.acq_rel: acquires what relaxed loads before it have observed, and releases to relaxed stores after it.
inline void fence_acq_rel(memory_scope scope) {
    thread_state& t = me();
    thread_order& order = t.order;
    for (int s = 0; s < 4; ++s) {
        if (order.observed.at[s].empty()) continue;
        if (int(scope) >= s) {
            acquire(t, std::exchange(order.observed.at[s], {}));
        } else {
            t.cta->log->too_narrow = describe(t) + text(" has a fence.acq_rel.%s where scope %s is needed",
                                                        name_of(scope), name_of(memory_scope(s)));
        }
    }
    order.released.at[int(scope)] = release();
}

}  // namespace deepgemm::sim
