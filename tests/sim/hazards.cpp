// SPDX-License-Identifier: MIT
// Seeded bugs around shared memory and copies: each kernel here is wrong in one way and must end with the error that
// names it. Bugs of wgmma and tcgen05 are in their own files.
#include "support.hpp"

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

alignas(16) float global[1024];

/// Starts a load of 128 bytes to `data`, by the elected lane of warp 0.
void start_load(u32 data, u32 bar) {
    if (ptx::warp_index() == 0 && ptx::elect_one()) {
        ptx::mbarrier_arrive_expect_tx(bar, 128);
        ptx::bulk_load(data, global, 128, bar);
    }
}

/// Runs under each policy; the error must come each time.
template <class Body>
void expect_always(const sim::geometry& g, std::initializer_list<const char*> words, Body body) {
    for (const sim::options& o : all_policies()) expect_error(g, words, body, o);
}

/// As expect_always(), except under eager, which hides bugs of timing.
template <class Body>
void expect_unless_eager(const sim::geometry& g, std::initializer_list<const char*> words, Body body) {
    for (sim::options o : all_policies()) {
        o.max_delay = 1 << 20;  // the random policy then keeps everything in flight that nobody waits for
        if (o.policy != sim::policy::eager) expect_error(g, words, body, o);
    }
}

}  // namespace

TEST_CASE("a consumer that does not wait for its copy") {
    const auto words = {"role consumer", "ld.shared", "still in flight", "was not waited for"};
    expect_unless_eager(block(64), words, [] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        start_load(data, bar);
        ptx::sync_cta();
        if (ptx::warp_index() == 1) {
            ptx::role("consumer");
            ptx::ld_shared<float>(data);
        }
    });
    expect_unless_eager(block(32), {"st.shared", "still in flight"}, [] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        start_load(data, bar);
        ptx::sync_cta();
        ptx::st_shared(data + 4 * ptx::lane_index(), 1.0f);
    });
}

TEST_CASE("two copies into one stage without a wait between them") {
    expect_unless_eager(block(32), {"bulk load", "still in flight"}, [] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar, 2);
        start_load(data, bar);
        start_load(data, bar + 8);
        ptx::mbarrier_wait(bar, 0);
        ptx::mbarrier_wait(bar + 8, 0);
    });
}

TEST_CASE("a stage overwritten while a store still reads it") {
    auto store = [](u32 data) {
        for (u32 i = ptx::lane_index(); i < 32; i += 32) ptx::st_shared(data + 4 * i, 1.0f);
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (ptx::elect_one()) {
            ptx::bulk_store(global + 512, data, 128);
            ptx::bulk_commit();
        }
        ptx::sync_warp();
    };
    expect_unless_eager(block(32), {"st.shared overwrites", "bulk store of warp 0 still reads", "released too early"},
                        [&store] {
                            const u32 data = ptx::dynamic_smem();
                            store(data);
                            ptx::st_shared(data + 4 * ptx::lane_index(), 2.0f);
                            ptx::bulk_wait_read<0>();
                        });
    expect_unless_eager(block(32), {"bulk load overwrites", "bulk store of warp 0 still reads"}, [&store] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        store(data);
        start_load(data, bar);
        ptx::bulk_wait_read<0>();
    });
}

TEST_CASE("a missing fence.proxy.async before a store") {
    expect_always(block(64),
                  {"bulk store reads", "byte 0x84 was written by CTA (0,0,0) rank 0 warp 1 role writer lane 1",
                   "missing fence.proxy.async"},
                  [] {
                      const u32 data = ptx::dynamic_smem(), t = ptx::thread_index();
                      if (ptx::warp_index() == 1) ptx::role("writer");
                      ptx::st_shared(data + 4 * t, 1.0f);
                      if (t != 33) ptx::fence_proxy_async();
                      ptx::sync_cta();
                      if (ptx::warp_index() == 0 && ptx::elect_one()) {
                          ptx::bulk_store(global, data, 256);
                          ptx::bulk_commit();
                          ptx::bulk_wait_read<0>();
                      }
                  });
}

TEST_CASE("shared memory that was never written") {
    expect_always(block(32), {"ld.shared reads", "byte 0x44 was never written"}, [] {
        const u32 data = ptx::dynamic_smem();
        ptx::st_shared(data + 64, 1.0f);
        ptx::ld_shared<ptx::vec2<float>>(data + 64);
    });
    expect_always(block(32), {"bulk store reads", "byte 0x3c was never written"}, [] {
        const u32 data = ptx::dynamic_smem();
        if (ptx::lane_index() < 15) ptx::st_shared(data + 4 * ptx::lane_index(), 1.0f);
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (ptx::elect_one()) ptx::bulk_store(global, data, 64);
    });
}

TEST_CASE("rows out of bounds of a tensor need not be written before a store") {
    const tensor_map map =
        sim::encode_tensor_map(matrix_map(global, dtype::f32, 3, 32, 128, 8, 32, swizzle_mode::b128));
    auto body = [&map](u32 rows) {
        return [&map, rows] {
            const u32 data = ptx::dynamic_smem();
            for (u32 r = 0; r < rows; ++r) {
                ptx::st_shared(data + swizzled(128 * r + 4 * ptx::lane_index(), swizzle_mode::b128), 1.0f);
            }
            ptx::fence_proxy_async();
            ptx::sync_warp();
            if (ptx::elect_one()) {
                ptx::tma_store(map, data, {0, 0});
                ptx::bulk_commit();
                ptx::bulk_wait_read<0>();
            }
        };
    };
    sim::launch({}, block(32), body(3));
    expect_always(block(32), {"TMA store reads", "was never written"}, body(2));
}

TEST_CASE("a thread that ends before its store has read shared memory") {
    expect_unless_eager(block(32), {"lane 0", "missing cp.async.bulk.wait_group.read"}, [] {
        const u32 data = ptx::dynamic_smem();
        ptx::st_shared(data + 4 * ptx::lane_index(), 1.0f);
        ptx::fence_proxy_async();
        ptx::sync_warp();
        if (ptx::lane_index() == 0) {
            ptx::bulk_store(global, data, 128);
            ptx::bulk_commit();
        }
    });
}

TEST_CASE("a CTA that ends before its copies have landed") {
    expect_unless_eager(block(32), {"the CTA ends while a copy"}, [] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        make_barriers(bar);
        start_load(data, bar);
    });
}

TEST_CASE("a multicast into a peer that has exited") {
    u32 ended = 0;
    expect_always(block(32, 2), {"bulk load", "CTA rank 1, which has exited"}, [&ended] {
        const u32 data = ptx::dynamic_smem(), bar = data + 1024;
        ended = 0;
        make_barriers(bar);
        ptx::cluster_sync();
        if (ptx::cluster_rank() == 1) {
            ptx::atomic_add_relaxed<memory_scope::gpu>(&ended, 1);
            return;
        }
        while (ptx::ld_acquire<memory_scope::gpu>(&ended) != 32) {
        }
        if (ptx::elect_one()) ptx::bulk_load_multicast(data, global, 128, bar, 2);
    });
}

TEST_CASE("reading global memory before the preceding grid has ended") {
    sim::options o;
    o.dependent_launch = true;
    expect_error(
        block(32), {"ld.global before griddepcontrol.wait"}, [] { ptx::ld_global(global); }, o);
    expect_error(
        block(32), {"bulk load before griddepcontrol.wait"},
        [] {
            make_barriers(ptx::dynamic_smem() + 1024);
            start_load(ptx::dynamic_smem(), ptx::dynamic_smem() + 1024);
        },
        o);
    sim::launch(o, block(32), [] {
        ptx::grid_dependency_wait();
        ptx::grid_dependency_trigger();
        ptx::ld_global(global);
    });
    expect_error(  // a trigger waits for nothing, and the next grid takes what is older than this one for ready
        block(32), {"griddepcontrol.launch_dependents before griddepcontrol.wait", "results of the preceding one"},
        [] { ptx::grid_dependency_trigger(); }, o);
    expect_error(  // each thread has to wait for itself
        block(32), {"ld.global before griddepcontrol.wait"},
        [] {
            if (ptx::thread_index() == 0) ptx::grid_dependency_wait();
            ptx::sync_warp();
            ptx::ld_global(global);
        },
        o);
    expect_error(
        block(32), {"st.global before griddepcontrol.wait", "use what it overwrites"},
        [] { ptx::st_global(global, 1.0f); }, o);
    sim::options ready = o;  // what is older than the preceding grid may be read, not written
    ready.ready[0] = {global, 4};
    sim::launch(ready, block(32), [] { ptx::ld_global(global); });
    expect_error(
        block(32), {"ld.global before griddepcontrol.wait"}, [] { ptx::ld_global(global + 1); }, ready);
    expect_error(
        block(32), {"st.global before griddepcontrol.wait"}, [] { ptx::st_global(global, 1.0f); }, ready);
    o.dependent_launch = false;
    sim::launch(o, block(32), [] {
        ptx::grid_dependency_trigger();
        ptx::ld_global(global);
    });
}

TEST_CASE("addresses outside, misaligned or null") {
    expect_error(block(32), {"ld.shared", "outside the 65536 bytes"},
                 [] { ptx::ld_shared<float>(ptx::dynamic_smem() - 4); });
    expect_error(block(32), {"st.shared", "outside"}, [] { ptx::st_shared(ptx::dynamic_smem() + 65532, u64(1)); });
    expect_error(block(32), {"not aligned to 16 bytes"},
                 [] { ptx::st_shared(ptx::dynamic_smem() + 8, ptx::vec4<float>{}); });
    expect_error(block(32), {"ld.global: null pointer"}, [] { ptx::ld_global<float>(nullptr); });
}
