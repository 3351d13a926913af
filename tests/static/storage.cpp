// SPDX-License-Identifier: MIT
// Regions of shared memory: they add up, do not overlap and start where their items may. What they refuse is in
// tests/fail/region_*.cpp.
#include <deepgemm/kernel/gemm.cuh>
#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/schedule/indexed.cuh>

namespace storage_tests {

using namespace deepgemm;

namespace {

struct tiles {};
struct words {};
struct nothing {};
struct rest {};
using list = smem_regions<region<tiles, 3000, each_stage, 1024>, region<words, 4, 5, 4>, region<nothing, 0, 7, 128>,
                          region<rest, 100>>;

// Items are as far apart as their alignment asks; a region without bytes takes none, but for its start.
static_assert(list::stride_of(tiles{}) == 3072 && list::stride_of(words{}) == 4 && list::stride_of(nothing{}) == 0);
static_assert(list::stride_of(rest{}) == 112);
static_assert(list::offset_of(tiles{}, 4) == 0 && list::offset_of(words{}, 4) == 4 * 3072);
static_assert(list::offset_of(nothing{}, 4) == 4 * 3072 + 128 && list::offset_of(rest{}, 4) == 4 * 3072 + 128);
static_assert(list::bytes(4) == 4 * 3072 + 128 + 112 && list::bytes(0) == 128 + 112);

// As many stages as fit, to the last byte.
static_assert(list::stages_that_fit(list::bytes(4), 24) == 4 && list::stages_that_fit(list::bytes(4) - 1, 24) == 3);
static_assert(list::stages_that_fit(list::bytes(4), 3) == 3 && list::stages_that_fit(100, 24) == 0);

/// Bytes of the scales of `rows` rows in a stage.
template <class Scale>
constexpr u32 scale_bytes(int rows) {
    return scale::in_stage(Scale::via) ? u32(rows) * 4 : 0;
}

/// The regions of a kernel in their order: each begins where its items may, at or behind the end of the one before, and the
/// last one ends where shared memory does.
template <class Kernel>
constexpr bool adds_up() {
    using storage = typename Kernel::storage;
    using layout = typename storage::layout;
    constexpr int stages = storage::stages;
    u32 end = 0;
    bool good = true;
    const auto follows = [&](auto name, u32 items, u32 bytes, u32 alignment) {
        const u32 first = layout::offset_of(name, stages), stride = layout::stride_of(name);
        good = good && first >= end && first % alignment == 0 && stride % alignment == 0 && stride >= bytes;
        end = first + items * stride;
    };
    using a_tile = typename Kernel::a_tile;
    using b_tile = typename Kernel::b_tile;
    using output = typename Kernel::output;
    follows(regions::a_tiles{}, stages, a_tile::bytes, 1024);
    follows(regions::b_tiles{}, stages, b_tile::bytes, 1024);
    follows(regions::staging{}, storage::owners, output::bytes, 8 * swizzle_span_bytes(output::tile::swizzle));
    follows(regions::a_scales{}, stages, scale_bytes<typename Kernel::a_scale>(Kernel::block.m), 128);
    follows(regions::b_scales{}, stages, scale_bytes<typename Kernel::b_scale>(Kernel::block.n), 128);
    follows(regions::parts{}, 1, Kernel::split::bytes, 16);
    follows(regions::row_numbers{}, 1, Kernel::a_stream::gathers ? 4 * Kernel::block.m : 0, 16);
    follows(regions::barriers{}, stages, 16, 8);
    follows(regions::c_barriers{}, storage::owners, output::barrier_bytes, 8);
    follows(regions::part_barriers{}, 1, Kernel::split::barrier_bytes, 8);
    follows(regions::gathered{}, stages, Kernel::a_stream::gathers ? 8 : 0, 8);
    follows(regions::table{}, 1, table_bytes_of<typename Kernel::tiles>(), 8);
    return good && end == storage::bytes && storage::bytes <= arch::sm90::smem_bytes;
}

using by_token = operand<e4m3, scale::per_token<scale::fp32>>;
using by_block = operand<e4m3, scale::per_block<scale::fp32>>;
static_assert(adds_up<gemm<arch::sm90, by_token, by_block, store<bf16>, config{}>>());
static_assert(adds_up<gemm<arch::sm90, by_token, by_token, accumulate<float>,
                           config{.block = {64, 24, 128}, .store_columns = 8, .sm90 = {.warpgroups = 1}}>>());
static_assert(adds_up<gemm<arch::sm90, operand<bf16>, operand<bf16, scale::none, major::mn>, accumulate<bf16>,
                           config{.block = {128, 96, 64}, .store_rows = 64, .sm90 = {.promote = promotion::never}}>>());
static_assert(
    adds_up<gemm<arch::sm90, by_token, by_block, store<bf16>,
                 config{.block = {16, 64, 128}, .swap = true, .split_k = 4, .sm90 = {.warpgroups = 1}}>::product>());

static_assert(adds_up<gemm<arch::sm90, gathered<by_token>, by_block, store<bf16>, config{}>>());
static_assert(adds_up<gemm<arch::sm90, gathered<by_token>, by_block, store<bf16>, config{},
                           indexed<config{}.block, config{}.cluster, 8>>>());

/// A kernel that leaves its stages open has as many as fit, up to 24.
template <class Kernel>
constexpr bool fills_memory() {
    using layout = typename Kernel::storage::layout;
    constexpr int stages = Kernel::info.cfg.stages;
    return stages == Kernel::storage::stages && layout::bytes(stages) <= arch::sm90::smem_bytes &&
           (stages == 24 || layout::bytes(stages + 1) > arch::sm90::smem_bytes);
}
static_assert(fills_memory<gemm<arch::sm90, by_token, by_block, store<bf16>, config{}>>());
static_assert(fills_memory<gemm<arch::sm90, by_token, by_block, store<bf16>,
                                config{.block = {64, 8, 128}, .sm90 = {.warpgroups = 1}}>>());

}  // namespace

}  // namespace storage_tests
