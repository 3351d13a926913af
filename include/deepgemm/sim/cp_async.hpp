// SPDX-License-Identifier: MIT
// cp.async: copies of a thread from global to shared memory, through the generic proxy. They land with the arrival that follows
// them, as late as its mbarrier allows, or when the thread waits for their group. The async proxy sees what has landed once a
// thread that has seen the arrival fences. What comes before other threads' stores to the source is taken from the thread when
// it issues the copy: a store there that waits for that thread and not for the copy is not found.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/global.hpp>
#include <deepgemm/sim/mbarrier.hpp>

#include <cstring>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Notes that a cp.async into [lo, hi) begins or has landed.
inline void mark_copying(cta_state& cta, u32 lo, u32 hi, bool begins) {
    if (cta.copying.empty()) cta.copying.resize(cta.smem_bytes / 64 + 1);
    for (u32 i = lo; i < hi; ++i) {
        const u64 bit = u64(1) << i % 64;
        cta.copying[i / 64] = begins ? cta.copying[i / 64] | bit : cta.copying[i / 64] & ~bit;
    }
    cta.copies_under_way += begins ? 1 : -1;
}

/// Copies `read` bytes from `from` to `to`, and zeros up to `bytes`.
inline void cp_async(u32 to, const void* from, u32 bytes, u32 read) {
    constexpr const char* what = "cp.async";
    cta_state& cta = *me().cta;
    const u32 offset = off_of(to, bytes, what, bytes);
    if (&cta_of(to, what) != &cta) fail("%s to a peer CTA's shared memory", what);
    if (read > bytes) fail("%s of %u bytes reads %u", what, bytes, read);
    check_global(from, bytes, what);
    if (read != 0) {
        check_grid_waited(from, true, what);
        check_read(from, read, {}, what);
    }
    check_async_write(cta, offset, offset + bytes, what);
    mark_copying(cta, offset, offset + bytes, true);
    if (current().options.check_poison) std::memset(cta.generic + offset, 0xff, bytes);
    me().copies.push_back({offset, static_cast<const u8*>(from), bytes, read});
}

/// Lets the bytes of a copy be in shared memory.
inline void land(cta_state& cta, const thread_copy& c) {
    std::memset(cta.generic + c.offset, 0, c.bytes);
    std::memcpy(cta.generic + c.offset, c.from, c.read);
    mark_written(cta, c.offset, c.offset + c.bytes);
    mark_copying(cta, c.offset, c.offset + c.bytes, false);
}

/// Makes a group of all earlier cp.asyncs of the running thread that are in none.
inline void cp_async_commit() {
    thread_state& t = me();
    t.copy_groups.push_back(std::exchange(t.copies, {}));
}

/// Returns when all but the newest `pending` groups of the running thread have landed. They land here, as late as they may.
inline void cp_async_wait(u32 pending) {
    thread_state& t = me();
    for (; t.copy_groups.size() > pending; t.copy_groups.pop_front()) {
        for (const thread_copy& c : t.copy_groups.front()) land(*t.cta, c);
    }
}

/// One arrival at an mbarrier of the own CTA once all earlier cp.asyncs of the running thread have landed.
inline void cp_async_arrive(u32 bar) {
    constexpr const char* what = "cp.async.mbarrier.arrive";
    thread_state& t = me();
    cta_state& cta = *t.cta;
    if (!t.copy_groups.empty()) fail("%s after cp.async.commit_group without a wait: that is not modelled", what);
    const u32 barrier = off_of(bar, 8, what, 8);
    if (&cta_of(bar, what) != &cta) fail("%s on a peer CTA's mbarrier 0x%x", what, bar);
    find_mbarrier(cta, barrier, what, false);
    const std::size_t span =
        t.lane == 0 && !t.copies.empty() ? begin_span(activity::load, "cp.async") : ~std::size_t(0);
    post(
        [&cta, barrier, span, copies = std::exchange(t.copies, {})] {
            mbarrier_state& m = find_mbarrier(cta, barrier, what, true);
            for (const thread_copy& c : copies) {
                land(cta, c);
                m.copied.push_back({&cta, {c.offset, c.offset + c.bytes}});
            }
            end_span(span);
            arrive_on(cta, barrier, 1, 0, what);
        },
        &t.arrivals_of_copies);
}

}  // namespace deepgemm::sim
