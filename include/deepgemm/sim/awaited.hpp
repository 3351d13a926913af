// SPDX-License-Identifier: MIT
// Something that suspended threads wait for, and who would complete it. Two things tell that, and it is never guessed:
//   membership   a warp, a cluster and a barrier of all threads of a CTA know who belongs to them and has yet to come
//   history      who has come to a barrier in earlier phases, or has stored a word before
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/global_checks.hpp>
#include <deepgemm/sim/memory.hpp>
#include <deepgemm/sim/waits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// See the head of this file. It is valid only at the moment at which find_completers() is called.
struct awaited {
    const void* object;                             ///< as awaited_by() says
    std::vector<const thread_state*> waiters{};     ///< at least one
    std::vector<const thread_state*> completers{};  ///< who would complete it and has not ended
    std::string evidence{};                         ///< how that is known; empty: it is not
    std::string cause{};                            ///< why no cycle follows from it
    bool all_needed = true;                         ///< each of the completers, not any of them

    /// Fills in all but `object` and `waiters`.
    void find_completers() {
        const thread_state& waiter = *waiters[0];
        switch (waiter.wait.reason) {
            case wait_reason::kind::mbarrier: complete_mbarrier(*awaited_mbarrier(waiter)); break;
            case wait_reason::kind::named_barrier: complete_named(*waiter.cta); break;
            case wait_reason::kind::cluster_barrier: complete_cluster(*waiter.cta->cluster); break;
            case wait_reason::kind::collective: complete_collective(*waiter.warp); break;
            case wait_reason::kind::polling: complete_word(); break;
            case wait_reason::kind::registers: cause = "who would give registers back is not known"; break;
            case wait_reason::kind::other: break;
        }
    }
    /// For messages: that `thread`, as they call it, would complete this.
    std::string completed_by(const std::string& thread) const {
        return thread + " would complete it (" + evidence + ")";
    }

    /// "CTA (0,0,0) rank 0 warp 1 role math": the warp of `t` if all of its lanes wait for this; else with the lane.
    std::string name_of_waiter(const thread_state& t) const {
        const auto lanes =
            std::count_if(waiters.begin(), waiters.end(), [&t](const thread_state* w) { return w->warp == t.warp; });
        return lanes == 32 ? describe(*t.warp) : describe(t);
    }
    /// What it is, as messages call it.
    std::string name() const {
        const thread_state& t = *waiters[0];
        const wait_reason& r = t.wait;
        switch (r.reason) {
            case wait_reason::kind::mbarrier:
                return text("mbarrier 0x%x%s%s", window + r.address, *r.name != 0 ? " " : "", r.name);
            case wait_reason::kind::named_barrier: return text("%s %u", r.what, r.address);
            case wait_reason::kind::polling: return name_of_global(reinterpret_cast<std::uintptr_t>(r.global));
            default: return r.what;
        }
    }

private:
    void add(const thread_state& t) {
        if (is_gone(t)) {
            cause = completed_by(describe(t)) + ", but that has " + (t.done ? "ended" : "stopped with its device");
        } else {
            completers.push_back(&t);
        }
    }

    static constexpr const char* membership = "it has yet to come";

    void complete_mbarrier(const mbarrier_state& m) {
        const bool copies = m.pending == 0 && m.tx > 0;
        evidence = copies ? "its copies landed there in an earlier phase" : "it arrived there in an earlier phase";
        (copies ? m.copiers : m.arrivers).for_each_absent(m.phase, [&](const thread_state& t) { add(t); });
        all_needed = !copies && completers.size() <= m.pending;
        give_up_unless_known(copies ? "nobody else has copied to it in an earlier phase"
                                    : "nobody else has arrived at it in an earlier phase");
    }
    void complete_named(const cta_state& cta) {
        const named_barrier& b = cta.named[waiters[0]->wait.address];
        if (b.threads == cta.threads.size()) {
            evidence = membership;
            for_each_thread(cta, [&](const thread_state& t) {
                if (!b.arrivers.has_come(t, b.round)) add(t);
            });
            return;
        }
        evidence = "it came there in an earlier round";
        b.arrivers.for_each_absent(b.round, [&](const thread_state& t) { add(t); });
        all_needed = completers.size() <= b.threads - b.arrived;
        give_up_unless_known("nobody else has come to it in an earlier round");
    }
    void complete_cluster(const cluster_state& cluster) {
        evidence = membership;
        for_each_thread(cluster, [&](const thread_state& t) {
            const bool arrived = t.cluster_arrived && t.cluster_generation == cluster.generation;
            if (!t.done && !arrived) add(t);
        });
    }
    void complete_collective(const warp_state& warp) {
        evidence = membership;
        for (const thread_state* t : warp.lanes) {
            if ((warp.met >> t->lane & 1) == 0) add(*t);
        }
    }
    /// Of those who wait for the word themselves none will store it.
    void complete_word() {
        evidence = "it stored the word before";
        all_needed = false;
        const auto found = shadow().words.find(reinterpret_cast<std::uintptr_t>(object));
        if (found != shadow().words.end()) {
            const auto& writers = found->second.writers;
            for (const auto& [cta, thread] : writers) {
                if (writers.size() < word_state::most_writers) add_writer(cta, thread);
            }
        } else if (const write_record last = last_write(reinterpret_cast<std::uintptr_t>(object)); last.bytes != 0) {
            add_writer(last.cta, u32(last.thread));
        }
        const bool many = found != shadow().words.end() && found->second.writers.size() == word_state::most_writers;
        give_up_unless_known(many ? "many have stored it before" : "nobody else has stored it before");
    }
    void add_writer(u32 cta, u32 thread) {
        const cta_log& log = *current().logs[cta];
        for (const auto& cluster : current().clusters) {
            for (const auto& resident : cluster->ctas) {
                if (resident->log != &log) continue;
                const thread_state& t = resident->threads[thread];
                if (is_gone(t) || awaited_by(t) != object) add(t);
                return;
            }
        }
        cause = completed_by(describe(log, thread)) + ", but that has ended";
    }

    void give_up_unless_known(const char* why) {
        if (!completers.empty() || !cause.empty()) return;
        evidence.clear();
        cause = text("who would complete it is not known: %s", why);
    }
};

}  // namespace deepgemm::sim
