// SPDX-License-Identifier: MIT
// Instantiated kernels, the device they run on and a caller's knobs: what the named operations of ops.hpp need. Remembers
// which kernel each recent workload got. Any number of threads may use one engine.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>

#include <deepgemm/host/plan.hpp>

namespace deepgemm {

/// Plans and launches with a list of kernels. The list must outlive the engine; a constexpr kernel_list does.
class engine {
public:
    engine(std::span<const kernel_handle> kernels, const device_info& device, const context& knobs = {})
        : kernels_(kernels), device_(device), knobs_(knobs) {}

    std::span<const kernel_handle> kernels() const { return kernels_; }
    const device_info& device() const { return device_; }
    const context& knobs() const { return knobs_; }

    /// A full plan, to explain, to keep and to launch often; `own` as in run().
    result<gemm_plan> plan(const gemm_problem& problem, const call_knobs& own = {}) const {
        return deepgemm::plan(problem, device_, kernels_, own.over(knobs_));
    }

    /// Success if run() would launch a kernel or has nothing to do, else the reason why not; `own` as in run().
    result<void> supports(const gemm_problem& problem, const call_knobs& own = {}) const {
        return deepgemm::supports(device_, problem, kernels_, own.over(knobs_));
    }

    /// Validates, picks a kernel and launches it on the current device, which must be of the engine's kind, with `own` knobs of this
    /// call in place of the engine's. A problem whose D is empty is done at once. Allocates nothing; safe under graph capture.
    result<void> run(const gemm_problem& problem, void* stream = nullptr, const call_knobs& own = {}) const {
        if (auto ok = validate(problem); !ok) return ok;
        const context knobs = own.over(knobs_);
        if (is_empty(problem)) {
            const auto sms = detail::allowed_sms(device_, knobs);
            return sms ? result<void>{} : sms.failure();
        }
        const auto kernel = kernel_for(workload_of(problem), knobs);
        if (!kernel) return kernel.failure();
        return (*kernel)->launch(arguments_of(problem), {stream, knobs.num_sms, knobs.dependent_launch});
    }

    /// Loads every kernel on the current device, so that no later run does.
    result<void> prepare() const {
        for (const kernel_handle& kernel : kernels_) {
            if (!runs_on(kernel.info.launch, device_)) continue;
            if (auto ok = kernel.prepare(); !ok) return ok;
        }
        return {};
    }

    /// How many runs had to plan, since the engine did not remember their workload.
    u64 planned() const {
        const std::lock_guard lock(guard_);
        return planned_;
    }

private:
    /// A kernel that was chosen, and for what.
    struct remembered {
        workload work{};
        int num_sms = 0;  ///< knobs that a call may have of its own; the others are the engine's
        std::optional<config> pin{};
        const kernel_handle* kernel = nullptr;

        bool is_for(const workload& wanted, const context& knobs) const {
            return kernel != nullptr && work == wanted && num_sms == knobs.num_sms && pin == knobs.pin;
        }
    };
    /// Two that share a place in the memory. The one that was not used last gives way.
    struct pair {
        std::array<remembered, 2> ways{};
        std::size_t last = 0;
    };

    result<const kernel_handle*> kernel_for(const workload& work, const context& knobs) const {
        pair& place = memory_[(hash_of(work) + u64(knobs.num_sms)) % memory_.size()];
        {
            const std::lock_guard lock(guard_);
            for (std::size_t way = 0; way < place.ways.size(); ++way) {
                if (!place.ways[way].is_for(work, knobs)) continue;
                place.last = way;
                return place.ways[way].kernel;
            }
        }
        const auto chosen = choose(work, device_, kernels_, knobs);
        if (!chosen) return chosen.failure();
        const int sms = knobs.num_sms != 0 ? knobs.num_sms : device_.sm_count;
        if (auto ok = detail::tell(work, device_, sms, *chosen); !ok) return ok.failure();
        const std::lock_guard lock(guard_);
        ++planned_;
        place.last = 1 - place.last;
        place.ways[place.last] = {work, knobs.num_sms, knobs.pin, chosen->kernel};
        return chosen->kernel;
    }

    std::span<const kernel_handle> kernels_;
    device_info device_;
    context knobs_;
    mutable std::mutex guard_;
    mutable u64 planned_ = 0;
    mutable std::array<pair, 128> memory_{};  ///< planning takes microseconds, a look-up far less than one
};

}  // namespace deepgemm
