// SPDX-License-Identifier: MIT
// Which CTAs of a cluster share which tiles: CTAs along N have the same rows of A, CTAs along M the same rows of B. Each CTA
// loads one slice of a shared tile and multicasts it to the others, so a tile is read from L2 once per cluster.
#pragma once

#include <deepgemm/core/shape.cuh>

namespace deepgemm {

/// The slice of a shared tile that a CTA loads, and the CTAs that receive it, as a mask of ranks.
struct tile_slice {
    u32 index;
    u16 receivers;
};

/// The sharing pattern of a cluster of `Cluster.m` x `Cluster.n` CTAs; rank = m index + n index * Cluster.m.
template <cluster_shape Cluster>
struct multicast {
    /// CTAs that write into a CTA's stages, itself included. Each of them must learn when a stage is free.
    static constexpr int writers = Cluster.m + Cluster.n - 1;

    u32 rank;
    DEEPGEMM_BOTH constexpr u32 m() const { return rank % u32(Cluster.m); }
    DEEPGEMM_BOTH constexpr u32 n() const { return rank / u32(Cluster.m); }

    /// The CTAs that receive this CTA's slice of A: those with the same m index.
    DEEPGEMM_BOTH constexpr u16 a_mask() const {
        u32 mask = 0;
        for (int j = 0; j < Cluster.n; ++j) mask |= 1u << (m() + u32(j * Cluster.m));
        return u16(mask);
    }
    /// The CTAs that receive this CTA's slice of B: those with the same n index.
    DEEPGEMM_BOTH constexpr u16 b_mask() const { return u16(((1u << Cluster.m) - 1) << (n() * u32(Cluster.m))); }

    /// The slices of tiles of A and of B that this CTA loads.
    DEEPGEMM_BOTH constexpr tile_slice a() const { return {n(), a_mask()}; }
    DEEPGEMM_BOTH constexpr tile_slice b() const { return {m(), b_mask()}; }

    /// Rank of writer `i` (0 <= i < writers) of this CTA's stages: first all CTAs with its n index, then the others with its m
    /// index.
    DEEPGEMM_BOTH constexpr u32 writer(u32 i) const {
        if (i < u32(Cluster.m)) return n() * u32(Cluster.m) + i;
        const u32 j = i - u32(Cluster.m);  // counts the n indices other than our own
        return m() + (j + (j >= n() ? 1 : 0)) * u32(Cluster.m);
    }
};

}  // namespace deepgemm
