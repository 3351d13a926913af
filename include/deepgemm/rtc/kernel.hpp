// SPDX-License-Identifier: MIT
// A kernel that is compiled and loaded at run time, on first use, once for all devices of its architecture. It is launched and
// planned like a kernel of the program. It is loaded through cudaLibraryLoadData, which needs no context.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/cuda_kernel.hpp>
#include <deepgemm/host/print.hpp>
#include <deepgemm/rtc/compiler.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A kernel by its source. Belongs to an engine; any thread.
class runtime_kernel {
public:
    runtime_kernel(std::shared_ptr<const compiler> from, source text, std::optional<layout_facts> facts,
                   const launch_info& launch)
        : compiler_(std::move(from)), text_(std::move(text)), facts_(facts), launch_(launch) {}
    runtime_kernel(const runtime_kernel&) = delete;
    runtime_kernel& operator=(const runtime_kernel&) = delete;
    ~runtime_kernel() {
        // At the end of a process the driver may already have been unloaded, together with the library.
        if (library_ != nullptr) static_cast<void>(cudaLibraryUnload(library_));
    }

    const launch_info& geometry() const { return launch_; }

    /// Compiles the kernel or finds it in the cache. Needs no GPU.
    result<image> compile() const { return compiler_->get(text_, facts_ ? &*facts_ : nullptr); }

    /// Makes the kernel ready on the current device: compiles and loads it if needed. Call it again after cudaDeviceReset.
    result<void> prepare() const {
        const auto device = cuda::current_device();
        if (!device) return device.failure();
        return make_ready(*device);
    }

    /// Launches on the current device, with the host side of `K`, the type from which the kernel was made. The first launch
    /// prepares; later ones compile and load nothing.
    template <class K>
    result<void> launch(const typename K::arguments& arguments, const launch_options& options = {}) const {
        if constexpr (requires { check_extents(arguments.shape); }) {
            if (auto ok = check_extents(arguments.shape); !ok) return ok;
        }
        return cuda::detail::launch<K>(loaded_, launch_, arguments, options,
                                       [&](int device) { return make_ready(device); });
    }

    /// Launches a kernel whose type the program does not have: `ctas` CTAs, with the parameters given as bytes.
    result<void> launch(int ctas, const void* params, std::size_t params_bytes, const launch_options& options) const {
        const auto device = cuda::current_device();
        if (!device) return device.failure();
        if (!loaded_.is_ready(*device)) {
            if (auto ok = make_ready(*device); !ok) return ok;
        }
        if (params_bytes != params_bytes_) {
            return fail(errc::shape_mismatch, "the kernel's parameters are ", params_bytes_, " bytes; ", params_bytes,
                        " are given");
        }
        return cuda::detail::start(loaded_, launch_, ctas, const_cast<void*>(params), options, *device);
    }

    /// What a planner knows of the kernel: the description of `K`, from which it was made, with the extents that are fixed
    /// here.
    template <class K>
    auto info() const {
        auto made = K::info;
        if constexpr (requires { made.cfg.extents = text_.extents; }) {
            if (text_.extents != static_extents{}) made.cfg.extents = text_.extents;
        }
        return made;
    }

    /// The kernel for planners of operation `O`, launched with the host side of `K`. Valid during the engine's lifetime.
    template <class K, class O = operation_of<K>>
    auto handle() const {
        static_assert(serves<K, O>, "handle: no planner knows this kernel");
        return kernel_handle<O>{
            info<K>(),
            {this, [](const void* self) { return static_cast<const runtime_kernel*>(self)->prepare(); }},
            {this,
             [](const void* self, const typename O::arguments& given, const launch_options& options) {
                 return static_cast<const runtime_kernel*>(self)->launch<K>(arguments_for<K, O>(given), options);
             }},
            prediction_of<K, O>()};
    }

private:
    result<void> check_extents(const problem_shape& shape) const {
        const auto [m, n, k] = text_.extents;
        const auto differs = [](int fixed, i32 given) { return fixed != 0 && fixed != given; };
        if (!differs(m, shape.m) && !differs(n, shape.n) && !differs(k, shape.k)) return {};
        return fail(errc::shape_mismatch, "the kernel was compiled for m = ", m, ", n = ", n, ", k = ", k,
                    " (0: any); the product has m = ", shape.m, ", n = ", shape.n, ", k = ", shape.k);
    }

    result<void> make_ready(int device) const {
        const std::lock_guard lock(guard_);
        const cuda::detail::relaxed_capture guard;
        if (library_ == nullptr) {
            if (auto ok = load(); !ok) return ok;
        }
        return cuda::detail::load_and_prepare(loaded_, launch_, device);
    }

    result<void> load() const {
        const auto built = compile();
        if (!built) return built.failure();
        cudaLibrary_t library = nullptr;
        const auto loading =
            cudaLibraryLoadData(&library, built->cubin().data(), nullptr, nullptr, 0, nullptr, nullptr, 0);
        if (auto ok = cuda::check("cudaLibraryLoadData", loading); !ok) return ok;
        cudaKernel_t entry = nullptr;
        if (auto ok = cuda::check("cudaLibraryGetKernel", cudaLibraryGetKernel(&entry, library, built->entry())); !ok) {
            static_cast<void>(cudaLibraryUnload(library));
            return ok;
        }
        library_ = library;
        params_bytes_ = built->params_bytes;
        loaded_.entry = reinterpret_cast<const void*>(entry);
        return {};
    }

    const std::shared_ptr<const compiler> compiler_;
    const source text_;
    const std::optional<layout_facts> facts_;
    const launch_info launch_;
    mutable std::mutex guard_;
    // Written under the lock, before the device's bit of loaded_.ready is set; read after that bit has been seen.
    mutable cudaLibrary_t library_ = nullptr;
    mutable std::size_t params_bytes_ = 0;
    mutable cuda::detail::loaded_kernel loaded_{nullptr};
};

}  // namespace deepgemm::rtc
