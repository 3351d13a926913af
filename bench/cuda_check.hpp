// SPDX-License-Identifier: MIT
// CUDA errors as exceptions, and a device buffer that only grows. Host only.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace deepgemm::bench {

/// Throws std::runtime_error with the error's name and text unless `error` is cudaSuccess.
inline void check(cudaError_t error, const char* what) {
    if (error != cudaSuccess) {
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorName(error) + ", " + cudaGetErrorString(error));
    }
}

/// Device memory that is kept and only grows, so that timed code never allocates.
class device_buffer {
public:
    device_buffer() = default;
    device_buffer(const device_buffer&) = delete;
    device_buffer& operator=(const device_buffer&) = delete;
    ~device_buffer() { cudaFree(data_); }

    /// At least `bytes` of device memory; its content is undefined after growth.
    void* reserve(std::size_t bytes) {
        if (bytes > size_) {
            check(cudaFree(data_), "cudaFree");
            data_ = nullptr;
            size_ = 0;
            check(cudaMalloc(&data_, bytes), ("cudaMalloc of " + std::to_string(bytes) + " bytes").c_str());
            size_ = bytes;
        }
        return data_;
    }
    /// reserve() for `count` elements of T.
    template <class T>
    T* as(std::size_t count) {
        return static_cast<T*>(reserve(count * sizeof(T)));
    }

private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace deepgemm::bench
