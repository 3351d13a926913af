// SPDX-License-Identifier: MIT
// Collectives of a full warp: every lane brings an argument, the last one to arrive computes all results.
#pragma once

#include <deepgemm/core/macros.cuh>
#include <deepgemm/sim/memory.hpp>
#include <deepgemm/sim/ordering.hpp>

#include <algorithm>
#include <cstring>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

enum class shuffle_mode : u8 { index, exclusive_or, up, down };
enum class reduction : u8 { add, min, max };

/// Meets the other 31 lanes of the warp in the collective `name`; `combine(argument, result)` runs once, on arrays of 32.
template <class Combine>
u64 collective(const char* name, u64 argument, Combine combine) {
    thread_state& t = me();
    warp_state& w = *t.warp;
    const u32 buffer = w.meeting & 1;
    if (w.met != 0 && std::strcmp(w.collective, name) != 0) {
        fail("divergent warp: the lane executes %s while %u lanes wait in %s", name, u32(__builtin_popcount(w.met)),
             w.collective);
    }
    w.collective = name;
    w.met |= 1u << t.lane;
    w.argument[buffer][t.lane] = argument;
    if (w.met == 0xffffffffu) {
        combine(w.argument[buffer], w.result[buffer]);
        w.met = 0;
        ++w.meeting;
        wake_all(w.waiters);
    } else {
        block(w.waiters, {wait_reason::kind::collective, name});
    }
    return w.result[buffer][t.lane];
}

/// Of the collectives this one alone orders memory among the lanes.
inline void sync_warp() {
    warp_state& w = *me().warp;
    release_into(w.arrivals);
    collective("bar.warp.sync", 0, [&w](const u64*, u64*) {
        for (thread_state* t : w.lanes) acquire_met(*t, w.arrivals);
        w.arrivals = {};
    });
}

inline u32 shuffle(shuffle_mode mode, u32 value, u32 operand) {
    static constexpr const char* names[] = {"shfl.sync.idx", "shfl.sync.bfly", "shfl.sync.up", "shfl.sync.down"};
    return u32(collective(names[int(mode)], u64(operand) << 32 | value, [mode](const u64* argument, u64* result) {
        for (u32 lane = 0; lane < 32; ++lane) {
            const u32 n = u32(argument[lane] >> 32);
            u32 source = lane;
            switch (mode) {
                case shuffle_mode::index: source = n & 31; break;
                case shuffle_mode::exclusive_or: source = lane ^ (n & 31); break;
                case shuffle_mode::up: source = lane >= n ? lane - n : lane; break;
                case shuffle_mode::down: source = n < 32 - lane ? lane + n : lane; break;
            }
            result[lane] = u32(argument[source]);
        }
    }));
}

inline u32 ballot(bool predicate) {
    return u32(collective("vote.sync", predicate ? 1 : 0, [](const u64* argument, u64* result) {
        u64 mask = 0;
        for (u32 lane = 0; lane < 32; ++lane) mask |= argument[lane] << lane;
        for (u32 lane = 0; lane < 32; ++lane) result[lane] = mask;
    }));
}

inline u32 reduce(reduction operation, u32 value) {
    static constexpr const char* names[] = {"redux.sync.add", "redux.sync.min", "redux.sync.max"};
    return u32(collective(names[int(operation)], value, [operation](const u64* argument, u64* result) {
        u32 total = u32(argument[0]);
        for (u32 lane = 1; lane < 32; ++lane) {
            const u32 v = u32(argument[lane]);
            total = operation == reduction::add   ? total + v
                    : operation == reduction::min ? std::min(total, v)
                                                  : std::max(total, v);
        }
        for (u32 lane = 0; lane < 32; ++lane) result[lane] = total;
    }));
}

/// Does not meet the other lanes: the choice is fixed per warp and launch (lane 0, or random with options::shuffle).
inline bool elect_one() { return me().lane == me().warp->elected; }

}  // namespace deepgemm::sim
