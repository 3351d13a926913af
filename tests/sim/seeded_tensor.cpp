// SPDX-License-Identifier: MIT
// Tensor memory in the hands of several warps: math warps write A to it, one thread multiplies, and the math warps read D and
// give it back; a pair of CTAs that allocates together; a cluster that takes over the tiles of others.
#include <deepgemm/mma/sm100/descriptor.cuh>
#include <deepgemm/ptx/cluster_launch.cuh>
#include <deepgemm/ptx/tcgen05.cuh>

#include "seeded.hpp"

namespace seeded_tensor_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

// ---- accumulators

enum class bug {
    none,
    a_not_waited,
    a_not_handed_on,
    a_too_early,
    mma_takes_nothing_over,
    d_takes_nothing_over,
    d_not_waited,
    d_not_handed_on,
    d_given_back_early,
    d_read_early,
    d_first_accumulates,
    d_over_a,
    commit_by_another,
    freed_early,
    freed_never,
    grows,
};

/// D(128, 32) of tile i is A x B over K = 16, where all elements of A are i + 1 and those of B are 1: 16 (i + 1).
struct accumulator_kernel {
    static constexpr u32 tiles = 3, math_warps = 4, b_bytes = 32 * 32;
    static constexpr u32 d_columns = 32, a_column = 32, columns = 64;
    alignas(128) float out[tiles * 128];
    sim::memory_region regions[1] = {{"out", out, sizeof out}};
    sim::geometry geometry = grid_of(1, 192);

    void reset() { std::fill_n(out, tiles * 128, -1.0f); }
    bool right() const {
        for (u32 i = 0; i < tiles * 128; ++i) {
            if (out[i] != 16.0f * float(i / 128 + 1)) return false;
        }
        return true;
    }

    void run(bug with) {
        const u32 smem = ptx::dynamic_smem(), warp = ptx::warp_index(), bars = smem + b_bytes, slot = bars + 32;
        if (warp == 5) {
            for (u32 i = ptx::lane_index(); i < b_bytes / 2; i += 32)
                ptx::st_shared(smem + 2 * i, bf16::from_float(1.0f).bits);
            ptx::fence_proxy_async();
            ptx::tmem_allocate<1>(slot, columns);
            if (with == bug::grows) ptx::tmem_allocate<1>(slot + 4, 2 * columns);
            ptx::tmem_relinquish<1>();
        }
        if (ptx::thread_index() == 0) {
            for (u32 i = 0; i < 3; ++i) ptx::mbarrier_init(bars + 8 * i, i == 1 ? 1 : 32 * math_warps);
            ptx::fence_mbarrier_init();
        }
        ptx::sync_cta();
        const u32 tmem = ptx::ld_shared<u32>(slot);
        if (warp < math_warps) math(with, tmem, bars);
        if (warp == math_warps) multiply(with, smem, tmem, bars);
        if (with != bug::freed_early) ptx::sync_cta();
        if (warp == 5 && with != bug::freed_never) ptx::tmem_free<1>(tmem, columns);
    }

    void store_a(bug with, u32 tmem, u32 tile) {
        const u32 one = bf16::from_float(float(tile + 1)).bits, pair = one | one << 16;
        const u32 a[8] = {pair, pair, pair, pair, pair, pair, pair, pair};
        ptx::tcgen05_store(tmem + a_column, a);
        if (with != bug::a_not_waited) ptx::tcgen05_wait_store();
    }

    void hand_on(bug with, u32 bar) {
        if (with != bug::a_not_handed_on) ptx::tcgen05_fence_before();
        ptx::mbarrier_arrive(bar);
    }

    void math(bug with, u32 tmem, u32 bars) {
        ptx::role("math");
        const u32 full = bars, done = bars + 8, empty = bars + 16;
        store_a(with, tmem, 0);
        hand_on(with, full);
        for (u32 tile = 0; tile < tiles; ++tile) {
            const bool more = tile + 1 < tiles;
            if (more && with == bug::a_too_early) store_a(with, tmem, tile + 1);
            u32 d[d_columns];
            if (with == bug::d_read_early) {
                ptx::tcgen05_load(d, tmem);
                ptx::tcgen05_wait_load();
            }
            ptx::mbarrier_wait(done, tile & 1, "done");
            if (with != bug::d_takes_nothing_over) ptx::tcgen05_fence_after();
            if (with == bug::d_given_back_early) ptx::mbarrier_arrive(empty);
            if (more && with != bug::a_too_early) store_a(with, tmem, tile + 1);
            if (more) hand_on(with, full);
            if (with != bug::d_read_early) ptx::tcgen05_load(d, tmem);
            if (with != bug::d_not_waited) ptx::tcgen05_wait_load();
            ptx::st_global(out + 128 * tile + ptx::thread_index(), bit_cast<float>(d[tile]));
            if (with != bug::d_not_handed_on) ptx::tcgen05_fence_before();
            if (with != bug::d_given_back_early) ptx::mbarrier_arrive(empty);
        }
    }

    void multiply(bug with, u32 smem, u32 tmem, u32 bars) {
        ptx::role("mma");
        const u32 full = bars, done = bars + 8, empty = bars + 16;
        const u64 b = sm100::make_descriptor(smem, 0, 256, swizzle_mode::b32);
        for (u32 tile = 0; tile < tiles; ++tile) {
            ptx::mbarrier_wait(full, tile & 1, "A");
            if (tile != 0) ptx::mbarrier_wait(empty, (tile - 1) & 1, "empty");
            if (with != bug::mma_takes_nothing_over) ptx::tcgen05_fence_after();
            const u32 d = with == bug::d_over_a ? tmem + 4 : tmem;
            if (ptx::lane_index() == 0) {
                ptx::tcgen05_mma_tensor_a<1, ptx::tcgen05_kind::f16>(
                    d, tmem + a_column, b, sm100::instruction<bf16, bf16>(128, 32), with == bug::d_first_accumulates);
            }
            if (ptx::lane_index() == (with == bug::commit_by_another ? 1 : 0)) ptx::tcgen05_commit<1>(done);
            ptx::sync_warp();
        }
    }
};

const seeded_bugs<accumulator_kernel, bug> bugs(
    "Accumulators in tensor memory",
    {{bug::a_not_waited,
      "A is handed on without `tcgen05.wait::st`",
      {"role math", "missing tcgen05.wait::st before tcgen05.fence::before_thread_sync"},
      always},
     {bug::a_not_handed_on,
      "A is handed on without `tcgen05.fence::before_thread_sync`",
      {"role mma", "tcgen05.mma of columns [32,40) follows tcgen05.st by", "role math",
       "without tcgen05.fence::before_thread_sync"},
      always},
     {bug::a_too_early,
      "A is overwritten before the multiply that reads it is done",
      {"tcgen05.st of columns [32,40) follows tcgen05.mma by | tcgen05.mma of columns [32,40) follows tcgen05.st by",
       "which is in flight: the mbarrier of its commit was not waited for | no barrier between the two hands it on | "
       "without tcgen05.fence::before_thread_sync"},
      always},
     {bug::mma_takes_nothing_over,
      "the multiply follows its barriers without `tcgen05.fence::after_thread_sync`",
      {"role mma", "tcgen05.mma after a barrier wait without tcgen05.fence::after_thread_sync"},
      always},
     {bug::d_takes_nothing_over,
      "loads and stores follow their barrier without `tcgen05.fence::after_thread_sync`",
      {"role math", "tcgen05.st after a barrier wait without tcgen05.fence::after_thread_sync"},
      always},
     {bug::d_not_waited,
      "D is given back without `tcgen05.wait::ld`",
      {"role math", "missing tcgen05.wait::ld before tcgen05.fence::before_thread_sync"},
      always},
     {bug::d_not_handed_on,
      "D is given back without `tcgen05.fence::before_thread_sync`",
      {"role mma", "tcgen05.mma of columns [0,32) follows tcgen05.ld by", "role math",
       "without tcgen05.fence::before_thread_sync | no barrier between the two hands it on"},
      always},
     {bug::d_given_back_early, "D is given back before it is loaded", {"[0,32) follows tcgen05.", "role m"}},
     {bug::d_read_early,
      "D is loaded before its barrier",
      {"[0,32) follows tcgen05.", "was not waited for | no barrier between the two hands it on"},
      always},
     {bug::d_first_accumulates,
      "the first multiply adds to columns that nobody has written",
      {"role mma", "tcgen05.mma (D, accumulated) reads columns [0,32)", "was never written"},
      always},
     {bug::d_over_a,
      "D lies over A",
      {"role mma", "tcgen05.mma (A) in columns [32,40) of tensor memory overlap D of the same instruction"},
      always},
     {bug::commit_by_another,
      "another lane commits",
      {"role math", "tcgen05.st of columns [32,40) follows tcgen05.mma by",
       "no tcgen05.commit of the thread that issued it"},
      always},
     {bug::freed_early,
      "tensor memory is freed while others use it",
      {"tcgen05.dealloc of columns [0,64) | of tensor memory are not allocated"},
      always},
     {bug::freed_never,
      "tensor memory is not freed",
      {"the CTA ends without tcgen05.dealloc of columns [0,64)"},
      always},
     {bug::grows,
      "a second allocation is larger than the first",
      {"tcgen05.alloc of 128 columns after one of 64: the sizes of a CTA's allocations must not increase"},
      always}});

// ---- a pair of CTAs

enum class pair_bug { none, alone, other_size, other_place, freed_unmet, freed_alone };

/// Both CTAs of a pair store to their tensor memory and load from it.
struct pair_kernel {
    alignas(128) u32 out[2 * 32];
    sim::memory_region regions[1] = {{"out", out, sizeof out}};
    sim::geometry geometry = [] {
        sim::geometry g = grid_of(2, 64);
        g.cluster.x = 2;
        return g;
    }();

    void reset() { std::fill_n(out, 64, 0u); }
    bool right() const {
        for (u32 i = 0; i < 64; ++i) {
            if (out[i] != 1000 * (i / 32) + i % 32) return false;
        }
        return true;
    }

    void run(pair_bug with) {
        const u32 rank = ptx::cluster_rank(), lane = ptx::lane_index();
        const u32 slot = ptx::dynamic_smem() + (with == pair_bug::other_place ? 16 * rank : 0);
        if (ptx::warp_index() == 1) {
            if (with != pair_bug::alone || rank == 0)
                ptx::tmem_allocate<2>(slot, with == pair_bug::other_size ? 32 << rank : 32);
        }
        ptx::cluster_sync();
        if (ptx::warp_index() == 0) {
            const u32 tmem = ptx::ld_shared<u32>(slot), value[1] = {1000 * rank + lane};
            ptx::tcgen05_store(tmem, value);
            ptx::tcgen05_wait_store();
            u32 loaded[1];
            ptx::tcgen05_load(loaded, tmem);
            ptx::tcgen05_wait_load();
            ptx::st_global(out + 32 * rank + lane, loaded[0]);
        }
        ptx::sync_cta();
        if (with != pair_bug::freed_unmet) ptx::cluster_sync();
        if (ptx::warp_index() == 1 && (with != pair_bug::freed_alone || rank == 0)) ptx::tmem_free<2>(0, 32);
    }
};

const seeded_bugs<pair_kernel, pair_bug> pair_bugs(
    "Tensor memory of a pair of CTAs",
    {{pair_bug::alone,
      "one CTA alone allocates",
      {"DEADLOCK", "tcgen05.alloc of cta_group::2: the other CTA of the pair has not called it"},
      always},
     {pair_bug::other_size,
      "the CTAs allocate different sizes",
      {"tcgen05.alloc of cta_group::2", "the other CTA of the pair calls it with "},
      always},
     {pair_bug::other_place,
      "the CTAs store the address at different places",
      {"tcgen05.alloc of cta_group::2", "the other CTA of the pair calls it with "},
      always},
     {pair_bug::freed_unmet,
      "the CTAs free without having met",
      {"tcgen05.dealloc (in the other CTA of the pair) of columns [0,32) follows tcgen05."},
      always},
     {pair_bug::freed_alone,
      "one CTA alone frees",
      {"without tcgen05.dealloc of columns [0,32) | waits in tcgen05.dealloc of cta_group::2, which both CTAs"},
      always}});

// ---- tiles of clusters that have not begun

enum class launch_bug { none, answer_not_fenced, asks_again, answer_not_waited };

/// One thread of each CTA marks tiles: its own, then those that it takes over.
struct launch_kernel {
    static constexpr u32 tiles = 12;
    alignas(128) u32 out[tiles];
    sim::memory_region regions[1] = {{.name = "out", .first = out, .bytes = sizeof out, .rewritten = true}};
    static constexpr u32 resident_clusters = 2;
    sim::geometry geometry = grid_of(tiles, 32);

    void reset() { std::fill_n(out, tiles, 0u); }
    bool right() const { return std::count(out, out + tiles, 1u) == tiles; }

    void run(launch_bug with) {
        const u32 answer = ptx::dynamic_smem(), bar = answer + 64;
        make_barriers(bar);
        if (ptx::thread_index() != 0) return;
        u32 tile = ptx::cta_index();
        for (u32 round = 0;; ++round) {
            if (tile < tiles) ptx::st_global(out + tile, ptx::ld_global(out + tile) + 1);
            ptx::mbarrier_arrive_expect_tx(bar, 16);
            ptx::try_cancel_cluster(answer, bar);
            if (with != launch_bug::answer_not_waited) ptx::mbarrier_wait(bar, round & 1, "answer");
            const ptx::cancelled_cluster next = ptx::read_cancelled(answer);
            if (!next.found && with != launch_bug::asks_again) return;
            tile = next.found ? next.x : tiles;
            if (with != launch_bug::answer_not_fenced) ptx::fence_proxy_async();
        }
    }
};

const seeded_bugs<launch_kernel, launch_bug> launch_bugs(
    "Tiles of clusters that have not begun",
    {{launch_bug::answer_not_fenced,
      "the answer's place is used again without `fence.proxy.async`",
      {"clusterlaunchcontrol.try_cancel: the answer at", "was read by", "without fence.proxy.async since"},
      always},
     {launch_bug::asks_again,
      "a cluster asks again after an answer that nothing was cancelled",
      {"clusterlaunchcontrol.try_cancel after this CTA has seen that an earlier one cancelled nothing"},
      always},
     {launch_bug::answer_not_waited,
      "the answer is read before its barrier",
      {"while the copy into [0x0,0x10) is still in flight: mbarrier"}}});

}  // namespace

TEST_CASE("accumulators in tensor memory: clean without bugs") { bugs.expect_clean(); }
TEST_CASE("accumulators in tensor memory: each bug is found") { bugs.expect_found(); }
TEST_CASE("tensor memory of a pair: clean without bugs") { pair_bugs.expect_clean(); }
TEST_CASE("tensor memory of a pair: each bug is found") { pair_bugs.expect_found(); }
TEST_CASE("tiles of clusters that have not begun: clean without bugs") { launch_bugs.expect_clean(); }
TEST_CASE("tiles of clusters that have not begun: each bug is found") { launch_bugs.expect_found(); }

}  // namespace seeded_tensor_tests
