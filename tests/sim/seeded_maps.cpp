// SPDX-License-Identifier: MIT
// A tensor map that one CTA points at other memory and another copies with: stores, fence.proxy.tensormap release, flag; flag,
// fence.proxy.tensormap acquire, copy. Four bugs.
#include "seeded.hpp"

namespace seeded_maps_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class bug {
    none,
    no_release,         // the map is published without its fence
    no_acquire,         // the copy uses it without its fence
    acquired_too_soon,  // the fence stands before the wait for the flag
    relaxed_flag        // the flag is stored, not released
};

struct map_kernel {
    alignas(128) float first[32], second[32];
    tensor_map map, next;
    alignas(128) u32 flag;
    alignas(128) float out[32];
    sim::memory_region regions[3] = {{.name = "maps", .first = &map, .bytes = sizeof map, .rewritten = true},
                                     {"map_flag", &flag, sizeof flag},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(2, 32);

    static tensor_map encode(float* base) {
        return sim::encode_tensor_map(matrix_map(base, dtype::f32, 1, 32, 128, 1, 32, swizzle_mode::none));
    }
    void reset() {
        for (int i = 0; i < 32; ++i) first[i] = -1, second[i] = float(i), out[i] = -1;
        map = encode(first);
        next = encode(second);
        flag = 0;
    }
    bool right() const {
        for (int i = 0; i < 32; ++i) {
            if (out[i] != float(i)) return false;
        }
        return true;
    }

    void run(bug with) {
        const u32 lane = ptx::lane_index();
        if (ptx::cta_index() == 0) {
            ptx::role("planner");
            if (lane != 3) return;
            for (u32 i = 0; i < 16; ++i) ptx::st_global(&map.opaque[i], next.opaque[i]);
            if (with != bug::no_release) ptx::fence_tensor_map_release();
            if (with == bug::relaxed_flag) {
                ptx::st_relaxed<memory_scope::gpu>(&flag, 1);
            } else {
                ptx::st_release<memory_scope::gpu>(&flag, 1);
            }
            return;
        }
        ptx::role("loader");
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        if (lane == 0) {
            if (with == bug::acquired_too_soon) ptx::fence_tensor_map_acquire(&map);
            while (ptx::ld_acquire<memory_scope::gpu>(&flag) == 0) {
            }
            if (with != bug::no_acquire && with != bug::acquired_too_soon) ptx::fence_tensor_map_acquire(&map);
            ptx::mbarrier_arrive_expect_tx(bar, 128);
            ptx::tma_load(map, data, bar, {0, 0});
        }
        ptx::mbarrier_wait(bar, 0);
        ptx::st_global(out + lane, ptx::ld_shared<float>(data + 4 * lane));
    }
};

}  // namespace

TEST_CASE("maps written on the device: the kernel without bugs is clean") {
    map_kernel kernel;
    expect_clean(kernel, bug::none);
}

TEST_CASE("maps written on the device: without one of the fences, or with one too soon") {
    map_kernel kernel;
    const auto both = {"TMA load uses the tensor map at maps+0x0", "role loader lane 0", "role planner lane 3",
                       "wrote by st.global"};
    for (const bug with : {bug::no_release, bug::no_acquire, bug::acquired_too_soon}) expect_found(kernel, with, both);
    expect_found(kernel, bug::no_release, {"missing fence.proxy.tensormap release"});
    expect_found(kernel, bug::no_acquire, {"missing fence.proxy.tensormap acquire"});
    expect_found(kernel, bug::acquired_too_soon, {"missing fence.proxy.tensormap acquire"});
}

TEST_CASE("maps written on the device: a flag that is stored, not released") {
    map_kernel kernel;
    expect_found(kernel, bug::relaxed_flag,
                 {"TMA load uses the tensor map at maps+0x0", "role loader lane 0", "role planner lane 3", "missing"});
}

}  // namespace seeded_maps_tests
