// SPDX-License-Identifier: MIT
// The state of the simulated machine: CTAs, clusters, grids and the machine itself. thread_state.hpp has the state of threads
// and warps, barrier_state.hpp that of barriers. No behaviour: scheduling is in machine.hpp, the meaning of instructions in the
// files named after their families.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/barrier_state.hpp>
#include <deepgemm/sim/fiber.hpp>
#include <deepgemm/sim/thread_state.hpp>
#include <deepgemm/sim/trace.hpp>
#include <deepgemm/sim/vector_clock.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// One launch of a kernel, on one device.
struct grid_state {
    sim::geometry geometry;
    std::function<void()> body;  ///< what every thread runs
    int device = 0;
    u32 number = 0;             ///< in the machine
    u32 first_cta = 0;          ///< number of its first CTA in the machine
    u32 begun = 0;              ///< clusters that have begun, or that others have cancelled to do their work
    std::vector<u32> pending;   ///< numbers of the clusters that have not
    u32 alive = 0;              ///< threads that have not ended; 0 before it starts, too
    global_range parameters{};  ///< memory that no kernel writes
    knowledge before;           ///< what comes before its start: all that the device ran
    gathering ended;            ///< what its threads leave behind
};

/// What remains of a CTA when its threads have gone: who accessed global memory.
struct cta_log {
    extent3 index;
    u32 number = 0;  ///< in the machine
    u32 rank = 0;
    u32 grid = 0;  ///< number of its grid
    int device = 0;
    std::vector<const char*> roles;  ///< by warp
    std::vector<u32> generation;     ///< by thread, of its generic accesses: how often it has released any
    std::vector<u32> published;      ///< by thread: that number at its last release or fence, which barriers are not
    std::vector<u32> groups_done;    ///< by thread: bulk groups waited for
    std::vector<u32> groups_read;    ///< by thread: bulk groups waited for by wait_group.read
    std::vector<u32> loads;          ///< by warp: copies to shared memory that it has issued
    std::vector<u32> loads_landed;   ///< by warp: the newest of them that has landed
    std::vector<u32> maps_used;      ///< by warp: its TMA stores by tensor maps that kernels may write
    std::vector<u32> maps_read;      ///< by warp: the newest of them that has read its map

    std::string too_narrow;  ///< the last of its releases or fences that ordered nothing, for messages

    u32 threads() const { return u32(generation.size()); }
};

/// A copy into shared memory that has not landed.
struct pending_write {
    byte_range range;
    u32 barrier;  ///< offset
    u64 id;
};
/// An asynchronous read of shared memory that has not happened.
struct pending_read {
    byte_range range;
    const char* who;
    u32 warp;
    u64 id;
};

/// Where an answer about a cancelled cluster lies in shared memory, see cluster_launch.hpp.
struct cancel_answer {
    u32 offset;
    bool landed;
    std::vector<const thread_state*> readers;  ///< that have read it and not fenced their reads
};

struct cta_state {
    cluster_state* cluster = nullptr;
    u32 rank = 0;
    extent3 index;
    u32 alive = 0;  ///< threads that have not ended
    cta_log* log = nullptr;
    std::vector<thread_state> threads;
    std::vector<warp_state> warps;
    std::vector<warpgroup_state> warpgroups;
    // shared memory as the generic proxy and as the async proxy see it; one bit per byte: ever written
    u32 smem_bytes = 0;
    u8 *generic = nullptr, *async = nullptr;
    u64* written = nullptr;
    std::vector<pending_write> pending_writes;
    std::vector<u64> copying;  ///< one bit per byte, once there is a cp.async: one into it has not landed
    u32 copies_under_way = 0;  ///< cp.asyncs that have not landed
    std::vector<pending_read> pending_reads;
    std::vector<cancel_answer> answers;  ///< of clusterlaunchcontrol.try_cancel
    bool cancel_failed = false;          ///< a thread has read that nothing was cancelled
    // barriers
    std::vector<std::unique_ptr<mbarrier_state>> mbarriers;
    named_barrier named[16];
    u32 free_registers = 0;
    wait_list register_waiters;
    // instruction families with state of their own
    slot tcgen05;
    std::vector<void (*)(thread_state&)> thread_exit_checks;  ///< run by each thread as it ends; may fail()
    std::vector<void (*)(cta_state&)> exit_checks;            ///< run when the CTA's last thread ends; may fail()
};

struct cluster_state {
    grid_state* grid = nullptr;
    std::vector<std::unique_ptr<cta_state>> ctas;  ///< by rank
    u32 alive = 0, arrived = 0, generation = 0;    ///< of the cluster barrier
    wait_list waiters;
    gathering arrivals;
    knowledge published;  ///< by the arrivals of the last generation
};

/// Asynchronous work at its time. Equal times keep the order of posting.
struct event {
    u64 time, sequence;
    thread_state* origin;
    std::function<void()> work;
    bool operator<(const event& other) const {  // the heap's top is the earliest
        return time != other.time ? time > other.time : sequence > other.sequence;
    }
};

struct machine {
    sim::options options;
    int devices = 1;
    std::vector<std::unique_ptr<grid_state>> grids;        ///< by number
    std::vector<std::unique_ptr<cluster_state>> clusters;  ///< those resident now
    std::vector<std::unique_ptr<cta_log>> logs;            ///< by number of the CTA
    slot shadow;                                           ///< of global memory
    struct acquired {
        knowledge before, from, after;
    };
    acquired recent_acquires[16];  ///< lanes and warps mostly acquire the same, with the same result
    sim::statistics statistics;
    std::vector<span> trace;
    std::string failure;
    bool trapped = false;  ///< the kernel itself gave up
    // scheduler
    thread_state* running = nullptr;  ///< null in asynchronous work
    thread_state* origin = nullptr;   ///< in asynchronous work: who issued it
    fiber main;
    std::vector<warp_state*> queue;
    std::size_t queue_head = 0;
    warp_state* running_warp = nullptr;
    wait_list pollers;
    u32 idle_polls = 0;
    u32 alive = 0;
    u64 steps = 0;                       ///< that the device of options::stop has taken
    std::size_t blocks = 0, fibers = 0;  ///< of shared memory and of stacks, in use
    u32 smem_bytes = 0;                  ///< the most that a CTA of any grid has
    std::vector<grid_state*> waiting;    ///< not yet started: for the launch before them on their device
    u64 idle_time = 0;                   ///< nanoseconds that passed while threads did nothing but poll
    std::vector<event> events;
    u64 now = 0, sequence = 0, ids = 0, random_state = 1;

    u64 random() {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        return random_state;
    }
    bool shuffles() const { return options.shuffle || options.policy == policy::random; }
};

}  // namespace deepgemm::sim
