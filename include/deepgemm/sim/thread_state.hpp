// SPDX-License-Identifier: MIT
// The state of a simulated thread, of its warp and of its warpgroup: what each waits for, what its copies and stores have come
// to, and how its accesses to memory are ordered. No behaviour.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/core/types.cuh>
#include <deepgemm/sim/fiber.hpp>
#include <deepgemm/sim/vector_clock.hpp>

#include <deque>
#include <memory>
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

}  // namespace deepgemm::sim
