// SPDX-License-Identifier: MIT
// The 16 barriers of a CTA and the barrier of a cluster.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/memory.hpp>
#include <deepgemm/sim/ordering.hpp>

#include <cstddef>
#include <utility>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

inline void arrive_at_named(u32 id, u32 threads, bool wait) {
    const char* what = wait ? "bar.sync" : "bar.arrive";
    if (id > 15) fail("%s %u, %u: there are barriers 0 to 15", what, id, threads);
    if (threads == 0 || threads % 32 != 0 || threads > my_geometry().threads) {
        fail("%s %u, %u: the thread count must be a multiple of 32 and at most the CTA's %u", what, id, threads,
             my_geometry().threads);
    }
    check_waited(what);
    named_barrier& b = me().cta->named[id];
    if (b.arrived != 0 && b.threads != threads) {
        fail("%s %u, %u: earlier arrivals expect %u threads", what, id, threads, b.threads);
    }
    b.threads = threads;
    release_into(b.arrivals);
    b.arrivers.note(me(), b.round);
    if (++b.arrived == threads) {
        b.arrived = 0;
        ++b.round;
        for (thread_state* t : b.waiters) acquire_met(*t, b.arrivals);
        if (wait) acquire_met(me(), b.arrivals);
        b.arrivals = {};
        wake_all(b.waiters);
    } else if (wait) {
        const std::size_t span = begin_span(activity::wait, "bar.sync");
        block(b.waiters, {wait_reason::kind::named_barrier, what, "", id, threads});
        end_span(span);
    }
}

inline void barrier_sync(u32 id, u32 threads) { arrive_at_named(id, threads, true); }
inline void barrier_arrive(u32 id, u32 threads) { arrive_at_named(id, threads, false); }

/// Opens the cluster barrier once all threads that have not ended have arrived.
inline void check_cluster_barrier(cluster_state& c) {
    if (c.arrived == 0 || c.arrived != c.alive) return;
    c.arrived = 0;
    ++c.generation;
    c.published = std::exchange(c.arrivals, {}).all;
    wake_all(c.waiters);
}

inline void cluster_arrive(bool releases = true) {
    thread_state& t = me();
    cluster_state& c = *t.cta->cluster;
    if (t.cluster_arrived) fail("barrier.cluster.arrive twice without barrier.cluster.wait");
    check_waited("barrier.cluster.arrive");
    t.cluster_arrived = true;
    t.cluster_generation = c.generation;
    if (releases) release_into(c.arrivals);
    ++c.arrived;
    check_cluster_barrier(c);
}

inline void cluster_wait() {
    thread_state& t = me();
    cluster_state& c = *t.cta->cluster;
    if (!t.cluster_arrived) fail("barrier.cluster.wait without barrier.cluster.arrive");
    if (c.generation == t.cluster_generation) {
        const std::size_t span = begin_span(activity::wait, "barrier.cluster");
        block(c.waiters, {wait_reason::kind::cluster_barrier, "barrier.cluster.wait"});
        end_span(span);
    }
    acquire(t, c.published);
    t.cluster_arrived = false;
}

/// A thread that ends no longer counts for its cluster's barrier.
inline void leave_cluster(thread_state& t) {
    cluster_state& c = *t.cta->cluster;
    --c.alive;
    if (t.cluster_arrived && t.cluster_generation == c.generation) --c.arrived;
    check_cluster_barrier(c);
}

}  // namespace deepgemm::sim
