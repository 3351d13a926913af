// SPDX-License-Identifier: MIT
// Rows pushed to whom they belong and summed there: every CTA stores a row into the memory of every other one, then says so in
// a word of each; who has all words adds up. And the words by which rows are found.
#include "seeded.hpp"

namespace seeded_combine_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class bug { none, narrow_done, done_before_meeting, one_rank_missing, no_fence_after, torn_source, pushed_twice };

struct combine_kernel {
    static constexpr u32 ranks = 3, columns = 64;
    alignas(128) float rows[ranks * ranks * columns];  // [to][from][column]
    alignas(128) u32 done[ranks * ranks];              // [at][from]
    alignas(128) u64 source[ranks];
    alignas(128) float out[ranks * columns];
    sim::memory_region regions[4] = {{"rows", rows, sizeof rows},
                                     {"done", done, sizeof done},
                                     {"source", source, sizeof source},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(ranks, 64);

    void reset() {
        std::fill_n(rows, ranks * ranks * columns, -1.0f);
        std::fill_n(done, ranks * ranks, 0u);
        std::fill_n(source, ranks, u64(0));
        std::fill_n(out, ranks * columns, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < ranks * columns; ++i) {
            float sum = 0;
            for (u32 from = 0; from < ranks; ++from) sum += float(100 * from + i % columns);
            if (out[i] != sum) return false;
        }
        return true;
    }

    void run(bug with) {
        const u32 rank = ptx::cta_index(), warp = ptx::warp_index(), lane = ptx::lane_index(),
                  thread = ptx::thread_index();
        ptx::role(warp == 0 ? "leader" : "math");
        if (thread == 0) {  // the row of the next rank begins where this one's does: epoch and place in one word
            u64* const word = source + (rank + 1) % ranks;
            if (with == bug::torn_source) {
                ptx::st_relaxed<memory_scope::gpu>(reinterpret_cast<u32*>(word), 1);
                ptx::st_relaxed<memory_scope::gpu>(reinterpret_cast<u32*>(word) + 1, (rank + 1) % ranks);
            } else {
                ptx::st_relaxed<memory_scope::gpu>(word, u64((rank + 1) % ranks) << 32 | 1);
            }
        }
        u64 mine = 0;
        if (lane == 0) {
            while (u32(mine = ptx::ld_relaxed<memory_scope::gpu>(source + rank)) == 0) {
            }
        }
        const u32 from = ptx::uniform(u32(mine >> 32));
        const auto push = [&] {
            for (u32 to = 0; to < ranks; ++to) {
                const u32 column = with == bug::pushed_twice ? lane : thread;
                ptx::st_global(rows + (to * ranks + from) * columns + column, float(100 * from + column));
            }
        };
        push();
        if (with == bug::done_before_meeting) {
            ptx::sync_warp();
        } else {
            ptx::sync_cta();
        }
        if (warp == 0) {
            if (with == bug::narrow_done) {
                ptx::fence_acq_rel_cluster();
            } else {
                ptx::fence_acq_rel_gpu();
            }
            if (lane < ranks) ptx::st_relaxed<memory_scope::gpu>(done + lane * ranks + rank, 1);
        }
        const u32 waited = with == bug::one_rank_missing ? ranks - 1 : ranks;
        if (warp == 0 && lane < waited) {
            while (ptx::ld_relaxed<memory_scope::gpu>(done + rank * ranks + lane) == 0) {
            }
        }
        if (with != bug::no_fence_after) ptx::fence_acq_rel_gpu();
        ptx::sync_cta();
        float sum = 0;
        for (u32 r = 0; r < ranks; ++r) sum += ptx::ld_global(rows + (rank * ranks + r) * columns + thread);
        ptx::st_global(out + rank * columns + thread, sum);
    }
};

const seeded_bugs<combine_kernel, bug> bugs(
    "Rows pushed to other CTAs and summed there",
    {{bug::narrow_done,
      "the done words follow a fence of the cluster's scope",
      {"ld.global reads rows+0x", "wrote by st.global", "done+0x", "was released at scope cluster", "gpu is needed"}},
     {bug::done_before_meeting,
      "the done words are stored before the other warp has met",
      {"ld.global reads rows+0x", "warp 1 role math", "wrote by st.global", "missing"}},
     {bug::one_rank_missing,
      "the sum starts after all ranks but one",
      {"ld.global reads rows+0x | st.global writes rows+0x", "CTA (2,0,0)", "wrote by st.global | read by ld.global",
       "missing"}},
     {bug::no_fence_after,
      "the done words are polled by relaxed loads, and no fence follows",
      {"ld.global reads rows+0x", "wrote by st.global", "missing acquire, fence or barrier"}},
     {bug::torn_source,
      "a word of 8 bytes is stored in two halves",
      {"ld.relaxed.gpu of 8 bytes reads source+0x", "role leader", "in pieces of 4 bytes: it may see a part"}},
     {bug::pushed_twice,
      "a row is pushed by two warps",
      {"st.global writes rows+0x", "role math", "role leader", "two stores of one element"}}});

}  // namespace

TEST_CASE("combine: clean without bugs") { bugs.expect_clean(); }
TEST_CASE("combine: each bug is found") { bugs.expect_found(); }

}  // namespace seeded_combine_tests
