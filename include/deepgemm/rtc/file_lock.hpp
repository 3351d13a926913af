// SPDX-License-Identifier: MIT
// A lock between processes, by a file. The system releases it when its holder ends for any reason, and children of fork() do
// not inherit it.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/rtc/file.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

namespace detail {

/// The descriptors of all locks that this process holds. The system releases a lock when its last descriptor is closed, and a
/// child of fork() has copies of all descriptors. So each child closes its copies before it does anything else.
class held_locks {
public:
    static held_locks& of_process() {
        static held_locks* const made = new held_locks;  // outlives threads that still hold locks when the program ends
        return *made;
    }

    /// While the returned lock is held, fork() waits, so that no child inherits a descriptor that is not in the list yet.
    std::unique_lock<std::mutex> without_forks() { return std::unique_lock(guard_); }
    /// Call both with without_forks() held. A descriptor must not move in memory while it is in the list.
    void add(file_descriptor& held) { held_.push_back(&held); }
    void remove(file_descriptor& held) { held_.erase(std::remove(held_.begin(), held_.end(), &held), held_.end()); }

private:
    held_locks() {
        ::pthread_atfork([] { of_process().guard_.lock(); }, [] { of_process().guard_.unlock(); },
                         [] { of_process().forget(); });
    }
    void forget() {
        for (file_descriptor* const held : held_) *held = file_descriptor();
        held_.clear();
        guard_.unlock();
    }

    std::mutex guard_;
    std::vector<file_descriptor*> held_;
};

}  // namespace detail

/// A lock between processes, and between threads, by a file. The system releases it when its holder ends for any reason, even
/// if children of fork() live on. In these children holds() is false.
class file_lock {
public:
    /// Waits for the lock up to `patience`. holds() is false if the file cannot be made or its holder takes longer.
    file_lock(std::filesystem::path path, std::chrono::milliseconds patience) : path_(std::move(path)) {
        const auto until = std::chrono::steady_clock::now() + patience;
        for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, std::chrono::milliseconds(20))) {
            const answer given = try_once();
            if (given == answer::done || std::chrono::steady_clock::now() >= until) return;
            if (given == answer::later) std::this_thread::sleep_for(pause);
        }
    }
    ~file_lock() {
        auto& locks = detail::held_locks::of_process();
        const auto no_fork = locks.without_forks();
        if (!file_) return;
        ::unlink(path_.c_str());
        locks.remove(file_);
        file_ = detail::file_descriptor();
    }
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;

    bool holds() const { return bool(file_); }

private:
    enum class answer { done, again, later };

    answer try_once() {
        auto& locks = detail::held_locks::of_process();
        const auto no_fork = locks.without_forks();
        detail::file_descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (!file) return answer::done;
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK || errno == EINTR ? answer::later : answer::done;
        // The previous holder may have removed the file while this one opened it. A lock on a removed file protects nothing.
        struct stat held {
        }, named{};
        const bool same = ::fstat(file.get(), &held) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
                          held.st_ino == named.st_ino && held.st_dev == named.st_dev;
        if (!same) return answer::again;
        file_ = std::move(file);
        locks.add(file_);
        return answer::done;
    }

    std::filesystem::path path_;
    detail::file_descriptor file_{};
};

}  // namespace deepgemm::rtc
