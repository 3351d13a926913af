// SPDX-License-Identifier: MIT
// The CUDA runtime as the device tests use it: calls whose failure throws, streams, captured graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>

namespace deepgemm::device_tests {

inline void check(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// A stream of the current device.
struct stream {
    cudaStream_t handle = nullptr;
    stream() { check(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
    ~stream() { cudaStreamDestroy(handle); }
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
};

/// A graph of what `body` puts into a stream.
struct captured {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    template <class Body>
    captured(const stream& on, Body body) {
        check(cudaStreamBeginCapture(on.handle, cudaStreamCaptureModeGlobal));
        body();
        check(cudaStreamEndCapture(on.handle, &graph));
        check(cudaGraphInstantiate(&executable, graph, 0));
    }
    ~captured() {
        cudaGraphExecDestroy(executable);
        cudaGraphDestroy(graph);
    }
    captured(const captured&) = delete;
    captured& operator=(const captured&) = delete;

    std::size_t nodes() const {
        std::size_t count = 0;
        check(cudaGraphGetNodes(graph, nullptr, &count));
        return count;
    }
    void launch(const stream& on) const { check(cudaGraphLaunch(executable, on.handle)); }
    /// Launches it and waits.
    void run(const stream& on) const {
        launch(on);
        check(cudaStreamSynchronize(on.handle));
    }
};

}  // namespace deepgemm::device_tests
