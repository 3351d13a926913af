// SPDX-License-Identifier: MIT
// What the simulator's tests share: running a lambda as a kernel, expecting an error by its words, small tensors.
#pragma once

#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/cp_async.cuh>
#include <deepgemm/ptx/fence.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/mbarrier.cuh>
#include <deepgemm/ptx/registers.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/thread.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/ptx/word.cuh>
#include <deepgemm/sim/launch.hpp>

#include <doctest/doctest.h>

namespace deepgemm::test {

/// One CTA (or one cluster of `ctas`) with 64 KB of shared memory.
inline sim::geometry block(u32 threads, u32 ctas = 1) {
    sim::geometry g;
    g.grid.x = g.cluster.x = ctas;
    g.threads = threads;
    g.smem_bytes = 64 * 1024;
    return g;
}

/// The three policies, the random one with several seeds.
inline std::vector<sim::options> all_policies() {
    std::vector<sim::options> all(7);
    all[0].policy = sim::policy::lazy;
    all[1].policy = sim::policy::eager;
    for (u64 seed = 2; seed < 7; ++seed) {
        all[seed].policy = sim::policy::random;
        all[seed].seed = seed;
    }
    return all;
}

/// The text of the error that `run` ends with; "" if it does not.
template <class Run>
std::string error_of(Run run) {
    try {
        run();
    } catch (const sim::error& e) {
        return e.what();
    }
    return "";
}
/// The same of a launch.
template <class Body>
std::string error_of(const sim::options& o, const sim::geometry& g, Body body) {
    return error_of([&] { sim::launch(o, g, body); });
}

/// Requires that `body` ends with an error that has all of `words` in its text.
template <class Body>
void expect_error(const sim::geometry& g, std::initializer_list<const char*> words, Body body, sim::options o = {}) {
    const std::string message = error_of(o, g, body);
    CAPTURE(message);
    for (const char* word : words) CHECK(message.find(word) != std::string::npos);
}

/// Thread 0 makes mbarriers at `bar`, `bar + 8`, ... of `count` arrivals each; then the CTA meets.
inline void make_barriers(u32 bar, u32 number = 1, u32 count = 1) {
    if (ptx::thread_index() == 0) {
        for (u32 i = 0; i < number; ++i) ptx::mbarrier_init(bar + 8 * i, count);
        ptx::fence_mbarrier_init();
    }
    ptx::sync_cta();
}

}  // namespace deepgemm::test
