// SPDX-License-Identifier: MIT
// Parts of a sum that meet in memory: every CTA stores its part to a workspace and draws a ticket; who draws the last one adds
// them up. And tiles that CTAs claim from a counter, which the last to leave sets back.
#include "seeded.hpp"

namespace seeded_split_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class split_bug {
    none,
    relaxed_ticket,
    narrow_ticket,
    no_meeting_before,
    no_meeting_after,
    read_only_parts,
    everyone_stores
};

struct split_kernel {
    static constexpr u32 parts = 3, columns = 64;
    alignas(128) float workspace[parts * columns];
    alignas(128) u32 ticket;
    alignas(128) float out[columns];
    sim::memory_region regions[3] = {
        {.name = "workspace", .first = workspace, .bytes = sizeof workspace, .rewritten = true},
        {"ticket", &ticket, sizeof ticket},
        {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(parts, columns);

    void reset() {
        std::fill_n(workspace, parts * columns, -1.0f);
        ticket = 0;
        std::fill_n(out, columns, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < columns; ++i) {
            if (out[i] != float(1 + 10 + 100) * float(i)) return false;
        }
        return true;
    }

    void run(split_bug with) {
        const u32 part = ptx::cta_index(), i = ptx::thread_index(), last = ptx::dynamic_smem();
        ptx::role(ptx::warp_index() == 0 ? "leader" : "math");
        const float factor = part == 0 ? 1 : part == 1 ? 10 : 100;
        ptx::st_global(workspace + part * columns + i, factor * float(i));
        if (with == split_bug::no_meeting_before) {
            ptx::sync_warp();
        } else {
            ptx::sync_cta();
        }
        if (i == 0) {
            const u32 drawn = with == split_bug::relaxed_ticket ? ptx::atomic_add_relaxed<memory_scope::gpu>(&ticket, 1)
                              : with == split_bug::narrow_ticket
                                  ? ptx::atomic_add_acq_rel<memory_scope::cluster>(&ticket, 1)
                                  : ptx::atomic_add_acq_rel<memory_scope::gpu>(&ticket, 1);
            ptx::st_shared(last, u32(drawn == parts - 1));
        }
        if (with == split_bug::no_meeting_after) {
            if (ptx::warp_index() == 0) ptx::sync_warp();
            wait_for_shared(last);
        } else {
            ptx::sync_cta();
        }
        if (ptx::ld_shared<u32>(last) == 0 && with != split_bug::everyone_stores) return;
        float sum = 0;
        for (u32 p = 0; p < parts && with != split_bug::everyone_stores; ++p) {
            const float* const at = workspace + p * columns + i;
            sum += with == split_bug::read_only_parts ? ptx::ld_global_nc(at) : ptx::ld_global(at);
        }
        ptx::st_global(out + i, sum);
    }

    /// Spins until the word has been written, as a kernel without a barrier might: no order follows from it.
    static void wait_for_shared(u32 word) {
        const sim::cta_state& cta = *sim::me().cta;
        const u32 offset = sim::off_of(word, 4, "a spin");
        while (sim::first_unwritten(cta, offset, offset + 4) != offset + 4) sim::yield("a spin");
    }
};

enum class claim_bug { none, plain_claim, early_reset, tile_twice };

struct claim_kernel {
    static constexpr u32 ctas = 3, tiles = 7;
    alignas(128) u32 claimed;
    alignas(128) u32 left;
    alignas(128) float out[tiles * 32];
    sim::memory_region regions[3] = {{.name = "claim", .first = &claimed, .bytes = sizeof claimed, .rewritten = true},
                                     {"left", &left, sizeof left},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(ctas, 32);

    void reset() {
        claimed = left = 0;
        std::fill_n(out, tiles * 32, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < tiles * 32; ++i) {
            if (out[i] != float(i)) return false;
        }
        return claimed == 0;
    }

    u32 claim(claim_bug with) {
        u32 tile = 0;
        if (ptx::lane_index() == 0) {
            if (with == claim_bug::plain_claim) {
                tile = ptx::ld_global(&claimed);
                ptx::st_global(&claimed, tile + 1);
            } else {
                tile = ptx::atomic_add_relaxed<memory_scope::gpu>(&claimed, 1);
            }
        }
        return ptx::uniform(tile);
    }

    void compute(u32 tile) {
        const u32 i = tile * 32 + ptx::lane_index();
        ptx::st_global(out + i, float(i));
    }

    void run(claim_bug with) {
        ptx::role("claimer");
        if (with == claim_bug::tile_twice && ptx::cta_index() == 1) compute(0);
        for (u32 tile = claim(with); tile < tiles; tile = claim(with)) compute(tile);
        if (ptx::lane_index() != 0) return;
        const u32 before = ptx::atomic_add_acq_rel<memory_scope::gpu>(&left, 1);
        if (before == (with == claim_bug::early_reset ? 0 : ctas - 1)) ptx::st_global(&claimed, 0u);
    }
};

const seeded_bugs<split_kernel, split_bug> split_bugs(
    "Parts of a sum that meet in a workspace",
    {{split_bug::relaxed_ticket,
      "the ticket orders nothing",
      {"ld.global reads workspace+0x", "role leader", "wrote by st.global", "missing"}},
     {split_bug::narrow_ticket,
      "the ticket orders in the cluster only",
      {"atom.acq_rel.add reads ticket+0x0", "role leader", "at scope cluster", "scope gpu is needed"}},
     {split_bug::no_meeting_before,
      "the ticket is drawn before all warps have stored their part",
      {"ld.global reads workspace+0x", "warp 1 role math", "wrote by st.global", "missing"}},
     {split_bug::no_meeting_after,
      "a warp adds without having met who drew the ticket",
      {"ld.global reads workspace+0x", "warp 1 role math",
       "has met others at a barrier since, but no release of theirs has reached this thread"}},
     {split_bug::read_only_parts,
      "parts are loaded through the read-only path",
      {"ld.global.nc reads workspace+0x", "wrote by st.global", "read-only path"}},
     {split_bug::everyone_stores,
      "every CTA stores the sum",
      {"writes out+0x", "CTA (", "wrote by st.global", "two stores of one element"}}});

const seeded_bugs<claim_kernel, claim_bug> claim_bugs(
    "Tiles that CTAs claim from a counter",
    {{claim_bug::plain_claim, "a claim is a load and a store", {"claim+0x0", "role claimer", "wrote by st.global"}},
     {claim_bug::early_reset, "the counter is set back too early", {"claim+0x0", "role claimer", "wrote by"}},
     {claim_bug::tile_twice,
      "a tile is also computed without a claim",
      {"st.global writes out+0x", "role claimer", "wrote by st.global", "two stores of one element"}}});

}  // namespace

TEST_CASE("split sums: clean without bugs") { split_bugs.expect_clean(); }
TEST_CASE("split sums: each bug is found") { split_bugs.expect_found(); }
TEST_CASE("claimed tiles: clean without bugs") { claim_bugs.expect_clean(); }
TEST_CASE("claimed tiles: each bug is found") { claim_bugs.expect_found(); }

}  // namespace seeded_split_tests
