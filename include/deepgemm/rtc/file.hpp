// SPDX-License-Identifier: MIT
// The few file operations that a cache shared by processes rests on: read a whole file, write one so that others see all of it
// or nothing, hold a lock that dies with its holder. POSIX; nothing here knows what is stored.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <deepgemm/host/error.hpp>

namespace deepgemm::rtc {

namespace detail {

/// An open file that closes itself.
class descriptor {
public:
    explicit descriptor(int number = -1) : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_;
};

/// The error of the system call that has just failed.
inline error system_error(const char* call, const std::filesystem::path& path) {
    return fail(errc::bad_option, call, " of ", path.string(), " failed: ", std::strerror(errno));
}

}  // namespace detail

/// The bytes of a file; none if it cannot be read, for whatever reason.
inline std::optional<std::string> read_file(const std::filesystem::path& path) {
    const detail::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat state {};
    if (!file || ::fstat(file.get(), &state) != 0 || !S_ISREG(state.st_mode)) return std::nullopt;
    std::string bytes(std::size_t(state.st_size), '\0');
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        done += std::size_t(count);
    }
    return bytes;
}

/// Puts a file into place in one step: writes it under a name of its own in `scratch` (same file system), waits until it is on
/// disk, renames it. Readers see the old file, or none, or the whole new one, also after a crash.
inline result<void> publish_file(const std::filesystem::path& path, const std::filesystem::path& scratch,
                                 std::string_view bytes) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto thread = std::hash<std::thread::id>()(std::this_thread::get_id());
    const auto temporary = scratch / concat(::getpid(), "-", thread, "-", now);
    const auto give_up = [&](const char* call) {
        error why = detail::system_error(call, temporary);
        ::unlink(temporary.c_str());
        return why;
    };
    {
        const detail::descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (!file) return detail::system_error("creation", temporary);
        while (!bytes.empty()) {
            const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return give_up("write");
            bytes.remove_prefix(std::size_t(count));
        }
        if (::fsync(file.get()) != 0) return give_up("fsync");
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("rename");
    // The name itself is on disk only once its directory is. Some file systems cannot; then a crash may lose the entry.
    const detail::descriptor directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) static_cast<void>(::fsync(directory.get()));
    return {};
}

/// Removes files of a directory that nobody has written to for a day: what killed writers left behind.
inline void remove_stale_files(const std::filesystem::path& directory) {
    namespace fs = std::filesystem;
    const auto day_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
    std::error_code ignored;
    for (fs::directory_iterator at(directory, ignored), end; !ignored && at != end; at.increment(ignored)) {
        std::error_code status;
        const auto written = at->last_write_time(status);
        if (!status && written < day_ago) fs::remove(at->path(), status);
    }
}

/// A lock between processes, and between threads, by a file. The system lets go of it when its holder ends, however it ends.
class file_lock {
public:
    /// Waits for the lock up to `patience`. Without it, holds() is false: the file cannot be made, or its holder takes long.
    file_lock(std::filesystem::path path, std::chrono::milliseconds patience) : path_(std::move(path)) {
        const auto until = std::chrono::steady_clock::now() + patience;
        for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, std::chrono::milliseconds(20))) {
            detail::descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
            if (!file) return;
            if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
                // The holder before may have removed the file while this one opened it: then the lock is worth nothing.
                struct stat held {
                }, named{};
                if (::fstat(file.get(), &held) == 0 && ::stat(path_.c_str(), &named) == 0 &&
                    held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
                    file_ = std::move(file);
                    return;
                }
                continue;
            }
            if (errno != EWOULDBLOCK && errno != EINTR) return;
            if (std::chrono::steady_clock::now() >= until) return;
            std::this_thread::sleep_for(pause);
        }
    }
    ~file_lock() {
        if (file_) ::unlink(path_.c_str());
    }
    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;

    bool holds() const { return bool(file_); }

private:
    std::filesystem::path path_;
    detail::descriptor file_{};
};

}  // namespace deepgemm::rtc
