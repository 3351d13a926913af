// SPDX-License-Identifier: MIT
// Several simulated devices at the same time, each with launches of its own, that meet through memory which they share.
#pragma once

#include <deepgemm/sim/launch.hpp>

#include <functional>
#include <span>

namespace deepgemm::sim {

/// One launch of a kernel.
struct device_launch {
    int device = 0;
    sim::geometry geometry{};
    std::function<void()> body{};  ///< what every thread runs
};

/// Runs all launches to their end. Those of one device run one after another, in the order given; devices run side by side.
/// When one begins is up to the policy: as soon as it may, when nothing else can run, or after a random delay of up to
/// options::launch_delay ticks. All CTAs of a launch are resident. Memory is shared but for what options::regions say. If
/// options::stop lets a device fail, its launches end where they are, and those of the others have to end without it. Throws
/// sim::error.
inline void launch_together(options o, std::span<const device_launch> launches) {
    o.resident_clusters = 0;
    active_machine machine(o);
    for (const device_launch& l : launches) current().waiting.push_back(&machine.add(l.geometry, l.body, l.device));
    for (int device = 0; device < current().devices; ++device) start_next(device, nullptr);
    run_all();
}

}  // namespace deepgemm::sim
