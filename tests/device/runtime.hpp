// SPDX-License-Identifier: MIT
// The CUDA runtime as the device tests use it: calls whose failure throws, device memory, streams, captured graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <deepgemm/core/types.cuh>

#include <stdexcept>
#include <vector>

namespace deepgemm::device_tests {

inline void check(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// `count` elements of T in the memory of the current device, followed by at least 16 bytes that nobody may need.
template <class T>
class device_array {
public:
    explicit device_array(i64 count) : count_(count) { check(cudaMalloc(&memory_, bytes() + 16)); }
    explicit device_array(const std::vector<T>& values) : device_array(i64(values.size())) { write(values.data()); }
    ~device_array() { cudaFree(memory_); }
    device_array(const device_array&) = delete;
    device_array& operator=(const device_array&) = delete;

    T* get() const { return static_cast<T*>(memory_); }
    i64 count() const { return count_; }
    std::size_t bytes() const { return std::size_t(count_) * sizeof(T); }
    /// Waits for it, too: a `stream` does not wait for the default one.
    void fill_bytes(int byte) const {
        check(cudaMemset(memory_, byte, bytes()));
        check(cudaDeviceSynchronize());
    }
    void write(const void* from) const { check(cudaMemcpy(memory_, from, bytes(), cudaMemcpyHostToDevice)); }
    void read(void* to) const { check(cudaMemcpy(to, memory_, bytes(), cudaMemcpyDeviceToHost)); }

private:
    void* memory_ = nullptr;
    i64 count_;
};

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
