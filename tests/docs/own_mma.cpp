// SPDX-License-Identifier: MIT
// An mma_atom and a pipeline of one's own; docs/concepts/mma_atom.md and smem_pipeline.md show this.
#include <doctest/doctest.h>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/sim/launch.hpp>

#include <vector>

namespace own_mma_tests {

namespace dg = deepgemm;
using dg::u32;
using dg::u64;

namespace {

// [atom]
/// What sm90::wgmma<e4m3, e4m3, N> computes, on the CUDA cores and with every bit of FP32: slow, and right where the tensor
/// core's short sums are in doubt.
template <int N>
struct exact_mma {
    using element_a = dg::e4m3;
    using element_b = dg::e4m3;
    using fragment = dg::sm90::wgmma_rows;
    static constexpr int m = fragment::rows, n = N, k = 128;
    static constexpr int registers = dg::fragment_registers<fragment>(n);
    using accumulator = float[registers];

    /// Called by all threads of a warpgroup; the tiles have landed.
    DEEPGEMM_DEVICE static void multiply(u64 a, u64 b, accumulator& sum) {
        const auto place = dg::fragment_place<fragment>::here();
        for (int i = 0; i < registers; ++i) {
            const int row = place.row_of(i), column = place.column_of(i);
            sum[i] = 0;
            for (int depth = 0; depth < k; ++depth) sum[i] += element(a, row, depth) * element(b, column, depth);
        }
    }
    /// Nothing is in flight.
    DEEPGEMM_DEVICE static void wait(accumulator&) {}

private:
    DEEPGEMM_DEVICE static float element(u64 descriptor, int row, int depth) {
        using tile = dg::smem_tile<dg::e4m3, 256, k>;  // rows beyond the tile's own are never asked for
        const u32 place = (u32(descriptor & 0x3fff) << 4) + tile::offset(row, depth);
        const u32 word = dg::ptx::ld_shared<u32>(place / 4 * 4);
        return float(dg::e4m3{dg::u8(word >> (8 * (place % 4)))});
    }
};
static_assert(dg::mma_atom<exact_mma<64>>);
// [atom]

/// One multiply of random small integers by `Mma`; thread t's registers go to out[t * registers].
template <dg::mma_atom Mma>
void multiply_tile(float* out) {
    using a_tile = dg::smem_tile<dg::e4m3, Mma::m, Mma::k>;
    const u32 a = dg::ptx::dynamic_smem(), b = a + a_tile::bytes, thread = dg::ptx::thread_index();
    for (u32 at = 4 * thread; at < a_tile::bytes + u32(Mma::n * Mma::k); at += 4 * 128) {
        const u32 hash = (at + 12345) * 2654435761u;
        dg::ptx::st_shared(a + at, 0x30303030u | (hash & 0x88888888u) | (hash >> 3 & 0x08080808u));  // 0.5, 1 and signs
    }
    dg::ptx::fence_proxy_async();
    dg::ptx::sync_cta();
    typename Mma::accumulator sum;
    Mma::multiply(dg::sm90::k_major_descriptor(a, a_tile::swizzle), dg::sm90::k_major_descriptor(b, a_tile::swizzle),
                  sum);
    Mma::wait(sum);
    for (int i = 0; i < Mma::registers; ++i) dg::ptx::st_global(out + int(thread) * Mma::registers + i, sum[i]);
}

// [pipeline]
/// A ring of stages that an ordinary thread fills with ordinary stores: the arrival that commits a stage also publishes it.
template <int Stages, int ConsumerWarps>
struct store_pipeline {
    using cursor = dg::ring<Stages>;
    static constexpr u32 barrier_bytes = 2 * 8 * Stages;

    u32 barriers;  ///< shared address of `barrier_bytes` bytes: the full barriers, then the empty ones

    DEEPGEMM_DEVICE u32 full(cursor at) const { return barriers + 8 * at.stage; }
    DEEPGEMM_DEVICE u32 empty(cursor at) const { return full(at) + 8 * Stages; }

    /// One thread, before the CTA's first synchronisation.
    DEEPGEMM_DEVICE void initialise() const {
        for (cursor at; at.parity == 0; at.advance()) {
            dg::ptx::mbarrier_init(full(at), 1);
            dg::ptx::mbarrier_init(empty(at), ConsumerWarps);
        }
        dg::ptx::fence_mbarrier_init();
    }
    DEEPGEMM_DEVICE u32 acquire(cursor at) const {
        dg::ptx::mbarrier_wait(empty(at), at.parity ^ 1, "writer: empty stage");
        return full(at);
    }
    DEEPGEMM_DEVICE void commit(cursor at, u32 /*bytes*/) const { dg::ptx::mbarrier_arrive(full(at)); }
    DEEPGEMM_DEVICE bool landed(cursor at) const { return dg::ptx::mbarrier_test(full(at), at.parity); }
    DEEPGEMM_DEVICE void wait(cursor at) const { dg::ptx::mbarrier_wait(full(at), at.parity, "reader: full stage"); }
    DEEPGEMM_DEVICE void pass_over(cursor& at, dg::i32 blocks) const { at.skip(blocks); }
    DEEPGEMM_DEVICE void release(cursor at) const {
        dg::ptx::sync_warp();
        if (dg::ptx::lane_index() == 0) dg::ptx::mbarrier_arrive(empty(at));
    }
};
static_assert(dg::smem_pipeline<store_pipeline<3, 2>>);
// [pipeline]

// [roles]
/// Warp 0 sends the numbers 0 ... count - 1 through a pipeline, a number a stage; the other warps add them up.
template <dg::smem_pipeline Pipeline>
void send_numbers(u32 count, u32* sums) {
    const u32 words = dg::ptx::dynamic_smem();  // one per stage; the barriers follow
    const Pipeline pipe{words + 64};
    if (dg::ptx::thread_index() == 0) pipe.initialise();
    dg::ptx::sync_cta();
    typename Pipeline::cursor at;
    if (dg::ptx::warp_index() == 0) {
        if (dg::ptx::lane_index() != 0) return;
        for (u32 i = 0; i < count; ++i, at.advance()) {
            pipe.acquire(at);
            dg::ptx::st_shared(words + 4 * at.stage, i);
            pipe.commit(at, 4);
        }
    } else {
        u32 sum = 0;
        for (u32 i = 0; i < count; ++i, at.advance()) {
            pipe.wait(at);
            sum += dg::ptx::ld_shared<u32>(words + 4 * at.stage);
            pipe.release(at);
        }
        dg::ptx::st_global(sums + dg::ptx::thread_index() - 32, sum);
    }
}
// [roles]

}  // namespace

TEST_CASE("an mma_atom of one's own agrees with the tensor core") {
    using own = exact_mma<64>;
    std::vector<float> exact(128 * own::registers), tensor_core(exact.size());
    const dg::sim::geometry one_warpgroup{.threads = 128, .smem_bytes = (64 + 64) * 128};
    dg::sim::launch({}, one_warpgroup, [&] { multiply_tile<own>(exact.data()); });
    dg::sim::launch({}, one_warpgroup,
                    [&] { multiply_tile<dg::sm90::wgmma<dg::e4m3, dg::e4m3, 64>>(tensor_core.data()); });
    CHECK(exact == tensor_core);
    CHECK(exact[0] != 0);
}

TEST_CASE("a pipeline of one's own hands over every number") {
    for (const auto policy : {dg::sim::policy::lazy, dg::sim::policy::random}) {
        std::vector<u32> sums(64);
        dg::sim::launch({.policy = policy}, {.threads = 96, .smem_bytes = 1024},
                        [&] { send_numbers<store_pipeline<3, 2>>(10, sums.data()); });
        CHECK(sums == std::vector<u32>(64, 45));
    }
}

}  // namespace own_mma_tests
