// SPDX-License-Identifier: MIT
// The file operations that a cache shared by processes needs: reading a whole file, writing one atomically, and removing files
// that were never finished. POSIX; the contents are opaque.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <deepgemm/core/macros.cuh>
#include <deepgemm/host/error.hpp>

DEEPGEMM_LIBRARY_HEADER

namespace deepgemm::rtc {

namespace detail {

/// An open file that closes itself.
class file_descriptor {
public:
    explicit file_descriptor(int number = -1) : number_(number) {}
    file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~file_descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int get() const { return number_; }
    /// Gives up the file without closing it.
    int release() { return std::exchange(number_, -1); }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_;
};

struct close_listing {
    void operator()(DIR* open) const { ::closedir(open); }
};

/// The beginning of the names of unfinished files; process, thread and time follow.
inline constexpr std::string_view unfinished = "deepgemm-unfinished-";

/// True for names that publish_file() gives.
inline bool is_unfinished_name(std::string_view name) {
    if (!name.starts_with(unfinished)) return false;
    const std::string_view rest = name.substr(unfinished.size());
    return rest.find_first_not_of("0123456789-") == rest.npos && std::count(rest.begin(), rest.end(), '-') == 2;
}

/// The error of the system call that has just failed.
inline error system_error(const char* call, const std::filesystem::path& path) {
    return fail(errc::bad_option, call, " of ", path.string(), " failed: ", std::strerror(errno));
}

}  // namespace detail

/// The bytes of a file; none if it cannot be read, for any reason.
inline std::optional<std::string> read_file(const std::filesystem::path& path) {
    const detail::file_descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
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

/// Writes a file atomically: writes a temporary file in `scratch`, which is on the same file system, synchronises it to disk
/// and renames it to `path`. Readers see the old file, or none, or the complete new one, even after a crash. errc::bad_option,
/// with the system's reason, if a step fails.
inline result<void> publish_file(const std::filesystem::path& path, const std::filesystem::path& scratch,
                                 std::string_view bytes) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto thread = std::hash<std::thread::id>()(std::this_thread::get_id());
    const auto temporary = scratch / concat(std::string(detail::unfinished), ::getpid(), "-", thread, "-", now);
    const auto give_up = [&](const char* call) {
        error why = detail::system_error(call, temporary);
        ::unlink(temporary.c_str());
        return why;
    };
    {
        const detail::file_descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
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
    // The new name is on disk only once the directory is synchronised. Some file systems cannot do that; a crash may then lose
    // the entry.
    const detail::file_descriptor directory(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory) static_cast<void>(::fsync(directory.get()));
    return {};
}

/// Removes files that killed writers left in a directory: those with names of publish_file() that have not been written to for
/// a day. Files of other names, folders and links stay. A directory that is a link is not followed.
inline void remove_stale_files(const std::filesystem::path& directory) {
    detail::file_descriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const std::unique_ptr<DIR, detail::close_listing> listing(folder ? ::fdopendir(folder.get()) : nullptr);
    if (listing == nullptr) return;
    folder.release();  // the listing closes it
    const std::time_t day_ago = std::time(nullptr) - 24 * 60 * 60;
    while (const dirent* const entry = ::readdir(listing.get())) {
        struct stat state {};
        const int at = ::dirfd(listing.get());
        if (!detail::is_unfinished_name(entry->d_name)) continue;
        if (::fstatat(at, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISREG(state.st_mode) && state.st_mtime < day_ago) ::unlinkat(at, entry->d_name, 0);
    }
}

}  // namespace deepgemm::rtc
