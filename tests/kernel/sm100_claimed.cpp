// SPDX-License-Identifier: MIT
// Tiles that clusters of Blackwell claim while a kernel runs, by cluster launch control: all roles see the same ones, each tile
// is computed once, and D is bit by bit that of tiles that are numbered, however many clusters are resident and whenever none
// is left.
#include <doctest/doctest.h>

#include <deepgemm/kernel/swapped.cuh>
#include <deepgemm/ops/gemm/sm100_plan.hpp>
#include <deepgemm/ptx/barrier.cuh>
#include <deepgemm/sim/launch.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "sm100_runs.hpp"

namespace sm100_claimed_tests {

using namespace deepgemm;
using namespace deepgemm::test;

namespace {

// ---- the schedule by itself

using tile_list = std::vector<std::pair<i32, i32>>;
enum role_index : u32 { asking, single, first_warp, second_warp, role_count };

/// A kernel of four roles that only walk: one asks, one is a thread, two are warps of one role.
template <class Tiles>
struct walk {
    using ring = typename Tiles::ring;
    std::map<std::pair<u32, u32>, tile_list> seen;  ///< tiles by first CTA's index of a cluster, and by rank and role

    void run(const Tiles& tiles, problem_shape shape) {
        const u32 smem = ptx::dynamic_smem(), warp = ptx::warp_index();
        const u32 rank = Tiles::ctas > 1 ? ptx::cluster_rank() : 0;
        if (ptx::thread_index() == 0) ring{smem}.initialise(role_count * u32(Tiles::ctas));
        ptx::cluster_sync();
        const tile_reader who = warp == asking   ? tile_reader::asker
                                : warp == single ? tile_reader::thread
                                                 : tile_reader::warp;
        if (warp >= first_warp || ptx::lane_index() == 0) {
            const Tiles mine = tiles.started(shape, rank).through(smem, who);
            for (const auto tile : mine) {
                if (ptx::lane_index() == 0)
                    seen[{ptx::cta_index() - rank, rank * role_count + warp}].push_back({tile.m, tile.n});
            }
        }
        ptx::sync_warp();
        ptx::cluster_sync();
    }
};

/// Walks all tiles of a product on a machine, and says what is wrong, or "".
template <class Tiles>
std::string walk_all(problem_shape shape, const sim::options& machine, tile_list* of_first = nullptr) {
    walk<Tiles> made;
    const Tiles tiles = Tiles::of(shape, {});
    sim::geometry g{.threads = 32 * role_count, .smem_bytes = Tiles::ring::bytes};
    g.grid.x = u32(Tiles::clusters(shape, {})) * u32(Tiles::ctas);
    g.cluster.x = u32(Tiles::ctas);
    try {
        sim::launch(machine, g, [&] { made.run(tiles, shape); });
    } catch (const sim::error& why) {
        return why.what();
    }
    std::map<std::pair<i32, i32>, int> times;
    for (const auto& [who, mine] : made.seen) {
        const u32 rank = who.second / role_count;
        if (mine != made.seen[{who.first, rank * role_count}]) return "roles of a CTA see other tiles";
        if (mine.size() != made.seen[{who.first, 0}].size()) return "CTAs of a cluster see more or fewer tiles";
        if (who.second % role_count == single) {
            for (const auto& tile : mine) ++times[tile];
        }
    }
    const tile_shape block = Tiles::block;
    const i32 rows = ceil_div(shape.m, block.m * Tiles::cluster.m) * Tiles::cluster.m,
              columns = ceil_div(shape.n, block.n * Tiles::cluster.n) * Tiles::cluster.n;
    for (i32 m = 0; m < rows; ++m) {
        for (i32 n = 0; n < columns; ++n) {
            if (times[{m * block.m, n * block.n}] != 1) return "a tile is not walked once";
        }
    }
    if (int(times.size()) != rows * columns) return "a tile is none of the product";
    if (of_first != nullptr) *of_first = made.seen[{0, 0}];
    return "";
}

constexpr tile_shape small{16, 8, 32};
template <cluster_shape Cluster, int Slots>
using some_tiles = claimed<persistent<small, Cluster, 2>, Slots>;

template <class Tiles>
void expect_walks() {
    for (const problem_shape& shape : {problem_shape{1, 1, 1}, {3 * 16 + 5, 2 * 8 + 1, 64}, {9 * 16, 12 * 8, 32}}) {
        for (const u32 resident : {1u, 2u, 5u, 0u}) {
            for (int i = 0; i < 8; ++i) {
                sim::options machine = i == 0 ? sim::options{} : random_machine(fresh_seed() + u64(i));
                if (i == 1) machine.policy = sim::policy::eager;
                machine.resident_clusters = resident;
                CAPTURE(resident);
                CAPTURE(machine.seed);
                CHECK(walk_all<Tiles>(shape, machine) == "");
            }
        }
    }
}

// ---- kernels

template <class T, major Order = major::k>
using plain = operand<T, scale::none, Order>;
using by_32 = operand<e4m3, scale::mx<scale::ue8m0>>;
using by_128 = operand<e4m3, scale::per_token<scale::ue8m0>>;
using by_block = operand<e4m3, scale::per_block<scale::ue8m0>>;

constexpr config claims(config made) {
    made.sm100.tiles = tile_source::claimed;
    return made;
}
constexpr config alone{.block = {128, 16, 64}, .stages = 3};
constexpr config wide{.block = {128, 64, 64}, .stages = 2, .sm100 = {.accumulators = 3}};
constexpr config shared{.block = {128, 32, 64}, .stages = 3, .cluster = {2, 2}};
constexpr config scaled{.block = {128, 32, 128}, .stages = 2, .cluster = {1, 2}, .raster_rows = 1};
constexpr config pair{.block = {128, 64, 128}, .stages = 3, .cluster = {2, 1}, .sm100 = {.ctas = 2}};
constexpr config parts{.block = {128, 32, 64}, .stages = 2, .split_k = 3};
constexpr config pair_parts{
    .block = {128, 32, 128}, .stages = 2, .cluster = {2, 1}, .split_k = 2, .sm100 = {.ctas = 2}};
constexpr config tokens{.block = {16, 128, 64}, .stages = 4, .swap = true};
constexpr config token_pair{
    .block = {32, 128, 128}, .stages = 2, .cluster = {1, 2}, .swap = true, .sm100 = {.ctas = 2}};

template <class A, class B, class Epilogue, config Config>
using kernel_of = gemm<arch::sm100, A, B, Epilogue, Config>;
template <config Alone, config Wide, config Shared, config Scaled, config Pair, config Parts, config PairParts,
          config Tokens, config TokenPair>
using all_of = shipped::kernels<
    kernel_of<plain<bf16>, plain<bf16>, store<bf16>, Alone>,
    kernel_of<plain<f16>, plain<f16, major::mn>, accumulate<float>, Wide>,
    kernel_of<plain<bf16>, plain<bf16>, store<float>, Shared>, kernel_of<by_32, by_32, store<bf16>, Scaled>,
    kernel_of<by_128, by_block, accumulate<bf16>, Pair>, kernel_of<plain<bf16>, plain<bf16>, store<float>, Parts>,
    kernel_of<by_128, by_block, store<bf16>, PairParts>, kernel_of<plain<bf16>, plain<bf16>, store<bf16>, Tokens>,
    kernel_of<by_128, by_block, store<float>, TokenPair>>;
std::span<const gemm_handle> numbered() {
    return handles(all_of<alone, wide, shared, scaled, pair, parts, pair_parts, tokens, token_pair>{});
}
std::span<const gemm_handle> claiming() {
    return handles(all_of<claims(alone), claims(wide), claims(shared), claims(scaled), claims(pair), claims(parts),
                          claims(pair_parts), claims(tokens), claims(token_pair)>{});
}

/// The bytes of D that a kernel leaves on random data, "" and D, or what is wrong.
std::pair<std::string, std::vector<u8>> bits(const gemm_handle& kernel, problem_shape shape, u64 seed,
                                             sim::options machine) {
    gemm_sample sample(kernel.info, shape, seed, numbers::normal);
    std::string wrong = run_kernel(kernel, sample, machine);
    return {wrong, sample.d().bytes()};
}

}  // namespace

TEST_CASE("claimed: all roles of a cluster walk the same tiles, and each tile is walked once") {
    expect_walks<some_tiles<cluster_shape{1, 1}, 4>>();
    expect_walks<some_tiles<cluster_shape{2, 1}, 3>>();
    expect_walks<some_tiles<cluster_shape{2, 2}, 2>>();
}

TEST_CASE("claimed: a cluster takes over all tiles if others never begin, in the order of the raster") {
    using tiles = some_tiles<cluster_shape{2, 1}, 4>;
    const problem_shape shape{9 * 16, 3 * 8, 32};
    tile_list first, expected;
    CHECK(walk_all<tiles>(shape, {}, &first) == "");
    const auto all = persistent<small, cluster_shape{2, 1}, 2>::of(shape, {}).started(shape, 0);
    for (i32 i = 0; i < tiles::clusters(shape, {}); ++i)
        expected.push_back({all.tile_number(i).m, all.tile_number(i).n});
    CHECK(first == expected);
}

TEST_CASE("sm100: kernels that claim tiles, exact data with tails") {
    expect_exact_everywhere(claiming());
    CHECK(numbered().size() == claiming().size());
}

TEST_CASE("sm100: claimed tiles leave the same bits as numbered ones") {
    on_machines(1, [&](random_source& random, sim::options machine) {
        for (std::size_t i = 0; i < claiming().size(); ++i) {
            const gemm_handle& kernel = claiming()[i];
            const auto [m, n] = cluster_tile(kernel.info);
            for (const i32 along : {1, 5}) {
                const problem_shape shape =
                    even_shape(kernel.info, {i32(random.integer(1, along * m)), i32(random.integer(1, 3 * along * n)),
                                             i32(random.integer(0, 400))});
                machine.resident_clusters = u32(random.integer(0, 4));
                CAPTURE(describe(kernel.info, shape, random.seed()));
                CAPTURE(machine.resident_clusters);
                const auto mine = bits(kernel, shape, random.seed(), machine);
                const auto usual = bits(numbered()[i], shape, random.seed(), machine);
                CHECK(mine.first == "");
                CHECK(usual.first == "");
                CHECK(mine.second == usual.second);
            }
        }
    });
}

TEST_CASE("sm100: hundreds of claimed tiles, and clusters that come when none is left") {
    const gemm_handle& kernel = claiming()[0];
    for (const u32 resident : {1u, 7u, 0u}) {
        for (int i = 0; i < 3; ++i) {
            sim::options machine = i == 0 ? sim::options{} : random_machine(fresh_seed() + u64(i));
            if (i == 1) machine.policy = sim::policy::eager;
            machine.resident_clusters = resident;
            const problem_shape shape{10 * 128 + 9, 20 * 16 + 3, 72};
            gemm_sample sample(kernel.info, shape, seed_of(shape));
            CAPTURE(describe(kernel.info, shape, seed_of(shape)));
            CHECK(run_kernel(kernel, sample, machine) == "");
        }
    }
}

TEST_CASE("sm100: nothing is launched for an empty D") {
    for (const problem_shape& shape : {problem_shape{0, 64, 64}, {64, 0, 64}, {0, 0, 0}}) {
        gemm_sample sample(claiming()[0].info, shape, 1);
        CHECK(run_kernel(claiming()[0], sample) == "");
    }
}

TEST_CASE("a kernel that claims tiles takes all multiprocessors") {
    const gemm_handle& kernel = claiming()[0];
    CHECK(kernel.info.launch.claims);
    CHECK(!numbered()[0].info.launch.claims);
    gemm_sample sample(kernel.info, {256, 64, 64}, 1);
    sim::options machine{};
    machine.num_sms = 8;
    const auto few = kernel.launch(arguments_of(sample.problem()), {.stream = &machine, .num_sms = 4});
    REQUIRE(!few);
    CHECK(few.failure().message ==
          "num_sms is 4 of 8; this kernel claims tiles, and takes every multiprocessor that is free: num_sms must be 0 "
          "or 8");
    CHECK(kernel.launch(arguments_of(sample.problem()), {.stream = &machine, .num_sms = 8}));
    CHECK(sample.verdict() == "");

    const gemm_workload work{
        .shape = {4096, 4096, 4096}, .a = kernel.info.traits.a, .b = kernel.info.traits.b, .d = dtype::bf16};
    const device_info b200 = device_info::b200();
    CHECK(why_not(kernel, work, b200, b200.sm_count, {}) == nullptr);
    CHECK(std::string(why_not(kernel, work, b200, 100, {})) ==
          "it claims tiles on every multiprocessor that is free, and num_sms keeps some for others");
    const gemm_handle both[] = {kernel, numbered()[0]};
    const auto made = plan(work, b200, both);
    REQUIRE(made);
    CHECK(made->kernel() == &both[1]);  // alone on the GPU a ring costs a little and gains nothing
    CHECK(explain(*made).find(".tiles = tile_source::claimed") != std::string::npos);
}

}  // namespace sm100_claimed_tests
