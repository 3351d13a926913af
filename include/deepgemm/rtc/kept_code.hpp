// SPDX-License-Identifier: MIT
// Writes NVRTC's input and output to files, for people who read the code of kernels (diagnosis::keep_code).
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <deepgemm/rtc/file.hpp>
#include <deepgemm/rtc/program.hpp>

namespace deepgemm::rtc {

/// Writes a unit to `directory`, which is made if it does not exist: key.cu, key.ptx and key.cubin. `note` is a line on the
/// compiler followed by the source. An error if a file cannot be written.
inline result<void> keep_code(const std::filesystem::path& directory, const std::string& key, const std::string& note,
                              const binary& built) {
    std::error_code status;
    std::filesystem::create_directories(directory, status);
    if (status) {
        return fail(errc::bad_option, "the directory ", directory.string(),
                    " for kept code cannot be made: ", status.message());
    }
    const std::string source = "// " + note;
    const std::pair<const char*, const std::string&> files[] = {
        {".cu", source}, {".ptx", built.ptx}, {".cubin", built.cubin}};
    for (const auto& [ending, bytes] : files) {
        if (auto ok = publish_file(directory / (key + ending), directory, bytes); !ok) return ok;
    }
    return {};
}

}  // namespace deepgemm::rtc
