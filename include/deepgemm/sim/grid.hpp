// SPDX-License-Identifier: MIT
// Grids of the simulated machine from their start to their end: their CTAs with threads and memory, what is checked when a
// thread ends, and which grid of a device comes next.
#pragma once

#if !defined(__cpp_exceptions)
#error "deepgemm's simulator runs kernels with exceptions: compile the files that launch on it without -fno-exceptions"
#endif

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/math.cuh>
#include <deepgemm/sim/barrier.hpp>
#include <deepgemm/sim/report.hpp>
#include <deepgemm/sim/tma.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Memory and the last report of this OS thread.
struct thread_resources {
    memory_pool stacks, smem;
    run_report last;
};
inline thread_resources& resources() {
    thread_local thread_resources r;
    return r;
}

/// Statistics and trace of the last launch of the calling OS thread, failed ones included.
inline const run_report& last_run() { return resources().last; }

/// Gives a CTA its shared memory, both views full of NaN patterns, no byte ever written.
inline void give_smem(cta_state& cta, u8* memory, u32 bytes, std::size_t view) {
    std::memset(memory, 0xff, 2 * view);
    std::memset(memory + 2 * view, 0, view / 8);
    cta.smem_bytes = bytes;
    cta.generic = memory;
    cta.async = memory + view;
    cta.written = reinterpret_cast<u64*>(memory + 2 * view);
}

void start_next(int device, const grid_state* ended);

/// Counts the running thread out of its grid. Those after it on its device see all that it has written, copies included.
inline void end_in_grid(thread_state& t) {
    machine& m = current();
    grid_state& grid = *t.cta->cluster->grid;
    if (m.grids.size() > 1) {
        complete_groups(t.bulk_commits + 1, false);
        complete_loads(t);
        release_into(grid.ended);
    }
    --m.alive;
    if (--grid.alive == 0 && !m.waiting.empty()) start_next(grid.device, &grid);
}

/// Ends the running thread: checks, counts, wakes who waits for it.
inline void end_thread(thread_state& t) {
    cta_state& cta = *t.cta;
    check_bulk_at_exit(t);
    for (auto* check : cta.thread_exit_checks) check(t);
    t.done = true;
    leave_cluster(t);
    end_in_grid(t);
    if (--cta.alive != 0) return;
    if (!cta.pending_writes.empty()) {
        fail("the CTA ends while a copy into its shared memory [0x%x,0x%x) is still in flight",
             cta.pending_writes[0].range.lo, cta.pending_writes[0].range.hi);
    }
    if (cta.copies_under_way != 0) {
        fail("the CTA ends while %u cp.asyncs into its shared memory are still in flight", cta.copies_under_way);
    }
    for (auto* check : cta.exit_checks) check(cta);
}

/// Where every fiber starts.
[[noreturn]] inline void thread_main() {
    machine& m = current();
    entered_fiber(m.main);
    thread_state& t = me();
    try {
        t.cta->cluster->grid->body();
        end_thread(t);
        reschedule(true);
    } catch (const std::exception& e) {
        m.failure = m.trapped ? trap_report(e.what(), t) : e.what();
    } catch (...) {
        m.failure = describe(t) + ": the kernel threw something that is not a std::exception";
    }
    m.running = nullptr;
    switch_fiber(t.flow, m.main, true);
    std::abort();
}

/// Begins the log of a CTA.
inline cta_log& make_log(const cta_state& cta) {
    auto& logs = current().logs;
    const grid_state& grid = *cta.cluster->grid;
    const u32 number = grid.first_cta + linear_index(cta), threads = u32(cta.threads.size());
    if (logs.size() <= number) logs.resize(number + 1);
    logs[number] = std::make_unique<cta_log>();
    cta_log& log = *logs[number];
    log.index = cta.index;
    log.number = number;
    log.rank = cta.rank;
    log.grid = grid.number;
    log.device = grid.device;
    log.roles.assign(threads / 32, "");
    log.generation.assign(threads, 0);
    log.published.assign(threads, 0);
    log.groups_done.assign(threads, 0);
    log.groups_read.assign(threads, 0);
    log.loads.assign(threads / 32, 0);
    log.loads_landed.assign(threads / 32, 0);
    log.maps_used.assign(threads / 32, 0);
    log.maps_read.assign(threads / 32, 0);
    return log;
}

inline std::unique_ptr<cta_state> make_cta(cluster_state& cluster, u32 rank, extent3 first) {
    machine& m = current();
    const geometry& g = cluster.grid->geometry;
    auto cta = std::make_unique<cta_state>();
    cta->cluster = &cluster;
    cta->rank = rank;
    cta->index = {first.x + rank % g.cluster.x, first.y + rank / g.cluster.x % g.cluster.y,
                  first.z + rank / (g.cluster.x * g.cluster.y)};
    cta->alive = g.threads;
    cta->threads = std::vector<thread_state>(g.threads);
    cta->warps = std::vector<warp_state>(g.threads / 32);
    cta->warpgroups = std::vector<warpgroup_state>(ceil_div(g.threads, 128u));
    cta->log = &make_log(*cta);
    const std::size_t view = align_up<std::size_t>(m.smem_bytes, 1024);
    give_smem(*cta, resources().smem.get(m.blocks++, 2 * view + view / 8 + 4096), g.smem_bytes, view);
    const std::size_t stack_bytes = m.options.stack_bytes * std::size_t(DEEPGEMM_SIM_ASAN ? 4 : 1);
    for (u32 i = 0; i < g.threads; ++i) {
        thread_state& t = cta->threads[i];
        warp_state& w = cta->warps[i / 32];
        t.cta = w.cta = cta.get();
        t.warp = &w;
        t.index = i;
        t.lane = i % 32;
        w.lanes[t.lane] = &t;
        t.order.known = cluster.grid->before;
        // Different depths keep the tops of the stacks out of the same cache sets.
        u8* const stack = resources().stacks.get(m.fibers++, stack_bytes);
        make_fiber(t.flow, stack, stack_bytes - i % 32 * 128, &thread_main, m.options.portable_switch);
    }
    for (u32 i = 0; i < cta->warps.size(); ++i) {
        warp_state& w = cta->warps[i];
        w.index = i;
        w.registers = g.registers;
        w.elected = m.shuffles() ? u32(m.random() % 32) : 0;
        w.ready = 0xffffffffu;
        w.queued = true;
        m.queue.push_back(&w);
    }
    return cta;
}

/// Begins cluster number `i` of a grid.
inline void add_cluster(grid_state& grid, u32 i) {
    machine& m = current();
    const extent3& size = grid.geometry.cluster;
    const extent3 origin = first_cta_of(grid.geometry, i);
    auto cluster = std::make_unique<cluster_state>();
    cluster->grid = &grid;
    for (u32 rank = 0; rank < size.count(); ++rank) cluster->ctas.push_back(make_cta(*cluster, rank, origin));
    cluster->alive = size.count() * grid.geometry.threads;
    ++grid.begun;
    grid.alive += cluster->alive;
    m.alive += cluster->alive;
    m.clusters.push_back(std::move(cluster));
}

/// True if copies of a grid's threads have not been written yet.
inline bool still_writes(const grid_state& grid) {
    for (const auto& cluster : current().clusters) {
        if (cluster->grid != &grid) continue;
        for (const auto& cta : cluster->ctas) {
            for (const thread_state& t : cta->threads) {
                for (const auto& operation : t.bulk) {
                    if (!operation->written) return true;
                }
            }
        }
    }
    return false;
}

/// Starts a grid, all of it, as asynchronous work: at once, lazily, or after a random delay of at most options::launch_delay;
/// not before the copies of `before`, which ended on its device, have been written.
inline void start_later(grid_state& grid, const grid_state* before) {
    machine& m = current();
    in_order late{m.now};
    if (m.options.policy == policy::random) late.time += m.random() % (m.options.launch_delay + 1);
    post(
        [&grid, before] {
            if (before != nullptr && still_writes(*before)) {
                start_later(grid, before);
                return;
            }
            if (before != nullptr) {
                const vector_clock& all = before->ended.all.seen;
                grid.before = {
                    all, all, all, before->ended.all.words, {}};  // the end of a grid is a fence of every proxy
            }
            for (u32 i = 0; i < clusters_of(grid.geometry); ++i) add_cluster(grid, i);
        },
        &late);
}

/// Starts the next launch of a device, after the one that has ended if there was one.
inline void start_next(int device, const grid_state* ended) {
    auto& waiting = current().waiting;
    const auto next =
        std::find_if(waiting.begin(), waiting.end(), [device](const grid_state* g) { return g->device == device; });
    if (next == waiting.end()) return;
    grid_state& grid = **next;
    waiting.erase(next);
    start_later(grid, ended);
}

/// Runs what is there until all threads have ended.
inline void run_all() {
    machine& m = current();
    m.running = pick();
    if (m.running != nullptr) switch_fiber(m.main, m.running->flow);
    if (!m.failure.empty()) throw error(m.failure);
    while (carry_out_next()) {
    }
    if (m.alive != 0 && someone_waits()) throw error(deadlock_report());
}

}  // namespace deepgemm::sim
