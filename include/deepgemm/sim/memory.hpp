// SPDX-License-Identifier: MIT
// Shared memory: the 32-bit window, the generic and the async view of it, and the checks between them.
// A generic store reaches the async view only through fence_proxy_async() of the storing thread; copies write both views.
// Offsets count from the start of a CTA's dynamic shared memory, which lies `window` bytes into its window; addresses
// are rank << 24 | window + offset. What instruction families use (offsets unless said otherwise):
//   off_of(address, n, what)            offset of a valid address range; cta_of(address, what) its CTA
//   load_shared, store_shared           generic access with all checks (addresses)
//   check_in_flight(cta, lo, hi, what)  at issue of an async read: a copy that is still landing there is an error
//   begin_read / end_read               an async read that is pending: stores and copies into it are errors
//   check_async_read(cta, lo, hi, what) when it takes place: in flight, never written or not fenced are errors.
//                                       Then read cta.async. Pass only bytes that are really read.
//   check_async_write, begin_write, end_write, mark_written   the same for async writes; write both views
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/machine.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// First byte of dynamic shared memory in the window; 1024-aligned.
inline constexpr u32 window = 1024;

/// Address, in the cluster's window, of an offset in a CTA.
inline u32 address_of(const cta_state& cta, u32 offset) { return cta.rank << 24 | (window + offset); }

inline u32 dynamic_smem() { return address_of(*me().cta, 0); }

/// The CTA an address belongs to; it must not have exited.
inline cta_state& cta_of(u32 address, const char* what) {
    const u32 rank = address >> 24;
    auto& ctas = me().cta->cluster->ctas;
    if (rank >= ctas.size()) fail("%s: shared address 0x%08x: the cluster has no CTA of rank %u", what, address, rank);
    if (ctas[rank]->alive == 0) fail("%s: shared address 0x%08x: CTA rank %u has exited", what, address, rank);
    return *ctas[rank];
}

/// Offset of the `bytes` bytes at `address`; they must lie in dynamic shared memory and be aligned to `alignment`.
inline u32 off_of(u32 address, u32 bytes, const char* what, u32 alignment = 1) {
    const cta_state& cta = cta_of(address, what);
    const u32 low = address & 0xffffff;
    if (low < window || low - window > cta.smem_bytes || bytes > cta.smem_bytes - (low - window)) {
        fail("%s: shared address 0x%08x + %u lies outside the %u bytes of dynamic shared memory, which begin at 0x%x",
             what, address, bytes, cta.smem_bytes, window);
    }
    if (low % alignment != 0) fail("%s: shared address 0x%08x is not aligned to %u bytes", what, address, alignment);
    return low - window;
}

inline u32 map_to_rank(u32 address, u32 rank) {
    if (rank >= me().cta->cluster->ctas.size()) fail("mapa: the cluster has no CTA of rank %u", rank);
    return (address & 0xffffff) | rank << 24;
}

// ---- which bytes were ever written

inline void mark_written(cta_state& cta, u32 lo, u32 hi) {
    for (u32 i = lo; i < hi;) {
        const u32 n = std::min(hi - i, 64 - i % 64);
        cta.written[i / 64] |= (n == 64 ? ~u64(0) : (u64(1) << n) - 1) << i % 64;
        i += n;
    }
}

/// Takes back what is known of bytes [lo, hi): they count as never written.
inline void mark_unwritten(cta_state& cta, u32 lo, u32 hi) {
    for (u32 i = lo; i < hi; ++i) cta.written[i / 64] &= ~(u64(1) << i % 64);
}

/// The first byte of [lo, hi) that was never written, or `hi`.
inline u32 first_unwritten(const cta_state& cta, u32 lo, u32 hi) {
    for (u32 i = lo; i < hi;) {
        const u64 missing = ~cta.written[i / 64] >> i % 64;
        const u32 n = std::min(hi - i, 64 - i % 64);
        if (missing != 0 && u32(__builtin_ctzll(missing)) < n) return i + u32(__builtin_ctzll(missing));
        i += n;
    }
    return hi;
}

inline void check_written(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    if (!current().options.check_unwritten) return;
    const u32 missing = first_unwritten(cta, lo, hi);
    if (missing != hi) fail("%s reads shared memory [0x%x,0x%x): byte 0x%x was never written", what, lo, hi, missing);
}

// ---- asynchronous accesses

/// A copy that is still landing in [lo, hi) is an error, whatever the timing: its barrier was not waited for.
inline void check_in_flight(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    for (u32 i = lo; cta.copies_under_way != 0 && i < hi; ++i) {
        if ((cta.copying[i / 64] >> i % 64 & 1) == 0) continue;
        fail("%s on shared memory [0x%x,0x%x) while a cp.async into byte 0x%x is still in flight", what, lo, hi, i);
    }
    for (const pending_write& w : cta.pending_writes) {
        if (w.range.overlaps(lo, hi)) {
            fail(
                "%s on shared memory [0x%x,0x%x) while the copy into [0x%x,0x%x) is still in flight: mbarrier 0x%x "
                "was not waited for",
                what, lo, hi, w.range.lo, w.range.hi, w.barrier);
        }
    }
}

inline void check_pending_reads(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    for (const pending_read& r : cta.pending_reads) {
        if (r.range.overlaps(lo, hi)) {
            fail(
                "%s overwrites shared memory [0x%x,0x%x) of CTA rank %u while %s of warp %u still reads [0x%x,0x%x): "
                "the stage was released too early",
                what, lo, hi, cta.rank, r.who, r.warp, r.range.lo, r.range.hi);
        }
    }
}

/// The thread of the cluster that wrote a byte through the generic proxy and has not fenced it, for messages.
inline std::string unfenced_writer(const cta_state& cta, u32 offset) {
    for (const auto& c : cta.cluster->ctas) {
        for (const thread_state& t : c->threads) {
            for (const dirty_range& d : t.dirty) {
                if (d.cta == &cta && d.range.overlaps(offset, offset + 1)) return describe(t);
            }
        }
    }
    return "the generic proxy";
}

/// Every byte of [lo, hi) that the async proxy is about to read has been fenced.
inline void check_fenced(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    if (!current().options.check_proxy || std::memcmp(cta.generic + lo, cta.async + lo, hi - lo) == 0) return;
    u32 i = lo;
    while (cta.generic[i] == cta.async[i]) ++i;
    fail(
        "%s reads shared memory [0x%x,0x%x): byte 0x%x was written by %s and never fenced "
        "(missing fence.proxy.async)",
        what, lo, hi, i, unfenced_writer(cta, i).c_str());
}

inline void check_async_read(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    check_in_flight(cta, lo, hi, what);
    check_written(cta, lo, hi, what);
    check_fenced(cta, lo, hi, what);
}

inline void check_async_write(const cta_state& cta, u32 lo, u32 hi, const char* what) {
    if (cta.alive == 0) fail("%s writes to CTA rank %u, which has exited", what, cta.rank);
    check_pending_reads(cta, lo, hi, what);
    check_in_flight(cta, lo, hi, what);
}

/// Registers a pending async read by the running thread; several ranges may share one id (0: a new one). Returns it.
inline u64 begin_read(cta_state& cta, u32 lo, u32 hi, const char* who, u64 id = 0) {
    if (id == 0) id = ++current().ids;
    cta.pending_reads.push_back({{lo, hi}, who, me().warp->index, id});
    return id;
}
inline void end_read(cta_state& cta, u64 id) {
    std::erase_if(cta.pending_reads, [id](const pending_read& r) { return r.id == id; });
}

/// Registers a copy into [lo, hi) that will be counted on the mbarrier at offset `barrier`, and poisons its target.
inline u64 begin_write(cta_state& cta, u32 lo, u32 hi, u32 barrier) {
    const u64 id = ++current().ids;
    cta.pending_writes.push_back({{lo, hi}, barrier, id});
    if (current().options.check_poison) {
        std::memset(cta.generic + lo, 0xff, hi - lo);
        std::memset(cta.async + lo, 0xff, hi - lo);
    }
    return id;
}
inline void end_write(cta_state& cta, u64 id) {
    std::erase_if(cta.pending_writes, [id](const pending_write& w) { return w.id == id; });
}

// ---- generic accesses

/// Notes that the running thread has read an answer of clusterlaunchcontrol.try_cancel in [lo, hi).
inline void note_answer_read(cta_state& cta, u32 lo, u32 hi) {
    for (cancel_answer& a : cta.answers) {
        if (lo < a.offset + 16 && a.offset < hi && a.landed) a.readers.push_back(&me());
    }
}

/// Copies `bytes` of shared memory at `address` (own CTA or a peer) to `to`.
inline void load_shared(u32 address, void* to, u32 bytes, const char* what) {
    const u32 offset = off_of(address, bytes, what, bytes);
    cta_state& cta = cta_of(address, what);
    check_in_flight(cta, offset, offset + bytes, what);
    check_written(cta, offset, offset + bytes, what);
    if (!cta.answers.empty()) note_answer_read(cta, offset, offset + bytes);
    std::memcpy(to, cta.generic + offset, bytes);
}

/// Stores `bytes` to shared memory at `address` (own CTA or a peer); the async proxy sees it after a fence.
inline void store_shared(u32 address, const void* from, u32 bytes, const char* what) {
    const u32 offset = off_of(address, bytes, what, bytes);
    cta_state& cta = cta_of(address, what);
    check_in_flight(cta, offset, offset + bytes, what);
    check_pending_reads(cta, offset, offset + bytes, what);
    std::memcpy(cta.generic + offset, from, bytes);
    mark_written(cta, offset, offset + bytes);
    auto& dirty = me().dirty;
    if (!dirty.empty() && dirty.back().cta == &cta && dirty.back().range.hi == offset) {
        dirty.back().range.hi += bytes;
    } else {
        dirty.push_back({&cta, {offset, offset + bytes}});
    }
}

template <class T>
T ld_shared(u32 address, const char* what) {
    u8 bytes[sizeof(T)];
    load_shared(address, bytes, sizeof(T), what);
    return __builtin_bit_cast(T, bytes);
}

template <class T>
void st_shared(u32 address, const T& value, const char* what) {
    store_shared(address, &value, sizeof(T), what);
}

/// Adds to a word of shared memory and returns what it was. No other thread runs in between; with `gives_way` others may run
/// before, so that the order in which threads get their values varies.
inline u32 atomic_add_shared(u32 address, u32 value, bool gives_way, const char* what) {
    current().idle_polls = 0;
    if (gives_way) yield(what);
    const u32 before = ld_shared<u32>(address, what);
    st_shared(address, before + value, what);
    return before;
}

// ---- fences

inline void fence_mbarrier_init() {
    thread_state& t = me();
    for (u32 offset : t.unfenced_barriers) {
        for (auto& m : t.cta->mbarriers) {
            if (m->offset == offset) m->fenced = true;
        }
    }
    t.unfenced_barriers.clear();
}

/// Publishes the running thread's stores (and mbarriers) to the async view.
inline void fence_proxy_async() {
    for (const dirty_range& d : me().dirty) {
        std::memcpy(d.cta->async + d.range.lo, d.cta->generic + d.range.lo, d.range.hi - d.range.lo);
    }
    me().dirty.clear();
    for (cancel_answer& a : me().cta->answers) {
        std::erase_if(a.readers, [](const thread_state* t) { return t == &me(); });
    }
    fence_mbarrier_init();
}

}  // namespace deepgemm::sim
