// SPDX-License-Identifier: MIT
// Why a launch cannot go on: who would complete what each suspended thread waits for, and where these waits form a cycle. Who
// would complete a wait is never guessed. Four things tell it:
//   membership   a warp, a cluster and a barrier of all threads of a CTA know who belongs to them and has yet to come
//   history      who has come to a barrier in earlier phases, or has stored a word before
//   elimination  if nothing can run any more, those of whom nobody can reach the barrier or the word but who wait themselves
// Where none of them does, the report says so.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/global_checks.hpp>
#include <deepgemm/sim/memory.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

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

/// See the head of this file. For the moment at which it is made.
class wait_graph {
public:
    /// `total`: no thread can run and no asynchronous work is left.
    explicit wait_graph(bool total) : total_(total) {
        for_each_thread(current(), [this](const thread_state& t) { collect(t); });
        for (node& n : nodes_) find_completers(n);
        for (node& n : nodes_) link(n);
        if (total_) eliminate();
        find_stuck();
    }

    /// The shortest cycle as a sentence, a line; then a line for each wait that would have to end first, and cannot or might
    /// not.
    std::string report() const {
        constexpr std::size_t most_causes = 4;
        std::string out;
        const std::vector<std::size_t> cycle = shortest_cycle();
        if (!cycle.empty()) out += "  CYCLE: " + sentence(cycle) + "\n";
        std::size_t causes = 0;
        for (const node& n : nodes_) {
            if (n.cause.empty() || ++causes > most_causes) continue;
            out += "  " + name_of(n, *n.waiters[0]) + " waits for " + name_of(n) + "; " + n.cause + "\n";
        }
        return out;
    }

private:
    /// Something that threads wait for.
    struct node {
        const void* object;
        std::vector<const thread_state*> waiters{};
        std::vector<const thread_state*> completers{};  // who would complete it and has not ended
        std::string evidence{};                         // how that is known; empty: it is not
        std::string cause{};                            // why no cycle follows from it
        bool all_needed = true;                         // each of the completers, not any of them
        bool stuck = false;                             // part of a cycle, or leads to one
        std::vector<std::size_t> next{};                // what completers wait for
    };

    void collect(const thread_state& t) {
        const void* const object = awaited_by(t);
        const bool runs = (t.warp->ready >> t.lane & 1) != 0 && t.wait.reason != wait_reason::kind::polling;
        if (object == nullptr || runs || is_gone(t)) return;
        const auto [at, is_new] = index_.try_emplace(object, nodes_.size());
        if (is_new) nodes_.push_back({object});
        nodes_[at->second].waiters.push_back(&t);
    }

    // ---- who would complete it

    void add(node& n, const thread_state& t) {
        if (is_gone(t)) {
            n.cause = completed_by(n, describe(t)) + ", but that has " + (t.done ? "ended" : "stopped with its device");
        } else {
            n.completers.push_back(&t);
        }
    }
    static std::string completed_by(const node& n, const std::string& thread) {
        return thread + " would complete it (" + n.evidence + ")";
    }

    void find_completers(node& n) {
        const thread_state& waiter = *n.waiters[0];
        switch (waiter.wait.reason) {
            case wait_reason::kind::mbarrier: complete_mbarrier(n, *awaited_mbarrier(waiter)); break;
            case wait_reason::kind::named_barrier: complete_named(n, *waiter.cta); break;
            case wait_reason::kind::cluster_barrier: complete_cluster(n, *waiter.cta->cluster); break;
            case wait_reason::kind::collective: complete_collective(n, *waiter.warp); break;
            case wait_reason::kind::polling: complete_word(n); break;
            case wait_reason::kind::registers: n.cause = "who would give registers back is not known"; break;
            case wait_reason::kind::other: break;
        }
    }

    static constexpr const char* membership = "it has yet to come";

    void complete_mbarrier(node& n, const mbarrier_state& m) {
        const bool copies = m.pending == 0 && m.tx > 0;
        n.evidence = copies ? "its copies landed there in an earlier phase" : "it arrived there in an earlier phase";
        (copies ? m.copiers : m.arrivers).for_each_absent(m.phase, [&](const thread_state& t) { add(n, t); });
        n.all_needed = !copies && n.completers.size() <= m.pending;
        give_up_unless_known(n, copies ? "nobody else has copied to it in an earlier phase"
                                       : "nobody else has arrived at it in an earlier phase");
    }
    void complete_named(node& n, const cta_state& cta) {
        const named_barrier& b = cta.named[n.waiters[0]->wait.address];
        if (b.threads == cta.threads.size()) {
            n.evidence = membership;
            for_each_thread(cta, [&](const thread_state& t) {
                if (!b.arrivers.has_come(t, b.round)) add(n, t);
            });
            return;
        }
        n.evidence = "it came there in an earlier round";
        b.arrivers.for_each_absent(b.round, [&](const thread_state& t) { add(n, t); });
        n.all_needed = n.completers.size() <= b.threads - b.arrived;
        give_up_unless_known(n, "nobody else has come to it in an earlier round");
    }
    void complete_cluster(node& n, const cluster_state& cluster) {
        n.evidence = membership;
        for_each_thread(cluster, [&](const thread_state& t) {
            const bool arrived = t.cluster_arrived && t.cluster_generation == cluster.generation;
            if (!t.done && !arrived) add(n, t);
        });
    }
    void complete_collective(node& n, const warp_state& warp) {
        n.evidence = membership;
        for (const thread_state* t : warp.lanes) {
            if ((warp.met >> t->lane & 1) == 0) add(n, *t);
        }
    }
    /// Of those who wait for the word themselves none will store it.
    void complete_word(node& n) {
        n.evidence = "it stored the word before";
        n.all_needed = false;
        const auto found = shadow().words.find(reinterpret_cast<std::uintptr_t>(n.object));
        if (found != shadow().words.end()) {
            const auto& writers = found->second.writers;
            for (const auto& [cta, thread] : writers) {
                if (writers.size() < word_state::most_writers) add_writer(n, cta, thread);
            }
        } else if (const write_record last = last_write(reinterpret_cast<std::uintptr_t>(n.object)); last.bytes != 0) {
            add_writer(n, last.cta, u32(last.thread));
        }
        const bool many = found != shadow().words.end() && found->second.writers.size() == word_state::most_writers;
        give_up_unless_known(n, many ? "many have stored it before" : "nobody else has stored it before");
    }
    void add_writer(node& n, u32 cta, u32 thread) {
        const cta_log& log = *current().logs[cta];
        for (const auto& cluster : current().clusters) {
            for (const auto& resident : cluster->ctas) {
                if (resident->log != &log) continue;
                const thread_state& t = resident->threads[thread];
                if (is_gone(t) || awaited_by(t) != n.object) add(n, t);
                return;
            }
        }
        n.cause = completed_by(n, describe(log, thread)) + ", but that has ended";
    }

    static void give_up_unless_known(node& n, const char* why) {
        if (!n.completers.empty() || !n.cause.empty()) return;
        n.evidence.clear();
        n.cause = text("who would complete it is not known: %s", why);
    }

    // ---- who waits for whom

    void link(node& n) {
        for (const thread_state* t : n.completers) {
            const auto found = index_.find(awaited_by(*t));
            if (found == index_.end()) {
                const bool waits = t->wait.reason == wait_reason::kind::other && *t->wait.what != 0;
                n.cause = completed_by(n, describe(*t)) +
                          (waits ? text(", which waits in %s", t->wait.what) : std::string(", which can run"));
            } else {
                add_next(n, found->second);
            }
        }
    }
    static void add_next(node& n, std::size_t i) {
        if (std::find(n.next.begin(), n.next.end(), i) == n.next.end()) n.next.push_back(i);
    }

    /// Follows the waits of which it is known that each takes the next one to end.
    std::size_t first_to_end(std::size_t i) const {
        for (std::size_t steps = 0; steps < nodes_.size(); ++steps) {
            const node& n = nodes_[i];
            if (n.evidence.empty() || n.next.empty() || !(n.all_needed || n.next.size() == 1)) break;
            i = n.next[0];
        }
        return i;
    }

    /// Calls f(thread) for those that can reach what a node stands for.
    template <class F>
    static void for_each_in_reach(const node& n, F f) {
        const thread_state& waiter = *n.waiters[0];
        switch (waiter.wait.reason) {
            case wait_reason::kind::polling: for_each_thread(current(), f); break;
            case wait_reason::kind::mbarrier: for_each_thread(*waiter.cta->cluster, f); break;
            default: for_each_thread(*waiter.cta, f);
        }
    }

    /// The other waits that those are in who can reach what node number `i` stands for; none if that does not tell who would
    /// complete it, since whole warps that could have done so are gone, or clusters have not begun.
    std::vector<std::size_t> others(std::size_t i) {
        node& n = nodes_[i];
        bool complete = n.waiters[0]->wait.reason != wait_reason::kind::polling || clusters_to_begin() == 0;
        std::vector<std::size_t> found;
        for_each_in_reach(n, [&](const thread_state& t) {
            const auto at = is_gone(t) ? index_.end() : index_.find(awaited_by(t));
            if (at != index_.end()) {
                if (at->second != i) found.push_back(at->second);
                return;
            }
            complete = complete && !std::all_of(std::begin(t.warp->lanes), std::end(t.warp->lanes),
                                                [](const thread_state* lane) { return is_gone(*lane); });
        });
        if (complete && found.empty()) n.cause = "nobody is left who could complete it";
        return complete ? found : std::vector<std::size_t>();
    }

    /// Where nothing else tells who would complete a wait, only those can that are in other waits; and of these not the ones
    /// that take the wait itself to end before they go on.
    void eliminate() {
        std::vector<std::vector<std::size_t>> candidates(nodes_.size());
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (nodes_[i].evidence.empty()) candidates[i] = others(i);
        }
        for (bool changed = true; changed;) {
            std::vector<std::vector<std::size_t>> next(nodes_.size());
            for (std::size_t i = 0; i < nodes_.size(); ++i) next[i] = first_of(candidates[i], i);
            changed = false;
            for (std::size_t i = 0; i < nodes_.size(); ++i) {
                node& n = nodes_[i];
                if (next[i].empty() || (!n.next.empty() && next[i].size() >= n.next.size())) continue;
                changed = true;
                n.evidence = next[i].size() == 1 ? "no other can any more" : "one of those who still can";
                n.next = std::move(next[i]);
                n.all_needed = false;
                n.cause.clear();
            }
        }
    }
    /// The waits that have to end first, for one of `candidates` to end that does not take node number `i` to end itself. If
    /// each of them does, all of them.
    std::vector<std::size_t> first_of(const std::vector<std::size_t>& candidates, std::size_t i) const {
        std::vector<std::size_t> first;
        for (const std::size_t candidate : candidates) {
            if (const std::size_t f = first_to_end(candidate); f != i) first.push_back(f);
        }
        if (first.empty()) first = candidates;
        std::sort(first.begin(), first.end());
        first.erase(std::unique(first.begin(), first.end()), first.end());
        return first;
    }

    // ---- cycles

    /// Finds the waits that cannot end because those which would have to end before do not: the largest set in which each leads
    /// to others of the set, by all of its ways or, where all completers are needed, by one.
    void find_stuck() {
        for (node& n : nodes_) n.stuck = n.cause.empty() && !n.next.empty();
        for (bool changed = true; changed;) {
            changed = false;
            for (node& n : nodes_) {
                if (!n.stuck) continue;
                const auto is_stuck = [this](std::size_t i) { return nodes_[i].stuck; };
                n.stuck = n.all_needed ? std::any_of(n.next.begin(), n.next.end(), is_stuck)
                                       : std::all_of(n.next.begin(), n.next.end(), is_stuck);
                changed |= !n.stuck;
            }
        }
    }

    std::size_t stuck_next(std::size_t i) const {
        const auto& all = nodes_[i].next;
        return *std::find_if(all.begin(), all.end(), [this](std::size_t k) { return nodes_[k].stuck; });
    }

    /// The waits of a cycle, each of which takes the next one to end, the last one the first; none if there is none.
    std::vector<std::size_t> shortest_cycle() const {
        std::vector<std::size_t> shortest, visited(nodes_.size(), 0);
        for (std::size_t start = 0; start < nodes_.size(); ++start) {
            std::vector<std::size_t> path;
            std::size_t i = start;
            for (; nodes_[i].stuck && visited[i] == 0; i = stuck_next(i)) {
                visited[i] = start + 1;
                path.push_back(i);
            }
            const auto again = std::find(path.begin(), path.end(), i);
            const std::vector<std::size_t> cycle(again, path.end());
            if (!cycle.empty() && (shortest.empty() || cycle.size() < shortest.size())) shortest = cycle;
        }
        return shortest;
    }

    /// A thread by which node `from` leads to node `to`.
    const thread_state& link_between(const node& from, const node& to) const {
        for (const thread_state* t : from.completers) {
            if (awaited_by(*t) == to.object) return *t;
        }
        return *to.waiters[0];
    }

    std::string sentence(const std::vector<std::size_t>& cycle) const {
        std::string out;
        for (std::size_t step = 0; step < cycle.size(); ++step) {
            const node& before = nodes_[cycle[(step + cycle.size() - 1) % cycle.size()]];
            const node& n = nodes_[cycle[step]];
            const node& after = nodes_[cycle[(step + 1) % cycle.size()]];
            if (step == 0) out += name_of(n, link_between(before, n));
            out += " waits for " + name_of(n) + ", which " + name_of(after, link_between(n, after)) +
                   " would complete (" + n.evidence + ")" + (step + 1 < cycle.size() ? ", which" : "");
        }
        return out;
    }

    /// "CTA (0,0,0) rank 0 warp 1 role math": a warp all of whose lanes wait for a node; else with its lane.
    static std::string name_of(const node& n, const thread_state& t) {
        const auto lanes = std::count_if(n.waiters.begin(), n.waiters.end(),
                                         [&t](const thread_state* w) { return w->warp == t.warp; });
        return lanes == 32 ? describe(*t.warp) : describe(t);
    }
    static std::string name_of(const node& n) {
        const thread_state& t = *n.waiters[0];
        const wait_reason& r = t.wait;
        switch (r.reason) {
            case wait_reason::kind::mbarrier:
                return text("mbarrier 0x%x%s%s", window + r.address, *r.name != 0 ? " " : "", r.name);
            case wait_reason::kind::named_barrier: return text("%s %u", r.what, r.address);
            case wait_reason::kind::polling: return name_of_global(reinterpret_cast<std::uintptr_t>(r.global));
            default: return r.what;
        }
    }

    bool total_;
    std::vector<node> nodes_;
    std::map<const void*, std::size_t> index_;
};

}  // namespace deepgemm::sim
