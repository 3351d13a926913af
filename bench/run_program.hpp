// SPDX-License-Identifier: MIT
// Runs other programs without a shell, and makes temporary directories for their files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace deepgemm::bench {

/// A new directory below the system's temporary one. The destructor removes it with its contents.
class temporary_directory {
public:
    temporary_directory();
    ~temporary_directory();
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// How a program ended.
struct program_end {
    int code;          ///< its exit code; 128 and the number of the signal that ended it
    std::string said;  ///< what it printed, on either stream
};

/// Runs `command[0]`, a path or a name to be looked for in PATH, with the other words as its arguments, in a directory, and
/// waits. Throws std::runtime_error if it cannot be started.
program_end run_program(const std::vector<std::string>& command, const std::filesystem::path& directory);

}  // namespace deepgemm::bench
