// SPDX-License-Identifier: MIT
// Chooses where the examples run: on a Hopper GPU if nvcc compiles them, on the simulator if a host compiler does. Both files
// define the same names in `backend`, so that a program is written once.
#pragma once

#include <deepgemm/core/macros.cuh>

#if DEEPGEMM_SIMULATED
#include "backend_sim.hpp"
#else
#include "backend_cuda.hpp"
#endif
