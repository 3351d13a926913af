// SPDX-License-Identifier: MIT
// Makes many kernels ready at once, on several threads, and reports progress. It knows named tasks, but not what they do;
// compiler.hpp makes tasks of a list of kernels, engine.hpp of plans.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>
#include <deepgemm/rtc/thread.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

/// Something to make ready, and its name in reports of progress.
struct warm_up_task {
    std::string name;
    std::function<result<void>()> run;
};

/// The progress of a warm-up: `done` of `total` tasks; `name` is the task that ended last.
struct warm_up_progress {
    std::size_t done, total;
    std::string name;
};

struct warm_up_options {
    unsigned threads = 0;  ///< threads to use; 0: one for each processor
    /// Called after each task, by one thread at a time; progress_bar() makes a line of it.
    std::function<void(const warm_up_progress&)> report{};
};

/// Runs all tasks. Returns after all have ended, with the first failure in the order of the tasks.
inline result<void> warm_up(std::span<const warm_up_task> tasks, const warm_up_options& options = {}) {
    std::vector<std::optional<error>> failures(tasks.size());
    std::atomic<std::size_t> next{0};
    std::mutex guard;
    std::size_t done = 0;
    const auto work = [&] {
        for (std::size_t i; (i = next++) < tasks.size();) {
            if (auto outcome = tasks[i].run(); !outcome) failures[i] = outcome.failure();
            const std::lock_guard lock(guard);
            ++done;
            if (options.report) options.report({done, tasks.size(), tasks[i].name});
        }
    };
    const std::size_t wanted =
        options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(wanted, tasks.size()); ++i) others.emplace_back(work);
    work();
    others.clear();  // waits for them
    for (const auto& failure : failures) {
        if (failure) return *failure;
    }
    return {};
}

/// A line such as "[#####.....] 12/24 gemm<...>", no longer than `width`, to print after a carriage return.
inline std::string progress_bar(const warm_up_progress& progress, std::size_t width = 79) {
    constexpr std::size_t cells = 24;
    const std::size_t full = progress.total == 0 ? cells : cells * progress.done / progress.total;
    std::string line = "[" + std::string(full, '#') + std::string(cells - full, '.') + "] " +
                       concat(progress.done, "/", progress.total, " ", progress.name);
    line.resize(width, ' ');
    return line;
}

}  // namespace deepgemm::rtc
