// SPDX-License-Identifier: MIT
// Tensor maps that a kernel writes. One CTA points a map at other memory, round by round, and another copies with it: stores,
// fence.proxy.tensormap release, flag; flag, fence.proxy.tensormap acquire, copy; and when the copy has landed, the map is
// given back. And a thread that stores through a map and then points it elsewhere itself.
#include "seeded.hpp"

namespace seeded_maps_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr memory_scope gpu = memory_scope::gpu;
constexpr u32 rounds = 3;

/// A map of 32 floats.
tensor_map encode(float* base) {
    return sim::encode_tensor_map(matrix_map(base, dtype::f32, 1, 32, 128, 1, 32, swizzle_mode::none));
}
/// Writes a map with plain stores.
void write(tensor_map& to, const tensor_map& from) {
    for (u32 i = 0; i < 16; ++i) ptx::st_global(&to.opaque[i], from.opaque[i]);
}

enum class load_bug {
    none,
    no_release,
    released_once,
    relaxed_flag,
    no_acquire,
    acquired_once,
    acquired_too_soon,
    other_acquired,
    no_wait,
    freed_before_landing,
    relaxed_freed
};

struct load_kernel {
    alignas(128) float part[rounds][32];
    tensor_map map, next[rounds];
    alignas(128) u32 flag;   // rounds for which the map is ready
    alignas(128) u32 freed;  // rounds whose copy has landed
    alignas(128) float out[rounds * 32];
    sim::memory_region regions[4] = {{.name = "map", .first = &map, .bytes = sizeof map, .rewritten = true},
                                     {"map_flag", &flag, sizeof flag},
                                     {"freed", &freed, sizeof freed},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(2, 32);

    void reset() {
        for (u32 i = 0; i < rounds * 32; ++i) part[i / 32][i % 32] = float(i), out[i] = -1;
        for (u32 round = 0; round < rounds; ++round) next[round] = encode(part[round]);
        map = next[0];
        flag = freed = 0;
    }
    bool right() const {
        for (u32 i = 0; i < rounds * 32; ++i) {
            if (out[i] != float(i)) return false;
        }
        return true;
    }

    void run(load_bug with) {
        if (ptx::cta_index() == 0) {
            plan(with);
        } else {
            load(with);
        }
    }

    void plan(load_bug with) {
        ptx::role("planner");
        if (ptx::lane_index() != 3) return;
        for (u32 round = 0; round < rounds; ++round) {
            while (with != load_bug::no_wait && ptx::ld_acquire<gpu>(&freed) < round) {
            }
            write(map, next[round]);
            const bool forgets = with == load_bug::no_release || (with == load_bug::released_once && round != 0);
            if (!forgets) ptx::fence_tensor_map_release();
            if (with == load_bug::relaxed_flag) {
                ptx::st_relaxed<gpu>(&flag, round + 1);
            } else {
                ptx::st_release<gpu>(&flag, round + 1);
            }
        }
    }

    void load(load_bug with) {
        ptx::role("loader");
        const u32 data = ptx::dynamic_smem(), bar = data + 1024, lane = ptx::lane_index();
        make_barriers(bar);
        for (u32 round = 0; round < rounds; ++round) {
            const auto acquire = [&] { ptx::fence_tensor_map_acquire(with == load_bug::other_acquired ? next : &map); };
            const auto give_back = [&] {
                if (lane != 0) return;
                if (with == load_bug::relaxed_freed) {
                    ptx::st_relaxed<gpu>(&freed, round + 1);
                } else {
                    ptx::st_release<gpu>(&freed, round + 1);
                }
            };
            if (lane == 0) {
                if (with == load_bug::acquired_too_soon) acquire();
                while (ptx::ld_acquire<gpu>(&flag) < round + 1) {
                }
                const bool forgets = with == load_bug::no_acquire || (with == load_bug::acquired_once && round != 0);
                if (!forgets && with != load_bug::acquired_too_soon) acquire();
                ptx::mbarrier_arrive_expect_tx(bar, 128);
                ptx::tma_load(map, data, bar, {0, 0});
            }
            if (with == load_bug::freed_before_landing) give_back();
            ptx::mbarrier_wait(bar, round & 1, "tile");
            ptx::st_global(out + 32 * round + lane, ptx::ld_shared<float>(data + 4 * lane));
            ptx::sync_warp();
            if (with != load_bug::freed_before_landing) give_back();
        }
    }
};

const seeded_bugs<load_kernel, load_bug> load_bugs(
    "A tensor map that one CTA writes and another copies with",
    {{load_bug::no_release,
      "it is published without its fence",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3", "wrote by st.global",
       "missing fence.proxy.tensormap release"},
      always},
     {load_bug::released_once,
      "it is published with its fence in the first round alone",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3",
       "missing fence.proxy.tensormap release"},
      always},
     {load_bug::relaxed_flag,
      "its flag is stored, not released",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3", "missing"},
      always},
     {load_bug::no_acquire,
      "it is used without its fence",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3",
       "missing fence.proxy.tensormap acquire"},
      always},
     {load_bug::acquired_once,
      "it is used with its fence in the first round alone",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3",
       "missing fence.proxy.tensormap acquire"},
      always},
     {load_bug::acquired_too_soon,
      "its fence stands before the wait for the flag",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3",
       "missing fence.proxy.tensormap acquire"}},
     {load_bug::other_acquired,
      "the fence is for another map",
      {"TMA load uses the tensor map at map+0x0", "role loader lane 0", "role planner lane 3",
       "missing fence.proxy.tensormap acquire"},
      always},
     {load_bug::no_wait,
      "it is changed without waiting for the copy",
      {"TMA load uses the tensor map at map+0x | st.global writes map+0x", "role loader lane 0", "role planner lane 3",
       "missing"}},
     {load_bug::freed_before_landing,
      "it is given back before the copy has landed",
      {"st.global writes map+0x0, which CTA (1,0,0) rank 0 warp 0 role loader lane 0 read by a TMA load as its tensor "
       "map",
       "role planner lane 3", "missing wait for its mbarrier"},
      always},
     {load_bug::relaxed_freed,
      "it is given back by a store that releases nothing",
      {"st.global writes map+0x0, which CTA (1,0,0) rank 0 warp 0 role loader lane 0 read by a TMA load as its tensor "
       "map",
       "role planner lane 3", "which has landed, but that has not reached this thread"},
      always}});

enum class store_bug { none, changed_unread, told_unread, relaxed_told, no_release, no_acquire };

/// A thread stores tiles through a map, which the next thread, told by a word, points at the next part of the output.
struct store_kernel {
    alignas(128) float out[rounds][32];
    tensor_map map, next[rounds];
    alignas(128) u32 told;    // rounds whose store has read the map
    alignas(128) u32 turned;  // rounds for which the map is ready
    sim::memory_region regions[4] = {{.name = "map", .first = &map, .bytes = sizeof map, .rewritten = true},
                                     {"told", &told, sizeof told},
                                     {"turned", &turned, sizeof turned},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(1, 64);

    void reset() {
        for (u32 i = 0; i < rounds * 32; ++i) out[i / 32][i % 32] = -1;
        for (u32 round = 0; round < rounds; ++round) next[round] = encode(out[round]);
        map = next[0];
        told = turned = 0;
    }
    bool right() const {
        for (u32 i = 0; i < rounds * 32; ++i) {
            if (out[i / 32][i % 32] != float(i)) return false;
        }
        return true;
    }

    void run(store_bug with) {
        if (ptx::warp_index() == 0) {
            store(with);
        } else {
            turn(with);
        }
    }

    /// Waits until the map has been read, then tells the other warp. In the second round it changes the map itself.
    void store(store_bug with) {
        ptx::role("store");
        const u32 data = ptx::dynamic_smem(), lane = ptx::lane_index();
        for (u32 round = 0; round < rounds; ++round) {
            ptx::st_shared(data + 128 * round + 4 * lane, float(32 * round + lane));
        }
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (lane != 0) return;
        for (u32 round = 0; round < rounds; ++round) {
            ptx::tma_store(map, data + 128 * round, {0, 0});
            ptx::bulk_commit();
            if (round + 1 == rounds) break;
            const bool forgets = with == (round == 0 ? store_bug::changed_unread : store_bug::told_unread);
            if (!forgets) ptx::bulk_wait_read<0>();
            if (round == 0) {
                write(map, next[1]);
                if (with != store_bug::no_release) ptx::fence_tensor_map_release();
                if (with != store_bug::no_acquire) ptx::fence_tensor_map_acquire(&map);
                continue;
            }
            if (with == store_bug::relaxed_told) {
                ptx::st_relaxed<gpu>(&told, round + 1);
            } else {
                ptx::st_release<gpu>(&told, round + 1);
            }
            while (ptx::ld_acquire<gpu>(&turned) < round + 1) {
            }
            ptx::fence_tensor_map_acquire(&map);
        }
        ptx::bulk_wait<0>();
    }

    void turn(store_bug) {
        ptx::role("turn");
        if (ptx::lane_index() != 0) return;
        while (ptx::ld_acquire<gpu>(&told) < 2) {
        }
        write(map, next[2]);
        ptx::fence_tensor_map_release();
        ptx::st_release<gpu>(&turned, 2);
    }
};

const seeded_bugs<store_kernel, store_bug> store_bugs(
    "A tensor map that is changed between stores through it",
    {{store_bug::changed_unread,
      "it is changed by the thread whose store may still read it",
      {"role store lane 0: st.global writes map+0x0, which CTA (0,0,0) rank 0 warp 0 role store lane 0 read by a TMA "
       "store as its "
       "tensor map",
       "missing cp.async.bulk.wait_group.read"},
      always},
     {store_bug::told_unread,
      "another thread is told to change it before the store has read it",
      {"role turn lane 0: st.global writes map+0x0, which CTA (0,0,0) rank 0 warp 0 role store lane 0 read by a TMA "
       "store as its "
       "tensor map",
       "missing cp.async.bulk.wait_group.read"},
      always},
     {store_bug::relaxed_told,
      "another thread is told by a store that releases nothing",
      {"role turn lane 0: st.global overwrites map+0x0, which CTA (0,0,0) rank 0 warp 0 role store lane 0 wrote by "
       "st.global",
       "missing acquire, fence or barrier"},
      always},
     {store_bug::no_release,
      "the thread that has changed it does not release it to itself",
      {"TMA store uses the tensor map at map+0x0", "role store lane 0", "missing fence.proxy.tensormap release"},
      always},
     {store_bug::no_acquire,
      "the thread that has changed it does not acquire it from itself",
      {"TMA store uses the tensor map at map+0x0", "role store lane 0", "missing fence.proxy.tensormap acquire"},
      always}});

}  // namespace

TEST_CASE("maps for loads: clean without bugs") { load_bugs.expect_clean(); }
TEST_CASE("maps for loads: each bug is found") { load_bugs.expect_found(); }
TEST_CASE("maps for stores: clean without bugs") { store_bugs.expect_clean(); }
TEST_CASE("maps for stores: each bug is found") { store_bugs.expect_found(); }

}  // namespace seeded_maps_tests
