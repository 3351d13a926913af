// SPDX-License-Identifier: MIT
// The simulated machine: threads, warps, CTAs and clusters, the scheduler that runs them one at a time, and the queue of
// asynchronous work. What instructions mean is in the other headers of sim/; they use, from here:
//   me(), current()            the running thread, the machine
//   fail(text)                 stops the launch with a sim::error that names who did it
//   block(list, reason)        suspends the running thread until wake_all(list); re-check the condition in a loop
//   post(work), post(work, q)  work of an asynchronous engine, in any order or in the order of `q`
//   slot::get<T>()             state of an instruction family, kept in its CTA or warpgroup
// and from memory.hpp what concerns shared memory.
// All state belongs to one launch and one OS thread: launches on several OS threads are independent.
#pragma once

#include <deepgemm/sim/fiber.hpp>
#include <deepgemm/sim/trace.hpp>

#include <memory>
#include <utility>

namespace deepgemm::sim {

struct thread_state;
struct warp_state;
struct cta_state;
struct cluster_state;

/// A move-only callable without arguments.
class task {
public:
    task() = default;
    template <class F>
    explicit task(F f) : work_(new holder<F>(std::move(f))) {}
    void operator()() { work_->run(); }

private:
    struct base {
        virtual ~base() = default;
        virtual void run() = 0;
    };
    template <class F>
    struct holder final : base {
        explicit holder(F f) : f(std::move(f)) {}
        void run() override { f(); }
        F f;
    };
    std::unique_ptr<base> work_;
};

/// State that another header defines, created at first use and destroyed with its owner.
class slot {
public:
    template <class T>
    T& get() {
        if (!state_) state_ = std::make_shared<T>();
        return *static_cast<T*>(state_.get());
    }
    bool empty() const { return !state_; }

private:
    std::shared_ptr<void> state_;
};

/// Threads waiting for one thing.
using wait_list = std::vector<thread_state*>;

/// Why a thread is suspended, for the deadlock report. `what` is the instruction; barriers fill in the rest.
struct wait_reason {
    enum class kind : u8 { other, mbarrier, named_barrier, registers, polling } reason = kind::other;
    const char* what = "";
    const char* name = "";       ///< the barrier's name, as the kernel gives it
    u32 address = 0, value = 0;  ///< offset and parity; barrier number and threads; count and registers needed
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

/// A bulk or tensor store of one thread.
struct bulk_operation {
    u32 group;
    bool source_read, written;
};

struct thread_state {
    cta_state* cta = nullptr;
    warp_state* warp = nullptr;
    u32 index = 0, lane = 0;  ///< in the CTA; in the warp
    bool done = false;
    fiber flow;
    wait_reason wait;
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
    // stores
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
    u32 elected = 0;    ///< the lane elect_one() picks
    u32 registers = 0;  ///< per thread
    // the collective its lanes are meeting in, double-buffered so that early lanes may enter the next one
    u32 met = 0, meeting = 0;
    const char* collective = "";
    u64 argument[2][32], result[2][32];
    wait_list waiters;
};

struct warpgroup_state {
    slot wgmma;
};

struct named_barrier {
    u32 threads = 0, arrived = 0;
    wait_list waiters;
};

/// See mbarrier.hpp.
struct mbarrier_state {
    u32 offset = 0, expected = 0, pending = 0;
    i64 tx = 0;
    u64 phase = 0;
    bool live = false, fenced = false;
    wait_list waiters;
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

struct cta_state {
    cluster_state* cluster = nullptr;
    u32 rank = 0;
    extent3 index;
    u32 alive = 0;  ///< threads that have not ended
    std::vector<thread_state> threads;
    std::vector<warp_state> warps;
    std::vector<warpgroup_state> warpgroups;
    // shared memory as the generic proxy and as the async proxy see it; one bit per byte: ever written
    u32 smem_bytes = 0;
    u8 *generic = nullptr, *async = nullptr;
    u64* written = nullptr;
    std::vector<pending_write> pending_writes;
    std::vector<pending_read> pending_reads;
    // barriers
    std::vector<std::unique_ptr<mbarrier_state>> mbarriers;
    named_barrier named[16];
    u32 free_registers = 0;
    wait_list register_waiters;
    bool grid_waited = false;
    // instruction families with state of their own
    slot tcgen05;
    std::vector<void (*)(thread_state&)> thread_exit_checks;  ///< run by each thread as it ends; may fail()
    std::vector<void (*)(cta_state&)> exit_checks;            ///< run when the CTA's last thread ends; may fail()
};

struct cluster_state {
    std::vector<std::unique_ptr<cta_state>> ctas;  ///< by rank
    u32 alive = 0, arrived = 0, generation = 0;    ///< of the cluster barrier
    wait_list waiters;
};

/// Makes a series of post()s take effect in order.
struct in_order {
    u64 time = 0;
};

/// Asynchronous work at its time. Equal times keep the order of posting.
struct event {
    u64 time, sequence;
    thread_state* origin;
    task work;
    bool operator<(const event& other) const {  // the heap's top is the earliest
        return time != other.time ? time > other.time : sequence > other.sequence;
    }
};

struct machine {
    sim::options options;
    sim::geometry geometry;
    std::vector<std::unique_ptr<cluster_state>> clusters;  ///< those resident now
    sim::statistics statistics;
    std::vector<span> trace;
    task body;  ///< what every thread runs
    std::string failure;
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

inline constinit thread_local machine* active = nullptr;

/// The machine that runs the calling kernel.
inline machine& current() { return *active; }
/// The running thread. Not in asynchronous work.
inline thread_state& me() { return *active->running; }

inline u32 linear_index(const cta_state& cta) {
    const extent3& grid = current().geometry.grid;
    return cta.index.x + grid.x * (cta.index.y + grid.y * cta.index.z);
}

/// "CTA (1,0,0) rank 1 warp 3 role math lane 0".
inline std::string describe(const thread_state& t) {
    const extent3& i = t.cta->index;
    return text("CTA (%u,%u,%u) rank %u warp %u%s%s lane %u", i.x, i.y, i.z, t.cta->rank, t.warp->index,
                *t.warp->role != 0 ? " role " : "", t.warp->role, t.lane);
}

/// Stops the launch: throws sim::error with `message` after the name of the thread concerned.
[[noreturn]] inline void fail(const std::string& message) {
    const machine& m = current();
    if (m.running != nullptr) throw error(describe(*m.running) + ": " + message);
    if (m.origin != nullptr) throw error(describe(*m.origin) + " (asynchronously): " + message);
    throw error(message);
}

inline void set_role(const char* name) { me().warp->role = name; }

// ---- timeline

/// Opens a span of the running warp; returns what end_span() takes. Waits are recorded for the elected lane only.
inline std::size_t begin_span(activity kind, const char* what) {
    machine& m = current();
    const thread_state& t = me();
    if (!m.options.trace || (kind == activity::wait && t.lane != t.warp->elected)) return ~std::size_t(0);
    m.trace.push_back({m.now, 0, linear_index(*t.cta), t.warp->index, t.warp->role, kind, what});
    return m.trace.size() - 1;
}
inline void end_span(std::size_t span) {
    if (span != ~std::size_t(0)) current().trace[span].end = std::max<u64>(current().now, 1);
}

// ---- scheduler

/// Makes a suspended thread runnable.
inline void wake(thread_state& t) {
    machine& m = current();
    warp_state& w = *t.warp;
    w.ready |= 1u << t.lane;
    if (!w.queued) {
        w.queued = true;
        m.queue.push_back(&w);
    }
}

inline void wake_all(wait_list& list) {
    if (list.empty()) return;
    for (thread_state* t : list) wake(*t);
    list.clear();
    current().idle_polls = 0;
}

/// Carries out one piece of asynchronous work as nobody; `origin` is blamed for errors.
inline void carry_out(task& work, thread_state* origin) {
    machine& m = current();
    thread_state* const running = std::exchange(m.running, nullptr);
    thread_state* const outer = std::exchange(m.origin, origin);
    ++m.statistics.events;
    m.idle_polls = 0;
    try {
        work();
    } catch (...) {
        m.running = running;
        m.origin = outer;
        throw;
    }
    m.running = running;
    m.origin = outer;
}

inline bool carry_out_next() {
    machine& m = current();
    if (m.events.empty()) return false;
    std::pop_heap(m.events.begin(), m.events.end());
    event next = std::move(m.events.back());
    m.events.pop_back();
    m.now = std::max(m.now, next.time) + 1;
    carry_out(next.work, next.origin);
    return true;
}

/// Hands work to an asynchronous engine; it takes effect as the policy says, after earlier work of the same `order`.
template <class F>
void post(F work, in_order* order = nullptr) {
    machine& m = current();
    thread_state* const origin = m.running != nullptr ? m.running : m.origin;
    task t(std::move(work));
    if (m.options.policy == policy::eager) {
        carry_out(t, origin);
        return;
    }
    u64 time = m.now;
    if (order != nullptr) time = std::max(time, order->time);
    if (m.options.policy == policy::random) time += m.random() % (m.options.max_delay + 1);
    if (order != nullptr) order->time = time;
    m.events.push_back({time, m.sequence++, origin, std::move(t)});
    std::push_heap(m.events.begin(), m.events.end());
}

/// The next thread to run, after carrying out asynchronous work that is due; null if nothing can ever run again.
inline thread_state* pick() {
    constexpr u32 idle_limit = 10000;  // rounds of polling during which nothing else happened
    machine& m = current();
    for (;;) {
        if (m.running_warp != nullptr) {
            warp_state& w = *m.running_warp;
            if (w.ready != 0) {
                const u32 lane = u32(__builtin_ctz(w.ready));
                w.ready &= w.ready - 1;
                return w.lanes[lane];
            }
            w.queued = false;
            m.running_warp = nullptr;
        }
        ++m.now;
        if (m.options.policy == policy::random) {
            while (!m.events.empty() && m.events.front().time <= m.now) carry_out_next();
        }
        if (m.queue_head < m.queue.size()) {
            if (m.shuffles()) {
                std::swap(m.queue[m.queue_head], m.queue[m.queue_head + m.random() % (m.queue.size() - m.queue_head)]);
            }
            m.running_warp = m.queue[m.queue_head++];
            if (m.queue_head == m.queue.size()) {
                m.queue.clear();
                m.queue_head = 0;
            }
            continue;
        }
        const bool worked = carry_out_next();
        if (!m.pollers.empty() && ++m.idle_polls < idle_limit) {
            for (thread_state* t : std::exchange(m.pollers, {})) wake(*t);
        } else if (!worked) {
            return nullptr;
        }
    }
}

/// Leaves the running thread for the next one, or for the launcher if there is none.
inline void reschedule(bool ends = false) {
    machine& m = current();
    thread_state* const self = m.running;
    thread_state* const next = pick();
    m.running = next;
    if (next == self && !ends) return;
    ++m.statistics.switches;
    switch_fiber(self->flow, next != nullptr ? next->flow : m.main, ends);
}

/// Suspends the running thread until wake_all(list). Hold nothing that owns memory across this call: when a launch
/// fails, suspended threads are abandoned.
inline void block(wait_list& list, const wait_reason& reason) {
    thread_state& t = me();
    if (static_cast<u8*>(__builtin_frame_address(0)) < t.flow.stack + 2048) fail("stack nearly exhausted");
    t.wait = reason;
    list.push_back(&t);
    reschedule();
    t.wait = {};
}

/// Lets everything else run that can; for instructions that a kernel calls in a loop.
inline void yield(const char* what) { block(current().pollers, {wait_reason::kind::polling, what, "", 0, 0}); }

}  // namespace deepgemm::sim
