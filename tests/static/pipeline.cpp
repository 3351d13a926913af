// SPDX-License-Identifier: MIT
// The arithmetic behind pipelines and schedules: rings, sharing patterns, rasters, the ownership of results.
#include <deepgemm/kernel/operand.cuh>
#include <deepgemm/layout/operand_tile.cuh>
#include <deepgemm/pipeline/operand_stream.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>
#include <deepgemm/schedule/persistent.cuh>

using namespace deepgemm;

namespace {

/// After `steps` advances a ring is at stage steps % Stages, in the parity of steps / Stages.
template <int Stages>
constexpr bool counts(int steps) {
    ring<Stages> at;
    for (int i = 0; i < steps; ++i, at.advance()) {
        if (at.stage != u32(i % Stages) || at.parity != u32(i / Stages % 2)) return false;
    }
    return true;
}
static_assert(counts<2>(9) && counts<3>(20) && counts<5>(40));

/// In a cluster, a CTA's tiles come from exactly its writers, and it is a writer of exactly the CTAs in its masks.
template <cluster_shape Cluster>
constexpr bool shares_consistently() {
    for (u32 to = 0; to < u32(Cluster.size()); ++to) {
        const multicast<Cluster> receiver{to};
        u32 expected = 0, listed = 0;
        for (u32 from = 0; from < u32(Cluster.size()); ++from) {
            const multicast<Cluster> sender{from};
            if ((sender.a_mask() | sender.b_mask()) >> to & 1) expected |= 1u << from;
        }
        for (u32 i = 0; i < u32(receiver.writers); ++i) {
            if (listed >> receiver.writer(i) & 1) return false;
            listed |= 1u << receiver.writer(i);
        }
        if (expected != listed) return false;
    }
    return true;
}
static_assert(shares_consistently<cluster_shape{1, 1}>() && shares_consistently<cluster_shape{2, 1}>() &&
              shares_consistently<cluster_shape{1, 2}>() && shares_consistently<cluster_shape{2, 2}>() &&
              shares_consistently<cluster_shape{4, 1}>() && shares_consistently<cluster_shape{2, 4}>());

/// A slice for each CTA that shares a tile, to all of them.
template <cluster_shape Cluster>
constexpr bool slices_add_up() {
    u32 of_a = 0, of_b = 0;
    for (u32 i = 0; i < u32(Cluster.size()); ++i) {
        const tile_slice a = multicast<Cluster>{i}.a(), b = multicast<Cluster>{i}.b();
        of_a += 1u << 4 * a.index;
        of_b += 1u << 4 * b.index;
        if ((a.receivers >> i & 1) == 0 || (b.receivers >> i & 1) == 0) return false;
    }
    for (u32 i = 0; i < u32(Cluster.n); ++i) of_a -= u32(Cluster.m) << 4 * i;
    for (u32 i = 0; i < u32(Cluster.m); ++i) of_b -= u32(Cluster.n) << 4 * i;
    return of_a == 0 && of_b == 0;
}
static_assert(slices_add_up<cluster_shape{1, 1}>() && slices_add_up<cluster_shape{2, 1}>() &&
              slices_add_up<cluster_shape{2, 4}>());

// The streams of operands: what lands in a stage, how many copies bring it, and which rows of an operand are copied.
using scaled_tile = operand_tile<e4m3, 128, 128>;
using half_tile = operand_tile<bf16, 128, 64>;
using turned_tile = operand_tile<bf16, 128, 64, major::mn>;
using by_token = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::fp32>>;
template <class Operand, class Tile, int Sharers = 1>
using trimmed = operand_stream<Operand, Tile, stream_options{.sharers = Sharers, .trims = true}>;

static_assert(trimmed<by_token, scaled_tile>::landing_bytes == 128 * 128 + 4 * 128);
static_assert(trimmed<by_block, scaled_tile>::landing_bytes == 128 * 128);
static_assert(trimmed<by_token, scaled_tile>::map_count == 2 && trimmed<by_block, scaled_tile>::map_count == 1);
static_assert(trimmed<by_block, scaled_tile>::copies == 1 && trimmed<operand<bf16>, half_tile, 4>::copies == 1);
static_assert(trimmed<operand<bf16, scale::none, major::mn>, turned_tile>::copies == 2);  // slabs of 64 rows
static_assert(trimmed<operand<bf16, scale::none, major::mn>, turned_tile, 2>::copies == 1);
static_assert(trimmed<by_block, scaled_tile>::copied_rows(1) == 8);
static_assert(trimmed<by_block, scaled_tile>::copied_rows(121) == 128);
static_assert(trimmed<by_block, scaled_tile>::copied_rows(1000) == 128);
static_assert(trimmed<by_block, scaled_tile, 2>::copied_rows(1) ==
              128);  // the other CTA counts the bytes of a whole slice
static_assert(operand_stream<by_block, scaled_tile, stream_options{}>::copied_rows(1) == 128);

/// The map of a stack of matrices of 100 rows and 300 columns has scales for three K blocks, or for one word of four.
template <class Operand>
constexpr bool maps_scales(u64 words) {
    using stream = operand_stream<Operand, scaled_tile, stream_options{.sharers = 2, .stacked = true}>;
    tensor_map_request maps[2];
    stream::tensor_maps({.pitch = 320, .scales = {.stride_k = 104, .matrix_stride = 1000}, .matrix_pitch = 40000}, 100,
                        300, 7, maps);
    return maps[0].rank == 3 && maps[0].box[1] == 64 && maps[0].extent[2] == 7 && maps[0].stride_bytes[1] == 40000 &&
           maps[1].rank == 3 && maps[1].box[0] == 128 && maps[1].extent[1] == words && maps[1].stride_bytes[0] == 416 &&
           maps[1].stride_bytes[1] == 4000;
}
static_assert(maps_scales<operand<e4m3, scale::per_token<scale::fp32>>>(3) && maps_scales<by_token>(1));

/// Every tile of a grid is handed out once.
constexpr bool covers(banded_raster raster) {
    bool seen[64] = {};
    for (i32 i = 0; i < raster.count(); ++i) {
        const grid_coord at = raster.at(i);
        if (at.m < 0 || at.m >= raster.m || at.n < 0 || at.n >= raster.n || seen[at.m * raster.n + at.n]) return false;
        seen[at.m * raster.n + at.n] = true;
    }
    return true;
}
static_assert(covers(banded_raster::of(1, 1, 8)) && covers(banded_raster::of(8, 8, 8)) &&
              covers(banded_raster::of(7, 9, 2)) && covers(banded_raster::of(5, 12, 4)) &&
              covers(banded_raster::of(3, 4, 1)));

}  // namespace
