// SPDX-License-Identifier: MIT
// The HyperConnection prenorm of few rows. A tile has 16 rows, for which a multiply of a warpgroup would take as long as for
// 64, so warps multiply by themselves, each its own K blocks. No element is used twice, so operands go from memory into
// registers, where lanes hold neighbouring elements: which of them are multiplied as k is up to the kernel, as long as it is
// the same for A and B.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/group_sum.cuh>
#include <deepgemm/epilogue/split_sum.cuh>
#include <deepgemm/epilogue/store_prenorm.cuh>
#include <deepgemm/kernel/hc_prenorm_info.cuh>
#include <deepgemm/kernel/info.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/mma/sm90/wgmma.cuh>
#include <deepgemm/pipeline/cta.cuh>
#include <deepgemm/pipeline/storage.cuh>
#include <deepgemm/ptx/convert.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/mma.cuh>
#include <deepgemm/schedule/grouped.cuh>
#include <deepgemm/schedule/groups.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

namespace roles {
/// Multiplies, adds squares, and stores.
struct prenorm_math {
    static constexpr const char* text = "math";
};
}  // namespace roles

template <class Arch, hc_prenorm_config Config, partial_sums Sums = partial_sums::added>
struct hc_prenorm;

namespace detail {
/// The tiles of a prenorm, of all of K or of the caller's parts of it, and how many CTAs they are worth.
template <hc_prenorm_config Config, partial_sums Sums>
struct prenorm_work {
    static constexpr bool apart = Sums == partial_sums::apart;
    using tiles = conditional_t<apart, grouped<Config.block, cluster_shape{}, k_parts>,
                                persistent<Config.block, cluster_shape{}, 8, Config.split_k>>;

    DEEPGEMM_BOTH static constexpr tiles of(const hc_prenorm_arguments& args) {
        return tiles::of(args.shape, schedule_of(args));
    }
    DEEPGEMM_BOTH static constexpr int grid(const hc_prenorm_arguments& args, int num_sms) {
        return min(tiles::clusters(args.shape, schedule_of(args)), num_sms / Config.split_k) * Config.split_k;
    }

private:
    DEEPGEMM_BOTH static constexpr auto schedule_of(const hc_prenorm_arguments& args) {
        if constexpr (apart) {
            return k_parts{args.parts, Config.block.k};
        } else {
            return no_arguments{};
        }
    }
};
}  // namespace detail

/// The kernel with tiles of 16 rows.
template <class Arch, hc_prenorm_config Config, partial_sums Sums>
    requires(Config.block.m == 16)
struct hc_prenorm<Arch, Config, Sums> {
    static_assert(same_as<Arch, arch::sm90>, "hc_prenorm: the kernel is for Hopper");
    static_assert(Config.block.k == 64, "hc_prenorm: block.k must be 64");
    static_assert(Config.block.n >= 8 && Config.block.n <= 32 && Config.block.n % 8 == 0,
                  "hc_prenorm: for 16 rows, block.n must be 8, 16, 24 or 32");
    static_assert(Config.split_k >= 1 && Config.split_k <= 16, "hc_prenorm: for 16 rows, split_k must be from 1 to 16");
    static_assert(Sums == partial_sums::added || Config.split_k == 1,
                  "hc_prenorm: K is split by clusters or into the caller's parts, not by both");
    static_assert(Config.warpgroups >= 1 && Config.warpgroups <= 4,
                  "hc_prenorm: for 16 rows, warpgroups must be from 1 to 4");
    static_assert(Config.stages == 0, "hc_prenorm: for 16 rows there are no stages");

    static constexpr tile_shape block = Config.block;
    using work_of = detail::prenorm_work<Config, Sums>;
    using tiles = typename work_of::tiles;
    static constexpr int warps = 4 * Config.warpgroups;
    using cta = role_table<role<roles::prenorm_math, warps>>;
    using barriers =
        barrier_table<cta, named_barrier<meetings::totals_written, warps>, named_barrier<meetings::totals_read, warps>>;
    static constexpr int multiplies = block.n / 8;  ///< side by side, of eight columns each
    /// Sums of products of a thread, the squares of its two rows, and padding to a multiple of four.
    static constexpr int sums = 4 * multiplies, totals = sums + 4;
    using in_cta_sum = group_sum<warps, 32, totals, barriers>;
    using split = split_sum<Config.split_k, 1, totals, 1>;

    struct warps_region {};
    struct parts_region {};
    struct part_barriers_region {};
    using layout = smem_regions<region<warps_region, in_cta_sum::bytes>, region<parts_region, split::bytes>,
                                region<part_barriers_region, split::barrier_bytes, 1, 8>>;

    using arguments = hc_prenorm_arguments;
    static constexpr launch_info launch{.arch = Arch::number,
                                        .threads = u32(cta::threads),
                                        .smem_bytes = layout::bytes(1),
                                        .cluster_ctas = Config.split_k};
    static constexpr hc_prenorm_traits traits{.sums = Sums};
    static constexpr kernel_info<hc_prenorm_traits, hc_prenorm_config> info{launch, traits, Config};
    /// The operation that plans this kernel; an incomplete type here.
    using operation = ops::hc_prenorm;
    static constexpr int map_count = 0;

    struct params {
        arguments args;
        tiles work;
    };
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return {args, work_of::of(args)}; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) { return work_of::grid(args, num_sms); }

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const u32 smem = ptx::dynamic_smem(), rank = Config.split_k > 1 ? ptx::cluster_rank() : 0,
                  warp = ptx::warp_index();
        if constexpr (Config.split_k > 1) {
            if (ptx::thread_index() == 0) {
                split::initialise(place<part_barriers_region>(smem));
                ptx::fence_mbarrier_init();
            }
            ptx::cluster_sync();
        }
        ptx::grid_dependency_wait();
        ptx::role(roles::prenorm_math::text);
        in_cta_sum in_cta{place<warps_region>(smem), warp};
        split in_cluster{place<parts_region>(smem), place<part_barriers_region>(smem), rank, 0};
        const tiles work = p.work.started(p.args.shape, rank);
        const auto last = work.end();
        for (auto next = work.begin(); next != last;) {
            const auto tile = *next;
            ++next;
            float total[1][totals] = {};
            multiply(p.args, tile, warp, total[0]);
            in_cta.reduce(total[0], next != last);
            if (!in_cta.is_first()) continue;
            if constexpr (Config.split_k > 1) in_cluster.reduce(total, next != last);
            if (Config.split_k == 1 || in_cluster.collects())
                store_prenorm<sm90::wgmma_rows, sums>(p.args, tile.m, tile.n, tile.matrix(), tile.end(), total[0]);
        }
        ptx::grid_dependency_trigger();
    }

private:
    template <class Region>
    DEEPGEMM_DEVICE static u32 place(u32 smem) {
        return layout::template address_of<Region, 1>(smem, 0);
    }

    /// What a lane holds of a K block: of both halves of 32, eight elements from 8 (lane % 4) on. These are those of rows lane
    /// / 4 and lane / 4 + 8 of A, in pairs, and of column lane / 4 of each multiply of B.
    struct operands {
        ptx::vec4<u32> a[2][2];                ///< by row and half
        ptx::vec4<float> b[multiplies][2][2];  ///< by multiply, half, and first or second four elements
    };

    template <class T>
    struct in_vector {
        T at[16 / sizeof(T)];
    };
    /// The elements of 16 bytes from `from` on, a multiple of 16 bytes, in a row of which `left` elements follow; zero from
    /// there on.
    template <class Vector, class T>
    DEEPGEMM_DEVICE static Vector load(const T* from, i32 left) {
        if (left >= i32(16 / sizeof(T))) return ptx::ld_global_nc(reinterpret_cast<const Vector*>(from));
        in_vector<T> some{};
        DEEPGEMM_UNROLL
        for (int i = 0; i < int(16 / sizeof(T)); ++i) {
            if (i < left) some.at[i] = ptx::ld_global_nc(from + i);
        }
        return bit_cast<Vector>(some);
    }

    /// Whole warp: loads K block `i` of a tile. Rows and columns that do not exist are zero.
    template <class Tile>
    DEEPGEMM_DEVICE static operands load_block(const arguments& args, const Tile& tile, i32 i) {
        const i32 row = i32(ptx::lane_index() / 4), first = i * block.k + i32(ptx::lane_index() % 4) * 8;
        const auto* const a = static_cast<const bf16*>(args.a);
        operands x;
        DEEPGEMM_UNROLL
        for (int half = 0; half < 2; ++half) {
            const i32 k = first + half * 32, left = args.shape.k - k;
            DEEPGEMM_UNROLL
            for (int j = 0; j < 2; ++j) {
                const i32 m = tile.m + row + 8 * j;
                x.a[j][half] = load<ptx::vec4<u32>>(a + m * args.a_pitch + k, m < args.shape.m ? left : 0);
            }
            DEEPGEMM_UNROLL
            for (int j = 0; j < multiplies; ++j) {
                const i32 n = tile.n + row + 8 * j;
                DEEPGEMM_UNROLL
                for (int quad = 0; quad < 2; ++quad) {
                    x.b[j][half][quad] = load<ptx::vec4<float>>(args.b + n * args.b_pitch + k + 4 * quad,
                                                                n < args.shape.n ? left - 4 * quad : 0);
                }
            }
        }
        return x;
    }

    /// Whole warp: adds a K block to `total`: products, and shares of the squares of the lane's two rows.
    DEEPGEMM_DEVICE static void add(const operands& x, float (&total)[totals]) {
        DEEPGEMM_UNROLL
        for (int half = 0; half < 2; ++half) {
            const auto &top = x.a[0][half], &bottom = x.a[1][half];
            const u32 rows[2][4] = {{top.x, top.y, top.z, top.w}, {bottom.x, bottom.y, bottom.z, bottom.w}};
            DEEPGEMM_UNROLL
            for (int step = 0; step < 4;
                 ++step) {  // a lane's elements 2 step and 2 step + 1 are k and k + 4 of a multiply
                u32 a[4];
                DEEPGEMM_UNROLL
                for (int w = 0; w < 4; ++w) {
                    const u32 pair = rows[w % 2][step];
                    a[w] = w < 2 ? pair << 16 : pair & 0xffff0000u;
                    const float value = bit_cast<float>(a[w]);
                    total[sums + w % 2] += value * value;
                }
                DEEPGEMM_UNROLL
                for (int j = 0; j < multiplies; ++j) {
                    const auto& quad = x.b[j][half][step / 2];
                    const u32 b[2] = {ptx::round_tf32(step % 2 == 0 ? quad.x : quad.z),
                                      ptx::round_tf32(step % 2 == 0 ? quad.y : quad.w)};
                    float d[4] = {total[4 * j], total[4 * j + 1], total[4 * j + 2], total[4 * j + 3]};
                    ptx::mma_tf32(d, a, b);
                    DEEPGEMM_UNROLL
                    for (int i = 0; i < 4; ++i) total[4 * j + i] = d[i];
                }
            }
        }
    }

    /// Whole warp: its K blocks of a tile, each loaded while the one before is multiplied.
    template <class Tile>
    DEEPGEMM_DEVICE static void multiply(const arguments& args, const Tile& tile, u32 warp, float (&total)[totals]) {
        const block_range blocks = tile.blocks();
        const i32 end = blocks.first + blocks.count;
        i32 i = blocks.first + i32(warp);
        if (i < end) {
            operands now = load_block(args, tile, i);
            for (; i + warps < end; i += warps) {
                const operands next = load_block(args, tile, i + warps);
                add(now, total);
                now = next;
            }
            add(now, total);
        }
        total[sums] = squares_of_row(total[sums]);
        total[sums + 1] = squares_of_row(total[sums + 1]);
    }
};

}  // namespace deepgemm
