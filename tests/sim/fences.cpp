// SPDX-License-Identifier: MIT
// Fences on the simulator: what those of the async proxy publish, that those it does not model may stand anywhere, and the
// options that switch the checks of shared memory off.
#include "support.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

/// Lanes write 128 bytes, `fence` may publish them, lane 0 stores them to `out`.
template <class Fence>
auto store_after(Fence fence, float* out) {
    return [=] {
        const u32 data = ptx::dynamic_smem();
        ptx::st_shared(data + 4 * ptx::lane_index(), float(ptx::lane_index()));
        fence();
        ptx::sync_warp();
        if (ptx::lane_index() == 0) {
            ptx::bulk_store(out, data, 128);
            ptx::bulk_commit();
            ptx::bulk_wait<0>();
        }
    };
}

}  // namespace

TEST_CASE("the fence of shared memory and the full one publish stores; the others do not") {
    alignas(16) float out[32];
    for (const sim::options& o : all_policies()) {
        for (int which = 0; which < 2; ++which) {
            std::fill_n(out, 32, -1.0f);
            sim::launch(o, block(32),
                        store_after(
                            [which] {
                                if (which == 0) ptx::fence_proxy_async();
                                if (which == 1) ptx::fence_proxy_async_all();
                            },
                            out));
            for (int i = 0; i < 32; ++i) CHECK(out[i] == float(i));
        }
        const auto words = {"bulk store reads", "missing fence.proxy.async"};
        expect_error(block(32), words, store_after([] { ptx::fence_proxy_async_global(); }, out), o);
        expect_error(block(32), words, store_after([] { ptx::fence_acq_rel_gpu(); }, out), o);
        expect_error(block(32), words, store_after([] { ptx::fence_acq_rel_cluster(); }, out), o);
    }
}

TEST_CASE("the full fence publishes mbarriers too") {
    alignas(16) static float source[32] = {1, 2, 3};
    sim::launch({}, block(32), [] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        if (ptx::elect_one()) {
            ptx::mbarrier_init(bar, 1);
            ptx::fence_proxy_async_all();
            ptx::mbarrier_arrive_expect_tx(bar, 128);
            ptx::bulk_load(data, source, 128, bar);
            ptx::mbarrier_wait(bar, 0);
            CHECK(ptx::ld_shared<float>(data + 8) == 3.0f);
        }
    });
}

TEST_CASE("a message passed through global memory, with the fences a GPU needs") {
    for (sim::options o : all_policies()) {
        o.resident_clusters = 0;
        sim::geometry g = block(32);
        g.grid.x = 2;
        alignas(16) u32 message[4] = {}, copy[4] = {};
        u32 flag = 0;
        sim::launch(o, g, [&] {
            if (ptx::lane_index() != 0) return;
            if (ptx::cta_index() == 1) {
                ptx::st_global(message, 42u);
                ptx::fence_proxy_async_global();
                ptx::fence_acq_rel_gpu();
                ptx::st_release<memory_scope::gpu>(&flag, 1u);
                return;
            }
            const u32 data = ptx::dynamic_smem(), bar = data + 1024;
            ptx::mbarrier_init(bar, 1);
            ptx::fence_mbarrier_init();
            while (ptx::ld_acquire<memory_scope::gpu>(&flag) == 0) {
            }
            ptx::fence_acq_rel_gpu();
            ptx::fence_proxy_async_global();
            ptx::mbarrier_arrive_expect_tx(bar, 16);
            ptx::bulk_load(data, message, 16, bar);
            ptx::mbarrier_wait(bar, 0);
            copy[0] = ptx::ld_shared<u32>(data);
        });
        CHECK(copy[0] == 42);
    }
}

TEST_CASE("a message passed through a peer's shared memory, with the fence a GPU needs") {
    for (const sim::options& o : all_policies()) {
        sim::launch(o, block(32, 2), [] {
            const u32 data = ptx::dynamic_smem(), bar = data + 1024;
            make_barriers(bar, 1, 32);
            ptx::cluster_sync();
            const u32 peer = ptx::cluster_rank() ^ 1;
            ptx::st_shared_cluster(ptx::map_to_rank(data + 4 * ptx::lane_index(), peer), 7 + ptx::lane_index());
            ptx::fence_acq_rel_cluster();
            ptx::mbarrier_arrive_remote(bar, peer);
            ptx::mbarrier_wait(bar, 0);
            ptx::fence_acq_rel_cluster();
            CHECK(ptx::ld_shared<u32>(data + 4 * (31 - ptx::lane_index())) == 38 - ptx::lane_index());
            ptx::cluster_sync();
        });
    }
}

TEST_CASE("a tensor map replaced by a kernel, and one that is none") {
    alignas(16) static float first[32] = {1}, second[32] = {2};
    auto encode = [](float* base) {
        return sim::encode_tensor_map(matrix_map(base, dtype::f32, 1, 32, 128, 1, 32, swizzle_mode::none));
    };
    tensor_map map = encode(first);
    const tensor_map next = encode(second);
    sim::launch({}, block(32), [&] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        if (ptx::elect_one()) {
            for (u32 i = 0; i < 16; ++i) ptx::st_global(&map.opaque[i], next.opaque[i]);
            ptx::fence_tensor_map_release();
            ptx::fence_tensor_map_acquire(&map);
            ptx::mbarrier_arrive_expect_tx(bar, 128);
            ptx::tma_load(map, data, bar, {0, 0});
            ptx::mbarrier_wait(bar, 0);
            CHECK(ptx::ld_shared<float>(data) == 2.0f);
        }
    });
    const tensor_map none{};
    expect_error(block(32), {"fence.proxy.tensormap: the tensor map was not made by sim::encode_tensor_map"},
                 [&] { ptx::fence_tensor_map_acquire(&none); });
    expect_error(block(32), {"prefetch.tensormap: the tensor map was not made by sim::encode_tensor_map"},
                 [&] { ptx::prefetch_tensor_map(none); });
}

TEST_CASE("without check_proxy a missing fence gives old bytes, as on a GPU") {
    alignas(16) float out[32];
    sim::options o;
    o.check_proxy = false;
    std::fill_n(out, 32, -1.0f);
    sim::launch(o, block(32), store_after([] {}, out));
    for (int i = 0; i < 32; ++i) CHECK(out[i] != out[i]);  // the NaN that shared memory began with
}

TEST_CASE("without check_unwritten reads of what nobody wrote are NaN") {
    auto body = [](float* out) {
        return [out] { out[ptx::lane_index()] = ptx::ld_shared<float>(ptx::dynamic_smem() + 4 * ptx::lane_index()); };
    };
    float out[32] = {};
    expect_error(block(32), {"was never written"}, body(out));
    sim::options o;
    o.check_unwritten = false;
    sim::launch(o, block(32), body(out));
    for (const float x : out) CHECK(x != x);
}

TEST_CASE("a copy in flight has poisoned its target, unless check_poison is off") {
    alignas(16) static float source[32] = {};
    // The host looks at the bytes itself: no check of the simulator forbids that.
    float seen = 0;
    auto body = [&seen] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        if (ptx::elect_one()) {
            ptx::st_shared(data, 5.0f);
            ptx::mbarrier_arrive_expect_tx(bar, 128);
            ptx::bulk_load(data, source, 128, bar);
            std::memcpy(&seen, sim::me().cta->generic, sizeof seen);
            ptx::mbarrier_wait(bar, 0);
        }
    };
    sim::options o;
    sim::launch(o, block(32), body);
    CHECK(seen != seen);
    o.check_poison = false;
    sim::launch(o, block(32), body);
    CHECK(seen == 5.0f);
}
