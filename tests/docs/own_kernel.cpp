// SPDX-License-Identifier: MIT
// A kernel of one's own from the parts of gemm: roles, barriers, storage, streams and two pipelines. docs/concepts/kernel.md
// shows it.
#include <doctest/doctest.h>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/cta.cuh>
#include <deepgemm/pipeline/operand_stream.cuh>
#include <deepgemm/pipeline/storage.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/reference/matrix.hpp>
#include <deepgemm/reference/random.hpp>
#include <deepgemm/sim/launch.hpp>

#include <algorithm>
#include <vector>

namespace own_kernel_tests {

namespace dg = deepgemm;
namespace ptx = deepgemm::ptx;
using dg::i32;
using dg::u32;

// [parts]
/// best(m) = max over n of dot(A(m,:), B(n,:)), in BF16 with K = 128. A CTA keeps 64 rows of A while those of B go by.
struct row_maxima {
    static constexpr int rows = 64, k_blocks = 2, stages = 4;
    using element = dg::operand<dg::bf16>;
    using tile = dg::operand_tile<dg::bf16, rows, 64>;
    using mma = dg::sm90::wgmma<dg::bf16, dg::bf16, rows>;
    using stream = dg::operand_stream<element, tile, dg::stream_options{}>;

    // Who does what, and where they meet.
    struct load {
        static constexpr const char* text = "producer";
    };
    struct idle {
        static constexpr const char* text = "idle";
    };
    struct math {
        static constexpr const char* text = "math";
    };
    using cta = dg::role_table<dg::role<load, 1>, dg::role<idle, 3>, dg::role<math, 4>>;
    struct start {};
    using barriers = dg::barrier_table<cta, dg::named_barrier<start, cta::warps_of(load{}) + cta::warps_of(math{})>>;

    // What lies in shared memory: two rings, one of which goes round once.
    using a_ring = dg::tma_pipeline<k_blocks, cta::warps_of(math{}), dg::cluster_shape{}>;
    using b_ring = dg::tma_pipeline<stages, cta::warps_of(math{}), dg::cluster_shape{}>;
    struct a_tiles {};
    struct b_tiles {};
    using memory =
        dg::smem_regions<dg::region<a_tiles, tile::bytes, k_blocks, 1024>,
                         dg::region<b_tiles, tile::bytes, stages, 1024>, dg::region<a_ring, a_ring::barrier_bytes>,
                         dg::region<b_ring, b_ring::barrier_bytes>>;
    template <class Name>
    DEEPGEMM_DEVICE static u32 at(Name name, u32 i = 0) {
        return ptx::dynamic_smem() + memory::offset_of(name, 0) + i * memory::stride_of(name);
    }
    // [parts]

    // [host]
    struct arguments {
        i32 m, n;
        dg::operand_arguments a, b;
        float* best;
    };
    struct params {
        stream::params a, b;
        i32 n;
        float* best;
        i32 m;
    };
    static constexpr int map_count = 2 * stream::map_count;
    static constexpr dg::launch_info launch{
        .arch = dg::arch::sm90::number, .threads = cta::threads, .smem_bytes = memory::bytes(0)};

    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int) { return dg::ceil_div(args.m, rows); }
    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, dg::tensor_map_request (&maps)[map_count]) {
        stream::tensor_maps(args.a, args.m, k_blocks * tile::k, 1, maps);
        stream::tensor_maps(args.b, args.n, k_blocks * tile::k, 1, maps + stream::map_count);
    }
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const dg::tensor_map (&maps)[map_count]) {
        const i32 tiles = dg::ceil_div(args.m, rows);  // as often is B read
        return {stream::make_params(args.a, args.m, 1, maps),
                stream::make_params(args.b, args.n, tiles, maps + stream::map_count), args.n, args.best, args.m};
    }
    // [host]

    // [device]
    DEEPGEMM_DEVICE static void run(const params& p) {
        const a_ring a{at(a_ring{}), {0}};
        const b_ring b{at(b_ring{}), {0}};
        const u32 warp = ptx::warp_index();
        ptx::role(cta::text_of(warp));
        if (cta::plays(load{}, warp)) {
            if (ptx::elect_one()) a.initialise(), b.initialise();
            ptx::sync_warp();
            barriers::arrive(start{});
            if (ptx::elect_one()) produce(p, a, b);
            ptx::sync_warp();
        } else if (cta::plays(math{}, warp)) {
            barriers::sync(start{});
            multiply(p, a, b);
        }
    }

    /// The producer's thread: A's K blocks once, then B's, tile by tile.
    DEEPGEMM_DEVICE static void produce(const params& p, const a_ring& a, const b_ring& b) {
        const i32 m = i32(ptx::cta_index()) * rows;
        a_ring::cursor a_at;
        b_ring::cursor b_at;
        for (i32 k = 0; k < k_blocks; ++k) fill(a, a_at, p.a, at(a_tiles{}), {m, k * tile::k, 0});
        for (i32 n = 0; n < p.n; n += rows) {
            for (i32 k = 0; k < k_blocks; ++k) fill(b, b_at, p.b, at(b_tiles{}), {n, k * tile::k, 0});
        }
    }
    /// Loads the K block at `place` into the next stage of a ring, whose tiles begin at `tiles`.
    template <class Ring>
    DEEPGEMM_DEVICE static void fill(const Ring& ring, typename Ring::cursor& next, const stream::params& x, u32 tiles,
                                     dg::operand_place place) {
        const u32 full = ring.acquire(next);
        ring.commit(next, stream::landing_bytes);
        stream::load(x, place, place.k / tile::k, {tiles + next.stage * tile::bytes, 0}, full, {});
        next.advance();
    }

    /// The math warpgroup: a thread keeps the maxima of its two rows; four lanes share them.
    DEEPGEMM_DEVICE static void multiply(const params& p, const a_ring& a, const b_ring& b) {
        const auto place = dg::fragment_place<mma::fragment>::here();
        float best[2] = {-1e30f, -1e30f};
        a_ring::cursor a_at;
        for (int k = 0; k < k_blocks; ++k, a_at.advance()) a.wait(a_at);
        b_ring::cursor b_at;
        for (i32 n = 0; n < p.n; n += rows) {
            mma::accumulator dots = {};
            for (int k = 0; k < k_blocks; ++k, b_at.advance()) {
                b.wait(b_at);
                ptx::fence_operand(dots);
                ptx::wgmma_fence();
                mma::accumulate(dg::sm90::descriptor_of<tile>(at(a_tiles{}, u32(k))),
                                dg::sm90::descriptor_of<tile>(at(b_tiles{}, b_at.stage)), dots);
                ptx::wgmma_commit();
                mma::wait(dots);
                b.release(b_at);
            }
            for (int i = 0; i < mma::registers; ++i) {
                float& mine = best[i / 2 % 2];
                if (n + place.column_of(i) < p.n) mine = dg::max(mine, dots[i]);
            }
        }
        for (int i = 0; i < 2; ++i) {
            for (u32 lane = 1; lane < 4; lane *= 2) best[i] = dg::max(best[i], ptx::shuffle_xor(best[i], lane));
            const i32 m = i32(ptx::cta_index()) * rows + place.row_of(2 * i);
            if (ptx::lane_index() % 4 == 0 && m < p.m) ptx::st_global(p.best + m, best[i]);
        }
    }
};
static_assert(dg::kernel<row_maxima>);
// [device]

TEST_CASE("a kernel of one's own from the parts of gemm") {
    dg::random_source random(dg::fresh_seed());
    CAPTURE(random.seed());
    for (const dg::sim::policy policy : {dg::sim::policy::lazy, dg::sim::policy::random, dg::sim::policy::eager}) {
        const i32 m = i32(random.integer(1, 200)), n = i32(random.integer(1, 300)), k = 128;
        dg::matrix<dg::bf16> a(m, k), b(n, k);
        random.fill_integers(a.view(), -8, 8);
        random.fill_integers(b.view(), -8, 8);
        std::vector<float> best(std::size_t(m + 1), -2e30f);
        dg::sim::launch<row_maxima>(
            {m, n, {.data = a.data(), .pitch = a.pitch()}, {.data = b.data(), .pitch = b.pitch()}, best.data()},
            {.policy = policy, .seed = random.seed()});
        for (i32 row = 0; row < m; ++row) {
            float expected = -1e30f;
            for (i32 column = 0; column < n; ++column) {
                float dot = 0;
                for (i32 i = 0; i < k; ++i) dot += float(a(row, i)) * float(b(column, i));
                expected = std::max(expected, dot);
            }
            CHECK(best[std::size_t(row)] == expected);
        }
        CHECK(best.back() == -2e30f);
    }
}

}  // namespace own_kernel_tests
