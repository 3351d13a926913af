// SPDX-License-Identifier: MIT
// Fat binaries: cubins for several architectures in one file, of which a program that loads it gets the one for its GPU. The
// CUDA toolkit's program `fatbinary` makes them; needs no GPU.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace deepgemm::bench {

/// A cubin, and the architecture that it was compiled for.
struct cubin_for {
    std::string arch;  ///< as NVRTC spells it: "sm_90a"
    std::string cubin;
};

/// Where CMake found `fatbinary`; its bare name, to be looked for in PATH, if it did not.
std::string fatbinary_program();

/// The bytes of a fat binary of these cubins, one for each architecture. Throws std::runtime_error with what `program` said
/// where it fails. Leaves no file behind.
std::string fat_binary(std::span<const cubin_for> cubins, const std::string& program = fatbinary_program());

/// Checks, before any long work, that `program` is a `fatbinary` and that a file can be written at `path`, whose folders it
/// makes. Throws std::runtime_error with what to do if not.
void check_fat_binary(const std::string& path, const std::string& program);

/// Writes the fat binary of these cubins to `path` atomically. Returns its size in bytes. Throws as fat_binary() does.
std::size_t write_fat_binary(const std::string& path, std::span<const cubin_for> cubins, const std::string& program);

}  // namespace deepgemm::bench
