// SPDX-License-Identifier: MIT
// Kernels of a library that the program loads, from a fat binary or a cubin compiled ahead of time, launched with the host side
// of their types. Plain C++; it compiles nothing and needs no NVRTC.
#pragma once

#include <cuda_runtime_api.h>

#include <deepgemm/host/cuda_kernel.hpp>

namespace deepgemm::cuda {

/// A kernel of a loaded library (cudaLibraryLoadData, cudaLibraryLoadFromFile, or their counterparts in the driver). `K` is the
/// type from which it was compiled, by the same version of deepgemm. Handles point to this object; the library must stay
/// loaded. Any thread.
template <class K>
class library_kernel {
public:
    explicit library_kernel(cudaKernel_t loaded) : loaded_{reinterpret_cast<const void*>(loaded)} {}
    library_kernel(const library_kernel&) = delete;
    library_kernel& operator=(const library_kernel&) = delete;

    /// Makes the kernel ready on the current device. The first launch does so by itself.
    result<void> prepare() const {
        const auto device = current_device();
        if (!device) return device.failure();
        return detail::load_and_prepare(loaded_, K::launch, *device);
    }

    /// Launches on the current device. Success means that it is in the stream, or that there was nothing to do.
    result<void> launch(const typename K::arguments& arguments, const launch_options& options = {}) const {
        return detail::launch<K>(loaded_, K::launch, arguments, options,
                                 [this](int device) { return detail::load_and_prepare(loaded_, K::launch, device); });
    }

    /// The kernel for planners of operation `O`.
    template <class O = operation_of<K>>
    auto handle() const {
        static_assert(serves<K, O>, "handle: no planner knows this kernel");
        return kernel_handle<O>{
            K::info,
            {this, [](const void* self) { return static_cast<const library_kernel*>(self)->prepare(); }},
            {this,
             [](const void* self, const typename O::arguments& given, const launch_options& options) {
                 return static_cast<const library_kernel*>(self)->launch(arguments_for<K, O>(given), options);
             }},
            prediction_of<K, O>()};
    }

private:
    mutable detail::loaded_kernel loaded_;
};

}  // namespace deepgemm::cuda
