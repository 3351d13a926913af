// SPDX-License-Identifier: MIT
// Text files of the commands: written, read, and checked before long work.
#pragma once

#include <string>

namespace deepgemm::bench {

/// Throws std::runtime_error with the reason if no file could be made in the folder `path` once the missing folders are made.
/// To be called before long work whose result goes there. Makes and writes nothing.
void check_folder(const std::string& path);
/// The same for the file `path`, whose folder may be missing.
void check_output(const std::string& path);

/// Writes `text` to `path`, making its folders; throws std::runtime_error if that fails.
void write_file(const std::string& path, const std::string& text);
/// The text of a file; throws std::runtime_error if it cannot be read.
std::string read_text(const std::string& path);

}  // namespace deepgemm::bench
