// SPDX-License-Identifier: MIT
// Folders by std::filesystem, permissions by access().
#include "files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace deepgemm::bench {

void check_folder(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    fs::path there = fs::absolute(path);
    while (!fs::exists(there, ignored) && there != there.parent_path()) there = there.parent_path();
    std::string why;
    if (!fs::is_directory(there, ignored)) {
        why = there.string() + " is no directory";
    } else if (::access(there.c_str(), W_OK) != 0) {
        why = there.string() + ": " + std::strerror(errno);
    }
    if (!why.empty()) throw std::runtime_error("cannot write to the folder " + path + ": " + why);
}

void check_output(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (path.empty() || path.back() == '/' || fs::is_directory(path, ignored))
        throw std::runtime_error("cannot write '" + path + "': it names a directory, not a file");
    check_folder(fs::absolute(path).parent_path().string());
    if (fs::exists(path, ignored) && ::access(path.c_str(), W_OK) != 0)
        throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
}

void write_file(const std::string& path, const std::string& text) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code failed;
    if (!folder.empty()) std::filesystem::create_directories(folder, failed);
    if (failed) throw std::runtime_error("cannot make the folder " + folder.string() + ": " + failed.message());
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno));
}

std::string read_text(const std::string& path) {
    if (std::filesystem::is_directory(path)) throw std::runtime_error("cannot read " + path + ": it is a directory");
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path + ": " + std::strerror(errno));
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) throw std::runtime_error("cannot read " + path);
    return text;
}

}  // namespace deepgemm::bench
