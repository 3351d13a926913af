// SPDX-License-Identifier: MIT
// Runs a kernel on the simulated machine: builds the CTAs of the clusters that are resident together, lets the scheduler
// run them to the end, then the next ones. Launches on different OS threads are independent.
#pragma once

#if !defined(__cpp_exceptions)
#error "deepgemm's simulator runs kernels with exceptions: compile the files that launch on it without -fno-exceptions"
#endif

#include <deepgemm/core/arch.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/sim/barrier.hpp>
#include <deepgemm/sim/registers.hpp>
#include <deepgemm/sim/report.hpp>
#include <deepgemm/sim/tma.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace deepgemm::sim {

/// Most dynamic shared memory of a CTA. The simulated machine is of every architecture at once.
inline constexpr u32 max_smem_bytes = std::max(arch::sm90::smem_bytes, arch::sm100::smem_bytes);

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

inline void validate(const geometry& g) {
    auto require = [](bool holds, const std::string& message) {
        if (!holds) throw error("launch: " + message);
    };
    const extent3 &n = g.grid, &c = g.cluster;
    require(n.count() >= 1, "the grid is empty");
    require(g.threads >= 32 && g.threads <= 1024 && g.threads % 32 == 0,
            text("%u threads per CTA are not a multiple of 32 in 32..1024", g.threads));
    require(c.count() >= 1 && c.count() <= 16, text("a cluster of %u CTAs is not in 1..16", c.count()));
    require(n.x % c.x == 0 && n.y % c.y == 0 && n.z % c.z == 0,
            text("the grid (%u,%u,%u) is not a multiple of the cluster (%u,%u,%u)", n.x, n.y, n.z, c.x, c.y, c.z));
    require(g.smem_bytes <= max_smem_bytes,
            text("%u bytes of dynamic shared memory exceed %u", g.smem_bytes, max_smem_bytes));
    require(g.registers * g.threads <= sm_registers,
            text("%u registers for each of %u threads exceed the %u of an SM", g.registers, g.threads, sm_registers));
}

/// Gives a CTA its shared memory, both views full of NaN patterns, no byte ever written.
inline void give_smem(cta_state& cta, u8* memory, u32 bytes, std::size_t view) {
    std::memset(memory, 0xff, 2 * view);
    std::memset(memory + 2 * view, 0, view / 8);
    cta.smem_bytes = bytes;
    cta.generic = memory;
    cta.async = memory + view;
    cta.written = reinterpret_cast<u64*>(memory + 2 * view);
}

/// Ends the running thread: checks, counts, wakes who waits for it.
inline void end_thread(thread_state& t) {
    cta_state& cta = *t.cta;
    check_bulk_at_exit(t);
    for (auto* check : cta.thread_exit_checks) check(t);
    t.done = true;
    leave_cluster(t);
    --current().alive;
    if (--cta.alive != 0) return;
    if (!cta.pending_writes.empty()) {
        fail("the CTA ends while a copy into its shared memory [0x%x,0x%x) is still in flight",
             cta.pending_writes[0].range.lo, cta.pending_writes[0].range.hi);
    }
    for (auto* check : cta.exit_checks) check(cta);
}

/// Where every fiber starts.
[[noreturn]] inline void thread_main() {
    machine& m = current();
    entered_fiber(m.main);
    thread_state& t = me();
    try {
        m.body();
        end_thread(t);
        reschedule(true);
    } catch (const std::exception& e) {
        m.failure = e.what();
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
    const u32 number = linear_index(cta), threads = u32(cta.threads.size());
    if (logs.size() <= number) logs.resize(number + 1);
    logs[number] = std::make_unique<cta_log>();
    cta_log& log = *logs[number];
    log.index = cta.index;
    log.number = number;
    log.rank = cta.rank;
    log.roles.assign(threads / 32, "");
    log.generation.assign(threads, 0);
    log.groups_done.assign(threads, 0);
    log.groups_read.assign(threads, 0);
    return log;
}

inline std::unique_ptr<cta_state> make_cta(cluster_state& cluster, u32 rank, extent3 first, std::size_t number) {
    machine& m = current();
    const geometry& g = m.geometry;
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
    const std::size_t view = align_up<std::size_t>(g.smem_bytes, 1024);
    give_smem(*cta, resources().smem.get(number, 2 * view + view / 8 + 4096), g.smem_bytes, view);
    const std::size_t stack_bytes = m.options.stack_bytes * std::size_t(DEEPGEMM_SIM_ASAN ? 4 : 1);
    for (u32 i = 0; i < g.threads; ++i) {
        thread_state& t = cta->threads[i];
        warp_state& w = cta->warps[i / 32];
        t.cta = w.cta = cta.get();
        t.warp = &w;
        t.index = i;
        t.lane = i % 32;
        w.lanes[t.lane] = &t;
        // Different depths keep the tops of the stacks out of the same cache sets.
        u8* const stack = resources().stacks.get(number * g.threads + i, stack_bytes);
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

/// Runs clusters [first, last) of the grid together until all their threads have ended.
inline void run_clusters(u32 first, u32 last) {
    machine& m = current();
    const extent3 &grid = m.geometry.grid, &size = m.geometry.cluster;
    m.clusters.clear();
    m.queue.clear();
    m.queue_head = 0;
    m.running_warp = nullptr;
    std::size_t number = 0;
    for (u32 i = first; i < last; ++i) {
        const u32 columns = grid.x / size.x, rows = grid.y / size.y;
        const extent3 origin{i % columns * size.x, i / columns % rows * size.y, i / (columns * rows) * size.z};
        auto cluster = std::make_unique<cluster_state>();
        for (u32 rank = 0; rank < size.count(); ++rank) {
            cluster->ctas.push_back(make_cta(*cluster, rank, origin, number++));
        }
        cluster->alive = size.count() * m.geometry.threads;
        m.alive += cluster->alive;
        m.clusters.push_back(std::move(cluster));
    }
    m.running = pick();
    switch_fiber(m.main, m.running->flow);
    if (!m.failure.empty()) throw error(m.failure);
    while (carry_out_next()) {
    }
    if (m.alive != 0) throw error(deadlock_report());
}

/// Runs `body()` as every thread of the grid. Throws sim::error. Not to be called from inside a kernel.
template <class Body>
void launch(const options& o, geometry g, Body body) {
    validate(g);
    if (g.registers == 0) g.registers = std::min(sm_registers / g.threads / 8 * 8, 256u);
    machine m;
    m.options = o;
    m.geometry = g;
    m.random_state = (o.seed + 1) * 0x9e3779b97f4a7c15ull | 1;
    m.body = std::move(body);
    struct guard {
        machine& m;
        explicit guard(machine& machine) : m(machine) { active = &m; }
        ~guard() {
            m.statistics.ticks = m.now;
            resources().last = {m.geometry, m.statistics, std::move(m.trace)};
            active = nullptr;
        }
    } active_machine(m);
    const u32 clusters = g.grid.count() / g.cluster.count();
    const u32 together = o.resident_clusters == 0 ? clusters : std::min(o.resident_clusters, clusters);
    for (u32 i = 0; i < clusters; i += together) run_clusters(i, std::min(i + together, clusters));
}

/// The parameters of kernel class K, its tensor maps encoded. A kernel without maps makes them of its arguments alone.
template <class K>
typename K::params parameters_of(const typename K::arguments& arguments) {
    if constexpr (K::map_count == 0) {
        return K::make_params(arguments);
    } else {
        tensor_map_request requests[K::map_count];
        tensor_map maps[K::map_count];
        K::tensor_maps(arguments, requests);
        for (std::size_t i = 0; i < K::map_count; ++i) maps[i] = encode_tensor_map(requests[i]);
        return K::make_params(arguments, maps);
    }
}

/// Runs kernel class K: encodes its tensor maps, launches K::run(params) with its geometry. Nothing for an empty grid.
template <class K>
void launch(const typename K::arguments& arguments, options o = {}) {
    static_assert(kernel<K>, "launch: the type must model kernel; the notes name what it lacks");
    geometry g;
    g.grid.x = u32(K::grid(arguments, o.num_sms));
    if (g.grid.x == 0) return;
    g.cluster.x = u32(K::launch.cluster_ctas);
    g.threads = K::launch.threads;
    g.smem_bytes = K::launch.smem_bytes;
    if (K::launch.all_resident) o.resident_clusters = 0;
    const typename K::params params = parameters_of<K>(arguments);
    launch(o, g, [&params] { K::run(params); });
}

}  // namespace deepgemm::sim
