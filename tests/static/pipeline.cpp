// SPDX-License-Identifier: MIT
// The arithmetic behind pipelines and schedules: rings, sharing patterns, rasters, the ownership of results, registers.
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/tma_pipeline.cuh>
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

/// A CTA's registers are 64 Ki in all.
template <int MathWarpgroups>
constexpr int registers_used = 128 * (register_budget<MathWarpgroups>::producer +
                                      MathWarpgroups * register_budget<MathWarpgroups>::math);
static_assert(registers_used<1> <= 65536 && registers_used<2> <= 65536 && registers_used<3> <= 65536);

}  // namespace
