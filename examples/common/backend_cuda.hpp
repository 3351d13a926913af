// SPDX-License-Identifier: MIT
// The current CUDA device as a place to run examples: device memory, and launches that are waited for.
#pragma once

#include <span>
#include <string>

#include <deepgemm/host/cuda_launch.hpp>
#include <deepgemm/host/exception.hpp>

namespace backend {

/// Throws deepgemm::exception if a call of the CUDA runtime failed.
inline void check(const char* call, cudaError_t status) { deepgemm::or_throw(deepgemm::cuda::check(call, status)); }

inline constexpr bool simulated = false;
/// What the programs run on, for their first line.
inline std::string name() { return deepgemm::or_throw(deepgemm::cuda::describe_current_device()).name; }

/// An array in memory that kernels can reach: `count` elements full of NaN patterns, or a copy of a container.
template <class T>
class array {
public:
    explicit array(std::size_t count) : bytes_(count * sizeof(T)) {
        check("cudaMalloc", cudaMalloc(&data_, bytes_));
        check("cudaMemset", cudaMemset(data_, 0xff, bytes_));
    }
    template <class Container>
        requires requires(const Container& from) { from.data(), from.size(); }
    explicit array(const Container& from) : array(from.size()) {
        check("cudaMemcpy", cudaMemcpy(data_, from.data(), bytes_, cudaMemcpyHostToDevice));
    }
    ~array() { cudaFree(data_); }
    array(const array&) = delete;
    array& operator=(const array&) = delete;

    T* data() const { return static_cast<T*>(data_); }
    /// Copies everything to a container of the same size.
    template <class Container>
    void read(Container& to) const {
        check("cudaMemcpy", cudaMemcpy(to.data(), data_, bytes_, cudaMemcpyDeviceToHost));
    }
    /// Copies everything from a container of the same size, and waits until it has arrived, since cudaMemcpy may return before
    /// and other streams do not wait for it.
    template <class Container>
    void write(const Container& from) {
        check("cudaMemcpy", cudaMemcpy(data_, from.data(), bytes_, cudaMemcpyHostToDevice));
        check("cudaDeviceSynchronize", cudaDeviceSynchronize());
    }

private:
    std::size_t bytes_;
    void* data_ = nullptr;
};

/// Waits for everything that was launched.
inline void synchronise() { check("cudaDeviceSynchronize", cudaDeviceSynchronize()); }

/// Runs kernel `K` to its end. Throws if it cannot be launched, or faults.
template <class K>
void launch(const typename K::arguments& arguments) {
    deepgemm::or_throw(deepgemm::cuda::launch<K>(arguments));
    synchronise();
}

/// Launches kernel `K` into a stream, a cudaStream_t.
template <class K>
void enqueue(void* stream, const typename K::arguments& arguments) {
    deepgemm::or_throw(deepgemm::cuda::launch<K>(arguments, {.stream = stream}));
}

/// Launches that are captured once, into a CUDA graph, and replayed any number of times. Rung 10 has these calls in its text.
class graph {
public:
    /// Captures what `calls(stream)` launches. Nothing runs.
    template <class Calls>
    explicit graph(const Calls& calls) {
        check("cudaStreamCreate", cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
        cudaGraph_t captured = nullptr;
        check("cudaStreamBeginCapture", cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
        calls(static_cast<void*>(stream_));
        check("cudaStreamEndCapture", cudaStreamEndCapture(stream_, &captured));
        check("cudaGraphInstantiate", cudaGraphInstantiate(&program_, captured, 0));
        check("cudaGraphDestroy", cudaGraphDestroy(captured));
    }
    ~graph() {
        cudaGraphExecDestroy(program_);
        cudaStreamDestroy(stream_);
    }
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    /// Runs all launches to their end.
    void replay() {
        check("cudaGraphLaunch", cudaGraphLaunch(program_, stream_));
        check("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
    }

private:
    cudaStream_t stream_ = nullptr;
    cudaGraphExec_t program_ = nullptr;
};

/// Does nothing: a GPU keeps no record of what its warps did.
inline void show_timeline() {}

/// What a planner needs to know of the machine.
inline deepgemm::device_info device() { return deepgemm::or_throw(deepgemm::cuda::describe_current_device()); }

/// Kernels as handles, for an engine.
template <class... K>
const auto& kernels() {
    return deepgemm::cuda::kernel_list<K...>;
}

}  // namespace backend
