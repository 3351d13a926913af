// SPDX-License-Identifier: MIT
// The shared memory of a GEMM kernel: where each stage's tiles, the staging buffers and the barriers lie. Offsets are
// computed at compile time; kernels ask for tiles by name and stage and see no number.
#pragma once

#include <deepgemm/core/arch.cuh>
#include <deepgemm/epilogue/split_sum.cuh>
#include <deepgemm/epilogue/stage.cuh>
#include <deepgemm/epilogue/transposed.cuh>
#include <deepgemm/kernel/check.cuh>
#include <deepgemm/layout/operand_tile.cuh>

namespace deepgemm {

namespace detail {

/// `open` with the sizes that were left to the kernel filled in.
DEEPGEMM_BOTH constexpr config with_sizes(config open, int stages, int store_columns, int store_buffers) {
    open.stages = stages;
    open.store_columns = store_columns;
    open.store_buffers = store_buffers;
    return open;
}

/// What stages the results of an epilogue: `Stage`, or what the epilogue makes of that by a member template `staging`.
template <class Epilogue, class Stage>
struct staging_of {
    using type = Stage;
};
template <class Epilogue, class Stage>
    requires requires { typename Epilogue::template staging<Stage>; }
struct staging_of<Epilogue, Stage> {
    using type = typename Epilogue::template staging<Stage>;
};

}  // namespace detail

/// The sizes of the things a CTA keeps in shared memory, and from them the configuration with its zeros filled in.
template <class A, class B, class Epilogue, config Config, bool Stacked = false>
struct gemm_sizes {
    using a_tile = operand_tile<typename A::element, Config.block.m, Config.block.k, A::contiguous>;
    using b_tile = operand_tile<typename B::element, Config.block.n, Config.block.k, B::contiguous>;

    static constexpr int widest = gcd(Config.block.n, int(128 / sizeof(typename Epilogue::element)));
    static constexpr int store_columns = Config.store_columns ? Config.store_columns : widest;
    static constexpr int store_buffers = Config.store_buffers ? Config.store_buffers : Config.block.n / store_columns;
    static_assert(widest % store_columns == 0, "gemm: store_columns must divide block.n and fill at most 128 bytes");
    // Measured: BF16 gains 1 % by storing per warp, FP32, with twice the copies, 3 % by storing per warpgroup.
    static constexpr int store_rows = Config.store_rows                         ? Config.store_rows
                                      : sizeof(typename Epilogue::element) == 2 ? 16
                                                                                : 64;
    using output = typename detail::staging_of<
        Epilogue,
        conditional_t<Epilogue::transposes,
                      transposed_stage<typename Epilogue::element, Config.block.n, Epilogue::accumulates>,
                      store_stage<typename Epilogue::element, Config.block.n, store_rows, store_columns, store_buffers,
                                  Epilogue::accumulates, Epilogue::in_place, Epilogue::heads, Stacked>>>::type;
    static constexpr u32 owners = Config.sm90.warpgroups * (sm90::wgmma_rows::rows / output::rows);  ///< of buffers

    static constexpr u32 sa_words = A::scale::via == scale::route::stage ? Config.block.m : 0,
                         sb_words = B::scale::via == scale::route::stage ? Config.block.n : 0;
    static constexpr u32 sa_bytes = align_up(4 * sa_words, 128u), sb_bytes = align_up(4 * sb_words, 128u);
    /// What a stage occupies, its two barriers included.
    static constexpr u32 stage_bytes = a_tile::bytes + b_tile::bytes + sa_bytes + sb_bytes + 16;
    using split =
        split_sum<Config.split_k, fragments_per_warpgroup(Config), Config.block.n / 2, 4 * Config.sm90.warpgroups>;
    static constexpr u32 fixed_bytes =
        align_up(owners * output::bytes, 128u) + owners * output::barrier_bytes + split::bytes + split::barrier_bytes;

    static constexpr int stages_that_fit = min(int((arch::sm90::smem_bytes - fixed_bytes) / stage_bytes), 24);
    static constexpr int stages = Config.stages ? Config.stages : stages_that_fit;
    static_assert(fixed_bytes <= arch::sm90::smem_bytes && stages >= 2,
                  "gemm: the tiles leave room for fewer than two stages in 232448 bytes of shared memory");

    static constexpr config resolved = detail::with_sizes(Config, stages, Epilogue::transposes ? 0 : store_columns,
                                                          Epilogue::transposes ? 0 : store_buffers);
};

/// The layout of a CTA's shared memory. Tiles come first, since swizzled tiles must start at multiples of 1024 bytes.
template <class A, class B, class Epilogue, config Config, bool Stacked = false>
struct gemm_storage : gemm_sizes<A, B, Epilogue, Config, Stacked> {
    using sizes = gemm_sizes<A, B, Epilogue, Config, Stacked>;
    using sizes::owners, sizes::stages;
    using typename sizes::a_tile, typename sizes::b_tile, typename sizes::output, typename sizes::split;

    static constexpr u32 a_offset = 0;
    static constexpr u32 b_offset = a_offset + stages * a_tile::bytes;
    static constexpr u32 output_offset = b_offset + stages * b_tile::bytes;
    static constexpr u32 sa_offset = align_up(output_offset + owners * output::bytes, 128u);
    static constexpr u32 sb_offset = sa_offset + stages * sizes::sa_bytes;
    static constexpr u32 parts_offset = sb_offset + stages * sizes::sb_bytes;
    static constexpr u32 barriers_offset = parts_offset + split::bytes;
    static constexpr u32 c_barriers_offset = barriers_offset + stages * 16;
    static constexpr u32 split_barriers_offset = c_barriers_offset + owners * output::barrier_bytes;
    static constexpr u32 bytes = split_barriers_offset + split::barrier_bytes;

    u32 base;  ///< shared address of the CTA's dynamic shared memory

    DEEPGEMM_DEVICE u32 a(u32 stage) const { return base + a_offset + stage * a_tile::bytes; }
    DEEPGEMM_DEVICE u32 b(u32 stage) const { return base + b_offset + stage * b_tile::bytes; }
    DEEPGEMM_DEVICE u32 sa(u32 stage) const { return base + sa_offset + stage * sizes::sa_bytes; }
    DEEPGEMM_DEVICE u32 sb(u32 stage) const { return base + sb_offset + stage * sizes::sb_bytes; }
    DEEPGEMM_DEVICE u32 output_of(u32 owner) const { return base + output_offset + owner * output::bytes; }
    DEEPGEMM_DEVICE u32 barriers() const { return base + barriers_offset; }
    DEEPGEMM_DEVICE u32 c_barrier(u32 owner) const { return base + c_barriers_offset + 8 * owner; }
    DEEPGEMM_DEVICE u32 parts() const { return base + parts_offset; }
    DEEPGEMM_DEVICE u32 split_barriers() const { return base + split_barriers_offset; }
};

}  // namespace deepgemm
