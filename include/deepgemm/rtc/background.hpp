// SPDX-License-Identifier: MIT
// Prepares kernels on background threads while other kernels serve. A handle launches the serving kernel until the wanted one
// is ready. It knows handles only, so it works for run-time kernels, the simulator and fakes in tests.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/kernel_handle.hpp>
#include <deepgemm/rtc/thread.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// A queue of kernels to prepare, and the threads that prepare them. Host, any thread. It must outlive the handles that it
/// returns, because their launches read its state.
class background {
public:
    explicit background(unsigned threads = 1) {
        for (unsigned i = 0; i < threads; ++i)
            workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
    background(const background&) = delete;
    background& operator=(const background&) = delete;
    /// Waits for the kernels that are being prepared, and drops those that are still queued.
    ~background() {
        for (auto& worker : workers_) worker.request_stop();
        workers_.clear();
    }

    /// Queues `wanted` and returns a handle that launches `serving` until `wanted` is ready, and `wanted` from then on. A
    /// background thread calls `make_ready`, which must select the device itself, because each thread has a current device of
    /// its own. If it fails, the handle keeps launching `serving`, and failures() says why. prepare() of the handle prepares
    /// `serving`. errc::shape_mismatch if the two kernels differ in their traits or their architecture.
    template <class O>
    result<kernel_handle<O>> replace(const kernel_handle<O>& serving, const kernel_handle<O>& wanted,
                                     std::function<result<void>()> make_ready) {
        const info_of<O>&now = serving.info, &then = wanted.info;
        if (!(now.traits == then.traits) || now.launch.arch != then.launch.arch)
            return fail(errc::shape_mismatch, "the kernel that serves computes something else than the one wanted");
        auto both = std::make_unique<pair_of<O>>(serving, wanted, std::move(make_ready));
        const pair_of<O>* const added = both.get();
        const std::lock_guard lock(guard_);
        queue_.push_back(pairs_.emplace_back(std::move(both)).get());
        changed_.notify_all();
        return kernel_handle<O>{
            then,
            {added, [](const void* self) { return static_cast<const pair_of<O>*>(self)->serving.prepare(); }},
            {added,
             [](const void* self, const typename O::arguments& arguments, const launch_options& options) {
                 const pair_of<O>& both = *static_cast<const pair_of<O>*>(self);
                 const bool ready = both.ready.load(std::memory_order_acquire);
                 return (ready ? both.wanted : both.serving).launch(arguments, options);
             }},
            wanted.predict};
    }

    /// Waits until every kernel is ready or has failed.
    void wait() const {
        std::unique_lock lock(guard_);
        changed_.wait(lock, [&] { return queue_.empty() && busy_ == 0; });
    }

    /// Why kernels did not become ready, in the order of the failures.
    std::vector<error> failures() const {
        const std::lock_guard lock(guard_);
        return failures_;
    }

private:
    /// A kernel of any operation that is being made ready.
    struct pair {
        explicit pair(std::function<result<void>()> make_ready) : make_ready(std::move(make_ready)) {}
        virtual ~pair() = default;
        const std::function<result<void>()> make_ready;
        std::atomic<bool> ready{false};
    };
    template <class O>
    struct pair_of : pair {
        pair_of(const kernel_handle<O>& serving, const kernel_handle<O>& wanted,
                std::function<result<void>()> make_ready)
            : pair(std::move(make_ready)), serving(serving), wanted(wanted) {}
        const kernel_handle<O> serving, wanted;
    };

    void work(const std::stop_token& stop) {
        std::unique_lock lock(guard_);
        while (changed_.wait(lock, stop, [&] { return !queue_.empty(); })) {
            if (stop.stop_requested()) return;
            pair& next = *queue_.front();
            queue_.pop_front();
            ++busy_;
            lock.unlock();
            const auto outcome = next.make_ready();
            lock.lock();
            --busy_;
            if (outcome) {
                next.ready.store(true, std::memory_order_release);
            } else {
                failures_.push_back(outcome.failure());
            }
            changed_.notify_all();
        }
    }

    mutable std::mutex guard_;
    mutable std::condition_variable_any changed_;
    std::vector<std::unique_ptr<pair>> pairs_;
    std::deque<pair*> queue_;
    std::vector<error> failures_;
    int busy_ = 0;
    std::vector<std::jthread> workers_;
};

}  // namespace deepgemm::rtc
