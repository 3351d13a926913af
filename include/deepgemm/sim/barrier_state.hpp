// SPDX-License-Identifier: MIT
// The state of simulated barriers, of both kinds that lie in a CTA, and who has come to one. No behaviour but that book.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/thread_state.hpp>
#include <deepgemm/sim/vector_clock.hpp>

#include <cstddef>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

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
    /// By fences before arrivals from other CTAs, for a fence after the wait: in the current phase, and in the last ones by
    /// parity.
    knowledge from_peers, published_by_peers[2];
    attendance arrivers;              ///< by phase
    attendance copiers;               ///< who issued the copies that it counts, by the phase in which they landed
    std::vector<dirty_range> copied;  ///< by cp.asyncs whose arrivals count in the current phase
    std::vector<dirty_range> copied_before[2];  ///< the same of the last phases, by parity
};

}  // namespace deepgemm::sim
