// SPDX-License-Identifier: MIT
// Cluster launch control: clusters take over the tiles of others that have not begun, each tile once; and TMA loads of pairs of
// CTAs that several pairs share.
#include <deepgemm/ptx/cluster_launch.cuh>

#include "support.hpp"

namespace cluster_launch_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

enum class misuse { none, no_fence, asks_again, no_expected_bytes, reads_early };

/// Each cluster does the tile of its own place, and then those that it takes over. The answer comes to every CTA of the
/// cluster; the threads of each read it, and all of them meet before CTA 0 asks again.
template <misuse Wrong = misuse::none>
void run_tiles(std::vector<u32>& done, const sim::geometry& g) {
    const u32 smem = ptx::dynamic_smem(), answer = smem + 64, bar = smem + 128;
    make_barriers(bar);
    ptx::cluster_sync();
    u32 x = ptx::cta_index(), y = ptx::cta_index_y();
    const u32 rank = ptx::cluster_rank(), thread = ptx::thread_index();
    for (u32 round = 0;; ++round) {
        if (thread == 0) ++done[y * g.grid.x + x];
        if (thread == 0 && Wrong != misuse::no_expected_bytes) ptx::mbarrier_arrive_expect_tx(bar, 16);
        if (thread == 0 && Wrong == misuse::no_expected_bytes) ptx::mbarrier_arrive(bar);
        if (thread == 0 && rank == 0) {
            if (g.cluster.count() == 1) {
                ptx::try_cancel_cluster(answer, bar);
            } else {
                ptx::try_cancel_cluster_multicast(answer, bar);
            }
        }
        if (Wrong != misuse::reads_early) ptx::mbarrier_wait(bar, round & 1, "answer");
        const ptx::cancelled_cluster next = ptx::read_cancelled(answer);
        if (Wrong != misuse::no_fence) ptx::fence_proxy_async();
        ptx::cluster_sync();
        if (!next.found && Wrong != misuse::asks_again) break;
        x = next.x + rank % g.cluster.x;
        y = next.y + rank / g.cluster.x;
        if (!next.found) x = y = 0;
    }
}

template <misuse Wrong = misuse::none>
std::string error_of_tiles(sim::options o, std::vector<u32>& done, u32 cluster = 2) {
    sim::geometry g = block(64);
    g.grid = {6 * cluster, 5, 1};
    g.cluster = {cluster, 1, 1};
    done.assign(g.grid.count(), 0);
    return error_of([&] { sim::launch(o, g, [&] { run_tiles<Wrong>(done, g); }); });
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("each tile is done once, by whatever cluster") {
    for (sim::options o : all_policies()) {
        for (u32 resident : {1u, 3u, 0u}) {
            for (u32 cluster : {1u, 2u, 4u}) {
                o.resident_clusters = resident;
                std::vector<u32> done;
                CHECK(error_of_tiles(o, done, cluster) == "");
                CHECK(std::count(done.begin(), done.end(), 1u) == std::ssize(done));
            }
        }
    }
}

TEST_CASE("a cluster that asks gets the next one, until none is left") {
    std::vector<u32> taken;
    sim::geometry g = block(32);
    g.grid = {4, 2, 2};
    sim::launch({}, g, [&] {
        const u32 smem = ptx::dynamic_smem(), bar = smem + 64;
        make_barriers(bar);
        if (ptx::thread_index() != 0) return;
        taken.push_back(1000);  // a cluster that begins
        for (u32 round = 0;; ++round) {
            ptx::mbarrier_arrive_expect_tx(bar, 16);
            ptx::try_cancel_cluster(smem, bar);
            ptx::mbarrier_wait(bar, round & 1, "answer");
            const ptx::cancelled_cluster next = ptx::read_cancelled(smem);
            if (!next.found) break;
            taken.push_back(next.x + 4 * next.y + 8 * next.z);
            ptx::fence_proxy_async();
        }
    });
    std::vector<u32> expected{1000};
    for (u32 i = 1; i < 16; ++i) expected.push_back(i);
    CHECK(taken == expected);
}

TEST_CASE("misuse of cluster launch control is named") {
    std::vector<u32> done;
    for (const sim::options& o : all_policies()) {
        const std::string fence = error_of_tiles<misuse::no_fence>(o, done);
        CHECK_MESSAGE((has(fence, "was read by CTA (") && has(fence, "without fence.proxy.async since")), fence);
        const std::string again = error_of_tiles<misuse::asks_again>(o, done);
        CHECK_MESSAGE(has(again, "try_cancel after this CTA has seen that an earlier one cancelled nothing"), again);
        const std::string bytes = error_of_tiles<misuse::no_expected_bytes>(o, done);
        CHECK_MESSAGE(bytes != "", bytes);
    }
    const std::string early = error_of_tiles<misuse::reads_early>({}, done);
    CHECK_MESSAGE((has(early, "is still in flight: mbarrier") || has(early, "was never written")), early);

    const auto error = [](auto body) { return error_of({}, block(32), body); };
    CHECK(has(error([] { ptx::read_cancelled(ptx::dynamic_smem()); }), "was never written"));
    CHECK(has(error([] {
                  ptx::st_shared(ptx::dynamic_smem(), ptx::vec4<u32>{1, 2, 3, 4});
                  ptx::read_cancelled(ptx::dynamic_smem());
              }),
              "16 bytes that no clusterlaunchcontrol.try_cancel has written"));
    CHECK(has(error([] { ptx::try_cancel_cluster(ptx::dynamic_smem() + 8, ptx::dynamic_smem()); }),
              "is not aligned to 16 bytes"));
}

// ---- loads of pairs

namespace {

/// A tensor of rank 4 whose elements are their own indices, (2, 3, 4, 32) words.
struct words_of_rank_4 {
    alignas(128) u32 data[2 * 3 * 4 * 32];
    tensor_map map;
    words_of_rank_4() {
        for (u32 i = 0; i < std::size(data); ++i) data[i] = i;
        tensor_map_request r;
        r.base = data;
        r.type = dtype::i32;
        r.rank = 4;
        const u64 extents[] = {32, 4, 3, 2}, strides[] = {128, 512, 1536};
        std::copy_n(extents, 4, r.extent);
        std::copy_n(strides, 3, r.stride_bytes);
        r.box[0] = 32;
        r.box[1] = 2;
        map = sim::encode_tensor_map(r);
    }
};

}  // namespace

TEST_CASE("a load of a pair counts on its leader's barrier; of several pairs, on that of each") {
    const words_of_rank_4 tensor;
    for (const sim::options& o : all_policies()) {
        for (const bool multicast : {false, true}) {
            u32 bad = 0;
            sim::launch(o, block(32, 4), [&] {
                const u32 tile = ptx::dynamic_smem(), bar = tile + 1024, rank = ptx::cluster_rank();
                make_barriers(bar);
                ptx::cluster_sync();
                if (ptx::thread_index() == 0) {
                    if (rank % 2 == 0) ptx::mbarrier_arrive_expect_tx(bar, 2 * 256);
                    const i32 at = i32(rank);
                    if (!multicast) ptx::tma_load_pair<2>(tensor.map, tile, bar, {0, at % 3, 1, at / 2});
                    if (multicast && rank >= 2) {  // CTA 2 for the even ranks, CTA 3 for the odd ones
                        ptx::tma_load_pair_multicast<2>(tensor.map, tile, bar, {0, at % 3, 1, at / 2},
                                                        rank == 2 ? 0b0101 : 0b1010);
                    }
                }
                if (rank % 2 == 0) ptx::mbarrier_wait(bar, 0, "pair");
                ptx::cluster_sync();
                const u32 from = multicast ? 2 + rank % 2 : rank;
                for (u32 row = 0; row < 2; ++row) {
                    const u32 y = from % 3 + row, i = ((from / 2 * 3 + 1) * 4 + y) * 32 + ptx::lane_index();
                    bad += ptx::ld_shared<u32>(tile + row * 128 + ptx::lane_index() * 4) != (y < 4 ? i : 0);
                }
                ptx::cluster_sync();
            });
            CHECK(bad == 0);
        }
    }
}

TEST_CASE("a load of a pair reports to its own pair") {
    const words_of_rank_4 tensor;
    expect_error(block(32, 4), {"TMA load: data and mbarrier lie in different pairs of CTAs"}, [&] {
        const u32 tile = ptx::dynamic_smem(), bar = tile + 1024;
        make_barriers(bar);
        ptx::cluster_sync();
        if (ptx::thread_index() == 0) {
            ptx::tma_load_pair<2>(tensor.map, tile, ptx::map_to_rank(bar, (ptx::cluster_rank() + 2) % 4), {0, 0, 0, 0});
        }
    });
}

}  // namespace cluster_launch_tests
