// SPDX-License-Identifier: MIT
// What suspended threads wait for, and which threads will never run again.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/machine.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// True if the device of options::stop has taken all its steps.
inline bool a_device_stopped() {
    return current().options.stop.device >= 0 && current().steps == current().options.stop.after;
}
inline bool on_stopped_device(const cluster_state& cluster) {
    return a_device_stopped() && cluster.grid->device == current().options.stop.device;
}
/// True if a thread will never run again, whatever it waits for.
inline bool is_gone(const thread_state& t) { return t.done || on_stopped_device(*t.cta->cluster); }

/// Clusters that wait for others to end before they begin.
inline u32 clusters_to_begin() {
    u32 count = 0;
    for (const auto& grid : current().grids) {
        count += grid->geometry.grid.count() / grid->geometry.cluster.count() - grid->begun;
    }
    return count;
}

/// The mbarrier that a thread waits for, by the offset in its wait_reason.
inline const mbarrier_state* awaited_mbarrier(const thread_state& t) {
    for (const auto& m : t.cta->mbarriers) {
        if (m->offset == t.wait.address) return m.get();
    }
    return nullptr;
}

/// What a thread waits for: a barrier, a cluster, a warp, the registers of a CTA, a word of global memory. Null for
/// asynchronous work.
inline const void* awaited_by(const thread_state& t) {
    switch (t.wait.reason) {
        case wait_reason::kind::mbarrier: return awaited_mbarrier(t);
        case wait_reason::kind::named_barrier: return &t.cta->named[t.wait.address];
        case wait_reason::kind::cluster_barrier: return t.cta->cluster;
        case wait_reason::kind::collective: return t.warp;
        case wait_reason::kind::registers: return &t.cta->register_waiters;
        case wait_reason::kind::polling: return t.wait.global;
        case wait_reason::kind::other: break;
    }
    return nullptr;
}

/// Calls f(thread) for all threads of a CTA, a cluster, the machine.
template <class F>
void for_each_thread(const cta_state& cta, F f) {
    for (const thread_state& t : cta.threads) f(t);
}
template <class F>
void for_each_thread(const cluster_state& cluster, F f) {
    for (const auto& cta : cluster.ctas) for_each_thread(*cta, f);
}
template <class F>
void for_each_thread(const machine& m, F f) {
    for (const auto& cluster : m.clusters) for_each_thread(*cluster, f);
}

}  // namespace deepgemm::sim
