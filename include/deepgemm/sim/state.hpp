// SPDX-License-Identifier: MIT
// The state of the simulated machine: threads, warps, CTAs, clusters and what they are made of. No behaviour;
// scheduling is in machine.hpp, the meaning of instructions in the files named after their families.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/scope.cuh>
#include <deepgemm/sim/fiber.hpp>
#include <deepgemm/sim/trace.hpp>
#include <deepgemm/sim/vector_clock.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

struct thread_state;
struct warp_state;
struct cta_state;
struct cluster_state;

/// State that another header defines, created at first use and destroyed with its owner.
class slot {
public:
    template <class T>
    T& get() {
        if (!state_) make<T>();
        return *static_cast<T*>(state_.get());
    }
    bool empty() const { return !state_; }

private:
    template <class T>
    [[gnu::noinline]] void make() {
        state_ = std::make_shared<T>();
    }
    std::shared_ptr<void> state_;
};

/// Threads waiting for one thing.
using wait_list = std::vector<thread_state*>;

/// Why a thread is suspended, for the deadlock report. `what` is the instruction; barriers fill in the rest.
struct wait_reason {
    enum class kind : u8 {
        other,            ///< asynchronous work, which completes by itself
        mbarrier,         ///< of the thread's CTA
        named_barrier,    ///< of the thread's CTA
        cluster_barrier,  ///< of the thread's cluster
        collective,       ///< of the thread's warp
        registers,        ///< of the thread's CTA
        polling           ///< an instruction that a kernel calls in a loop
    } reason = kind::other;
    const char* what = "";
    const char* name = "";         ///< the barrier's name, as the kernel gives it
    u32 address = 0, value = 0;    ///< offset and parity; barrier number and threads; count and registers needed
    const void* global = nullptr;  ///< the word that is polled, of `value` bytes
};

/// Bytes [lo, hi) of a CTA's dynamic shared memory.
struct byte_range {
    u32 lo, hi;
    bool overlaps(u32 l, u32 h) const { return lo < h && l < hi; }
};

/// Stores of one thread that the async proxy does not see yet.
struct dirty_range {
    cta_state* cta;
    byte_range range;
};

/// A cp.async of one thread, of `bytes` bytes, the first `read` of them from memory.
struct thread_copy {
    u32 offset;
    const u8* from;
    u32 bytes, read;
};

/// Makes a series of post()s take effect in order.
struct in_order {
    u64 time = 0;
};

/// A bulk or tensor store of one thread.
struct bulk_operation {
    u32 group;
    bool source_read, written;
};

/// How a thread's accesses to global memory are ordered; see ordering.hpp.
struct thread_order {
    knowledge known;               ///< what comes before its next access
    knowledge joined;              ///< what it acquired last: barriers often hand on the same again
    bool accessed = false;         ///< global memory, itself, since it last released
    scoped_knowledge released;     ///< at its last fence.acq_rel of each scope, for relaxed stores that follow
    scoped_knowledge observed;     ///< by relaxed loads, for the next fence.acq_rel, by the scope that this needs
    const void* polled = nullptr;  ///< the address of its last ld.global,
    u32 polls = 0;                 ///< and how often it loaded from there in succession
    struct acquired_map {
        const void* map;
        vector_clock as_of;
    };
    std::vector<acquired_map> maps;  ///< fence.proxy.tensormap acquires
    struct store_by_map {
        u32 group, number;  ///< bulk group; among those of the warp
    };
    std::vector<store_by_map> stores_by_map;  ///< TMA stores that may still read a tensor map that kernels may write
};

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

struct thread_state {
    cta_state* cta = nullptr;
    warp_state* warp = nullptr;
    u32 index = 0, lane = 0;  ///< in the CTA; in the warp
    bool done = false;
    bool grid_waited = false;  ///< for the grid that this one depends on
    thread_order order;
    fiber flow;
    wait_reason wait;
    wait_reason last_poll;  ///< the word in global memory that it polled last
    // shared memory and barriers
    std::vector<dirty_range> dirty;
    std::vector<u32> unfenced_barriers;  ///< initialised, not yet fenced; offsets
    struct observation {
        u32 offset;
        i64 phase;
    };
    std::vector<observation> observed;  ///< last phase seen of each mbarrier
    u64 observations = 0;               ///< successful waits on mbarriers
    bool cluster_arrived = false;
    u32 cluster_generation = 0;
    // copies and stores
    std::vector<thread_copy> copies;                   ///< cp.asyncs that no arrival and no commit follows yet
    std::deque<std::vector<thread_copy>> copy_groups;  ///< committed, and not waited for
    in_order arrivals_of_copies;
    std::vector<std::shared_ptr<bulk_operation>> bulk;
    u32 bulk_commits = 0;
    wait_list bulk_waiters;
};

struct warp_state {
    cta_state* cta = nullptr;
    u32 index = 0;
    thread_state* lanes[32] = {};
    u32 ready = 0;  ///< lanes that can run
    bool queued = false;
    const char* role = "";
    u32 elected = 0;            ///< the lane elect_one() picks
    u32 registers = 0;          ///< per thread
    const char* unwaited = "";  ///< the wait that its tcgen05.ld or tcgen05.st lacks, or ""
    // the collective its lanes are meeting in, double-buffered so that early lanes may enter the next one
    u32 met = 0, meeting = 0;
    const char* collective = "";
    u64 argument[2][32], result[2][32];
    wait_list waiters;
    gathering arrivals;  ///< of the lanes, at bar.warp.sync
};

struct warpgroup_state {
    slot wgmma;
};

/// Which threads have come to a barrier, ever and in its current round. For the report of a deadlock.
class attendance {
public:
    void note(const thread_state& t, u64 round) {
        if (last_ >= warps_.size() || warps_[last_].warp != t.warp) find(t.warp);
        entry& e = warps_[last_];
        const u32 lane = 1u << t.lane;
        e.now = (e.round == round ? e.now : 0) | lane;
        e.round = round;
        e.ever |= lane;
    }
    /// Calls f(thread) for each thread that has come in an earlier round and not in this one.
    template <class F>
    void for_each_absent(u64 round, F f) const {
        for (const entry& e : warps_) {
            const u32 absent = e.ever & ~(e.round == round ? e.now : 0);
            for (u32 rest = absent; rest != 0; rest &= rest - 1) f(*e.warp->lanes[__builtin_ctz(rest)]);
        }
    }
    bool has_come(const thread_state& t, u64 round) const {
        for (const entry& e : warps_) {
            if (e.warp == t.warp) return e.round == round && (e.now >> t.lane & 1) != 0;
        }
        return false;
    }

private:
    struct entry {
        const warp_state* warp;
        u64 round;
        u32 ever, now;
    };
    [[gnu::noinline]] void find(const warp_state* warp) {
        for (last_ = 0; last_ < warps_.size() && warps_[last_].warp != warp;) ++last_;
        if (last_ == warps_.size()) warps_.push_back({warp, 0, 0, 0});
    }
    std::vector<entry> warps_;
    std::size_t last_ = 0;  // entry of the thread that came last: lanes of a warp come together
};

struct named_barrier {
    u32 threads = 0, arrived = 0;
    u64 round = 0;
    wait_list waiters;
    gathering arrivals;
    attendance arrivers;
};

/// See mbarrier.hpp.
struct mbarrier_state {
    u32 offset = 0, expected = 0, pending = 0;
    i64 tx = 0;
    u64 phase = 0;
    bool live = false, fenced = false;
    wait_list waiters;
    gathering arrivals;      ///< in the current phase
    knowledge published[2];  ///< by the arrivals of the last phases, by parity
    knowledge from_peers,
        published_by_peers[2];        ///< by fences before arrivals from other CTAs, for a fence after the wait
    attendance arrivers;              ///< by phase
    attendance copiers;               ///< who issued the copies that it counts, by the phase in which they landed
    std::vector<dirty_range> copied;  ///< by cp.asyncs whose arrivals count in the current phase
    std::vector<dirty_range> copied_before[2];  ///< the same of the last phases, by parity
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
