// SPDX-License-Identifier: MIT
// Everything for a program on GPUs in one include: the parts of kernels, launches into CUDA streams, the description of a
// device, named operations over an engine, errors as exceptions, and the CUDA runtime's C interface. For files that nvcc
// compiles with -std=c++20 -gencode arch=compute_90a,code=sm_90a; sim.hpp is its counterpart for the simulator.
// docs/compile-time.md says which headers cost less.
#pragma once

#include <cuda_runtime_api.h>

#include <deepgemm/deepgemm.cuh>
#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/ops.hpp>
