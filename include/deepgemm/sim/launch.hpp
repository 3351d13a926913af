// SPDX-License-Identifier: MIT
// Runs a kernel on the simulated machine: begins the clusters that are resident together, lets the scheduler run them to the
// end, then the next ones. Launches on different OS threads are independent.
#pragma once

#if !defined(__cpp_exceptions)
#error "deepgemm's simulator runs kernels with exceptions: compile the files that launch on it without -fno-exceptions"
#endif

#include <deepgemm/core/arch.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/kernel/kernel.cuh>
#include <deepgemm/sim/grid.hpp>
#include <deepgemm/sim/registers.hpp>
#include <deepgemm/sim/tensor_map.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::sim {

/// Most dynamic shared memory of a CTA. The simulated machine is of every architecture at once.
inline constexpr u32 max_smem_bytes = std::max(arch::sm90::smem_bytes, arch::sm100::smem_bytes);

inline void validate(const geometry& g) {
    auto require = [](bool holds, const std::string& message) {
        if (!holds) throw error("launch: " + message);
    };
    const extent3 &n = g.grid, &c = g.cluster;
    require(n.count() >= 1, "the grid is empty");
    require(g.threads >= 32 && g.threads <= 1024 && g.threads % 32 == 0,
            text("%u threads per CTA are not a multiple of 32 in 32..1024", g.threads));
    require(c.count() >= 1 && c.count() <= 16, text("a cluster of %u CTAs is not in 1..16", c.count()));
    require(n.x % c.x == 0 && n.y % c.y == 0 && n.z % c.z == 0,
            text("the grid (%u,%u,%u) is not a multiple of the cluster (%u,%u,%u)", n.x, n.y, n.z, c.x, c.y, c.z));
    require(g.smem_bytes <= max_smem_bytes,
            text("%u bytes of dynamic shared memory exceed %u", g.smem_bytes, max_smem_bytes));
    require(g.registers * g.threads <= sm_registers,
            text("%u registers for each of %u threads exceed the %u of an SM", g.registers, g.threads, sm_registers));
}

/// Runs the next `count` clusters of the grid that nobody has cancelled together, until all their threads have ended.
inline void run_clusters(grid_state& grid, u32 count) {
    machine& m = current();
    m.clusters.clear();
    m.queue.clear();
    m.queue_head = 0;
    m.running_warp = nullptr;
    m.blocks = m.fibers = 0;
    const std::size_t now = std::min<std::size_t>(count, grid.pending.size());
    const std::vector<u32> begin(grid.pending.begin(), grid.pending.begin() + std::ptrdiff_t(now));
    grid.pending.erase(grid.pending.begin(), grid.pending.begin() + std::ptrdiff_t(now));
    for (const u32 i : begin) add_cluster(grid, i);
    run_all();
}

/// False if the environment variable DEEPGEMM_SIM_CHECK_GLOBAL is 0: no launch checks global memory then, whatever its options
/// say. Throws sim::error if it is neither 0 nor 1.
inline bool environment_checks_global() {
    static const bool checks = [] {
        const char* const value = std::getenv("DEEPGEMM_SIM_CHECK_GLOBAL");
        const std::string given = value != nullptr ? value : "1";
        if (given != "0" && given != "1") throw error("DEEPGEMM_SIM_CHECK_GLOBAL is '" + given + "': it may be 0 or 1");
        return given == "1";
    }();
    return checks;
}

/// A machine for as long as it runs, as that of the calling OS thread; its report remains.
class active_machine {
public:
    explicit active_machine(const options& o) {
        machine_.options = o;
        machine_.options.check_global = o.check_global && environment_checks_global();
        machine_.random_state = (o.seed + 1) * 0x9e3779b97f4a7c15ull | 1;
        active = &machine_;
    }
    active_machine(const active_machine&) = delete;
    active_machine& operator=(const active_machine&) = delete;
    ~active_machine() {
        machine_.statistics.ticks = machine_.now;
        const geometry first = machine_.grids.empty() ? geometry{} : machine_.grids[0]->geometry;
        resources().last = {first, machine_.statistics, std::move(machine_.trace)};
        active = nullptr;
    }

    /// Adds a grid of threads that run `body`.
    grid_state& add(geometry g, std::function<void()> body, int device = 0) {
        validate(g);
        if (g.registers == 0) g.registers = std::min(sm_registers / g.threads / 8 * 8, 256u);
        auto grid = std::make_unique<grid_state>();
        grid->geometry = g;
        grid->body = std::move(body);
        grid->device = device;
        grid->number = u32(machine_.grids.size());
        if (!machine_.grids.empty()) {
            const grid_state& before = *machine_.grids.back();
            grid->first_cta = before.first_cta + before.geometry.grid.count();
        }
        machine_.smem_bytes = std::max(machine_.smem_bytes, g.smem_bytes);
        machine_.devices = std::max(machine_.devices, device + 1);
        machine_.grids.push_back(std::move(grid));
        return *machine_.grids.back();
    }

private:
    machine machine_;
};

/// Runs `body()` as every thread of the grid. No kernel writes `parameters`. Throws sim::error. Not to be called from inside a
/// kernel. Clusters that wait for others to end may be cancelled by these, see cluster_launch.hpp.
template <class Body>
void launch(const options& o, geometry g, Body body, global_range parameters = {}) {
    active_machine machine(o);
    grid_state& grid = machine.add(g, std::move(body));
    grid.parameters = parameters;
    const u32 clusters = clusters_of(g);
    const u32 together = o.resident_clusters == 0 ? clusters : o.resident_clusters;
    for (u32 i = 0; i < clusters; ++i) grid.pending.push_back(i);
    while (!grid.pending.empty()) run_clusters(grid, together);
}

/// The memory of tensor map number `i` of a kernel, named after it.
inline memory_region region_of_map(const tensor_map_request& map, std::size_t i) {
    static constexpr const char* names[] = {"tensor 0", "tensor 1", "tensor 2", "tensor 3", "tensor 4",
                                            "tensor 5", "tensor 6", "tensor 7", "tensor 8", "tensor 9"};
    u64 bytes = map.extent[0] * element_bits_of(map) / 8;
    for (u32 d = 1; d < map.rank; ++d) bytes += (map.extent[d] - 1) * map.stride_bytes[d - 1];
    return {.name = i < std::size(names) ? names[i] : "a tensor", .first = map.base, .bytes = bytes};
}

/// The parameters of kernel class K, its tensor maps encoded; adds their memory to `regions`. A kernel without maps makes them
/// of its arguments alone.
template <class K>
typename K::params parameters_of(const typename K::arguments& arguments,
                                 [[maybe_unused]] std::vector<memory_region>& regions) {
    if constexpr (K::map_count == 0) {
        return K::make_params(arguments);
    } else {
        tensor_map_request requests[K::map_count];
        tensor_map maps[K::map_count]{};
        K::tensor_maps(arguments, requests);
        for (std::size_t i = 0; i < K::map_count; ++i) {
            if (requests[i].rank == 0) continue;  // a map that the kernel will not use
            maps[i] = encode_tensor_map(requests[i]);
            regions.push_back(region_of_map(requests[i], i));
        }
        return K::make_params(arguments, maps);
    }
}

/// Runs kernel class K: encodes its tensor maps, launches K::run(params) with its geometry. Nothing for an empty grid. Messages
/// call the memory of its maps "tensor 0" and so on, in their order, where options::regions has no better name.
template <class K>
void launch(const typename K::arguments& arguments, options o = {}) {
    static_assert(kernel<K>, "launch: the type must model kernel; the notes name what it lacks");
    geometry g;
    g.grid.x = u32(K::grid(arguments, o.num_sms));
    if (g.grid.x == 0) return;
    g.cluster.x = u32(K::launch.cluster_ctas);
    g.threads = K::launch.threads;
    g.smem_bytes = K::launch.smem_bytes;
    if (K::launch.all_resident) o.resident_clusters = 0;
    std::vector<memory_region> regions(o.regions.begin(), o.regions.end());
    const typename K::params params = parameters_of<K>(arguments, regions);
    o.regions = regions;
    launch(o, g, [&params] { K::run(params); }, {&params, sizeof params});
}

}  // namespace deepgemm::sim
