// SPDX-License-Identifier: MIT
// The ring through which all roles of a pair of CTAs learn of the tiles that the pair takes over (pipeline/claim_ring.cuh), and
// the bugs it may have.
#include <deepgemm/pipeline/ring.cuh>
#include <deepgemm/ptx/cluster_launch.cuh>

#include "seeded.hpp"

namespace seeded_claims_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class claim_bug {
    none,
    asks_early,
    asks_after_the_last,
    reads_early,
    not_fenced,
    not_expected,
    one_cta_counted,
    released_at_home,
};

/// Two warps of each of two CTAs: a thread that asks, which marks the tiles of its CTA, and one that only reads, and falls
/// behind.
struct ring_kernel {
    static constexpr u32 tiles = 22, slots = 2, pair = 2;
    alignas(128) u32 out[tiles];
    sim::memory_region regions[1] = {{.name = "out", .first = out, .bytes = sizeof out, .rewritten = true}};
    static constexpr u32 resident_clusters = 2;
    sim::geometry geometry = pairs();

    static sim::geometry pairs() {
        sim::geometry g = grid_of(tiles, 64);
        g.cluster.x = pair;
        return g;
    }
    void reset() { std::fill_n(out, tiles, 0u); }
    bool right() const { return std::count(out, out + tiles, 1u) == tiles; }

    void run(claim_bug with) {
        const u32 answers = ptx::dynamic_smem(), full = answers + 16 * slots, empty = full + 8 * slots;
        const u32 rank = ptx::cluster_rank(), warp = ptx::warp_index();
        ptx::role(warp == 0 ? "asker" : "reader");
        if (ptx::thread_index() == 0) {
            for (u32 slot = 0; slot < slots; ++slot) {
                ptx::mbarrier_init(full + 8 * slot, 1);
                ptx::mbarrier_init(empty + 8 * slot, with == claim_bug::one_cta_counted ? 2 : 2 * pair);
            }
            ptx::fence_mbarrier_init();
        }
        ptx::cluster_sync();
        if (ptx::lane_index() == 0) walk(with, answers, full, empty, rank, warp == 0);
        ptx::cluster_sync();
    }

    void walk(claim_bug with, u32 answers, u32 full, u32 empty, u32 rank, bool asks) {
        ring<slots> at;
        u32 tile = ptx::cta_index();
        for (bool more = true; more;) {
            const u32 answer = answers + 16 * at.stage, here = full + 8 * at.stage, free = empty + 8 * at.stage;
            if (asks) {
                if (rank == 0 && with != claim_bug::asks_early) ptx::mbarrier_wait(free, at.parity ^ 1, "empty answer");
                if (rank == 1 && with == claim_bug::not_expected) {
                    ptx::mbarrier_arrive(here);
                } else {
                    ptx::mbarrier_arrive_expect_tx(here, 16);
                }
                if (rank == 0) ptx::try_cancel_cluster_multicast(answer, here);
                if (tile < tiles) ptx::st_global(out + tile, ptx::ld_global(out + tile) + 1);
            }
            if (asks || with != claim_bug::reads_early) ptx::mbarrier_wait(here, at.parity, "claimed tile");
            const ptx::cancelled_cluster next = ptx::read_cancelled(answer);
            if (asks || rank == 0 || with != claim_bug::not_fenced) ptx::fence_proxy_async();
            ptx::mbarrier_arrive_remote(free, with == claim_bug::released_at_home ? rank : 0);
            more = next.found || (asks && with == claim_bug::asks_after_the_last);
            tile = next.found ? next.x + rank : tiles;
            at.advance();
        }
    }
};

const seeded_bugs<ring_kernel, claim_bug> bugs(
    "Tiles that a pair of CTAs takes over, through a ring",
    {{claim_bug::asks_early,
      "the asker does not wait until all have read the answer in its slot",
      {"is still in flight | skipped a phase | DEADLOCK"}},
     {claim_bug::asks_after_the_last,
      "the asker asks again after the answer that nothing is left",
      {"clusterlaunchcontrol.try_cancel after this CTA has seen that an earlier one cancelled nothing"},
      always},
     {claim_bug::reads_early,
      "a reader does not wait for the answer",
      {"is still in flight | was never written"},
      always},
     {claim_bug::not_fenced,
      "a reader in the other CTA gives the slot back without `fence.proxy.async`",
      {"clusterlaunchcontrol.try_cancel: the answer at", "was read by", "without fence.proxy.async since"},
      always},
     {claim_bug::not_expected,
      "the other CTA does not expect the bytes of the answer",
      {"is still in flight | was never written | more bytes arrived than expect_tx announced"},
      always},
     {claim_bug::one_cta_counted,
      "the empty barrier counts the readers of one CTA",
      {"DEADLOCK | is still in flight | skipped a phase"},
      always},
     {claim_bug::released_at_home, "readers in the other CTA release a barrier of their own", {"DEADLOCK"}, always}});

}  // namespace

TEST_CASE("tiles that a pair takes over: clean without bugs") { bugs.expect_clean(); }
TEST_CASE("tiles that a pair takes over: each bug is found") { bugs.expect_found(); }

}  // namespace seeded_claims_tests
