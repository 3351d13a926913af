// SPDX-License-Identifier: MIT
// The commands of the program `deepgemm`, each a function of what was typed after its name. What it prints on purpose goes to
// `out`; progress goes to the terminal's error stream. main.cpp turns exceptions into messages and exit codes.
#pragma once

#include <ostream>

#include "arguments.hpp"

namespace deepgemm::bench {

// Each returns the exit code: 0, or 1 where something that was looked for is wrong. Throws std::invalid_argument for a command
// line that makes no sense, other exceptions for what cannot be done.

/// What the planner would run for products on a GPU that need not be here, and why.
int explain_command(arguments given, std::ostream& out);
/// Kernels into a cache directory, with a manifest, and into a fat binary. Needs NVRTC and no GPU.
int aot_command(arguments given, std::ostream& out);
/// What lies in a cache directory, what of it is damaged, and its removal.
int cache_command(arguments given, std::ostream& out);
/// Times kernels on this GPU, or with --sim runs some on the simulator.
int bench_command(arguments given, std::ostream& out);
/// The race of all kernels on this GPU.
int tune_command(arguments given, std::ostream& out);

/// `bench --sim`: small products on the simulated machine; `given` is without --sim.
int simulate_command(arguments given, std::ostream& out);
/// What `bench` and `tune` do with a GPU.
int measure_command(arguments given, std::ostream& out);

}  // namespace deepgemm::bench
