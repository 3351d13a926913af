// SPDX-License-Identifier: MIT
// The host side of a GEMM kernel: arguments, the parameters that the device reads, the tensor maps they need, as pure functions
// that the launchers call (nvcc, NVRTC and the simulator alike). What the device does with them is in kernel/gemm.cuh.
#pragma once

#include <deepgemm/kernel/storage.cuh>
#include <deepgemm/pipeline/multicast.cuh>
#include <deepgemm/ptx/tma.cuh>
#include <deepgemm/scale/feed.cuh>

namespace deepgemm {

/// The tensor map of C, in kernels that accumulate.
template <bool Accumulates>
struct c_params {
    tensor_map map;
};
template <>
struct c_params<false> {};

/// From the first matrix of a stack to another one, for what threads address themselves: elements of D, words of scales.
template <stacks Stacked>
struct stack_params {
    i64 d_pitch, sa_stride, sb_stride;
    DEEPGEMM_BOTH constexpr i64 d(i32 matrix) const { return Stacked.d ? matrix * d_pitch : 0; }
    DEEPGEMM_BOTH constexpr i64 sa(i32 matrix) const { return Stacked.a ? matrix * sa_stride : 0; }
    DEEPGEMM_BOTH constexpr i64 sb(i32 matrix) const { return Stacked.b ? matrix * sb_stride : 0; }
};
template <stacks Stacked>
    requires(!Stacked.any())
struct stack_params<Stacked> {
    DEEPGEMM_BOTH static constexpr i64 d(i32) { return 0; }
    DEEPGEMM_BOTH static constexpr i64 sa(i32) { return 0; }
    DEEPGEMM_BOTH static constexpr i64 sb(i32) { return 0; }
};

/// Arguments and parameters of a GEMM kernel of operands `A` (m,k) and `B` (n,k) with `Epilogue`, configured by `Config`, whose
/// tiles come from `Tiles`.
template <class A, class B, class Epilogue, config Config, class Tiles>
struct gemm_host {
    using element = typename Epilogue::element;
    using storage = gemm_storage<A, B, Epilogue, Config, Tiles::stacked.d>;
    using output = typename storage::output;
    using a_tile = typename storage::a_tile;
    using b_tile = typename storage::b_tile;
    using a_scale = typename A::scale;
    using b_scale = typename B::scale;
    using peers = multicast<Config.cluster>;

    using arguments = gemm_call<typename Epilogue::arguments, typename Tiles::arguments>;

    /// What the kernel reads, as one `__grid_constant__` parameter.
    struct params {
        tensor_map a, b, d;
        scale::params<a_scale> sa;
        scale::params<b_scale> sb;
        c_params<Epilogue::accumulates> c;
        ptx::cache_hint a_hint, b_hint;  ///< how long L2 should keep the operands
        ready_operands ready;            ///< as in the arguments
        bool triggers;                   ///< whether trigger::by_size lets dependents start early
        i32 a_rows;                      ///< rows of A that one copy brings
        element* d_elements;             ///< D once more, and its pitch, for columns that TMA cannot store
        i64 d_pitch;
        problem_shape shape;
        Tiles tiles;
        typename Epilogue::params epilogue;
        [[no_unique_address]] stack_params<Tiles::stacked> stack;
    };

    /// Rows of A in one copy: a CTA's share of a tile, or fewer if A has fewer. Rows beyond A would be filled with zeros, but
    /// each costs TMA about 3 ns; they hold zeros from the start instead.
    DEEPGEMM_BOTH static constexpr i32 rows_of_a(i32 m) {
        if (peers::shares_a) return a_tile::rows / Config.cluster.n;
        return a_tile::contiguous == major::k ? min(a_tile::rows, align_up(m, 8)) : a_tile::rows;
    }

    /// Whether dependents gain by starting early: in products of up to 128 rows or columns whose larger operand has at most 8 MiB.
    /// With more to load, kernels that share the GPU slow each other down (docs/tuning-log.md, 22).
    DEEPGEMM_BOTH static constexpr bool triggers(problem_shape shape) {
        constexpr i64 most_bytes = i64(8) << 20;
        const i64 bytes =
            max(i64(shape.m) * i64(sizeof(typename A::element)), i64(shape.n) * i64(sizeof(typename B::element)));
        return grouping_of<Tiles>() == grouping::none && min(shape.m, shape.n) <= 128 && bytes * shape.k <= most_bytes;
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
        const void* const a = k == 0 ? args.d.data : args.a.data;
        const void* const b = k == 0 ? args.d.data : args.b.data;
        const void* const sa = k == 0 ? args.d.data : args.a.scales.data;
        const void* const sb = k == 0 ? args.d.data : args.b.scales.data;
        maps[0] = a_tile::map(a, m, columns, args.a.pitch, rows_of_a(m));
        maps[1] = b_tile::map(b, n, columns, args.b.pitch, b_tile::rows / Config.cluster.m);
        maps[2] = output::map(args.d.data, m, n, args.d.pitch);
        if constexpr (Epilogue::accumulates) {
            maps[c_map] = maps[2];
            maps[c_map].base = args.c.data;
            maps[c_map].stride_bytes[0] = u64(args.c.pitch) * sizeof(element);
        }
        if constexpr (a_scale::staged)
            maps[sa_map] = scale_map<a_scale>(sa, blocks, m, args.a.scales.stride_k, Config.block.m);
        if constexpr (b_scale::staged)
            maps[sb_map] = scale_map<b_scale>(sb, blocks, n, args.b.scales.stride_k, Config.block.n);
        stack_maps(args, maps);
    }

    /// The kernel's parameters, from arguments and encoded maps.
    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args, const tensor_map (&maps)[map_count]) {
        params p{};
        p.a = maps[0];
        p.b = maps[1];
        p.d = maps[2];
        if constexpr (a_scale::staged) p.sa.map = maps[sa_map];
        if constexpr (b_scale::staged) p.sb.map = maps[sb_map];
        point_to(p.sa, args.a.scales.data, args.a.scales.stride_mn, args.a.scales.stride_k);
        point_to(p.sb, args.b.scales.data, args.b.scales.stride_mn, args.b.scales.stride_k);
        if constexpr (Epilogue::accumulates) p.c.map = maps[c_map];
        const operand_reads reads = Tiles::reads(args.shape, args.tiles);
        p.a_hint = hint(reads.a);
        p.b_hint = hint(reads.b);
        p.ready = {args.a.ready, args.b.ready};
        p.triggers = triggers(args.shape);
        p.a_rows = rows_of_a(args.shape.m);
        p.d_elements = static_cast<element*>(args.d.data);
        p.d_pitch = args.d.pitch;
        p.shape = args.shape;
        p.tiles = Tiles::of(args.shape, args.tiles);
        if constexpr (Tiles::stacked.any())
            p.stack = {args.d.matrix_pitch, args.a.scales.matrix_stride, args.b.scales.matrix_stride};
        p.epilogue = Epilogue::make_params(args, args.epilogue);
        return p;
    }

private:
    /// Gives the maps of tensors that are stacks their third dimension.
    DEEPGEMM_BOTH static constexpr void stack_maps(const arguments& args, tensor_map_request (&maps)[map_count]) {
        const auto stack = [&](int map, i64 stride, i64 bytes) {
            maps[map] = stack_map(maps[map], args.matrices, stride * bytes);
        };
        if constexpr (Tiles::stacked.a) {
            stack(0, args.a.matrix_pitch, sizeof(typename A::element));
            if constexpr (a_scale::staged) stack(sa_map, args.a.scales.matrix_stride, 4);
        }
        if constexpr (Tiles::stacked.b) {
            stack(1, args.b.matrix_pitch, sizeof(typename B::element));
            if constexpr (b_scale::staged) stack(sb_map, args.b.scales.matrix_stride, 4);
        }
        if constexpr (Tiles::stacked.d) {
            stack(2, args.d.matrix_pitch, sizeof(element));
            if constexpr (Epilogue::accumulates) stack(c_map, args.c.matrix_pitch, sizeof(element));
        }
    }

    /// The map of scales that are staged: a column of words for each `block`, of which a copy brings `rows`.
    template <class Scale>
    DEEPGEMM_BOTH static constexpr tensor_map_request scale_map(const void* words, i64 blocks, i32 mn, i64 stride_k,
                                                                int rows) {
        return matrix_map(words, dtype::f32, ceil_div(blocks, i64(Scale::format::blocks_per_word)), mn, stride_k * 4, 1,
                          rows, swizzle_mode::none);
    }

    /// Where scales that are not staged lie, if there are any.
    template <class Scale>
    DEEPGEMM_BOTH static constexpr void point_to(scale::params<Scale>& to, const void* words, i64 stride_mn,
                                                 i64 stride_k) {
        if constexpr (!Scale::staged && !same_as<Scale, scale::none>)
            to.words = {static_cast<const u32*>(words), stride_mn, stride_k};
    }

    /// An operand that is read once need not stay in L2: there it would displace what others have left, and where they have
    /// written to it, that would have to go back to memory first.
    DEEPGEMM_BOTH static constexpr ptx::cache_hint hint(i32 reads) {
        return reads == 1 ? ptx::cache_hint::evict_first : ptx::cache_hint::evict_normal;
    }
};

}  // namespace deepgemm
