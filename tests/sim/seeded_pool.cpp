// SPDX-License-Identifier: MIT
// Rows pulled into a pool by one CTA and multiplied by another, as a fused mixture of experts does: source -> shared memory ->
// pool by bulk copies, a weight beside the row by a plain store, then the row's flag; the reader waits for the flag, copies the
// row, and reads the weight.
#include "seeded.hpp"

namespace seeded_pool_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class bug {
    none,
    published_after_read,
    relaxed_flag,
    no_proxy_fence,
    relaxed_poll,
    weak_poll,
    narrow_acquire,
    weak_flag,
    read_only_weight,
    slot_refilled,
    narrow_flag
};

struct pool_kernel {
    static constexpr u32 rows = 2, row_bytes = 256;
    alignas(128) u8 source[rows * row_bytes];
    alignas(128) u8 pool[rows * row_bytes];
    alignas(128) float weight[rows];
    alignas(128) u32 flag[rows];
    alignas(128) float out[rows * 32];
    sim::memory_region regions[5] = {{"source", source, sizeof source},
                                     {"pool", pool, sizeof pool},
                                     {"weight", weight, sizeof weight},
                                     {"row_flag", flag, sizeof flag},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(2, 64);

    void reset() {
        for (u32 i = 0; i < sizeof source; ++i) source[i] = u8(7 * i + 1);
        std::fill_n(pool, sizeof pool, u8(0xff));
        std::fill_n(weight, rows, -1.0f);
        std::fill_n(flag, rows, 0u);
        std::fill_n(out, rows * 32, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < rows * 32; ++i) {
            const u32 row = i / 32;
            if (out[i] != float(row + 3) * float(source[row * row_bytes + i % 32])) return false;
        }
        return true;
    }

    void run(bug with) {
        if (ptx::cta_index() == 0) {
            pull(with);
        } else {
            read(with);
        }
    }

    void pull(bug with) {
        const u32 slot = ptx::dynamic_smem(), bar = slot + 1024;
        make_barriers(bar);
        if (ptx::warp_index() != 0) return;
        ptx::role("pull");
        if (ptx::lane_index() != 0) return;
        const auto fill = [&](u32 row) {
            if (row == rows) return;
            ptx::mbarrier_arrive_expect_tx(bar, row_bytes);
            ptx::bulk_load(slot, source + row * row_bytes, row_bytes, bar);
        };
        fill(0);
        for (u32 row = 0; row < rows; ++row) {
            ptx::mbarrier_wait(bar, row & 1, "slot");
            ptx::bulk_store(pool + row * row_bytes, slot, row_bytes);
            ptx::bulk_commit();
            if (with == bug::slot_refilled) fill(row + 1);
            if (with == bug::published_after_read) {
                ptx::bulk_wait_read<0>();
            } else {
                ptx::bulk_wait<0>();
            }
            ptx::st_global(weight + row, float(row + 3));
            if (with == bug::relaxed_flag) {
                ptx::st_relaxed<memory_scope::gpu>(flag + row, 1);
            } else if (with == bug::weak_flag) {
                ptx::st_global(flag + row, 1u);
            } else if (with == bug::narrow_flag) {
                ptx::st_release<memory_scope::cluster>(flag + row, 1);
            } else {
                ptx::st_release<memory_scope::gpu>(flag + row, 1);
            }
            if (with != bug::slot_refilled) fill(row + 1);
        }
        ptx::bulk_wait<0>();
    }

    void read(bug with) {
        const u32 tile = ptx::dynamic_smem(), bar = tile + 1024, read = bar + 8;
        make_barriers(bar);
        if (ptx::warp_index() == 1 && ptx::lane_index() == 0) ptx::mbarrier_init(read, 1), ptx::fence_mbarrier_init();
        ptx::sync_cta();
        for (u32 row = 0; row < rows; ++row) {
            if (ptx::warp_index() == 0) {
                ptx::role("gate");
                if (with == bug::weak_poll) {
                    while (ptx::ld_global(flag + row) == 0) {
                    }
                } else if (with == bug::relaxed_poll) {
                    while (ptx::ld_relaxed<memory_scope::gpu>(flag + row) == 0) {
                    }
                } else if (with == bug::narrow_acquire) {
                    while (ptx::ld_acquire<memory_scope::cluster>(flag + row) == 0) {
                    }
                } else {
                    while (ptx::ld_acquire<memory_scope::gpu>(flag + row) == 0) {
                    }
                }
                ptx::sync_warp();
                if (ptx::lane_index() == 0) {
                    if (row != 0) ptx::mbarrier_wait(read, (row - 1) & 1, "tile read");
                    if (with != bug::no_proxy_fence) ptx::fence_proxy_async_global();
                    ptx::mbarrier_arrive_expect_tx(bar, row_bytes);
                    ptx::bulk_load(tile, pool + row * row_bytes, row_bytes, bar);
                }
            } else {
                ptx::role("math");
                ptx::mbarrier_wait(bar, row & 1, "tile");
                const u32 lane = ptx::lane_index();
                const float w =
                    with == bug::read_only_weight ? ptx::ld_global_nc(weight + row) : ptx::ld_global(weight + row);
                const u8 x = ptx::ld_shared<u8>(tile + lane);
                ptx::st_global(out + row * 32 + lane, w * float(x));
                ptx::sync_warp();
                if (lane == 0) ptx::mbarrier_arrive(read);
            }
        }
    }
};

const seeded_bugs<pool_kernel, bug> bugs(
    "Rows pulled into a pool",
    {{bug::published_after_read,
      "the flag of a row follows `wait_group.read`",
      {"bulk load reads pool+0x", "CTA (1,0,0) rank 0 warp 0 role gate", "CTA (0,0,0) rank 0 warp 0 role pull lane 0",
       "cp.async.bulk.wait_group"}},
     {bug::relaxed_flag,
      "the flag is stored, not released",
      {"bulk load reads pool+0x", "role gate", "role pull", "bulk store",
       "has completed, but that has not reached this thread"}},
     {bug::weak_flag,
      "the flag is a plain store",
      {"ld.acquire.gpu reads row_flag+0x | st.global writes row_flag+0x", "role gate", "role pull", "missing"}},
     {bug::no_proxy_fence,
      "the row is copied without `fence.proxy.async`",
      {"bulk load reads pool+0x", "role gate", "role pull", "without fence.proxy.async of global memory"}},
     {bug::relaxed_poll,
      "the flag is polled by relaxed loads, and no fence follows",
      {"bulk load reads pool+0x", "role gate", "role pull", "has completed, but that has not reached this thread"}},
     {bug::weak_poll,
      "the flag is polled by plain loads",
      {"ld.global reads row_flag+0x | st.release.gpu writes row_flag+0x", "role gate", "role pull",
       "st.relaxed or st.release at scope gpu | read by ld.global"}},
     {bug::read_only_weight,
      "a weight of the same launch is loaded through the read-only path",
      {"ld.global.nc reads weight+0x", "role math", "role pull", "st.global in the same launch", "read-only path"}},
     {bug::slot_refilled,
      "the slot is filled again while its store still reads it",
      {"bulk load overwrites shared memory", "role pull", "bulk store of warp 0"}},
     {bug::narrow_flag,
      "the flag is released to the cluster, acquired from another one",
      {"ld.acquire.gpu reads row_flag+0x | st.release.cluster writes row_flag+0x", "role gate", "role pull",
       "at scope cluster | one has cluster", "scope gpu is needed"}},
     {bug::narrow_acquire,
      "the flag is acquired at the scope of the cluster",
      {"ld.acquire.cluster reads row_flag+0x | st.release.gpu writes row_flag+0x", "role gate", "role pull",
       "scope gpu is needed"}}});

}  // namespace

TEST_CASE("pool rows: clean without bugs") { bugs.expect_clean(); }
TEST_CASE("pool rows: each bug is found") { bugs.expect_found(); }

}  // namespace seeded_pool_tests
