// SPDX-License-Identifier: MIT
// What the tests of run-time compilation share: the library's headers as programs carry them, temporary directories, child
// processes, and a kernel that compiles fast.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deepgemm/rtc/embedded.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace deepgemm::rtc::test {

/// The headers inside this program.
inline const header_set& headers() {
    static const header_set set = embedded_headers();
    return set;
}

/// Checks that a text holds another, and shows it if not.
inline void expect(const std::string& text, const std::string& part) {
    INFO(text);
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
}

/// An empty directory of its own that is removed in the end.
class scratch {
public:
    scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "deepgemm-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The files below a directory, directories left out.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.is_regular_file()) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

inline std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// How often a pattern occurs in a text.
inline std::ptrdiff_t matches(const std::string& text, const char* pattern) {
    const std::regex regex(pattern);
    return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

/// What ptxas says of a kernel that keeps everything in registers.
inline constexpr const char* no_spills = " 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads";

/// Runs a function in a process of its own; it returns whether all was well.
template <class Body>
pid_t start_process(Body body) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(body() ? 0 : 1);
    return child;
}

/// Waits for a process; true if it ended well by itself.
inline bool ended_well(pid_t child) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace deepgemm::rtc::test
