// SPDX-License-Identifier: MIT
// A tile that one CTA quantises and another multiplies: math warps write it to shared memory and its scales to global memory, a
// warp stores it and publishes its flag, the other CTA copies it and gives its place back, which the next tile takes.
#include "seeded.hpp"

namespace seeded_mid_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class bug {
    none,
    flag_before_completion,
    scales_after_arrive,
    no_shared_fence,
    staging_refilled,
    deferred_flag,
    place_reused
};

struct mid_kernel {
    static constexpr u32 tiles = 3, tile_bytes = 256;
    alignas(128) u32 mid[tile_bytes / 4];  // one place, which all tiles use in turn
    alignas(128) float scales[tiles * 2];
    alignas(128) u32 flag;   // tiles stored
    alignas(128) u32 freed;  // tiles copied
    alignas(128) u32 out[tiles * 64];
    sim::memory_region regions[5] = {{.name = "mid", .first = mid, .bytes = sizeof mid, .rewritten = true},
                                     {"scales", scales, sizeof scales},
                                     {"mid_flag", &flag, sizeof flag},
                                     {"freed", &freed, sizeof freed},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(2, 96);

    void reset() {
        std::fill_n(mid, tile_bytes / 4, ~0u);
        std::fill_n(scales, tiles * 2, -1.0f);
        flag = freed = 0;
        std::fill_n(out, tiles * 64, 0u);
    }
    bool right() const {
        for (u32 i = 0; i < tiles * 64; ++i) {
            if (out[i] != 1000 * (i / 64) + i % 64 + 10 * (i / 64) + i % 64 / 32) return false;
        }
        return true;
    }

    void run(bug with) {
        const u32 tile = ptx::dynamic_smem(), full = tile + 1024, empty = full + 8;
        if (ptx::thread_index() == 0) {
            ptx::mbarrier_init(full, ptx::cta_index() == 0 ? 2 : 1);
            ptx::mbarrier_init(empty, ptx::cta_index() == 0 ? 1 : 2);
            ptx::fence_mbarrier_init();
        }
        ptx::sync_cta();
        if (ptx::cta_index() == 0) {
            if (ptx::warp_index() == 0) {
                post(with, tile, full, empty);
            } else {
                math(with, tile, full, empty);
            }
        } else if (ptx::warp_index() == 0) {
            gate(tile, full, empty);
        } else {
            use(tile, full, empty);
        }
    }

    void math(bug with, u32 tile, u32 full, u32 empty) {
        ptx::role("math");
        const u32 part = ptx::warp_index() - 1, lane = ptx::lane_index();
        for (u32 i = 0; i < tiles; ++i) {
            if (i != 0) ptx::mbarrier_wait(empty, (i - 1) & 1, "staging");
            ptx::st_shared(tile + 4 * (32 * part + lane), 1000 * i + 32 * part + lane);
            if (with != bug::no_shared_fence) ptx::fence_proxy_async();
            const auto store_scale = [&] {
                if (lane == 5) ptx::st_global(scales + 2 * i + part, float(10 * i + part));
            };
            if (with != bug::scales_after_arrive) store_scale();
            ptx::sync_warp();
            if (lane == 0) ptx::mbarrier_arrive(full);
            if (with == bug::scales_after_arrive) store_scale();
        }
    }

    void post(bug with, u32 tile, u32 full, u32 empty) {
        ptx::role("post");
        if (ptx::lane_index() != 0) return;
        for (u32 i = 0; i < tiles; ++i) {
            ptx::mbarrier_wait(full, i & 1, "staged");
            while (with != bug::place_reused && ptx::ld_acquire<memory_scope::gpu>(&freed) < i) {
            }
            ptx::fence_proxy_async_global();
            ptx::bulk_store(mid, tile, tile_bytes);
            ptx::bulk_commit();
            if (with != bug::staging_refilled) ptx::bulk_wait_read<0>();
            ptx::mbarrier_arrive(empty);
            if (with != bug::flag_before_completion) ptx::bulk_wait<0>();
            if (with != bug::deferred_flag || i + 1 == tiles) ptx::st_release<memory_scope::gpu>(&flag, i + 1);
        }
        ptx::bulk_wait<0>();
    }

    void gate(u32 tile, u32 full, u32 empty) {
        ptx::role("gate");
        if (ptx::lane_index() != 0) return;
        for (u32 i = 0; i < tiles; ++i) {
            while (ptx::ld_acquire<memory_scope::gpu>(&flag) < i + 1) {
            }
            if (i != 0) ptx::mbarrier_wait(empty, (i - 1) & 1, "tile used");
            ptx::fence_proxy_async_global();
            ptx::mbarrier_arrive_expect_tx(full, tile_bytes);
            ptx::bulk_load(tile, mid, tile_bytes, full);
            ptx::mbarrier_wait(full, i & 1, "tile");
            ptx::st_release<memory_scope::gpu>(&freed, i + 1);
        }
    }

    void use(u32 tile, u32 full, u32 empty) {
        ptx::role("use");
        const u32 part = ptx::warp_index() - 1, lane = ptx::lane_index();
        for (u32 i = 0; i < tiles; ++i) {
            ptx::mbarrier_wait(full, i & 1, "tile");
            const u32 x = ptx::ld_shared<u32>(tile + 4 * (32 * part + lane));
            ptx::st_global(out + 64 * i + 32 * part + lane, x + u32(ptx::ld_global(scales + 2 * i + part)));
            ptx::sync_warp();
            if (lane == 0) ptx::mbarrier_arrive(empty);
        }
    }
};

const seeded_bugs<mid_kernel, bug> bugs(
    "Tiles that pass through memory",
    {{bug::flag_before_completion,
      "the flag of a tile follows `wait_group.read`",
      {"bulk load reads mid+0x", "role gate", "role post", "wait_group.read frees only its source"}},
     {bug::scales_after_arrive,
      "scales are stored after the arrival that hands them on",
      {"ld.global reads scales+0x", "role use", "role math lane 5", "st.global"}},
     {bug::no_shared_fence,
      "shared memory is stored without `fence.proxy.async`",
      {"role post", "role math", "bulk store reads shared memory", "never fenced"}},
     {bug::staging_refilled,
      "staging is written again before the store has read it",
      {"role math", "st.shared overwrites shared memory", "while bulk store of warp 0 still reads"}},
     {bug::deferred_flag,
      "a tile is published with the next one, which waits for its place",
      {"DEADLOCK", "CYCLE: ",
       "waits for freed+0x0, which CTA (1,0,0) rank 0 warp 0 role gate lane 0 would complete (no other can any more)",
       "waits for mid_flag+0x0, which CTA (0,0,0) rank 0 warp 0 role post lane 0 would complete (no other can any "
       "more)",
       "ld.acquire.gpu in a loop: nothing it polls changes; freed+0x0 holds 0",
       "mid_flag+0x0 holds 0, which nobody wrote"}},
     {bug::place_reused,
      "a tile is stored before the one in its place has been copied",
      {"bulk load reads mid+0x | bulk store writes mid+0x", "role gate", "role post", "missing"}}});

}  // namespace

TEST_CASE("tiles through memory: clean without bugs") { bugs.expect_clean(); }
TEST_CASE("tiles through memory: each bug is found") { bugs.expect_found(); }

}  // namespace seeded_mid_tests
