// SPDX-License-Identifier: MIT
// The simulated machine at work: the scheduler that runs threads one at a time, and the queue of asynchronous work.
// What instructions mean is in the other headers of sim/; they use, from here:
//   me(), current()            the running thread, the machine
//   fail(text)                 stops the launch with a sim::error that names who did it
//   block(list, reason)        suspends the running thread until wake_all(list); re-check the condition in a loop
//   post(work), post(work, q)  work of an asynchronous engine, in any order or in the order of `q`
//   slot::get<T>()             state of an instruction family, kept in its CTA or warpgroup
// and from memory.hpp what concerns shared memory.
// All state belongs to one launch and one OS thread: launches on several OS threads are independent.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/state.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

inline constinit thread_local machine* active = nullptr;

/// The machine that runs the calling kernel.
inline machine& current() { return *active; }
/// The running thread. Not in asynchronous work.
inline thread_state& me() { return *active->running; }

/// The launch that the running thread belongs to.
inline const geometry& my_geometry() { return me().cta->cluster->grid->geometry; }

inline u32 linear_index(const cta_state& cta) {
    const extent3& grid = cta.cluster->grid->geometry.grid;
    return cta.index.x + grid.x * (cta.index.y + grid.y * cta.index.z);
}

/// "device 1 " if there are several.
inline std::string name_of_device(int device) { return current().devices > 1 ? text("device %d ", device) : ""; }

/// "CTA (1,0,0) rank 1 warp 3 role math", after its device if there are several.
inline std::string describe(const warp_state& w) {
    const extent3& i = w.cta->index;
    return name_of_device(w.cta->cluster->grid->device) + text("CTA (%u,%u,%u) rank %u warp %u%s%s", i.x, i.y, i.z,
                                                               w.cta->rank, w.index, *w.role != 0 ? " role " : "",
                                                               w.role);
}
/// The same with " lane 0".
inline std::string describe(const thread_state& t) { return describe(*t.warp) + text(" lane %u", t.lane); }

/// Stops the launch: throws sim::error with `message` after the name of the thread concerned.
[[noreturn]] inline void fail(const std::string& message) {
    const machine& m = current();
    if (m.running != nullptr) raise(error(describe(*m.running) + ": " + message));
    if (m.origin != nullptr) raise(error(describe(*m.origin) + " (asynchronously): " + message));
    raise(error(message));
}

/// The same with a message in the manner of printf.
[[noreturn, gnu::format(printf, 1, 2)]] inline void fail(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const std::string message = text_of(format, arguments);
    va_end(arguments);
    fail(message);
}

/// Ends the launch because the kernel says so; the message goes on with who waits for what.
[[noreturn]] inline void trap() {
    current().trapped = true;
    fail("a kernel trapped");
}

inline void set_role(const char* name) {
    me().warp->role = name;
    me().cta->log->roles[me().warp->index] = name;
}

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
inline void carry_out(const std::function<void()>& work, thread_state* origin) {
    machine& m = current();
    struct restoring {  // also where the work throws
        machine& m;
        thread_state *running, *origin;
        ~restoring() {
            m.running = running;
            m.origin = origin;
        }
    } const before{m, std::exchange(m.running, nullptr), std::exchange(m.origin, origin)};
    ++m.statistics.events;
    m.idle_polls = 0;
    work();
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
inline void post(std::function<void()> work, in_order* order = nullptr) {
    machine& m = current();
    thread_state* const origin = m.running != nullptr ? m.running : m.origin;
    if (m.options.policy == policy::eager) {
        carry_out(work, origin);
        return;
    }
    u64 time = std::max(m.now, order != nullptr ? order->time : 0);
    if (m.options.policy == policy::random) time += m.random() % (m.options.max_delay + 1);
    if (order != nullptr) order->time = time;
    m.events.push_back({time, m.sequence++, origin, std::move(work)});
    std::push_heap(m.events.begin(), m.events.end());
}

/// True if the device of a thread that could run has stopped, see options::stop; else the device takes one more step.
inline bool has_stopped(const thread_state& t) {
    machine& m = current();
    if (t.cta->log->device != m.options.stop.device) return false;
    if (m.steps == m.options.stop.after) return true;
    ++m.steps;
    return false;
}

/// The next thread to run, after carrying out asynchronous work that is due; null if nothing can ever run again.
inline thread_state* pick() {
    constexpr u32 idle_soon = 16;           // rounds after which time runs fast, so that
    constexpr u64 idle_round = 10'000'000;  // waits of bounded patience end: nanoseconds a round
    machine& m = current();
    for (;;) {
        if (m.running_warp != nullptr) {
            warp_state& w = *m.running_warp;
            if (w.ready != 0) {
                const u32 lane = u32(__builtin_ctz(w.ready));
                w.ready &= w.ready - 1;
                if (m.options.stop.device >= 0 && has_stopped(*w.lanes[lane])) continue;
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
        if (!m.pollers.empty() && ++m.idle_polls < m.options.idle_rounds) {
            if (m.idle_polls > idle_soon) m.idle_time += idle_round;
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

/// Suspends the running thread until the machine's clock shows `time`. While nothing else can happen, the clock runs to it.
inline void pause_until(u64 time) {
    machine& m = current();
    thread_state& t = me();
    ++m.statistics.pauses;
    m.statistics.paused += time - std::min(time, m.now);
    const std::size_t span = m.now < time ? begin_span(activity::wait, "clock") : ~std::size_t(0);
    while (m.now < time) {
        m.events.push_back({time, m.sequence++, &t, [&t] { wake(t); }});
        std::push_heap(m.events.begin(), m.events.end());
        t.wait = {wait_reason::kind::other, "a wait for the clock"};
        reschedule();
        t.wait = {};
    }
    end_span(span);
}

/// Lets everything else run that can; for instructions that a kernel calls in a loop.
inline void yield(const wait_reason& reason) { block(current().pollers, reason); }
/// The same for an instruction that concerns a word of `bytes` at `polled`, if any.
inline void yield(const char* what, const void* polled = nullptr, u32 bytes = 0) {
    const wait_reason reason{wait_reason::kind::polling, what, "", 0, bytes, polled};
    if (polled != nullptr) me().last_poll = reason;
    yield(reason);
}

}  // namespace deepgemm::sim
