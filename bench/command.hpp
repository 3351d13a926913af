// SPDX-License-Identifier: MIT
// The commands of the program `deepgemm`. Each is a function of the arguments after its name. Results go to `out`, progress to
// the standard error stream. main.cpp turns exceptions into messages and exit codes.
#pragma once

#include <ostream>

#include "arguments.hpp"

namespace deepgemm::bench {

// Each returns the exit code: 0, or 1 if a check found something wrong. Each throws std::invalid_argument for a wrong command
// line, and other exceptions if the work fails.

/// Says which kernels the planner picks for products on a named GPU, and why. The GPU need not be present.
int explain_command(arguments given, std::ostream& out);
/// Compiles kernels into a cache directory with a manifest, and into a fat binary. Needs NVRTC and no GPU.
int aot_command(arguments given, std::ostream& out);
/// Lists, checks and clears cache directories.
int cache_command(arguments given, std::ostream& out);
/// Times kernels on this GPU, or with --sim runs some on the simulator.
int bench_command(arguments given, std::ostream& out);
/// Times all kernels against each other on this GPU.
int tune_command(arguments given, std::ostream& out);

/// `bench --sim`: runs small products on the simulator. `given` does not contain --sim.
int simulate_command(arguments given, std::ostream& out);
/// `bench` and `tune` on a GPU.
int measure_command(arguments given, std::ostream& out);

}  // namespace deepgemm::bench
