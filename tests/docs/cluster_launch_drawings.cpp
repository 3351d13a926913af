// SPDX-License-Identifier: MIT
// Redraws what docs/hardware/cluster-launch.md shows of claimed tiles, from what the schedules of the library do on the
// simulator.
#include <deepgemm/ptx/shared.cuh>
#include <deepgemm/schedule/claimed.cuh>
#include <deepgemm/sim/launch.hpp>

#include <string>
#include <vector>

#include "page.hpp"

namespace cluster_launch_drawings_tests {

using namespace deepgemm;

namespace {

constexpr u32 clusters = 3, tiles = 15, slow_tile = 1;
constexpr u64 unit = 10000;  // ticks of the simulator's clock, of which the ring takes a few
constexpr tile_shape block{16, 8, 32};
using numbered_tiles = persistent<block, cluster_shape{}, 1>;
using claimed_tiles = claimed<numbered_tiles>;
constexpr problem_shape shape{16, i32(tiles) * 8, 32};

/// Which tile each cluster has in each unit of time: 1 unit a tile, but 4 for a slow one.
template <class Tiles>
std::vector<std::string> run(const char* name) {
    std::vector<std::string> lines(clusters);
    for (u32 i = 0; i < clusters; ++i) lines[i] = format("%-10s %7u", i == 0 ? name : "", i);
    sim::options machine{};
    machine.resident_clusters = clusters;
    sim::geometry g{.threads = 32, .smem_bytes = 1024};
    g.grid.x = claiming_schedule<Tiles> ? tiles : clusters;
    sim::launch(machine, g, [&] {
        Tiles mine = Tiles::of(shape, {}).started(shape, 0);
        if constexpr (claiming_schedule<Tiles>) {
            if (ptx::thread_index() == 0) typename Tiles::ring{ptx::dynamic_smem()}.initialise(1);
            mine = mine.through(ptx::dynamic_smem(), tile_reader::asker);
        }
        ptx::sync_warp();
        if (ptx::thread_index() != 0) return;
        REQUIRE(ptx::cta_index() < clusters);
        u64 end = 0;
        for (const auto tile : mine) {
            const u32 number = u32(tile.n / block.n), units = number == slow_tile ? 4 : 1;
            for (u32 i = 0; i < units; ++i) lines[ptx::cta_index()] += format("%4u", number);
            ptx::wait_for_clock(end += units * unit);
        }
    });
    return lines;
}

}  // namespace

TEST_CASE("the tiles of clusters over time are drawn right") {
    std::string text = "           cluster";
    std::vector<std::string> lines = run<numbered_tiles>("numbered");
    for (const std::string& line : run<claimed_tiles>("claimed")) lines.push_back(line);
    std::size_t longest = 0;
    for (const std::string& line : lines) longest = std::max(longest, line.size());
    for (std::size_t i = text.size(), time = 0; i < longest; i += 4) text += format("%4zu", time++);
    text += '\n';
    for (const std::string& line : lines) text += line + '\n';
    CHECK(drawing("docs/hardware/cluster-launch.md", "claimed") == text);
}

}  // namespace cluster_launch_drawings_tests
