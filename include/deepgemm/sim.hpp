// SPDX-License-Identifier: MIT
// Everything for a program on the simulator in one include: the parts of kernels, launches that run in the calling thread,
// named operations over an engine, errors as exceptions. For files that g++ or clang compiles, with -std=c++20. cuda.hpp is its
// counterpart for GPUs.
#pragma once

#include <deepgemm/deepgemm.cuh>
#include <deepgemm/host/exception.hpp>
#include <deepgemm/host/explain.hpp>
#include <deepgemm/host/sim_launch.hpp>
#include <deepgemm/ops.hpp>
#include <deepgemm/sim/trace.hpp>
