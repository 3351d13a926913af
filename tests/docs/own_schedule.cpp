// SPDX-License-Identifier: MIT
// A schedule and a kernel of one's own; docs/concepts/schedule.md and kernel.md show this.
#include <doctest/doctest.h>
#include "own_gemm.hpp"

#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/ops.hpp>
#include <deepgemm/ptx/global.cuh>
#include <deepgemm/reference/argument.hpp>
#include <deepgemm/schedule/persistent.cuh>
#include <deepgemm/sim/launch.hpp>

#include <array>
#include <vector>

namespace dg = deepgemm;
using dg::i32;

namespace {

// [schedule]
/// Tiles of D column by column; each CTA takes every cta_count-th of them.
template <dg::tile_shape Block>
struct by_columns : dg::dense_schedule<Block> {
    dg::problem_shape shape;
    i32 rows, columns;  ///< of tiles

    DEEPGEMM_BOTH static constexpr by_columns of(dg::problem_shape shape, dg::no_arguments) {
        return {{}, shape, dg::ceil_div(shape.m, Block.m), dg::ceil_div(shape.n, Block.n)};
    }
    /// `rank` is the CTA's in its cluster; this schedule is for clusters of one.
    DEEPGEMM_BOTH constexpr by_columns started(dg::problem_shape, dg::u32 /*rank*/) const { return *this; }
    DEEPGEMM_BOTH constexpr i32 count() const { return rows * columns; }
    DEEPGEMM_BOTH static constexpr i32 clusters(dg::problem_shape shape, dg::no_arguments) {
        return of(shape, {}).count();
    }

    struct sentinel {};
    struct iterator {
        const by_columns& tiles;
        i32 index;
        DEEPGEMM_DEVICE dg::dense_tile<Block> operator*() const {
            const auto& [m, n, k] = tiles.shape;
            return {index % tiles.rows * Block.m, index / tiles.rows * Block.n, {0, dg::ceil_div(k, Block.k)}, {m, n}};
        }
        DEEPGEMM_DEVICE void operator++() { index += i32(dg::ptx::cta_count()); }
        DEEPGEMM_DEVICE bool operator!=(sentinel) const { return index < tiles.count(); }
    };
    DEEPGEMM_DEVICE iterator begin() const { return {*this, i32(dg::ptx::cta_index())}; }
    DEEPGEMM_DEVICE sentinel end() const { return {}; }
};
static_assert(dg::schedule<by_columns<dg::tile_shape{64, 32, 128}>>);
// [schedule]

// [kernel]
/// Writes to each element of D the index of the CTA that owns it: shows what a schedule does, tile by tile.
template <dg::tile_shape Block, dg::schedule Tiles>
struct show_owners {
    static constexpr dg::launch_info launch{.threads = 128};
    static constexpr int map_count = 0;
    struct arguments {
        dg::problem_shape shape;
        i32* owners;  ///< (m, n), dense
    };
    using params = arguments;

    DEEPGEMM_BOTH static constexpr params make_params(const arguments& args) { return args; }
    DEEPGEMM_BOTH static constexpr int grid(const arguments& args, int num_sms) {
        return dg::min(Tiles::clusters(args.shape, {}), num_sms);
    }
    /// The body; called by every thread, each of which writes some columns of each row.
    DEEPGEMM_DEVICE static void run(const params& p) {
        const Tiles tiles = Tiles::of(p.shape, {}).started(p.shape, 0);
        for (const auto tile : tiles) {
            for (i32 m = tile.m; m < dg::min(tile.m + Block.m, p.shape.m); ++m) {
                for (i32 n = tile.n + i32(dg::ptx::thread_index()); n < dg::min(tile.n + Block.n, p.shape.n);
                     n += 128) {
                    dg::ptx::st_global(p.owners + m * p.shape.n + n, i32(dg::ptx::cta_index()));
                }
            }
        }
    }
};
constexpr dg::tile_shape block{64, 32, 128};
using my_kernel = show_owners<block, by_columns<block>>;
static_assert(dg::kernel<my_kernel>);
// [kernel]

// [gemm]
using a = dg::operand<dg::e4m3, dg::scale::per_token<dg::scale::fp32>>;
using b = dg::operand<dg::e4m3, dg::scale::per_block<dg::scale::fp32>>;
constexpr dg::config my_config{.block = {64, 32, 128}, .stages = 3, .sm90 = {.warpgroups = 1}};
using column_gemm = dg::gemm<dg::arch::sm90, a, b, dg::store<float>, my_config, by_columns<my_config.block>>;
// [gemm]
static_assert(column_gemm::info.traits.groups == dg::grouping::custom);

// [cost]
/// The same order, for planners: it computes one whole product.
template <dg::tile_shape Block>
struct planned_by_columns : by_columns<Block> {
    static constexpr dg::grouping grouped_as = dg::grouping::none;
    planned_by_columns() = default;
    DEEPGEMM_BOTH constexpr planned_by_columns(by_columns<Block> tiles) : by_columns<Block>(tiles) {}
    DEEPGEMM_BOTH static constexpr planned_by_columns of(dg::problem_shape shape, dg::no_arguments none) {
        return by_columns<Block>::of(shape, none);
    }
    DEEPGEMM_BOTH constexpr planned_by_columns started(dg::problem_shape, dg::u32) const { return *this; }
};
// [cost]

using planned_gemm = dg::gemm<dg::arch::sm90, a, b, dg::store<float>, my_config, planned_by_columns<my_config.block>>;
using usual_gemm = dg::gemm<dg::arch::sm90, a, b, dg::store<float>, my_config>;

}  // namespace

// [cost_of]
/// A column of tiles reads all of A: more than a band of rows does, where that has room in L2.
template <dg::tile_shape Block>
struct dg::cost_of_schedule<planned_by_columns<Block>> {
    static dg::cost predict(const dg::gemm_info& kernel, const dg::gemm_workload& work, const dg::device_info& device,
                            int num_sms) {
        dg::cost made = dg::predict(kernel, work, device, num_sms);
        made.total_us *= 1.25;
        return made;
    }
};
// [cost_of]

TEST_CASE("a planner takes a schedule of one's own that brings its cost, and by that cost") {
    static_assert(dg::brings_cost<planned_gemm, dg::ops::gemm> && !dg::brings_cost<usual_gemm, dg::ops::gemm>);
    const std::array kernels{dg::sim::handle_of<planned_gemm>(), dg::sim::handle_of<usual_gemm>(),
                             dg::sim::handle_of<column_gemm>()};
    const dg::gemm_workload work{.shape = {150, 100, 256}, .a = a::info, .b = b::info, .d = dg::dtype::f32};
    const auto plan = dg::plan(work, dg::device_info::simulator(), kernels);
    REQUIRE(plan);
    REQUIRE(plan->ranked.size() == 2);  // the order without a word for planners is not taken
    CHECK(plan->kernel() == &kernels[1]);
    CHECK(plan->ranked[1].kernel == &kernels[0]);
    CHECK(plan->ranked[1].predicted.total_us == doctest::Approx(1.25 * plan->predicted().total_us));
    // Alone it is launched, and right.
    const dg::engine engine(std::span(&kernels[0], 1), dg::device_info::simulator());
    dg::random_source random(dg::fresh_seed());
    const auto a_values = dg::quantised_operand<>::exact(random, 150, 256, {.tile = {1, 128}});
    const auto b_values = dg::quantised_operand<>::exact(random, 100, 256, {.tile = {128, 128}});
    dg::matrix<float> d(150, 100);
    REQUIRE(dg::fp8_gemm_nt(engine, argument_of(a_values), argument_of(b_values), argument_of(d)));
    const auto result = dg::reference::compare_exact(d.view(), dg::reference::gemm(a_values.view(), b_values.view()));
    CAPTURE(random.seed());
    CHECK_MESSAGE(result.wrong == 0, result.text());
}

TEST_CASE("gemm walks its tiles in an order of one's own") {
    dg::random_source random(dg::fresh_seed());
    const auto a_values = dg::quantised_operand<>::exact(random, 150, 256, {.tile = {1, 128}});
    const auto b_values = dg::quantised_operand<>::exact(random, 100, 256, {.tile = {128, 128}});
    dg::matrix<float> d(150, 100);
    dg::sim::launch<column_gemm>(dg::own_arguments<column_gemm>(a_values, b_values, d), {.num_sms = 3});
    const auto result = dg::reference::compare_exact(d.view(), dg::reference::gemm(a_values.view(), b_values.view()));
    CAPTURE(random.seed());
    CHECK_MESSAGE(result.wrong == 0, result.text());
}

TEST_CASE("a schedule and a kernel of one's own") {
    // [launch]
    constexpr int m = 150, n = 100;
    std::vector<i32> owners(m * n, -1);
    dg::sim::launch<my_kernel>({{m, n, 512}, owners.data()}, {.num_sms = 4});
    // [launch]
    int wrong = 0;
    for (int i = 0; i < m * n; ++i) {
        const int tile = i / n / 64 + i % n / 32 * 3;  // three tiles in a column
        wrong += owners[std::size_t(i)] != tile % 4;
    }
    CHECK(wrong == 0);

    std::vector<i32> untouched(1, -1);
    dg::sim::launch<my_kernel>({{0, n, 512}, untouched.data()});  // an empty grid is no launch
    CHECK(untouched[0] == -1);
}
