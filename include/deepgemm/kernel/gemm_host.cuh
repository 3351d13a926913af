// SPDX-License-Identifier: MIT
// The host side of a GEMM kernel: its arguments, the parameters that the device reads, and the tensor maps. These are pure
// functions for the launchers of nvcc, NVRTC and the simulator. kernel/gemm.cuh is the device side.
#pragma once

#include <deepgemm/epilogue/arguments.cuh>
#include <deepgemm/epilogue/result_stream.cuh>
#include <deepgemm/kernel/arguments.cuh>
#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/pipeline/gathered_stream.cuh>
#include <deepgemm/pipeline/operand_stream.cuh>

namespace deepgemm {

/// Arguments and parameters of a GEMM kernel of operands `A` (m,k) and `B` (n,k) with `Epilogue`, `Config` and the schedule
/// `Tiles`. `Sizes` is what an architecture keeps in shared memory.
template <class Sizes, class A, class B, class Epilogue, config Config, class Tiles>
struct gemm_host {
    using element = typename Epilogue::element;
    using tiles = Tiles;
    using storage = gemm_storage<Sizes>;
    using output = typename storage::output;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using a_scale = typename A::scale;
    using b_scale = typename B::scale;
    using peers = multicast<Sizes::sharing>;

    using a_stream = operand_stream<A, a_tile,
                                    stream_options{.sharers = Sizes::sharing.n,
                                                   .word_bytes = Sizes::a_word_bytes,
                                                   .stacked = Tiles::stacked.a,
                                                   .trims = true,
                                                   .any_row = starts_at_any_row<Tiles>(),
                                                   .fragment = Tiles::bounded ? Sizes::fragment_rows : 0,
                                                   .unit = Config.sm90.row_unit,
                                                   .windows = takes_windows<Tiles>(),
                                                   .matrices = maps_of_operand<Tiles>(),
                                                   .groups = Sizes::a_groups,
                                                   .group_lanes = Sizes::a_group_lanes}>;
    using b_stream = operand_stream<B, b_tile,
                                    stream_options{.sharers = Sizes::sharing.m,
                                                   .word_bytes = Sizes::b_word_bytes,
                                                   .parts = Sizes::b_parts,
                                                   .stacked = Tiles::stacked.b,
                                                   .windows = takes_windows<Tiles>(),
                                                   .matrices = maps_of_operand<Tiles>(),
                                                   .keeps = Config.keeps_b}>;

    using results = result_stream<output>;
    /// False if rows of no group are stored by no tile, where a kernel knows them before: idle warps make them zero if the
    /// epilogue only stores, and if rows are scattered they have no place in D.
    static constexpr bool tiles_gaps = !results::scatters && !only_stores<Epilogue>;

    using arguments = gemm_call<typename Epilogue::arguments, typename Tiles::arguments>;

    /// The kernel's arguments from those of an operation, which holds values for all steps of the library, and for all of its
    /// schedules.
    template <class OfTiles>
        requires(converts_to<const OfTiles&, typename Tiles::arguments> || __is_empty(OfTiles))
    DEEPGEMM_BOTH static constexpr arguments arguments_of(const gemm_call<epilogue_values, OfTiles>& given) {
        arguments made{given, epilogue_arguments_of<Epilogue>(given.epilogue)};
        if constexpr (converts_to<const OfTiles&, typename Tiles::arguments>) made.tiles = given.tiles;
        return made;
    }

    /// What the kernel reads, as one `__grid_constant__` parameter.
    struct params {
        typename a_stream::params a;
        typename b_stream::params b;
        typename results::params d;
        problem_shape shape;
        Tiles tiles;
        bool triggers;  ///< with trigger::by_size: dependents start early
        typename Epilogue::params epilogue;
    };

    /// True if dependents gain by starting early: in products of up to 128 rows or columns whose larger operand has at most 8
    /// MiB. With more to load, kernels that share the GPU slow each other down (docs/tuning-log.md, 22).
    DEEPGEMM_BOTH static constexpr bool triggers(problem_shape shape) {
        constexpr i64 most_bytes = i64(8) << 20;
        const i64 bytes = max(bytes_of(A::info.type, shape.m), bytes_of(B::info.type, shape.n));
        return grouping_of<Tiles>() == grouping::none && min(shape.m, shape.n) <= 128 && bytes * shape.k <= most_bytes;
    }

    // Places of the kernel's tensor maps: first those of A, then those of B, then those of the result.
    static constexpr int b_map = a_stream::map_count, d_map = b_map + b_stream::map_count,
                         map_count = d_map + results::map_count;

    /// Requests the tensor maps, in the order in which make_params takes them.
    DEEPGEMM_BOTH static constexpr void tensor_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const auto [m, n, k] = args.shape;
        const operand_arguments a = encodable(args, args.a), b = encodable(args, args.b);
        const i32 columns = k == 0 ? 128 : k;  // of a map that nothing is loaded by
        if constexpr (maps_of_operand<Tiles>() > 1) {
            a_stream::tensor_maps(a, m, columns, args.tiles.sizes, args.tiles.count, maps);
            b_stream::tensor_maps(b, n, columns, args.tiles.sizes, args.tiles.count, maps + b_map);
        } else {
            a_stream::tensor_maps(a, m, columns, args.matrices, maps);
            b_stream::tensor_maps(b, n, columns, args.matrices, maps + b_map);
        }
        const i32 fetch_bytes = Tiles::reads(args.shape, args.tiles).fetch_bytes;
        for (int i = 0; i < d_map; ++i) maps[i].fetch_bytes = u32(fetch_bytes);
        results::tensor_maps(args, over_fragments<Epilogue>::columns_after(n), maps + d_map);
    }

    /// The kernel's parameters from arguments and encoded maps.
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        const operand_reads reads = Tiles::reads(args.shape, args.tiles);
        params p{};
        p.a = a_stream::make_params(args.a, args.shape.m, reads.a, maps);
        p.b = b_stream::make_params(args.b, args.shape.n, reads.b, maps + b_map);
        p.d = results::make_params(args, maps + d_map);
        p.shape = args.shape;
        p.tiles = Tiles::of(args.shape, args.tiles);
        p.triggers = triggers(args.shape);
        p.epilogue = Epilogue::make_params(args, args.epilogue);
        return p;
    }

    /// CTAs to launch on `num_sms` multiprocessors: whole clusters, no more than there are tiles, fewer if the schedule says that
    /// these are as good, and one for each tile if clusters claim them; 0 if D is empty.
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        const i32 tiles = Tiles::clusters(args.shape, args.tiles);
        if constexpr (claiming_schedule<Tiles>) return tiles * Config.cluster_ctas();
        i32 clusters = min(tiles, num_sms / Config.cluster_ctas());
        if constexpr (requires { Tiles::even_clusters(args.shape, args.tiles, clusters); })
            clusters = Tiles::even_clusters(args.shape, args.tiles, clusters);
        return clusters * Config.cluster_ctas();
    }

    /// What the kernel computes; `promoted` as in gemm_traits.
    DEEPGEMM_BOTH static constexpr gemm_traits traits_of(bool promoted) {
        return {.a = A::info,
                .b = B::info,
                .d = dtype_of<element>,
                .accumulate = Epilogue::accumulates || Epilogue::in_place,
                .in_place = Epilogue::in_place,
                .heads = Epilogue::heads,
                .epilogue = epilogue_info_of<Epilogue>,
                .custom_epilogue = Epilogue::custom,
                .groups = grouping_of<Tiles>(),
                .scattered = scatters<Epilogue>,
                .promoted = promoted};
    }

private:
    /// The operand, changed so that its maps can be encoded. With K = 0 it may have no memory; nothing is loaded then, so D's
    /// memory stands in.
    DEEPGEMM_BOTH static constexpr operand_arguments encodable(const arguments& args, operand_arguments x) {
        constexpr u64 alignment = 128;  // enough for any map
        if (args.shape.k == 0)
            x.data = x.scales.data =
                static_cast<const u8*>(args.d.data) - reinterpret_cast<u64>(args.d.data) % alignment;
        return x;
    }
};

}  // namespace deepgemm
