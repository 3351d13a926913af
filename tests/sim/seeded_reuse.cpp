// SPDX-License-Identifier: MIT
// Memory that is written again when everybody has read it: the number of a call, which the last CTA to leave advances; a slot
// that one CTA fills and another one empties, by plain loads and by a bulk copy; elements changed in place. No order of
// threads hides these bugs, since reads are noted, too.
#include "seeded.hpp"

namespace seeded_reuse_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

constexpr memory_scope gpu = memory_scope::gpu;

enum class epoch_bug { none, advanced_early, one_cta_missing, relaxed_leave };

struct epoch_kernel {
    static constexpr u32 ctas = 3, columns = 64;
    alignas(128) u32 epoch;
    alignas(128) u32 left;
    alignas(128) float out[ctas * columns];
    sim::memory_region regions[3] = {
        {"epoch", &epoch, sizeof epoch}, {"left", &left, sizeof left}, {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(ctas, columns);

    void reset() {
        epoch = 7;
        left = 0;
        std::fill_n(out, ctas * columns, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < ctas * columns; ++i) {
            if (out[i] != float(7000 + i)) return false;
        }
        return epoch == 8;
    }

    void run(epoch_bug with) {
        const u32 thread = ptx::thread_index(), i = ptx::cta_index() * columns + thread;
        ptx::role(ptx::warp_index() == 0 ? "leader" : "math");
        const u32 now = ptx::ld_global(&epoch);
        ptx::st_global(out + i, float(1000 * now + i));
        if (with == epoch_bug::advanced_early) {
            ptx::sync_warp();
        } else {
            ptx::sync_cta();
        }
        if (thread != 0) return;
        const u32 before = with == epoch_bug::relaxed_leave ? ptx::atomic_add_relaxed<gpu>(&left, 1)
                                                            : ptx::atomic_add_acq_rel<gpu>(&left, 1);
        const u32 last = with == epoch_bug::one_cta_missing ? ctas - 2 : ctas - 1;
        if (before == last) ptx::st_global(&epoch, now + 1);
    }
};

enum class slot_bug { none, no_wait, no_proxy_fence, freed_early, relaxed_freed, before_landed };

struct slot_kernel {
    static constexpr u32 rounds = 3;
    alignas(128) float slot[32];
    alignas(128) u32 full;
    alignas(128) u32 freed;
    alignas(128) float out[rounds * 32];
    sim::memory_region regions[4] = {{.name = "slot", .first = slot, .bytes = sizeof slot, .rewritten = true},
                                     {"full", &full, sizeof full},
                                     {"freed", &freed, sizeof freed},
                                     {"out", out, sizeof out}};
    sim::geometry geometry = grid_of(2, 32);

    void reset() {
        std::fill_n(slot, 32, -1.0f);
        full = freed = 0;
        std::fill_n(out, rounds * 32, -1.0f);
    }
    bool right() const {
        for (u32 i = 0; i < rounds * 32; ++i) {
            if (out[i] != 2 * float(100 * (i / 32) + i % 32)) return false;
        }
        return true;
    }

    void run(slot_bug with) {
        if (ptx::cta_index() == 0) {
            fill(with);
        } else {
            use(with);
        }
    }

    void fill(slot_bug with) {
        ptx::role("fill");
        const u32 lane = ptx::lane_index();
        for (u32 i = 0; i < rounds; ++i) {
            if (lane == 0 && with != slot_bug::no_wait) {
                while (ptx::ld_acquire<gpu>(&freed) < i) {
                }
            }
            ptx::sync_warp();
            ptx::st_global(slot + lane, float(100 * i + lane));
            ptx::sync_warp();
            if (lane == 0) ptx::st_release<gpu>(&full, i + 1);
        }
    }

    void use(slot_bug with) {
        const u32 tile = ptx::dynamic_smem(), bar = tile + 1024, lane = ptx::lane_index();
        make_barriers(bar);
        ptx::role("use");
        for (u32 i = 0; i < rounds; ++i) {
            if (lane == 0) {
                while (ptx::ld_acquire<gpu>(&full) < i + 1) {
                }
            }
            ptx::sync_warp();
            if (lane == 0) {
                if (with != slot_bug::no_proxy_fence) ptx::fence_proxy_async_global();
                ptx::mbarrier_arrive_expect_tx(bar, sizeof slot);
                ptx::bulk_load(tile, slot, sizeof slot, bar);
            }
            const auto give_back = [&] {
                if (lane != 0) return;
                if (with == slot_bug::relaxed_freed) {
                    ptx::st_relaxed<gpu>(&freed, i + 1);
                } else {
                    ptx::st_release<gpu>(&freed, i + 1);
                }
            };
            if (with != slot_bug::before_landed) ptx::mbarrier_wait(bar, i & 1, "tile");
            if (with == slot_bug::freed_early) give_back();
            const float x = ptx::ld_global(slot + lane);
            ptx::sync_warp();
            if (with != slot_bug::freed_early) give_back();
            if (with == slot_bug::before_landed) ptx::mbarrier_wait(bar, i & 1, "tile");
            ptx::st_global(out + 32 * i + lane, x + ptx::ld_shared<float>(tile + 4 * lane));
        }
    }
};

/// Every thread of a CTA changes its own element, then that of the thread of the next warp.
enum class place_bug { none, no_meeting };

template <class T>
struct place_kernel {
    static constexpr u32 threads = 96;
    alignas(128) T x[threads];
    sim::memory_region regions[1] = {{.name = "x", .first = x, .bytes = sizeof x, .rewritten = true}};
    sim::geometry geometry = grid_of(1, threads);

    void reset() {
        for (u32 i = 0; i < threads; ++i) x[i] = T(i);
    }
    bool right() const {
        for (u32 i = 0; i < threads; ++i) {
            if (x[i] != T(i + 11)) return false;
        }
        return true;
    }
    void run(place_bug with) {
        const u32 i = ptx::thread_index(), other = (i + 32) % threads;
        ptx::role(ptx::warp_index() == 0 ? "first" : "other");
        ptx::st_global(x + i, T(ptx::ld_global(x + i) + 1));
        ptx::sync_cta();
        const T first = ptx::ld_global(x);  // all threads load the same
        if (with != place_bug::no_meeting) ptx::sync_cta();
        ptx::st_global(x + other, T(ptx::ld_global(x + other) + 9 + first));
    }
};

const seeded_bugs<epoch_kernel, epoch_bug> epoch_bugs(
    "The number of a call, which the last CTA to leave advances",
    {{epoch_bug::advanced_early,
      "it is advanced before all warps of a CTA have read it",
      {"st.global writes epoch+0x0 | ld.global reads epoch+0x0", "role leader lane 0", "role math lane",
       "read by ld.global | wrote by st.global", "missing"},
      always},
     {epoch_bug::one_cta_missing,
      "it is advanced when all CTAs but one have left",
      {"st.global writes epoch+0x0 | ld.global reads epoch+0x0", "role leader lane 0",
       "read by ld.global | wrote by st.global", "missing"},
      always},
     {epoch_bug::relaxed_leave,
      "leaving orders nothing",
      {"st.global writes epoch+0x0 | ld.global reads epoch+0x0", "role leader lane 0",
       "read by ld.global | wrote by st.global", "missing"},
      always}});

const seeded_bugs<slot_kernel, slot_bug> slot_bugs(
    "A slot that one CTA fills and another empties",
    {{slot_bug::no_wait, "it is filled again at once", {"slot+0x", "role fill", "role use", "missing"}},
     {slot_bug::freed_early,
      "it is given back before all lanes have read it",
      {"st.global writes slot+0x | ld.global reads slot+0x", "role fill lane", "role use lane", "missing"},
      always},
     {slot_bug::relaxed_freed,
      "it is given back by a store that releases nothing",
      {"st.global writes slot+0x0, which CTA (1,0,0) rank 0 warp 0 role use lane 0 read by",
       "CTA (0,0,0) rank 0 warp 0 role fill lane 0",
       "has not released since | has landed, but that has not reached this thread"},
      always},
     {slot_bug::before_landed,
      "it is given back before the copy of it has landed",
      {"st.global writes slot+0x0, which CTA (1,0,0) rank 0 warp 0 role use lane 0 read by a TMA or bulk load",
       "role fill lane 0", "missing wait for its mbarrier"},
      always},
     {slot_bug::no_proxy_fence,
      "plain stores are copied without `fence.proxy.async`",
      {"bulk load reads slot+0x0, which CTA (0,0,0) rank 0 warp 0 role fill lane 0 wrote by st.global",
       "role use lane 0", "without fence.proxy.async of global memory"},
      always}});

const seeded_bugs<place_kernel<float>, place_bug> place_bugs(
    "Elements changed in place", {{place_bug::no_meeting,
                                   "an element is changed while another warp still reads it",
                                   {"st.global writes x+0x0 | ld.global reads x+0x0", "role first | role other",
                                    "read by ld.global | wrote by st.global"},
                                   always}});

enum class mixed_bug { none, no_proxy_fence, no_wait, freed_early };

/// Plain stores and bulk stores write the same memory in turn: each lane sets a word to zero, one stores the row over that, and
/// then the lanes change it.
struct mixed_kernel {
    alignas(128) float row[32];
    sim::memory_region regions[1] = {{.name = "row", .first = row, .bytes = sizeof row, .rewritten = true}};
    sim::geometry geometry = grid_of(1, 32);

    void reset() { std::fill_n(row, 32, -1.0f); }
    bool right() const {
        for (u32 i = 0; i < 32; ++i) {
            if (row[i] != float(i + 1)) return false;
        }
        return true;
    }
    void run(mixed_bug with) {
        const u32 data = ptx::dynamic_smem(), lane = ptx::lane_index();
        ptx::role("mixed");
        ptx::st_global(row + lane, 0.0f);
        ptx::st_shared(data + 4 * lane, float(lane));
        ptx::fence_proxy_async();
        if (with != mixed_bug::no_proxy_fence) ptx::fence_proxy_async_global();
        ptx::sync_warp();
        if (lane == 0) {
            ptx::bulk_store(row, data, sizeof row);
            ptx::bulk_commit();
            if (with == mixed_bug::no_wait) {
                ptx::bulk_wait_read<0>();
            } else if (with != mixed_bug::freed_early) {
                ptx::bulk_wait<0>();
            }
        }
        ptx::sync_warp();
        if (with == mixed_bug::freed_early && lane == 0) ptx::bulk_wait<0>();
        ptx::st_global(row + lane, float(lane + 1));
        if (lane == 0) ptx::bulk_wait<0>();
    }
};

const seeded_bugs<mixed_kernel, mixed_bug> mixed_bugs(
    "A row that plain stores and a bulk store write in turn",
    {{mixed_bug::no_proxy_fence,
      "the bulk store follows plain stores without `fence.proxy.async`",
      {"bulk store overwrites row+0x0, which CTA (0,0,0) rank 0 warp 0 role mixed lane 0 wrote by st.global",
       "without fence.proxy.async of global memory"},
      always},
     {mixed_bug::no_wait,
      "plain stores follow `wait_group.read`",
      {"st.global overwrites row+0x", "role mixed lane 0 wrote by a TMA or bulk store",
       "wait_group.read frees only its source"},
      always},
     {mixed_bug::freed_early,
      "the lanes meet before the bulk store is complete",
      {"st.global overwrites row+0x", "role mixed lane 0 wrote by a TMA or bulk store", "missing"},
      always}});

}  // namespace

TEST_CASE("a row written in turn: clean without bugs") { mixed_bugs.expect_clean(); }
TEST_CASE("a row written in turn: each bug is found, always") { mixed_bugs.expect_found(); }
TEST_CASE("an epoch: clean without bugs") { epoch_bugs.expect_clean(); }
TEST_CASE("an epoch: each bug is found, always") { epoch_bugs.expect_found(); }
TEST_CASE("a slot: clean without bugs") { slot_bugs.expect_clean(); }
TEST_CASE("a slot: each bug is found") { slot_bugs.expect_found(); }
TEST_CASE("elements in place: clean without bugs") { place_bugs.expect_clean(); }
TEST_CASE("elements in place: each bug is found, always") { place_bugs.expect_found(); }

TEST_CASE_TEMPLATE("elements in place, of other sizes", T, u8, u16, u64) {
    place_kernel<T> kernel;
    for (const sim::options& o : machines(kernel.regions)) {
        CAPTURE(o.seed);
        CHECK(run_seeded(kernel, place_bug::none, o) == "");
        CHECK(kernel.right());
        CHECK(says(run_seeded(kernel, place_bug::no_meeting, o), "st.global writes x+0x0 | ld.global reads x+0x0"));
    }
}

}  // namespace seeded_reuse_tests
