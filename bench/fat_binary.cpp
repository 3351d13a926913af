// SPDX-License-Identifier: MIT
// Calls `fatbinary` on files in a temporary directory.
#include "fat_binary.hpp"

#include <unistd.h>
#include <deepgemm/rtc/file.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "files.hpp"
#include "run_program.hpp"

namespace deepgemm::bench {

namespace {

namespace fs = std::filesystem;

/// True if bytes begin with the magic number of fat binaries.
bool is_fat_binary(const std::string& bytes) {
    constexpr u32 magic = 0xba55ed50;
    return bytes.size() > sizeof magic && std::memcmp(bytes.data(), &magic, sizeof magic) == 0;
}

/// Runs `fatbinary` and returns what it printed. Throws with that text if the exit code is not 0.
std::string run_fatbinary(const std::vector<std::string>& command, const fs::path& directory) {
    const program_end end = run_program(command, directory);
    if (end.code == 0) return end.said;
    throw std::runtime_error(command[0] + " failed with exit code " + std::to_string(end.code) + ": " + end.said);
}

/// Throws unless a program is a `fatbinary`.
void check_program(const std::string& program) {
    std::string why;
    try {
        const temporary_directory scratch;
        why = run_fatbinary({program, "--version"}, scratch.path());
        if (why.starts_with("fatbinary: ")) return;
        why = program + " is another program";
    } catch (const std::runtime_error& e) {
        why = e.what();
    }
    throw std::runtime_error(
        "no fat binary can be made: " + why +
        "\nfatbinary comes with the CUDA toolkit, beside nvcc; --fatbinary PROGRAM says where it is");
}

/// Throws unless a file can be put there.
void check_place(const fs::path& path) {
    const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code why;
    std::string trouble;
    if (fs::exists(path, why) && !fs::is_regular_file(path, why)) {
        trouble = "it is there and is no plain file";
    } else if (fs::create_directories(folder, why); why) {
        trouble = why.message();
    } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        trouble = std::strerror(errno);
    }
    if (!trouble.empty()) throw std::runtime_error("cannot write " + path.string() + ": " + trouble);
}

}  // namespace

std::string fatbinary_program() { return DEEPGEMM_FATBINARY; }

std::string fat_binary(std::span<const cubin_for> cubins, const std::string& program) {
    const temporary_directory scratch;
    const auto path_of = [&](const std::string& name) { return (scratch.path() / name).string(); };
    std::vector<std::string> command{program, "-64", "--create=fatbin"};
    for (const auto& [arch, cubin] : cubins) {
        write_file(path_of(arch), cubin);
        command.push_back("--image3=kind=elf,sm=" + arch.substr(arch.find('_') + 1) + ",file=" + arch);
    }
    const std::string said = run_fatbinary(command, scratch.path());
    const std::string made = fs::exists(path_of("fatbin")) ? read_text(path_of("fatbin")) : "";
    if (!is_fat_binary(made)) throw std::runtime_error(program + " made no fat binary: " + said);
    return made;
}

void check_fat_binary(const std::string& path, const std::string& program) {
    check_place(path);
    check_program(program);
}

std::size_t write_fat_binary(const std::string& path, std::span<const cubin_for> cubins, const std::string& program) {
    const std::string bytes = fat_binary(cubins, program);
    const auto written = rtc::publish_file(path, fs::path(path).parent_path(), bytes);
    if (!written) throw std::runtime_error("cannot write " + path + ": " + written.failure().message);
    return bytes.size();
}

}  // namespace deepgemm::bench
