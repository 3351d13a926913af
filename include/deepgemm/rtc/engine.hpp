// SPDX-License-Identifier: MIT
// Kernels compiled at run time, named by type or by text. This engine finds or compiles them, loads them, and returns them for
// launches and plans. It is the run-time counterpart of a list of instantiated kernels; deepgemm::engine (host/engine.hpp)
// chooses among either.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <deepgemm/core/kernel_list.cuh>
#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/plan.hpp>
#include <deepgemm/rtc/background.hpp>
#include <deepgemm/rtc/kernel.hpp>
#include <deepgemm/rtc/warm_up.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A run-time kernel with the host side of `K`. A value that points into its engine.
template <class K>
class typed_kernel {
public:
    explicit typed_kernel(const runtime_kernel& kernel) : kernel_(&kernel) {}

    /// The description that planners read, if `K` has one.
    auto info() const { return kernel_->info<K>(); }
    /// The kernel for planners of operation `O`.
    template <class O = operation_of<K>>
    auto handle() const {
        return kernel_->handle<K, O>();
    }
    /// Launches into a stream of the current device. If the kernel is prepared there, as after engine::get(), the launch
    /// compiles and loads nothing and may be captured into a graph.
    result<void> launch(cudaStream_t stream, const typename K::arguments& arguments) const {
        return kernel_->launch<K>(arguments, {.stream = stream});
    }
    result<void> launch(const typename K::arguments& arguments, const launch_options& options) const {
        return kernel_->launch<K>(arguments, options);
    }

private:
    const runtime_kernel* kernel_;
};

/// Compiles, loads and keeps kernels. Making an engine needs no GPU. What it returns is valid during its lifetime. Any thread.
class engine {
public:
    explicit engine(header_set headers, compiler_options options = {})
        : compiler_(std::make_shared<const compiler>(std::move(headers), std::move(options))) {}

    /// The compiler behind it, which works without a GPU.
    const compiler& cubins() const { return *compiler_; }

    /// Kernel `K`, compiled and ready on the current device. `extents` fixes extents of a GEMM that are known only now.
    /// `include` lists headers that define names other than deepgemm's.
    template <class K>
    result<typed_kernel<K>> get(static_extents extents = {}, std::vector<std::string> include = {}) {
        const auto text = source_of<K>(std::move(include), extents);
        if (!text) return text.failure();
        return get<K>(*text);
    }

    /// The same for a kernel named by text: it is laid out like `K`, but its type is not known to the program.
    template <class K>
    result<typed_kernel<K>> get(const source& text) {
        const runtime_kernel& kernel = keep<K>(text);
        if (auto ok = kernel.prepare(); !ok) return ok.failure();
        return typed_kernel<K>(kernel);
    }

    /// A kernel named by text alone, ready on the current device. Its parameters are given as bytes.
    result<const runtime_kernel*> get(const source& text) {
        const auto built = compiler_->get(text);
        if (!built) return built.failure();
        const runtime_kernel& kernel = keep(text, {}, built->launch);
        if (auto ok = kernel.prepare(); !ok) return ok.failure();
        return &kernel;
    }

    /// Kernel `K` for planners of operation `O`. It is compiled when it is first prepared or launched, not by this call.
    template <class K, class O = operation_of<K>>
    result<kernel_handle<O>> handle(static_extents extents = {}, std::vector<std::string> include = {}) {
        const auto text = source_of<K, O>(std::move(include), extents);
        if (!text) return text.failure();
        return keep<K>(*text).template handle<K, O>();
    }

    /// Handles for a list of kernels of one operation, such as shipped::weights_bf16_narrow, for deepgemm::engine to choose
    /// from.
    template <class First, class... K>
    result<std::vector<kernel_handle<operation_of<First>>>> handles(shipped::kernels<First, K...>) {
        std::vector<kernel_handle<operation_of<First>>> all;
        for (auto& made : {handle<First>(), handle<K>()...}) {
            if (!made) return made.failure();
            all.push_back(*made);
        }
        return all;
    }

    /// A handle that launches `serving`, a kernel built ahead of time, until kernel `K` has been compiled by `threads` and is
    /// ready on the device that is current now. The engine must outlive `threads`.
    template <class K, class O>
    result<kernel_handle<O>> replace(const kernel_handle<O>& serving, background& threads, static_extents extents = {},
                                     std::vector<std::string> include = {}) {
        const auto wanted = handle<K, O>(extents, std::move(include));
        if (!wanted) return wanted.failure();
        auto task = on_current_device(*wanted);
        if (!task) return task.failure();
        return threads.replace(serving, *wanted, *std::move(task));
    }

    /// Prepares the kernels of plans on the current device, several at a time. A kernel of several plans is prepared once.
    template <class Plans>
        requires operation<typename Plans::value_type::operation>
    static result<void> warm_up(const Plans& plans, const warm_up_options& options = {}) {
        using O = typename Plans::value_type::operation;
        std::vector<const kernel_handle<O>*> needed;
        std::vector<warm_up_task> tasks;
        for (const plan_of<O>& plan : plans) {
            const kernel_handle<O>* const kernel = plan.kernel();
            if (kernel == nullptr || std::find(needed.begin(), needed.end(), kernel) != needed.end()) continue;
            needed.push_back(kernel);
            auto task = on_current_device(*kernel);
            if (!task) return task.failure();
            tasks.push_back({O::source_of(kernel->info), *std::move(task)});
        }
        return rtc::warm_up(tasks, options);
    }

private:
    /// A function that makes a kernel ready on the device that is current now, on whatever thread it runs.
    template <class O>
    static result<std::function<result<void>()>> on_current_device(const kernel_handle<O>& kernel) {
        const auto device = cuda::current_device();
        if (!device) return device.failure();
        return std::function<result<void>()>([kernel, device = *device]() -> result<void> {
            if (auto ok = cuda::check("cudaSetDevice", cudaSetDevice(device)); !ok) return ok;
            return kernel.prepare();
        });
    }

    template <class K>
    const runtime_kernel& keep(const source& text) {
        return keep(text, facts_of<K>(), K::launch);
    }

    const runtime_kernel& keep(const source& text, std::optional<layout_facts> facts, const launch_info& launch) {
        const std::string unit = unit_text(text, facts ? &*facts : nullptr);
        const std::lock_guard lock(guard_);
        auto& kept = kept_[unit];
        if (kept == nullptr) kept = std::make_unique<const runtime_kernel>(compiler_, text, facts, launch);
        return *kept;
    }

    std::shared_ptr<const compiler> compiler_;
    std::mutex guard_;
    std::unordered_map<std::string, std::unique_ptr<const runtime_kernel>> kept_;
};

}  // namespace deepgemm::rtc
