// SPDX-License-Identifier: MIT
// mbarriers of the simulated machine. The barrier's 8 bytes in shared memory hold a magic word and an index, so that use
// of an uninitialised or overwritten barrier is an error. Phases count from 0; waiting for parity p passes when the
// current phase's parity differs from p.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/memory.hpp>
#include <deepgemm/sim/ordering.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

inline constexpr u32 mbarrier_magic = 0x6d626172;

/// The live mbarrier at an offset. `shared`: used by a peer CTA or by the async proxy, so its init must be fenced.
inline mbarrier_state& find_mbarrier(cta_state& cta, u32 offset, const char* what, bool shared) {
    u32 word[2];
    std::memcpy(word, cta.generic + offset, sizeof word);
    if (word[0] != mbarrier_magic || word[1] >= cta.mbarriers.size() || cta.mbarriers[word[1]]->offset != offset) {
        bool existed = false;
        for (const auto& m : cta.mbarriers) existed |= m->offset == offset && m->live;
        fail("%s: the mbarrier at 0x%x of CTA rank %u %s", what, window + offset, cta.rank,
             existed ? "was overwritten by other data" : "was never initialised");
    }
    mbarrier_state& m = *cta.mbarriers[word[1]];
    if (shared && !m.fenced) {
        fail(
            "%s: the mbarrier at 0x%x of CTA rank %u is used by the async proxy or a peer CTA before "
            "fence.mbarrier_init or fence.proxy.async",
            what, window + offset, cta.rank);
    }
    return m;
}

inline void write_mbarrier_word(cta_state& cta, u32 offset, u32 magic, u32 index) {
    const u32 word[2] = {magic, index};
    std::memcpy(cta.generic + offset, word, sizeof word);
    std::memcpy(cta.async + offset, word, sizeof word);
    mark_written(cta, offset, offset + 8);
}

inline void mbarrier_init(u32 bar, u32 count) {
    const u32 offset = off_of(bar, 8, "mbarrier.init", 8);
    cta_state& cta = *me().cta;
    if (&cta_of(bar, "mbarrier.init") != &cta) fail("mbarrier.init on a peer CTA's shared memory");
    if (count == 0 || count >= 1u << 20) fail("mbarrier.init: count %u is not in 1..2^20-1", count);
    std::size_t index = 0;
    while (index < cta.mbarriers.size() && cta.mbarriers[index]->offset != offset) ++index;
    if (index == cta.mbarriers.size()) cta.mbarriers.push_back(std::make_unique<mbarrier_state>());
    mbarrier_state& m = *cta.mbarriers[index];
    if (m.live) fail("mbarrier.init: 0x%x already holds a live mbarrier", bar);
    m.offset = offset;
    m.expected = m.pending = count;
    m.tx = 0;
    m.phase = 0;
    m.live = true;
    m.fenced = false;
    m.arrivals = {};
    m.arrivers = m.copiers = {};
    m.published[0] = m.published[1] = m.from_peers = m.published_by_peers[0] = m.published_by_peers[1] = {};
    m.copied = m.copied_before[0] = m.copied_before[1] = {};
    write_mbarrier_word(cta, offset, mbarrier_magic, u32(index));
    me().unfenced_barriers.push_back(offset);
}

inline void mbarrier_invalidate(u32 bar) {
    const u32 offset = off_of(bar, 8, "mbarrier.inval", 8);
    cta_state& cta = cta_of(bar, "mbarrier.inval");
    mbarrier_state& m = find_mbarrier(cta, offset, "mbarrier.inval", &cta != me().cta);
    if (!m.waiters.empty()) fail("mbarrier.inval: threads still wait on the mbarrier 0x%x", bar);
    m.live = false;
    for (auto& t : cta.threads) {
        std::erase_if(t.observed, [&](const thread_state::observation& o) { return o.offset == offset; });
    }
    write_mbarrier_word(cta, offset, 0, 0);
}

/// `count` arrivals and `tx` announced bytes (negative: landed) on the mbarrier at `offset`; completes the phase if due.
/// For threads and for asynchronous work (copies that land, tensor-core commits).
inline void arrive_on(cta_state& cta, u32 offset, u32 count, i64 tx, const char* what) {
    const thread_state* t = current().running;
    if (cta.alive == 0) fail("%s on an mbarrier of CTA rank %u, which has exited", what, cta.rank);
    mbarrier_state& m = find_mbarrier(cta, offset, what, t == nullptr || t->cta != &cta);
    if (m.pending < count) {
        fail("%s: mbarrier 0x%x, phase %llu: more arrivals than its count of %u", what, window + offset, m.phase,
             m.expected);
    }
    if (t != nullptr && count != 0) {
        check_waited(what);
        if (t->cta == &cta) {
            release_into(m.arrivals);
        } else {  // the instruction has the scope of the CTA: a fence of the cluster on both sides orders
            for (int s = int(memory_scope::cluster); s < 4; ++s) m.from_peers.join(t->order.released.at[s]);
            m.arrivals.all.tensor.join(t->order.known.tensor);
        }
    }
    if (const thread_state* const by = t != nullptr ? t : current().origin) {
        if (count != 0) m.arrivers.note(*by, m.phase);
        if (tx < 0) m.copiers.note(*by, m.phase);
    }
    m.pending -= count;
    m.tx += tx;
    if (m.tx >= 1 << 20 || m.tx <= -(1 << 20)) {
        fail("%s: mbarrier 0x%x: tx-count %lld is out of range", what, window + offset, m.tx);
    }
    if (m.pending == 0 && m.tx == 0) {
        m.published[m.phase & 1] = std::exchange(m.arrivals, {}).all;
        m.published_by_peers[m.phase & 1] = std::exchange(m.from_peers, {});
        m.copied_before[m.phase & 1] = std::exchange(m.copied, {});
        ++m.phase;
        m.pending = m.expected;
        wake_all(m.waiters);
    }
}

inline void mbarrier_arrive(u32 bar, u32 count, u32 tx, const char* what) {
    const u32 offset = off_of(bar, 8, what, 8);
    arrive_on(cta_of(bar, what), offset, count, tx, what);
}

/// The count of later phases falls before the arrival, which may begin one.
inline void mbarrier_arrive_drop(u32 bar) {
    constexpr const char* what = "mbarrier.arrive_drop";
    const u32 offset = off_of(bar, 8, what, 8);
    cta_state& cta = cta_of(bar, what);
    mbarrier_state& m = find_mbarrier(cta, offset, what, &cta != me().cta);
    if (m.expected == 0) fail("%s: mbarrier 0x%x: every participant has dropped out", what, window + offset);
    --m.expected;
    arrive_on(cta, offset, 1, 0, what);
}

/// Notes that the running thread has seen the last completed phase; having missed one before it is an error.
inline void observe(mbarrier_state& m, u32 bar) {
    thread_state& t = me();
    const i64 phase = i64(m.phase) - 1;
    acquire(t, m.published[phase & 1]);
    t.order.observed.at[int(memory_scope::cluster)].join(m.published_by_peers[phase & 1]);
    const auto& copied = m.copied_before[phase & 1];  // a fence of this thread now publishes it, too
    t.dirty.insert(t.dirty.end(), copied.begin(), copied.end());
    ++t.observations;
    for (auto& o : t.observed) {
        if (o.offset != m.offset) continue;
        if (current().options.check_phases && phase > o.phase + 1) {
            fail("mbarrier 0x%x: the thread last saw phase %lld complete, and now phase %lld: it skipped a phase", bar,
                 o.phase, phase);
        }
        o.phase = phase;
        return;
    }
    t.observed.push_back({m.offset, phase});
}

/// Forgets which phase of a barrier the running thread has seen: others waited for those that follow.
inline void mbarrier_forget(u32 bar) {
    const u32 offset = off_of(bar, 8, "mbarrier_forget", 8);
    std::erase_if(me().observed, [&](const auto& o) { return o.offset == offset; });
}

/// The barrier a thread may wait on, its own CTA's.
inline mbarrier_state& waitable(u32 bar, const char* what) {
    const u32 offset = off_of(bar, 8, what, 8);
    if (&cta_of(bar, what) != me().cta) fail("%s on a peer CTA's mbarrier 0x%x", what, bar);
    return find_mbarrier(*me().cta, offset, what, false);
}

inline bool mbarrier_test(u32 bar, u32 parity) {
    mbarrier_state& m = waitable(bar, "mbarrier.test_wait");
    const bool passed = (m.phase & 1) != (parity & 1);
    if (passed) {
        observe(m, bar);
    } else {
        yield({wait_reason::kind::mbarrier, "mbarrier.test_wait", "", m.offset, parity & 1});
    }
    return passed;
}

inline void mbarrier_wait(u32 bar, u32 parity, const char* name) {
    mbarrier_state& m = waitable(bar, "mbarrier.try_wait");
    if ((m.phase & 1) == (parity & 1)) {
        const std::size_t span = begin_span(activity::wait, *name != 0 ? name : "mbarrier");
        while ((m.phase & 1) == (parity & 1)) {
            block(m.waiters, {wait_reason::kind::mbarrier, "mbarrier.try_wait", name, m.offset, parity & 1});
        }
        end_span(span);
    }
    observe(m, bar);
}

}  // namespace deepgemm::sim
