// SPDX-License-Identifier: MIT
// The simulator ends a launch by an exception. Without exceptions its header is refused with a sentence.
// flags host: -fno-exceptions
// expect host: deepgemm's simulator runs kernels with exceptions: compile the files that launch on it without -fno-exceptions
#include <deepgemm/deepgemm.cuh>
#ifndef CORRECT
#include <deepgemm/sim/launch.hpp>
#endif
