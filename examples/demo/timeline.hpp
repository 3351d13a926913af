// SPDX-License-Identifier: MIT
// Draws what the simulator recorded of a launch: a strip chart of one CTA and a table of the roles of all.
#pragma once

#include <deepgemm/sim/trace.hpp>

namespace demo {

/// A strip for each kind of work of each role of CTA 0, over the time of its life.
void draw_timeline(const deepgemm::sim::run_report& run);

/// What each role did in the whole grid, and what it waited for.
void draw_roles(const deepgemm::sim::run_report& run);

}  // namespace demo
