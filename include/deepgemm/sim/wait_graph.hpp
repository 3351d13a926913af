// SPDX-License-Identifier: MIT
// Why a launch cannot go on: who would complete what each suspended thread waits for, and where these waits form a cycle. Where
// membership and history do not tell who would complete a wait (awaited.hpp), elimination may: if nothing can run any more,
// only those can that reach the barrier or the word, and if all of these wait themselves, the report follows their waits. Where
// nothing tells it, the report says so.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/awaited.hpp>
#include <deepgemm/sim/waits.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// See the head of this file. It is valid only at the moment at which it is made.
class wait_graph {
public:
    /// `total`: no thread can run and no asynchronous work is left.
    explicit wait_graph(bool total) : total_(total) {
        for_each_thread(current(), [this](const thread_state& t) { collect(t); });
        for (node& n : nodes_) n.find_completers();
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
            out += "  " + n.name_of_waiter(*n.waiters[0]) + " waits for " + n.name() + "; " + n.cause + "\n";
        }
        return out;
    }

private:
    /// Something that threads wait for, and the nodes that lead from it.
    struct node : awaited {
        bool stuck = false;               // part of a cycle, or leads to one
        std::vector<std::size_t> next{};  // what completers wait for
    };

    void collect(const thread_state& t) {
        const void* const object = awaited_by(t);
        const bool runs = (t.warp->ready >> t.lane & 1) != 0 && t.wait.reason != wait_reason::kind::polling;
        if (object == nullptr || runs || is_gone(t)) return;
        const auto [at, is_new] = index_.try_emplace(object, nodes_.size());
        if (is_new) nodes_.push_back({{object}});
        nodes_[at->second].waiters.push_back(&t);
    }

    // ---- who waits for whom

    void link(node& n) {
        for (const thread_state* t : n.completers) {
            const auto found = index_.find(awaited_by(*t));
            if (found == index_.end()) {
                const bool waits = t->wait.reason == wait_reason::kind::other && *t->wait.what != 0;
                n.cause = n.completed_by(describe(*t)) +
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
            if (step == 0) out += n.name_of_waiter(link_between(before, n));
            out += " waits for " + n.name() + ", which " + after.name_of_waiter(link_between(n, after)) +
                   " would complete (" + n.evidence + ")" + (step + 1 < cycle.size() ? ", which" : "");
        }
        return out;
    }

    bool total_;
    std::vector<node> nodes_;
    std::map<const void*, std::size_t> index_;
};

}  // namespace deepgemm::sim
