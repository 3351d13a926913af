/* SPDX-License-Identifier: MIT
 * Memory that kernels and this program both reach, on a GPU or on the simulator: what differs between the two for main.c.
 * A real program has its own device memory and streams, and needs none of this. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdlib.h>

#ifdef C_INTERFACE_CUDA
#include <cuda_runtime_api.h>

static void* shared_memory(size_t bytes) {
    void* memory = NULL;
    return cudaMallocManaged(&memory, bytes, cudaMemAttachGlobal) == cudaSuccess ? memory : NULL;
}
/* Waits for all kernels; not 0 if one failed. */
static int wait_for_kernels(void) { return cudaDeviceSynchronize() != cudaSuccess; }
#else
static void* shared_memory(size_t bytes) { return aligned_alloc(128, (bytes + 127) / 128 * 128); }
static int wait_for_kernels(void) { return 0; }
#endif

#endif
