// SPDX-License-Identifier: MIT
// The GEMM of Hopper: D(m,n) = [C(m,n) +] sum over K blocks b of sa(m,b) sb(n,b) dot(A(m,b,:), B(n,b,:)), in FP8 with scales,
// in BF16 or FP16 without. One warpgroup feeds TMA, the others multiply; the grid is persistent. The kernel is assembled from parts: operands with
// their scales, an epilogue and a configuration. Anything not in this file is a part with a header of its own.
#pragma once

#include <deepgemm/epilogue/step.cuh>
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/kernel/main_loop.cuh>
#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/pipeline/roles.cuh>
#include <deepgemm/pipeline/turns.cuh>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/ptx/cluster.cuh>
#include <deepgemm/ptx/grid_dependency.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/ptx/warp.cuh>
#include <deepgemm/scale/fp32.cuh>
#include <deepgemm/scale/ue8m0.cuh>
#include <deepgemm/schedule/persistent.cuh>

namespace deepgemm {

namespace arch {
/// Hopper, compiled for sm_90a.
struct sm90 {
    static constexpr int number = 90;
};
}  // namespace arch

/// The tensor map of C, in kernels that accumulate.
template <bool Accumulates>
struct c_params {
    tensor_map map;
};
template <>
struct c_params<false> {};

/// The schedule a GEMM has unless it is given another.
template <config Config>
using default_tiles = persistent<Config.block, Config.cluster, Config.raster_rows, Config.split_k>;

/// A GEMM kernel on `Arch` of operands `A` (m,k) and `B` (n,k) with `Epilogue`, configured by `Config`, which computes its tiles
/// in the order of `Tiles`.
template <class Arch, class A, class B, class Epilogue, config Config, class Tiles = default_tiles<Config>>
struct gemm : gemm_requirements<A, B, Epilogue, Config> {
    using element = typename Epilogue::element;
    using mma = sm90::wgmma<typename A::element, typename B::element, Config.block.n, A::contiguous, B::contiguous>;
    using peers = multicast<Config.cluster>;
    using tiles = Tiles;
    /// Warpgroups, or groups of them, that take turns at the tiles.
    static constexpr int takers = Config.alternate ? Config.math_warpgroups : 1;
    using storage = gemm_storage<A, B, Epilogue, Config>;
    using pipeline = tma_pipeline<storage::stages, 4 * (Config.math_warpgroups / takers), Config.cluster>;
    using output = typename storage::output;
    using split = typename storage::split;
    using registers = register_budget<Config.math_warpgroups>;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using a_scale = typename A::scale;
    using b_scale = typename B::scale;
    static_assert(storage::bytes <= max_smem_bytes,
                  "gemm: the configuration needs more than 232448 bytes of shared memory");
    static_assert(mma_atom<mma> && smem_pipeline<pipeline>);
    static_assert(gemm_scheduler<Tiles>, "gemm: the schedule must model gemm_scheduler, as persistent does");
    static_assert(Config.split_k == 1 || same_as<Tiles, default_tiles<Config>>,
                  "gemm: split_k is for the default schedule, which gives all parts of a tile to one cluster");

    static constexpr promotion promote = Config.promote;
    /// 64-row fragments that each math warpgroup accumulates.
    static constexpr int waves = fragments_per_warpgroup(Config);
    /// True if a thread has registers for the products of scales of a fragment, one for each total.
    static constexpr bool keeps_products =
        accumulator_registers(Config) + mma::registers <= accumulator_budget(Config.math_warpgroups);

    static constexpr kernel_info info{.arch = Arch::number,
                                      .a = A::info,
                                      .b = B::info,
                                      .d = dtype_of<element>,
                                      .accumulate = Epilogue::accumulates || Epilogue::in_place,
                                      .in_place = Epilogue::in_place,
                                      .heads = Epilogue::heads,
                                      .custom_epilogue = Epilogue::custom,
                                      .custom_schedule = !same_as<Tiles, default_tiles<Config>>,
                                      .cfg = storage::resolved,
                                      .threads = u32(registers::threads),
                                      .smem_bytes = storage::bytes};

    /// Host-side arguments: those of any GEMM and those of the epilogue's own steps.
    struct arguments : gemm_arguments {
        typename Epilogue::arguments epilogue{};
    };

    /// What the kernel reads, as one `__grid_constant__` parameter.
    struct params {
        tensor_map a, b, d;
        scale::params<a_scale> sa;
        scale::params<b_scale> sb;
        c_params<Epilogue::accumulates> c;
        i32 a_rows;           ///< rows of A that one copy brings
        element* d_elements;  ///< D once more, and its pitch, for columns that TMA cannot store
        i64 d_pitch;
        problem_shape shape;
        typename Epilogue::params epilogue;
    };

    // ---- host side: pure functions, called by the launchers ----

    /// Rows of A in one copy: a CTA's share of a tile, or fewer if A has fewer. Rows beyond A would be filled with zeros, but
    /// each costs TMA about 3 ns; they hold zeros from the start instead (see clear_a).
    DEEPGEMM_BOTH static constexpr i32 rows_of_a(i32 m) {
        if (peers::shares_a) return a_tile::rows / Config.cluster.n;
        return a_tile::contiguous == major::k ? min(a_tile::rows, align_up(m, 8)) : a_tile::rows;
    }

    // Places of the tensor maps the kernel needs; A, B and D are the first three, C is the last.
    static constexpr int sa_map = 3, sb_map = sa_map + (a_scale::staged ? 1 : 0),
                         c_map = sb_map + (b_scale::staged ? 1 : 0),
                         map_count = c_map + (Epilogue::accumulates ? 1 : 0);

    /// The tensor maps the kernel needs, in the order make_params takes them: A, B, D, then scales of A and of B if they are
    /// staged, C if the kernel accumulates.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const auto [m, n, k] = args.shape;
        // An empty K still needs maps that encode; nothing is loaded through them.
        const i64 columns = max(k, 1), blocks = ceil_div(columns, i64(Config.block.k));
        const void* const a = k == 0 ? args.d : args.a;
        const void* const b = k == 0 ? args.d : args.b;
        const void* const sa = k == 0 ? args.d : args.sa;
        const void* const sb = k == 0 ? args.d : args.sb;
        using d_tile = typename output::tile;
        maps[0] = a_tile::map(a, m, columns, args.a_pitch, rows_of_a(m));
        maps[1] = b_tile::map(b, n, columns, args.b_pitch, b_tile::rows / Config.cluster.m);
        maps[2] = matrix_map(args.d, dtype_of<element>, m, stored_column<Epilogue::heads>(n),
                             args.d_pitch * i64(sizeof(element)), d_tile::rows, d_tile::columns, d_tile::swizzle);
        if constexpr (Epilogue::accumulates) {
            maps[c_map] = maps[2];
            maps[c_map].base = args.c;
            maps[c_map].stride_bytes[0] = u64(args.c_pitch) * sizeof(element);
        }
        if constexpr (a_scale::staged) {
            maps[sa_map] = matrix_map(sa, dtype::f32, ceil_div(blocks, i64(a_scale::format::blocks_per_word)), m,
                                      args.sa_stride_k * 4, 1, Config.block.m, swizzle_mode::none);
        }
        if constexpr (b_scale::staged) {
            maps[sb_map] = matrix_map(sb, dtype::f32, ceil_div(blocks, i64(b_scale::format::blocks_per_word)), n,
                                      args.sb_stride_k * 4, 1, Config.block.n, swizzle_mode::none);
        }
    }

    /// The kernel's parameters, from arguments and encoded maps.
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        params p{};
        p.a = maps[0];
        p.b = maps[1];
        p.d = maps[2];
        if constexpr (a_scale::staged) {
            p.sa.map = maps[sa_map];
        } else if constexpr (!same_as<a_scale, scale::none>) {
            p.sa.words = {static_cast<const u32*>(args.sa), args.sa_stride_m, args.sa_stride_k};
        }
        if constexpr (b_scale::staged) {
            p.sb.map = maps[sb_map];
        } else if constexpr (!same_as<b_scale, scale::none>) {
            p.sb.words = {static_cast<const u32*>(args.sb), args.sb_stride_n, args.sb_stride_k};
        }
        if constexpr (Epilogue::accumulates) p.c.map = maps[c_map];
        p.a_rows = rows_of_a(args.shape.m);
        p.d_elements = static_cast<element*>(args.d);
        p.d_pitch = args.d_pitch;
        p.shape = args.shape;
        p.epilogue = Epilogue::make_params(args, args.epilogue);
        return p;
    }

    /// CTAs to launch on `num_sms` multiprocessors: whole clusters, no more than there are tiles; 0 if D is empty.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return min(tiles::clusters(args.shape), num_sms / Config.cluster_ctas()) * Config.cluster_ctas();
    }

    // ---- device side ----

    /// The kernel body; called by every thread.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const storage smem{{}, ptx::dynamic_smem()};
        const u32 rank = Config.cluster_ctas() > 1 ? ptx::cluster_rank() : 0;
        const pipeline pipe{ptx::uniform(smem.barriers()), peers{rank % u32(Config.cluster.size())}};
        if (ptx::thread_index() == 0) {
            if constexpr (Epilogue::accumulates) {
                for (u32 i = 0; i < storage::owners; ++i) ptx::mbarrier_init(smem.c_barrier(i), 1);
            }
            if constexpr (Config.split_k > 1) split::initialise(smem.split_barriers());
            pipe.initialise();
        }
        if (ptx::warp_index() == 1 && ptx::elect_one()) prefetch(p);
        if (!peers::shares_a && p.a_rows < a_tile::rows) clear_a(smem);
        synchronise();
        ptx::grid_dependency_wait();

        const problem_shape shape{extent<Config.extents.m>(p.shape.m), extent<Config.extents.n>(p.shape.n),
                                  extent<Config.extents.k>(p.shape.k)};
        const tiles schedule = tiles::of(shape, rank);
        const auto blocks =
            block_range::part_of(schedule.k_blocks(), Config.split_k > 1 ? i32(rank) : 0, Config.split_k);
        if (is_producer()) {
            ptx::role("producer");
            registers::give();
            if (ptx::warp_index() == 0 && ptx::elect_one()) load(p, smem, pipe, schedule, blocks);
            ptx::sync_warp();
            leave();
        } else {
            ptx::role("math");
            registers::take();
            multiply(p, shape, smem, pipe, schedule, blocks, rank);
            leave();
        }
    }

private:
    /// Brings the tensor maps near TMA while the barriers are being initialised; called by one thread.
    DEEPGEMM_DEVICE static void prefetch(const params& p) {
        ptx::prefetch_tensor_map(p.a);
        ptx::prefetch_tensor_map(p.b);
        if constexpr (a_scale::staged) ptx::prefetch_tensor_map(p.sa.map);
        if constexpr (b_scale::staged) ptx::prefetch_tensor_map(p.sb.map);
        ptx::prefetch_tensor_map(p.d);
        if constexpr (Epilogue::accumulates) ptx::prefetch_tensor_map(p.c.map);
    }

    /// All threads: zeros the tiles of A in every stage, of which copies of few rows reach only the first. What lies in the
    /// other rows never reaches D, but it must be something.
    DEEPGEMM_DEVICE static void clear_a(const storage& smem) {
        constexpr u32 bytes = storage::stages * a_tile::bytes, step = u32(registers::threads) * 16;
        for (u32 i = ptx::thread_index() * 16; i < bytes; i += step)
            ptx::st_shared(smem.a(0) + i, ptx::vec4<u32>{0, 0, 0, 0});
        ptx::fence_proxy_async();
    }

    /// The producer's role, on one thread: fills stage after stage with tiles of A and B and their scales.
    DEEPGEMM_DEVICE static void load(const params& p, const storage& smem, const pipeline& pipe, const tiles& schedule,
                                     block_range blocks) {
        typename pipeline::cursor at;
        const u32 missing_bytes = u32(a_tile::rows / Config.cluster.n - p.a_rows) * a_tile::bytes_per_row;
        for (const tile_coord tile : schedule) {
            for (i32 block = blocks.first; block < blocks.first + blocks.count; ++block) {
                const u32 full = pipe.acquire(at);
                const i32 k = block * Config.block.k;
                pipe.commit(at, storage::landing_bytes - missing_bytes);
                load_shared<peers::shares_a, Config.cluster.n, a_tile>(  // (block.m, block.k)
                    p.a, smem.a(at.stage), full, k, tile.m, pipe.peers.n(), pipe.peers.a_mask());
                load_shared<peers::shares_b, Config.cluster.m, b_tile>(  // (block.n, block.k)
                    p.b, smem.b(at.stage), full, k, tile.n, pipe.peers.m(), pipe.peers.b_mask());
                if constexpr (a_scale::staged) {
                    ptx::tma_load<2>(p.sa.map, smem.sa(at.stage), full,
                                     {tile.m, block / a_scale::format::blocks_per_word});  // (block.m)
                }
                if constexpr (b_scale::staged) {
                    ptx::tma_load<2>(p.sb.map, smem.sb(at.stage), full,
                                     {tile.n, block / b_scale::format::blocks_per_word});  // (block.n)
                }
                at.advance();
            }
        }
        if constexpr (Config.trigger_dependents) ptx::grid_dependency_trigger();
    }

    /// Loads a tile that `Sharers` CTAs hold: each its slice, multicast to all of them; a tile of one's own goes whole.
    template <bool Shared, int Sharers, class Tile>
    DEEPGEMM_DEVICE static void load_shared(const tensor_map& map, u32 tile, u32 full, i32 k, i32 row, u32 slice,
                                            u16 mask) {
        constexpr int copies = max(Tile::copies / Sharers, 1), rows = Tile::rows / Sharers / copies;  // of one copy
        DEEPGEMM_UNROLL
        for (int i = 0; i < copies; ++i) {
            const i32 first = (i32(slice) * copies + i) * rows;
            const u32 to = tile + u32(first) * Tile::bytes_per_row;
            const auto place = Tile::place(row + first, k);
            if constexpr (Shared) {
                ptx::tma_load_multicast<2>(map, to, full, {place.inner, place.outer}, mask);
            } else {
                ptx::tma_load<2>(map, to, full, {place.inner, place.outer});
            }
        }
    }

    /// The math role, on a warpgroup: sums up its rows of each tile and stores them.
    DEEPGEMM_DEVICE static void multiply(const params& p, problem_shape shape, const storage& smem,
                                         const pipeline& pipe, const tiles& schedule, block_range blocks, u32 rank) {
        const turns<takers> turn{takers > 1 ? math_warpgroup() : 0};
        const int first_row = takers > 1 ? 0 : int(math_warpgroup()) * waves * mma::m;  // in the tile
        const int owner_row = first_row + sm90::fragment_place::here().row / output::rows * output::rows;
        const u32 owner = output::owner_index();
        output out{smem.output_of(owner), smem.c_barrier(owner), owner};
        auto loop = main_loop<gemm>::of(smem, pipe, first_row);
        split parts{smem.parts(), smem.split_barriers(), rank, ptx::warp_index() - 4};
        const ragged_edge<element> edge{p.d_elements, {p.d_pitch}, shape};
        float total[waves][mma::registers];

        auto next = schedule.begin();
        const auto pass_over = [&](u32 others) {  // the tiles of other takers
            for (u32 i = 0; i < others && next != schedule.end(); ++i, ++next) pipe.pass_over(loop.at, blocks.count);
        };
        turn.begin(next != schedule.end());
        pass_over(turn.mine);
        if (next != schedule.end()) loop.start(p, shape, *next, blocks);
        while (next != schedule.end()) {
            const tile_coord tile = *next;
            const i32 m = tile.m + owner_row;
            ++next;
            const bool more = next != schedule.end();
            turn.await();
            loop.sum(total, blocks, [&](i32 i) {  // while the tensor cores multiply block i
                if (i == min(2, blocks.count - 1) && stores(parts)) fetch_c(p, out, m, tile.n);
                if (i == blocks.count - 1) turn.pass_on(more);
            });
            pass_over(takers - 1);
            if (next != schedule.end()) loop.start(p, shape, *next, blocks);
            if constexpr (Config.split_k > 1) parts.reduce(total, more);
            if (!stores(parts)) continue;
            if (!Epilogue::heads.any() && edge.cuts(tile.n + Config.block.n)) {
                store_tile<true>(p, edge, out, total, m, tile.n);
            } else {
                store_tile<false>(p, edge, out, total, m, tile.n);
            }
        }
        out.finish();
    }

    /// True in CTAs that store the tiles they sum.
    DEEPGEMM_DEVICE static bool stores(const split& parts) { return Config.split_k == 1 || parts.is_first(); }

    /// Starts to fetch a batch of C, if the kernel accumulates.
    DEEPGEMM_DEVICE static void fetch_c(const params& p, const output& out, i32 m, i32 n) {
        if constexpr (Epilogue::accumulates) out.fetch(p.c.map, m, n);
    }

    /// Takes an owner's rows of a tile, block.n totals each, through the epilogue's steps to D, batch by batch. `Ragged` if D ends
    /// inside the tile where TMA cannot cut it.
    template <bool Ragged>
    DEEPGEMM_DEVICE static void store_tile(const params& p, const ragged_edge<element>& edge, output& out,
                                           const float (&total)[waves][mma::registers], i32 m, i32 n) {
        const auto place = sm90::fragment_place::here();
        constexpr int batches = mma::registers / output::registers, per_buffer = output::buffer::registers;
        DEEPGEMM_UNROLL
        for (int i = 0; i < waves * batches; ++i) {
            const int wave = i / batches, batch = i % batches;
            const i32 row = m + wave * mma::m, column = n + batch * output::batch_columns;
            float value[output::batch][per_buffer];
            DEEPGEMM_UNROLL
            for (int j = 0; j < output::registers; j += 2) {
                const float* const from = &total[wave][batch * output::registers + j];
                const pair_place at{row + place.row % output::rows + 8 * (j / 2 % 2),
                                    column + place.column + 8 * (j / 4), edge.shape};
                const auto pair = Epilogue::apply(p.epilogue, {from[0], from[1]}, at);
                value[j / per_buffer][j % per_buffer] = pair.x;
                value[j / per_buffer][j % per_buffer + 1] = pair.y;
            }
            out.template put<Ragged>(p.d, edge, value, row, column);
            const int next = i + 1;
            if (next < waves * batches)
                fetch_c(p, out, m + next / batches * mma::m, n + next % batches * output::batch_columns);
        }
    }

    /// Makes the barriers visible to the CTA, or to all CTAs of the cluster.
    DEEPGEMM_DEVICE static void synchronise() {
        if constexpr (Config.cluster_ctas() > 1) {
            ptx::cluster_sync();
        } else {
            ptx::sync_cta();
        }
    }

    /// The end of a role. No CTA may exit while a peer still signals its barriers or writes into its stages.
    DEEPGEMM_DEVICE static void leave() {
        if constexpr (Config.cluster_ctas() > 1) ptx::cluster_sync();
    }
};

static_assert(kernel<gemm<arch::sm90, operand<e4m3, scale::per_token<scale::fp32>>,
                          operand<e4m3, scale::per_block<scale::fp32>>, store<bf16>, config{}>>);

}  // namespace deepgemm
