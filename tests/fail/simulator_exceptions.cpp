// SPDX-License-Identifier: MIT
// The simulator stops a launch by an exception; without them the header says so first.
// flags host: -fno-exceptions
// expect host: deepgemm's simulator runs kernels with exceptions: compile the files that launch on it without -fno-exceptions
#include <deepgemm/deepgemm.cuh>
#ifndef CORRECT
#include <deepgemm/sim/launch.hpp>
#endif
